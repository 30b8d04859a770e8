//! Docstrings and comments that nobody reads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Action, Because, Decision, Draft, Why};
use crate::facts::content::Content;
use crate::facts::imports::modified;
use crate::facts::owners::DistId;
use crate::facts::readers::{Readers, Unread, is_importable};
use crate::python::prose::Prose;
use crate::rules::Change;
use crate::rules::table::{self, Rule};
use crate::tree::{Contents, FileId};

/// Takes docstrings and comments out of the sources of distributions. `asked_by` tells that a run of
/// a result without them failed: then they stay.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    contents: &dyn Contents,
    off: &BTreeSet<String>,
    asked_by: Option<&String>,
) -> Result<()> {
    let is_on = |rule: &Rule| !off.contains(rule.id);
    let docstrings = is_on(&table::DOCSTRINGS);
    let wanted = Prose {
        comments: is_on(&table::COMMENTS),
        modules: docstrings,
        classes: docstrings,
        functions: docstrings,
    };
    let files = draft.sources();
    if wanted.is_nothing() || files.is_empty() {
        return Ok(());
    }
    if let Some(asked_by) = asked_by {
        let why = Why::Guarded(format!("a result without them failed: {asked_by}"));
        let files = files.into_iter().map(|(file, _)| file).collect();
        draft.doubt(&table::DOCSTRINGS, "docstrings and comments".to_owned(), files, &why);
        return Ok(());
    }
    let decisions = &draft.decisions;
    let ships = |id: FileId| decisions[id].action != Action::Drop;
    let readers = Readers::gather(draft.tree, contents, draft.facts, &ships)?;
    let all: Vec<FileId> = files.iter().map(|(file, _)| *file).collect();
    let somebodys = modified(contents, draft.tree, draft.facts, &all)?;
    let mut kept: BTreeMap<DistId, (Unread, Vec<FileId>)> = BTreeMap::new();
    for (file, of) in files {
        let unread = readers.unread(file, of);
        let prose = unread.prose.and(wanted);
        if somebodys.binary_search(&file).is_ok() {
            draft.keep_of_somebody(file, rule(wanted));
            continue;
        }
        if unread.prose.and(wanted) != wanted {
            kept.entry(of).or_insert((unread, Vec::new())).1.push(file);
        }
        if !prose.is_nothing() {
            let action = Action::Change(Change::Prose(prose));
            draft.decisions[file] = Decision { action, because: Because::Rule(rule(prose)) };
        }
    }
    for (of, (unread, files)) in kept {
        let at = unread.reader.map(|(file, line)| format!("{}:{line}", draft.tree.shown(file)));
        let what = if unread.prose.comments { "docstrings" } else { "docstrings and comments" };
        let why = Why::Guarded(format!("{} may read them", at.unwrap_or_default()));
        let name = &draft.facts.owners.distribution(of).name;
        draft.doubt(&table::DOCSTRINGS, format!("{what} of {name}"), files, &why);
    }
    Ok(())
}

/// The rule that such a change is told by.
fn rule(prose: Prose) -> &'static Rule {
    if prose.has_docstrings() { &table::DOCSTRINGS } else { &table::COMMENTS }
}

impl Draft<'_> {
    /// The sources of distributions that ship as they are and may change, with whose they are.
    fn sources(&self) -> Vec<(FileId, DistId)> {
        let is_it = |file: &FileId| {
            self.decisions[*file].action == Action::Keep
                && !self.is_kept_whole(*file)
                && matches!(self.facts.content[*file], Content::Source)
                && self.tree.import_path(*file).is_some_and(is_importable)
        };
        let files = self.tree.ids().filter(is_it);
        files.filter_map(|file| Some((file, self.owner(file)?))).collect()
    }
}
