//! The man pages, made of what `--help` shows.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use lambda_slim::cli::Cli;
use lambda_slim::config::keys::KEYS;
use lambda_slim::failure::Failure;
use lambda_slim::scratch;

/// What every command ends in.
const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "done, and proved where that was asked for"),
    ("1", "a limit or budget does not hold, or a proof failed"),
    ("2", "what was typed or configured cannot be done"),
    ("3", "reading or writing failed, or slim itself did; nothing was replaced"),
    ("129, 130, 143", "ended by a hangup, Ctrl-C or SIGTERM"),
];

/// The files that slim reads unasked, and where it writes.
const FILES: &[(&str, &str)] = &[
    (
        "slim.toml",
        "what holds for every build of a project: the nearest one, from the current folder up",
    ),
    ("pyproject.toml", "the same, in its table [tool.slim]"),
    ("dist", "where the results go"),
    ("~/.cache/lambda-slim", "what is kept for the next build"),
];

/// Variables that no key of slim.toml stands for.
const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("SLIM_CONFIG", "the configuration, as --config"),
    ("SLIM_NO_CACHE", "use no results of other builds, and keep none"),
    ("SOURCE_DATE_EPOCH", "the date of the entries of zips, in seconds since 1970-01-01"),
    ("NO_COLOR", "use no colour"),
];

/// A man page.
pub(crate) struct Page {
    /// Its file, such as `slim-build.1`.
    pub(crate) file: String,
    /// Its text, for man(1).
    pub(crate) text: String,
}

/// The pages of slim and of every command, slim's own first.
pub(crate) fn pages() -> Result<Vec<Page>> {
    let titled =
        |sub: Command| sub.subcommand_help_heading("COMMANDS").subcommand_value_name("command");
    let mut command = titled(Cli::command()).mut_subcommand("cache", titled);
    command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

/// Writes pages into a folder, which is made where it is not there.
pub(crate) fn write(pages: &[Page], folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: &io::Error| {
        Failure::io(format!("failed to write {}: {error}", path.display()))
            .hint("choose another folder with --out-dir")
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for page in pages {
        let path = folder.join(&page.file);
        scratch::write(&path, &page.text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

fn add(command: &Command, pages: &mut Vec<Page>) -> Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .source(concat!("slim ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let of_all = name == "slim";
    man.render(&mut text)
        .and_then(|()| more(of_all).to_writer(&mut text))
        .with_context(|| format!("failed to make the man page {name}"))?;
    let text = String::from_utf8(text).context("failed to make a man page of UTF-8")?;
    pages.push(Page { file: man.get_filename(), text });
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| add(sub, pages))
}

/// The sections that `--help` has no place for.
fn more(of_all: bool) -> Roff {
    let mut roff = Roff::new();
    list(&mut roff, "EXIT STATUS", EXIT_STATUS);
    if of_all {
        let keys = KEYS.iter().filter(|key| !key.variable.is_empty());
        let mut variables: Vec<_> = keys.map(|key| (key.variable, key.about)).collect();
        variables.extend(OTHER_VARIABLES);
        list(&mut roff, "ENVIRONMENT", &variables);
        list(&mut roff, "FILES", FILES);
    } else {
        roff.control("SH", ["SEE ALSO"]).text([bold("slim"), roman("(1)")]);
    }
    roff
}

fn list(roff: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, about) in entries {
        roff.control("TP", []).text([bold(*name)]).text([roman(*about)]);
    }
}
