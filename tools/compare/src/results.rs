//! What was measured before, so that a long comparison can stop and go on.
//!
//! One file for each tree and peer. A slim's result counts only while that slim has not been built anew; the others'
//! until the folder is removed. One that took too long is tried again with more patience.

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
    patience: Option<u32>,
}

impl<'a> Results<'a> {
    /// Results in `folder`, those of `slim` among them, for who waits so many seconds for a peer.
    pub fn new(folder: Option<&'a Path>, slim: &'a Path, patience: Option<u32>) -> Self {
        Self { folder, slim, patience }
    }

    /// What came of `peer` on `tree`, where that is known and still true.
    pub fn get(&self, tree: &str, peer: &Peer) -> Option<Outcome> {
        let path = self.path(tree, peer)?;
        if peer.is_slim() && !newer(&path, self.slim).unwrap_or(false) {
            return None;
        }
        let outcome = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        match (&outcome, self.patience) {
            (Outcome::Slow(waited), Some(patience)) if patience <= *waited => Some(outcome),
            (Outcome::Slow(_), _) => None,
            (Outcome::Measured(_) | Outcome::Skipped(_) | Outcome::Failed(_), _) => Some(outcome),
        }
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
