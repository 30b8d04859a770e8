//! The command line of `diff`.

use std::path::PathBuf;

use clap::Args;

use super::choices::DiffFormat;
use crate::options::Growth;

/// The command line of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// What was: a report.json, a zip, a package, or an output folder of slim's
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// What is: another of these
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Exit with 1 when more is zipped than this much over A (such as 2% or 2MB): any function
    /// with its layers of two reports, all of two zips; folders count unzipped
    #[arg(long, value_name = "GROWTH")]
    pub max_growth: Option<Growth>,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: DiffFormat,
    /// Print every distribution and every file that differs
    #[arg(short, long)]
    pub verbose: bool,
}
