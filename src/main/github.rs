//! Writes what GitHub Actions show of a step: its summary, its outputs, and annotations.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lambda_slim::report::github::{self, Made};
use lambda_slim::report::{Report, markdown};

use crate::tell::say;

/// Most bytes of the summary of a step; GitHub shows nothing of a longer one.
const MOST: u64 = 1 << 20;

/// Whether the workflow is to be told anything.
pub(crate) fn is_there(no_github: bool) -> bool {
    !no_github && std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Tells the workflow what came of a build; what cannot be written is a warning and no more.
pub(crate) fn tell(report: &Report, made: Made<'_>, written: bool) {
    // stderr, for stdout may be the report for programs; the runner reads both.
    for line in github::annotations(report, made) {
        say(&line);
    }
    if let Some(path) = file("GITHUB_STEP_SUMMARY") {
        told(&path, "the summary", add_summary(&path, &markdown::render(report, written)));
    }
    if let Some(path) = file("GITHUB_OUTPUT") {
        told(&path, "outputs", add(&path, &github::outputs(report, made)));
    }
}

fn file(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn told(path: &Path, what: &str, ended: io::Result<()>) {
    if let Err(error) = ended {
        let path = path.display();
        say(&format!("warning: failed to write {what} of the step to {path}: {error}"));
    }
}

/// Adds the page, unless the summary would become one that GitHub does not show.
fn add_summary(path: &Path, page: &str) -> io::Result<()> {
    let there = fs::metadata(path).map_or(0, |found| found.len());
    match there + page.len() as u64 + 1 > MOST {
        true => Err(io::Error::other("with it the summary would take more than 1 MiB")),
        false => add(path, &format!("{page}\n")),
    }
}

fn add(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}
