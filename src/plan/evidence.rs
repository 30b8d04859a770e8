//! What may go because nothing that is kept leads to it.
//!
//! Everything that is no candidate is a root; what roots reach comes back, and with it what that
//! reaches, until nothing changes. The result does not depend on any order.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use super::{Action, Because, Decision, Draft, Why};
use crate::facts::imports::{Form, Found, How};
use crate::facts::names::module_name;
use crate::facts::reach::{Reach, Step, reach};
use crate::python::source::RecordReader;
use crate::rules::Proposal;
use crate::tree::{FileId, FileMap};

/// Decides about the candidates. `edges` finds where files lead; it is asked about each file that
/// stays once. Gives the calls that read RECORD.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    candidates: &[&Proposal],
    edges: impl Fn(&[FileId], &FileMap<bool>) -> Result<Found>,
) -> Result<Vec<RecordReader>> {
    let open: HashSet<FileId> = candidates
        .iter()
        .flat_map(|candidate| candidate.files.iter().copied())
        .filter(|file| !draft.pinned[*file] && !draft.is_gone(*file))
        .collect();
    let stays = |file: &FileId| !open.contains(file) && !draft.is_gone(*file);
    let roots: Vec<FileId> = draft.tree.ids().filter(stays).collect();
    let gone: Vec<FileId> = draft.tree.ids().filter(|file| draft.is_gone(*file)).collect();
    let along = along(draft, candidates, &open);
    let mut readers = Vec::new();
    let reach = reach(
        draft.tree,
        &roots,
        &gone,
        |files, reached| {
            let found = edges(files, reached)?;
            readers.extend(found.record_readers);
            Ok(found.edges)
        },
        |file| along.get(&file).map_or(&[], |unit| unit.as_slice()),
    )?;
    for candidate in candidates {
        decide(draft, candidate, &open, &reach);
    }
    Ok(readers)
}

/// What comes back with a file of a folder: the folder's data.
fn along<'c>(
    draft: &Draft<'_>,
    candidates: &[&'c Proposal],
    open: &HashSet<FileId>,
) -> HashMap<FileId, std::rc::Rc<Vec<FileId>>> {
    let form = |candidate: &Proposal| candidate.named.as_ref().map(|named| named.form);
    let by_name: HashSet<FileId> = candidates
        .iter()
        .filter(|candidate| matches!(form(candidate), Some(Form::Source | Form::Stub)))
        .flat_map(|candidate| candidate.files.iter().copied())
        .collect();
    let is_data = |file: &FileId| {
        let path = draft.tree.import_path(*file).unwrap_or_default();
        open.contains(file) && !by_name.contains(file) && module_name(path).is_none()
    };
    let mut along = HashMap::new();
    for candidate in candidates.iter().filter(|c| form(c) == Some(Form::Folder)) {
        let data: Vec<FileId> = candidate.files.iter().copied().filter(is_data).collect();
        let data = std::rc::Rc::new(data);
        along.extend(candidate.files.iter().map(|file| (*file, data.clone())));
    }
    along
}

/// What is not reached goes; what is stays on doubt.
fn decide(draft: &mut Draft<'_>, candidate: &Proposal, open: &HashSet<FileId>, reach: &Reach) {
    let mut reached = Vec::new();
    for file in candidate.files.iter().copied().filter(|file| open.contains(file)) {
        if let Some(step) = reach.step(file) {
            reached.push((file, step));
        } else if !draft.is_gone(file) {
            draft.decisions[file] =
                Decision { action: Action::Drop, because: Because::Rule(candidate.rule) };
        }
    }
    reached.retain(|(file, _)| matches!(draft.decisions[*file].because, Because::NoRule));
    for (file, step) in &reached {
        let why = Why::Reached((*step).clone());
        draft.decisions[*file].because = Because::Doubt(candidate.rule, why);
    }
    let told = |step: &&Step| step.how != How::Along;
    let first = reached.iter().map(|(_, step)| *step).find(told);
    if let (Some(named), Some(step)) = (&candidate.named, first) {
        let files = reached.iter().map(|(file, _)| *file).collect();
        draft.doubt(candidate.rule, named.path.clone(), files, &Why::Reached(step.clone()));
    }
}
