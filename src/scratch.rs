//! Temporary folders that do not outlive the program, however it ends.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// The folders of this process, for the moment of an interrupt.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A new folder in the system's folder for such, removed when it is dropped.
///
/// # Errors
/// When it cannot be created.
pub fn folder(prefix: &str) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
    Ok(folder)
}

/// Removes what is there still. The process must end right after.
pub fn abandon() {
    for folder in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left who could be told of a failure.
        let _ = fs::remove_dir_all(folder);
    }
}
