//! The loop of a proof: run what was made, put back what a run asks for, make it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::cache::Cache;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::options::{Level, Options, Proving};
use crate::pack::{Packed, Role};
use crate::plan::{self, Plan, Restored};
use crate::progress::{Progress, Silent};
use crate::runtime::find::{Interpreter, find};
use crate::runtime::room::{Isolation, isolation};
use crate::scan::{self, Scanned};
use crate::target::Arch;
use crate::tree::{FileId, Kind, Layout, PackageId, Tree};
use crate::verify::subject;
use crate::verify::{self, Event, Lab, Proof, Status, Unpacked, Verdict};

/// How often what a run asks for is put back before slim gives up.
pub const MOST_ROUNDS: usize = 3;

/// Longest text of an event that Lambda takes, in bytes (a synchronous call's).
const LONGEST_EVENT: u64 = 6 << 20;

/// The folders of proofs of this process, for the moment of an interrupt.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes what proofs under way have made. The process must end right after.
pub fn abandon() {
    for folder in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left who could be told of a failure.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Everything that proofs of one build share.
pub struct Bench<'a> {
    proving: &'a Proving,
    interpreter: Option<Interpreter>,
    isolation: Isolation,
    events: Vec<Event>,
    scratch: TempDir,
    cache: Cache,
    raw: BTreeMap<PackageId, (Unpacked, Vec<u8>)>,
    fell_back: bool,
    /// Files that were put back, with what asked for each.
    pub restored: Restored,
    /// Seconds that parts took.
    pub timings: BTreeMap<String, f64>,
}

/// What a round came to.
pub struct Round {
    /// The proof so far.
    pub proof: Proof,
    /// Whether something was put back, so that making it again may help.
    pub again: bool,
}

