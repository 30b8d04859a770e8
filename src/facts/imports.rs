//! Which file needs which: the edges of the import graph, with their evidence.
//!
//! Edges are worked out for the files that are asked about, so that what is never reached is never
//! read. No edge crosses packages.

mod applied;
mod data;
mod groups;
pub mod inflated;
mod narrow;
mod objects;
mod paths;
mod python;
mod runs;

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::Result;
use foldhash::fast::RandomState;
use memchr::memmem;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::content::Content;
use super::kept::{Context, Memo};
use super::names::{Names, module_name};
use super::owners::{DistId, Owner};
use super::{Facts, IN_FLIGHT};
use crate::cache;
use crate::elf::inspect;
use crate::memory::Budget;
use crate::progress::Progress;
use crate::python::outline::Platform;
use crate::python::source::RecordReader;
use crate::tree::{Contents, FileId, FileMap, Kind, PackageId, Sparse, Tree, file_name, parent};
use applied::Applied;
use groups::Groups;
use narrow::Narrow;
use objects::Tables;
use paths::Paths;

/// Where files lead, in the cache.
const EDGES: cache::Kind = cache::Kind::new("edges");
/// The hashes that RECORD could hold, in the cache.
const RECORD: cache::Kind = cache::Kind::new("record");

/// Whether code says a word, in the cache.
const SAID: cache::Kind = cache::Kind::new("said");

/// How one file leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum How {
    /// An import statement.
    Import,
    /// A string names it.
    Literal,
    /// A string begins its name, and the rest is filled in at run time.
    Prefix,
    /// Code looks for the modules of its package (`pkgutil`, `importlib.resources`).
    Walked,
    /// Code imports a name that is made at run time: the package stays whole.
    Unresolved,
    /// An entry point of a group that the file asks for.
    EntryPoint,
    /// A file that is no Python that slim can read may name it.
    Unparsed,
    /// A shared object names it.
    SharedObject,
    /// A shared object is linked with it (DT_NEEDED).
    Needed,
    /// A data file names it.
    Data,
    /// A fact says so.
    Fact,
    /// It belongs to what is reached.
    Along,
}

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The file that needs.
    pub from: FileId,
    /// The file that is needed.
    pub to: FileId,
    /// The line that tells, where the file has lines.
    pub line: Option<u32>,
    /// How it tells.
    pub how: How,
    /// Whether it comes true when a function is called, not when the file is imported.
    pub deferred: bool,
    /// Whether it surely comes true when the file is imported: it stands in no function and no branch.
    pub certain: bool,
}

/// Something that is found by other names than those of modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The package it lies in; only files of the same package can name it.
    pub package: PackageId,
    /// Its import path: a folder or a file.
    pub path: String,
    /// By what it would be named.
    pub form: Form,
    /// Its files.
    pub files: Vec<FileId>,
}

/// By what a thing would be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A module: by imports and by its dotted or slashed name.
    Module,
    /// A folder: by its dotted or slashed name, as part of a path; its modules by their own.
    Folder,
    /// A source or header of compiled code: by its file name.
    Source,
    /// A type stub: by code beside or above it that reads stubs.
    Stub,
    /// A shared library: by its file name, with or without `lib` and what follows `.so`.
    Library,
    /// A further name of a shared library of which an equal file has the [`Form::Library`]: by this
    /// file name, with or without `lib`.
    FurtherName,
    /// Any other file: by its file name.
    File,
    /// What is left of a distribution: by anything else of it.
    Distribution,
}

/// Which entry points count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoints {
    /// All that a distribution lists.
    All,
    /// Those of the groups that something reached asks for.
    AskedFor,
}

/// What the edges of some files are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// The edges, in the order of files.
    pub edges: Vec<Edge>,
    /// Calls that read a distribution's RECORD.
    pub record_readers: Vec<RecordReader>,
    /// Calls whose argument chooses files.
    pub choices: Vec<Choice>,
    wholes: Vec<Whole>,
}

