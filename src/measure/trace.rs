//! What a package opens while its handler, or any command, runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::facts::Facts;
use crate::facts::observed::{self, Opened, Trace};
use crate::failure::Failure;
use crate::options::{Options, Tracing};
use crate::proving::site::Site;
use crate::runtime::beside::Beside;
use crate::runtime::child::{Ended, Limits};
use crate::runtime::strace::{self, Seen, Tracer};
use crate::scan::Scanned;
use crate::scratch;
use crate::tree::{FileId, Layout, PackageId, Tree};
use crate::verify::{Event, Job, Verdict, environment, subject};

/// Most bytes that a command may print.
const MOST_OUTPUT: usize = 256 << 20;

/// What a trace came to.
#[derive(Debug, Serialize)]
pub struct Traced {
    /// The file, as it was typed.
    pub file: String,
    /// How many runs it holds.
    pub runs: usize,
    /// What was seen of each package.
    pub packages: Vec<Row>,
    /// What went wrong in the runs, a sentence each.
    pub warnings: Vec<String>,
}

/// What was seen of one package in all runs.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// How many of its files were opened or mapped.
    pub opened: usize,
    /// How many bytes those hold.
    pub opened_bytes: u64,
    /// How many files it has.
    pub files: usize,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Runs the handlers with every event, or the command, and writes what was opened.
///
/// # Errors
/// A usage [`Failure`] where nothing can be traced here; one of its own where the run fails; when
/// something cannot be read, written or started. Then nothing is written.
pub fn trace(
    scanned: &Scanned,
    facts: &Facts,
    options: &Options,
    site: &mut Site<'_>,
    wanted: &Tracing,
) -> Result<Traced> {
    let tree = &scanned.tree;
    let program = strace::find().map_err(|why| {
        Failure::usage(format!("failed to trace: {why}"))
            .hint("install strace 5.3 or newer, and run where a process may trace its children")
    })?;
    let mut all = existing(&wanted.file)?;
    let mut warnings = Vec::new();
    for (package, runs, seen) in match wanted.command.is_empty() {
        true => of_handlers(scanned, options, site, &program, &mut warnings)?,
        false => vec![of_command(scanned, site, &program, &wanted.command)?],
    } {
        let name = tree.package(package).name.clone();
        let distributions = observed::versions(tree, &facts.owners, package);
        let below = |paths: &BTreeSet<String>| {
            let known = |path: &&String| tree.find(package, path).is_some();
            paths.iter().filter(known).cloned().collect()
        };
        let opened = Opened {
            target: facts.target.to_string(),
            distributions,
            opened: below(&seen.opened),
            mapped: below(&seen.mapped),
            asked: below(&seen.asked),
        };
        let packages = BTreeMap::from([(name, opened)]);
        let new = Trace {
            schema_version: observed::SCHEMA_VERSION,
            runs: runs.into_iter().collect(),
            packages,
        };
        all.add(new).map_err(|name| observed::differ(&wanted.file, &name))?;
    }
    write(&wanted.file, &all)?;
    let rows = tree
        .packages()
        .filter_map(|(id, package)| Some(row(tree, id, all.packages.get(&package.name)?)));
    Ok(Traced {
        file: wanted.file.display().to_string(),
        runs: all.runs.len(),
        packages: rows.collect(),
        warnings,
    })
}

fn row(tree: &Tree, package: PackageId, opened: &Opened) -> Row {
    let files = || tree.ids().filter(move |id| tree.file(*id).package == package);
    let size = |id: FileId| tree.file(id).size;
    let is_open = |id: &FileId| {
        let path = tree.file(*id).path.as_str();
        opened.opened.contains(path) || opened.mapped.contains(path)
    };
    Row {
        name: tree.package(package).name.clone(),
        opened: files().filter(is_open).count(),
        opened_bytes: files().filter(is_open).map(size).sum(),
        files: files().count(),
        bytes: files().map(size).sum(),
    }
}

/// The trace that is there already.
fn existing(file: &Path) -> Result<Trace> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Trace::default()),
        _ => Trace::read(file),
    }
}

/// Whole or not at all.
fn write(file: &Path, trace: &Trace) -> Result<()> {
    let failed = || format!("failed to write {}", file.display());
    let mut text = serde_json::to_vec_pretty(trace).with_context(failed)?;
    text.push(b'\n');
    scratch::write(file, text).with_context(failed)
}

