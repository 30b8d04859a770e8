//! Who names what: a conservative search for the names of files that nobody may need.
//!
//! A mention is a reason to keep. Python sources are parsed where a name stands in them (comments
//! and docstrings name nothing); shared objects and data are searched byte by byte, compressed
//! string tables of Cython included.

mod index;
mod inflated;
mod python;
mod raw;

use anyhow::Result;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::content::Content;
use super::{Facts, IN_FLIGHT};
use crate::memory::Budget;
use crate::progress::Progress;
use crate::python::source::RecordReader;
use crate::tree::{Contents, FileId, Kind, PackageId, Tree, file_name};
use index::Index;

/// Something whose mention is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The package it lies in; only files of the same package can name it.
    pub package: PackageId,
    /// Its import path: a folder or a file.
    pub path: String,
    /// By what it would be named.
    pub form: Form,
}

/// By what a thing would be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A module or package: by its dotted or slashed name, by an import, as a part of a path.
    Module,
    /// A source or header of compiled code: by its file name.
    Source,
    /// A type stub: by code beside or above it that reads stubs.
    Stub,
}

/// How something is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// By an import statement.
    Import,
    /// In a string of Python code.
    Literal,
    /// In a Python file that could not be parsed.
    Unparsed,
    /// In a shared object.
    SharedObject,
    /// In a data file or an entry point.
    Data,
}

/// One mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The index of what is named in the list that was looked for.
    pub wanted: usize,
    /// The file that names it.
    pub by: FileId,
    /// The line, where the file has lines.
    pub line: Option<u32>,
    /// How it is named.
    pub how: How,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Searched {
    /// Every mention, in the order of files.
    pub mentions: Vec<Mention>,
    /// Calls that read a distribution's RECORD, with the files that hold them.
    pub record_readers: Vec<(FileId, RecordReader)>,
}

/// Everything that is looked for, ready to search files for it.
pub struct Search<'a> {
    tree: &'a Tree,
    contents: &'a dyn Contents,
    facts: &'a Facts,
    index: Index,
}

impl<'a> Search<'a> {
    /// Prepares the search for what is `wanted`.
    pub fn new(
        tree: &'a Tree,
        contents: &'a dyn Contents,
        facts: &'a Facts,
        wanted: &[Wanted],
    ) -> Self {
        Self { tree, contents, facts, index: Index::of(wanted) }
    }

    /// Searches these files for what is not `found` yet (a flag for each thing wanted); what is
    /// may be named again in the answer.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn run(
        &self,
        files: &[FileId],
        found: &[bool],
        progress: &dyn Progress,
    ) -> Result<Searched> {
        let budget = Budget::new(IN_FLIGHT);
        let searched: Result<Vec<Searched>> = files
            .par_iter()
            .map(|id| {
                let size = self.tree.file(*id).size;
                let _held = budget.hold(size);
                let searched = self.one(*id, found)?;
                progress.advance(size);
                Ok(searched)
            })
            .collect();
        let mut all = Searched::default();
        for searched in searched? {
            all.mentions.extend(searched.mentions);
            all.record_readers.extend(searched.record_readers);
        }
        Ok(all)
    }

    fn one(&self, id: FileId, found: &[bool]) -> Result<Searched> {
        let scope = scope(self.tree, self.facts, id);
        if scope == Scope::Nothing {
            return Ok(Searched::default());
        }
        let bytes = self.contents.read(id)?;
        Ok(match scope {
            Scope::Nothing => Searched::default(),
            Scope::Python => python::search(self, found, id, &bytes),
            Scope::SharedObject => raw::search_object(self, id, &bytes),
            Scope::Bytecode => python::search_bytecode(self, found, id, &bytes),
            Scope::Data => raw::search_data(self, id, &bytes),
        })
    }
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
    let differs: Result<Vec<bool>> = files
        .par_iter()
        .map(|id| {
            let Some(expected) = facts.owners.recorded_hash(*id) else { return Ok(false) };
            let _held = budget.hold(tree.file(*id).size);
            Ok(Sha256::digest(contents.read(*id)?)[..] != expected[..])
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

/// Which search a file gets. Bytecode repeats its source; of a metadata folder only the entry
/// points name anything (RECORD and its like are inventories); a distribution's build files name
/// what nobody builds any more.
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
        Content::Other => Scope::Data,
    }
}

/// The first part of an import path, without a module's suffix.
fn top(import_path: &str) -> &str {
    let first = import_path.split('/').next().unwrap_or(import_path);
    if first.len() == import_path.len() {
        file_name(first).split('.').next().unwrap_or(first)
    } else {
        first
    }
}
