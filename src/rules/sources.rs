//! Sources of compiled code, and type stubs.

use super::{Change, Named, Proposal, Proposals, brought, table};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::imports::Form;
use crate::python::tags::ModuleFile;
use crate::tree::{FileId, PackageId, Tree, file_name, parent};

/// Suffixes of what only a compiler reads; templates of these (`.pyx.tp`, `.c.in`) too.
const SUFFIXES: [&str; 15] = [
    ".c", ".cc", ".cpp", ".cxx", ".f", ".f90", ".h", ".hh", ".hpp", ".hxx", ".pxd", ".pxi", ".pyf",
    ".pyx", ".cuh",
];
const TEMPLATES: [&str; 3] = [".in", ".src", ".tp"];

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    let modules = modules(tree);
    for (id, package, path) in brought(tree, facts) {
        let name = file_name(path);
        let (rule, form) = if is_source(name) && matches!(facts.content[id], Content::Other) {
            (&table::NATIVE_SOURCE, Form::Source)
        } else if is_stub(&modules, package, path) {
            (&table::TYPE_STUB, Form::Stub)
        } else {
            continue;
        };
        let named = Named { package, path: path.to_owned(), form };
        found.proposals.push(Proposal {
            rule,
            change: Change::Drop,
            files: vec![id],
            named: Some(named),
        });
    }
}

/// Whether a file is the stub of a module that is there: beside it, in a folder of its name, or in the
/// folder of stubs of a package (PEP 561), which nothing can import.
fn is_stub(modules: &Modules<'_>, package: PackageId, path: &str) -> bool {
    let Some(stem) = file_name(path).strip_suffix(".pyi") else { return false };
    let folder = parent(path);
    let top = path.split('/').next().unwrap_or_default();
    modules.contains(&(package, folder, stem))
        || stem == "__init__" && modules.contains(&(package, parent(folder), file_name(folder)))
        || top.strip_suffix("-stubs").is_some_and(|name| modules.contains(&(package, "", name)))
}

fn is_source(name: &str) -> bool {
    if name == "meson.build" {
        return true;
    }
    let plain = TEMPLATES.iter().find_map(|template| name.strip_suffix(template)).unwrap_or(name);
    SUFFIXES.iter().any(|suffix| plain.len() > suffix.len() && plain.ends_with(suffix))
}

type Modules<'t> = std::collections::HashSet<(PackageId, &'t str, &'t str)>;

/// Every module by package, folder and name; a package counts in the folder above it.
fn modules(tree: &Tree) -> Modules<'_> {
    let paths =
        tree.ids().filter_map(|id: FileId| Some((tree.file(id).package, tree.import_path(id)?)));
    let mut modules = Modules::new();
    for (package, path) in paths {
        let name = file_name(path);
        let stem =
            name.strip_suffix(".py").or_else(|| ModuleFile::parse(name).map(|module| module.stem));
        if let Some(stem) = stem {
            modules.insert((package, parent(path), stem));
            if stem == "__init__" {
                modules.insert((package, parent(parent(path)), file_name(parent(path))));
            }
        }
    }
    modules
}