/// What each package with a handler opens, with the runs by name.
fn of_handlers(
    scanned: &Scanned,
    options: &Options,
    site: &mut Site<'_>,
    program: &Path,
    warnings: &mut Vec<String>,
) -> Result<Vec<(PackageId, Vec<String>, Seen)>> {
    let tree = &scanned.tree;
    let interpreter = site.needed()?;
    let mut found = Vec::new();
    for (package, handlers) in subject::handlers(tree, options) {
        let job = Job { metadata: false, ..site.job(&handlers, Vec::new()) };
        let unpacked = site.raw(scanned, &interpreter, package)?;
        let logs = logs(site)?;
        let tracer = Tracer { program, logs: logs.path() };
        let (checks, roots) = site.lab(&interpreter).watch(&unpacked, &job, tracer)?;
        for check in checks.iter().filter(|check| check.verdict == Verdict::Failed) {
            let why = format!("{}: {}", check.name, check.notes.join("; "));
            if check.name.starts_with("import ") {
                let name = &tree.package(package).name;
                return Err(Failure::failed(format!("failed to trace {name}: {why}"))
                    .hint("--runtime-packages names what Lambda's runtime has, --env what the function is told")
                    .into());
            }
            warnings.push(why);
        }
        let mut runs = Vec::new();
        for handler in &job.handlers {
            runs.push(format!("import of {handler}"));
            let ended_well = |event: &&Event| {
                let step = Job::call(event, handler);
                checks.iter().any(|check| check.name == step && check.verdict != Verdict::Failed)
            };
            let events = job.events.iter().filter(ended_well);
            runs.extend(events.map(|event| format!("{handler} with {}", event.name)));
        }
        found.push((package, runs, read(logs.path())?.below(&roots)));
    }
    Ok(found)
}

/// What a command of the user's own opens of the only package.
fn of_command(
    scanned: &Scanned,
    site: &mut Site<'_>,
    program: &Path,
    command: &[String],
) -> Result<(PackageId, Vec<String>, Seen)> {
    let packages: Vec<_> = scanned.tree.packages().collect();
    let [(package, one)] = packages[..] else {
        return Err(Failure::usage("failed to trace: a command is run beside one package")
            .hint("name one PACKAGE before `--`")
            .into());
    };
    let interpreter = site.needed()?;
    let unpacked = site.raw(scanned, &interpreter, package)?;
    let (root, import_root) = match &one.layout {
        Layout::Flat => (unpacked.task.clone(), unpacked.task),
        Layout::Layer(prefix) => (unpacked.layer.clone(), unpacked.layer.join(prefix)),
    };
    let job = site.job(&[], Vec::new());
    let [task, layer] = [&root, &root].map(|path| path.to_string_lossy().into_owned());
    let beside = Beside {
        root: &root,
        import_root: &import_root,
        interpreter: &interpreter,
        isolation: site.isolation,
        network: site.network(),
    };
    let logs = logs(site)?;
    let limits = Limits { seconds: job.seconds, answer: MOST_OUTPUT };
    let told = command.join(" ");
    let finished = beside
        .run(
            command,
            &environment(&task, &layer, &job),
            Tracer { program, logs: logs.path() },
            limits,
        )
        .with_context(|| format!("failed to run {told}"))?;
    if finished.ended != Ended::Exit(0) {
        let output = String::from_utf8_lossy(&finished.answer);
        let said = [finished.talk.as_str(), &output];
        let last = said.iter().find_map(|text| text.lines().rfind(|line| !line.trim().is_empty()));
        let last = last.map(|line| format!(": {}", line.trim())).unwrap_or_default();
        return Err(Failure::failed(format!("failed to trace {told}: {}{last}", finished.ended))
            .hint(
                "what a run that fails never came to would look needless: trace one that ends well",
            )
            .into());
    }
    Ok((package, vec![format!("command {told}")], read(logs.path())?.below(&[root])))
}

fn logs(site: &Site<'_>) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("strace-").tempdir_in(site.folder());
    made.context("failed to create a folder for the trace")
}

fn read(logs: &Path) -> Result<Seen> {
    strace::read(logs).context("failed to read what strace wrote")
}

/// The answer for people.
pub fn render(traced: &Traced) -> String {
    let mut out = String::new();
    for warning in &traced.warnings {
        out.push_str(&format!("warning: {warning}\n"));
    }
    for row in &traced.packages {
        let [opened, all] = [row.opened_bytes, row.bytes].map(|bytes| bytes as f64 / 1e6);
        out.push_str(&format!(
            "{}: {} of {} files opened, {opened:.1} of {all:.1} MB\n",
            row.name, row.opened, row.files
        ));
    }
    let runs = if traced.runs == 1 { "1 run" } else { &format!("{} runs", traced.runs) };
    out.push_str(&format!("{} holds {runs}: slim build --level max --trace {0}\n", traced.file));
    out
}
