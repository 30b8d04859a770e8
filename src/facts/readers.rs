//! Whose docstrings and sources something that ships may read.
//!
//! A place that reads those of whatever it is handed counts for its own distribution, for those that
//! import it, for what its file imports, and for what the user's code imports beside it; facts know of
//! some what they read. In the user's code it counts for all distributions of the package.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use memchr::memmem;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::kept::Context;
use super::names::{Names, module_name};
use super::owners::DistId;
use super::{Facts, IN_FLIGHT};
use crate::cache;
use crate::fact::{Finds, Reads, Text};
use crate::memory::Budget;
use crate::python::outline::{self, Outline, Platform, Unparsed};
use crate::python::prose::Prose;
use crate::python::prose::reads::{Read, What, Whose, reads};
use crate::tree::{Contents, FileId, PackageId, Tree, file_name, parent};

/// What sources are seen to read, in the cache.
const READS: cache::Kind = cache::Kind::new("reads");

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

    /// What neither reads.
    fn and(self, other: Self) -> Self {
        Self {
            prose: self.prose.and(other.prose),
            reader: self.reader.or(other.reader),
            finder: self.finder.or(other.finder),
        }
    }

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
    /// All that such a place can read of its own distribution; what looks for a file may read it.
    fn own(what: What) -> Self {
        match what {
            What::Docstring => Self { prose: Prose { comments: false, ..Prose::ALL }, file: false },
            What::Source | What::Text => Self { prose: Prose::ALL, file: true },
            What::File => Self { prose: Prose::default(), file: true },
        }
    }

    /// All that such a place can read of what it is handed.
    fn others(what: What) -> Self {
        match what {
            What::Docstring | What::Source => Self::own(what),
            What::Text | What::File => Self { prose: Prose::default(), file: true },
        }
    }

    /// Those of them that a fact names. Whether the files must be there that are looked for is another
    /// matter: so it is where they are `sought`.
    fn and(self, named: &[Text], what: What, sought: bool) -> Self {
        let has = |text: Text| named.contains(&text) || named.contains(&Text::Source);
        let prose = Prose {
            comments: has(Text::Source),
            modules: has(Text::Module),
            classes: has(Text::Class),
            functions: has(Text::Function),
        };
        let looks = sought && matches!(what, What::Text | What::File);
        let file = self.file && (looks || has(Text::File));
        Self { prose: self.prose.and(prose), file }
    }
}

