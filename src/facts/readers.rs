//! Whose docstrings and sources something that ships may read.
//!
//! A place that reads those of whatever it is handed counts for its own distribution and for those
//! that import it; facts know of some what they read. In the user's code it counts for all that this
//! imports.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use memchr::memmem;
use rayon::prelude::*;

use super::content::Content;
use super::names::{Names, module_name};
use super::owners::DistId;
use super::{Facts, IN_FLIGHT};
use crate::fact::{Reads, Text};
use crate::memory::Budget;
use crate::python::outline::{self, Outline, Platform, Unparsed};
use crate::python::prose::Prose;
use crate::python::prose::reads::{Read, What, Whose, reads};
use crate::tree::{Contents, FileId, PackageId, Tree, parent};

/// What nobody is seen to read, and who reads the rest.
#[derive(Debug, Default)]
pub struct Readers {
    of_distributions: BTreeMap<DistId, Unread>,
    of_files: BTreeMap<FileId, Unread>,
}

/// What of some sources nobody reads.
#[derive(Clone, Debug)]
pub struct Unread {
    /// What may be taken out.
    pub prose: Prose,
    /// The place that reads the rest: a file and its line.
    pub reader: Option<(FileId, u32)>,
    /// The place that needs the files of the sources.
    pub finder: Option<(FileId, u32)>,
}

impl Unread {
    const ALL: Self = Self { prose: Prose::ALL, reader: None, finder: None };

    fn without(&mut self, read: Texts, reader: (FileId, u32)) {
        let left = self.prose.and(read.prose.others());
        if left != self.prose {
            self.prose = left;
            self.reader.get_or_insert(reader);
        }
        if read.file {
            self.finder.get_or_insert(reader);
        }
    }
}

/// What is read of sources.
#[derive(Clone, Copy)]
struct Texts {
    prose: Prose,
    /// Whether the files must be there.
    file: bool,
}

impl Texts {
    /// All that such a place can read.
    fn of(what: What) -> Self {
        match what {
            What::Docstring => Self { prose: Prose { comments: false, ..Prose::ALL }, file: false },
            What::Source => Self { prose: Prose::ALL, file: true },
            What::File => Self { prose: Prose::default(), file: true },
        }
    }

    /// Those of them that a fact names.
    fn and(self, named: &[Text]) -> Self {
        let has = |text: Text| named.contains(&text) || named.contains(&Text::Source);
        let prose = Prose {
            comments: has(Text::Source),
            modules: has(Text::Module),
            classes: has(Text::Class),
            functions: has(Text::Function),
        };
        Self { prose: self.prose.and(prose), file: self.file && has(Text::File) }
    }
}

