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
use crate::tree::{Contents, FileId, FileMap, Kind, PackageId, Tree, file_name};
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
    /// The checked files whose contents are not what RECORD says.
    pub modified: Vec<FileId>,
}

/// Searches every file for mentions of what is `wanted`, and compares the files of `check` with
/// the hashes that RECORD gives for them.
///
/// # Errors
/// When a file cannot be read.
pub fn search(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    wanted: &[Wanted],
    check: &FileMap<bool>,
    progress: &dyn Progress,
) -> Result<Searched> {
    progress.begin("searching", tree.bytes());
    let index = Index::of(wanted);
    let budget = Budget::new(IN_FLIGHT);
    let ids: Vec<FileId> = tree.ids().filter(|id| tree.file(*id).kind == Kind::Regular).collect();
    let searched: Result<Vec<Searched>> = ids
        .into_par_iter()
        .map(|id| {
            let size = tree.file(id).size;
            let hashed = check[id] && facts.owners.recorded_hash(id).is_some();
            let scope = scope(tree, facts, id);
            if scope == Scope::Nothing && !hashed {
                return Ok(Searched::default());
            }
            let _held = budget.hold(size);
            let bytes = contents.read(id)?;
            let mut searched = match scope {
                Scope::Nothing => Searched::default(),
                Scope::Python => python::search(&index, tree, facts, id, &bytes),
                Scope::SharedObject => raw::search_object(&index, tree, id, &bytes),
                Scope::Data => raw::search_data(&index, tree, id, &bytes),
            };
            let expected = facts.owners.recorded_hash(id);
            if hashed && expected.is_some_and(|expected| Sha256::digest(&bytes)[..] != expected[..]) {
                searched.modified.push(id);
            }
            progress.advance(size);
            Ok(searched)
        })
        .collect();
    progress.end();
    let mut all = Searched::default();
    for searched in searched? {
        all.mentions.extend(searched.mentions);
        all.record_readers.extend(searched.record_readers);
        all.modified.extend(searched.modified);
    }
    Ok(all)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Nothing,
    Python,
    SharedObject,
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
        Content::Bytecode(_) | Content::Other => Scope::Data,
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
