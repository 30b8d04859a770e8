//! Walks folders and zips into one Tree.

mod folder;
mod mistaken;
mod zipped;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::tree::{
    Contents, File, FileId, FileMap, Kind, Layout, Package, PackageId, Pool, RelPath, Sparse, Step,
    Tree,
};
use crate::zip::reader::Reader;

/// What to do about a zip that cannot be read.
const ANEW: &str = "make the zip anew from the folder, or pass the folder";

/// What a walk of one package found.
struct Walked {
    source: Source,
    found: Vec<Found>,
    links_followed: usize,
}

/// A file as it was when it was read.
struct Seen {
    size: u64,
    /// When it was last written; None in a zip, which is opened once.
    changed: Option<SystemTime>,
}

/// One file as a walk found it.
struct Found {
    path: RelPath,
    size: u64,
    /// When it was last written; None in a zip.
    changed: Option<SystemTime>,
    executable: bool,
    kind: Kind,
    /// The member of the zip that holds the bytes; 0 in a folder.
    member: usize,
}

enum Source {
    Folder(PathBuf),
    Zip(Box<Reader>),
}

/// The tree with the means to read its files.
pub struct Scanned {
    /// What was found.
    pub tree: Tree,
    sources: Vec<Source>,
    members: FileMap<Member>,
    held: FileMap<OnceLock<Box<[u8]>>>,
    hashes: FileMap<OnceLock<blake3::Hash>>,
    /// When the files of folders were last written, as the walk saw them.
    changed: FileMap<OnceLock<SystemTime>>,
    room: AtomicU64,
    pool: Pool,
}

/// Where the bytes of a file lie.
#[derive(Clone, Copy)]
struct Member {
    /// The folder or zip, by its number.
    source: usize,
    /// The member of the zip; 0 in a folder.
    member: usize,
}

/// Which file of which device it is.
type Inode = (u64, u64);

/// Hashes of files that were read, so that one to which several names lead is read once.
#[derive(Default)]
pub struct Hashed(Mutex<HashMap<Inode, (u64, blake3::Hash)>>);

/// A package that is to be walked.
pub struct Wanted<'a> {
    /// Its folder or zip.
    pub root: &'a Path,
    /// A second folder or zip of which the package has what the first does not.
    pub under: Option<&'a Path>,
    /// Its name, where that is not to be the folder's or the zip's.
    pub name: Option<&'a str>,
}

/// Largest file that is held in memory once it was read, in bytes: every stage reads it again,
/// and opening costs more than its bytes.
const SMALL: u64 = 64 << 10;
/// Most bytes that are held.
const MOST_HELD: u64 = 32 << 20;

/// Walks every package, in the order named.
///
/// # Errors
/// A [`Failure`]: usage when a package is missing or of a wrong kind, input/output when something
/// in it is unreadable, no regular file, a dangling or looping link, or badly named.
pub fn scan(packages: &[PathBuf], progress: &dyn Progress) -> Result<Scanned> {
    let wanted = packages.iter().map(|root| Wanted { root, under: None, name: None });
    scan_all(&wanted.collect::<Vec<_>>(), progress)
}

