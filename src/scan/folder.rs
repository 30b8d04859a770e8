//! Walks a folder: follows symbolic links, refuses what is no file.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rayon::prelude::*;
use rustix::fs::OFlags;
use walkdir::{DirEntry, WalkDir};

use super::{Found, Inode, Seen, Source, Walked, bad_name};
use crate::failure::Failure;
use crate::memory::room;
use crate::tree::{HEAD, Kind, Lent, Pool, RelPath, Sparse, Step};

/// The deepest folder that is walked; deeper ones cannot be paths on Lambda.
const DEEPEST: usize = 1_000;

/// From this many bytes on no zip for Lambda can hold a file; what it is, is not looked into.
const TOO_LARGE: u64 = 1 << 32;

/// Files above this many bytes are not worth clearing memory for to save a system call.
const LARGE: usize = 64 << 10;

/// Walks `root`, its top-level entries in parallel.
pub(super) fn walk(root: &Path) -> Result<Walked> {
    let entries =
        fs::read_dir(root).with_context(|| format!("failed to read {}", root.display()))?;
    let mut tops = Vec::new();
    for entry in entries {
        tops.push(entry.with_context(|| format!("failed to read {}", root.display()))?.path());
    }
    let parts: Vec<Result<Part>> = tops.par_iter().map(|top| walk_top(root, top)).collect();
    let mut walked =
        Walked { source: Source::Folder(root.to_owned()), found: Vec::new(), links_followed: 0 };
    for part in parts {
        let part = part?;
        walked.found.extend(part.found);
        walked.links_followed += part.links;
    }
    Ok(walked)
}

#[derive(Default)]
struct Part {
    found: Vec<Found>,
    links: usize,
}

fn walk_top(root: &Path, top: &Path) -> Result<Part> {
    let mut part = Part::default();
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut filled: HashSet<PathBuf> = HashSet::new();
    for entry in WalkDir::new(top).follow_links(true).max_depth(DEEPEST + 1) {
        let entry = entry.map_err(|error| {
            let folder = folders.iter().rev().find(|folder| is_at(folder, top, error.depth()));
            explained(&error, folder.map_or(top, PathBuf::as_path))
        })?;
        if entry.depth() > DEEPEST {
            let shown = entry.path().display();
            return Err(Failure::io(format!(
                "failed to scan {shown}: over {DEEPEST} folders deep"
            ))
            .into());
        }
        part.links += usize::from(entry.path_is_symlink());
        if let Some(parent) = entry.path().parent()
            && !filled.contains(parent)
        {
            filled.insert(parent.to_owned());
        }
        if entry.file_type().is_dir() {
            folders.push(entry.into_path());
        } else {
            part.found.push(file(root, &entry)?);
        }
    }
    for folder in folders.iter().filter(|folder| !filled.contains(*folder)) {
        part.found.push(Found {
            path: relative(root, folder)?,
            size: 0,
            changed: None,
            executable: true,
            kind: Kind::EmptyFolder,
            member: 0,
        });
    }
    Ok(part)
}

fn file(root: &Path, entry: &DirEntry) -> Result<Found> {
    let shown = entry.path().display();
    let kind = entry.file_type();
    if !kind.is_file() {
        let what = if kind.is_fifo() {
            "a named pipe"
        } else if kind.is_socket() {
            "a socket"
        } else {
            "a device"
        };
        return Err(Failure::io(format!("failed to scan {shown}: it is {what}, not a file"))
            .hint("a zip cannot hold it: remove it from the package")
            .into());
    }
    let metadata = entry.metadata().map_err(|error| explained(&error, entry.path()))?;
    if metadata.len() >= TOO_LARGE {
        return Err(Failure::io(format!(
            "failed to scan {shown}: it has {} bytes, and a zip for Lambda holds files below 4 GiB",
            metadata.len()
        ))
        .hint("remove it from the package: Lambda unpacks at most 250 MB")
        .into());
    }
    Ok(Found {
        path: relative(root, entry.path())?,
        size: metadata.len(),
        changed: metadata.modified().ok(),
        executable: metadata.permissions().mode() & 0o111 != 0,
        kind: Kind::Regular,
        member: 0,
    })
}

fn relative(root: &Path, path: &Path) -> Result<RelPath> {
    path.strip_prefix(root)
        .ok()
        .and_then(Path::to_str)
        .and_then(RelPath::new)
        .ok_or_else(|| bad_name(&path.to_string_lossy()))
}

/// Whether a folder below `top` is the one whose entries have this depth.
fn is_at(folder: &Path, top: &Path, depth: usize) -> bool {
    folder.components().count() + 1 == top.components().count() + depth
}

