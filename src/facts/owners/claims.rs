//! How a distribution claims what RECORD does not simply list.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;

use super::{DistId, Owner, Owners, ancestors};
use crate::python::{bytecode, tags};
use crate::tree::{Contents, FileId, PackageId, Tree, file_name, is_below, parent};

/// Where a path of RECORD stands in an installed folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// At this path below the import root.
    At(String),
    /// Nowhere in the package.
    Outside,
}

/// Folders of the installation scheme that `pip install -t` moves into the target folder.
const SCHEME: &[&str] = &["bin", "etc", "include", "lib", "man", "sbin", "share"];

/// Resolves a path of RECORD: `../../bin/x` is `bin/x` (and so for the scheme's other folders);
/// any other way out of the import root is outside.
pub(super) fn installed_path(recorded: &str) -> Installed {
    let mut rest = recorded;
    let mut climbed = false;
    while let Some(shorter) = rest.strip_prefix("../") {
        rest = shorter;
        climbed = true;
    }
    let mut parts = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." if !parts.is_empty() => {}
            "" | ".." => return Installed::Outside,
            "." => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() || climbed && !(parts.len() > 1 && SCHEME.contains(&parts[0])) {
        return Installed::Outside;
    }
    Installed::At(parts.join("/"))
}

impl Owners {
    /// What a distribution without RECORD claims: `top_level.txt`, else `installed-files.txt`.
    pub(super) fn claim_unrecorded(
        &mut self,
        tree: &Tree,
        contents: &dyn Contents,
        id: DistId,
        files: &[FileId],
    ) -> Result<()> {
        let dist = self.distribution(id);
        if dist.record.is_some() {
            return Ok(());
        }
        let (package, info) = (dist.package, dist.info.clone());
        let mut names: BTreeSet<String> = BTreeSet::new();
        for list in ["top_level.txt", "installed-files.txt"] {
            let Some(file) = tree.find_import(package, &format!("{info}/{list}")) else { continue };
            let bytes = contents.read(file)?;
            let lines = String::from_utf8_lossy(&bytes).into_owned();
            // installed-files.txt is relative to the metadata folder.
            names
                .extend(lines.lines().map(|line| line.trim().trim_start_matches("../").to_owned()));
        }
        names.remove("");
        if names.is_empty() {
            let name = &self.distribution(id).name;
            self.warnings.push(format!(
                "{name} has neither RECORD nor top_level.txt: its files count as your code"
            ));
        }
        for file in files {
            let Some(path) = tree.import_path(*file) else { continue };
            if self.by_file[*file] == Owner::User && claims_path(&names, path) {
                self.by_file[*file] = Owner::Distribution(id);
            }
        }
        Ok(())
    }

    /// Bytecode belongs to its source's owner; what lies in a distribution's regular package
    /// without being listed is a guest there.
    pub(super) fn claim_bytecode_and_guests(
        &mut self,
        tree: &Tree,
        package: PackageId,
        files: &[FileId],
    ) {
        let mut regular: HashMap<&str, DistId> = HashMap::new();
        for file in files {
            let Some(path) = tree.import_path(*file) else { continue };
            if let Owner::Distribution(id) = self.by_file[*file]
                && (file_name(path) == "__init__.py" || is_extension_init(path))
            {
                regular.insert(parent(path), id);
            }
        }
        for file in files {
            let Some(path) = tree.import_path(*file) else { continue };
            if self.by_file[*file] != Owner::User {
                continue;
            }
            if let Some(owner) = source_of(tree, package, path).map(|source| self.by_file[source]) {
                self.by_file[*file] = owner;
            } else if let Some(id) = ancestors(path).find_map(|folder| regular.get(folder)) {
                self.by_file[*file] = Owner::Guest(*id);
            }
        }
    }
}

fn claims_path(names: &BTreeSet<String>, path: &str) -> bool {
    let top = path.split('/').next().unwrap_or(path);
    let module = tags::ModuleFile::parse(top).map_or(top, |module| module.stem);
    names.contains(path)
        || names.contains(module)
        || names.contains(top.strip_suffix(".py").unwrap_or(top))
        || names.iter().any(|name| is_below(path, name))
}

fn is_extension_init(path: &str) -> bool {
    tags::ModuleFile::parse(file_name(path)).is_some_and(|module| module.stem == "__init__")
}

/// The source that a file of `__pycache__` was compiled from, when it is there.
fn source_of(tree: &Tree, package: PackageId, path: &str) -> Option<FileId> {
    let folder = parent(path);
    if file_name(folder) != "__pycache__" {
        return None;
    }
    let (stem, _) = bytecode::pycache_name(file_name(path))?;
    let beside = parent(folder);
    let source =
        if beside.is_empty() { format!("{stem}.py") } else { format!("{beside}/{stem}.py") };
    tree.find_import(package, &source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_paths_resolve_as_pip_installs_them() {
        let at = |path: &str| Installed::At(path.to_owned());
        assert_eq!(installed_path("numpy/a.py"), at("numpy/a.py"));
        assert_eq!(installed_path("../../bin/f2py"), at("bin/f2py"));
        assert_eq!(installed_path("../../../bin/f2py"), at("bin/f2py"));
        assert_eq!(installed_path("../../share/man/man1/ttx.1"), at("share/man/man1/ttx.1"));
        assert_eq!(installed_path("./a//b.py"), at("a/b.py"));
        for outside in
            ["../../app.py", "../x/y.py", "a/../../b", "/etc/passwd", "../..", "", "../../bin"]
        {
            assert_eq!(installed_path(outside), Installed::Outside, "{outside}");
        }
    }
}
