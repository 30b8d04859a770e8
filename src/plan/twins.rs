//! Further names of a library go only where another name stays.

use super::{Action, Because, Decision, Draft};
use crate::facts::imports::Form;
use crate::options::Options;
use crate::rules::{Proposals, table};
use crate::tree::FileId;

/// Where the name is gone already that vague mentions would mean (the user said drop), the others are
/// looked for as any library is.
pub(super) fn without_first(draft: &Draft<'_>, options: &Options, found: &mut Proposals) {
    let is_alone = |file: &FileId| {
        let first = draft.facts.twins.first(*file);
        first.is_some_and(|first| draft.is_gone(first))
    };
    let is_off = options.rules_off.contains(table::ORPHANED_LIBRARY.id);
    found.proposals.retain_mut(|proposal| {
        let alone =
            proposal.rule == &table::DUPLICATE_LIBRARY && proposal.files.iter().any(is_alone);
        if let (true, Some(named)) = (alone, &mut proposal.named) {
            named.form = Form::Library;
            proposal.rule = &table::ORPHANED_LIBRARY;
        }
        !alone || !is_off
    });
}

/// Where no name of a library stays, it went because nothing asks for it at all.
pub(super) fn tell(draft: &mut Draft<'_>) {
    let by_rule = |because: &Because| matches!(because, Because::Rule(rule) if *rule == &table::DUPLICATE_LIBRARY);
    let names = |file: FileId| draft.facts.twins.names(file);
    let is_orphan = |file: &FileId| {
        draft.is_gone(*file)
            && by_rule(&draft.decisions[*file].because)
            && names(*file).iter().all(|name| draft.is_gone(*name))
    };
    for file in draft.tree.ids().filter(is_orphan).collect::<Vec<_>>() {
        let because = Because::Rule(&table::ORPHANED_LIBRARY);
        draft.decisions[file] = Decision { action: Action::Drop, because };
    }
}
