//! What stays because code names it at run time, and what that costs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::numbers::mb;
use crate::facts::imports::How;
use crate::facts::reach::Step;
use crate::plan::Plan;
use crate::tree::{FileId, Tree};

/// One place whose code slim cannot follow.
#[derive(Debug, Serialize)]
pub struct Unfollowed {
    /// The file, with the line where it has lines.
    pub at: String,
    /// What the code does.
    pub what: &'static str,
    /// The files that nothing else leads to.
    pub files: u64,
    /// Their bytes, as found.
    pub bytes: u64,
    /// The folders that most of them lie in, largest first.
    pub folders: Vec<String>,
}

/// Every place that leads to files by a name that it makes at run time, costliest first.
pub fn unfollowed(tree: &Tree, plan: &Plan) -> Vec<Unfollowed> {
    let mut places: BTreeMap<(FileId, Option<u32>, How), Vec<FileId>> = BTreeMap::new();
    for id in tree.ids().filter(|id| plan.ships(*id)) {
        let made = plan.reach.chain(id).into_iter().find_map(made_at_run_time);
        if let Some((step, how)) = made {
            places.entry((step.by, step.line, how)).or_default().push(id);
        }
    }
    let mut found: Vec<Unfollowed> = places
        .into_iter()
        .map(|((by, line, how), files)| Unfollowed {
            at: line.map_or(tree.shown(by), |line| format!("{}:{line}", tree.shown(by))),
            what: what(how),
            files: files.len() as u64,
            bytes: files.iter().map(|file| tree.file(*file).size).sum(),
            folders: folders(tree, &files),
        })
        .collect();
    found.sort_by(|a, b| (b.bytes, &a.at).cmp(&(a.bytes, &b.at)));
    found
}

fn made_at_run_time(step: &Step) -> Option<(&Step, How)> {
    matches!(step.how, How::Unresolved | How::Walked | How::Prefix).then_some((step, step.how))
}

fn what(how: How) -> &'static str {
    match how {
        How::Unresolved => "imports or runs a computed name",
        How::Walked => "lists modules",
        _ => "makes a name from its beginning",
    }
}

/// The top-level folders of these files, by bytes.
fn folders(tree: &Tree, files: &[FileId]) -> Vec<String> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for file in files {
        let path = tree.import_path(*file).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let depth = parts.len().saturating_sub(1).clamp(1, 2);
        *sizes.entry(parts[..depth].join("/")).or_default() += tree.file(*file).size;
    }
    let mut sizes: Vec<(String, u64)> = sizes.into_iter().collect();
    sizes.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    sizes.truncate(3);
    sizes.into_iter().map(|(folder, _)| folder).collect()
}

/// The places for people.
pub fn render(found: &[Unfollowed]) -> String {
    if found.is_empty() {
        return "nothing is kept for a name that is made at run time\n".to_owned();
    }
    let mut out = String::new();
    for place in found {
        out.push_str(&format!(
            "{} {}: {} files, {} ({})\n",
            place.at,
            place.what,
            place.files,
            mb(place.bytes),
            place.folders.join(", ")
        ));
    }
    out.push_str(
        "\nSettle a place with --drop GLOB (or a fact in slim.toml) where you know better.\n",
    );
    out
}
