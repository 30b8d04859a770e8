//! Proves that what was written still runs.
//!
//! The zips are unpacked as Lambda unpacks them and run under the target's own CPython; so is the
//! package as it was, first and twice, to know what is right and what differs by itself.

mod compare;
mod emulator;
mod observed;
pub mod subject;
mod trial;
mod wants;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::cache::{self, Cache, Key};
use crate::runtime::child::Finished;
use crate::runtime::find::Interpreter;
use crate::runtime::room::{Isolation, Room};
use crate::runtime::strace::{self, Tracer};
use crate::tree::{Contents, Kind, PackageId, Tree};
use trial::Trial;

pub use observed::content as folder_hash;
pub use trial::{Event, Job, environment};
pub use wants::Want;

/// Runs of packages as they were, in the cache.
const RUN: cache::Kind = cache::Kind::new("run");
/// How many cold starts under the emulator are measured of each side.
const COLD_STARTS: usize = 3;

/// Whether the result runs as the package did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// `proven`, `weak`, `failed` or `not-run`.
    pub status: Status,
    /// Why it is no more than that; empty for a proven one.
    pub because: Vec<String>,
    /// The Python that ran it, such as 3.12.11; null where none did.
    pub python: Option<String>,
    /// Programs that were tried before it and fail, with the reason: of this machine, so only for
    /// people.
    #[serde(skip)]
    pub skipped: Vec<String>,
    /// What kept the run apart from its host; null where nothing ran.
    pub isolation: Option<String>,
    /// Whether the run could reach the network; null where nothing ran.
    pub network: Option<bool>,
    /// How many events each handler was given.
    pub events: usize,
    /// What was checked, in order.
    pub checks: Vec<Check>,
    /// What was put back because a run asked for it.
    pub restored: Vec<Restored>,
    /// The rules whose changes were undone, for a run with them failed.
    pub undone: Vec<Undone>,
}

/// How sure a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Every check passed.
    Proven,
    /// Every check passed, but they say little.
    Weak,
    /// A check failed.
    Failed,
    /// Nothing could be run.
    NotRun,
}

/// One thing that was checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Check {
    /// What it is, such as `import app.lambda_handler`.
    pub name: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What there is to say about it, a sentence each.
    pub notes: Vec<String>,
}

impl Check {
    /// Whether it failed as it does with the package as it was, so that nothing put back can help.
    pub fn fails_anyway(&self) -> bool {
        self.verdict == Verdict::Failed
            && self.notes.iter().any(|note| note.starts_with(compare::FAILS_ANYWAY))
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// As it should be, and that says little.
    Weak,
    /// Not as the package was.
    Failed,
}

/// A rule whose changes were undone.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Undone {
    /// The rule's id.
    pub rule: String,
    /// The check that failed.
    pub asked_by: String,
}

/// A file that was put back.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Restored {
    /// Its path below the import root.
    pub file: String,
    /// What asked for it.
    pub asked_by: String,
}

/// The folders of a function, as Lambda would unpack them.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// What becomes `/var/task`.
    pub task: PathBuf,
    /// What becomes `/opt`.
    pub layer: PathBuf,
}

/// Where and how proofs run.
pub struct Lab<'a> {
    /// The target's Python.
    pub interpreter: &'a Interpreter,
    /// What keeps runs apart.
    pub isolation: Isolation,
    /// Whether runs reach the network.
    pub network: bool,
    /// A folder for everything that runs need.
    pub scratch: &'a Path,
    /// Results of runs of the package as it was.
    pub cache: &'a Cache,
}

/// What a run opened, below the import roots.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The files that were opened or loaded.
    pub all: Vec<String>,
    /// The sources among them that were opened other than to import them.
    pub read: Vec<String>,
}

/// What came of a proof, with what a repair needs to know.
pub struct Verdicts {
    /// The checks.
    pub checks: Vec<Check>,
    /// What failed checks ask for.
    pub wants: Vec<Want>,
    /// The files below the import roots that the package as it was opened or loaded.
    pub observed: Vec<String>,
    /// Seconds that each part took.
    pub timings: BTreeMap<String, f64>,
}