impl<'a> Bench<'a> {
    /// Finds Python and reads the events.
    ///
    /// # Errors
    /// A usage [`Failure`] when there is no handler, no Python, or an event is no JSON.
    pub fn new(options: &Options, proving: &'a Proving, facts: &Facts) -> Result<Self> {
        if options.handlers.is_empty() {
            return Err(Failure::usage("failed to prove the result: no --handler is given")
                .hint("name the function that Lambda calls: --handler MODULE.FUNCTION")
                .into());
        }
        if let Some(folder) = proving.runtime_packages.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::usage(format!(
                "failed to read {}: it is no folder",
                folder.display()
            ))
            .hint("--runtime-packages names a folder that `pip install -t` filled")
            .into());
        }
        let events = events(&proving.events)?;
        let scratch = tempfile::Builder::new()
            .prefix("slim-proof-")
            .tempdir()
            .context("failed to create a folder for the proof")?;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(scratch.path().to_owned());
        let (mut interpreter, mut isolation) = (None, Isolation::Permissions);
        if runs_here(facts.target.arch) {
            let found = python(facts.target.python.minor(), proving)?;
            isolation = isolation_of(&found, scratch.path(), proving)?;
            interpreter = Some(found);
        }
        Ok(Self {
            proving,
            interpreter,
            isolation,
            events,
            scratch,
            cache: Cache::of_user(),
            raw: BTreeMap::new(),
            fell_back: false,
            restored: Restored::default(),
            timings: BTreeMap::new(),
        })
    }

    /// Proves the zips that were made, and puts back what a failed run asks for at level max.
    ///
    /// # Errors
    /// When something cannot be read, written or started.
    pub fn round(
        &mut self,
        scanned: &Scanned,
        facts: &Facts,
        plan: &Plan,
        packed: &Packed,
        options: &Options,
    ) -> Result<Round> {
        let tree = &scanned.tree;
        let mut proof = Proof {
            status: Status::NotRun,
            because: Vec::new(),
            python: self.interpreter.as_ref().map(|python| python.version.clone()),
            isolation: self.interpreter.as_ref().map(|_| self.isolation.name()),
            events: self.events.len(),
            checks: Vec::new(),
            restored: Vec::new(),
        };
        let Some(interpreter) = self.interpreter.clone() else {
            return self.not_run(scanned, facts, plan, options, proof);
        };
        let mut again = false;
        let own = match self.proving.parity {
            true => None,
            false => Some(plan::from_handlers(tree, scanned, facts, options, &Silent)?),
        };
        for (package, handlers) in subject::handlers(tree, options) {
            let modules = subject::modules(tree, facts, plan, own.as_ref(), package);
            let minor = facts.target.python.minor();
            let mut job = subject::job(&handlers, modules, &self.events, self.proving, minor);
            job.left_out = subject::left_out(tree, facts, plan, package);
            job.elsewhere = subject::elsewhere(facts, package);
            let (raw, key) = self.raw(scanned, &interpreter, package)?;
            let made_in = tempfile::Builder::new().prefix("made-").tempdir_in(self.scratch.path());
            let made_in = made_in.context("failed to create a folder for the proof")?;
            let lab = self.lab(&interpreter);
            let made = unpacked(&lab, packed, package, made_in.path())?;
            let found = lab.prove(&raw, &made, &job, &key)?;
            self.timings.extend(found.timings);
            let missing =
                subject::missing(tree, facts, plan, package, &found.wants, &found.observed);
            let failed = found.checks.iter().any(|check| check.verdict == Verdict::Failed);
            let mut checks = found.checks;
            if tree.packages().count() > 1 {
                let name = &tree.package(package).name;
                checks.iter_mut().for_each(|check| check.name = format!("{name}: {}", check.name));
            }
            proof.checks.extend(checks);
            if failed {
                culprits(tree, plan, &missing, &mut proof.because);
                if options.level == Level::Max {
                    let before = self.restored.files.len();
                    self.restored.files.extend(subject::restorable(plan, &missing).files);
                    again |= self.restored.files.len() > before;
                }
            }
        }
        let (mut status, because) = verify::status(&proof.checks, self.events.len());
        let run: Vec<PackageId> =
            subject::handlers(tree, options).into_iter().map(|(id, _)| id).collect();
        for (_, package) in tree.packages().filter(|(id, _)| !run.contains(id)) {
            proof.because.push(format!("{} was not run: no --handler lies in it", package.name));
            status = status.max(Status::Weak);
        }
        proof.status = status;
        proof.because.splice(..0, because);
        proof.restored = self.told(tree);
        Ok(Round { proof, again })
    }

    /// Gives up level max for standard, once; what was put back is not dropped there by what dropped
    /// it.
    pub fn fall_back(&mut self, options: &mut Options) -> bool {
        let falls = options.level == Level::Max;
        if falls {
            options.level = Level::Standard;
            self.fell_back = true;
        }
        falls
    }

    /// The last proof: one at standard is no proof of what was asked for, unless that is allowed.
    pub fn ended(&self, mut proof: Proof) -> Proof {
        if self.fell_back {
            proof.because.push(format!(
                "level max failed its proof, {MOST_ROUNDS} rounds of putting back at most; this is \
                 level standard"
            ));
            if !self.proving.allow_fallback {
                proof.status = Status::Failed;
            }
        }
        proof
    }

    /// Without a processor that runs it: every edge and every library is looked at once more.
    fn not_run(
        &self,
        scanned: &Scanned,
        facts: &Facts,
        plan: &Plan,
        options: &Options,
        mut proof: Proof,
    ) -> Result<Round> {
        let tree = &scanned.tree;
        let broken = plan::contradictions(tree, scanned, facts, options, plan, &Silent)?;
        let told = broken.iter().take(5).map(|edge| {
            format!("{} leads to {}, which is left out", tree.shown(edge.from), tree.shown(edge.to))
        });
        let notes: Vec<String> = told.collect();
        let verdict = if notes.is_empty() { Verdict::Passed } else { Verdict::Failed };
        let name = "imports and libraries, without running".to_owned();
        proof
            .because
            .push(format!("not run: this machine cannot run code for {}", facts.target.arch));
        if verdict == Verdict::Failed {
            proof.status = Status::Failed;
            proof.because.extend(notes.clone());
        }
        proof.checks.push(verify::Check { name, verdict, notes });
        Ok(Round { proof, again: false })
    }

    fn lab<'b>(&'b self, interpreter: &'b Interpreter) -> Lab<'b> {
        Lab {
            interpreter,
            isolation: self.isolation,
            network: self.proving.network,
            scratch: self.scratch.path(),
            cache: &self.cache,
        }
    }

    /// The folders of the package as it was: its own where nothing can write into them, else a copy.
    fn raw(
        &mut self,
        scanned: &Scanned,
        interpreter: &Interpreter,
        of: PackageId,
    ) -> Result<(Unpacked, Vec<u8>)> {
        if let Some(known) = self.raw.get(&of) {
            return Ok(known.clone());
        }
        let tree = &scanned.tree;
        let package = tree.package(of);
        let base = self.scratch.path().join(format!("raw-{}", of.0));
        let empty = base.join("empty");
        fs::create_dir_all(&empty).context("failed to create a folder for the proof")?;
        // What links lead to is not shown, and would not be read-only.
        let in_place = self.isolation != Isolation::Permissions
            && package.root.is_dir()
            && package.links_followed == 0;
        let root = match (in_place, package.root.canonicalize()) {
            (true, Ok(root)) => root,
            _ => {
                let copy = base.join("copy");
                self.lab(interpreter).unpack(tree, scanned, of, &copy)?;
                copy
            }
        };
        let unpacked = match package.layout {
            Layout::Flat => Unpacked { task: root, layer: empty },
            Layout::Layer(_) => Unpacked { task: empty, layer: root },
        };
        let made = (unpacked, subject::content_key(tree, scanned, of)?);
        self.raw.insert(of, made.clone());
        Ok(made)
    }

    fn told(&self, tree: &Tree) -> Vec<verify::Restored> {
        let told = self.restored.files.iter().map(|(id, asked_by)| verify::Restored {
            file: tree.shown(*id),
            asked_by: asked_by.clone(),
        });
        told.collect()
    }
}

