//! The packages as found.

mod sparse;

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::{Index, IndexMut};
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub use sparse::{Lent, Pool, Sparse};

/// A package in the order in which the packages were named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageId(pub u16);

/// A file of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A path below a package's root: UTF-8, `/` between the parts, no leading `/`, no `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Box<str>);

impl RelPath {
    /// The path, if it is a valid one.
    pub fn new(path: &str) -> Option<Self> {
        let valid = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        (valid && !path.contains('\0')).then(|| Self(path.into()))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is before the last `/` of a path; empty at the top.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// What is behind the last `/` of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether `path` is `folder` itself or lies below it; everything lies below the empty folder.
pub fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a file is to the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, or what a symbolic link leads to.
    Regular,
    /// A folder with nothing in it.
    EmptyFolder,
}

/// One file of a package.
#[derive(Clone, Debug)]
pub struct File {
    /// The package it was found in.
    pub package: PackageId,
    /// Where it was found, below the package's root.
    pub path: RelPath,
    /// Its size in bytes.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// What it is.
    pub kind: Kind,
}

/// How a package is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `pip install -t` beside the user's code: the root is the import root.
    Flat,
    /// A layer: the import root is this folder, such as `python`.
    Layer(String),
}

/// One package that was named.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name for the outputs: the folder's name or the zip's stem.
    pub name: String,
    /// Where it was named.
    pub root: PathBuf,
    /// Whether a second folder gave what this one has not.
    pub overlaid: bool,
    /// How it is laid out.
    pub layout: Layout,
    /// How many files were reached through symbolic links and copied in.
    pub links_followed: usize,
}

/// All packages, their files in the order of package and path bytes.
#[derive(Debug, Default)]
pub struct Tree {
    packages: Vec<Package>,
    files: Vec<File>,
    by_path: HashMap<(PackageId, RelPath), FileId>,
}

impl Tree {
    /// A tree of these files, in any order.
    pub fn new(packages: Vec<Package>, mut files: Vec<File>) -> Self {
        files.sort_by(|a, b| (a.package, &a.path).cmp(&(b.package, &b.path)));
        let by_path = files
            .iter()
            .enumerate()
            .map(|(index, file)| ((file.package, file.path.clone()), FileId(index as u32)))
            .collect();
        Self { packages, files, by_path }
    }

    /// The packages with their ids, in the order named.
    pub fn packages(&self) -> impl Iterator<Item = (PackageId, &Package)> {
        self.packages.iter().enumerate().map(|(index, package)| (PackageId(index as u16), package))
    }

    /// One package.
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[usize::from(id.0)]
    }

    /// Every file with its id, in order.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(index as u32), file))
    }

    /// Every file's id, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// One file.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The file at this path of a package.
    pub fn find(&self, package: PackageId, path: &str) -> Option<FileId> {
        self.by_path.get(&(package, RelPath::new(path)?)).copied()
    }

    /// A file's path below the import root; None for what lies beside it in a layer.
    pub fn import_path(&self, id: FileId) -> Option<&str> {
        let file = self.file(id);
        match &self.package(file.package).layout {
            Layout::Flat => Some(file.path.as_str()),
            Layout::Layer(prefix) => {
                file.path.as_str().strip_prefix(prefix.as_str())?.strip_prefix('/')
            }
        }
    }

    /// The file at this path below a package's import root.
    pub fn find_import(&self, package: PackageId, import_path: &str) -> Option<FileId> {
        match &self.package(package).layout {
            Layout::Flat => self.find(package, import_path),
            Layout::Layer(prefix) => self.find(package, &format!("{prefix}/{import_path}")),
        }
    }

    /// A file's path as a message names it: with the package's name where there are several.
    pub fn shown(&self, id: FileId) -> String {
        let file = self.file(id);
        let path = self.import_path(id).unwrap_or(file.path.as_str());
        if self.packages.len() == 1 {
            path.to_owned()
        } else {
            format!("{}:{path}", self.package(file.package).name)
        }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// A value for every file of a tree.
#[derive(Clone, Debug)]
pub struct FileMap<T>(Vec<T>);

impl<T> FileMap<T> {
    /// One value a file, in the order of the tree's files.
    pub fn from_values(values: Vec<T>) -> Self {
        Self(values)
    }

    /// The files with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &T)> {
        self.0.iter().enumerate().map(|(index, value)| (FileId(index as u32), value))
    }
}

impl<T: Clone> FileMap<T> {
    /// The same value for every file.
    pub fn filled(tree: &Tree, value: T) -> Self {
        Self(vec![value; tree.len()])
    }
}

impl<T> Index<FileId> for FileMap<T> {
    type Output = T;

    fn index(&self, id: FileId) -> &T {
        &self.0[id.0 as usize]
    }
}

impl<T> IndexMut<FileId> for FileMap<T> {
    fn index_mut(&mut self, id: FileId) -> &mut T {
        &mut self.0[id.0 as usize]
    }
}

/// Gives the bytes of files.
pub trait Contents: Sync {
    /// The whole contents of a file.
    ///
    /// # Errors
    /// When it cannot be read, or has no longer the size that the scan saw.
    fn read(&self, id: FileId) -> Result<Vec<u8>>;

    /// The contents of a file piece by piece, as long as it has the size that the scan saw.
    ///
    /// # Errors
    /// As [`Contents::read`].
    fn open(&self, id: FileId) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(Cursor::new(self.read(id)?)))
    }

    /// The hash of a file's contents; cheap when it was asked for before.
    ///
    /// # Errors
    /// As [`Contents::read`].
    fn hash(&self, id: FileId) -> Result<blake3::Hash> {
        Ok(blake3::hash(&self.read(id)?))
    }

    /// The contents of a file where it matters, zeros elsewhere. Each step is shown the bytes that
    /// are there already, at first [`HEAD`] of them, and the size, and tells what else matters; more
    /// may be there than they told. Where the first step tells nothing, the head alone is given.
    ///
    /// # Errors
    /// As [`Contents::read`].
    fn read_parts(&self, id: FileId, _steps: &[Step<'_>]) -> Result<Sparse<'_>> {
        Ok(Sparse::Whole(self.read(id)?))
    }
}

/// How many bytes of a file tell what else of it matters.
pub const HEAD: usize = 4096;

/// Tells from the bytes that are there and the size of a file which more ranges of it matter.
pub type Step<'p> = &'p (dyn Fn(&[u8], usize) -> Vec<std::ops::Range<usize>> + Sync);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_escape_are_refused() {
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b"] {
            assert!(RelPath::new(bad).is_none(), "{bad:?}");
        }
        assert!(RelPath::new("a/b-1.0.dist-info/RECORD").is_some());
    }

    #[test]
    fn below_means_whole_parts() {
        assert!(is_below("a/b", "a") && is_below("a", "a") && is_below("a", ""));
        assert!(!is_below("ab", "a"));
    }
}
