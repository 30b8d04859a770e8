//! How close a build is to the least it could do.
//!
//! The floor of a build is what nobody can leave out who makes the same zips with as much knowledge of what is in them:
//! the [`stages`], each measured alone, on the same bytes, in the same run as the builds and in turn with them, on as
//! many threads as slim uses: two busy cores slow each other, and the same work must cost the same on both sides.
//!
//! A build may cost [`CPU`] of the floor's CPU seconds, [`WALL`] of the time that these take when every core is busy
//! with them, and [`PEAK`] bytes of memory.
//!
//! The floor is measured by a process of its own: what this one holds would count as the memory of the builds that it
//! starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::build::{self, Build, Builds};
use crate::cli::Args;
use crate::contest::Ground;
use crate::measure::{self, median};
use crate::{peers, zips};

use stages::Stages;

pub mod stages;
#[cfg(test)]
mod tests;

/// The highest ratio of the build's CPU seconds to the floor's that is good.
pub const CPU: f64 = 1.10;
/// The highest ratio of the build's seconds by the clock to the floor's CPU seconds for each core that is good.
pub const WALL: f64 = 1.15;
/// The most memory that is good, in bytes.
pub const PEAK: u64 = 200_000_000;

/// A build beside its floor: medians over the rounds.
#[derive(Debug, Serialize)]
pub struct Floor {
    /// The tree's name.
    pub tree: String,
    /// How often both were measured.
    pub rounds: u32,
    /// Threads of either.
    pub threads: usize,
    /// What was built.
    pub build: Builds,
    /// The least.
    pub floor: Stages,
    /// CPU seconds of the build by those of all stages of the floor.
    pub cpu_ratio: f64,
    /// Seconds by the clock of the build by the floor's CPU seconds for each core.
    pub wall_ratio: f64,
}

impl Floor {
    /// Whether the build keeps all three limits.
    pub fn is_good(&self) -> bool {
        self.cpu_ratio <= CPU && self.wall_ratio <= WALL && self.build.peak_bytes <= PEAK
    }

    fn new(tree: String, builds: &[Build], floors: &[Stages]) -> Self {
        let (build, floor) = (Builds::median_of(builds), median_of(floors));
        let threads = stages::threads();
        let least = floor.cpu_s.sum();
        Self {
            tree,
            rounds: builds.len() as u32,
            threads,
            cpu_ratio: build.cpu_s / least,
            wall_ratio: build.wall_s / (least / threads as f64),
            build,
            floor,
        }
    }
}

/// Builds a copy of `tree`, unpacks what was written, and measures both in turn.
pub fn measure(tree: &Path, args: &Args) -> Result<Floor> {
    let ground = Ground::new(tree)?;
    let shipped = ground.out()?;
    let slim = args.slim.canonicalize().unwrap_or_else(|_| args.slim.clone());
    let out = ground.out()?;
    build::once(&slim, &ground.tree, out.path(), &[])?;
    unpack(out.path(), shipped.path())?;
    let (mut builds, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        builds.push(build::once(&slim, &ground.tree, ground.out()?.path(), &[])?);
        floors.push(stages_apart(&ground.tree, shipped.path())?);
    }
    Ok(Floor::new(ground.name, &builds, &floors))
}

/// The stages of the floor once, by a process of their own.
fn stages_apart(tree: &Path, shipped: &Path) -> Result<Stages> {
    let this = std::env::current_exe().context("failed to find this program")?;
    let told = Command::new(this).arg("--stages").arg(shipped).arg(tree).output();
    let told = told.context("failed to run this program")?;
    ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr).trim());
    serde_json::from_slice(&told.stdout).context("failed to read what the stages cost")
}

fn median_of(floors: &[Stages]) -> Stages {
    let middle = |figure: fn(&stages::Seconds) -> f64| {
        median(floors.iter().map(|floor| figure(&floor.cpu_s)))
    };
    let cpu_s = stages::Seconds {
        walk: middle(|cpu_s| cpu_s.walk),
        read: middle(|cpu_s| cpu_s.read),
        crc: middle(|cpu_s| cpu_s.crc),
        deflate: middle(|cpu_s| cpu_s.deflate),
        parse: middle(|cpu_s| cpu_s.parse),
        scan: middle(|cpu_s| cpu_s.scan),
    };
    // The same files in every round.
    Stages { cpu_s, ..floors.first().cloned().unwrap_or_default() }
}

/// Unpacks each zip of `out` into a folder of its own.
fn unpack(out: &Path, shipped: &Path) -> Result<()> {
    ensure!(peers::on_path("unzip"), "unzip is not on PATH");
    for (place, zip) in zips::in_folder(out)?.iter().enumerate() {
        let folder: PathBuf = shipped.join(place.to_string());
        measure::run(Command::new("unzip").arg("-qq").arg(zip).arg("-d").arg(folder))
            .with_context(|| format!("failed to unpack `{}`", zip.display()))?;
    }
    Ok(())
}
