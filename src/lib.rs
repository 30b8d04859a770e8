//! slim turns a Python deployment package into the smallest AWS Lambda function and layer zips
//! that still run it, deletes nothing without evidence, and proves the result.
//!
//! One build on one page: scan → gather → plan → pack → report.

#![forbid(unsafe_code)]

mod bytecode;
pub mod cache;
pub mod cli;
pub mod compile;
pub mod config;
pub mod elf;
pub mod fact;
pub mod facts;
pub mod failure;
pub mod json;
pub mod measure;
pub mod memory;
pub mod options;
pub mod pack;
pub mod plan;
pub mod progress;
mod proving;
pub mod python;
pub mod report;
pub mod rules;
pub mod runtime;
pub mod scan;
pub mod scratch;
pub mod target;
pub mod transform;
pub mod tree;
pub mod verify;
pub mod zip;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;

use crate::facts::Facts;
use crate::failure::{Failure, nearest};
use crate::measure::coldstart::{Cold, Coldstart};
use crate::measure::trace::Traced;
use crate::options::{Bytecode, Level, Options, Proving, Tracing};
use crate::pack::Packed;
use crate::plan::{Plan, Restored};
use crate::progress::Progress;
use crate::proving::site::Site;
use crate::proving::{Bench, MOST_ROUNDS};
use crate::report::Report;
use crate::report::doubts::{Unfollowed, unfollowed};
use crate::report::explain::{Explanation, explain};
use crate::report::inspect::{Inspection, inspect};
use crate::report::proof::Verification;
use crate::report::reached::reached;
use crate::scan::Scanned;
use crate::target::Arch;
use crate::tree::FileId;
use crate::verify::{Proof, Status};

/// Makes the zips and the report, proves them where that was asked for, and moves them into the output
/// folder (not in a dry run); what failed its proof goes into its folder `unproven`.
///
/// # Errors
/// A [`Failure`] for wrong use; any other error for what cannot be read or written. Then nothing
/// was moved into the output folder.
pub fn build(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let mut clock = Clock::start();
    refuse_inside(options, &options.out_dir, "output folder", "--out-dir")?;
    let scanned = scan::scan(&options.packages, progress)?;
    pack::function_names(&scanned.tree)?;
    clock.stop("scan");
    let facts = gather(&scanned, options, progress)?;
    clock.stop("facts");
    let mut options = options.clone();
    let proving = options.proving.clone();
    let Settled { plan, packed, proof, bench } =
        settle(&scanned, &facts, &mut options, proving.as_ref(), &mut clock, progress)?;
    let licenses = pack::licenses::gather(&scanned.tree, &scanned, &facts, &plan)?;
    let refused = proof.as_ref().is_some_and(|proof| proof.status == Status::Failed);
    let mut report =
        Report::of(&scanned.tree, &facts, &plan, &packed, &options, proof, clock.stages);
    let tree = &scanned.tree;
    report.duplicates =
        report::duplicates::find(tree, &scanned, &facts, &plan, &packed, options.compression)?;
    let imported = imported(&scanned, &facts, bench.as_ref());
    let told =
        report::bytecode::Bytecode::of(tree, &facts, &plan, &packed, &options, imported.as_ref());
    report.bytecode = Some(told);
    let mut names: Vec<String> =
        packed.archives.iter().map(|archive| archive.file.clone()).collect();
    for (name, text) in licenses
        .map(|text| (pack::licenses::FILE, text))
        .into_iter()
        .chain([("report.json", report::json::render(&report))])
    {
        packed.staging.add(name, text.as_bytes())?;
        names.push(name.to_owned());
    }
    match refused {
        false => packed.staging.commit(&names)?,
        true => packed.staging.refuse(&names)?,
    }
    Ok(report)
}

/// What a build comes to before anything of it is told.
struct Settled<'a> {
    plan: Plan,
    packed: Packed,
    proof: Option<Proof>,
    bench: Option<Bench<'a>>,
}

/// Makes the zips, proves them where that is asked for, and makes them again with what a proof puts
/// back; `options` tells the level that it ends at.
fn settle<'a>(
    scanned: &Scanned,
    facts: &Facts,
    options: &mut Options,
    proving: Option<&'a Proving>,
    clock: &mut Clock,
    progress: &dyn Progress,
) -> Result<Settled<'a>> {
    let mut bench: Option<Bench<'_>> = None;
    let mut rounds = 0;
    loop {
        let restored = bench.as_ref().map(|bench| bench.restored.clone()).unwrap_or_default();
        let mut plan = plan::make(&scanned.tree, scanned, facts, options, &restored, progress)?;
        clock.stop("plan");
        if let (Some(proving), None) = (proving, &bench) {
            bench = Some(Bench::new(options, proving, facts)?);
        }
        if options.bytecode != Bytecode::None {
            bytecode::add(scanned, facts, &mut plan, options, bench.as_mut(), progress)?;
            clock.stop("bytecode");
        }
        let packed = pack::pack(&scanned.tree, scanned, facts, &plan, options, progress)?;
        clock.stop("pack");
        let Some(proof) = &mut bench else {
            return Ok(Settled { plan, packed, proof: None, bench });
        };
        let round = proof.round(scanned, facts, &plan, &packed, options)?;
        clock.stop("proof");
        clock.stages.append(&mut proof.timings);
        let failed = round.proof.status == Status::Failed;
        if failed && round.again && rounds < MOST_ROUNDS {
            rounds += 1;
        } else if failed && !round.hopeless && proof.fall_back(options, &round.proof) {
            rounds = MOST_ROUNDS;
        } else {
            let proof = Some(proof.ended(round.proof));
            return Ok(Settled { plan, packed, proof, bench });
        }
    }
}

