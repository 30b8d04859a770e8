//! The loop of a proof: run what was made, put back what a run asks for, make it again.

pub mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::facts::Facts;
use crate::failure::Failure;
use crate::options::{Level, Options, Proving};
use crate::pack::{Packed, Role};
use crate::plan::{self, Action, Plan, Restored};
use crate::progress::{Progress, Silent};
use crate::rules::{Change, table};
use crate::scan::{self, Scanned};
use crate::tree::{FileId, Kind, Layout, PackageId, Tree};
use crate::verify::subject;
use crate::verify::{self, Lab, Proof, Status, Unpacked, Verdict};
use site::Site;

/// How often what a run asks for is put back before slim gives up.
pub const MOST_ROUNDS: usize = 3;

/// How a run that met a trap ended: `SIGTRAP`.
const TRAPPED: &str = "SIGTRAP";

/// Everything that proofs of one build share.
pub struct Bench<'a> {
    /// Where runs happen.
    pub site: Site<'a>,
    /// What each package holds, for the cache.
    keys: BTreeMap<PackageId, Vec<u8>>,
    /// Why level max was given up, where it was.
    fell_back: Option<String>,
    /// What the packages as they were opened or loaded for their handlers and events.
    pub opened: BTreeSet<FileId>,
    /// Files that were put back, with what asked for each.
    pub restored: Restored,
    /// The rules whose changes were undone.
    undone: Vec<verify::Undone>,
    /// Seconds that parts took.
    pub timings: BTreeMap<String, f64>,
}

/// What runs of the packages as they were opened.
#[derive(Default)]
pub struct Seen {
    /// The files that were opened or loaded; all of a package that was not run.
    pub opened: BTreeSet<FileId>,
    /// The sources that were opened other than to import them.
    pub read: BTreeSet<FileId>,
}

/// What a round came to.
pub struct Round {
    /// The proof so far.
    pub proof: Proof,
    /// Whether something was put back, so that making it again may help.
    pub again: bool,
    /// Whether no other result could pass: the package as it was fails too.
    pub hopeless: bool,
}