/// A call whose first argument chooses files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The file that calls.
    pub from: FileId,
    /// The line.
    pub line: u32,
    /// The function's name.
    pub call: String,
    /// The argument; `None` where it is computed.
    pub name: Option<String>,
}

/// A folder all of whose modules a file may need.
#[derive(Debug, Serialize, Deserialize)]
struct Whole {
    from: FileId,
    package: PackageId,
    folder: String,
    line: Option<u32>,
    how: How,
}

/// The import graph, ready to be asked.
pub struct ImportGraph<'a> {
    tree: &'a Tree,
    contents: &'a dyn Contents,
    facts: &'a Facts,
    platform: Platform,
    names: Names<'a>,
    /// The parts that any name has.
    parts: HashSet<&'a str, RandomState>,
    paths: Paths,
    tables: Tables,
    groups: Groups,
    points: EntryPoints,
    known: Applied<'a>,
    /// Finds the words without which nothing is named that could go; `None` where any module could.
    narrow: Option<Narrow>,
    /// The folders that were handed out whole.
    done: Mutex<HashSet<(PackageId, String)>>,
    /// What the results for single files come of beside their contents and the facts.
    context: Vec<u8>,
    memo: OnceLock<Memo>,
    nothing: FileMap<bool>,
}

impl<'a> ImportGraph<'a> {
    /// Prepares the graph; `wanted` can be named by more than imports.
    ///
    /// # Errors
    /// When an `entry_points.txt` cannot be read.
    pub fn new(
        tree: &'a Tree,
        contents: &'a dyn Contents,
        facts: &'a Facts,
        wanted: &[Wanted],
        points: EntryPoints,
    ) -> Result<Self> {
        let names = Names::of(tree);
        let platform = Platform { python: (3, facts.target.python.minor()) };
        let paths = Paths::of(wanted);
        let groups = Groups::of(tree, contents, facts)?;
        let tables = Tables::default();
        let context = context(wanted, points, &groups);
        let known = Applied::of(facts, &names);
        // What facts lead to stands in no source.
        let narrow = Narrow::of(wanted, &paths)
            .filter(|narrow| !known.needs().any(|needs| narrow.may_name(needs)));
        Ok(Self {
            narrow,
            tree,
            contents,
            facts,
            platform,
            parts: names.parts(),
            names,
            paths,
            tables,
            groups,
            points,
            known,
            done: Mutex::default(),
            context,
            memo: OnceLock::new(),
            nothing: FileMap::filled(tree, false),
        })
    }

    /// Whether a word by itself could name anything at all.
    fn is_known(&self, word: &str) -> bool {
        self.parts.contains(word) || self.paths.is_known(word) || self.groups.holds(word)
    }

