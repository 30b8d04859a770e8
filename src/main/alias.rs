//! `lambda-slim`: the slim that was installed beside it, under the name of the package.
//!
//! A program of its own and not a second slim: it costs a fortieth of the bytes.

#![forbid(unsafe_code)]

use std::io::{Error, Result, Write, stderr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let (slim, error) = match beside() {
        // Gives way to slim, and comes back only where that could not be.
        Ok(slim) => (slim.display().to_string(), start(&slim)),
        Err(error) => ("itself".to_owned(), error),
    };
    let told = format!(
        "error: failed to start {slim}: {error}\n\
         hint: lambda-slim starts the slim that was installed with it: install both anew\n"
    );
    // Where nobody listens, the exit code has to tell.
    let _ = stderr().write_all(told.as_bytes());
    ExitCode::from(3)
}

/// The slim in the folder of this program, wherever links to it lie.
fn beside() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.canonicalize()?.with_file_name("slim"))
}

/// Goes on as slim, which calls itself what was typed.
fn start(slim: &Path) -> Error {
    let mut typed = std::env::args_os();
    let name = typed.next().unwrap_or_else(|| "lambda-slim".into());
    Command::new(slim).arg0(name).args(typed).exec()
}
