//! Which shared object needs which.

use std::collections::{BTreeMap, HashMap};

use super::content::Content;
use crate::target::Target;
use crate::tree::{FileId, FileMap, PackageId, Tree, file_name};

/// The DT_NEEDED edges inside each package, and what they ask for outside of it.
#[derive(Debug, Default)]
pub struct LinkGraph {
    /// Who needs whom, in the order of files.
    pub edges: Vec<(FileId, FileId)>,
    /// Who needs a library that the package does not hold.
    pub outside: Vec<(FileId, String)>,
}

/// What a shared object asks of the system that the target does not have.
#[derive(Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The object that asks.
    pub file: FileId,
    /// The symbol version or library asked for, such as `GLIBC_2.38` or `libodbc.so.2`.
    pub wants: String,
}

impl LinkGraph {
    /// Resolves every DT_NEEDED within the same package: by file name, as the loader opens it, and by
    /// soname where no file has that name.
    pub fn of(tree: &Tree, content: &FileMap<Content>) -> Self {
        let mut by_name: HashMap<(PackageId, &str), Vec<FileId>> = HashMap::new();
        let mut by_soname = by_name.clone();
        for (id, content) in content.iter() {
            let Content::Elf(object) = content else { continue };
            let file = tree.file(id);
            let name = file_name(file.path.as_str());
            by_name.entry((file.package, name)).or_default().push(id);
            if let Some(soname) = object.soname.as_deref() {
                by_soname.entry((file.package, soname)).or_default().push(id);
            }
        }
        let mut graph = Self::default();
        for (id, content) in content.iter() {
            let Content::Elf(object) = content else { continue };
            for library in &object.needed {
                let wanted = (tree.file(id).package, file_name(library));
                match by_name.get(&wanted).or_else(|| by_soname.get(&wanted)) {
                    Some(files) => graph.edges.extend(files.iter().map(|file| (id, *file))),
                    None => graph.outside.push((id, library.clone())),
                }
            }
        }
        graph
    }

    /// The libraries of the package that an object is linked with.
    pub fn needed_by(&self, object: FileId) -> impl Iterator<Item = FileId> {
        let first = self.edges.partition_point(|(from, _)| *from < object);
        self.edges[first..].iter().take_while(move |(from, _)| *from == object).map(|(_, to)| *to)
    }

    /// What the target lacks: libraries nobody provides, and symbol versions newer than its own.
    /// Weak version needs are no needs.
    pub fn unmet(&self, content: &FileMap<Content>, target: Target) -> Vec<Unmet> {
        let mut unmet: BTreeMap<FileId, Vec<String>> = BTreeMap::new();
        for (file, library) in &self.outside {
            if !target.provides(library) {
                unmet.entry(*file).or_default().push(library.clone());
            }
        }
        for (file, content) in content.iter() {
            let Content::Elf(object) = content else { continue };
            let newest = object
                .version_needs
                .iter()
                .filter(|need| !need.weak && is_newer(&need.version, target))
                .map(|need| need.version.as_str())
                .max_by_key(|version| numbers(version));
            unmet.entry(file).or_default().extend(newest.map(str::to_owned));
        }
        let flat = unmet
            .into_iter()
            .flat_map(|(file, wants)| wants.into_iter().map(move |wants| Unmet { file, wants }));
        flat.collect()
    }
}

fn numbers(version: &str) -> Vec<u32> {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split('.').filter_map(|part| part.parse().ok()).collect()
}

fn is_newer(version: &str, target: Target) -> bool {
    let (major, minor) = target.glibc();
    let (x, y, z) = target.glibcxx();
    match version.split_once('_').map(|(family, _)| family) {
        Some("GLIBC") => numbers(version) > vec![major, minor],
        Some("GLIBCXX") => numbers(version) > vec![x, y, z],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Arch, Python};

    #[test]
    fn versions_compare_by_number() {
        let target = Target { python: Python::new(12).unwrap(), arch: Arch::X86_64 };
        assert!(is_newer("GLIBC_2.38", target));
        assert!(!is_newer("GLIBC_2.4", target) && !is_newer("GLIBC_2.34", target));
        assert!(is_newer("GLIBCXX_3.4.30", target) && !is_newer("GLIBCXX_3.4.9", target));
        assert!(!is_newer("GLIBC_PRIVATE", target) && !is_newer("CXXABI_1.3", target));
        let older = Target { python: Python::new(11).unwrap(), arch: Arch::X86_64 };
        assert!(is_newer("GLIBC_2.27", older));
    }
}
