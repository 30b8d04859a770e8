//! What is named by other names than those of modules: folders by paths, sources by file names,
//! stubs by those who read stubs.

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;

use super::{Form, Wanted};
use crate::tree::{FileId, PackageId, file_name, is_below, parent};

/// A folder or module that paths in strings can lead to.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) package: PackageId,
    /// `pandas/tests`
    pub(super) slashed: String,
    /// `pandas`
    pub(super) top: String,
    files: Vec<FileId>,
}

/// A source, header or stub.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) package: PackageId,
    pub(super) path: String,
    pub(super) file: FileId,
}

/// All that is looked for by path or file name.
#[derive(Debug, Default)]
pub(super) struct Paths {
    folders: Vec<Folder>,
    by_word: HashMap<String, Vec<usize>, RandomState>,
    by_path: HashMap<(PackageId, String), usize>,
    in_folders: HashSet<FileId>,
    /// Sources by file name.
    sources: HashMap<String, Vec<Named>, RandomState>,
    /// The suffixes that sources have, such as `.pyx`.
    pub(super) suffixes: BTreeSet<String>,
    pub(super) stubs: Vec<Named>,
    /// Other files by what strings may call them.
    files: HashMap<String, Vec<Named>, RandomState>,
}

impl Paths {
    pub(super) fn of(wanted: &[Wanted]) -> Self {
        let mut paths = Self::default();
        for thing in wanted {
            paths.add(thing);
        }
        paths
    }

    fn add(&mut self, thing: &Wanted) {
        let (package, path) = (thing.package, thing.path.clone());
        let named = |file: &FileId| Named { package, path: path.clone(), file: *file };
        match thing.form {
            Form::Module | Form::Distribution => {}
            Form::Library => {
                for name in library_names(&path) {
                    self.files.entry(name).or_default().extend(thing.files.iter().map(named));
                }
            }
            Form::FurtherName => {
                for name in further_names(&path) {
                    self.files.entry(name).or_default().extend(thing.files.iter().map(named));
                }
            }
            Form::File => {
                let files = self.files.entry(file_name(&path).to_owned()).or_default();
                files.extend(thing.files.iter().map(named));
            }
            Form::Folder => {
                let slashed = path.strip_suffix(".py").unwrap_or(&path).to_owned();
                let top = slashed.split('/').next().unwrap_or_default().to_owned();
                let number = self.folders.len();
                self.by_word.entry(file_name(&slashed).to_owned()).or_default().push(number);
                self.by_path.insert((package, slashed.clone()), number);
                self.in_folders.extend(&thing.files);
                self.folders.push(Folder { package, slashed, top, files: thing.files.clone() });
            }
            Form::Source => {
                let name = file_name(&path);
                self.suffixes.insert(suffix(name).to_owned());
                let sources = self.sources.entry(name.to_owned()).or_default();
                sources.extend(thing.files.iter().map(named));
            }
            Form::Stub => self.stubs.extend(thing.files.iter().map(named)),
        }
    }

    /// The folder of exactly this path.
    pub(super) fn folder(&self, package: PackageId, slashed: &str) -> Option<&Folder> {
        if self.folders.is_empty() || !self.by_word.contains_key(file_name(slashed)) {
            return None;
        }
        self.by_path.get(&(package, slashed.to_owned())).map(|number| &self.folders[*number])
    }

    /// The last parts of the folders' paths.
    pub(super) fn folder_names(&self) -> impl Iterator<Item = &str> {
        self.by_word.keys().map(String::as_str)
    }

    /// Whether a file lies in a folder that is looked for: code that runs or lists whatever it finds
    /// is no reason for it to be there.
    pub(super) fn holds(&self, file: FileId) -> bool {
        self.in_folders.contains(&file)
    }

    /// The files of a folder.
    pub(super) fn files<'f>(&self, folder: &'f Folder) -> &'f [FileId] {
        &folder.files
    }

    /// The folders whose last part is exactly this word.
    pub(super) fn folders_called(&self, word: &str) -> impl Iterator<Item = &Folder> {
        self.by_word.get(word).into_iter().flatten().map(|number| &self.folders[*number])
    }

    /// Whether a folder or a file is called by this word.
    pub(super) fn is_known(&self, word: &str) -> bool {
        self.by_word.contains_key(word) || self.files.contains_key(word)
    }

    /// The sources of this file name.
    pub(super) fn sources_called(&self, name: &str) -> &[Named] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    /// The libraries and scripts that a string may mean.
    pub(super) fn files_called(&self, name: &str) -> &[Named] {
        if self.files.is_empty() {
            return &[];
        }
        self.files.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether there is anything that is called by its file name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The sources with this suffix below a folder.
    pub(super) fn sources_below<'b>(
        &'b self,
        suffix: &'b str,
        folder: &'b str,
    ) -> impl Iterator<Item = &'b Named> {
        let all = self.sources.values().flatten();
        all.filter(move |source| source.path.ends_with(suffix) && is_below(&source.path, folder))
    }

    /// The suffix of sources that a text ends with, as in `*.pyx`.
    pub(super) fn suffix_at_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        let suffix = suffix(text);
        self.suffixes.contains(suffix).then_some(suffix)
    }
}

/// What code that opens a library may call it: its file name, that up to `.so`, both without `lib`,
/// without the hash that wheel repairers add; and the folder of libraries that it lies in.
fn library_names(path: &str) -> BTreeSet<String> {
    let name = file_name(path);
    let folder = file_name(parent(path));
    let stem = name.split(".so").next().unwrap_or(name);
    let plain = match stem.rsplit_once('-') {
        Some((plain, hash)) if hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            plain
        }
        _ => stem,
    };
    let mut names: BTreeSet<String> = [name, stem, plain].map(str::to_owned).into();
    names.insert(format!("{plain}.so"));
    let short: Vec<String> =
        names.iter().filter_map(|name| name.strip_prefix("lib")).map(str::to_owned).collect();
    names.extend(short);
    names.extend(further_names(path));
    if folder.ends_with(".libs") {
        names.insert(folder.to_owned());
    }
    names.retain(|name| name.len() > 2);
    names
}

/// What code may call exactly this name of a library: itself, without `lib`, up to the version, which
/// is made at run time (`f"libx.so.{version}"`, `"libx.so" + suffix`), and what joins the two.
fn further_names(path: &str) -> Vec<String> {
    let name = file_name(path);
    let version = name.find(".so.");
    let versioned = version.map(|at| &name[..at + ".so.".len()]);
    let plain = version.map(|at| &name[..at + ".so".len()]);
    let short = plain.and_then(|plain| plain.strip_prefix("lib"));
    let names = [Some(name), name.strip_prefix("lib"), versioned, plain, short, Some(".so.")];
    names.into_iter().flatten().filter(|name| name.len() > 2).map(str::to_owned).collect()
}

/// The suffix of a file name from its last dot on.
fn suffix(name: &str) -> &str {
    name.rfind('.').map_or("", |dot| &name[dot..])
}
