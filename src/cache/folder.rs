//! Entries as files: `v1/KIND/ab/cdef…`, by the hash of their key.

use std::collections::BTreeMap;
use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::{Held, MOST_BYTES, Place, Stat};

/// Everything lies in this folder of the cache; another form of entries would have another.
pub(super) const FORM: &str = "v1";
/// Says to backups that this can be made again, and to `clean` that slim wrote it
/// (<https://bford.info/cachedir/>).
const TAG: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of slim: it can be removed at any time.\n",
);
/// The folder of entries that are being written.
const UNFINISHED: &str = "unfinished";
/// The age at which a file that is being written was left by a process that was killed.
const LEFT_AFTER: Duration = Duration::from_secs(3_600);
/// How often it is noted, at most, that an entry was used.
const NOTED_EVERY: Duration = Duration::from_secs(20 * 3_600);
/// What the smallest entry takes on a disk, in bytes.
const BLOCK: u64 = 4_096;
/// A share of the most bytes, for one in as many of which that are put the folder is looked through.
const SHARES: u64 = 32;

/// A folder that is not a cache, or cannot be cleaned.
#[derive(Debug, thiserror::Error)]
pub enum NotACache {
    /// Slim wrote nothing into it.
    #[error("{} is not a cache of slim", .0.display())]
    Foreign(PathBuf),
    /// Something cannot be removed.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
}

/// A folder of entries.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Most bytes; None where others see to that.
    most_bytes: Option<u64>,
    /// Held while the folder is looked through, so that one thread at a time does.
    sweep: Mutex<()>,
}

