//! The command line of `check`: that of `build`, without what speaks of outputs.

use std::path::PathBuf;

use clap::Args;

use super::choices::ReportFormat;
use super::{Asked, Build};
use crate::config::Config;
use crate::failure::Failure;
use crate::options::{Layout, Options};

/// The command line of `check`.
#[derive(Debug, Args)]
#[command(
    mut_arg("out_dir", |arg| arg.hide(true)),
    mut_arg("shard", |arg| arg.hide(true)),
    mut_arg("dry_run", |arg| arg.hide(true)),
    mut_arg("layout", |arg| arg.hide(true)),
    mut_arg("only", |arg| arg.hide(true)),
    mut_arg("report", |arg| arg.hide(true)),
    mut_arg("sbom", |arg| arg.hide(true)),
    mut_arg("no_verify", |arg| arg.hide(true)),
    mut_arg("verbose", |arg| arg.hide(true)),
    mut_arg("verify", |arg| {
        let help = "Run the result as Lambda would too; on with --event, at no level by itself";
        arg.help(help)
    }),
    mut_arg("quiet", |arg| arg.help("Print nothing: the exit code tells"))
)]
pub struct Check {
    /// What is built, and how.
    #[command(flatten)]
    pub build: Build,
}

impl Check {
    /// What was asked for, here and in the configuration; nothing is written, and nothing is run but
    /// where that was typed.
    ///
    /// # Errors
    /// As [`Build::asked`].
    pub fn asked(&self, config: &Config, epoch: Option<u64>) -> Result<Asked, Failure> {
        let checked = |options: Options| Options {
            dry_run: true,
            layout: Layout::Zip,
            only: None,
            // There is none, so that none can lie inside the package.
            out_dir: PathBuf::new(),
            proving: options.proving.clone().filter(|_| self.asks_for_a_proof()),
            ..options
        };
        Ok(match self.build.asked(config, epoch)? {
            Asked::Packages(options) => Asked::Packages(checked(options)),
            Asked::Workspace(mut workspace) => {
                workspace.options = checked(workspace.options);
                for function in &mut workspace.functions {
                    function.options = checked(function.options.clone());
                }
                Asked::Workspace(workspace)
            }
        })
    }

    /// Whether a run was asked for.
    pub fn asks_for_a_proof(&self) -> bool {
        self.build.verify || !self.build.runs.event.is_empty()
    }

    /// The form of the answer.
    pub fn format(&self) -> ReportFormat {
        self.build.format
    }
}