/// Walks every package, in the order named.
///
/// # Errors
/// As [`scan`]; usage also where a package that is to have a second folder is a layer tree, or the
/// second is one.
pub fn scan_all(packages: &[Wanted<'_>], progress: &dyn Progress) -> Result<Scanned> {
    progress.begin("scanning", 0);
    let mut named = Vec::new();
    let mut files: Vec<(PackageId, usize, Found)> = Vec::new();
    let mut sources = Vec::new();
    for (index, wanted) in packages.iter().enumerate() {
        let id = PackageId(u16::try_from(index).context("failed to scan over 65,535 packages")?);
        let mut walked = vec![walk(wanted.root)?];
        let mut layout = layout(&walked[0].found);
        if let Some(under) = wanted.under {
            let mut second = walk(under)?;
            layout = self::layout(&second.found);
            let there: HashSet<&str> =
                walked[0].found.iter().map(|found| found.path.as_str()).collect();
            second.found.retain(|found| !there.contains(found.path.as_str()));
            walked.push(second);
        }
        named.push(Package {
            name: wanted
                .name
                .map_or_else(|| package_name(wanted.root), |name| Ok(name.to_owned()))?,
            root: wanted.root.to_owned(),
            overlaid: wanted.under.is_some(),
            layout,
            links_followed: walked.iter().map(|walked| walked.links_followed).sum(),
        });
        for walked in walked {
            files.extend(walked.found.into_iter().map(|found| (id, sources.len(), found)));
            sources.push(walked.source);
        }
    }
    files.sort_by(|(a, _, found_a), (b, _, found_b)| (a, &found_a.path).cmp(&(b, &found_b.path)));
    let member =
        |(_, source, found): &(_, usize, Found)| Member { source: *source, member: found.member };
    let members = FileMap::from_values(files.iter().map(member).collect());
    let changed =
        |(_, _, found): &(_, _, Found)| found.changed.map_or_else(OnceLock::new, Into::into);
    let changed = FileMap::from_values(files.iter().map(changed).collect());
    let files = files.into_iter().map(|(package, _, found)| File {
        package,
        path: found.path,
        size: found.size,
        executable: found.executable,
        kind: found.kind,
    });
    let tree = Tree::new(named, files.collect());
    progress.end();
    let held = FileMap::from_values((0..tree.len()).map(|_| OnceLock::new()).collect());
    let hashes = FileMap::from_values((0..tree.len()).map(|_| OnceLock::new()).collect());
    Ok(Scanned {
        tree,
        sources,
        members,
        held,
        hashes,
        changed,
        room: AtomicU64::new(MOST_HELD),
        pool: Pool::default(),
    })
}

fn walk(root: &Path) -> Result<Walked> {
    let shown = root.display();
    let metadata = match std::fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(mistaken::absent(root).into());
        }
        Err(error) => return Err(error).with_context(|| format!("failed to read {shown}")),
    };
    let refused = match metadata.is_dir() {
        true => mistaken::no_package(root),
        false => mistaken::no_zip(root),
    };
    match refused {
        Some(failure) => Err(failure.into()),
        None if metadata.is_dir() => folder::walk(root),
        None => zipped::walk(root),
    }
}

/// The name that the outputs of this package get.
fn package_name(root: &Path) -> Result<String> {
    let resolved =
        root.canonicalize().with_context(|| format!("failed to read {}", root.display()))?;
    let name = if resolved.is_dir() { resolved.file_name() } else { root.file_stem() };
    match name.map(|name| name.to_str()) {
        Some(Some(name)) => Ok(name.to_owned()),
        Some(None) => Err(bad_name(&resolved.to_string_lossy())),
        None => Ok("package".to_owned()),
    }
}

fn bad_name(path: &str) -> anyhow::Error {
    Failure::io(format!("failed to scan {path:?}: its name is not valid UTF-8"))
        .hint("Lambda's zips hold UTF-8 names: rename the file")
        .into()
}

/// Finds the import root: where the distributions' metadata lies.
fn layout(found: &[Found]) -> Layout {
    let roots: BTreeSet<&str> =
        found.iter().flat_map(|file| metadata_parents(file.path.as_str())).collect();
    if roots.contains("") {
        return Layout::Flat;
    }
    let is_layer = |root: &&&str| **root == "python" || is_versioned_site_packages(root);
    roots.iter().find(is_layer).map_or(Layout::Flat, |root| Layout::Layer((*root).to_owned()))
}

/// The folder that holds the dist-info or egg-info which this path names or lies in.
fn metadata_parents(path: &str) -> Option<&str> {
    let mut start = 0;
    for part in path.split('/') {
        if part.ends_with(".dist-info") || part.ends_with(".egg-info") {
            return Some(path[..start].trim_end_matches('/'));
        }
        start += part.len() + 1;
    }
    None
}

