//! The user's own word: `--keep` and `--drop`.

use std::collections::BTreeSet;

use anyhow::Result;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::facts::owners::ancestors;
use crate::failure::{Failure, nearest};
use crate::tree::{FileId, Tree};

/// The files that any of the globs matches, with the first glob that does.
///
/// A glob is relative to the import root and anchored; `*` stops at `/`, `**` does not; a folder
/// means its contents.
///
/// # Errors
/// A usage [`Failure`] for a glob that is none, or that matches nothing in any package.
pub(super) fn matched(
    option: &str,
    tree: &Tree,
    globs: &[String],
) -> Result<Vec<(FileId, String)>> {
    let mut all = Vec::new();
    for glob in globs {
        let set = compiled(option, glob)?;
        let matches = |id: &FileId| {
            let path = tree.file(*id).path.as_str();
            set.is_match(path) || tree.import_path(*id).is_some_and(|path| set.is_match(path))
        };
        let before = all.len();
        all.extend(tree.ids().filter(matches).map(|id| (id, glob.clone())));
        if all.len() == before {
            return Err(nothing_matches(option, tree, glob).into());
        }
    }
    Ok(all)
}

fn compiled(option: &str, glob: &str) -> Result<GlobSet> {
    let folder = glob.trim_end_matches('/');
    let mut set = GlobSetBuilder::new();
    for glob in [folder.to_owned(), format!("{folder}/**")] {
        let built = GlobBuilder::new(&glob).literal_separator(true).build();
        set.add(built.map_err(|error| {
            Failure::usage(format!("failed to read {option} {glob}: {}", error.kind()))
                .hint("globs are as in a shell: `*`, `**`, `?`, `[ab]`, `{a,b}`")
        })?);
    }
    Ok(set.build()?)
}

fn nothing_matches(option: &str, tree: &Tree, glob: &str) -> Failure {
    let failure =
        Failure::usage(format!("failed to apply {option} {glob}: nothing in the package matches"));
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for path in tree.ids().filter_map(|id| tree.import_path(id)) {
        names.insert(path);
        names.extend(ancestors(path));
    }
    match nearest(glob.trim_end_matches('/'), names) {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint("globs are relative to the import root: numpy/tests, **/locale"),
    }
}
