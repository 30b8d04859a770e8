//! What facts say of files: chosen by an argument, or opened by nobody.

use std::collections::BTreeSet;

use anyhow::Result;
use memchr::memmem;

use super::evidence::Settled;
use super::{Action, Because, Decision, Draft, Why};
use crate::fact::{self, Known, Select, Strength};
use crate::facts::content::Content;
use crate::facts::imports::{Choice, modified};
use crate::facts::owners::DistId;
use crate::options::Level;
use crate::python::dist;
use crate::rules::table::{FACT, Rule};
use crate::rules::{Change, JsonKey, Tier};
use crate::tree::{Contents, FileId, PackageId};

/// Drops what the facts of the package's distributions let go at this level.
pub(super) fn apply(draft: &mut Draft<'_>, settled: &Settled, level: Level) {
    let facts = draft.facts;
    for (id, known) in &facts.known {
        for fact in &known.drop {
            let tier = match fact.tier {
                Strength::Checked => Tier::Checked,
                Strength::Bold => Tier::Bold,
            };
            // Calls are only known where the handlers are.
            let is_known = fact.opened_by.is_empty() || level == Level::Max;
            if tier.level() <= level && is_known && holds(draft, settled, *id, fact) {
                let files =
                    draft.files_of(*id, |path| fact.files.iter().any(|files| files.matches(path)));
                let rule = rule(known, &fact.part, &fact.why, tier);
                draft.drop_by(rule, &files);
            }
        }
        if level == Level::Max {
            for fact in &known.select {
                select(draft, settled, *id, known, fact);
            }
        }
    }
}

/// Changes what facts say that nobody reads, where the user's code does not.
pub(super) fn blank(
    draft: &mut Draft<'_>,
    contents: &dyn Contents,
    handlers: &[FileId],
) -> Result<()> {
    let facts = draft.facts;
    for (id, known) in &facts.known {
        for fact in &known.blank {
            let files = draft.files_of(*id, |path| fact.files.iter().any(|f| f.matches(path)));
            let rule = rule(known, &fact.part, &fact.why, Tier::Bold);
            if files.is_empty() {
                continue;
            }
            let somebodys = modified(contents, draft.tree, facts, &files)?;
            somebodys.iter().for_each(|file| draft.keep_of_somebody(*file, rule));
            let is_whole = |file: &FileId| somebodys.binary_search(file).is_err();
            let files: Vec<FileId> = files.into_iter().filter(is_whole).collect();
            let package = facts.owners.distribution(*id).package;
            match says(draft, contents, package, handlers, &fact.unless_said)? {
                None => {
                    let key = JsonKey::new(fact.key.clone());
                    let action = Action::Change(Change::Json(Some(key)));
                    for file in files {
                        draft.decisions[file] = Decision { action, because: Because::Rule(rule) };
                    }
                }
                Some((by, word)) => {
                    let why = format!("{} says {word}", draft.tree.shown(by));
                    draft.doubt(rule, fact.part.clone(), files, &Why::Guarded(why));
                }
            }
        }
    }
    Ok(())
}

/// The first source of the user's own in a package that says one of these words; a distribution that
/// holds a handler is the user's too.
fn says<'w>(
    draft: &Draft<'_>,
    contents: &dyn Contents,
    package: PackageId,
    handlers: &[FileId],
    words: &'w [String],
) -> Result<Option<(FileId, &'w str)>> {
    let own: Vec<DistId> = handlers.iter().filter_map(|file| draft.owner(*file)).collect();
    let is_users = |file: &FileId| {
        draft.tree.file(*file).package == package
            && draft.owner(*file).is_none_or(|of| own.contains(&of))
            && matches!(draft.facts.content[*file], Content::Source)
    };
    for file in draft.tree.ids().filter(is_users) {
        let bytes = contents.read(file)?;
        let said = words.iter().find(|word| memmem::find(&bytes, word.as_bytes()).is_some());
        if let Some(word) = said {
            return Ok(Some((file, word)));
        }
    }
    Ok(None)
}