fn is_versioned_site_packages(root: &str) -> bool {
    root.strip_prefix("python/lib/python3.")
        .and_then(|rest| rest.strip_suffix("/site-packages"))
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

impl Contents for Scanned {
    fn read(&self, id: FileId) -> Result<Vec<u8>> {
        if let Some(held) = self.held[id].get() {
            return Ok(held.to_vec());
        }
        let bytes = self.read_anew(id)?;
        let size = bytes.len() as u64;
        let take = |room: u64| room.checked_sub(size);
        if size <= SMALL
            && self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
        {
            // Whoever came first holds the same bytes.
            let _ = self.held[id].set(bytes.clone().into_boxed_slice());
        }
        Ok(bytes)
    }

    fn open(&self, id: FileId) -> Result<Box<dyn Read + '_>> {
        let file = self.tree.file(id);
        let Source::Folder(root) = &self.sources[self.members[id].source] else {
            return Ok(Box::new(Cursor::new(self.read(id)?)));
        };
        let (seen, reader) = folder::pieces(&root.join(file.path.as_str()))?;
        self.unchanged(id, &seen)?;
        Ok(Box::new(reader))
    }

    fn hash(&self, id: FileId) -> Result<blake3::Hash> {
        if let Some(hash) = self.hashes[id].get() {
            return Ok(*hash);
        }
        let file = self.tree.file(id);
        let hash = match (&self.sources[self.members[id].source], self.held[id].get()) {
            (_, Some(held)) => blake3::hash(held),
            (Source::Folder(root), None) if file.size > SMALL => {
                let (seen, _, hash) = folder::hash(&root.join(file.path.as_str()), |_| None)?;
                self.unchanged(id, &seen)?;
                hash
            }
            (Source::Folder(_) | Source::Zip(_), None) => blake3::hash(&self.read(id)?),
        };
        Ok(*self.hashes[id].get_or_init(|| hash))
    }

    fn read_parts(&self, id: FileId, steps: &[Step<'_>]) -> Result<Sparse<'_>> {
        let file = self.tree.file(id);
        match &self.sources[self.members[id].source] {
            Source::Folder(root) if file.size > SMALL => {
                let (seen, bytes) =
                    folder::read_parts(&root.join(file.path.as_str()), steps, &self.pool)?;
                self.unchanged(id, &seen)?;
                Ok(bytes)
            }
            Source::Folder(_) | Source::Zip(_) => Ok(Sparse::Whole(self.read(id)?)),
        }
    }
}

impl Scanned {
    /// Bytes that a file takes in its zip; None in a folder.
    pub fn packed_size(&self, id: FileId) -> Option<u64> {
        let member = self.members[id];
        match &self.sources[member.source] {
            Source::Folder(_) => None,
            Source::Zip(reader) => Some(reader.members().get(member.member)?.packed_size),
        }
    }

    fn read_anew(&self, id: FileId) -> Result<Vec<u8>> {
        let file = self.tree.file(id);
        let path = file.path.as_str();
        match &self.sources[self.members[id].source] {
            Source::Folder(root) => {
                let (seen, bytes) = folder::read(&root.join(path))?;
                self.unchanged(id, &seen)?;
                Ok(bytes)
            }
            Source::Zip(reader) => {
                let zip = &self.tree.package(file.package).root;
                let bytes = reader
                    .read(self.members[id].member)
                    .map_err(|error| zipped::unreadable(path, zip, &error))?;
                self.unchanged(id, &Seen { size: bytes.len() as u64, changed: None })?;
                Ok(bytes)
            }
        }
    }

    /// The hash of a file, which is held in memory no longer than it takes; one that several packages
    /// lead to is read once.
    ///
    /// # Errors
    /// As [`Contents::read`].
    pub fn hash_once(&self, id: FileId, hashed: &Hashed) -> Result<blake3::Hash> {
        let file = self.tree.file(id);
        let Source::Folder(root) = &self.sources[self.members[id].source] else {
            return self.hash(id);
        };
        let known = |inode: &Inode| {
            let hashed = hashed.0.lock().unwrap_or_else(PoisonError::into_inner);
            hashed.get(inode).filter(|(size, _)| *size == file.size).map(|(_, hash)| *hash)
        };
        let (seen, inode, hash) = folder::hash(&root.join(file.path.as_str()), known)?;
        self.unchanged(id, &seen)?;
        let mut hashed = hashed.0.lock().unwrap_or_else(PoisonError::into_inner);
        hashed.insert(inode, (seen.size, hash));
        Ok(*self.hashes[id].get_or_init(|| hash))
    }

    /// Gives back what is held of contents.
    pub fn release(&mut self) {
        self.held = FileMap::from_values((0..self.tree.len()).map(|_| OnceLock::new()).collect());
        self.room = AtomicU64::new(MOST_HELD);
    }

    /// Whether a file still has the size that the scan saw, and was not written since.
    fn unchanged(&self, id: FileId, seen: &Seen) -> Result<()> {
        let file = self.tree.file(id);
        let before = seen.changed.map(|changed| *self.changed[id].get_or_init(|| changed));
        if seen.size != file.size || before != seen.changed {
            let how = match seen.size == file.size {
                true => "it was written".to_owned(),
                false => format!("{} bytes, then {}", file.size, seen.size),
            };
            return Err(Failure::io(format!(
                "failed to read {}: it changed while slim was running ({how})",
                file.path.as_str(),
            ))
            .hint("let the install finish before slim starts")
            .into());
        }
        Ok(())
    }
}
