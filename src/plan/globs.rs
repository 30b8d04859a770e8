//! The user's own word: keep and drop, of the command line and of slim.toml.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::facts::Facts;
use crate::facts::owners::{DistId, ancestors};
use crate::failure::{Failure, nearest};
use crate::options::Glob;
use crate::python::dist;
use crate::tree::{FileId, Tree};

/// The files that the globs match, each with its glob; the last glob of a file is the one that counts.
///
/// A glob is relative to the import root and anchored; `*` stops at `/`, `**` does not; a folder
/// means its contents. One that speaks of a distribution matches what that distribution brought, and
/// nothing where no package holds it, which is a warning. `key` is `keep` or `drop`.
///
/// # Errors
/// A usage [`Failure`] for a glob that is none, or that matches nothing in any package.
pub(super) fn matched(
    key: &str,
    tree: &Tree,
    facts: &Facts,
    globs: &[Arc<Glob>],
) -> Result<Vec<(FileId, Arc<Glob>)>> {
    let mut all = Vec::new();
    for glob in globs {
        let set = compiled(key, glob)?;
        let of = glob.distribution.as_ref().map(|name| distributions(facts, name));
        if of.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let files = files(tree, facts, of.as_deref());
        let matches = |id: &FileId| {
            let path = tree.file(*id).path.as_str();
            set.is_match(path) || tree.import_path(*id).is_some_and(|path| set.is_match(path))
        };
        let before = all.len();
        all.extend(files.iter().copied().filter(matches).map(|id| (id, Arc::clone(glob))));
        if all.len() == before {
            return Err(nothing_matches(key, tree, &files, glob).into());
        }
    }
    Ok(all)
}

/// The distributions of a name, of all packages.
fn distributions(facts: &Facts, name: &str) -> Vec<DistId> {
    let name = dist::normalize(name);
    let named = facts.owners.distributions().filter(|(_, dist)| dist.normalized() == name);
    named.map(|(id, _)| id).collect()
}

/// All files, or those that some distributions brought.
fn files(tree: &Tree, facts: &Facts, of: Option<&[DistId]>) -> Vec<FileId> {
    let brought = |id: &FileId| match of {
        None => true,
        Some(of) => facts.owners.brought_by(*id).is_some_and(|dist| of.contains(&dist)),
    };
    tree.ids().filter(brought).collect()
}

fn compiled(key: &str, glob: &Glob) -> Result<GlobSet> {
    let folder = glob.text.trim_end_matches('/');
    let mut set = GlobSetBuilder::new();
    for text in [folder.to_owned(), format!("{folder}/**")] {
        let built = GlobBuilder::new(&text).literal_separator(true).build();
        set.add(built.map_err(|error| {
            Failure::usage(format!("failed to read {}: {}", glob.told(key), error.kind()))
                .hint("globs are as in a shell: `*`, `**`, `?`, `[ab]`, `{a,b}`")
        })?);
    }
    Ok(set.build()?)
}

fn nothing_matches(key: &str, tree: &Tree, files: &[FileId], glob: &Glob) -> Failure {
    let place = glob.distribution.as_deref().unwrap_or("the package");
    let told = glob.told(key);
    let failure = Failure::usage(format!("failed to apply {told}: nothing in {place} matches"));
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for path in files.iter().filter_map(|id| tree.import_path(*id)) {
        names.insert(path);
        names.extend(ancestors(path));
    }
    match nearest(glob.text.trim_end_matches('/'), names) {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint("globs are relative to the import root: numpy/tests, **/locale"),
    }
}