    /// The same for who asks where everything leads, not only to what could go.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { narrow: None, ..self }
    }

    /// The module that a stub describes.
    fn described_by(&self, stub: FileId) -> Option<FileId> {
        let path = self.tree.import_path(stub)?;
        let module = path.strip_suffix('i').unwrap_or(path);
        self.tree.find_import(self.tree.file(stub).package, module)
    }

    /// Whether the module that a stub describes reads stubs.
    fn is_read(&self, stub: FileId) -> Result<bool> {
        let Some(module) = self.described_by(stub) else { return Ok(false) };
        let bytes = self.contents.read(module)?;
        let says = |word: &[u8]| memchr::memmem::find(&bytes, word).is_some();
        Ok(says(b"attach_stub") || says(b".pyi"))
    }

    /// The regular package that a file lies in, the outermost; its folder where there is none. A module
    /// beside the packages is its own: then it is empty.
    fn regular_package<'p>(&self, package: PackageId, path: &'p str) -> &'p str {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        let regular = |folder: &&str| !self.names.files(package, folder).is_empty();
        folders.into_iter().find(regular).unwrap_or(parent(path))
    }

    /// The files of the packages above a module: what importing it runs first.
    pub fn above(&self, file: FileId, found: &mut dyn FnMut(FileId)) {
        let Some(name) = self.tree.import_path(file).and_then(module_name) else { return };
        self.names.above(self.tree.file(file).package, parent(name), found);
    }

    /// The files of a module.
    pub fn module(&self, package: PackageId, slashed: &str) -> &[FileId] {
        self.names.files(package, slashed)
    }

    /// The edges of these files to files that are not `reached` yet.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn edges(
        &self,
        files: &[FileId],
        reached: &FileMap<bool>,
        progress: &dyn Progress,
    ) -> Result<Found> {
        let budget = Budget::new(IN_FLIGHT);
        let found: Result<Vec<Found>> = files
            .par_iter()
            .map(|id| {
                let size = self.tree.file(*id).size;
                let _held = budget.hold(size);
                let found = self.known_edges_of(*id, reached)?;
                progress.advance(size);
                Ok(found)
            })
            .collect();
        let mut all = Found::default();
        for found in found? {
            all.edges.extend(found.edges);
            all.record_readers.extend(found.record_readers);
            all.choices.extend(found.choices);
            all.wholes.extend(found.wholes);
        }
        self.hand_out(&mut all, reached);
        let says = |package, of, word: &str| self.says(package, of, word);
        all.edges.retain(|edge| !self.known.leads_nowhere(self.tree, edge, says));
        Ok(all)
    }

    /// Whether a traced run executed a file, so that some of its edges may not count.
    fn ran(&self, file: FileId) -> bool {
        self.facts.observed.as_ref().is_some_and(|observed| observed.ran(file))
    }

    /// Whether any code of a package says a word, that of one distribution apart; so does what cannot
    /// be read.
    fn says(&self, package: PackageId, of: DistId, word: &str) -> bool {
        let is_other = |id: &FileId| {
            let owner = self.facts.owners.owner(*id);
            self.tree.file(*id).package == package && owner != Owner::Distribution(of)
        };
        let says = |id: FileId| {
            let bytes = match scope(self.tree, self.facts, id) {
                Scope::Nothing | Scope::Stub | Scope::Data => return false,
                Scope::Python | Scope::Bytecode => self.contents.read(id).map(Sparse::Whole),
                Scope::SharedObject => self.contents.read_parts(id, &[&inspect::constants_in]),
            };
            bytes.map_or(true, |bytes| memmem::find(&bytes, word.as_bytes()).is_some())
        };
        let is_code = |id: &FileId| match scope(self.tree, self.facts, *id) {
            Scope::Nothing | Scope::Stub | Scope::Data => false,
            Scope::Python | Scope::Bytecode | Scope::SharedObject => true,
        };
        let others: Vec<FileId> =
            self.tree.ids().filter(|id| is_other(id) && is_code(id)).collect();
        let say = || others.par_iter().any(|id| says(*id));
        self.facts.kept.of_all(SAID, self.contents, &others, word.as_bytes(), say)
    }

    /// As [`Self::edges_of`]; what came of the same content before is not worked out again. Kept is where
    /// a file leads whatever is reached: what is reached when differs from build to build.
    fn known_edges_of(&self, id: FileId, reached: &FileMap<bool>) -> Result<Found> {
        let scope = scope(self.tree, self.facts, id);
        if !self.facts.kept.is_on() || scope == Scope::Nothing {
            return self.edges_of(id, reached);
        }
        let memo = self.memo.get_or_init(|| {
            let context = [self.context.as_slice(), &[u8::from(self.narrow.is_some())]].concat();
            self.facts.kept.memo(EDGES, self.tree, &context)
        });
        let module = if scope == Scope::Stub { self.described_by(id) } else { None };
        let mut found = memo.of(self.contents, id, module, || self.edges_of(id, &self.nothing))?;
        found.edges.retain(|edge| !reached[edge.to]);
        Ok(found)
    }

    fn edges_of(&self, id: FileId, reached: &FileMap<bool>) -> Result<Found> {
        let mut sink = Sink::new(self, id, reached);
        for library in self.facts.links.needed_by(id) {
            sink.file(library, How::Needed);
        }
        let scope = scope(self.tree, self.facts, id);
        let is_listing = self.points == EntryPoints::AskedFor
            && self.facts.owners.in_metadata(self.tree, id).is_some();
        if scope == Scope::Nothing || is_listing {
            return Ok(sink.found);
        }
        if scope == Scope::Data && self.tree.file(id).size > data::PIECEWISE {
            data::edges_by_pieces(self, id, &mut sink)?;
            return Ok(sink.found);
        }
        let bytes = match scope {
            Scope::SharedObject => self.contents.read_parts(id, &[&inspect::constants_in])?,
            _ => Sparse::Whole(self.contents.read(id)?),
        };
        match scope {
            Scope::Nothing => {}
            Scope::Python => python::edges(self, &bytes, &mut sink),
            Scope::SharedObject => objects::edges(self, &bytes, &mut sink),
            Scope::Bytecode => data::bytecode(self, &bytes, &mut sink),
            Scope::Data => data::edges(self, &bytes, &mut sink),
            Scope::Stub if self.is_read(id)? => python::edges(self, &bytes, &mut sink),
            Scope::Stub => {}
        }
        Ok(sink.found)
    }
}

