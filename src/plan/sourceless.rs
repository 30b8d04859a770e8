//! Sources in whose place their bytecode can ship.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Action, Because, Decision, Doubt, Generated, Of, Plan, Why};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::imports::modified;
use crate::facts::owners::DistId;
use crate::facts::readers::{Readers, is_importable};
use crate::rules::Change;
use crate::rules::table::BYTECODE_ONLY;
use crate::tree::{Contents, FileId, Tree};

/// The sources of distributions that nothing is seen to need, and the doubts about the others. `read`
/// are those that a run of the packages as they were opened other than to import them.
///
/// # Errors
/// When a file cannot be read.
pub fn candidates(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    read: &BTreeSet<FileId>,
) -> Result<(BTreeSet<FileId>, Vec<Doubt>)> {
    let sources = sources(tree, facts, plan);
    let all: Vec<FileId> = sources.iter().map(|(file, _)| *file).collect();
    let readers = Readers::gather(tree, contents, facts, &|id| plan.ships(id))?;
    let somebodys = modified(contents, tree, facts, &all)?;
    let (mut found, mut doubts) = (BTreeSet::new(), Doubts::default());
    for (file, of) in sources {
        let finder = readers.unread(file, of).finder;
        if somebodys.binary_search(&file).is_ok() {
            doubts.add(of, file, Why::Modified);
        } else if let Some(why) = recorded(plan, of) {
            doubts.add(of, file, Why::Guarded(why));
        } else if is_taken(tree, plan, file) {
            let why = "a file of the name that its bytecode would have ships";
            doubts.add(of, file, Why::Guarded(why.to_owned()));
        } else if read.contains(&file) {
            let why = "a run of the package as it was opened it to read it";
            doubts.add(of, file, Why::Guarded(why.to_owned()));
        } else if let Some((by, line)) = finder {
            let why = format!("{}:{line} may look for the file", tree.shown(by));
            doubts.add(of, file, Why::Guarded(why));
        } else {
            found.insert(file);
        }
    }
    if tree.packages().count() > 1 {
        // What a layer shares has one form.
        let stays = |file: &FileId| plan.ships(*file) && !found.contains(file);
        let paths: BTreeSet<&str> =
            tree.ids().filter(stays).filter_map(|file| tree.import_path(file)).collect();
        let is_free = |file: &FileId| tree.import_path(*file).is_none_or(|p| !paths.contains(p));
        found = found.iter().copied().filter(is_free).collect();
    }
    Ok((found, doubts.told(facts)))
}

/// Whether a file ships that has the name that the bytecode would have.
fn is_taken(tree: &Tree, plan: &Plan, file: FileId) -> bool {
    let path = tree.import_path(file).map(|path| format!("{path}c"));
    let there = path.and_then(|path| tree.find_import(tree.file(file).package, &path));
    there.is_some_and(|there| plan.ships(there))
}

/// Puts the bytecode of sources in their place.
pub fn put_in_place(plan: &mut Plan, compiled: BTreeMap<FileId, Vec<u8>>) {
    replace(plan, compiled.keys().copied());
    plan.compiled.extend(compiled);
}

/// Decides that bytecode ships in place of these sources.
pub fn replace(plan: &mut Plan, files: impl IntoIterator<Item = FileId>) {
    for file in files {
        let because = Because::Rule(&BYTECODE_ONLY);
        let action = Action::Change(Change::Compiled);
        plan.decisions[file] = Decision { action, because };
    }
}

/// The sources of distributions that ship and can be imported.
fn sources(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<(FileId, DistId)> {
    let may_change =
        |because: &Because| !matches!(because, Because::KeepOption(_) | Because::Restored(_));
    let is_it = |file: &FileId| {
        plan.ships(*file)
            && may_change(&plan.decisions[*file].because)
            && matches!(facts.content[*file], Content::Source)
            && tree.import_path(*file).is_some_and(is_importable)
    };
    let files = tree.ids().filter(is_it);
    files.filter_map(|file| Some((file, facts.owners.brought_by(file)?))).collect()
}

/// Why the sources of a distribution stay whose RECORD ships: it lists them.
fn recorded(plan: &Plan, of: DistId) -> Option<String> {
    let is_record =
        |file: &&Generated| file.of == Of::Dist(of) && file.import_path.ends_with("/RECORD");
    let record = plan.generated.iter().find(is_record)?;
    Some(format!("{} ships, which something reads, and lists it", record.import_path))
}

/// What stays, by distribution and reason.
#[derive(Default)]
struct Doubts(BTreeMap<(DistId, String), (Vec<FileId>, Option<Why>)>);

impl Doubts {
    fn add(&mut self, of: DistId, file: FileId, why: Why) {
        let entry = self.0.entry((of, format!("{why:?}"))).or_default();
        entry.0.push(file);
        entry.1 = Some(why);
    }

    fn told(self, facts: &Facts) -> Vec<Doubt> {
        let told = self.0.into_iter().filter_map(|((of, _), (files, why))| {
            let what = format!("sources of {}", facts.owners.distribution(of).name);
            Some(Doubt { rule: &BYTECODE_ONLY, what, files, why: why? })
        });
        told.collect()
    }
}
