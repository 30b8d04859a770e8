//! All peers on one tree, some rounds, the medians.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tempfile::TempDir;

use crate::cli::Args;
use crate::measure::{self, Cost, median};
use crate::peers::{PEERS, Peer, REFERENCE};
use crate::zips::{self, Size};

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
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It packed the tree in every round.
    Measured(Figures),
    /// It needs what is not here.
    Skipped(String),
    /// It failed, with its last words.
    Failed(String),
}

/// What one peer made and what that cost: medians over the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
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
}

impl Contest {
    /// The figures of the peer that the others are compared with.
    pub fn reference(&self) -> Option<&Figures> {
        self.peers.iter().find(|standing| standing.peer == REFERENCE).and_then(|standing| {
            match &standing.outcome {
                Outcome::Measured(figures) => Some(figures),
                Outcome::Skipped(_) | Outcome::Failed(_) => None,
            }
        })
    }

    /// The peers that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Standing> {
        self.peers.iter().filter(|standing| matches!(standing.outcome, Outcome::Failed(_)))
    }
}

/// Measures the peers that `args` names on a copy of `tree`; `tell` hears each step.
pub fn hold(tree: &Path, args: &Args, tell: &mut dyn FnMut(&str)) -> Result<Contest> {
    let ground = Ground::new(tree, &args.slim)?;
    let mut entrants: Vec<Entrant> =
        chosen(&args.only).map(|peer| Entrant::new(peer, &ground.slim)).collect();
    for round in 1..=args.rounds {
        for entrant in entrants.iter_mut().filter(|entrant| entrant.problem.is_none()) {
            tell(&format!("{}: {} ({round} of {})", ground.name, entrant.peer.name, args.rounds));
            entrant.run(&ground);
        }
    }
    let peers = entrants.into_iter().map(Entrant::standing).collect();
    Ok(Contest { tree: ground.name, rounds: args.rounds, peers })
}

fn chosen(only: &[String]) -> impl Iterator<Item = &'static Peer> {
    PEERS.iter().filter(move |peer| only.is_empty() || only.iter().any(|name| name == peer.name))
}

/// A copy of the tree, and a place for results on the same disk.
pub struct Ground {
    /// The tree's name.
    pub name: String,
    /// The copy.
    pub tree: PathBuf,
    /// The slim to measure, as an absolute path where it exists.
    pub slim: PathBuf,
    folder: TempDir,
}

impl Ground {
    /// Copies `tree` into a temporary folder.
    pub fn new(tree: &Path, slim: &Path) -> Result<Self> {
        let tree =
            tree.canonicalize().with_context(|| format!("failed to find `{}`", tree.display()))?;
        ensure!(tree.is_dir(), "`{}` is not a folder", tree.display());
        let name = tree.file_name().unwrap_or(tree.as_os_str()).to_string_lossy().into_owned();
        let folder = tempfile::Builder::new()
            .prefix("compare-")
            .tempdir()
            .context("failed to make a folder")?;
        let copy = folder.path().join("tree");
        measure::run(Command::new("cp").arg("-a").args([&tree, &copy]))
            .with_context(|| format!("failed to copy `{}`", tree.display()))?;
        let slim = slim.canonicalize().unwrap_or_else(|_| slim.to_owned());
        Ok(Self { name, tree: copy, slim, folder })
    }

    /// A new, empty folder for one result.
    pub fn out(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.folder.path()).context("failed to make a folder")
    }
}

/// A peer during the contest.
struct Entrant {
    peer: &'static Peer,
    runs: Vec<(Size, Cost)>,
    problem: Option<Outcome>,
}

impl Entrant {
    fn new(peer: &'static Peer, slim: &Path) -> Self {
        let problem =
            peer.missing(slim).map(|what| Outcome::Skipped(format!("{what} is not here")));
        Self { peer, runs: Vec::new(), problem }
    }

    fn run(&mut self, ground: &Ground) {
        match once(self.peer, ground) {
            Ok(run) => self.runs.push(run),
            Err(error) => self.problem = Some(Outcome::Failed(format!("{error:#}"))),
        }
    }

    fn standing(self) -> Standing {
        let outcome =
            self.problem.unwrap_or_else(|| Outcome::Measured(Figures::median_of(&self.runs)));
        Standing { peer: self.peer.name, outcome }
    }
}

fn once(peer: &Peer, ground: &Ground) -> Result<(Size, Cost)> {
    let out = ground.out()?;
    let cost = measure::run(&mut peer.command(&ground.slim, &ground.tree, out.path()))?;
    Ok((zips::size_of_folder(out.path())?, cost))
}

impl Figures {
    fn median_of(runs: &[(Size, Cost)]) -> Self {
        let middle = |figure: fn(&(Size, Cost)) -> f64| median(runs.iter().map(figure));
        let bytes = |figure: fn(&(Size, Cost)) -> f64| middle(figure).round() as u64;
        Self {
            unzipped_bytes: bytes(|(size, _)| size.unzipped as f64),
            zipped_bytes: bytes(|(size, _)| size.zipped as f64),
            wall_s: middle(|(_, cost)| cost.wall_s),
            cpu_s: middle(|(_, cost)| cost.cpu_s),
            peak_bytes: bytes(|(_, cost)| cost.peak_bytes as f64),
        }
    }
}
