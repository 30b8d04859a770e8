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
pub mod digest;
pub mod elf;
pub mod fact;
pub mod facts;
pub mod failure;
pub mod init;
pub mod json;
pub mod measure;
pub mod memory;
pub mod options;
pub mod pack;
pub mod plan;
pub mod progress;
pub mod proving;
pub mod python;
pub mod report;
pub mod rules;
pub mod runtime;
pub mod scan;
pub mod scratch;
pub mod settle;
pub mod split;
pub mod target;
pub mod transform;
pub mod tree;
pub mod verify;
pub mod workspace;
pub mod zip;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::facts::Facts;
use crate::failure::{Failure, nearest};
use crate::measure::coldstart::{Cold, Coldstart};
use crate::measure::trace::Traced;
use crate::options::workspace::{Share, Workspace};
use crate::options::{Bytecode, LayerPrefix, Layout, Level, Options, Tracing};
use crate::pack::staging::{REPORT, Staging};
use crate::plan::{Plan, Restored};
use crate::progress::Progress;
use crate::proving::site::Site;
use crate::report::Report;
use crate::report::changed::Changed;
use crate::report::diff::past::Past;
use crate::report::doubts::{Unfollowed, unfollowed};
use crate::report::explain::{Explanation, explain};
use crate::report::inspect::{Inspection, inspect};
use crate::report::proof::Verification;
use crate::report::reached::reached;
use crate::scan::Scanned;
use crate::settle::{Clock, Settled, imported, settle};
use crate::target::Arch;
use crate::tree::FileId;
use crate::verify::Status;
use crate::workspace::shards::{Made, Shard};

/// Makes the zips and the report, proves them where that was asked for, and moves them into the output
/// folder (not in a dry run); what failed its proof goes into its folder `unproven`.
///
/// # Errors
/// A [`Failure`] for wrong use; any other error for what cannot be read or written. Then nothing
/// was moved into the output folder.
pub fn build(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let mut clock = Clock::start();
    refuse_outputs_inside(options, options)?;
    pack::folders::check(options)?;
    let baseline = options.baseline.as_deref().map(Past::read).transpose()?;
    let scanned = scan::scan(&options.packages, progress)?;
    pack::function_names(&scanned.tree)?;
    clock.stop("scan");
    let facts = gather(&scanned, options, progress)?;
    clock.stop("facts");
    let mut options = options.clone();
    let proving = options.proving.clone();
    let Settled { plan, mut packed, proof, bench } =
        settle(&scanned, &facts, &mut options, proving.as_ref(), &mut clock, progress)?;
    packed.staging.spare(&options.packages);
    let licenses = pack::licenses::gather(&scanned.tree, &scanned, &facts, &plan)?;
    if options.layout == Layout::Dir {
        pack::folders::lay_out(&mut packed.archives, &packed.staging, &options)?;
        clock.stop("trees");
    }
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
    if report.handlers.is_empty() {
        report.handlers = plan::likely_handlers(tree, &scanned, &facts);
    }
    if options.every_file {
        let (plan, packed) = (&plan, &packed);
        let found = report::files::find(
            tree,
            &scanned,
            &facts,
            plan,
            packed,
            options.compression,
            progress,
        )?;
        report.files = Some(found);
    }
    if let Some(baseline) = baseline {
        report.compare(baseline, &options);
    }
    report.bill(&options.billing);
    match options.only {
        None => deliver(packed.staging, &mut report, licenses, &BTreeSet::new(), refused)?,
        Some(part) if !refused => pack::folders::become_tree(&packed, &options, part)?,
        // There is no place beside the tree for what failed its proof.
        Some(_) => {}
    }
    Ok(report)
}

/// Moves the zips, and what is told of them, into the output folder; what failed its proof into
/// `unproven`, where nothing is to be deployed. What is `in_place` already stays there.
fn deliver(
    staging: Staging,
    report: &mut Report,
    licenses: Option<String>,
    in_place: &BTreeSet<String>,
    refused: bool,
) -> Result<()> {
    let zips = report.zips.iter().map(|zip| zip.file.clone());
    let mut names: Vec<String> = zips.filter(|file| !in_place.contains(file)).collect();
    let mut texts: Vec<(&str, String)> = Vec::new();
    texts.extend(licenses.map(|text| (pack::licenses::FILE, text)));
    if !refused {
        let changed = Changed::since(report, &staging.last_report());
        texts.push((report::changed::FILE, report::json::render(&changed)));
        report.changed = (!staging.is_dry()).then(|| changed.files());
    }
    texts.push((REPORT, report::json::render(report)));
    for (name, text) in texts {
        staging.add(name, text.as_bytes())?;
        names.push(name.to_owned());
    }
    match refused {
        false => staging.commit(&names, in_place),
        true => staging.refuse(&names),
    }
}

