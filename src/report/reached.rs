//! What the handlers reach, for who decides what to require.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::inspect::write_rows;
use super::numbers::{files, mb};
use super::{Amount, led};
use crate::facts::Facts;
use crate::facts::names::module_name;
use crate::facts::owners::{DistId, Owner};
use crate::facts::reach::{Reach, Step};
use crate::plan::Plan;
use crate::tree::{FileId, Tree};

/// Most imports that are listed for people.
const MOST_LISTED: usize = 10;

/// What the handlers reach.
#[derive(Debug, Serialize)]
pub struct Reached {
    /// The handlers.
    pub handlers: Vec<String>,
    /// Distributions that nothing reaches, largest first.
    pub unreached: Vec<Unreached>,
    /// What each import of the user's code leads to first, heaviest first.
    pub imports: Vec<Import>,
    /// The user's modules that no handler reaches: they stay all the same.
    pub unused: Vec<String>,
}

/// A distribution that nothing reaches.
#[derive(Debug, Serialize)]
pub struct Unreached {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Everything it brought.
    pub total: Amount,
}

/// What one line of the user's code leads to.
#[derive(Debug, Serialize)]
pub struct Import {
    /// The file, with the line where it has lines.
    pub at: String,
    /// How the first file is led to.
    pub how: String,
    /// Whether all that it leads to is imported when a function is called, not with the module.
    pub deferred: bool,
    /// All that this line leads to before any other, as found.
    pub total: Amount,
    /// The distributions that lie in it, largest first.
    pub distributions: Vec<String>,
}

/// What a plan at level max tells of the handlers; `own` is what they reach alone.
pub fn reached(
    tree: &Tree,
    facts: &Facts,
    plan: &Plan,
    own: &Reach,
    handlers: Vec<String>,
) -> Reached {
    let mut imports = imports(tree, facts, plan);
    imports.sort_by(|a, b| (b.total.bytes, &a.at).cmp(&(a.total.bytes, &b.at)));
    Reached {
        handlers,
        unreached: unreached(tree, facts, plan),
        imports,
        unused: unused(tree, facts, own),
    }
}

fn unreached(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<Unreached> {
    let mut totals: BTreeMap<DistId, Amount> = BTreeMap::new();
    let mut used: BTreeSet<DistId> = BTreeSet::new();
    for (id, file) in tree.files() {
        let Some(dist) = facts.owners.brought_by(id) else { continue };
        totals.entry(dist).or_default().add(file.size);
        if plan.ships(id) {
            used.insert(dist);
        }
    }
    let mut unreached: Vec<Unreached> = totals
        .into_iter()
        .filter(|(dist, _)| !used.contains(dist))
        .map(|(dist, total)| {
            let distribution = facts.owners.distribution(dist);
            let (name, version) = (distribution.name.clone(), distribution.version.clone());
            Unreached { name, version, total }
        })
        .collect();
    unreached.sort_by(|a, b| (b.total.bytes, &a.name).cmp(&(a.total.bytes, &b.name)));
    unreached
}

/// A place in the user's code.
type Place = (FileId, Option<u32>);

/// The first step of every chain, with all that follows it.
fn imports(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<Import> {
    let mut steps: BTreeMap<Place, &Step> = BTreeMap::new();
    let mut behind: BTreeMap<Place, Vec<FileId>> = BTreeMap::new();
    for id in tree.ids() {
        let Some(step) = plan.reach.chain(id).first().copied() else { continue };
        if facts.owners.owner(step.by) == Owner::User {
            steps.entry((step.by, step.line)).or_insert(step);
            behind.entry((step.by, step.line)).or_default().push(id);
        }
    }
    let found = behind.into_iter();
    found.map(|(place, files)| import(tree, facts, steps[&place], &files)).collect()
}

fn import(tree: &Tree, facts: &Facts, step: &Step, files: &[FileId]) -> Import {
    let mut total = Amount::default();
    let mut sizes: BTreeMap<DistId, u64> = BTreeMap::new();
    for file in files {
        let size = tree.file(*file).size;
        total.add(size);
        if let Some(dist) = facts.owners.brought_by(*file) {
            *sizes.entry(dist).or_default() += size;
        }
    }
    let mut sizes: Vec<(DistId, u64)> = sizes.into_iter().collect();
    sizes.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    let by = tree.shown(step.by);
    Import {
        at: step.line.map_or(by.clone(), |line| format!("{by}:{line}")),
        how: led(tree, step),
        deferred: step.deferred,
        total,
        distributions: sizes
            .into_iter()
            .map(|(dist, _)| facts.owners.distribution(dist).name.clone())
            .collect(),
    }
}

/// The user's modules that the handlers alone do not reach.
fn unused(tree: &Tree, facts: &Facts, own: &Reach) -> Vec<String> {
    let is_unused = |id: &FileId| {
        facts.owners.owner(*id) == Owner::User
            && tree.import_path(*id).is_some_and(|path| module_name(path).is_some())
            && !own.reaches(*id)
    };
    tree.ids().filter(is_unused).map(|id| tree.shown(id)).collect()
}

/// The answer for people.
pub fn render(reached: &Reached) -> String {
    let mut out = format!("reached from {}\n\n", reached.handlers.join(", "));
    let shown = reached.imports.iter().take(MOST_LISTED).filter(|import| import.total.bytes > 0);
    let rows: Vec<[String; 3]> = shown
        .map(|import| {
            let mut what = import.distributions.iter().take(5).cloned().collect::<Vec<_>>();
            if import.distributions.len() > what.len() {
                what.push(format!("{} more", import.distributions.len() - what.len()));
            }
            let deferred = if import.deferred { " (when a function is called)" } else { "" };
            let what = if what.is_empty() { "your own code".to_owned() } else { what.join(", ") };
            [import.at.clone(), mb(import.total.bytes), format!("{what}{deferred}")]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("what the imports of your code cost, each with what it leads to first:\n");
        write_rows(&mut out, &rows);
        out.push('\n');
    }
    if reached.unreached.is_empty() {
        out.push_str("every distribution is reached\n");
    } else {
        out.push_str("nothing reaches these: remove them from your requirements if you can\n");
        let row = |dist: &Unreached| {
            [
                format!("{} {}", dist.name, dist.version),
                mb(dist.total.bytes),
                files(dist.total.files),
            ]
        };
        write_rows(&mut out, &reached.unreached.iter().map(row).collect::<Vec<_>>());
    }
    if !reached.unused.is_empty() {
        out.push_str("\nno handler reaches these modules of yours; they ship all the same:\n");
        for module in &reached.unused {
            out.push_str(&format!("  {module}\n"));
        }
    }
    out
}
