//! Whether an app of the corpus still runs from what a peer made: the corpus' own judge says.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::peers::here;

#[cfg(test)]
mod tests;

/// Whether an app still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Survival {
    /// Its smoke test passes.
    Lives,
    /// It does not, and the last words of the smoke test.
    Breaks(String),
    /// The tree is no app that can be run here.
    NotRun,
}

/// Whether the corpus has a handler and a smoke test for a tree of this name.
pub fn is_app(name: &str) -> bool {
    here("../corpus/apps").join(name).join("smoke.py").is_file()
}

/// Runs the smoke test of the app `name` on the zips directly in `out`.
pub fn of(name: &str, out: &Path) -> Result<Survival> {
    if !is_app(name) {
        return Ok(Survival::NotRun);
    }
    let judged = Command::new("python3")
        .arg("-B")
        .arg(here("survival.py"))
        .arg(name)
        .arg(out)
        .output()
        .context("failed to run `python3`")?;
    let words = String::from_utf8_lossy(&judged.stderr);
    ensure!(
        judged.status.success(),
        "failed to judge `{name}`: {}",
        words.trim_end().lines().last().unwrap_or("no message")
    );
    parse(&String::from_utf8_lossy(&judged.stdout))
}

/// Reads what the judge printed.
fn parse(said: &str) -> Result<Survival> {
    match said.trim_end() {
        "lives" => Ok(Survival::Lives),
        said => match said.strip_prefix("breaks: ") {
            Some(why) => {
                Ok(Survival::Breaks(why.strip_prefix("smoke test: ").unwrap_or(why).to_owned()))
            }
            None => bail!("the judge said neither `lives` nor `breaks: WHY` but `{said}`"),
        },
    }
}
