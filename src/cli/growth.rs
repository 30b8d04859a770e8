//! The options that hold a result against one of before.

use std::path::PathBuf;

use clap::Args;

use crate::options::Growth;

/// The options that hold a result against one of before.
#[derive(Debug, Args)]
pub struct Baseline {
    /// A report.json of before: tell what grew since, and why
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Fail when a function with its layers takes this much more zipped than in the baseline, such
    /// as 2% or 2MB; functions are matched by name, and where there is one on each side, these two
    #[arg(long, value_name = "GROWTH", requires = "baseline")]
    pub max_growth: Option<Growth>,
}
