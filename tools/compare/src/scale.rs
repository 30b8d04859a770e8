//! How time and memory grow with the package: synthetic trees of growing size, each built some times.
//!
//! One [`Series`] grows in files whose size stays, one in bytes whose files stay as many. A step is compared with the one
//! before it: the exponent of a time is `log(t2 / t1) / log(n2 / n1)`, so that 1 is linear and 2 quadratic. Trees are
//! [`grown`] one at a time in a temporary folder. What a start costs is told beside it: [`startup`].

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::build::{self, Builds};
use crate::cli::Args;

use grown::Plot;
use startup::Startup;

mod grown;
pub mod startup;
#[cfg(test)]
mod tests;

/// Seconds below which a time is too short to tell how it grows.
const SHORTEST_S: f64 = 0.02;

/// All that is measured.
#[derive(Debug, Serialize)]
pub struct Scale {
    /// How often everything was built; medians are given.
    pub rounds: u32,
    /// One step after the other, a series at a time.
    pub steps: Vec<Step>,
    /// What a start costs.
    pub startup: Startup,
}

/// Steps that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Series {
    /// More and more files of the same sizes, written as zips.
    Files,
    /// The same, written as folders.
    FilesInFolders,
    /// As many files, larger and larger.
    Bytes,
}

/// One tree of a series.
#[derive(Debug, Clone, Copy)]
struct Planned {
    series: Series,
    plot: Plot,
}

/// What building one tree took.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What it is compared with.
    pub series: Series,
    /// The files of the tree.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What slim took.
    pub build: Builds,
}

const fn files(series: Series, files: usize) -> Planned {
    Planned { series, plot: Plot { files, bytes: files as u64 * 4_000, data_weight: 4 } }
}

const fn bytes(megabytes: u64) -> Planned {
    let plot = Plot { files: 500, bytes: megabytes * 1_000_000, data_weight: 16 };
    Planned { series: Series::Bytes, plot }
}

/// What is measured. A zip without the extension zip64 holds 65,535 files and 4 GB at most.
const PLAN: [Planned; 10] = [
    files(Series::Files, 1_000),
    files(Series::Files, 4_000),
    files(Series::Files, 16_000),
    files(Series::Files, 60_000),
    files(Series::FilesInFolders, 60_000),
    files(Series::FilesInFolders, 200_000),
    bytes(10),
    bytes(100),
    bytes(500),
    bytes(2_000),
];

impl Series {
    /// What `slim build` is told.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Files | Self::Bytes => &[],
            Self::FilesInFolders => &["--layout", "dir"],
        }
    }
}

impl Step {
    /// What the series grows in.
    fn size(&self) -> f64 {
        match self.series {
            Series::Files | Series::FilesInFolders => self.files as f64,
            Series::Bytes => self.bytes as f64,
        }
    }

    /// The exponent of `time` against the size, from `before` to this step. None between different series, and where
    /// the times are too short to tell.
    pub fn exponent(&self, before: Option<&Self>, time: impl Fn(&Builds) -> f64) -> Option<f64> {
        let before = before.filter(|before| before.series == self.series)?;
        let (now, then) = (time(&self.build), time(&before.build));
        (now.min(then) >= SHORTEST_S)
            .then(|| (now / then).ln() / (self.size() / before.size()).ln())
    }
}

/// Grows and builds every tree, then measures starts; `tell` hears each step.
pub fn measure(args: &Args, tell: &mut dyn FnMut(&str)) -> Result<Scale> {
    let slim = args.slim.canonicalize().unwrap_or_else(|_| args.slim.clone());
    let mut steps = Vec::new();
    for planned in PLAN {
        let Plot { files, bytes, .. } = planned.plot;
        tell(&format!("{files} files, {} MB", bytes / 1_000_000));
        let step = step(&slim, planned, args.rounds)?;
        tell(&format!("  {:.3} s, stages {:?}", step.build.wall_s, step.build.stages_in_order()));
        steps.push(step);
    }
    tell("starts");
    Ok(Scale { rounds: args.rounds, steps, startup: startup::measure(&slim)? })
}

/// Grows one tree, builds it `rounds` times, and removes it.
fn step(slim: &Path, planned: Planned, rounds: u32) -> Result<Step> {
    let folder = tempfile::Builder::new().prefix("compare-").tempdir();
    let folder = folder.context("failed to make a folder")?;
    let tree = folder.path().join("tree");
    let bytes = grown::grow(&tree, planned.plot)?;
    let mut builds = Vec::new();
    for _ in 0..rounds {
        let out = tempfile::tempdir_in(folder.path()).context("failed to make a folder")?;
        builds.push(build::once(slim, &tree, out.path(), planned.series.arguments())?);
    }
    let build = Builds::median_of(&builds);
    Ok(Step { series: planned.series, files: planned.plot.files, bytes, build })
}