/// One line for what stopped the walk, both ends of a link named; `folder` is the one that was read.
fn explained(error: &walkdir::Error, folder: &Path) -> anyhow::Error {
    let path = error.path().unwrap_or(folder);
    let shown = path.display();
    if let Some(ancestor) = error.loop_ancestor() {
        return Failure::io(format!(
            "failed to scan {shown}: it is a symbolic link that leads back to {}",
            ancestor.display()
        ))
        .hint("remove the link: a zip cannot hold a loop")
        .into();
    }
    if let Ok(target) = fs::read_link(path) {
        return Failure::io(format!(
            "failed to scan {shown}: the symbolic link leads to {}, which cannot be read",
            target.display()
        ))
        .hint("restore what the link leads to, or remove the link")
        .into();
    }
    let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    Failure::io(format!("failed to scan {shown}: {cause}")).into()
}

/// Opens what was a file when it was walked. Should it be a named pipe by now, nobody is waited for; it
/// is then seen to have changed.
fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// The bytes of a file, as many as it has when it is opened.
pub(super) fn read(path: &Path) -> Result<(Seen, Vec<u8>)> {
    let failed = || format!("failed to read {}", path.display());
    let mut file = open(path).with_context(failed)?;
    let size = usize::try_from(file.metadata().with_context(failed)?.len())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room(size)).with_context(failed)?;
    if size > LARGE {
        (&file).take(size as u64).read_to_end(&mut bytes).with_context(failed)?;
        let seen = seen(&file, bytes.len()).with_context(failed)?;
        return Ok((seen, bytes));
    }
    // One call where all comes at once: the end needs no second one to be seen.
    bytes.resize(size, 0);
    let mut read = 0;
    while read < size {
        match file.read(&mut bytes[read..]).with_context(failed)? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    let seen = seen(&file, read).with_context(failed)?;
    Ok((seen, bytes))
}

/// A file as it is, to be read piece by piece.
pub(super) fn pieces(path: &Path) -> Result<(Seen, fs::File)> {
    let failed = || format!("failed to read {}", path.display());
    let file = open(path).with_context(failed)?;
    let size = usize::try_from(file.metadata().with_context(failed)?.len())?;
    Ok((seen(&file, size).with_context(failed)?, file))
}

/// What is known of a file once so many bytes of it were read: only then, so that what was written
/// meanwhile shows.
fn seen(file: &fs::File, size: usize) -> io::Result<Seen> {
    Ok(Seen { size: size as u64, changed: file.metadata()?.modified().ok() })
}

thread_local! {
    /// What is hashed at once: small enough to stay in the processor's cache.
    static PART: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 << 10]);
}

/// Which file it is, and the hash of all its bytes; they are read only where it is not `known`.
pub(super) fn hash(
    path: &Path,
    known: impl Fn(&Inode) -> Option<blake3::Hash>,
) -> Result<(Seen, Inode, blake3::Hash)> {
    let failed = || format!("failed to read {}", path.display());
    let mut file = open(path).with_context(failed)?;
    let metadata = file.metadata().with_context(failed)?;
    let size = usize::try_from(metadata.len())?;
    let inode = (metadata.dev(), metadata.ino());
    if let Some(hash) = known(&inode) {
        return Ok((seen(&file, size).with_context(failed)?, inode, hash));
    }
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    PART.with_borrow_mut(|part| {
        loop {
            let more = file.read(part).with_context(failed)?;
            hasher.update(&part[..more]);
            size += more;
            // Where there is room left the end was met: it need not be asked for once more.
            if more < part.len() {
                let seen = seen(&file, size).with_context(failed)?;
                return Ok((seen, inode, hasher.finalize()));
            }
        }
    })
}

/// A file as it is, and its bytes where it matters, zeros elsewhere; the head alone where nothing
/// else does.
pub(super) fn read_parts<'p>(
    path: &Path,
    steps: &[Step<'_>],
    pool: &'p Pool,
) -> Result<(Seen, Sparse<'p>)> {
    let failed = || format!("failed to read {}", path.display());
    let file = open(path).with_context(failed)?;
    let size = usize::try_from(file.metadata().with_context(failed)?.len())?;
    let seen = || seen(&file, size).with_context(failed);
    let mut head = vec![0; size.min(HEAD)];
    file.read_exact_at(&mut head, 0).with_context(failed)?;
    let Some((first, steps)) = steps.split_first() else {
        return Ok((seen()?, Sparse::Whole(head)));
    };
    let parts = first(&head, size);
    if parts.is_empty() {
        return Ok((seen()?, Sparse::Whole(head)));
    }
    let mut bytes = pool.lend(size);
    bytes.place(0..head.len()).copy_from_slice(&head);
    fill(&file, &mut bytes, parts).with_context(failed)?;
    for step in steps {
        let parts = step(&bytes, size);
        fill(&file, &mut bytes, parts).with_context(failed)?;
    }
    Ok((seen()?, Sparse::Gaps(bytes)))
}

/// Reads some parts of a file, the head apart.
fn fill(file: &fs::File, bytes: &mut Lent<'_>, parts: Vec<Range<usize>>) -> io::Result<()> {
    for part in parts {
        let start = part.start.max(HEAD);
        if start < part.end {
            file.read_exact_at(bytes.place(start..part.end), start as u64)?;
        }
    }
    Ok(())
}