impl Readers {
    /// Reads every source that ships.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn gather(
        tree: &Tree,
        contents: &dyn Contents,
        facts: &Facts,
        ships: &(dyn Fn(FileId) -> bool + Sync),
    ) -> Result<Self> {
        let look = Look::new(tree, contents, facts);
        let budget = Budget::new(IN_FLIGHT);
        let is_source = |id: &FileId| matches!(facts.content[*id], Content::Source) && ships(*id);
        let sources: Vec<FileId> = tree.ids().filter(is_source).collect();
        let seen: Result<Vec<Seen>> = sources
            .par_iter()
            .map(|id| {
                let _held = budget.hold(tree.file(*id).size);
                look.at(*id)
            })
            .collect();
        Ok(Self::of(tree, facts, &seen?))
    }

    /// What nobody reads of a file of a distribution.
    pub fn unread(&self, file: FileId, of: DistId) -> Unread {
        let whole = self.of_distributions.get(&of).cloned().unwrap_or(Unread::ALL);
        match self.of_files.get(&file) {
            None => whole,
            Some(own) => Unread {
                prose: whole.prose.and(own.prose),
                reader: whole.reader.or(own.reader),
                finder: whole.finder.or(own.finder),
            },
        }
    }

    fn of(tree: &Tree, facts: &Facts, seen: &[Seen]) -> Self {
        let mut importers: BTreeMap<DistId, BTreeSet<(DistId, FileId)>> = BTreeMap::new();
        let mut users: BTreeMap<PackageId, BTreeSet<DistId>> = BTreeMap::new();
        let mut said: BTreeSet<(Option<DistId>, &str)> = BTreeSet::new();
        for seen in seen {
            let of = facts.owners.brought_by(seen.file);
            said.extend(seen.said.iter().map(|word| (of, word.as_str())));
            for imported in seen.imports.iter().filter(|imported| of != Some(**imported)) {
                match of {
                    Some(of) => {
                        importers.entry(*imported).or_default().insert((of, seen.file));
                    }
                    None => {
                        let users = users.entry(tree.file(seen.file).package).or_default();
                        users.insert(*imported);
                    }
                }
            }
        }
        let mut readers = Self::default();
        let none = BTreeSet::new();
        for seen in seen {
            let of = facts.owners.brought_by(seen.file);
            let fact = of.and_then(|of| fact(tree, facts, &said, of, seen.file));
            for place in &seen.places {
                let all = Texts::of(place.what);
                // Facts speak of what is read, not of what is looked for.
                let fact = fact.filter(|_| place.what != What::File);
                let own = fact.map_or(all, |fact| all.and(&fact.own));
                let others = fact.map_or(all, |fact| all.and(&fact.others));
                let at = (seen.file, place.line);
                match (&place.scope, of) {
                    (Scope::Named(name), of) => {
                        // A distribution names its own files; the user's code may name any.
                        let found = named(tree, tree.file(seen.file).package, name);
                        let is_its =
                            |file: &FileId| of.is_none() || facts.owners.brought_by(*file) == of;
                        for file in found.filter(is_its) {
                            readers.file(file).without(all, at);
                        }
                    }
                    (Scope::File(file), _) => readers.file(*file).without(own, at),
                    (Scope::Distribution(read), of) if of != Some(*read) => {
                        readers.distribution(*read).without(others, at);
                    }
                    (Scope::Distribution(of), _) => readers.own(tree, facts, *of, fact, own, at),
                    (Scope::Anybody, Some(of)) => {
                        readers.own(tree, facts, of, fact, own, at);
                        // A file is looked for among one's own.
                        let is_read = place.what != What::File;
                        let importers = importers.get(&of).filter(|_| is_read);
                        for (importer, file) in importers.into_iter().flatten() {
                            match fact.is_some_and(|fact| fact.near) {
                                true => readers.file(*file).without(others, at),
                                false => readers.distribution(*importer).without(others, at),
                            }
                        }
                    }
                    (Scope::Anybody, None) if place.what == What::File => {}
                    (Scope::Anybody, None) => {
                        let package = tree.file(seen.file).package;
                        for imported in users.get(&package).unwrap_or(&none) {
                            readers.distribution(*imported).without(all, at);
                        }
                    }
                }
            }
        }
        readers
    }

    /// A distribution reads its own: all files, or those that the fact names.
    fn own(
        &mut self,
        tree: &Tree,
        facts: &Facts,
        of: DistId,
        fact: Option<&Reads>,
        read: Texts,
        at: (FileId, u32),
    ) {
        let Some(fact) = fact.filter(|fact| !fact.of.is_empty()) else {
            return self.distribution(of).without(read, at);
        };
        let is_it = |file: &FileId| {
            let path =
                tree.import_path(*file).filter(|_| facts.owners.brought_by(*file) == Some(of));
            path.is_some_and(|path| fact.of.iter().any(|pattern| pattern.matches(path)))
        };
        for file in tree.ids().filter(is_it) {
            self.file(file).without(read, at);
        }
    }

    fn file(&mut self, file: FileId) -> &mut Unread {
        self.of_files.entry(file).or_insert(Unread::ALL)
    }

    fn distribution(&mut self, of: DistId) -> &mut Unread {
        self.of_distributions.entry(of).or_insert(Unread::ALL)
    }
}

/// The fact that speaks of what a file reads.
fn fact<'f>(
    tree: &Tree,
    facts: &'f Facts,
    said: &BTreeSet<(Option<DistId>, &str)>,
    of: DistId,
    file: FileId,
) -> Option<&'f Reads> {
    let path = tree.import_path(file)?;
    let known = facts.known.iter().filter(|(known, _)| *known == of);
    let mut all = known.flat_map(|(_, known)| &known.reads);
    let is_said = |word: &String| said.iter().any(|(by, said)| *by != Some(of) && said == word);
    all.find(|fact| {
        fact.by.iter().any(|by| by.matches(path)) && !fact.unless_said.iter().any(is_said)
    })
}

/// What one source was seen to do.
struct Seen {
    file: FileId,
    imports: BTreeSet<DistId>,
    places: Vec<Place>,
    said: Vec<String>,
}

struct Place {
    line: u32,
    what: What,
    scope: Scope,
}

