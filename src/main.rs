//! Parse, build, print, exit.

#![forbid(unsafe_code)]

#[path = "main/bar.rs"]
mod bar;
#[path = "main/run.rs"]
mod run;
#[path = "main/signals.rs"]
mod signals;
#[path = "main/tell.rs"]
mod tell;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::Parser;
use lambda_slim::cli::Cli;
use lambda_slim::cli::choices::When;
use lambda_slim::failure::Failure;

use crate::tell::say;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return answered(&answer),
    };
    match cli.color {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    }
    .write_global();
    let _ = heeded_file_size_limit();
    let ended = std::panic::catch_unwind(|| run::command(&cli));
    signals::give_way();
    match ended {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => ExitCode::from(told(&error)),
        Err(_) => {
            lambda_slim::abandon();
            say("hint: this is a bug in slim: please report it with the lines above");
            ExitCode::from(3)
        }
    }
}

/// Help, the version, or what was wrong with what was typed.
fn answered(answer: &clap::Error) -> ExitCode {
    let written = answer.print();
    let code = u8::try_from(answer.exit_code()).unwrap_or(2);
    match tell::taken(written) {
        Err(error) if !answer.use_stderr() => ExitCode::from(told(&error)),
        _ => ExitCode::from(code),
    }
}

/// With the signal taken, a write beyond `ulimit -f` is an error as any other, not the end.
fn heeded_file_size_limit() -> io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(drop)
}

/// Says what went wrong in one line, and the next step; gives the exit code.
fn told(error: &anyhow::Error) -> u8 {
    let (red, cyan) = (bold(AnsiColor::Red), bold(AnsiColor::Cyan));
    let line = format!("{error:#}").replace('\n', " ");
    say(&format!("{red}error:{red:#} {line}"));
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    if let Some(hint) = failure.and_then(Failure::next_step).or_else(|| of_the_system(error)) {
        say(&format!("{cyan}hint:{cyan:#} {hint}"));
    }
    failure.map_or(3, Failure::exit_code)
}

/// What to do where the machine has too little of something.
fn of_the_system(error: &anyhow::Error) -> Option<&'static str> {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>())?;
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room there; --out-dir and the variable TMPDIR name other places")
        }
        io::ErrorKind::FileTooLarge => Some("raise the limit for the size of files: ulimit -f"),
        // There is no kind for it: EMFILE, and ENFILE of the whole system.
        _ if matches!(cause.raw_os_error(), Some(23 | 24)) => {
            Some("raise the limit for open files: ulimit -n 1024")
        }
        _ => None,
    }
}

fn bold(color: AnsiColor) -> Style {
    color.on_default().bold()
}
