//! Parse, build, print, exit.

#![forbid(unsafe_code)]

#[path = "main/bar.rs"]
mod bar;
#[path = "main/run.rs"]
mod run;

use std::process::ExitCode;

use anstream::{ColorChoice, eprintln};
use anstyle::{AnsiColor, Style};
use clap::Parser;
use lambda_slim::cli::Cli;
use lambda_slim::cli::choices::When;
use lambda_slim::failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    }
    .write_global();
    run::end_on_signals();
    let ended = std::panic::catch_unwind(|| run::command(&cli));
    run::give_way_to_signals();
    match ended {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => ExitCode::from(told(&error)),
        Err(_) => {
            lambda_slim::abandon();
            eprintln!("hint: this is a bug in slim: please report it with the lines above");
            ExitCode::from(3)
        }
    }
}

/// Says what went wrong in one line, and the next step; gives the exit code.
fn told(error: &anyhow::Error) -> u8 {
    let (red, cyan) = (bold(AnsiColor::Red), bold(AnsiColor::Cyan));
    let line = format!("{error:#}").replace('\n', " ");
    eprintln!("{red}error:{red:#} {line}");
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    if let Some(hint) = failure.and_then(Failure::next_step) {
        eprintln!("{cyan}hint:{cyan:#} {hint}");
    }
    failure.map_or(3, Failure::exit_code)
}

fn bold(color: AnsiColor) -> Style {
    color.on_default().bold()
}
