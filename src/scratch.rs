//! Temporary folders that do not outlive the program, however it ends; files that appear whole or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// The folders of this process, for the moment of an interrupt.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A new folder in the system's folder for such, removed when it is dropped.
///
/// # Errors
/// When it cannot be created.
pub fn folder(prefix: &str) -> io::Result<TempDir> {
    // Locked before it is made: an interrupt must not come between.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
    open.push(folder.path().to_owned());
    Ok(folder)
}

/// Removes what is there still. The process must end right after.
pub fn abandon() {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.drain(..).for_each(|folder| remove(&folder));
    // Nobody makes another one any more.
    std::mem::forget(open);
}

/// Removes a folder that other threads may be writing into: they no longer find it under its name.
pub fn remove(folder: &Path) {
    let mut aside = folder.as_os_str().to_owned();
    aside.push("-gone");
    let aside = PathBuf::from(aside);
    let folder = if fs::rename(folder, &aside).is_ok() { &aside } else { folder };
    // Nobody is left who could be told of a failure.
    let _ = fs::remove_dir_all(folder);
}

/// Writes a file that others may read, whole or not at all. What is there and no file, such as a pipe, is
/// written into, and so is what our own stdout or stderr goes to.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return fs::write(path, bytes);
    }
    if let Some(mut stream) = stream_into(path) {
        return stream.write_all(bytes.as_ref());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Asked for by itself, so that an error tells of no name that only we know.
    fs::metadata(folder.unwrap_or(Path::new(".")))?;
    // An interrupt waits until it is whole: what it is made as would be left behind.
    let _held = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes.as_ref())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The stream of ours that goes into this file, for whoever says `/dev/stdout`: a file in its place would be
/// another than the one that the shell opened.
fn stream_into(path: &Path) -> Option<File> {
    let of = |found: Metadata| (found.is_file(), found.dev(), found.ino());
    let there = of(fs::metadata(path).ok()?);
    let (out, err) = (io::stdout(), io::stderr());
    [out.as_fd(), err.as_fd()].into_iter().find_map(|stream| {
        let file = File::from(stream.try_clone_to_owned().ok()?);
        (of(file.metadata().ok()?) == there).then_some(file)
    })
}
