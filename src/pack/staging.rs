//! The folder beside the results where they are made, and the moves into place.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use rayon::prelude::*;
use rustix::fs::syncfs;
use serde_json::Value;
use tempfile::TempDir;

use super::folders;
use super::moves::Moves;
use super::same::is_same;
use crate::digest::Digest;
use crate::failure::Failure;
use crate::options::Options;
use crate::scratch;

/// Beginning of the staging folders' names.
const PREFIX: &str = ".slim-";
/// The report, which is moved last: its hashes tell whether the set is whole.
pub const REPORT: &str = "report.json";
/// The folder in the output folder for what failed its proof.
pub const UNPROVEN: &str = "unproven";

/// The staging folders of this process, for the moment of an interrupt.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes what an interrupted build has made so far. The process must end right after.
pub fn abandon() {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.drain(..).for_each(|folder| scratch::remove(&folder));
    // Nobody makes another one, or moves what lies in one, any more.
    std::mem::forget(open);
}

/// The place where outputs are made.
pub struct Staging {
    folder: TempDir,
    _lock: File,
    out_dir: PathBuf,
    /// What was read, and must stay whatever it is named.
    inputs: Vec<PathBuf>,
    dry_run: bool,
}

impl Staging {
    /// A new folder inside the output folder, or beside it where it becomes the tree itself; for a dry
    /// run in the system's temporary folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(options: &Options) -> Result<Self> {
        let out_dir = options.out_dir.clone();
        let parent = match (options.dry_run, options.only) {
            (true, _) => std::env::temp_dir(),
            (false, None) => out_dir.clone(),
            // What the output folder is to become cannot be made in it.
            (false, Some(_)) => folders::beside(&out_dir),
        };
        if !options.dry_run {
            fs::create_dir_all(&parent).map_err(|error| unwritable(&parent, &error))?;
            remove_leftovers(&parent);
        }
        // Locked before it is made: an interrupt must not come between.
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let (folder, lock) = locked_folder(&parent).map_err(|error| unwritable(&parent, &error))?;
        open.push(folder.path().to_owned());
        drop(open);
        let inputs = Vec::new();
        Ok(Self { folder, _lock: lock, out_dir, inputs, dry_run: options.dry_run })
    }

    /// Keeps packages from being replaced by what was made of them.
    pub fn spare<'p>(&mut self, packages: impl IntoIterator<Item = &'p PathBuf>) {
        for package in packages {
            self.inputs.extend(package.canonicalize());
            let folder = package.parent().and_then(|folder| folder.canonicalize().ok());
            // A link to a package is replaced as easily.
            self.inputs.extend(folder.zip(package.file_name()).map(|(at, name)| at.join(name)));
        }
    }

    pub(super) fn create(&self, name: &str) -> Result<File> {
        let path = self.folder.path().join(name);
        File::create_new(&path)
            .with_context(|| format!("failed to create {}", self.shown(name).display()))
    }

    /// Adds a small file to the set.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let failed = || format!("failed to write {}", self.shown(name).display());
        let mut file = self.create(name)?;
        file.write_all(bytes).with_context(failed)
    }

    /// Whether the output folder has a file of this name with this hash; it then need not be written.
    pub fn holds(&self, name: &str, hash: Digest) -> bool {
        let Ok(mut file) = File::open(self.out_dir.join(name)) else { return false };
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 1 << 18];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => drop(hasher.update(&buffer[..read])),
                Err(_) => return false,
            }
        }
        hash.as_bytes() == hasher.finalize().as_bytes()
    }

    /// Where a file of the set lies: it is in place already, or waits to be moved.
    pub fn found(&self, name: &Path) -> PathBuf {
        let staged = self.folder.path().join(name);
        if staged.exists() { staged } else { self.out_dir.join(name) }
    }

    /// Where a file of the set is to lie: what messages call it.
    pub(super) fn shown(&self, name: &str) -> PathBuf {
        self.out_dir.join(name)
    }

    /// Where a file of the set lies until it is moved.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Moves `names` into the folder `unproven` of the output folder, the report last, and removes what
    /// the refused build before left there; anybody else's files stay, and so does the output folder.
    ///
    /// # Errors
    /// When a file cannot be moved or removed.
    pub fn refuse(mut self, names: &[String]) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let folder = self.out_dir.join(UNPROVEN);
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to write {}", folder.display()))?;
        self.out_dir.clone_from(&folder);
        let refused = self.commit(names, &BTreeSet::new());
        if refused.is_err() {
            // It goes only where nothing is in it.
            let _ = fs::remove_dir(&folder);
        }
        refused
    }

    /// Moves `names` into the output folder, the report last, and removes what the
    /// build before wrote and this one did not; what is in place already stays. A dry run moves
    /// nothing.
    ///
    /// # Errors
    /// When a file cannot be moved or removed; then what was there before is put back.
    pub fn commit(self, names: &[String], in_place: &BTreeSet<String>) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let last = self.last_report();
        self.refuse_folders(names, &last)?;
        let stale = stale_files(&self.out_dir, &last, names);
        let stale: Vec<String> =
            stale.into_iter().filter(|name| !in_place.contains(name)).collect();
        self.refuse_inputs(names.iter().chain(&stale))?;
        let names: Vec<&str> = self.changed(names);
        self.sync(&names)?;
        // An interrupt waits until all is in place.
        let held = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut moves = Moves::new(self.folder.path());
        let moved = self.move_all(&names, &stale, &mut moves);
        if moved.is_err() {
            moves.undo();
        }
        drop(held);
        moved
    }

    /// Those that are not in place already: what is the same stays untouched, so that whoever looks at
    /// dates sees no change.
    fn changed<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        let names = names.iter().map(String::as_str);
        names.filter(|name| !is_same(&self.path(name), &self.shown(name))).collect()
    }

    /// Makes sure that the disk has them before any is moved: their names must not be there before
    /// their bytes, whenever the power fails.
    fn sync(&self, names: &[&str]) -> Result<()> {
        names.par_iter().try_for_each(|name| {
            let file = File::open(self.path(name));
            let synced = file.and_then(|file| match file.metadata()?.is_dir() {
                true => Ok(syncfs(file)?),
                false => file.sync_all(),
            });
            synced.with_context(|| format!("failed to write {}", self.shown(name).display()))
        })
    }

    fn move_all(&self, names: &[&str], stale: &[String], moves: &mut Moves<'_>) -> Result<()> {
        for name in names.iter().filter(|name| **name != REPORT) {
            self.move_one(name, moves)?;
        }
        for name in stale {
            let path = self.out_dir.join(name);
            moves.away(&path).with_context(|| format!("failed to remove {}", path.display()))?;
        }
        if names.contains(&REPORT) {
            self.move_one(REPORT, moves)?;
        }
        let failed = || format!("failed to write {}", self.out_dir.display());
        File::open(&self.out_dir).and_then(|folder| folder.sync_all()).with_context(failed)
    }

    /// A folder where a file must go would stop the moves half way; one that is not slim's must stay.
    fn refuse_folders(&self, names: &[String], last: &Value) -> Result<()> {
        for name in names {
            let to = self.out_dir.join(name);
            if self.path(name).is_dir() {
                folders::refuse_foreign(&to, name, last)?;
            } else if fs::symlink_metadata(&to).is_ok_and(|there| there.is_dir()) {
                return Err(Failure::io(format!(
                    "failed to write {}: a folder is there",
                    to.display()
                ))
                .hint("remove the folder, or choose another output folder with --out-dir")
                .into());
            }
        }
        Ok(())
    }

    /// A package may lie where its own results go.
    fn refuse_inputs<'n>(&self, mut names: impl Iterator<Item = &'n String>) -> Result<()> {
        let Ok(folder) = self.out_dir.canonicalize() else { return Ok(()) };
        let is_input = |name: &&String| {
            let to = folder.join(name);
            self.inputs.iter().any(|input| input.starts_with(&to))
        };
        let Some(name) = names.find(is_input) else { return Ok(()) };
        let to = self.out_dir.join(name);
        let message = format!("failed to write {}: the package itself lies there", to.display());
        Err(Failure::usage(message).hint("choose another output folder with --out-dir").into())
    }

    /// Whether nothing is to be moved into the output folder.
    pub fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// The report of the build before in the output folder; null where there is none.
    pub fn last_report(&self) -> Value {
        let bytes = fs::read(self.out_dir.join(REPORT)).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn move_one(&self, name: &str, moves: &mut Moves<'_>) -> Result<()> {
        let (from, to) = (self.path(name), self.shown(name));
        moves.put(&from, &to).with_context(|| format!("failed to write {}", to.display()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // With the lock held: an interrupt waits for it, or removes the folder itself. What cannot be
        // removed now is tried again by the next build.
        let _ = fs::remove_dir_all(self.folder.path());
        open.retain(|folder| folder != self.folder.path());
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    // That of a temporary folder names the folder that was tried, whose name nobody knows.
    let told = error.to_string();
    let cause = told.split(" at path ").next().unwrap_or(&told);
    Failure::io(format!("failed to write into {}: {cause}", folder.display()))
        .hint("choose another output folder with --out-dir")
}

/// A new staging folder, locked: the lock tells a living build's folder from a dead one's, and goes
/// with the process.
fn locked_folder(parent: &Path) -> io::Result<(TempDir, File)> {
    loop {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::open(folder.path())?;
        // Where locks do not work a killed build's folder stays; nothing else depends on them.
        let _ = lock.try_lock();
        // Before the lock another build may have taken the folder for a dead one's.
        if folder.path().is_dir() {
            return Ok((folder, lock));
        }
    }
}

/// What an earlier build left here and this one does not write: the zips that its report names,
/// and with them its licence texts.
fn stale_files(out_dir: &Path, report: &Value, names: &[String]) -> Vec<String> {
    let zips = report["zips"].as_array().into_iter().flatten();
    let mut named: Vec<&str> = zips.filter_map(|zip| zip["file"].as_str()).collect();
    if report["tool"]["name"] == "slim" {
        named.push(super::licenses::FILE);
    }
    let own = |name: &&str| {
        let plain = Path::new(name).file_name() == Some(OsStr::new(name));
        let is_file = name.ends_with(".zip") || *name == super::licenses::FILE;
        plain && (is_file || report["layout"] == "dir") && !names.iter().any(|new| new == name)
    };
    let there = |name: &&str| match out_dir.join(name) {
        path if path.is_dir() => folders::is_own(&path, name, report),
        path => path.is_file() && (name.ends_with(".zip") || *name == super::licenses::FILE),
    };
    named.into_iter().filter(own).filter(there).map(str::to_owned).collect()
}

/// Removes the staging folders of builds that were killed.
fn remove_leftovers(out_dir: &Path) {
    let Ok(entries) = fs::read_dir(out_dir) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let folder = File::open(entry.path());
        if folder.is_ok_and(|folder| folder.try_lock().is_ok()) {
            // What cannot be removed now is tried again by the next build.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
