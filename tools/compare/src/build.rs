//! One build by slim, with what its stages took.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::measure::{self, Cost, median};
use crate::peers;

#[cfg(test)]
mod tests;

/// slim's stages of a plain build, in their order.
const STAGES: [&str; 4] = ["scan", "facts", "plan", "pack"];

/// What slim exits with when it built, and when it built what is over a limit.
const BUILT: &[i32] = &[0, 1];

/// What one build cost.
#[derive(Debug)]
pub struct Build {
    /// As the system counted it.
    pub cost: Cost,
    /// Seconds by the clock for each stage, as slim's `report.json` tells.
    pub stages: BTreeMap<String, f64>,
}

/// Builds: medians.
#[derive(Debug, Serialize)]
pub struct Builds {
    /// CPU seconds in the program.
    pub user_s: f64,
    /// CPU seconds in the kernel.
    pub system_s: f64,
    /// Both.
    pub cpu_s: f64,
    /// Seconds by the clock, from start to exit.
    pub wall_s: f64,
    /// The largest resident set, in bytes.
    pub peak_bytes: u64,
    /// Seconds by the clock for each stage, in slim's own words.
    pub stages_s: BTreeMap<String, f64>,
    /// Seconds by the clock in none of them: starting, moving the results into place, telling, ending.
    pub rest_s: f64,
}

impl Build {
    fn rest_s(&self) -> f64 {
        self.cost.wall_s - self.stages.values().sum::<f64>()
    }
}

/// What of `report.json` is read.
#[derive(Deserialize)]
struct Report {
    timings: BTreeMap<String, f64>,
}

/// Builds `tree` into `out` with more arguments and without what earlier builds kept. A result over Lambda's limits is
/// one too.
pub fn once(slim: &Path, tree: &Path, out: &Path, arguments: &[&str]) -> Result<Build> {
    let cost = measure::run_to(&mut peers::slim_build(slim, tree, out, arguments), BUILT)
        .with_context(|| format!("failed to build `{}`", tree.display()))?;
    let path = out.join("report.json");
    let report = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let Report { timings } = serde_json::from_slice(&report)
        .with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(Build { cost, stages: timings })
}

impl Builds {
    /// The medians of some builds.
    pub fn median_of(builds: &[Build]) -> Self {
        let middle = |figure: fn(&Cost) -> f64| median(builds.iter().map(|one| figure(&one.cost)));
        let names = builds.iter().flat_map(|one| one.stages.keys());
        let stage = |name: &String| {
            median(builds.iter().map(|one| one.stages.get(name).copied().unwrap_or(0.0)))
        };
        Self {
            user_s: middle(|cost| cost.user_s),
            system_s: middle(|cost| cost.system_s),
            cpu_s: middle(Cost::cpu_s),
            wall_s: middle(|cost| cost.wall_s),
            peak_bytes: middle(|cost| cost.peak_bytes as f64).round() as u64,
            stages_s: names.map(|name| (name.clone(), stage(name))).collect(),
            rest_s: median(builds.iter().map(Build::rest_s)),
        }
    }

    /// Seconds by the clock for a stage; 0 for one that did not run.
    pub fn stage_s(&self, name: &str) -> f64 {
        self.stages_s.get(name).copied().unwrap_or(0.0)
    }

    /// The stages of a plain build with their seconds by the clock.
    pub fn stages_in_order(&self) -> [(&'static str, f64); 4] {
        STAGES.map(|name| (name, self.stage_s(name)))
    }
}
