//! What nothing reaches from the handlers.

use std::collections::{BTreeMap, HashSet};

use super::table::Rule;
use super::{Change, Named, Proposal, Proposals, table};
use crate::facts::Facts;
use crate::facts::imports::Form;
use crate::facts::names::module_name;
use crate::facts::owners::DistId;
use crate::facts::twins::is_library;
use crate::tree::{FileId, Tree};

/// What other rules propose to look for stays theirs. `twins`: whether further names of a library are
/// looked for by themselves.
pub(super) fn propose(tree: &Tree, facts: &Facts, twins: bool, found: &mut Proposals) {
    let theirs: HashSet<FileId> = found
        .proposals
        .iter()
        .filter(|proposal| proposal.named.is_some())
        .flat_map(|proposal| proposal.files.iter().copied())
        .collect();
    let importable = importable(tree, facts);
    let mut rest: BTreeMap<DistId, Vec<FileId>> = BTreeMap::new();
    for id in tree.ids().filter(|id| !theirs.contains(id)) {
        let Some(dist) = facts.owners.brought_by(id) else { continue };
        let path = tree.import_path(id).unwrap_or(tree.file(id).path.as_str());
        let in_metadata = facts.owners.in_metadata(tree, id).is_some();
        if in_metadata {
            rest.entry(dist).or_default().push(id);
        } else if path.starts_with("bin/") {
            one(tree, &table::UNNAMED_SCRIPT, Form::File, id, found);
        } else if twins && facts.twins.first(id).is_some() {
            one(tree, &table::DUPLICATE_LIBRARY, Form::FurtherName, id, found);
        } else if is_library(tree, &facts.content, id) {
            one(tree, &table::ORPHANED_LIBRARY, Form::Library, id, found);
        } else if module_name(path).is_some() {
            one(tree, &table::UNREACHED_MODULE, Form::Module, id, found);
        } else if !path.ends_with(".pth") {
            rest.entry(dist).or_default().push(id);
        }
    }
    for (dist, files) in rest.into_iter().filter(|(dist, _)| importable.contains(dist)) {
        let distribution = facts.owners.distribution(dist);
        let (package, path) = (distribution.package, distribution.info.clone());
        found.proposals.push(Proposal {
            rule: &table::UNREACHED_DISTRIBUTION,
            change: Change::Drop,
            files,
            named: Some(Named { package, path, form: Form::Distribution }),
        });
    }
}

fn one(tree: &Tree, rule: &'static Rule, form: Form, id: FileId, found: &mut Proposals) {
    let package = tree.file(id).package;
    let path = tree.import_path(id).unwrap_or(tree.file(id).path.as_str()).to_owned();
    let named = Some(Named { package, path, form });
    found.proposals.push(Proposal { rule, change: Change::Drop, files: vec![id], named });
}

/// The distributions that something can be imported from.
fn importable(tree: &Tree, facts: &Facts) -> HashSet<DistId> {
    let modules = tree.ids().filter(|id| {
        let in_metadata = facts.owners.in_metadata(tree, *id).is_some();
        !in_metadata && tree.import_path(*id).and_then(module_name).is_some()
    });
    modules.filter_map(|id| facts.owners.brought_by(id)).collect()
}
