//! The folder beside the results where they are made, and the moves into place.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::failure::Failure;
use crate::options::Options;

/// Beginning of the staging folders' names.
const PREFIX: &str = ".slim-";
/// The file that a living build holds locked in its staging folder.
const LOCK: &str = "lock";
/// The report, which is moved last: its hashes tell whether the set is whole.
const REPORT: &str = "report.json";

/// The staging folders of this process, for the moment of an interrupt.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes what an interrupted build has made so far. The process must end right after.
pub fn abandon() {
    for folder in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left who could be told of a failure.
        let _ = fs::remove_dir_all(folder);
    }
}

/// The place where outputs are made.
pub struct Staging {
    folder: TempDir,
    _lock: File,
    out_dir: PathBuf,
    dry_run: bool,
}

impl Staging {
    /// A new folder inside the output folder; for a dry run in the system's temporary folder.
    pub(super) fn new(options: &Options) -> Result<Self> {
        let out_dir = options.out_dir.clone();
        let parent = if options.dry_run { std::env::temp_dir() } else { out_dir.clone() };
        if !options.dry_run {
            fs::create_dir_all(&out_dir).map_err(|error| unwritable(&out_dir, &error))?;
            remove_leftovers(&out_dir);
        }
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent);
        let folder = made.map_err(|error| unwritable(&parent, &error))?;
        let lock =
            File::create(folder.path().join(LOCK)).map_err(|error| unwritable(&parent, &error))?;
        // Without locks a crashed build's leftovers stay; nothing else depends on them.
        let _ = lock.try_lock();
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
        Ok(Self { folder, _lock: lock, out_dir, dry_run: options.dry_run })
    }

    /// A nameless file that is gone when it is closed.
    pub(super) fn scratch(&self) -> Result<File> {
        tempfile::tempfile_in(self.folder.path())
            .map_err(|error| unwritable(&self.out_dir, &error).into())
    }

    pub(super) fn create(&self, name: &str) -> Result<File> {
        let path = self.folder.path().join(name);
        File::create_new(&path)
            .with_context(|| format!("failed to create {}", self.out_dir.join(name).display()))
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        if self.dry_run { Ok(()) } else { file.sync_all() }
    }

    /// Adds a small file to the set.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let failed = || format!("failed to write {}", self.out_dir.join(name).display());
        let mut file = self.create(name)?;
        file.write_all(bytes).with_context(failed)?;
        self.sync(&file).with_context(failed)
    }

    /// Moves `names` into the output folder, the report last, and removes the zips that the
    /// report before named and that this build did not write. A dry run moves nothing.
    ///
    /// # Errors
    /// When a file cannot be moved or removed; what was there before may then be partly replaced,
    /// and the old report's hashes no longer fit.
    pub fn commit(self, names: &[String]) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let stale = stale_zips(&self.out_dir, names);
        for name in names.iter().filter(|name| *name != REPORT) {
            self.move_one(name)?;
        }
        for name in stale {
            let path = self.out_dir.join(&name);
            fs::remove_file(&path)
                .with_context(|| format!("failed to remove {}", path.display()))?;
        }
        if names.iter().any(|name| name == REPORT) {
            self.move_one(REPORT)?;
        }
        let failed = || format!("failed to write {}", self.out_dir.display());
        File::open(&self.out_dir).and_then(|folder| folder.sync_all()).with_context(failed)
    }

    fn move_one(&self, name: &str) -> Result<()> {
        let to = self.out_dir.join(name);
        fs::rename(self.folder.path().join(name), &to)
            .with_context(|| format!("failed to write {}", to.display()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        OPEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|folder| folder != self.folder.path());
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    Failure::io(format!("failed to write into {}: {error}", folder.display()))
        .hint("choose another output folder with --out-dir")
}

/// The zips of an earlier build into this folder that this one does not write.
fn stale_zips(out_dir: &Path, names: &[String]) -> Vec<String> {
    let report: serde_json::Value = fs::read(out_dir.join(REPORT))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let zips = report["zips"].as_array().into_iter().flatten();
    let named = zips.filter_map(|zip| zip["file"].as_str());
    let own = |name: &&str| {
        let plain = Path::new(name).file_name() == Some(OsStr::new(name));
        plain && name.ends_with(".zip") && !names.iter().any(|new| new == name)
    };
    named.filter(own).filter(|name| out_dir.join(name).is_file()).map(str::to_owned).collect()
}

/// Removes the staging folders of builds that were killed.
fn remove_leftovers(out_dir: &Path) {
    let Ok(entries) = fs::read_dir(out_dir) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let lock = File::open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            // What cannot be removed now is tried again by the next build.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
