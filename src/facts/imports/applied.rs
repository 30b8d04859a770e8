//! The facts that hold for the packages at hand.

use super::{Edge, How};
use crate::fact::{Evidence, Hidden, Ignore, Select};
use crate::facts::Facts;
use crate::facts::names::Names;
use crate::tree::{PackageId, Tree};

/// What facts say of edges and calls.
#[derive(Debug, Default)]
pub(super) struct Applied<'f> {
    ignored: Vec<(PackageId, &'f Ignore)>,
    hidden: Vec<(PackageId, &'f Hidden)>,
    choices: Vec<&'f Select>,
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
            applied.ignored.extend(ignored.map(|fact| (package, fact)));
            applied.hidden.extend(known.hidden.iter().map(|fact| (package, fact)));
            applied.choices.extend(&known.select);
        }
        applied
    }

    /// Whether a call of this name chooses files.
    pub(super) fn is_choice(&self, call: &str) -> bool {
        self.choices.iter().any(|select| select.calls.iter().any(|name| name == call))
    }

    /// Whether such a call counts in a file that says these words, on an object of this name.
    pub(super) fn counts(&self, call: &str, says: impl Fn(&str) -> bool, receiver: &str) -> bool {
        let mut of = self.choices.iter().filter(|s| s.calls.iter().any(|name| name == call));
        of.any(|select| {
            select.near.iter().any(|word| says(word))
                || select.receivers.iter().any(|word| receiver.contains(word.as_str()))
        })
    }

    /// What imports need beside the modules that they name.
    pub(super) fn needs(&self) -> impl Iterator<Item = &'f str> {
        self.hidden.iter().map(|(_, fact)| fact.needs.as_str())
    }

    /// What an import of a module needs beside it.
    pub(super) fn hidden(&self, package: PackageId, module: &str) -> impl Iterator<Item = &'f str> {
        let is_it = move |when: &str| {
            module.strip_prefix(when).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let here = self.hidden.iter().filter(move |(of, fact)| *of == package && is_it(&fact.when));
        here.map(|(_, fact)| fact.needs.as_str())
    }

    /// Whether a fact says that an edge never comes true.
    pub(super) fn leads_nowhere(&self, tree: &Tree, edge: &Edge) -> bool {
        self.ignored.iter().any(|(package, fact)| {
            *package == tree.file(edge.from).package
                && fact.how.iter().any(|evidence| is(*evidence, edge.how))
                && tree.import_path(edge.from) == Some(&fact.from)
                && tree.import_path(edge.to).is_some_and(|path| fact.to.matches(path))
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