/// Whether the runs will find what the plan leaves to Lambda's runtime.
///
/// # Errors
/// A usage [`Failure`] when no folder holds it.
pub fn has_what_is_left(plan: &Plan, proving: &Proving) -> Result<(), Failure> {
    match &plan.left_to_runtime[..] {
        [first, ..] if proving.runtime_packages.is_none() => Err(Failure::usage(format!(
            "failed to prove the result: {first} is left to Lambda's runtime, which no run here has"
        ))
        .hint(
            "--runtime-packages names a folder that holds what the runtime has (pip install -t \
             DIR boto3); --no-verify does without a proof",
        )),
        _ => Ok(()),
    }
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
        Ok(Self {
            site: Site::new(proving, facts.target, &options.cache)?,
            keys: BTreeMap::new(),
            fell_back: None,
            opened: BTreeSet::new(),
            restored: Restored::default(),
            undone: Vec::new(),
            timings: BTreeMap::new(),
        })
    }

    /// What the packages as they were open for their handlers and events. `None` where nothing can be run here.
    ///
    /// # Errors
    /// When something cannot be read or started.
    pub fn observe(&mut self, scanned: &Scanned, options: &Options) -> Result<Option<Seen>> {
        let Some(interpreter) = self.site.interpreter.clone() else { return Ok(None) };
        let tree = &scanned.tree;
        let mut seen = Seen::default();
        let run = subject::handlers(tree, options);
        let is_run =
            |id: &FileId| run.iter().any(|(package, _)| tree.file(*id).package == *package);
        seen.opened.extend(tree.ids().filter(|id| !is_run(id)));
        for (package, handlers) in &run {
            let job = self.site.job(handlers, Vec::new());
            let raw = self.site.raw(scanned, &interpreter, *package)?;
            let key = self.key(scanned, *package)?;
            let opened = self.site.lab(&interpreter).observe(&raw, &job, &key)?;
            let files = |paths: &[String]| -> Vec<FileId> {
                paths.iter().filter_map(|path| tree.find(*package, path)).collect()
            };
            seen.opened.extend(files(&opened.all));
            seen.read.extend(files(&opened.read));
        }
        Ok(Some(seen))
    }

    /// What a package holds, for the cache.
    fn key(&mut self, scanned: &Scanned, package: PackageId) -> Result<Vec<u8>> {
        if let Some(key) = self.keys.get(&package) {
            return Ok(key.clone());
        }
        let key = subject::content_key(&scanned.tree, scanned, package)?;
        self.keys.insert(package, key.clone());
        Ok(key)
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
            python: self.site.interpreter.as_ref().map(|python| python.version.clone()),
            skipped: self.site.skipped(),
            isolation: self
                .site
                .interpreter
                .as_ref()
                .map(|_| self.site.isolation.name().to_owned()),
            network: self.site.interpreter.as_ref().map(|_| self.site.network()),
            events: self.site.events.len(),
            checks: Vec::new(),
            restored: Vec::new(),
            undone: Vec::new(),
        };
        let Some(interpreter) = self.site.interpreter.clone() else {
            return self.not_run(scanned, facts, plan, options, proof);
        };
        let mut again = false;
        let own = match self.site.proving.parity {
            true => None,
            false => Some(plan::from_handlers(tree, scanned, facts, options, &Silent)?),
        };
        for (package, handlers) in subject::handlers(tree, options) {
            let modules = subject::modules(tree, facts, plan, own.as_ref(), package);
            let mut job = self.site.job(&handlers, modules);
            job.left_out = subject::left_out(tree, facts, plan, package);
            job.elsewhere = subject::elsewhere(facts, package);
            let raw = self.site.raw(scanned, &interpreter, package)?;
            let key = self.key(scanned, package)?;
            let made_in = tempfile::Builder::new().prefix("made-").tempdir_in(self.site.folder());
            let made_in = made_in.context("failed to create a folder for the proof")?;
            let lab = self.site.lab(&interpreter);
            let made = unpacked(&lab, packed, package, made_in.path())?;
            let found = lab.prove(&raw, &made, &job, &key)?;
            self.timings.extend(found.timings);
            self.opened.extend(found.observed.iter().filter_map(|path| tree.find(package, path)));
            let failed = found.checks.iter().any(|check| check.verdict == Verdict::Failed);
            let mut missing = subject::missing(tree, facts, plan, package, &found.wants);
            if failed && missing.is_empty() {
                let opened = lab.opened(&raw, &job, found.observed)?;
                missing = subject::opened(tree, plan, package, &opened);
            }
            let mut checks = found.checks;
            if let (Some(emulator), false) = (&self.site.proving.emulator, failed) {
                let before = Some((&raw, key.as_slice()));
                let (more, timings) = lab.emulate(emulator, before, &made, &job)?;
                checks.extend(more);
                self.timings.extend(timings);
            }
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
        let (mut status, because) = verify::status(&proof.checks, self.site.events.len());
        let run: Vec<PackageId> =
            subject::handlers(tree, options).into_iter().map(|(id, _)| id).collect();
        for (_, package) in tree.packages().filter(|(id, _)| !run.contains(id)) {
            proof.because.push(format!("{} was not run: no --handler lies in it", package.name));
            status = status.max(Status::Weak);
        }
        let hopeless = proof.checks.iter().any(verify::Check::fails_anyway);
        if status == Status::Failed && !again && !hopeless {
            again = self.undo(plan, options, &because);
        }
        again &= !hopeless;
        proof.status = status;
        proof.because.splice(..0, because);
        proof.restored = self.told(tree);
        proof.undone = self.undone.clone();
        Ok(Round { proof, again, hopeless })
    }

    /// Where no file is asked for, what was changed in files ships as it was, each once.
    fn undo(&mut self, plan: &Plan, options: &Options, because: &[String]) -> bool {
        let asked_by = because.first().cloned().unwrap_or_default();
        let trapped = because.iter().any(|why| why.contains(TRAPPED));
        let kernels = self.undo_kernels(plan, &asked_by);
        let sources = !(kernels && trapped) && self.undo_sources(plan, options, &asked_by);
        kernels || sources
    }

    /// Kernels ship for all processors: this machine's may be none of Lambda's.
    fn undo_kernels(&mut self, plan: &Plan, asked_by: &str) -> bool {
        let overwrites = |action: Action| match action {
            Action::Change(Change::StripElf(strip)) => strip.kernels.is_some(),
            _ => false,
        };
        let any = plan.decisions.iter().any(|(_, decision)| overwrites(decision.action));
        if !any || self.restored.kernels.is_some() {
            return false;
        }
        let (rule, asked_by) = (table::OTHER_KERNELS.id, asked_by.to_owned());
        self.undone.push(verify::Undone { rule: rule.to_owned(), asked_by: asked_by.clone() });
        self.restored.kernels = Some(asked_by);
        true
    }

    /// Sources ship as they were: what reads them may fail otherwise.
    fn undo_sources(&mut self, plan: &Plan, options: &Options, asked_by: &str) -> bool {
        let mut changed: BTreeSet<&'static str> = plan
            .decisions
            .iter()
            .filter_map(|(_, decision)| match (&decision.because, decision.action) {
                (
                    plan::Because::Rule(rule),
                    Action::Change(Change::Prose(_) | Change::Compiled),
                ) => Some(rule.id),
                _ => None,
            })
            .collect();
        if !plan.compiled.is_empty() && options.level == Level::Max {
            // Bytecode was made of sources without these.
            let rules = [table::DOCSTRINGS.id, table::COMMENTS.id];
            changed.extend(rules.into_iter().filter(|id| !options.rules_off.contains(*id)));
        }
        if changed.is_empty() || self.restored.sources.is_some() {
            return false;
        }
        let undone =
            |rule: &str| verify::Undone { rule: rule.to_owned(), asked_by: asked_by.to_owned() };
        self.undone.extend(changed.into_iter().map(undone));
        self.restored.sources = Some(asked_by.to_owned());
        true
    }

    /// Gives up level max for standard, once; what was put back is not dropped there by what dropped
    /// it.
    pub fn fall_back(&mut self, options: &mut Options, failed: &Proof) -> bool {
        let falls = options.level == Level::Max;
        if falls {
            options.level = Level::Standard;
            self.fell_back = Some(failed.because.first().cloned().unwrap_or_default());
        }
        falls
    }

    /// The last proof: one at standard is no proof of what was asked for, unless that is allowed.
    pub fn ended(&self, mut proof: Proof) -> Proof {
        if let Some(why) = &self.fell_back {
            proof.because.push(format!(
                "this is level standard: level max failed its proof ({MOST_ROUNDS} rounds of putting \
                 back at most): {why}"
            ));
            if !self.site.proving.allow_fallback {
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
        Ok(Round { proof, again: false, hopeless: false })
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
///
/// # Errors
/// When something cannot be read or written.
pub fn unpacked(lab: &Lab<'_>, packed: &Packed, of: PackageId, to: &Path) -> Result<Unpacked> {
    let made = Unpacked { task: to.join("task"), layer: to.join("opt") };
    for folder in [&made.task, &made.layer] {
        fs::create_dir_all(folder).context("failed to create a folder for the proof")?;
    }
    for archive in &packed.archives {
        let folder = match archive.role {
            Role::Function(package) if package == of => &made.task,
            Role::Layer(_) => &made.layer,
            Role::Function(_) => continue,
        };
        unpack(lab, &packed.staging.path(&archive.file), folder)?;
    }
    Ok(made)
}

/// A function's zip and its layers, in the order in which they are attached, unpacked as Lambda does;
/// each comes with whether it is a layer.
///
/// # Errors
/// When something cannot be read or written.
pub fn together(lab: &Lab<'_>, zips: &[(PathBuf, bool)], to: &Path) -> Result<Unpacked> {
    let made = Unpacked { task: to.join("task"), layer: to.join("opt") };
    for folder in [&made.task, &made.layer] {
        fs::create_dir_all(folder).context("failed to create a folder for the proof")?;
    }
    for (zip, is_layer) in zips {
        let scanned = scan::scan(std::slice::from_ref(zip), &Silent)?;
        let to = if *is_layer { &made.layer } else { &made.task };
        overlay(lab, &scanned, PackageId(0), to)?;
    }
    Ok(made)
}

fn unpack(lab: &Lab<'_>, zip: &Path, to: &Path) -> Result<()> {
    let scanned = scan::scan(&[zip.to_owned()], &Silent)?;
    let all: Vec<PackageId> = scanned.tree.packages().map(|(id, _)| id).collect();
    all.into_iter().try_for_each(|id| lab.unpack(&scanned.tree, &scanned, id, to))
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
    let site = Site::new(proving, facts.target, &options.cache)?;
    let interpreter = &site.needed()?;
    let made = Unpacked { task: site.folder().join("task"), layer: site.folder().join("opt") };
    for folder in [&made.task, &made.layer] {
        fs::create_dir_all(folder).context("failed to create a folder for the proof")?;
    }
    let lab = site.lab(interpreter);
    for (id, package) in scanned.tree.packages() {
        let mut own = scanned.tree.files().filter(|(_, file)| file.package == id);
        let is_layer = own.any(|(_, file)| file.path.as_str().starts_with("python/"));
        let holds_handler =
            subject::handlers(&scanned.tree, options).iter().any(|(of, _)| *of == id);
        let to = match package.layout {
            // Without metadata it is known by its folder alone.
            Layout::Flat if is_layer && !holds_handler => &made.layer,
            Layout::Flat => &made.task,
            Layout::Layer(_) => &made.layer,
        };
        overlay(&lab, &scanned, id, to)?;
    }
    let job = site.job(&options.handlers, Vec::new());
    let mut found = lab.check(&made, &job)?;
    if let Some(emulator) = &proving.emulator {
        let (checks, timings) = lab.emulate(emulator, None, &made, &job)?;
        found.checks.extend(checks);
        found.timings.extend(timings);
    }
    Ok((site.proof(interpreter, found.checks), found.timings))
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
