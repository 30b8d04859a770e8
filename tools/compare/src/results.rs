//! What was measured before, so that a long comparison can stop and go on.
//!
//! One file for each tree and peer. A slim's result counts only while that slim has not been built anew; the others'
//! until the folder is removed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::contest::Outcome;
use crate::peers::Peer;

#[cfg(test)]
mod tests;

/// A folder of results, or none.
pub struct Results<'a> {
    folder: Option<&'a Path>,
    slim: &'a Path,
}

impl<'a> Results<'a> {
    /// Results in `folder`, those of `slim` among them.
    pub fn new(folder: Option<&'a Path>, slim: &'a Path) -> Self {
        Self { folder, slim }
    }

    /// What came of `peer` on `tree`, where that is known and still true.
    pub fn get(&self, tree: &str, peer: &Peer) -> Option<Outcome> {
        let path = self.path(tree, peer)?;
        if peer.is_slim() && !newer(&path, self.slim).unwrap_or(false) {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Keeps what came of `peer` on `tree`, unless that is only that it could not be measured.
    pub fn put(&self, tree: &str, peer: &Peer, outcome: &Outcome) -> Result<()> {
        let (Some(path), Outcome::Measured(_) | Outcome::Slow(_)) =
            (self.path(tree, peer), outcome)
        else {
            return Ok(());
        };
        let failed = || format!("failed to write `{}`", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        fs::write(&path, serde_json::to_vec(outcome)?).with_context(failed)
    }

    fn path(&self, tree: &str, peer: &Peer) -> Option<PathBuf> {
        Some(self.folder?.join(tree).join(peer.name).with_extension("json"))
    }
}

fn newer(path: &Path, than: &Path) -> std::io::Result<bool> {
    Ok(path.metadata()?.modified()? >= than.metadata()?.modified()?)
}