impl Readers {
    /// Reads every source that ships, and looks into what else is code of Python.
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
        let memo = facts.kept.memo(READS, tree, &look.context());
        let budget = Budget::new(IN_FLIGHT);
        let codes: Vec<FileId> = tree.ids().filter(|id| look.is_code(*id) && ships(*id)).collect();
        let seen: Result<Vec<Seen>> = codes
            .par_iter()
            .map(|id| {
                let _held = budget.hold(tree.file(*id).size);
                memo.of(contents, *id, None, || look.at(*id))
            })
            .collect();
        let mut readers = Self::of(tree, facts, &seen?);
        if tree.packages().count() > 1 {
            readers.unify(tree, facts);
        }
        Ok(readers)
    }

    /// What is read of a distribution in one package is read of it in all: they may share a layer.
    fn unify(&mut self, tree: &Tree, facts: &Facts) {
        let mut by_name: BTreeMap<String, Vec<DistId>> = BTreeMap::new();
        for (id, distribution) in facts.owners.distributions() {
            by_name.entry(distribution.normalized()).or_default().push(id);
        }
        for same in by_name.values() {
            let all = same.iter().filter_map(|id| self.of_distributions.get(id)).cloned();
            let Some(all) = all.reduce(Unread::and) else { continue };
            self.of_distributions.extend(same.iter().map(|id| (*id, all.clone())));
        }
        for (file, unread) in self.of_files.clone() {
            let Some(path) = tree.import_path(file) else { continue };
            for (package, _) in tree.packages() {
                if let Some(same) = tree.find_import(package, path) {
                    let known = self.of_files.entry(same).or_insert(Unread::ALL);
                    *known = known.clone().and(unread.clone());
                }
            }
        }
    }

    /// What nobody reads of a file of a distribution.
    pub fn unread(&self, file: FileId, of: DistId) -> Unread {
        let whole = self.of_distributions.get(&of).cloned().unwrap_or(Unread::ALL);
        match self.of_files.get(&file) {
            None => whole,
            Some(own) => whole.and(own.clone()),
        }
    }

    fn of(tree: &Tree, facts: &Facts, seen: &[Seen]) -> Self {
        let uses = Uses::of(tree, facts, seen);
        let mut readers = Self::default();
        for seen in seen {
            let of = facts.owners.brought_by(seen.file);
            for place in &seen.places {
                let at = (seen.file, place.line);
                match (&place.scope, of) {
                    (Scope::Named(name), of) => {
                        // A distribution names its own files; the user's code may name any.
                        for file in uses.named(tree, tree.file(seen.file).package, name) {
                            if of.is_none() || facts.owners.brought_by(file) == of {
                                readers.file(file).without(Texts::own(place.what), at);
                            }
                        }
                    }
                    (Scope::File | Scope::Distribution, None) => {}
                    (_, Some(of)) => readers.place(tree, facts, &uses, seen, place, of),
                    (Scope::Anybody, None) => {
                        let package = tree.file(seen.file).package;
                        let all = facts.owners.distributions();
                        for (id, _) in all.filter(|(_, of)| of.package == package) {
                            readers.distribution(id).without(Texts::own(place.what), at);
                        }
                    }
                }
            }
        }
        readers
    }

    /// A place in a distribution: it reads its own, what imports it, what its file imports, and what
    /// the user's code may hand it.
    fn place(
        &mut self,
        tree: &Tree,
        facts: &Facts,
        uses: &Uses<'_>,
        seen: &Seen,
        place: &Place,
        of: DistId,
    ) {
        let (what, at) = (place.what, (seen.file, place.line));
        let fact = fact(tree, facts, &uses.said, of, seen.file);
        let (all, of_others) = (Texts::own(what), Texts::others(what));
        let own = fact.map_or(all, |f| all.and(&f.own, what, f.finds != Some(Finds::Nothing)));
        let others = fact.map_or(of_others, |f| of_others.and(&f.others, what, f.finds.is_none()));
        if matches!(place.scope, Scope::File) {
            return self.file(seen.file).without(own, at);
        }
        self.own(tree, facts, of, fact, own, at);
        if matches!(place.scope, Scope::Distribution) {
            return;
        }
        for (importer, file, near) in uses.importers.get(&of).into_iter().flatten() {
            match fact.is_some_and(|fact| fact.near) {
                true => {
                    let files = near.iter().chain([file]);
                    files.for_each(|file| self.file(*file).without(others, at));
                }
                false => self.distribution(*importer).without(others, at),
            }
        }
        // Facts say who hands it things.
        let imports = seen.imports.iter().filter(|imported| fact.is_none() && **imported != of);
        for imported in imports {
            self.distribution(*imported).without(others, at);
        }
        // What a fact says of classes, it says of those that are made for it.
        let mut handed = others;
        handed.prose.classes &= fact.is_none();
        for imported in uses.handed.get(&of).into_iter().flatten().filter(|id| **id != of) {
            self.distribution(*imported).without(handed, at);
        }
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

/// The distribution that imports, its file that does, and what of its own that file imports.
type Importer<'s> = (DistId, FileId, &'s [FileId]);

/// Who uses which distribution, as imports tell.
struct Uses<'s> {
    /// Of each distribution the others that import it: by which file, and what that imports of its own.
    importers: BTreeMap<DistId, Vec<Importer<'s>>>,
    /// What the user's files import that import the distribution.
    handed: BTreeMap<DistId, BTreeSet<DistId>>,
    /// The words of facts that are said, with who says them.
    said: BTreeSet<(Option<DistId>, &'s str)>,
    /// The sources by their file names.
    by_name: HashMap<String, Vec<FileId>>,
}

impl<'s> Uses<'s> {
    fn of(tree: &Tree, facts: &Facts, seen: &'s [Seen]) -> Self {
        let (mut importers, mut handed) = (BTreeMap::new(), BTreeMap::new());
        let mut said = BTreeSet::new();
        let mut by_name: HashMap<String, Vec<FileId>> = HashMap::new();
        for seen in seen {
            let of = facts.owners.brought_by(seen.file);
            let name = file_name(tree.file(seen.file).path.as_str());
            by_name.entry(name.to_owned()).or_default().push(seen.file);
            said.extend(seen.said.iter().map(|word| (of, word.as_str())));
            for imported in seen.imports.iter().filter(|imported| of != Some(**imported)) {
                match of {
                    Some(of) => {
                        let importers: &mut Vec<_> = importers.entry(*imported).or_default();
                        importers.push((of, seen.file, &seen.near[..]));
                    }
                    None => {
                        let handed: &mut BTreeSet<_> = handed.entry(*imported).or_default();
                        handed.extend(&seen.imports);
                    }
                }
            }
        }
        Self { importers, handed, said, by_name }
    }

    /// The sources of a package whose paths end so.
    fn named<'u>(
        &'u self,
        tree: &'u Tree,
        package: PackageId,
        name: &'u str,
    ) -> impl Iterator<Item = FileId> + 'u {
        let name = name.trim_start_matches("./");
        let is_it = move |id: &FileId| {
            let path = tree.import_path(*id).filter(|_| tree.file(*id).package == package);
            path.and_then(|path| path.strip_suffix(name))
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.by_name.get(file_name(name)).into_iter().flatten().copied().filter(is_it)
    }
}