/// Whether nothing opens the files: the module that makes them needless is there, and no other
/// distribution nor the user's code calls what opens them.
fn holds(draft: &Draft<'_>, settled: &Settled, id: DistId, fact: &fact::Drop) -> bool {
    let package = draft.facts.owners.distribution(id).package;
    let ships = |file: FileId| !draft.is_gone(file);
    let is_given = fact.given.as_ref().is_none_or(|module| {
        let found = [format!("{module}/__init__.py"), format!("{module}.py")];
        found.iter().any(|path| draft.tree.find_import(package, path).is_some_and(ships))
    });
    let opens = |choice: &Choice| {
        draft.tree.file(choice.from).package == package
            && draft.owner(choice.from) != Some(id)
            && fact.opened_by.contains(&choice.call)
    };
    is_given && !settled.choices.iter().any(opens)
}

/// Drops the folders that no call chooses, and what is opened with any of them where none is chosen
/// at all (by others than those that hand names on); all stay where a call's argument is computed.
fn select(draft: &mut Draft<'_>, settled: &Settled, id: DistId, known: &Known, fact: &Select) {
    let package = draft.facts.owners.distribution(id).package;
    let rule = rule(known, &fact.part, &fact.why, Tier::Bold);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let calls = |choice: &&Choice| {
        draft.tree.file(choice.from).package == package && fact.calls.contains(&choice.call)
    };
    let (mut computed, mut chosen) = (None, false);
    for choice in settled.choices.iter().filter(calls) {
        let is_through = is_through(draft, choice.from, fact);
        chosen |= !is_through;
        match &choice.name {
            Some(name) => drop(names.insert(name)),
            None if is_through => {}
            None => computed = computed.or(Some(choice)),
        }
    }
    if chosen {
        names.extend(fact.always.iter().map(String::as_str));
    } else {
        names.clear();
    }
    let folder = format!("{}/", fact.folder);
    let unchosen = |path: &str| {
        let name = path.strip_prefix(&folder).and_then(|rest| rest.split_once(fact.ends));
        name.is_some_and(|(name, _)| !names.contains(name))
            || !chosen && fact.with_any.iter().any(|files| files.matches(path))
    };
    let files = draft.files_of(id, unchosen);
    match computed {
        None => draft.drop_by(rule, &files),
        Some(choice) if !files.is_empty() => {
            let at = format!("{}:{}", draft.tree.shown(choice.from), choice.line);
            let why =
                Why::Guarded(format!("the argument of {}() at {at} is computed", choice.call));
            draft.doubt(rule, fact.folder.clone(), files, &why);
        }
        Some(_) => {}
    }
}

/// Whether a file belongs to a distribution that only hands names on.
fn is_through(draft: &Draft<'_>, file: FileId, fact: &Select) -> bool {
    draft.owner(file).is_some_and(|id| {
        let name = draft.facts.owners.distribution(id).normalized();
        fact.through.iter().any(|through| dist::normalize(through) == name)
    })
}

/// The rule that a fact is: made once a build, and never given back.
fn rule(known: &Known, part: &str, why: &str, tier: Tier) -> &'static Rule {
    let id = format!("{FACT}{}/{part}", known.distribution);
    let what = match &known.file {
        None => format!("What is known of {}: its {part}.", known.distribution),
        Some(file) => format!("What {file} says of {}: its {part}.", known.distribution),
    };
    Box::leak(Box::new(Rule {
        id: id.leak(),
        tier,
        what: what.leak(),
        why_safe: why.to_owned().leak(),
        unless: "A computed name may choose any, or the file is the user's.",
    }))
}

impl Draft<'_> {
    /// The files of a distribution whose import paths match, and that no option speaks of.
    fn files_of(&self, id: DistId, matches: impl Fn(&str) -> bool) -> Vec<FileId> {
        let is_it = |file: &FileId| {
            self.owner(*file) == Some(id)
                && !self.pinned[*file]
                && !self.is_gone(*file)
                && self.tree.import_path(*file).is_some_and(&matches)
        };
        self.tree.ids().filter(is_it).collect()
    }

    fn drop_by(&mut self, rule: &'static Rule, files: &[FileId]) {
        for file in files {
            self.decisions[*file] = Decision { action: Action::Drop, because: Because::Rule(rule) };
        }
    }
}
