//! A hash of every file, which is read for it whole.

use anyhow::Result;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::progress::Progress;
use crate::scan::{Hashed, Scanned};
use crate::tree::{FileMap, Kind};

/// A BLAKE3 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its beginning in hex, which is enough to tell a few thousand apart.
    pub fn short(&self) -> String {
        self.0[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

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
                Kind::Regular => Digest(scanned.blake3(id, hashed)?),
            };
            progress.advance(file.size);
            Ok(digest)
        })
        .collect();
    progress.end();
    Ok(FileMap::from_values(hashes?))
}
