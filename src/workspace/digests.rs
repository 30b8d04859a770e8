//! A hash of every file, which is read for it whole.

use anyhow::Result;
use rayon::prelude::*;

use crate::digest::Digest;
use crate::progress::Progress;
use crate::scan::{Hashed, Scanned};
use crate::tree::{FileMap, Kind};

/// The hash of every file's content; of an empty folder that of nothing.
///
/// # Errors
/// When a file cannot be read, or changed since the scan.
pub fn all(scanned: &Scanned, hashed: &Hashed, progress: &dyn Progress) -> Result<FileMap<Digest>> {
    let tree = &scanned.tree;
    progress.begin("hashing", tree.bytes());
    let ids: Vec<_> = tree.ids().collect();
    let hashes: Result<Vec<Digest>> = ids
        .into_par_iter()
        .map(|id| {
            let file = tree.file(id);
            let digest = match file.kind {
                Kind::EmptyFolder => Digest::of(&[]),
                Kind::Regular => Digest::from_bytes(*scanned.hash_once(id, hashed)?.as_bytes()),
            };
            progress.advance(file.size);
            Ok(digest)
        })
        .collect();
    progress.end();
    Ok(FileMap::from_values(hashes?))
}
