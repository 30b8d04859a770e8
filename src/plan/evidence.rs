//! What may go because nothing that is kept names it.
//!
//! All candidates are taken for gone; whatever a kept file names comes back, and with it what its
//! own files name, until nothing changes. The result does not depend on any order.

use std::collections::HashMap;

use anyhow::Result;

use super::{Action, Because, Decision, Draft, Why};
use crate::facts::mentions::{Form, Mention, Searched};
use crate::python::source::RecordReader;
use crate::rules::Proposal;
use crate::tree::{FileId, PackageId, parent};

/// Decides about the candidates. `search` finds the mentions in files, which speak of candidates
/// by index; it is asked about each file that stays once. Gives the calls that read RECORD.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    candidates: &[&Proposal],
    search: impl Fn(&[FileId], &[bool]) -> Result<Searched>,
) -> Result<Vec<RecordReader>> {
    let mut units = Units::new(candidates);
    let mut open: Vec<FileId> = draft.tree.ids().filter(|file| !draft.is_gone(*file)).collect();
    let mut readers = Vec::new();
    loop {
        let (alive, rest) = open.into_iter().partition(|file| units.is_alive(draft, *file));
        open = rest;
        if Vec::is_empty(&alive) {
            break;
        }
        let found: Vec<bool> = units.back.iter().map(Option::is_some).collect();
        let searched = search(&alive, &found)?;
        readers.extend(searched.record_readers.into_iter().map(|(_, reader)| reader));
        for mention in &searched.mentions {
            units.bring_back(mention.wanted, mention);
        }
    }
    for (number, candidate) in candidates.iter().enumerate() {
        match units.back[number].clone() {
            Some(mention) => doubt(draft, candidate, &Why::Mentioned(mention)),
            None => drop(draft, candidate),
        }
    }
    Ok(readers)
}

fn drop(draft: &mut Draft<'_>, candidate: &Proposal) {
    for file in
        candidate.files.iter().filter(|file| !draft.pinned[**file]).copied().collect::<Vec<_>>()
    {
        draft.decisions[file] =
            Decision { action: Action::Drop, because: Because::Rule(candidate.rule) };
    }
}

fn doubt(draft: &mut Draft<'_>, candidate: &Proposal, why: &Why) {
    let open = |file: &&FileId| matches!(draft.decisions[**file].because, Because::NoRule);
    let files: Vec<FileId> = candidate.files.iter().filter(open).copied().collect();
    for file in &files {
        draft.decisions[*file].because = Because::Doubt(candidate.rule, why.clone());
    }
    if let (Some(wanted), false) = (&candidate.wanted, files.is_empty()) {
        draft.doubt(candidate.rule, wanted.path.clone(), files, why);
    }
}

/// The candidates, and which of them came back.
struct Units<'a> {
    candidates: &'a [&'a Proposal],
    by_file: HashMap<FileId, Vec<usize>>,
    folders: HashMap<(PackageId, &'a str), usize>,
    back: Vec<Option<Mention>>,
}

impl<'a> Units<'a> {
    fn new(candidates: &'a [&'a Proposal]) -> Self {
        let mut by_file: HashMap<FileId, Vec<usize>> = HashMap::new();
        let mut folders = HashMap::new();
        for (number, candidate) in candidates.iter().enumerate() {
            for file in &candidate.files {
                by_file.entry(*file).or_default().push(number);
            }
            if let Some(wanted) =
                candidate.wanted.as_ref().filter(|wanted| wanted.form == Form::Module)
            {
                folders.insert((wanted.package, wanted.path.as_str()), number);
            }
        }
        Self { candidates, by_file, folders, back: vec![None; candidates.len()] }
    }

    /// Whether a file stays, as far as is known by now.
    fn is_alive(&self, draft: &Draft<'_>, file: FileId) -> bool {
        let units = self.by_file.get(&file).map_or(&[][..], Vec::as_slice);
        !draft.is_gone(file)
            && (draft.pinned[file] || units.iter().all(|unit| self.back[*unit].is_some()))
    }

    /// A module comes back with the candidate folders above it: importing it imports them.
    fn bring_back(&mut self, unit: usize, mention: &Mention) {
        if self.back[unit].is_some() {
            return;
        }
        self.back[unit] = Some(mention.clone());
        let Some(wanted) = self.candidates[unit].wanted.as_ref().filter(|w| w.form == Form::Module)
        else {
            return;
        };
        let mut folder = parent(&wanted.path);
        while !folder.is_empty() {
            if let Some(above) = self.folders.get(&(wanted.package, folder)).copied() {
                self.back[above].get_or_insert_with(|| mention.clone());
            }
            folder = parent(folder);
        }
    }
}