/// The files that runs of the packages as they were opened, as a trace or the proof tells.
fn imported(
    scanned: &Scanned,
    facts: &Facts,
    bench: Option<&Bench<'_>>,
) -> Option<BTreeSet<FileId>> {
    match (&facts.observed, bench) {
        (Some(trace), _) => Some(scanned.tree.ids().filter(|id| trace.saw(*id)).collect()),
        (None, Some(bench)) if !bench.opened.is_empty() => Some(bench.opened.clone()),
        _ => None,
    }
}

/// Proves zips or folders as they are: the function's and its layers', in the order of the layers.
///
/// # Errors
/// As [`build`].
pub fn verify(options: &Options, progress: &dyn Progress) -> Result<Verification> {
    let proving = options.proving.clone().unwrap_or_default();
    let (proof, timings) = proving::of_zips(options, &proving, progress)?;
    Ok(Verification { proof, timings })
}

/// Runs the handlers, or a command, and writes which files of the packages were opened.
///
/// # Errors
/// As [`build`]; a [`Failure`] of its own kind where the run fails.
pub fn trace(options: &Options, wanted: &Tracing, progress: &dyn Progress) -> Result<Traced> {
    refuse_inside(options, &wanted.file, "trace", "--output")?;
    let scanned = scan::scan(&options.packages, progress)?;
    let facts = facts::gather(&scanned.tree, &scanned, options, progress)?;
    plan::check_handlers(&scanned.tree, &scanned, &facts, options)?;
    let proving = options.proving.clone().unwrap_or_default();
    let mut site = Site::new(&proving, &facts)?;
    measure::trace::trace(&scanned, &facts, options, &mut site, wanted)
}

/// Measures what cold starts of one handler cost: of the package as it was, as slim makes it, and with
/// imports of the user's code moved to where they are used. Nothing is written that stays.
///
/// # Errors
/// As [`build`]; a [`Failure`] of its own kind where the handler cannot be imported.
pub fn coldstart(options: &Options, runs: usize, progress: &dyn Progress) -> Result<Coldstart> {
    let scanned = scan::scan(&options.packages, progress)?;
    let facts = facts::gather(&scanned.tree, &scanned, options, progress)?;
    plan::check_handlers(&scanned.tree, &scanned, &facts, options)?;
    let mut options = Options { dry_run: true, bytecode: Bytecode::None, ..options.clone() };
    let proving = options.proving.clone().unwrap_or_default();
    let mut cold = Cold::new(&scanned, &facts, &options, &proving)?;
    let proved = (options.level == Level::Max).then_some(&proving);
    let mut clock = Clock::start();
    let settled = settle(&scanned, &facts, &mut options, proved, &mut clock, progress)?;
    let warnings = settled.proof.as_ref().map(|proof| proof.because.clone()).unwrap_or_default();
    let mut plan = settled.plan;
    let slimmed = cold.unpacked("slimmed", &settled.packed)?;
    let options = Options { bytecode: Bytecode::Hash, ..options };
    bytecode::add(&scanned, &facts, &mut plan, &options, Some(&mut cold.bench), progress)?;
    let packed = pack::pack(&scanned.tree, &scanned, &facts, &plan, &options, progress)?;
    let compiled = cold.unpacked("slimmed-with-bytecode", &packed)?;
    progress.begin("starting cold", 0);
    let measured = cold.measured(&facts, &plan, &options, [slimmed, compiled], runs);
    progress.end();
    let mut measured = measured?;
    measured.warnings.extend(warnings);
    Ok(measured)
}

/// Looks into packages without building anything.
///
/// # Errors
/// As [`build`].
pub fn look_into(options: &Options, progress: &dyn Progress) -> Result<Inspection> {
    let scanned = scan::scan(&options.packages, progress)?;
    let facts = facts::gather(&scanned.tree, &scanned, options, progress)?;
    let mut inspection = inspect(&scanned.tree, &facts);
    if !options.handlers.is_empty() {
        let options = Options { level: Level::Max, ..options.clone() };
        let plan =
            plan::make(&scanned.tree, &scanned, &facts, &options, &Restored::default(), progress)?;
        let own = plan::from_handlers(&scanned.tree, &scanned, &facts, &options, progress)?;
        let handlers = options.handlers.iter().map(ToString::to_string).collect();
        inspection.reached = Some(reached(&scanned.tree, &facts, &plan, &own, handlers));
    }
    Ok(inspection)
}

