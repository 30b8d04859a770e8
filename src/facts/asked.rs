//! Who asks for the metadata of distributions: versions, requirements, entry points.
//!
//! The functions are those of `importlib.metadata` (and its backport) and of `pkg_resources`.

use anyhow::Result;
use memchr::memmem;
use rayon::prelude::*;

use super::Facts;
use super::content::Content;
use super::owners::DistId;
use crate::python::dist;
use crate::python::outline::{self, Argument, Platform};
use crate::tree::{Contents, FileId, Tree};

/// Functions whose first argument is the name of a distribution.
const OF_ONE: [&str; 9] = [
    "distribution",
    "files",
    "get_distribution",
    "get_provider",
    "metadata",
    "require",
    "requires",
    "version",
    "working_set",
];

/// Functions whose first argument is a group of entry points.
const OF_GROUPS: [&str; 3] = ["entry_points", "get_entry_map", "iter_entry_points"];

/// Functions that look at every distribution.
const OF_ALL: [&str; 2] = ["distributions", "packages_distributions"];

/// A call that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The file that asks.
    pub by: FileId,
    /// The line.
    pub line: u32,
    /// The function.
    pub call: String,
    /// What it asks for.
    pub what: What,
}

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something of this distribution, by its normalized name.
    Distribution(String),
    /// Something of a distribution whose name is made at run time.
    Some,
    /// Something of every distribution.
    All,
    /// The entry points of this group.
    Group(String),
    /// Entry points of a group whose name is made at run time, or of all.
    Groups,
}

/// Every such call in `files`, in their order. What cannot be read asks for nothing that is known.
///
/// # Errors
/// When a file cannot be read.
pub fn asked(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    files: &[FileId],
) -> Result<Vec<Asked>> {
    let found: Result<Vec<Vec<Asked>>> = files
        .par_iter()
        .filter(|file| matches!(facts.content[**file], Content::Source))
        .map(|file| {
            let own = facts.owners.brought_by(*file);
            let own = own.map(|id: DistId| facts.owners.distribution(id).normalized());
            let bytes = contents.read(*file)?;
            Ok(in_source(facts, &bytes, own.as_deref(), *file))
        })
        .collect();
    let mut all = found?.concat();
    all.sort_by(|a, b| tree.shown(a.by).cmp(&tree.shown(b.by)).then(a.line.cmp(&b.line)));
    Ok(all)
}

fn in_source(facts: &Facts, bytes: &[u8], own: Option<&str>, by: FileId) -> Vec<Asked> {
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    let asks = has("importlib") && has("metadata") || has("pkg_resources");
    let watch =
        |name: &str| OF_ONE.contains(&name) || OF_GROUPS.contains(&name) || OF_ALL.contains(&name);
    let platform = Platform { python: (3, facts.target.python.minor()) };
    let Some(text) = asks.then(|| outline::text(bytes).ok()).flatten() else { return Vec::new() };
    let Ok(outline) = outline::read(&text, platform, &watch) else { return Vec::new() };
    let is_known = |name: &str| facts.owners.distributions().any(|(_, d)| d.normalized() == name);
    let what = |call: &outline::Call<'_>| {
        let literal = match call.argument {
            Argument::Text(number) => {
                let text = &outline.texts[number];
                (!text.has_holes && !text.goes_on).then_some(text.value.as_ref())
            }
            _ => None,
        };
        let is_method = text[..call.at].ends_with('.');
        match (literal, call.argument) {
            _ if OF_ALL.contains(&call.name) => Some(What::All),
            (Some(group), _) if OF_GROUPS.contains(&call.name) => {
                Some(What::Group(group.to_owned()))
            }
            _ if OF_GROUPS.contains(&call.name) => Some(What::Groups),
            (Some(name), _) => {
                let name = dist::normalize(name);
                is_known(&name).then_some(What::Distribution(name))
            }
            (_, Argument::Name("__name__" | "__package__")) => {
                Some(What::Distribution(own?.to_owned()))
            }
            // A method of anything may have such a name.
            (_, Argument::None) => None,
            _ if is_method && !is_of_metadata(&text[..call.at]) => None,
            _ => Some(What::Some),
        }
    };
    let told = outline.calls.iter().filter_map(|call| {
        let line = outline::line(&text, call.at);
        Some(Asked { by, line, call: call.name.to_owned(), what: what(call)? })
    });
    told.collect()
}

/// Whether a method is called on what is named after metadata: `importlib.metadata.`, `metadata.`,
/// `importlib_metadata.`, `pkg_resources.`.
fn is_of_metadata(before: &str) -> bool {
    ["metadata.", "pkg_resources."].iter().any(|name| before.ends_with(name))
}
