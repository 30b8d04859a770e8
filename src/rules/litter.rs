//! What installers and the user's tools leave behind, and scripts' first lines.

use super::{Change, Proposals, table};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::owners::Owner;
use crate::tree::{FileId, Tree, file_name};

/// Folders that tools keep beside the user's code.
const FOLDERS: [&str; 12] = [
    ".git",
    ".hg",
    ".idea",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vs",
    ".vscode",
];
/// Files that tools leave beside the user's code.
const FILES: [&str; 6] =
    [".DS_Store", ".coverage", ".gitattributes", ".gitignore", "Thumbs.db", "desktop.ini"];
/// Endings of editors' backup and swap files.
const ENDINGS: [&str; 4] = [".swo", ".swp", ".un~", "~"];

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    for (id, file) in tree.files() {
        let path = tree.import_path(id).unwrap_or(file.path.as_str());
        match facts.owners.owner(id) {
            Owner::User if path == ".lock" && file.size == 0 => {
                found.add(&table::INSTALLER_LITTER, Change::Drop, id);
            }
            Owner::User if is_litter(path) => found.add(&table::USER_LITTER, Change::Drop, id),
            Owner::Distribution(_) if is_script(tree, facts, id) => {
                found.add(&table::SCRIPT_SHEBANG, Change::PortableShebang, id);
            }
            Owner::User | Owner::Guest(_) | Owner::Distribution(_) => {}
        }
    }
}

fn is_litter(path: &str) -> bool {
    let name = file_name(path);
    path.split('/').any(|part| FOLDERS.contains(&part))
        || FILES.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_script(tree: &Tree, facts: &Facts, id: FileId) -> bool {
    let in_bin = tree.import_path(id).is_some_and(|path| path.starts_with("bin/"))
        || tree.file(id).path.as_str().starts_with("python/bin/");
    in_bin && matches!(facts.content[id], Content::Other | Content::Source)
}
