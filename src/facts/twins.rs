//! Which shared libraries are the same file under several names.
//!
//! A wheel cannot hold symbolic links, so what a build installs as `libx.so` → `libx.so.1` →
//! `libx.so.1.2` ships as three files. Equality is that of the files as they were found: equal files
//! are changed alike, so they ship equal. Only names in the same folder count: a library is looked for
//! where RUNPATH or code says, and a copy in another folder is found from elsewhere.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use super::content::Content;
use super::links::LinkGraph;
use crate::tree::{Contents, FileId, FileMap, Tree, file_name, parent};

/// The groups of equal libraries.
#[derive(Debug, Default)]
pub struct Twins {
    groups: Vec<Vec<FileId>>,
    of: HashMap<FileId, usize>,
}

impl Twins {
    /// Reads and compares the libraries of equal size in the same folder.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(
        tree: &Tree,
        contents: &dyn Contents,
        content: &FileMap<Content>,
        links: &LinkGraph,
    ) -> Result<Self> {
        let mut alike: BTreeMap<_, Vec<FileId>> = BTreeMap::new();
        for (id, file) in tree.files().filter(|(id, _)| is_library(tree, content, *id)) {
            let folder = parent(file.path.as_str());
            alike.entry((file.package, folder, file.size)).or_default().push(id);
        }
        let mut twins = Self::default();
        for files in alike.into_values().filter(|files| files.len() > 1) {
            let mut equal: BTreeMap<[u8; 32], Vec<FileId>> = BTreeMap::new();
            for file in files {
                let hash = contents.hash(file)?;
                equal.entry(hash.into()).or_default().push(file);
            }
            for mut files in equal.into_values().filter(|files| files.len() > 1) {
                files.sort_by_cached_key(|file| rank(tree, content, links, *file));
                twins.of.extend(files.iter().map(|file| (*file, twins.groups.len())));
                twins.groups.push(files);
            }
        }
        Ok(twins)
    }

    /// The names of each library that has several.
    pub fn groups(&self) -> impl Iterator<Item = &[FileId]> {
        self.groups.iter().map(Vec::as_slice)
    }

    /// All names of a library, itself among them; none where it has only one. First comes the name that
    /// a vague mention would mean.
    pub fn names(&self, file: FileId) -> &[FileId] {
        self.of.get(&file).map_or(&[], |group| &self.groups[*group])
    }

    /// The name that a vague mention of this library would mean, where that is another one.
    pub fn first(&self, file: FileId) -> Option<FileId> {
        self.names(file).first().copied().filter(|first| *first != file)
    }
}

/// Before the others comes `libx.so`, which code opens that knows no version; then what objects are
/// linked with, then what the library calls itself.
fn rank(
    tree: &Tree,
    content: &FileMap<Content>,
    links: &LinkGraph,
    file: FileId,
) -> impl Ord + use<> {
    let name = file_name(tree.file(file).path.as_str());
    let is_linked = links.edges.iter().any(|(_, to)| *to == file);
    let is_own = matches!(&content[file], Content::Elf(it) if it.soname.as_deref() == Some(name));
    let is_plain = name.ends_with(".so");
    (Reverse(is_plain), Reverse(is_linked), Reverse(is_own), name.len(), name.to_owned())
}

/// Whether a file is a shared library and no extension module: it says what others link with it by,
/// or lies in the folder that wheel repairers make.
pub fn is_library(tree: &Tree, content: &FileMap<Content>, id: FileId) -> bool {
    let Content::Elf(object) = &content[id] else { return false };
    let path = tree.file(id).path.as_str();
    let name = file_name(path);
    let repaired = file_name(parent(path)).ends_with(".libs") || parent(path).ends_with("/.libs");
    repaired || name.starts_with("lib") && object.soname.is_some()
}