/// What one source was seen to do.
#[derive(Serialize, Deserialize)]
struct Seen {
    file: FileId,
    imports: BTreeSet<DistId>,
    /// The files of its own distribution that it imports.
    near: Vec<FileId>,
    places: Vec<Place>,
    said: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Place {
    line: u32,
    what: What,
    scope: Scope,
}

#[derive(Serialize, Deserialize)]
enum Scope {
    File,
    Named(String),
    Distribution,
    Anybody,
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

    /// What the results come of beside contents and facts.
    fn context(&self) -> Vec<u8> {
        let mut context = Context::default();
        self.words.iter().for_each(|word| context.text(word));
        context.hash()
    }

    /// Whether a file may be code of Python: a source, bytecode without one, a program.
    fn is_code(&self, file: FileId) -> bool {
        let found = self.tree.file(file);
        match &self.facts.content[file] {
            Content::Source => true,
            Content::Bytecode(_) => !found.path.as_str().contains("__pycache__/"),
            Content::Other => found.executable,
            _ => false,
        }
    }

    fn at(&self, file: FileId) -> Result<Seen> {
        let bytes = self.contents.read(file)?;
        let (imports, near) = (BTreeSet::new(), Vec::new());
        let mut seen = Seen { file, imports, near, places: Vec::new(), said: Vec::new() };
        let says = |word: &str| memmem::find(&bytes, word.as_bytes()).is_some();
        match &self.facts.content[file] {
            Content::Source => {}
            Content::Other if bytes.starts_with(b"#!") && says("python") => {}
            Content::Other => return Ok(seen),
            // What it does with these words cannot be read.
            _ if ["__doc__", "getdoc", "getsource", "linecache"].iter().any(|word| says(word)) => {
                return Ok(seen.reads_anything());
            }
            _ => return Ok(seen),
        }
        seen.said.extend(self.words.iter().filter(|word| says(word)).map(ToString::to_string));
        let text = match outline::text(&bytes) {
            Ok(text) => text,
            Err(error) => return Ok(unparsed(seen, &error)),
        };
        match reads(&text, self.platform) {
            Ok((reads, outline)) => {
                self.imports(&mut seen, &outline);
                let mut line = Lines::of(&text);
                let mut place = |read: Read<'_>| Place {
                    line: line.at(read.at),
                    what: read.what,
                    scope: match read.whose {
                        Whose::File => Scope::File,
                        Whose::Anybody => Scope::Anybody,
                        Whose::Distribution => Scope::Distribution,
                        Whose::Named(name) => Scope::Named(name.into_owned()),
                    },
                };
                seen.places = reads.into_iter().map(&mut place).collect();
                Ok(seen)
            }
            Err(error) => Ok(unparsed(seen, &error)),
        }
    }

    /// What a source imports: distributions, and files of its own.
    fn imports(&self, seen: &mut Seen, outline: &Outline<'_>) {
        let own = self.facts.owners.brought_by(seen.file);
        for import in &outline.imports {
            for file in self.modules(seen.file, import.level, &import.module, &import.names) {
                let of = self.facts.owners.brought_by(file);
                seen.imports.extend(of);
                if own.is_some() && of == own {
                    seen.near.push(file);
                }
            }
        }
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
                let parts = [above, &slashed].into_iter().filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join("/")
            }
        };
        let below = names.iter().map(|name| format!("{base}/{name}"));
        let all = below.chain([base.clone()]);
        all.flat_map(|name| self.names.files(package, &name).to_vec()).collect()
    }
}

impl Seen {
    fn reads_anything(mut self) -> Self {
        let place = |what| Place { line: 1, what, scope: Scope::Anybody };
        self.places.extend([What::Docstring, What::Source].map(place));
        self
    }
}

/// A source that Python may read and slim cannot is taken to read anything; what is no Python 3 is
/// never run.
fn unparsed(seen: Seen, error: &Unparsed) -> Seen {
    if matches!(error, Unparsed::Syntax { .. }) { seen } else { seen.reads_anything() }
}

/// From offsets, in order, to lines.
struct Lines<'s> {
    text: &'s str,
    at: usize,
    line: u32,
}

impl<'s> Lines<'s> {
    fn of(text: &'s str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line of an offset, which is no smaller than the one before.
    fn at(&mut self, at: usize) -> u32 {
        self.line += outline::line(&self.text[self.at..], at - self.at) - 1;
        self.at = at;
        self.line
    }
}

/// Whether a path is that of a source that can be imported.
pub fn is_importable(path: &str) -> bool {
    path.ends_with(".py") && !path.starts_with("bin/") && module_name(path).is_some()
}