/// Names the files that were asked for, and why they are not there.
fn culprits(tree: &Tree, plan: &Plan, missing: &[(FileId, String)], because: &mut Vec<String>) {
    for (id, asked_by) in missing.iter().take(5) {
        let by = match &plan.decisions[*id].because {
            plan::Because::Rule(rule) => format!("left out by {}", rule.id),
            plan::Because::DropOption(glob) => format!("left out by {}", glob.told("drop")),
            _ => "left out".to_owned(),
        };
        because.push(format!("{} is {by}; asked for by {asked_by}", tree.shown(*id)));
    }
}

/// The zips of a function, unpacked as Lambda does.
fn unpacked(lab: &Lab<'_>, packed: &Packed, of: PackageId, to: &Path) -> Result<Unpacked> {
    let made = Unpacked { task: to.join("task"), layer: to.join("opt") };
    for folder in [&made.task, &made.layer] {
        fs::create_dir_all(folder).context("failed to create a folder for the proof")?;
    }
    for archive in &packed.archives {
        let folder = match archive.role {
            Role::Function(package) if package == of => &made.task,
            Role::Layer => &made.layer,
            Role::Function(_) => continue,
        };
        unpack(lab, &packed.staging.path(&archive.file), folder)?;
    }
    Ok(made)
}

fn unpack(lab: &Lab<'_>, zip: &Path, to: &Path) -> Result<()> {
    let scanned = scan::scan(&[zip.to_owned()], &Silent)?;
    let all: Vec<PackageId> = scanned.tree.packages().map(|(id, _)| id).collect();
    all.into_iter().try_for_each(|id| lab.unpack(&scanned.tree, &scanned, id, to))
}

fn events(files: &[PathBuf]) -> Result<Vec<Event>> {
    let read = |path: &PathBuf| -> Result<Event> {
        let told = |why: String| {
            Failure::usage(format!("failed to read event {}: {why}", path.display()))
                .hint("an event is a file of JSON, at most 6 MB")
        };
        let length = fs::metadata(path).map_err(|error| told(error.to_string()))?.len();
        if length > LONGEST_EVENT {
            return Err(told(format!("it has {length} bytes")).into());
        }
        let text = fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
        serde_json::from_str::<serde::de::IgnoredAny>(&text)
            .map_err(|error| told(format!("it is no JSON: {error}")))?;
        let own = |path: &PathBuf| path.file_name().map(ToOwned::to_owned);
        let is_only = files.iter().filter(|other| own(other) == own(path)).count() == 1;
        let name = if is_only { path.file_name().unwrap_or_default() } else { path.as_os_str() };
        Ok(Event { name: name.to_string_lossy().into_owned(), text })
    };
    let mut seen = BTreeSet::new();
    let once = |path: &&PathBuf| seen.insert((*path).clone());
    files.iter().filter(once).map(read).collect()
}

