//! Files that slim writes itself: what importlib.metadata needs of a reduced dist-info.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::layers::{self, Placement};
use super::{Action, Decision};
use crate::facts::Facts;
use crate::facts::owners::{DistId, Distribution};
use crate::python::source::RecordReader;
use crate::python::{dist, record};
use crate::tree::{FileId, FileMap, Tree};

/// One file that no package holds.
#[derive(Clone, Debug)]
pub struct Generated {
    /// What it belongs to, and ships with.
    pub of: Of,
    /// Its path below the import root.
    pub import_path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a generated file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The distribution whose metadata it is.
    Dist(DistId),
    /// The source whose bytecode it is.
    Source(FileId),
}

/// RECORD where kept code reads it, top_level.txt where it is missing.
pub(super) fn make(
    tree: &Tree,
    facts: &Facts,
    decisions: &FileMap<Decision>,
    placement: &Placement,
    readers: &[RecordReader],
) -> Vec<Generated> {
    let mut read: BTreeSet<String> = BTreeSet::new();
    let mut any = false;
    for reader in readers {
        match &reader.distribution {
            Some(name) => drop(read.insert(dist::normalize(name))),
            None => any = true,
        }
    }
    let mut generated: Vec<Generated> = Vec::new();
    for (id, distribution) in facts.owners.distributions() {
        if !is_reduced(tree, decisions, distribution) {
            continue;
        }
        let top_level = format!("{}/top_level.txt", distribution.info);
        if tree.find_import(distribution.package, &top_level).is_none() {
            let names = dist::top_level(distribution.recorded.iter().map(String::as_str));
            let bytes = names
                .iter()
                .flat_map(|name| [name.as_str(), "\n"])
                .collect::<String>()
                .into_bytes();
            if !bytes.is_empty() {
                generated.push(Generated { of: Of::Dist(id), import_path: top_level, bytes });
            }
        }
        if any || read.contains(&distribution.normalized()) {
            generated.push(shipped_record(tree, facts, decisions, placement, id, &generated));
        }
    }
    // The representative's metadata is what ships of a shared distribution.
    generated.retain(|file| match file.of {
        Of::Dist(dist) => placement.ships_dist(dist),
        Of::Source(_) => true,
    });
    generated
}

/// Whether the rules took RECORD away (at every level, but not where the user said `--keep`).
fn is_reduced(tree: &Tree, decisions: &FileMap<Decision>, distribution: &Distribution) -> bool {
    let metadata = format!("{}/METADATA", distribution.info);
    let dropped =
        distribution.record.is_some_and(|record| decisions[record].action == Action::Drop);
    let metadata = tree.find_import(distribution.package, &metadata);
    dropped && metadata.is_some_and(|metadata| decisions[metadata].action != Action::Drop)
}

/// RECORD of what ships of a distribution, without hashes.
fn shipped_record(
    tree: &Tree,
    facts: &Facts,
    decisions: &FileMap<Decision>,
    placement: &Placement,
    id: DistId,
    generated: &[Generated],
) -> Generated {
    let import_path = format!("{}/RECORD", facts.owners.distribution(id).info);
    let ships =
        |file| facts.owners.brought_by(file) == Some(id) && decisions[file].action != Action::Drop;
    let own = generated
        .iter()
        .filter(|file| file.of == Of::Dist(id))
        .map(|file| file.import_path.as_str());
    let recorded = |file| layers::recorded_path(tree, facts, placement, file);
    let shipped: Vec<Cow<'_, str>> =
        tree.ids().filter(|file| ships(*file)).filter_map(recorded).collect();
    let mut paths: BTreeSet<&str> = shipped.iter().map(AsRef::as_ref).collect();
    paths.extend(own);
    paths.insert(&import_path);
    let bytes = record::write(paths);
    Generated { of: Of::Dist(id), import_path, bytes }
}
