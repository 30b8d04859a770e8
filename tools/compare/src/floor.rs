//! How close a build is to the least it could do.
//!
//! The floor of a build is what nobody can leave out who writes the same zips: reading the bytes that ship, their
//! CRC-32, and their compression by libdeflate at the same level. It is measured on the files of the zips that slim
//! itself wrote, unpacked, from the page cache, on as many threads as slim uses: two busy cores slow each other, and
//! the same work must cost the same on both sides.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use libdeflater::{CompressionLvl, Compressor};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use serde::Serialize;
use walkdir::WalkDir;

use crate::cli::Args;
use crate::contest::Ground;
use crate::measure::{self, median};
use crate::{peers, zips};

#[cfg(test)]
mod tests;

/// libdeflate's level at slim's `--compression default`.
const LEVEL: i32 = 7;

/// A build beside its floor: medians over the rounds.
#[derive(Debug, Serialize)]
pub struct Floor {
    /// The tree's name.
    pub tree: String,
    /// How often both were measured.
    pub rounds: u32,
    /// The files that ship.
    pub files: usize,
    /// Their bytes, unzipped.
    pub bytes: u64,
    /// CPU seconds of `slim build`.
    pub build_cpu_s: f64,
    /// CPU seconds of reading, CRC-32 and compression.
    pub floor_cpu_s: f64,
    /// The first by the second.
    pub ratio: f64,
}

/// Builds a copy of `tree`, unpacks what was written, and measures both in turn.
pub fn measure(tree: &Path, args: &Args) -> Result<Floor> {
    let ground = Ground::new(tree)?;
    let shipped = ground.out()?;
    let slim = args.slim.canonicalize().unwrap_or_else(|_| args.slim.clone());
    build(&slim, &ground, Some(shipped.path()))?;
    let files = files_in(shipped.path())?;
    let (mut builds, mut floors, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..args.rounds {
        builds.push(build(&slim, &ground, None)?);
        let (cpu_s, read) = pack_once(&files)?;
        floors.push(cpu_s);
        bytes = read;
    }
    let (build_cpu_s, floor_cpu_s) = (median(builds), median(floors));
    let ratio = build_cpu_s / floor_cpu_s;
    Ok(Floor {
        tree: ground.name,
        rounds: args.rounds,
        files: files.len(),
        bytes,
        build_cpu_s,
        floor_cpu_s,
        ratio,
    })
}

/// CPU seconds of one build; its zips are unpacked into `shipped` where one is given.
fn build(slim: &Path, ground: &Ground, shipped: Option<&Path>) -> Result<f64> {
    let out = ground.out()?;
    let cost = measure::run(&mut peers::slim_build(slim, &ground.tree, out.path(), &[]))
        .with_context(|| format!("failed to build `{}`", ground.name))?;
    if let Some(shipped) = shipped {
        unpack(out.path(), shipped)?;
    }
    Ok(cost.cpu_s)
}

/// Unpacks each zip of `out` into a folder of its own.
fn unpack(out: &Path, shipped: &Path) -> Result<()> {
    ensure!(peers::on_path("unzip"), "unzip is not on PATH");
    for (place, zip) in zips::in_folder(out)?.iter().enumerate() {
        measure::run(
            Command::new("unzip")
                .arg("-qq")
                .arg(zip)
                .arg("-d")
                .arg(shipped.join(place.to_string())),
        )
        .with_context(|| format!("failed to unpack `{}`", zip.display()))?;
    }
    Ok(())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Reads, checks and compresses each file once; its CPU seconds, and how many bytes there were.
fn pack_once(files: &[PathBuf]) -> Result<(f64, u64)> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let before = own_cpu_s()?;
    let workers: Vec<Result<u64>> = std::thread::scope(|scope| {
        let started: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| pack_some(files, &next))).collect();
        started.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect()
    });
    let bytes = workers.into_iter().sum::<Result<u64>>()?;
    Ok((own_cpu_s()? - before, bytes))
}

/// One worker: takes the next file until there is none.
fn pack_some(files: &[PathBuf], next: &AtomicUsize) -> Result<u64> {
    let level = CompressionLvl::new(LEVEL).expect("libdeflate has this level");
    let mut compressor = Compressor::new(level);
    let (mut content, mut packed, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        read(path, &mut content).with_context(|| format!("failed to read `{}`", path.display()))?;
        packed.resize(packed.len().max(compressor.deflate_compress_bound(content.len())), 0);
        black_box(crc32fast::hash(&content));
        compressor.deflate_compress(&content, &mut packed).context("failed to compress")?;
        black_box(&packed);
        bytes += content.len() as u64;
    }
    Ok(bytes)
}

fn read(path: &Path, content: &mut Vec<u8>) -> std::io::Result<()> {
    content.clear();
    File::open(path)?.read_to_end(content).map(drop)
}

/// User and system seconds of this process so far.
fn own_cpu_s() -> Result<f64> {
    let usage =
        getrusage(UsageWho::RUSAGE_SELF).context("failed to read this process's CPU time")?;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn seconds(time: TimeVal) -> f64 {
    time.num_microseconds() as f64 / 1e6
}
