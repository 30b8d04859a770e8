//! What a user can type to make slim at home in a shell.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// The command line of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The command line of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for every command into this folder: slim.1, slim-build.1 and so on
    #[arg(short, long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
}
