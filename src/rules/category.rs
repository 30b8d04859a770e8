//! Tests, documentation and examples inside the packages of distributions.

use std::collections::BTreeMap;

use super::{Change, Named, Proposal, Proposals, brought, package_folders, table};
use crate::facts::Facts;
use crate::facts::imports::Form;
use crate::facts::owners::ancestors;
use crate::tree::{FileId, PackageId, Tree, file_name, parent};

/// Names of folders that are not part of what a package does.
const FOLDERS: [&str; 7] = ["benchmarks", "doc", "docs", "examples", "test", "testing", "tests"];

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    let packages = package_folders(tree);
    let mut folders: BTreeMap<(PackageId, &str), Vec<FileId>> = BTreeMap::new();
    for (id, package, path) in brought(tree, facts) {
        // The nearest such folder that lies beside modules: one among data files may be data.
        let beside_modules = |folder: &&str| packages.contains(&(package, parent(folder)));
        let category = ancestors(path)
            .filter(|folder| FOLDERS.contains(&file_name(folder)))
            .find(beside_modules);
        if let Some(folder) = category {
            folders.entry((package, folder)).or_default().push(id);
        } else if is_test_module(path) {
            let named = Named { package, path: path.to_owned(), form: Form::Folder };
            found.proposals.push(Proposal {
                rule: &table::TEST_MODULE,
                change: Change::Drop,
                files: vec![id],
                named: Some(named),
            });
        }
    }
    found.proposals.extend(folders.into_iter().map(|((package, folder), files)| Proposal {
        rule: &table::CATEGORY_FOLDER,
        change: Change::Drop,
        files,
        named: Some(Named { package, path: folder.to_owned(), form: Form::Folder }),
    }));
}

fn is_test_module(path: &str) -> bool {
    let name = file_name(path);
    name == "conftest.py" || name.starts_with("test_") && name.ends_with(".py")
}