impl Lab<'_> {
    /// Writes the files of a package as Lambda would unpack them, for any user to read and nobody to
    /// write.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn unpack(
        &self,
        tree: &Tree,
        contents: &dyn Contents,
        of: PackageId,
        to: &Path,
    ) -> Result<()> {
        fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
        for (id, file) in tree.files().filter(|(_, file)| file.package == of) {
            let path = to.join(file.path.as_str());
            let failed = || format!("failed to write {}", path.display());
            if file.kind == Kind::EmptyFolder {
                fs::create_dir_all(&path).with_context(failed)?;
                continue;
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(failed)?;
            }
            fs::write(&path, contents.read(id)?).with_context(failed)?;
            let mode = if file.executable { 0o555 } else { 0o444 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).with_context(failed)?;
        }
        Ok(())
    }

    /// Runs `job` on the package as it was, twice, and on what was made of it. `key` tells the
    /// package's content: what ran once is not run again, unless a check fails; then both run once
    /// more, for what changes with time is nobody's fault.
    ///
    /// # Errors
    /// When a run cannot be started.
    pub fn prove(
        &self,
        raw: &Unpacked,
        made: &Unpacked,
        job: &Job,
        key: &[u8],
    ) -> Result<Verdicts> {
        let mut timings = BTreeMap::new();
        let begin = Instant::now();
        let mut before = self.before(raw, job, key)?;
        timings.insert("proof: as it was".to_owned(), seconds(begin));
        let begin = Instant::now();
        let after = self.run(made, job)?;
        timings.insert("proof: as it ships".to_owned(), seconds(begin));
        timings.extend(after.seconds());
        let failed = |checks: &[Check]| checks.iter().any(|c| c.verdict == Verdict::Failed);
        let mut checks = compare::all(&before, &after, job);
        if failed(&checks) {
            before.push(self.run(raw, &job.again(2))?);
            checks = compare::all(&before, &after, job);
        }
        if failed(&checks) {
            let again = job.again(3);
            compare::forgive(&mut checks, &compare::all(&before, &self.run(made, &again)?, &again));
        }
        let mut wants = if failed(&checks) { wants::of(&before[0], &after) } else { Vec::new() };
        let untold = compare::untold(&before[0], &after, job);
        wants.extend(untold.into_iter().filter(|_| failed(&checks)).map(wants::metadata));
        // The second run imports for the handlers alone.
        let mut observed = before[1].opened.clone();
        observed.sort_unstable();
        Ok(Verdicts { checks, wants, observed, timings })
    }

    /// Runs the events under the emulator, on the package as it was and on what was made, several cold
    /// starts of each in turn; without the former, on the latter alone. Of the package as it was also
    /// counts what the proof saw, for what differs by itself.
    ///
    /// # Errors
    /// A usage failure where the emulator or awslambdaric is missing; when a run cannot be started.
    pub fn emulate(
        &self,
        emulator: &Path,
        raw: Option<(&Unpacked, &[u8])>,
        made: &Unpacked,
        job: &Job,
    ) -> Result<(Vec<Check>, BTreeMap<String, f64>)> {
        let runtime = emulator::folder(emulator, job, self.scratch)?;
        let once = |of: &Unpacked| {
            let stage = self.stage()?;
            emulator::run(&self.room(of, Some(&runtime), stage.path(), None), job)
        };
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for _ in 0..COLD_STARTS {
            if let Some((raw, _)) = raw {
                before.push(once(raw)?);
            }
            after.push(once(made)?);
        }
        let known = match raw {
            Some((raw, key)) => self.before(raw, job, key)?,
            None => Vec::new(),
        };
        let mut timings = BTreeMap::new();
        let sides = [("as it was", &before), ("as it ships", &after)];
        for (side, runs) in sides {
            let init = runs.iter().filter_map(|run| run.init);
            let first = runs.iter().filter_map(|run| run.invokes.first().copied());
            let measured = [("INIT", median(init)), ("first call", median(first))];
            for (what, value) in measured {
                if let Some(value) = value {
                    timings.insert(format!("emulator: {what} {side}"), value.round() / 1000.0);
                }
            }
        }
        Ok((compare::emulated(&known, &before, &after, job), timings))
    }

    /// Runs `job` on zips of which nobody knows what they were made of.
    ///
    /// # Errors
    /// As [`Lab::prove`].
    pub fn check(&self, made: &Unpacked, job: &Job) -> Result<Verdicts> {
        let after = self.run(made, job)?;
        let checks = compare::alone(&after, job);
        let timings = after.seconds();
        Ok(Verdicts { checks, wants: wants::of(&after, &after), observed: Vec::new(), timings })
    }

    fn before(&self, raw: &Unpacked, job: &Job, content: &[u8]) -> Result<Vec<Trial>> {
        Ok(vec![self.observed(raw, job, content)?, self.observed(raw, &job.again(1), content)?])
    }

    /// The files that the package as it was opens or loads for the handlers and the events of `job`.
    /// `key` tells the package's content: what ran once is not run again.
    ///
    /// # Errors
    /// When the run cannot be started.
    pub fn observe(&self, raw: &Unpacked, job: &Job, content: &[u8]) -> Result<Opened> {
        let Trial { opened, read, .. } = self.observed(raw, &job.again(1), content)?;
        Ok(Opened { all: opened, read })
    }

    fn observed(&self, raw: &Unpacked, job: &Job, content: &[u8]) -> Result<Trial> {
        let key = self.key(job, content)?;
        if let Some(known) =
            self.cache.get(RUN, &key).and_then(|bytes| serde_json::from_slice(&bytes).ok())
        {
            return Ok(known);
        }
        let trial = self.run(raw, job)?;
        if trial.is_whole() {
            let bytes = serde_json::to_vec(&trial).context("failed to keep a run")?;
            self.cache.put(RUN, &key, &bytes);
        }
        Ok(trial)
    }

    /// All that decides how the package as it was runs.
    fn key(&self, job: &Job, content: &[u8]) -> Result<Key> {
        let told = serde_json::to_string(job).context("failed to write the job of a proof")?;
        let parts = [
            self.interpreter.version.as_str(),
            &*self.interpreter.path.to_string_lossy(),
            self.isolation.name(),
            if self.network { "network" } else { "no network" },
            &told,
        ];
        let packages = job.runtime_packages.as_deref().map(observed::content).transpose()?;
        let mut inputs: Vec<&[u8]> = parts.map(str::as_bytes).into();
        inputs.extend([content, packages.as_deref().unwrap_or_default()]);
        Ok(Key::of(&inputs))
    }

    /// Runs `job` on a package while its files are watched; gives the folders as they were seen, too.
    ///
    /// # Errors
    /// When the run cannot be started.
    pub fn watch(
        &self,
        of: &Unpacked,
        job: &Job,
        tracer: Tracer<'_>,
    ) -> Result<(Vec<Check>, [PathBuf; 2])> {
        Ok((compare::alone(&self.run_watched(of, job, Some(tracer))?, job), self.seen(of)))
    }

    /// Where the folders of a function stand for who runs in the room: the task's, the layers'.
    pub fn seen(&self, of: &Unpacked) -> [PathBuf; 2] {
        match self.isolation {
            Isolation::Namespace(_) => [PathBuf::from("/var/task"), PathBuf::from("/opt")],
            Isolation::Permissions => [of.task.clone(), of.layer.clone()],
        }
    }

    /// Runs a script of ours beside a package, by Python with these options. `told` is its job, to which
    /// the folders and bounds of `job` are added.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn script(
        &self,
        of: &Unpacked,
        job: &Job,
        options: &[&str],
        script: &str,
        told: serde_json::Value,
    ) -> Result<Finished> {
        let stage = self.stage()?;
        let room = self.room(of, job.runtime_packages.as_deref(), stage.path(), None);
        trial::script(&room, job, options, script, told)
    }

    /// The files that a package opens in a run of `job`, in order: as strace sees them where it is
    /// there, C code's too; else `told`, what Python itself tells.
    ///
    /// # Errors
    /// When the run cannot be started.
    pub fn opened(&self, raw: &Unpacked, job: &Job, told: Vec<String>) -> Result<Vec<String>> {
        let Ok(program) = strace::find() else { return Ok(told) };
        let logs = tempfile::Builder::new().prefix("strace-").tempdir_in(self.scratch);
        let logs = logs.context("failed to create a folder for the proof")?;
        let job = Job { metadata: false, ..job.again(0) };
        let tracer = Tracer { program: &program, logs: logs.path() };
        // Where it may not trace in such a room, what Python tells must do.
        let Ok((_, roots)) = self.watch(raw, &job, tracer) else { return Ok(told) };
        let Ok(seen) = strace::read(logs.path()) else { return Ok(told) };
        let seen = seen.below(&roots);
        let all = seen.opened.into_iter().chain(seen.mapped).chain(told);
        Ok(all.collect::<std::collections::BTreeSet<_>>().into_iter().collect())
    }

    fn run(&self, of: &Unpacked, job: &Job) -> Result<Trial> {
        self.run_watched(of, job, None)
    }

    fn stage(&self) -> Result<TempDir> {
        tempfile::Builder::new()
            .prefix("stage-")
            .tempdir_in(self.scratch)
            .with_context(|| format!("failed to create a folder in {}", self.scratch.display()))
    }

    fn room<'r>(
        &'r self,
        of: &'r Unpacked,
        runtime: Option<&'r Path>,
        stage: &'r Path,
        tracer: Option<Tracer<'r>>,
    ) -> Room<'r> {
        Room {
            task: &of.task,
            layer: &of.layer,
            runtime,
            stage,
            interpreter: self.interpreter,
            isolation: self.isolation,
            network: self.network,
            tracer,
        }
    }

    fn run_watched(&self, of: &Unpacked, job: &Job, tracer: Option<Tracer<'_>>) -> Result<Trial> {
        let stage = self.stage()?;
        let room = self.room(of, job.runtime_packages.as_deref(), stage.path(), tracer);
        let seen = observed::listing(&of.task, self.isolation);
        let mut trial = trial::run(&room, job)?;
        trial.written = observed::changes(&seen, &observed::listing(&of.task, self.isolation));
        Ok(trial)
    }
}

/// The one in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn seconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
}

/// What the checks come to.
pub fn status(checks: &[Check], job_events: usize) -> (Status, Vec<String>) {
    let with = |verdict| checks.iter().filter(move |check| check.verdict == verdict);
    let told = |check: &Check| format!("{}: {}", check.name, check.notes.join("; "));
    if with(Verdict::Failed).next().is_some() {
        return (Status::Failed, with(Verdict::Failed).map(told).collect());
    }
    let mut because: Vec<String> = with(Verdict::Weak).map(told).collect();
    if job_events == 0 {
        because
            .push("import-only proof: no --event was given, so no handler was called".to_owned());
    }
    (if because.is_empty() { Status::Proven } else { Status::Weak }, because)
}
