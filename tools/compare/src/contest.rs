//! All peers on one tree, some rounds, the medians.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::cli::Args;
use crate::measure::{self, Cost, TooSlow, median};
use crate::peers::{PEERS, Peer, REFERENCE, Task, Workshop};
use crate::results::Results;
use crate::survival::{self, Survival};
use crate::zips::{self, Size};

#[cfg(test)]
mod tests;

/// How all peers did on one tree.
#[derive(Debug, Serialize)]
pub struct Contest {
    /// The tree's name.
    pub tree: String,
    /// How often each peer ran.
    pub rounds: u32,
    /// The peers, in the order of [`PEERS`].
    pub peers: Vec<Standing>,
}

/// How one peer did.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// The peer's name.
    pub peer: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of one peer on one tree.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It packed the tree in every round.
    Measured(Figures),
    /// It needs what is not here.
    Skipped(String),
    /// It takes more than so many seconds.
    Slow(u32),
    /// It failed, with its last words.
    Failed(String),
}

/// What one peer made and what that cost: medians over the rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    /// Bytes of the files inside the zips.
    pub unzipped_bytes: u64,
    /// Bytes of the zips.
    pub zipped_bytes: u64,
    /// Seconds by the clock.
    pub wall_s: f64,
    /// User and system seconds.
    pub cpu_s: f64,
    /// The largest resident set of one process.
    pub peak_bytes: u64,
    /// Whether the app still runs from it.
    pub survival: Survival,
}

impl Outcome {
    /// The figures, where it was measured.
    pub fn figures(&self) -> Option<&Figures> {
        match self {
            Self::Measured(figures) => Some(figures),
            Self::Skipped(_) | Self::Slow(_) | Self::Failed(_) => None,
        }
    }
}

impl Contest {
    /// The figures of a peer, where it was measured.
    pub fn figures_of(&self, peer: &str) -> Option<&Figures> {
        self.peers.iter().find(|standing| standing.peer == peer)?.outcome.figures()
    }

    /// The figures of the peer that the others are compared with.
    pub fn reference(&self) -> Option<&Figures> {
        self.figures_of(REFERENCE)
    }

    /// The peers that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Standing> {
        self.peers.iter().filter(|standing| matches!(standing.outcome, Outcome::Failed(_)))
    }
}

/// Measures the peers that `args` names on a copy of `tree`; `tell` hears each step.
pub fn hold(tree: &Path, args: &Args, tell: &mut dyn FnMut(&str)) -> Result<Contest> {
    let name = name_of(tree)?;
    let workshop = Workshop::new(&args.slim, &args.modules);
    let results = Results::new(args.results.as_deref(), &workshop.slim, args.patience);
    let mut entrants: Vec<Entrant> =
        chosen(args).map(|peer| Entrant::new(peer, &workshop, &name, &results)).collect();
    if entrants.iter().any(|entrant| entrant.settled.is_none()) {
        measure_all(&mut entrants, &Ground::new(tree)?, &workshop, args, tell);
    }
    let mut peers = Vec::new();
    for entrant in entrants {
        let (peer, standing) = (entrant.peer, entrant.standing());
        results.put(&name, peer, &standing.outcome)?;
        peers.push(standing);
    }
    Ok(Contest { tree: name, rounds: args.rounds, peers })
}

/// Runs everyone whose outcome is not clear yet, in turn.
fn measure_all(
    entrants: &mut [Entrant],
    ground: &Ground,
    workshop: &Workshop,
    args: &Args,
    tell: &mut dyn FnMut(&str),
) {
    let mut judge = Judge::default();
    for round in 1..=args.rounds {
        for entrant in entrants.iter_mut().filter(|entrant| entrant.settled.is_none()) {
            tell(&format!("{}: {} ({round} of {})", ground.name, entrant.peer.name, args.rounds));
            entrant.run(workshop, ground, args.patience, &mut judge);
        }
    }
}

fn chosen(args: &Args) -> impl Iterator<Item = &'static Peer> {
    let named = |names: &[String], peer: &Peer| names.iter().any(|name| name == peer.name);
    PEERS
        .iter()
        .filter(move |peer| args.only.is_empty() || named(&args.only, peer))
        .filter(move |peer| !named(&args.skip, peer))
}