enum Scope {
    File(FileId),
    Distribution(DistId),
    Named(String),
    Anybody,
}

/// The sources of a package whose paths end so.
fn named<'t>(
    tree: &'t Tree,
    package: PackageId,
    name: &'t str,
) -> impl Iterator<Item = FileId> + 't {
    let is_it = move |path: &str| {
        let before = path.strip_suffix(name.trim_start_matches("./"));
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let here = tree.files().filter(move |(_, file)| file.package == package);
    here.filter(move |(id, _)| tree.import_path(*id).is_some_and(is_it)).map(|(id, _)| id)
}

struct Look<'t> {
    tree: &'t Tree,
    contents: &'t dyn Contents,
    facts: &'t Facts,
    names: Names<'t>,
    platform: Platform,
    words: BTreeSet<&'t str>,
}

impl<'t> Look<'t> {
    fn new(tree: &'t Tree, contents: &'t dyn Contents, facts: &'t Facts) -> Self {
        let known = facts.known.iter().flat_map(|(_, known)| &known.reads);
        let words = known.flat_map(|fact| &fact.unless_said).map(String::as_str).collect();
        let platform = Platform { python: (3, facts.target.python.minor()) };
        Self { tree, contents, facts, names: Names::of(tree), platform, words }
    }

    fn at(&self, file: FileId) -> Result<Seen> {
        let bytes = self.contents.read(file)?;
        let mut seen =
            Seen { file, imports: BTreeSet::new(), places: Vec::new(), said: Vec::new() };
        let says = |word: &&&str| memmem::find(&bytes, word.as_bytes()).is_some();
        seen.said.extend(self.words.iter().filter(says).map(ToString::to_string));
        let text = match outline::text(&bytes) {
            Ok(text) => text,
            Err(error) => return Ok(unparsed(seen, &error)),
        };
        match reads(&text, self.platform) {
            Ok((reads, outline)) => {
                seen.imports = self.imports(file, &outline);
                let place = |read: &Read<'_>| Place {
                    line: outline::line(&text, read.at),
                    what: read.what,
                    scope: self.scope(file, &read.whose),
                };
                seen.places = reads.iter().map(place).collect();
                Ok(seen)
            }
            Err(error) => Ok(unparsed(seen, &error)),
        }
    }

    fn scope(&self, file: FileId, whose: &Whose<'_>) -> Scope {
        match whose {
            Whose::File => Scope::File(file),
            Whose::Anybody => Scope::Anybody,
            Whose::Named(name) => Scope::Named(name.to_string()),
            Whose::Imported { level, module, name } => {
                let found = self.modules(file, *level, module, &[name]);
                let of = found.iter().find_map(|file| self.facts.owners.brought_by(*file));
                // Of the standard library, or of the user's.
                of.map_or(Scope::File(file), Scope::Distribution)
            }
        }
    }

    /// The distributions that a source imports.
    fn imports(&self, file: FileId, outline: &Outline<'_>) -> BTreeSet<DistId> {
        let all = outline.imports.iter();
        all.flat_map(|import| self.modules(file, import.level, &import.module, &import.names))
            .filter_map(|file| self.facts.owners.brought_by(file))
            .collect()
    }

    /// The files that an import names.
    fn modules(&self, file: FileId, level: u32, module: &str, names: &[&str]) -> Vec<FileId> {
        let package = self.tree.file(file).package;
        let slashed = module.replace('.', "/");
        let base = match level {
            0 => slashed,
            level => {
                let path = self.tree.import_path(file).unwrap_or_default();
                let mut above = path;
                (0..level).for_each(|_| above = parent(above));
                [above, &slashed]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join("/")
            }
        };
        let below = names.iter().map(|name| format!("{base}/{name}"));
        let all = below.chain([base.clone()]);
        all.flat_map(|name| self.names.files(package, &name).to_vec()).collect()
    }
}

/// A source that Python may read and slim cannot is taken to read anything; what is no Python 3 is
/// never run.
fn unparsed(mut seen: Seen, error: &Unparsed) -> Seen {
    if !matches!(error, Unparsed::Syntax { .. }) {
        seen.places.push(Place { line: 1, what: What::Source, scope: Scope::Anybody });
    }
    seen
}

/// Whether a path is that of a source that can be imported.
pub fn is_importable(path: &str) -> bool {
    path.ends_with(".py") && !path.starts_with("bin/") && module_name(path).is_some()
}