/// Gathers the edges of one file, each target once for each kind of evidence: a fact may speak of one
/// kind alone.
struct Sink<'g> {
    from: FileId,
    package: PackageId,
    /// The import path of the file, or its path where it has none.
    path: &'g str,
    reached: &'g FileMap<bool>,
    seen: HashSet<(FileId, How, bool), RandomState>,
    found: Found,
    /// Where in the text the edges that come now stand.
    line: Line<'g>,
    /// Whether these edges stand in functions.
    deferred: bool,
    /// Whether they surely come true.
    certain: bool,
}

/// Lines are counted only where an edge is found.
#[derive(Clone, Copy)]
enum Line<'g> {
    None,
    At(&'g str, usize),
}

impl<'g> Sink<'g> {
    fn new(graph: &ImportGraph<'g>, from: FileId, reached: &'g FileMap<bool>) -> Self {
        let file = graph.tree.file(from);
        let path = graph.tree.import_path(from).unwrap_or(file.path.as_str());
        let (seen, found) = (HashSet::default(), Found::default());
        Self {
            from,
            package: file.package,
            path,
            reached,
            seen,
            found,
            line: Line::None,
            deferred: false,
            certain: false,
        }
    }

    fn file(&mut self, to: FileId, how: How) {
        if self.reached[to] || to == self.from || !self.seen.insert((to, how, self.certain)) {
            return;
        }
        let line = self.line();
        let Self { from, deferred, certain, .. } = *self;
        self.found.edges.push(Edge { from, to, line, how, deferred, certain });
    }

    /// Every module below a folder.
    fn whole(&mut self, folder: &str, how: How) {
        let (from, package, line) = (self.from, self.package, self.line());
        let is_known = |whole: &Whole| whole.folder == folder;
        if !self.found.wholes.iter().any(is_known) {
            let folder = folder.to_owned();
            self.found.wholes.push(Whole { from, package, folder, line, how });
        }
    }

    fn line(&self) -> Option<u32> {
        match self.line {
            Line::None => None,
            Line::At(text, at) => Some(crate::python::outline::line(text, at)),
        }
    }
}

impl ImportGraph<'_> {
    /// Adds the edges to every module of the folders that are needed whole, but for those in folders
    /// that are looked for; each folder once.
    fn hand_out(&self, all: &mut Found, reached: &FileMap<bool>) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        for whole in std::mem::take(&mut all.wholes) {
            let Whole { from, package, folder, line, how } = whole;
            // Where edges of this file may not count, another file may still have them.
            let counts = !self.known.speaks_of(self.tree, from) && !self.ran(from);
            if counts && !done.insert((package, folder.clone())) {
                continue;
            }
            self.names.below(package, &folder, &mut |to| {
                if !reached[to] && !self.paths.holds(to) {
                    let (deferred, certain) = (false, false);
                    all.edges.push(Edge { from, to, line, how, deferred, certain });
                }
            });
        }
    }
}

