//! What may go because nothing that is kept leads to it.
//!
//! Everything that is no candidate is a root; what roots reach comes back, and with it what that
//! reaches, until nothing changes. The result does not depend on any order.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use super::{Action, Because, Decision, Draft, Why};
use crate::facts::imports::{Choice, Edge, Form, Found, How, ImportGraph};
use crate::facts::names::module_name;
use crate::facts::observed::Observed;
use crate::facts::reach::{Reach, Step, reach};
use crate::progress::Progress;
use crate::python::source::RecordReader;
use crate::rules::{Proposal, Tier, table};
use crate::tree::{FileId, FileMap, Tree, file_name};

/// What came of following the edges.
pub(super) struct Settled {
    /// What is reached how.
    pub(super) reach: Reach,
    /// The calls that read RECORD.
    pub(super) record_readers: Vec<RecordReader>,
    /// The calls that choose files.
    pub(super) choices: Vec<Choice>,
}

/// Decides about the candidates. `edges` finds where files lead; it is asked about each file that
/// stays once.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    candidates: &[&Proposal],
    handlers: &[FileId],
    graph: &ImportGraph<'_>,
    observed: Option<&Observed>,
    edges: impl Fn(&[FileId], &FileMap<bool>) -> Result<Found>,
) -> Result<Settled> {
    let open: HashSet<FileId> = candidates
        .iter()
        .flat_map(|candidate| candidate.files.iter().copied())
        .filter(|file| !draft.pinned[*file] && !draft.is_gone(*file) && !handlers.contains(file))
        // What a run asked for stays, whatever leads there.
        .filter(|file| !observed.is_some_and(|observed| was_asked_for(draft, observed, *file)))
        .collect();
    let stays = |file: &FileId| !open.contains(file) && !draft.is_gone(*file);
    let roots: Vec<FileId> = draft.tree.ids().filter(stays).collect();
    let gone: Vec<FileId> = draft.tree.ids().filter(|file| draft.is_gone(*file)).collect();
    let along = Along::of(draft, candidates, &open, graph);
    let along = |file: FileId, found: &mut dyn FnMut(FileId)| along.with(file, found);
    let (mut record_readers, mut choices) = (Vec::new(), Vec::new());
    let mut heard = |found: Found| {
        record_readers.extend(found.record_readers);
        choices.extend(found.choices);
        found.edges
    };
    let mut untaken: Vec<Edge> = Vec::new();
    let count = |files: &[FileId], reached: &FileMap<bool>| {
        let mut found = heard(edges(files, reached)?);
        if let Some(observed) = observed {
            untaken.extend(found.extract_if(.., |edge| is_untaken(draft.tree, observed, edge)));
        }
        Ok(found)
    };
    let mut reach = reach(draft.tree, &roots, &gone, count, &along)?;
    if observed.is_some() {
        let all =
            reach.further(&untaken, |files, reached| Ok(heard(edges(files, reached)?)), &along)?;
        let rests = |file: &FileId| {
            open.contains(file)
                && all.reaches(*file)
                && !reach.reaches(*file)
                && !stays_untraced(draft, *file)
        };
        for file in draft.tree.ids().filter(rests).collect::<Vec<_>>() {
            let because = Because::Rule(&table::UNOPENED);
            draft.decisions[file] = Decision { action: Action::Drop, because };
        }
        reach = all;
    }
    for candidate in candidates {
        decide(draft, candidate, &open, &reach);
    }
    Ok(Settled { reach, record_readers, choices })
}

/// Whether an edge is one that traced runs did not take: it leads from a file that they executed to a
/// module that they never asked for, by a function or a branch, a string or an entry point.
pub(super) fn is_untaken(tree: &Tree, observed: &Observed, edge: &Edge) -> bool {
    let may_be = match edge.how {
        How::Import => !edge.certain,
        How::Literal | How::Prefix | How::Walked | How::Unresolved | How::EntryPoint => true,
        How::SharedObject | How::Data | How::Needed | How::Fact | How::Along | How::Unparsed => {
            false
        }
    };
    may_be
        && observed.ran(edge.from)
        && observed.missed(edge.to)
        && tree.import_path(edge.to).is_some_and(is_imported_alone)
}

