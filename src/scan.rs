//! Walks folders and zips into one Tree.

mod folder;
mod zipped;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
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
    members: FileMap<usize>,
    held: FileMap<OnceLock<Box<[u8]>>>,
    hashes: FileMap<OnceLock<blake3::Hash>>,
    /// When the files of folders were last written, as they were first opened.
    changed: FileMap<OnceLock<SystemTime>>,
    room: AtomicU64,
    pool: Pool,
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
    progress.begin("scanning", 0);
    let mut named = Vec::new();
    let mut files = Vec::new();
    let mut sources = Vec::new();
    for (index, root) in packages.iter().enumerate() {
        let id = PackageId(u16::try_from(index).context("failed to scan over 65,535 packages")?);
        let walked = walk(root)?;
        named.push(Package {
            name: package_name(root)?,
            root: root.clone(),
            layout: layout(&walked.found),
            links_followed: walked.links_followed,
        });
        sources.push(walked.source);
        files.extend(walked.found.into_iter().map(|found| (id, found)));
    }
    files.sort_by(|(a, found_a), (b, found_b)| (a, &found_a.path).cmp(&(b, &found_b.path)));
    let members = FileMap::from_values(files.iter().map(|(_, found)| found.member).collect());
    let files = files.into_iter().map(|(package, found)| File {
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
    let changed = FileMap::from_values((0..tree.len()).map(|_| OnceLock::new()).collect());
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
            return Err(Failure::usage(format!(
                "failed to find package {shown}: there is no such file or folder"
            ))
            .hint("PACKAGE is the folder that `pip install -t` filled, or a .zip of it")
            .into());
        }
        Err(error) => return Err(error).with_context(|| format!("failed to read {shown}")),
    };
    if metadata.is_dir() {
        return folder::walk(root);
    }
    wrong_kind(root)?;
    zipped::walk(root)
}

/// Refuses files that are no package zip, with what to do instead.
fn wrong_kind(path: &Path) -> Result<()> {
    let shown = path.display();
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    let hint = match extension.as_str() {
        "zip" => return Ok(()),
        "whl" => "install it first: pip install --target package the.whl, then slim build package",
        "txt" | "toml" | "lock" => {
            "install what it lists first: pip install --target package -r FILE, then slim build package"
        }
        _ => "PACKAGE is the folder that `pip install -t` filled, or a .zip of it",
    };
    Err(Failure::usage(format!(
        "failed to read package {shown}: it is neither a folder nor a .zip"
    ))
    .hint(hint)
    .into())
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

    fn hash(&self, id: FileId) -> Result<blake3::Hash> {
        if let Some(hash) = self.hashes[id].get() {
            return Ok(*hash);
        }
        let file = self.tree.file(id);
        let hash = match (&self.sources[usize::from(file.package.0)], self.held[id].get()) {
            (_, Some(held)) => blake3::hash(held),
            (Source::Folder(root), None) if file.size > SMALL => {
                let (seen, hash) = folder::hash(&root.join(file.path.as_str()))?;
                self.unchanged(id, &seen)?;
                hash
            }
            (Source::Folder(_) | Source::Zip(_), None) => blake3::hash(&self.read(id)?),
        };
        Ok(*self.hashes[id].get_or_init(|| hash))
    }

    fn read_parts(&self, id: FileId, steps: &[Step<'_>]) -> Result<Sparse<'_>> {
        let file = self.tree.file(id);
        match &self.sources[usize::from(file.package.0)] {
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
    fn read_anew(&self, id: FileId) -> Result<Vec<u8>> {
        let file = self.tree.file(id);
        let path = file.path.as_str();
        match &self.sources[usize::from(file.package.0)] {
            Source::Folder(root) => {
                let (seen, bytes) = folder::read(&root.join(path))?;
                self.unchanged(id, &seen)?;
                Ok(bytes)
            }
            Source::Zip(reader) => {
                let bytes = reader.read(self.members[id]).map_err(|error| {
                    let zip = self.tree.package(file.package).root.display();
                    Failure::io(format!("failed to read {path} in {zip}: {error}")).hint(ANEW)
                })?;
                self.unchanged(id, &Seen { size: bytes.len() as u64, changed: None })?;
                Ok(bytes)
            }
        }
    }

    /// Whether a file still has the size that the scan saw, and was not written since it was first read.
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
