//! Which files an import name means.
//!
//! A table over the import roots: module `a.b` is `a/b.py`, an extension module `a/b.*.so`, bytecode
//! without source `a/b.pyc`, or the `__init__` of the folder `a/b`. A folder without `__init__` is a
//! namespace package (PEP 420).

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::python::tags::ModuleFile;
use crate::tree::{FileId, PackageId, Tree, file_name, parent};

/// What lies at a dotted name.
#[derive(Debug, Default)]
struct Place<'t> {
    /// The files that Python would run on import, all variants.
    files: Vec<FileId>,
    /// Whether it is a folder.
    folder: bool,
    /// The names of what can be imported below it.
    children: Vec<&'t str>,
}

/// The import names of every package.
#[derive(Debug)]
pub struct Names<'t> {
    packages: Vec<Root<'t>>,
}

/// The import names of one package.
#[derive(Debug, Default)]
struct Root<'t> {
    places: HashMap<&'t str, Place<'t>, RandomState>,
    tops: Vec<&'t str>,
}

impl<'t> Root<'t> {
    /// The place of a name; made, with the folders above, where there is none yet.
    fn place(&mut self, name: &'t str) -> &mut Place<'t> {
        if !self.places.contains_key(name) {
            self.places.insert(name, Place::default());
            let (above, last) = (parent(name), file_name(name));
            if above.is_empty() {
                self.tops.push(last);
            } else {
                let above = self.place(above);
                above.folder = true;
                above.children.push(last);
            }
        }
        self.places.entry(name).or_default()
    }

    fn add_folders(&mut self, folder: &'t str) {
        if !folder.is_empty() && !self.places.get(folder).is_some_and(|place| place.folder) {
            self.place(folder).folder = true;
        }
    }
}

/// How far a name led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Led<'t> {
    /// The slashed name of the last place that there is.
    pub to: &'t str,
    /// Whether all of the name led there.
    pub whole: bool,
    /// Whether that place is a folder.
    pub folder: bool,
}

impl<'t> Names<'t> {
    /// The table of all files below the import roots.
    pub fn of(tree: &'t Tree) -> Self {
        let mut packages: Vec<Root<'t>> = tree.packages().map(|_| Root::default()).collect();
        for (id, file) in tree.files() {
            let Some(path) = tree.import_path(id) else { continue };
            if is_metadata(path) {
                continue;
            }
            let root = &mut packages[usize::from(file.package.0)];
            root.add_folders(parent(path));
            if let Some(name) = module_name(path) {
                root.place(name).files.push(id);
            }
        }
        for root in &mut packages {
            root.places.values_mut().for_each(|place| place.children.sort_unstable());
            root.tops.sort_unstable();
        }
        Self { packages }
    }

    fn get(&self, package: PackageId, name: &str) -> Option<&Place<'t>> {
        self.packages[usize::from(package.0)].places.get(name)
    }

    /// The parts that any name has, of all packages.
    pub fn parts(&self) -> HashSet<&'t str, RandomState> {
        let names = self.packages.iter().flat_map(|root| root.places.keys());
        names.map(|name| file_name(name)).collect()
    }

    /// The first parts of all names, sorted.
    pub fn tops(&self, package: PackageId) -> &[&'t str] {
        &self.packages[usize::from(package.0)].tops
    }

    /// Whether a name is the first part of any.
    pub fn is_top(&self, package: PackageId, name: &str) -> bool {
        self.get(package, name).is_some()
    }

    /// The names of what can be imported from a folder, sorted.
    pub fn children(&self, package: PackageId, folder: &str) -> &[&'t str] {
        if folder.is_empty() {
            return self.tops(package);
        }
        self.get(package, folder).map_or(&[], |place| &place.children)
    }

    /// The files of exactly this slashed name.
    pub fn files(&self, package: PackageId, name: &str) -> &[FileId] {
        self.get(package, name).map_or(&[], |place| &place.files)
    }

    /// Whether there is a folder of this slashed name.
    pub fn is_folder(&self, package: PackageId, name: &str) -> bool {
        self.get(package, name).is_some_and(|place| place.folder)
    }

    /// Follows the parts of a name from a folder (empty: the import root), and hands over the files
    /// that importing it runs: its own, and those of the packages above. `None` where not even the
    /// first part is there.
    pub fn follow<'p>(
        &self,
        package: PackageId,
        base: &str,
        parts: impl IntoIterator<Item = &'p str>,
        mut found: impl FnMut(FileId),
    ) -> Option<Led<'t>> {
        let mut name = String::with_capacity(base.len() + 32);
        name.push_str(base);
        let mut led = None;
        for part in parts {
            if part.is_empty() {
                continue;
            }
            let length = name.len();
            if length > 0 {
                name.push('/');
            }
            name.push_str(part);
            let places = &self.packages[usize::from(package.0)].places;
            let Some((to, place)) = places.get_key_value(name.as_str()) else {
                return led.map(|led| Led { whole: false, ..led });
            };
            place.files.iter().for_each(|file| found(*file));
            led = Some(Led { to, whole: true, folder: place.folder });
        }
        led
    }

    /// Hands over the files of every package above a name, those that importing it runs first.
    pub fn above(&self, package: PackageId, name: &str, mut found: impl FnMut(FileId)) {
        let mut folder = name;
        while !folder.is_empty() {
            self.files(package, folder).iter().for_each(|file| found(*file));
            folder = parent(folder);
        }
    }

    /// Hands over the files of every module below a folder.
    pub fn below(&self, package: PackageId, folder: &str, found: &mut dyn FnMut(FileId)) {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for child in self.children(package, &folder) {
                let name = if folder.is_empty() {
                    (*child).to_owned()
                } else {
                    format!("{folder}/{child}")
                };
                self.files(package, &name).iter().for_each(|file| found(*file));
                if self.is_folder(package, &name) {
                    open.push(name);
                }
            }
        }
    }
}

fn is_metadata(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    first.ends_with(".dist-info") || first.ends_with(".egg-info")
}

/// The slashed name of the module that a file is; of an `__init__`, its folder.
pub fn module_name(path: &str) -> Option<&str> {
    let file = file_name(path);
    let stem = file
        .strip_suffix(".py")
        .or_else(|| file.strip_suffix(".pyc").filter(|_| file_name(parent(path)) != "__pycache__"))
        .or_else(|| ModuleFile::parse(file).map(|module| module.stem))?;
    let end = path.len() - file.len();
    match stem {
        "__init__" if end > 0 => Some(&path[..end - 1]),
        "__init__" | "" => None,
        stem => Some(&path[..end + stem.len()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names() {
        assert_eq!(module_name("a/b.py"), Some("a/b"));
        assert_eq!(module_name("a/__init__.py"), Some("a"));
        assert_eq!(module_name("a/b.cpython-312-x86_64-linux-gnu.so"), Some("a/b"));
        assert_eq!(module_name("a/__init__.abi3.so"), Some("a"));
        assert_eq!(module_name("a/b.pyc"), Some("a/b"));
        assert_eq!(module_name("a/__pycache__/b.cpython-312.pyc"), None);
        assert_eq!(module_name("a/b.txt"), None);
        assert_eq!(module_name("__init__.py"), None);
    }
}