fn python(minor: u8, proving: &Proving) -> Result<Interpreter> {
    find(minor, proving.python_bin.as_deref()).map_err(|found| {
        let hint = format!(
            "install one (`uv python install 3.{minor}`, `pyenv install 3.{minor}`) or name it with \
             --python-bin; --no-verify does without a proof"
        );
        let message = format!("failed to find CPython 3.{minor} for the proof: {}", found.told());
        Failure::usage(message).hint(hint).into()
    })
}

fn isolation_of(interpreter: &Interpreter, scratch: &Path, proving: &Proving) -> Result<Isolation> {
    let isolation = isolation(interpreter, scratch);
    if isolation == Isolation::Permissions && !proving.network {
        return Err(Failure::usage(
            "failed to deny the network: this user may not make namespaces here",
        )
        .hint("leave --no-network out, or run where `unshare --user --net true` works")
        .into());
    }
    Ok(isolation)
}

fn runs_here(arch: Arch) -> bool {
    matches!((arch, std::env::consts::ARCH), (Arch::X86_64, "x86_64") | (Arch::Arm64, "aarch64"))
}

/// Runs the function and layers that were named, zips or folders, each unpacked where its layout
/// says. A handler that is in none of them is a failed check.
///
/// # Errors
/// As [`Bench::round`]; a usage [`Failure`] where this machine cannot run them.
pub fn of_zips(
    options: &Options,
    proving: &Proving,
    progress: &dyn Progress,
) -> Result<(Proof, BTreeMap<String, f64>)> {
    let scanned = scan::scan(&options.packages, progress)?;
    let facts = crate::facts::gather(&scanned.tree, &scanned, options, progress)?;
    let bench = Bench::new(options, proving, &facts)?;
    let Some(interpreter) = &bench.interpreter else {
        let arch = facts.target.arch;
        return Err(Failure::usage(format!(
            "failed to prove: this machine cannot run code for {arch}"
        ))
        .hint("run slim verify on a machine of that architecture")
        .into());
    };
    let made = Unpacked {
        task: bench.scratch.path().join("task"),
        layer: bench.scratch.path().join("opt"),
    };
    for folder in [&made.task, &made.layer] {
        fs::create_dir_all(folder).context("failed to create a folder for the proof")?;
    }
    let lab = bench.lab(interpreter);
    for (id, package) in scanned.tree.packages() {
        let to = match package.layout {
            Layout::Flat => &made.task,
            Layout::Layer(_) => &made.layer,
        };
        overlay(&lab, &scanned, id, to)?;
    }
    let minor = facts.target.python.minor();
    let job = subject::job(&options.handlers, Vec::new(), &bench.events, proving, minor);
    let found = lab.check(&made, &job)?;
    let (status, because) = verify::status(&found.checks, bench.events.len());
    let proof = Proof {
        status,
        because,
        python: Some(interpreter.version.clone()),
        isolation: Some(bench.isolation.name()),
        events: bench.events.len(),
        checks: found.checks,
        restored: Vec::new(),
    };
    Ok((proof, found.timings))
}

/// Later layers overwrite earlier ones.
fn overlay(lab: &Lab<'_>, scanned: &Scanned, id: PackageId, to: &Path) -> Result<()> {
    for (_, file) in scanned.tree.files().filter(|(_, file)| file.package == id) {
        let path = to.join(file.path.as_str());
        if file.kind == Kind::Regular && path.is_file() {
            fs::remove_file(&path)
                .with_context(|| format!("failed to write {}", path.display()))?;
        }
    }
    lab.unpack(&scanned.tree, scanned, id, to)
}
