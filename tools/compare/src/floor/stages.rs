//! The stages of the floor: what each costs alone.
//!
//! - `walk`: one walk over the package with the metadata of every file, as `walkdir` does it, on one thread.
//! - `read`: every file once that a builder must see: each `.py` and each shared object of the package, whether it ships
//!   or not, and of the other files those that ship. Opened, read to its end, closed, from the page cache.
//! - `crc`: the CRC-32 of what ships.
//! - `deflate`: what ships, by libdeflate at the level of slim's `--compression default`.
//! - `parse`: each `.py` of the package that is UTF-8 into a syntax tree, once, by the parser that slim has.
//! - `scan`: each shared object of the package once, byte by byte, for runs of four and more printable characters, which
//!   is what `strings` does. No names are looked up.
//!
//! What ships is what slim wrote, unpacked. Shared objects are known by name: `.so`, with or without a version behind
//! it. All but `read` find the contents in memory; these are loaded a [`BATCH`] at a time.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use libdeflater::{CompressionLvl, Compressor};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use ruff_python_ast::Mod;
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

#[cfg(test)]
mod tests;

/// libdeflate's level at slim's `--compression default`.
const LEVEL: i32 = 7;
/// How many bytes are in memory at once, where no single file is larger.
const BATCH: u64 = 64 << 20;
/// The fewest printable characters that `strings` takes for a string.
const SHORTEST_RUN: u32 = 4;

/// The floor of one build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// What each stage costs.
    pub cpu_s: Seconds,
    /// The files that ship.
    pub shipped: Amount,
    /// The `.py` of the package.
    pub sources: Amount,
    /// The shared objects of the package.
    pub libraries: Amount,
}

/// CPU seconds, user and system, of each stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    pub walk: f64,
    pub read: f64,
    pub crc: f64,
    pub deflate: f64,
    pub parse: f64,
    pub scan: f64,
}

/// Some files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// How many.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Seconds {
    /// Each stage with its name, in the order of the work.
    pub fn each(&self) -> [(&'static str, f64); 6] {
        [
            ("walk", self.walk),
            ("read", self.read),
            ("crc", self.crc),
            ("deflate", self.deflate),
            ("parse", self.parse),
            ("scan", self.scan),
        ]
    }

    /// All stages.
    pub fn sum(&self) -> f64 {
        self.each().iter().map(|(_, seconds)| seconds).sum()
    }
}

/// A file, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    path: PathBuf,
    bytes: u64,
}

/// Measures every stage once, for the package in `tree` of which slim made what is in `shipped`.
pub fn measure(tree: &Path, shipped: &Path) -> Result<Stages> {
    let (input, walk) = timed(|| files_in(tree))?;
    let shipped = files_in(shipped)?;
    let sources = only(&input, is_source);
    let libraries = only(&input, is_library);
    let others = only(&shipped, |path| !is_source(path) && !is_library(path));
    let cpu_s = Seconds {
        walk,
        read: read_all(&[&sources[..], &libraries, &others].concat())?,
        crc: in_batches(&shipped, || (), |(), content| crc32fast::hash(content))?,
        deflate: in_batches(&shipped, Deflater::new, Deflater::deflate)?,
        parse: in_batches(&sources, || (), |(), content| parse(content))?,
        scan: in_batches(&libraries, || (), |(), content| runs(content))?,
    };
    Ok(Stages {
        cpu_s,
        shipped: amount(&shipped),
        sources: amount(&sources),
        libraries: amount(&libraries),
    })
}

/// How many threads slim uses where nobody says otherwise.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The files in `folder`, in the order of their names, each with what its metadata say.
fn files_in(folder: &Path) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            files.push(Found { bytes: metadata.len(), path: entry.into_path() });
        }
    }
    Ok(files)
}

fn only(files: &[Found], wanted: fn(&Path) -> bool) -> Vec<Found> {
    files.iter().filter(|file| wanted(&file.path)).cloned().collect()
}

fn amount(files: &[Found]) -> Amount {
    Amount { files: files.len(), bytes: files.iter().map(|file| file.bytes).sum() }
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

/// Whether the name is that of a shared object: `x.so`, `libx.so.1.2`.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit_once(".so").is_some_and(|(_, version)| {
        version.is_empty()
            || version.starts_with('.')
                && !version.contains(|c: char| c != '.' && !c.is_ascii_digit())
    })
}