/// The last part of the tree's real path.
fn name_of(tree: &Path) -> Result<String> {
    let tree =
        tree.canonicalize().with_context(|| format!("failed to find `{}`", tree.display()))?;
    ensure!(tree.is_dir(), "`{}` is not a folder", tree.display());
    Ok(tree.file_name().unwrap_or(tree.as_os_str()).to_string_lossy().into_owned())
}

/// A copy of the tree, and a place for results on the same disk.
pub struct Ground {
    /// The tree's name.
    pub name: String,
    /// The copy.
    pub tree: PathBuf,
    folder: TempDir,
}

impl Ground {
    /// Copies `tree` into a temporary folder.
    pub fn new(tree: &Path) -> Result<Self> {
        let name = name_of(tree)?;
        let folder = tempfile::Builder::new()
            .prefix("compare-")
            .tempdir()
            .context("failed to make a folder")?;
        let copy = folder.path().join("tree");
        measure::run(Command::new("cp").arg("-a").arg(tree.join(".")).arg(&copy))
            .with_context(|| format!("failed to copy `{}`", tree.display()))?;
        Ok(Self { name, tree: copy, folder })
    }

    /// A new, empty folder for one result.
    pub fn out(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.folder.path()).context("failed to make a folder")
    }
}

/// Which contents still run. Peers that only pack differently are judged once.
#[derive(Default)]
struct Judge {
    known: HashMap<u64, Survival>,
}

impl Judge {
    fn survival(&mut self, name: &str, out: &Path) -> Result<Survival> {
        let contents = zips::contents_of_folder(out)?;
        if let Some(known) = self.known.get(&contents) {
            return Ok(known.clone());
        }
        let survival = survival::of(name, out)?;
        self.known.insert(contents, survival.clone());
        Ok(survival)
    }
}

/// A peer during the contest.
struct Entrant {
    peer: &'static Peer,
    runs: Vec<(Size, Cost)>,
    survival: Option<Survival>,
    /// What came of it, where that is clear before the last round.
    settled: Option<Outcome>,
}

impl Entrant {
    fn new(peer: &'static Peer, workshop: &Workshop, tree: &str, results: &Results) -> Self {
        let settled =
            results.get(tree, peer).or_else(|| peer.missing(workshop, tree).map(Outcome::Skipped));
        Self { peer, runs: Vec::new(), survival: None, settled }
    }

    fn run(
        &mut self,
        workshop: &Workshop,
        ground: &Ground,
        patience: Option<u32>,
        judge: &mut Judge,
    ) {
        match (self.once(workshop, ground, patience, judge), patience) {
            (Ok(run), _) => self.runs.push(run),
            (Err(error), Some(seconds)) if error.is::<TooSlow>() => {
                self.settled = Some(Outcome::Slow(seconds));
            }
            (Err(error), _) => self.settled = Some(Outcome::Failed(format!("{error:#}"))),
        }
    }

    fn once(
        &mut self,
        workshop: &Workshop,
        ground: &Ground,
        patience: Option<u32>,
        judge: &mut Judge,
    ) -> Result<(Size, Cost)> {
        let out = ground.out()?;
        let task = Task { name: &ground.name, tree: &ground.tree, out: out.path() };
        let mut command = self.peer.command(workshop, task);
        if let Some(seconds) = patience {
            command = measure::bounded(&command, seconds);
        }
        let cost = measure::run(&mut command)?;
        if self.survival.is_none() {
            self.survival = Some(judge.survival(&ground.name, out.path())?);
        }
        Ok((zips::size_of_folder(out.path())?, cost))
    }

    fn standing(self) -> Standing {
        let survival = self.survival.unwrap_or(Survival::NotRun);
        let outcome = self
            .settled
            .unwrap_or_else(|| Outcome::Measured(Figures::median_of(&self.runs, survival)));
        Standing { peer: self.peer.name, outcome }
    }
}

impl Figures {
    fn median_of(runs: &[(Size, Cost)], survival: Survival) -> Self {
        let middle = |figure: fn(&(Size, Cost)) -> f64| median(runs.iter().map(figure));
        let bytes = |figure: fn(&(Size, Cost)) -> f64| middle(figure).round() as u64;
        Self {
            unzipped_bytes: bytes(|(size, _)| size.unzipped as f64),
            zipped_bytes: bytes(|(size, _)| size.zipped as f64),
            wall_s: middle(|(_, cost)| cost.wall_s),
            cpu_s: middle(|(_, cost)| cost.cpu_s()),
            peak_bytes: bytes(|(_, cost)| cost.peak_bytes as f64),
            survival,
        }
    }
}
