//! What a run left behind in the function's folder, and what lies in one.
//!
//! In a namespace it is read-only, as on Lambda; elsewhere whoever may do anything may write.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use walkdir::WalkDir;

use crate::runtime::room::Isolation;

/// Every file with its size and time; nothing where nothing can be written.
pub(super) fn listing(
    folder: &Path,
    isolation: Isolation,
) -> BTreeMap<String, (u64, Option<SystemTime>)> {
    if isolation != Isolation::Permissions {
        return BTreeMap::new();
    }
    let files =
        WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let told = files.filter_map(|entry| {
        let path = entry.path().strip_prefix(folder).ok()?.to_string_lossy().into_owned();
        let metadata = entry.metadata().ok()?;
        Some((path, (metadata.len(), metadata.modified().ok())))
    });
    told.collect()
}

/// The files that are new, gone or changed.
pub(super) fn changes<T: PartialEq>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
) -> Vec<String> {
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    let mut all: Vec<String> = before.keys().chain(after.keys()).filter(differs).cloned().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A hash of every file of a folder with its path.
///
/// # Errors
/// When something in it cannot be read.
pub fn content(folder: &Path) -> Result<Vec<u8>> {
    let failed = || format!("failed to read {}", folder.display());
    let mut hasher = blake3::Hasher::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.with_context(failed)?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy();
            hasher.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes());
            let bytes = std::fs::read(entry.path()).with_context(failed)?;
            hasher.update(blake3::hash(&bytes).as_bytes());
        }
    }
    Ok(hasher.finalize().as_bytes().to_vec())
}