/// Whether a file is there to be imported; a library that code opens by its name has one's suffix too.
fn is_imported_alone(path: &str) -> bool {
    module_name(path).is_some() && !(file_name(path).starts_with("lib") && path.ends_with(".so"))
}

/// Whether a run asked for a file; for metadata, whether it asked for the distribution's own: a search
/// through entry points opens those of all.
fn was_asked_for(draft: &Draft<'_>, observed: &Observed, file: FileId) -> bool {
    let Some((dist, _)) = draft.facts.owners.in_metadata(draft.tree, file) else {
        return observed.saw(file);
    };
    let of = draft.facts.owners.distribution(dist);
    ["METADATA", "PKG-INFO"].iter().any(|name| {
        let path = format!("{}/{name}", of.info);
        draft.tree.find_import(of.package, &path).is_some_and(|file| observed.saw(file))
    })
}

/// What no trace speaks about: metadata, which is asked for by name, and certificates.
fn stays_untraced(draft: &Draft<'_>, file: FileId) -> bool {
    let path = draft.tree.file(file).path.as_str();
    draft.facts.owners.in_metadata(draft.tree, file).is_some()
        || [".pem", ".crt", ".cer"].iter().any(|suffix| path.ends_with(suffix))
}

/// Whether reaching a file means that its distribution is in use: a module or library, no script.
fn is_code(path: &str) -> bool {
    !path.starts_with("bin/") && (module_name(path).is_some() || path.contains(".so"))
}

/// What the handlers alone reach.
pub(super) fn follow(
    tree: &Tree,
    handlers: &[FileId],
    graph: &ImportGraph<'_>,
    progress: &dyn Progress,
) -> Result<Reach> {
    let edges = |files: &[FileId], reached: &FileMap<bool>| {
        Ok(graph.edges(files, reached, progress)?.edges)
    };
    reach(tree, handlers, &[], edges, &|file, found: &mut dyn FnMut(FileId)| {
        graph.above(file, found)
    })
}

/// What comes with a file that is reached.
struct Along<'g> {
    graph: &'g ImportGraph<'g>,
    /// The data of folders and distributions, each list with the files that bring it.
    data: Vec<Vec<FileId>>,
    lists: HashMap<FileId, Vec<usize>>,
}

impl<'g> Along<'g> {
    /// With a file of a folder the folder's data, with one of a distribution what is left of that.
    fn of(
        draft: &Draft<'_>,
        candidates: &[&Proposal],
        open: &HashSet<FileId>,
        graph: &'g ImportGraph<'g>,
    ) -> Self {
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
        let mut along = Self { graph, data: Vec::new(), lists: HashMap::new() };
        for candidate in candidates {
            match form(candidate) {
                Some(Form::Folder) => {
                    let data = candidate.files.iter().copied().filter(is_data).collect();
                    // A source that a name leads to is compiled, not imported.
                    let with = candidate.files.iter().copied().filter(|f| !by_name.contains(f));
                    along.add(data, with);
                }
                Some(Form::Distribution) => {
                    let of = candidate.files.first().and_then(|file| draft.owner(*file));
                    let with = draft.tree.ids().filter(|file| {
                        of.is_some()
                            && draft.owner(*file) == of
                            && draft.tree.import_path(*file).is_some_and(is_code)
                    });
                    let with: Vec<FileId> = with.collect();
                    along.add(candidate.files.clone(), with.into_iter());
                }
                _ => {}
            }
        }
        along
    }

    fn add(&mut self, data: Vec<FileId>, with: impl Iterator<Item = FileId>) {
        let number = self.data.len();
        self.data.push(data);
        for file in with {
            self.lists.entry(file).or_default().push(number);
        }
    }

    fn with(&self, file: FileId, found: &mut dyn FnMut(FileId)) {
        self.graph.above(file, found);
        let lists = self.lists.get(&file).map_or(&[][..], Vec::as_slice);
        lists.iter().flat_map(|list| &self.data[*list]).for_each(|file| found(*file));
    }
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
    if candidate.rule.tier == Tier::Bold {
        return;
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