/// Makes the zips of all functions of a workspace, and the layers that they share; `replan` as if there
/// were none yet.
///
/// # Errors
/// As [`build`].
pub fn build_workspace(
    workspace: &Workspace,
    replan: bool,
    progress: &dyn Progress,
) -> Result<Report> {
    let options = &workspace.options;
    for function in &workspace.functions {
        refuse_outputs_inside(&function.options, options)?;
    }
    if let Some(part) = options.only {
        let message = format!("failed to use --only {}: several functions are built", part.name());
        return Err(Failure::usage(message)
            .hint("name the one function's package: slim build PACKAGE --layout dir --only …")
            .into());
    }
    let baseline = options.baseline.as_deref().map(Past::read).transpose()?;
    let mut built = workspace::build(workspace, replan, progress)?;
    if let Some(baseline) = baseline {
        built.report.compare(baseline, options);
    }
    let workspace::Built { mut report, licenses, mut staging, in_place, lock } = built;
    staging.spare(workspace.functions.iter().flat_map(|function| &function.options.packages));
    let refused = report.proof.as_ref().is_some_and(|proof| proof.status == Status::Failed);
    deliver(staging, &mut report, licenses, &in_place, refused)?;
    if !refused && !options.dry_run {
        workspace::keep(workspace, lock.as_deref())?;
    }
    Ok(report)
}

/// Divides the functions of a workspace into shares for as many machines.
///
/// # Errors
/// As [`build`].
pub fn plan_shards(
    workspace: &Workspace,
    of: usize,
    progress: &dyn Progress,
) -> Result<Vec<Shard>> {
    workspace::plan(workspace, of, progress)
}

/// Makes one share of a workspace, into the cache.
///
/// # Errors
/// As [`build`].
pub fn build_shard(workspace: &Workspace, share: Share, progress: &dyn Progress) -> Result<Made> {
    workspace::make(workspace, share, progress)
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
    let mut site = Site::new(&proving, facts.target, &options.cache)?;
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

/// What is true of the files; a page size that was named must be one that the target's may differ from,
/// and the version of a layer's folder the target's.
fn gather(scanned: &Scanned, options: &Options, progress: &dyn Progress) -> Result<Facts> {
    let facts = facts::gather(&scanned.tree, scanned, options, progress)?;
    if let LayerPrefix::SitePackages(Some(python)) = options.layer_prefix
        && python != facts.target.python
    {
        return Err(Failure::usage(format!(
            "failed to use --layer-prefix python/lib/python{python}/site-packages: the target is {}",
            facts.target
        ))
        .hint("Python looks only into the folder of its own version: --layer-prefix site-packages")
        .into());
    }
    match facts.target.arch {
        Arch::X86_64 if options.small_pages_typed => Err(Failure::usage(format!(
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

/// Nothing that a build writes may lie inside a package.
fn refuse_outputs_inside(packages: &Options, options: &Options) -> Result<()> {
    refuse_inside(packages, &options.out_dir, "output folder", "--out-dir")?;
    options.copies.iter().try_for_each(|path| {
        refuse_inside(packages, path, "file", "--report or --sbom")?;
        refuse_output(options, path)
    })
}

/// A copy must not take the place of what the build writes itself.
fn refuse_output(options: &Options, copy: &Path) -> Result<()> {
    let own = [REPORT, report::changed::FILE, pack::licenses::FILE];
    let name = copy.file_name().unwrap_or_default().to_string_lossy();
    let place = existing(copy).and_then(|place| Some(place.parent()?.to_owned()));
    let is_ours = own.contains(&&*name) || name.ends_with(".zip");
    if is_ours && place.is_some() && place == existing(&options.out_dir) {
        let message = format!("failed to use file {}: the build writes it itself", copy.display());
        return Err(Failure::usage(message).hint("name another with --report or --sbom").into());
    }
    Ok(())
}

/// An output inside a package would be packed by the next build.
fn refuse_inside(options: &Options, output: &Path, what: &str, option: &str) -> Result<()> {
    let out_dir = existing(output);
    for package in &options.packages {
        let Ok(package) = package.canonicalize() else { continue };
        if out_dir.as_ref().is_some_and(|out_dir| out_dir.starts_with(&package)) {
            let where_it_is = if package.is_dir() { "lies inside" } else { "is" };
            return Err(Failure::usage(format!(
                "failed to use {what} {}: it {where_it_is} the package {}",
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