/// An entry, or what was left of one.
struct Found {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

impl Folder {
    pub(super) fn new(path: &Path, most_bytes: Option<u64>) -> Self {
        Self { path: path.to_owned(), most_bytes, sweep: Mutex::new(()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn root(&self) -> PathBuf {
        self.path.join(FORM)
    }

    fn entry(&self, place: &Place) -> PathBuf {
        let mut path = self.root();
        path.extend(place.parts());
        path
    }

    /// The bytes of an entry, which is left as it is.
    pub(super) fn look(&self, place: &Place) -> Option<Vec<u8>> {
        read(&self.entry(place)).and_then(|(_, _, stored)| place.opened(stored))
    }

    /// The bytes of an entry; a damaged one is removed.
    pub(super) fn get(&self, place: &Place) -> Option<Vec<u8>> {
        let path = self.entry(place);
        let (file, metadata, stored) = read(&path)?;
        let bytes = place.opened(stored);
        match bytes {
            // What else became of it in the meantime costs time only.
            None => drop(fs::remove_file(&path)),
            Some(_) if is_older(&metadata, NOTED_EVERY) => {
                drop(file.set_modified(SystemTime::now()));
            }
            Some(_) => {}
        }
        bytes
    }

    /// Writes an entry: whole, or not at all.
    pub(super) fn put(&self, place: &Place, bytes: &[u8]) -> io::Result<()> {
        let path = self.entry(place);
        let unfinished = self.root().join(UNFINISHED);
        let made = match unfinished_in(&unfinished) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // The tag first: who is killed in between must not leave a cache without one.
                fs::create_dir_all(self.root())?;
                fs::write(self.root().join(TAG.0), TAG.1)?;
                fs::create_dir_all(&unfinished)?;
                unfinished_in(&unfinished)
            }
            made => made,
        };
        let mut file = made?;
        file.write_all(bytes)?;
        file.write_all(place.checksum(bytes).as_bytes())?;
        if let Err(refused) = file.persist(&path) {
            if refused.error.kind() != ErrorKind::NotFound {
                return Err(refused.error);
            }
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            refused.file.persist(&path).map_err(|refused| refused.error)?;
        }
        if self.is_due(place, bytes.len() as u64) {
            self.sweep();
        }
        Ok(())
    }

    /// Whether the folder is to be looked through: of [`SHARES`] bytes that fill it once, every one is as
    /// likely to be the one. So nothing needs to be counted, whoever else writes.
    fn is_due(&self, place: &Place, bytes: u64) -> bool {
        let [a, b, c, d, ..] = *place.name.as_bytes();
        let lot = u64::from(u32::from_le_bytes([a, b, c, d]));
        let share = (self.most_bytes.unwrap_or(MOST_BYTES) / SHARES).max(1);
        u128::from(lot) * u128::from(share) < u128::from(bytes.max(BLOCK)) << 32
    }

    /// Removes what killed processes left, and the entries that were not used for longest where there is
    /// more than there may be.
    pub(super) fn sweep(&self) {
        let Ok(_one) = self.sweep.try_lock() else { return };
        let root = self.root();
        for left in files(&root.join(UNFINISHED)) {
            if SystemTime::now().duration_since(left.used).is_ok_and(|age| age > LEFT_AFTER) {
                drop(fs::remove_file(left.path));
            }
        }
        let Some(most_bytes) = self.most_bytes else { return };
        let mut all: Vec<Found> = self.entries().flat_map(|(_, entries)| entries).collect();
        let mut bytes: u64 = all.iter().map(|found| found.bytes.max(BLOCK)).sum();
        if bytes <= most_bytes {
            return;
        }
        all.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let enough = most_bytes / 10 * 9;
        for found in all {
            if bytes <= enough {
                break;
            }
            // Another process may have removed it already.
            drop(fs::remove_file(found.path));
            bytes = bytes.saturating_sub(found.bytes.max(BLOCK));
        }
    }

    /// The entries of each kind.
    fn entries(&self) -> impl Iterator<Item = (String, Vec<Found>)> {
        folders(&self.root(), |name| name != UNFINISHED).into_iter().map(|kind| {
            let name = kind.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let parts = folders(&kind, |name| name.len() == 2 && is_hex(name));
            let entries = parts.iter().flat_map(|part| files(part)).filter(|found| {
                found.path.file_name().and_then(|name| name.to_str()).is_some_and(is_hex)
            });
            (name, entries.collect())
        })
    }

    pub(super) fn stat(&self) -> io::Result<Stat> {
        match fs::read_dir(self.root()) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut kinds = BTreeMap::new();
        for (kind, entries) in self.entries() {
            let bytes = entries.iter().map(|found| found.bytes).sum();
            kinds.insert(kind, Held { entries: entries.len() as u64, bytes });
        }
        Ok(Stat {
            folder: self.path.clone(),
            entries: kinds.values().map(|held| held.entries).sum(),
            bytes: kinds.values().map(|held| held.bytes).sum(),
            most_bytes: self.most_bytes.unwrap_or(MOST_BYTES),
            kinds,
        })
    }

    /// Removes what slim wrote; a folder that is not there is a cache with nothing in it.
    pub(super) fn clean(&self) -> Result<Stat, NotACache> {
        let root = self.root();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| NotACache::Io(path, error)
        };
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.stat().map_err(failed(&root));
            }
            _ => {}
        }
        let tag = root.join(TAG.0);
        let is_ours = is_folder(&root) && fs::read_to_string(&tag).is_ok_and(|text| text == TAG.1);
        let is_empty = || fs::read_dir(&self.path).is_ok_and(|mut all| all.next().is_none());
        if !is_ours && !is_empty() {
            return Err(NotACache::Foreign(self.path.clone()));
        }
        let stat = self.stat().map_err(failed(&root))?;
        let kinds: Vec<Vec<Found>> = self.entries().map(|(_, entries)| entries).collect();
        for found in kinds.into_iter().flatten().chain(files(&root.join(UNFINISHED))) {
            gone(fs::remove_file(&found.path)).map_err(failed(&found.path))?;
        }
        for kind in folders(&root, |_| true) {
            // What holds something else stays.
            folders(&kind, |_| true).iter().for_each(|part| drop(fs::remove_dir(part)));
            drop(fs::remove_dir(kind));
        }
        // Where another process is writing, it stays a cache.
        if !root.join(UNFINISHED).exists() {
            gone(fs::remove_file(&tag)).map_err(failed(&tag))?;
        }
        drop(fs::remove_dir(root));
        Ok(stat)
    }
}

/// A file with what it holds.
fn read(path: &Path) -> Option<(fs::File, Metadata, Vec<u8>)> {
    let mut file = fs::File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let mut stored = Vec::new();
    stored.try_reserve_exact(usize::try_from(metadata.len()).ok()?).ok()?;
    io::Read::read_to_end(&mut file, &mut stored).ok()?;
    Some((file, metadata, stored))
}

/// A file to write an entry into; who may read it, the umask says.
fn unfinished_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

/// What was done, or need not be: it is gone already.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn is_hex(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_older(metadata: &Metadata, age: Duration) -> bool {
    let age_of = metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age_of.is_some_and(|of| of > age)
}

/// Whether this is a folder, and no link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// The folders in a folder by their names, links left out.
fn folders(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_it = |entry: &fs::DirEntry| {
        entry.file_type().is_ok_and(|kind| kind.is_dir())
            && entry.file_name().to_str().is_some_and(&wanted)
    };
    let mut found: Vec<PathBuf> = entries.filter(is_it).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The files in a folder, links left out.
fn files(folder: &Path) -> Vec<Found> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        // Of a link this is the link's own.
        let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Some(Found { path: entry.path(), used, bytes: metadata.len() })
    });
    found.collect()
}