/// Explains what a build would do with `path`: a file, or every file below a folder.
///
/// # Errors
/// As [`build`]; a usage [`Failure`] when the package holds no such path.
pub fn explain_path(
    options: &Options,
    path: &str,
    progress: &dyn Progress,
) -> Result<Vec<Explanation>> {
    let (scanned, facts, mut plan) = decide(options, progress)?;
    bytecode::foresee(&scanned, &facts, &mut plan, options)?;
    let files = files_at(&scanned, path)?;
    explain(&scanned.tree, &scanned, &facts, &plan, &files)
}

/// Lists what stays for names that are made at run time.
///
/// # Errors
/// As [`build`].
pub fn list_doubts(options: &Options, progress: &dyn Progress) -> Result<Vec<Unfollowed>> {
    let (scanned, _, plan) = decide(options, progress)?;
    Ok(unfollowed(&scanned.tree, &plan))
}

/// What is true of the files; the page size that was named must be one that the target's may differ
/// from.
fn gather(scanned: &Scanned, options: &Options, progress: &dyn Progress) -> Result<Facts> {
    let facts = facts::gather(&scanned.tree, scanned, options, progress)?;
    match facts.target.arch {
        Arch::X86_64 if options.small_pages => Err(Failure::usage(format!(
            "failed to use --page-size 4KiB: the target is {}",
            facts.target
        ))
        .hint(
            "x86_64 has pages of 4 KiB anyway and nothing to gain: leave the option out, or name \
             --arch arm64",
        )
        .into()),
        Arch::X86_64 | Arch::Arm64 => Ok(facts),
    }
}

fn decide(options: &Options, progress: &dyn Progress) -> Result<(Scanned, Facts, Plan)> {
    let scanned = scan::scan(&options.packages, progress)?;
    let facts = gather(&scanned, options, progress)?;
    let plan =
        plan::make(&scanned.tree, &scanned, &facts, options, &Restored::default(), progress)?;
    Ok((scanned, facts, plan))
}

fn files_at(scanned: &Scanned, path: &str) -> Result<Vec<FileId>> {
    let tree = &scanned.tree;
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let is_at = |id: &FileId| {
        let found = tree.file(*id).path.as_str();
        tree::is_below(found, path)
            || tree.import_path(*id).is_some_and(|found| tree::is_below(found, path))
    };
    let files: Vec<FileId> = tree.ids().filter(is_at).collect();
    if path.is_empty() || files.is_empty() {
        let failure = Failure::usage(format!(
            "failed to explain {path}: there is no such file in the package"
        ));
        let names = tree.ids().filter_map(|id| tree.import_path(id));
        return Err(match nearest(path, names) {
            Some(name) => failure.hint(format!("did you mean {name}?")),
            None => failure.hint("PATH is relative to the import root, such as numpy/tests"),
        }
        .into());
    }
    Ok(files)
}

/// An output inside a package would be packed by the next build.
fn refuse_inside(options: &Options, output: &Path, what: &str, option: &str) -> Result<()> {
    let out_dir = existing(output);
    for package in &options.packages {
        let Ok(package) = package.canonicalize() else { continue };
        if package.is_dir() && out_dir.as_ref().is_some_and(|out_dir| out_dir.starts_with(&package))
        {
            return Err(Failure::usage(format!(
                "failed to use {what} {}: it lies inside the package {}",
                output.display(),
                package.display()
            ))
            .hint(format!("name a folder outside of the package with {option}"))
            .into());
        }
    }
    Ok(())
}

/// The folder with links resolved; what does not exist yet below what does.
fn existing(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let there = absolute.ancestors().find(|ancestor| ancestor.exists())?;
    let rest = absolute.strip_prefix(there).ok()?;
    Some(there.canonicalize().ok()?.join(rest))
}

/// Removes what a build under way has made so far; for the moment of an interrupt.
pub fn abandon() {
    runtime::child::abandon();
    scratch::abandon();
    pack::staging::abandon();
}

/// How long each stage took.
struct Clock {
    last: Instant,
    stages: BTreeMap<String, f64>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), stages: BTreeMap::new() }
    }

    fn stop(&mut self, stage: &'static str) {
        let now = Instant::now();
        let seconds = now.duration_since(self.last).as_secs_f64();
        let all = self.stages.entry(stage.to_owned()).or_default();
        *all = ((*all + seconds) * 1000.0).round() / 1000.0;
        self.last = now;
    }
}
