//! Where runs of packages happen: the Python, what keeps them apart, their folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::cache::Cache;
use crate::failure::Failure;
use crate::options::{Handler, Network, Proving};
use crate::runtime::find::{Interpreter, find};
use crate::runtime::room::{Isolation, isolation};
use crate::scan::Scanned;
use crate::scratch;
use crate::target::{Arch, Target};
use crate::tree::{Layout, PackageId};
use crate::verify::{self, Check, Event, Job, Lab, Proof, Unpacked, subject};

/// Longest text of an event that Lambda takes, in bytes (a synchronous call's).
const LONGEST_EVENT: u64 = 6 << 20;

/// Where the runs of one command happen.
pub struct Site<'a> {
    /// How packages are run.
    pub proving: &'a Proving,
    /// The target's Python; `None` where this machine cannot run it.
    pub interpreter: Option<Interpreter>,
    /// What keeps runs apart.
    pub isolation: Isolation,
    /// The events.
    pub events: Vec<Event>,
    minor: u8,
    arch: Arch,
    scratch: TempDir,
    cache: Cache,
    raw: BTreeMap<PackageId, Unpacked>,
}

impl<'a> Site<'a> {
    /// Finds Python and reads the events.
    ///
    /// # Errors
    /// A usage [`Failure`] when there is no Python, or an event is no JSON.
    pub fn new(proving: &'a Proving, target: Target, cache: &Cache) -> Result<Self> {
        if let Some(folder) = proving.runtime_packages.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::usage(format!(
                "failed to read {}: it is no folder",
                folder.display()
            ))
            .hint("--runtime-packages names a folder that `pip install -t` filled")
            .into());
        }
        let events = events(&proving.events)?;
        let scratch =
            scratch::folder("slim-proof-").context("failed to create a folder for the proof")?;
        let (mut interpreter, mut isolation) = (None, Isolation::Permissions);
        let arch = target.arch;
        if runs_here(arch) {
            let found = python(target.python.minor(), proving)?;
            isolation = isolation_of(&found, scratch.path(), proving)?;
            interpreter = Some(found);
        }
        Ok(Self {
            proving,
            interpreter,
            isolation,
            events,
            minor: target.python.minor(),
            arch,
            scratch,
            cache: cache.clone(),
            raw: BTreeMap::new(),
        })
    }

    /// The Python, where it is needed.
    ///
    /// # Errors
    /// A usage [`Failure`] where this machine cannot run the target's.
    pub fn needed(&self) -> Result<Interpreter> {
        let arch = self.arch;
        self.interpreter.clone().ok_or_else(|| {
            Failure::usage(format!("failed to run it: this machine cannot run code for {arch}"))
                .hint("run slim on a machine of that architecture")
                .into()
        })
    }

    /// The programs that fail although they have the name of the target's Python, with the reason.
    pub fn skipped(&self) -> Vec<String> {
        let name = format!("python3.{}", self.minor);
        let skipped = self.interpreter.iter().flat_map(|python| &python.skipped);
        let skipped = skipped.filter(|(path, _)| path.ends_with(&name));
        skipped.map(|(path, why)| format!("{}: {why}", path.display())).collect()
    }

    /// What checks that were made here come to; nothing was put back for them.
    pub fn proof(&self, interpreter: &Interpreter, checks: Vec<Check>) -> Proof {
        let (status, because) = verify::status(&checks, self.events.len());
        Proof {
            status,
            because,
            python: Some(interpreter.version.clone()),
            skipped: self.skipped(),
            isolation: Some(self.isolation.name().to_owned()),
            network: Some(self.network()),
            events: self.events.len(),
            checks,
            restored: Vec::new(),
            undone: Vec::new(),
        }
    }

    /// What is to be run of a package, its modules apart.
    pub fn job(&self, handlers: &[Handler], modules: Vec<String>) -> Job {
        subject::job(handlers, modules, &self.events, self.proving, self.minor)
    }

    /// The folder for everything that runs need.
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Whether runs reach the network.
    pub fn network(&self) -> bool {
        self.proving.network == Network::Open || self.isolation == Isolation::Permissions
    }

    /// Where and how they run.
    pub fn lab<'b>(&'b self, interpreter: &'b Interpreter) -> Lab<'b> {
        Lab {
            interpreter,
            isolation: self.isolation,
            network: self.network(),
            scratch: self.scratch.path(),
            cache: &self.cache,
        }
    }

    /// The folders of the package as it was: its own where nothing can write into them, else a copy.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn raw(
        &mut self,
        scanned: &Scanned,
        interpreter: &Interpreter,
        of: PackageId,
    ) -> Result<Unpacked> {
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
            && !package.overlaid
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
        self.raw.insert(of, unpacked.clone());
        Ok(unpacked)
    }
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

/// The target's Python.
///
/// # Errors
/// A usage [`Failure`] that says how to get one.
pub fn python(minor: u8, proving: &Proving) -> Result<Interpreter> {
    find(minor, proving.python_bin.as_deref()).map_err(|found| {
        let hint = format!(
            "install one (`uv python install 3.{minor}`, `pyenv install 3.{minor}`) or name it with \
             --python-bin; --no-verify does without a proof"
        );
        let message = format!("failed to find CPython 3.{minor}: {}", found.told());
        Failure::usage(message).hint(hint).into()
    })
}

fn isolation_of(interpreter: &Interpreter, scratch: &Path, proving: &Proving) -> Result<Isolation> {
    let isolation = isolation(interpreter, scratch);
    if isolation == Isolation::Permissions && proving.network == Network::Denied {
        return Err(Failure::usage(
            "failed to deny the network: this user may not make namespaces here",
        )
        .hint("leave --no-network out, or run where `unshare --user --net true` works")
        .into());
    }
    Ok(isolation)
}

/// Whether this machine runs code for the processor.
pub fn runs_here(arch: Arch) -> bool {
    matches!((arch, std::env::consts::ARCH), (Arch::X86_64, "x86_64") | (Arch::Arm64, "aarch64"))
}