/// What can be named, and by what, beside the modules of the tree.
fn context(wanted: &[Wanted], points: EntryPoints, groups: &Groups) -> Vec<u8> {
    let mut context = Context::default();
    for thing in wanted {
        context.number(u32::from(thing.package.0) << 8 | thing.form as u32);
        context.text(&thing.path);
        context.files(&thing.files);
    }
    context.number(points as u32);
    for (package, group, module) in groups.all() {
        context.number(u32::from(package.0));
        context.text(group);
        context.text(module);
    }
    context.hash()
}

/// The files among these whose contents are not what RECORD says, in order.
///
/// # Errors
/// When a file cannot be read.
pub fn modified(
    contents: &dyn Contents,
    tree: &Tree,
    facts: &Facts,
    files: &[FileId],
) -> Result<Vec<FileId>> {
    let budget = Budget::new(IN_FLIGHT);
    let memo = facts.kept.memo(RECORD, tree, &[]);
    let differs: Result<Vec<bool>> = files
        .par_iter()
        .map(|id| {
            let Some(expected) = facts.owners.recorded_hash(*id) else { return Ok(false) };
            let _held = budget.hold(tree.file(*id).size);
            let hash = || Ok(<[u8; 32]>::from(Sha256::digest(contents.read(*id)?)));
            Ok(memo.of(contents, *id, None, hash)? != *expected)
        })
        .collect();
    Ok(files.iter().zip(differs?).filter(|(_, differs)| *differs).map(|(id, _)| *id).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Nothing,
    Python,
    SharedObject,
    Bytecode,
    Data,
    /// A type stub: it only names anything for who reads stubs.
    Stub,
}

/// Files by which a distribution is built and checked, not run; wheels carry some along.
const BUILD_FILES: [&str; 9] = [
    "CMakeLists.txt",
    "MANIFEST.in",
    "Makefile",
    "meson.build",
    "meson.options",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
];

/// How a file is read. Bytecode repeats its source; of a metadata folder only the entry points name
/// anything (RECORD and its like are inventories); a distribution's build files name what nobody
/// builds any more.
fn scope(tree: &Tree, facts: &Facts, id: FileId) -> Scope {
    if tree.file(id).kind == Kind::EmptyFolder {
        return Scope::Nothing;
    }
    if let Some((_, name)) = facts.owners.in_metadata(tree, id) {
        return if name == "entry_points.txt" { Scope::Data } else { Scope::Nothing };
    }
    let build_file = BUILD_FILES.contains(&file_name(tree.file(id).path.as_str()));
    if build_file && facts.owners.brought_by(id).is_some() {
        return Scope::Nothing;
    }
    let pycache = |path: &str| path.contains("__pycache__/");
    match &facts.content[id] {
        Content::Source => Scope::Python,
        Content::Elf(_) | Content::BrokenElf(_) => Scope::SharedObject,
        Content::Bytecode(_) if pycache(tree.file(id).path.as_str()) => Scope::Nothing,
        Content::Archive | Content::Portable { .. } | Content::MachO => Scope::Nothing,
        Content::Bytecode(_) => Scope::Bytecode,
        Content::Other if is_prose(tree.file(id).path.as_str()) => Scope::Nothing,
        Content::Other if tree.file(id).path.as_str().ends_with(".pyi") => Scope::Stub,
        Content::Other => Scope::Data,
    }
}

/// Whether a file is there for people to read.
fn is_prose(path: &str) -> bool {
    let name = file_name(path);
    [".md", ".rst", ".html", ".css"].iter().any(|suffix| name.ends_with(suffix))
        || ["LICENSE", "LICENCE", "COPYING", "NOTICE", "CHANGELOG", "CHANGES", "AUTHORS"]
            .iter()
            .any(|start| name.starts_with(start))
}
