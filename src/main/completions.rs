//! What completes the command line in a shell.

use std::io;

use anyhow::{Context, Result};
use clap::builder::Resettable;
use clap::{Arg, Command, CommandFactory};
use clap_complete::{Generator, Shell};
use lambda_slim::cli::Cli;

/// The script of a shell, which completes what `--help` shows.
pub(crate) fn of(shell: Shell) -> Result<String> {
    let mut command = shown(&Cli::command()).bin_name("slim");
    command.build();
    let mut script = Vec::new();
    shell
        .try_generate(&command, &mut script)
        .and_then(|()| String::from_utf8(script).map_err(io::Error::other))
        .with_context(|| format!("failed to make the completions of {shell}"))
}

/// The command with what it shows: clap can hide arguments and not take them out, and scripts of bash and
/// zsh would offer them.
fn shown(command: &Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let commands = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let made = Command::new(command.get_name().to_owned())
        .about(about)
        .subcommand_required(command.is_subcommand_required_set())
        .args(args.map(|arg| alone(command, arg)))
        .subcommands(commands.map(shown));
    match command.get_version() {
        Some(version) => made.version(version.to_owned()),
        None => made,
    }
}

/// The argument, which conflicts with nothing that is hidden.
fn alone(command: &Command, arg: &Arg) -> Arg {
    let others = command.get_arg_conflicts_with(arg);
    let others = others.into_iter().filter(|other| !other.is_hide_set());
    arg.clone().conflicts_with(Resettable::Reset).conflicts_with_all(others.map(Arg::get_id))
}