/// CPU seconds of reading every file once.
fn read_all(files: &[Found]) -> Result<f64> {
    on_threads(files, &mut one_for_each_thread(Vec::new), |content, file| {
        read(&file.path, content)?;
        black_box(&content);
        Ok(())
    })
}

fn read(path: &Path, content: &mut Vec<u8>) -> Result<()> {
    content.clear();
    File::open(path)
        .and_then(|mut file| file.read_to_end(content))
        .map(drop)
        .with_context(|| format!("failed to read `{}`", path.display()))
}

/// CPU seconds of `work` on the content of every file. Loading the contents does not count.
fn in_batches<S: Send, R>(
    files: &[Found],
    worker: impl Fn() -> S,
    work: impl Fn(&mut S, &[u8]) -> R + Sync,
) -> Result<f64> {
    let mut workers = one_for_each_thread(worker);
    let mut cpu_s = 0.0;
    for batch in batches(files, BATCH) {
        let contents: Vec<Vec<u8>> = batch.iter().map(load).collect::<Result<_>>()?;
        cpu_s += on_threads(&contents, &mut workers, |state, content| {
            black_box(work(state, content));
            Ok(())
        })?;
    }
    Ok(cpu_s)
}

fn load(file: &Found) -> Result<Vec<u8>> {
    fs::read(&file.path).with_context(|| format!("failed to read `{}`", file.path.display()))
}

/// Neighbours that have so many bytes together, or one that is larger.
fn batches(files: &[Found], most: u64) -> Vec<&[Found]> {
    let (mut batches, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, file) in files.iter().enumerate() {
        if bytes + file.bytes > most && place > start {
            batches.push(&files[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += file.bytes;
    }
    if start < files.len() {
        batches.push(&files[start..]);
    }
    batches
}

/// A state for every thread.
fn one_for_each_thread<S>(state: impl Fn() -> S) -> Vec<S> {
    (0..threads()).map(|_| state()).collect()
}

/// CPU seconds of `work` on every item, by a thread for each of `states`. Everyone takes the next item until there is
/// none.
fn on_threads<T: Sync, S: Send>(
    items: &[T],
    states: &mut [S],
    work: impl Fn(&mut S, &T) -> Result<()> + Sync,
) -> Result<f64> {
    let next = AtomicUsize::new(0);
    let run = |state: &mut S| {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(state, item)?;
        }
        Ok(())
    };
    let ((), cpu_s) = timed(|| {
        std::thread::scope(|scope| {
            let run = &run;
            let started: Vec<_> =
                states.iter_mut().map(|state| scope.spawn(move || run(state))).collect();
            started.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
        })
    })?;
    Ok(cpu_s)
}

/// What `work` gives, and the CPU seconds of this process meanwhile.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let before = own_cpu_s()?;
    let result = work()?;
    Ok((result, own_cpu_s()? - before))
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

/// A compressor, and where its result goes.
struct Deflater {
    compressor: Compressor,
    packed: Vec<u8>,
}

impl Deflater {
    fn new() -> Self {
        let level = CompressionLvl::new(LEVEL).expect("libdeflate has this level");
        Self { compressor: Compressor::new(level), packed: Vec::new() }
    }

    fn deflate(&mut self, content: &[u8]) {
        let most = self.compressor.deflate_compress_bound(content.len());
        if self.packed.len() < most {
            // A new one, of which only what is written to costs memory and time.
            self.packed = vec![0; most];
        }
        let packed = self.compressor.deflate_compress(content, &mut self.packed);
        black_box(&self.packed[..packed.expect("the bound is enough")]);
    }
}

/// The syntax tree. Sources with errors cost what they cost.
fn parse(content: &[u8]) -> Option<Parsed<Mod>> {
    let source = std::str::from_utf8(content).ok()?;
    Some(parse_unchecked(source, ParseOptions::from(Mode::Module)))
}

/// How many runs of printable characters `strings` would find.
fn runs(content: &[u8]) -> usize {
    let (mut found, mut run) = (0, 0u32);
    for byte in content {
        run = if (b' '..=b'~').contains(byte) { run + 1 } else { 0 };
        found += usize::from(run == SHORTEST_RUN);
    }
    found
}
