//! The facts that hold for the packages at hand.

use std::sync::OnceLock;

use super::{Edge, How};
use crate::fact::{Evidence, Hidden, Ignore, Select};
use crate::facts::Facts;
use crate::facts::names::Names;
use crate::facts::owners::DistId;
use crate::tree::{FileId, PackageId, Tree};

/// What facts say of edges and calls.
#[derive(Debug, Default)]
pub(super) struct Applied<'f> {
    ignored: Vec<Ignored<'f>>,
    hidden: Vec<(PackageId, &'f Hidden)>,
    choices: Vec<&'f Select>,
    openers: Vec<&'f str>,
    loaders: Vec<&'f str>,
}

/// An edge that leads nowhere in one package.
#[derive(Debug)]
struct Ignored<'f> {
    package: PackageId,
    of: DistId,
    fact: &'f Ignore,
    /// Whether the word is said that makes it come true; looked up when it matters.
    is_said: OnceLock<bool>,
}

impl<'f> Applied<'f> {
    pub(super) fn of(facts: &'f Facts, names: &Names<'_>) -> Self {
        let mut applied = Self::default();
        for (id, known) in &facts.known {
            let package = facts.owners.distribution(*id).package;
            let holds = |fact: &&Ignore| {
                fact.unless.as_ref().is_none_or(|module| !names.is_top(package, module))
            };
            let ignored = known.ignore.iter().filter(holds);
            applied.ignored.extend(ignored.map(|fact| {
                let is_said = OnceLock::new();
                Ignored { package, of: *id, fact, is_said }
            }));
            applied.hidden.extend(known.hidden.iter().map(|fact| (package, fact)));
            applied.choices.extend(&known.select);
            let openers = known.drop.iter().flat_map(|fact| &fact.opened_by);
            applied.loaders.extend(known.loaders.iter().map(String::as_str));
            applied.openers.extend(openers.map(String::as_str));
        }
        applied
    }

    /// Whether a call of this name chooses files.
    pub(super) fn is_choice(&self, call: &str) -> bool {
        self.choices.iter().any(|select| select.calls.iter().any(|name| name == call))
    }

    /// Words that code says which opens files.
    pub(super) fn openers(&self) -> &[&'f str] {
        &self.openers
    }

    /// The calls that choose files, each with the words of which the file says one, and those of
    /// which one is in the name of what it is called on.
    pub(super) fn choosers(&self) -> impl Iterator<Item = (&'f str, &'f [String], Vec<&'f str>)> {
        self.choices.iter().flat_map(|select| {
            let words = select.near.iter().chain(&select.receivers).map(String::as_str);
            let words: Vec<&str> = words.collect();
            let calls = select.calls.iter();
            calls.map(move |call| (call.as_str(), &select.near[..], words.clone()))
        })
    }

    /// Whether such a call counts in a file that says these words, on an object of this name.
    pub(super) fn counts(&self, call: &str, says: impl Fn(&str) -> bool, receiver: &str) -> bool {
        let mut of = self.choices.iter().filter(|s| s.calls.iter().any(|name| name == call));
        of.any(|select| {
            select.near.iter().any(|word| says(word))
                || select.receivers.iter().any(|word| receiver.contains(word.as_str()))
        })
    }

    /// Functions that import what they are handed.
    pub(super) fn loaders(&self) -> &[&'f str] {
        &self.loaders
    }

    /// What imports need beside the modules that they name.
    pub(super) fn needs(&self) -> impl Iterator<Item = &'f str> {
        self.hidden.iter().map(|(_, fact)| fact.needs.as_str())
    }

    /// What `import module` or `from module import names` needs beside it.
    pub(super) fn hidden(
        &self,
        package: PackageId,
        module: &str,
        names: &[&str],
    ) -> impl Iterator<Item = &'f str> {
        let is_it = move |when: &str| {
            let within = |rest: &str| rest.is_empty() || rest.starts_with('.');
            let named = |rest: &str| rest.strip_prefix('.').is_some_and(|n| names.contains(&n));
            module.strip_prefix(when).is_some_and(within)
                || when.strip_prefix(module).is_some_and(named)
        };
        let here = self.hidden.iter().filter(move |(of, fact)| *of == package && is_it(&fact.when));
        here.map(|(_, fact)| fact.needs.as_str())
    }

    /// Whether a fact says of any edge of a file that it never comes true.
    pub(super) fn speaks_of(&self, tree: &Tree, from: FileId) -> bool {
        let path = tree.import_path(from);
        path.is_some_and(|path| self.ignored.iter().any(|ignored| ignored.fact.from.matches(path)))
    }

    /// Whether a fact says that an edge never comes true. `says` tells whether code that is not of a
    /// distribution says a word.
    pub(super) fn leads_nowhere(
        &self,
        tree: &Tree,
        edge: &Edge,
        says: impl Fn(PackageId, DistId, &str) -> bool,
    ) -> bool {
        self.ignored.iter().any(|ignored| {
            let fact = ignored.fact;
            let is_said = |word: &String| {
                *ignored.is_said.get_or_init(|| says(ignored.package, ignored.of, word))
            };
            ignored.package == tree.file(edge.from).package
                && fact.how.iter().any(|evidence| is(*evidence, edge.how))
                && tree.import_path(edge.from).is_some_and(|path| fact.from.matches(path))
                && tree.import_path(edge.to).is_some_and(|path| fact.to.matches(path))
                && !fact.unless_said.as_ref().is_some_and(is_said)
        })
    }
}

/// Whether an edge is of the kind that a fact names.
fn is(evidence: Evidence, how: How) -> bool {
    match evidence {
        Evidence::Import => how == How::Import,
        Evidence::Literal => how == How::Literal,
        Evidence::Prefix => how == How::Prefix,
        Evidence::Unresolved => matches!(how, How::Unresolved | How::Walked),
        Evidence::Data => how == How::Data,
        Evidence::Object => how == How::SharedObject,
    }
}
