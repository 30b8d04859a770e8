//! compare: slim side by side with what people do today, in one run, on the same machine.
//!
//! ```text
//! cargo run --release --manifest-path tools/compare/Cargo.toml -- [--slim BIN] [--rounds N] [--only PEER,…] [--json|--markdown WHAT] TREE…
//! cargo run --release --manifest-path tools/compare/Cargo.toml -- --floor [--rounds N] [--json] TREE…
//! cargo run --release --manifest-path tools/compare/Cargo.toml -- --scale [--rounds N] [--json]
//! ```
//!
//! Each TREE is a Python deployment package in a folder. It is copied once, so that every peer finds it in the page
//! cache and none can spoil the original; the rounds go through all peers in turn, so that a slow minute of the
//! machine falls on all of them. The [`peers`] are the articles' shell recipe, other strippers, the plugin
//! serverless-python-requirements, plain archivers, and slim at each compression. A peer whose tool is not here is
//! named and skipped; one that loses `--patience` is shown as `-`.
//!
//! What is measured of each peer, as the median of the rounds:
//! - unzipped and zipped bytes, read from the central directories of the zips it wrote;
//! - wall seconds;
//! - CPU seconds, user and system, of the process and everything it waited for (`wait4`);
//! - peak memory: the largest resident set of any one of its processes (also `wait4`). Nothing below this program's own
//!   few megabytes can be told apart;
//! - whether the app still runs from it, where the tree is one of the corpus: [`survival`].
//!
//! `--markdown` prints the sums over all trees, or sizes for each: [`summary`]. `--results` keeps what was [measured before](results).
//!
//! `--floor` asks how close a build is to the least it could do: [`floor`]. `--scale` asks how its time and memory grow
//! with the package, and what a start costs: [`scale`].
//!
//! Exit codes: 0 done, 1 a peer failed or a build is over a limit, 2 usage or a missing TREE or tool.

mod build;
mod cli;
mod contest;
mod floor;
mod measure;
mod peers;
mod results;
mod scale;
mod summary;
mod survival;
mod table;
mod zips;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cli::{Args, Markdown};
use crate::floor::Floor;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Measures every tree and prints the results. False when something measured was not good.
fn run(args: &Args) -> Result<bool> {
    match &args.stages {
        Some(shipped) => run_stages(args, shipped),
        None if args.floor => run_floor(args),
        None if args.scale => run_scale(args),
        None => run_contest(args),
    }
}

fn run_contest(args: &Args) -> Result<bool> {
    let mut contests = Vec::new();
    for tree in &args.trees {
        let contest = contest::hold(tree, args, &mut |step| eprintln!("{step}"))?;
        if args.markdown.is_some() {
            eprintln!("{}", table::of_contest(&contest));
        } else if !args.json {
            println!("{}", table::of_contest(&contest));
        }
        contests.push(contest);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&contests)?);
    }
    match args.markdown {
        Some(Markdown::Sums) => print!("{}", summary::sums(&contests)),
        Some(Markdown::Sizes) => print!("{}", summary::sizes(&contests)),
        None => {}
    }
    Ok(contests.iter().all(|contest| contest.failures().next().is_none()))
}

fn run_floor(args: &Args) -> Result<bool> {
    let mut floors = Vec::new();
    for tree in &args.trees {
        let floor = floor::measure(tree, args)?;
        if !args.json {
            println!("{}", table::of_floor(&floor));
        }
        floors.push(floor);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&floors)?);
    }
    Ok(floors.iter().all(Floor::is_good))
}

fn run_scale(args: &Args) -> Result<bool> {
    let scale = scale::measure(args, &mut |step| eprintln!("{step}"))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&scale)?);
    } else {
        print!("{}", summary::of_scale(&scale));
    }
    Ok(true)
}

/// What [`floor`] has a process of its own do.
fn run_stages(args: &Args, shipped: &Path) -> Result<bool> {
    for tree in &args.trees {
        println!("{}", serde_json::to_string(&floor::stages::measure(tree, shipped)?)?);
    }
    Ok(true)
}
