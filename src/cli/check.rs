//! The command line of `check`: that of `build`, without what speaks of outputs.

use std::path::PathBuf;

use clap::Args;

use super::{Build, Format};
use crate::config::Config;
use crate::options::{Layout, Options};

/// The command line of `check`.
#[derive(Debug, Args)]
#[command(
    mut_arg("out_dir", |arg| arg.hide(true)),
    mut_arg("dry_run", |arg| arg.hide(true)),
    mut_arg("layout", |arg| arg.hide(true)),
    mut_arg("only", |arg| arg.hide(true)),
    mut_arg("report", |arg| arg.hide(true)),
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
    pub fn options(&self, config: &Config, epoch: Option<u64>) -> Options {
        let mut options = self.build.options(config, epoch);
        options.dry_run = true;
        (options.layout, options.only) = (Layout::Zip, None);
        // There is none, so that none can lie inside the package.
        options.out_dir = PathBuf::new();
        if !self.asks_for_a_proof() {
            options.proving = None;
        }
        options
    }

    /// Whether a run was asked for.
    pub fn asks_for_a_proof(&self) -> bool {
        self.build.verify || !self.build.runs.event.is_empty()
    }

    /// The form of the answer.
    pub fn format(&self) -> Format {
        self.build.format
    }
}
