//! What a start costs: of the program alone, and of a build that finds everything as it was.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

use super::grown::{self, Plot};
use crate::measure::{self, median};

/// How often the help is asked for.
const HELPS: usize = 30;
/// How often the unchanged package is built.
const REBUILDS: usize = 20;
/// The package that is built again and again.
const SMALL: Plot = Plot { files: 20, bytes: 120_000, data_weight: 4 };

/// Seconds by the clock, medians.
#[derive(Debug, Serialize)]
pub struct Startup {
    /// `slim --help`.
    pub help_s: f64,
    /// `slim build` of 20 files, after the same build into the same folder with the same cache.
    pub rebuild_s: f64,
}

/// Measures both.
pub fn measure(slim: &Path) -> Result<Startup> {
    let folder = tempfile::tempdir().context("failed to make a folder")?;
    let (tree, out, cache) =
        (folder.path().join("tree"), folder.path().join("out"), folder.path().join("cache"));
    grown::grow(&tree, SMALL)?;
    let mut build = Command::new(slim);
    build.args(["build", "-q", "-o"]).args([&out, &tree]).arg("--cache-dir").arg(&cache);
    measure::run(&mut build).context("failed to build a small package")?;
    Ok(Startup {
        help_s: typical(Command::new(slim).arg("--help"), HELPS)?,
        rebuild_s: typical(&mut build, REBUILDS)?,
    })
}

/// The median of so many runs.
fn typical(command: &mut Command, runs: usize) -> Result<f64> {
    let walls = (0..runs).map(|_| Ok(measure::run(command)?.wall_s));
    Ok(median(walls.collect::<Result<Vec<f64>>>()?))
}
