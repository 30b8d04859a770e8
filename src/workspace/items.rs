//! What functions may share: distributions that are the same in several, with what ships of them for
//! all that need them.
//!
//! A file ships when one of them needs it, and as it is when they would have it changed in different
//! ways.

use std::collections::{BTreeMap, BTreeSet};

use super::slimmed::{Entry, Slimmed, Source};
use crate::digest::Digest;
use crate::options::Bytecode;
use crate::plan::Action;
use crate::rules::Change;
use crate::split::Previous;
use crate::target::{Arch, Target};

/// Distributions that move together, in one variant.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is called in every version.
    pub name: String,
    /// The distributions' normalized names.
    pub names: Vec<String>,
    /// Their versions, in the order of the names.
    pub versions: Vec<String>,
    /// What it is for; `None` where that is no matter.
    pub target: Option<Target>,
    /// The functions that need it, each with the number of the group that it is there.
    pub users: BTreeMap<usize, usize>,
    /// What ships of it, by its path in a function's zip.
    pub entries: Vec<Entry>,
}

impl Item {
    /// A hash of what ships.
    pub fn digest(&self) -> Digest {
        digest(&self.entries)
    }

    /// The versions as one text.
    pub fn version(&self) -> String {
        self.versions.join("+")
    }
}

/// A function of a workspace with what decides what it may share.
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// What was decided about it.
    pub slimmed: &'a Slimmed,
    /// Whether its zip holds compiled Python.
    pub bytecode: Bytecode,
}

/// The items of all functions. One that lies in a layer of the previous split and ships for those
/// that had it as it did stays as it is: who needs more of it now has it apart.
pub fn items(
    members: &[Member<'_>],
    pure_across_targets: bool,
    previous: Option<&Previous>,
) -> Vec<Item> {
    let mut all: BTreeMap<Key, BTreeMap<usize, usize>> = BTreeMap::new();
    for (number, member) in members.iter().enumerate() {
        for (group, found) in member.slimmed.groups.iter().enumerate() {
            let any = pure_across_targets && found.pure && member.bytecode == Bytecode::None;
            let key = Key {
                names: found.names.clone(),
                versions: found.versions.clone(),
                target: (!any).then_some(member.slimmed.target),
                bytecode: member.bytecode as u8,
                found: found.found,
            };
            all.entry(key).or_default().insert(number, group);
        }
    }
    let mut items = Vec::new();
    for (key, users) in all {
        for users in apart(members, &key, users, previous) {
            let entries = union(members, &users);
            if !entries.is_empty() {
                items.push(Item {
                    name: key.name(),
                    names: key.names.clone(),
                    versions: key.versions.clone(),
                    target: key.target,
                    users,
                    entries,
                });
            }
        }
    }
    items
}

/// What makes two groups the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    names: Vec<String>,
    versions: Vec<String>,
    target: Option<Target>,
    bytecode: u8,
    found: Digest,
}

impl Key {
    /// The distributions, and where that is not the most common the target: never what depends on the
    /// other functions, for it must last.
    fn name(&self) -> String {
        let mut name = self.names.join("+");
        let Some(target) = self.target else { return name };
        let mut parts = Vec::new();
        if target.python.minor() != 12 {
            parts.push(target.python.to_string());
        }
        if target.arch != Arch::X86_64 {
            parts.push(target.arch.to_string());
        }
        if !parts.is_empty() {
            name = format!("{name}@{}", parts.join("-"));
        }
        name
    }
}

/// Those that need an item, in parts that each have one of their own.
fn apart(
    members: &[Member<'_>],
    key: &Key,
    users: BTreeMap<usize, usize>,
    previous: Option<&Previous>,
) -> Vec<BTreeMap<usize, usize>> {
    let name = key.name();
    let version = key.versions.join("+");
    let layers = previous.iter().flat_map(|previous| &previous.layers);
    for layer in layers {
        let there =
            |item: &&crate::split::PreviousItem| item.name == name && item.version == version;
        let Some(before) = layer.items.iter().find(there) else { continue };
        let had: BTreeMap<usize, usize> = users
            .iter()
            .filter(|(user, _)| layer.functions.iter().any(|name| name == members[**user].name))
            .map(|(user, group)| (*user, *group))
            .collect();
        if had.is_empty() || had.len() == users.len() {
            continue;
        }
        let ships = union(members, &had);
        if digest(&ships).short() != before.digest {
            continue;
        }
        let (mut same, mut more) = (had, BTreeMap::new());
        for (user, group) in users {
            let alone = union(members, &BTreeMap::from([(user, group)]));
            match same.contains_key(&user) || covers(&ships, &alone) {
                true => same.insert(user, group),
                false => more.insert(user, group),
            };
        }
        return [same, more].into_iter().filter(|users| !users.is_empty()).collect();
    }
    vec![users]
}

/// Whether adding `more` would change nothing.
fn covers(ships: &[Entry], more: &[Entry]) -> bool {
    let by_path: BTreeMap<&str, &Entry> =
        ships.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    more.iter().all(|entry| {
        by_path
            .get(entry.path.as_str())
            .is_some_and(|there| merged(&there.source, &entry.source, &entry.path) == there.source)
    })
}

fn digest(entries: &[Entry]) -> Digest {
    let mut text = Vec::new();
    for entry in entries {
        text.extend_from_slice(entry.layer_path.as_bytes());
        text.extend_from_slice(&[0, u8::from(entry.executable)]);
        match &entry.source {
            Source::File(digest, action) => {
                text.extend_from_slice(digest.as_bytes());
                text.extend_from_slice(format!("{action:?}").as_bytes());
            }
            Source::Made(bytes) => text.extend_from_slice(Digest::of(bytes).as_bytes()),
            Source::Folder => text.push(1),
        }
    }
    Digest::of(&text)
}

/// What ships for all of them.
fn union(members: &[Member<'_>], users: &BTreeMap<usize, usize>) -> Vec<Entry> {
    let mut by_path: BTreeMap<&str, Entry> = BTreeMap::new();
    let of = |user: usize, group: usize| {
        members[user].slimmed.entries.iter().filter(move |entry| entry.group == Some(group))
    };
    for (user, group) in users {
        for entry in of(*user, *group) {
            match by_path.get_mut(entry.path.as_str()) {
                None => drop(by_path.insert(&entry.path, entry.clone())),
                Some(there) => {
                    there.source = merged(&there.source, &entry.source, &entry.path);
                    there.executable |= entry.executable;
                    if there.source == entry.source {
                        there.rule.clone_from(&entry.rule);
                    }
                }
            }
        }
    }
    if users.len() > 1 {
        settle_bytecode(members, users, &mut by_path);
    }
    by_path.into_values().collect()
}

/// What is right for both of two functions.
fn merged(one: &Source, other: &Source, path: &str) -> Source {
    match (one, other) {
        (one, other) if one == other => one.clone(),
        (Source::File(digest, a), Source::File(_, b)) => Source::File(*digest, both(*a, *b)),
        (Source::Made(a), Source::Made(b)) if path.ends_with("/RECORD") => {
            Source::Made(all_lines(a, b))
        }
        (file @ Source::File(..), _) | (_, file @ Source::File(..)) => file.clone(),
        (one, _) => one.clone(),
    }
}

/// What may be done to a file where one wants this and another that.
fn both(one: Action, other: Action) -> Action {
    use Change::{Json, Prose, StripElf};
    match (one, other) {
        (one, other) if one == other => one,
        (Action::Change(StripElf(a)), Action::Change(StripElf(b))) => {
            Action::Change(StripElf(a.and(b)))
        }
        (Action::Change(Json(_)), Action::Change(Json(_))) => Action::Change(Json(None)),
        (Action::Change(Prose(a)), Action::Change(Prose(b))) => {
            let texts = a.and(b);
            if texts.is_nothing() { Action::Keep } else { Action::Change(Prose(texts)) }
        }
        _ => Action::Keep,
    }
}

/// The lines of both, in order, each once.
fn all_lines(a: &[u8], b: &[u8]) -> Vec<u8> {
    let lines: BTreeSet<&[u8]> =
        [a, b].iter().flat_map(|text| text.split_inclusive(|byte| *byte == b'\n')).collect();
    lines.into_iter().flatten().copied().collect()
}

/// Bytecode ships where it is that of the source that ships, and not in place of one that does.
fn settle_bytecode<'a>(
    members: &'a [Member<'_>],
    users: &BTreeMap<usize, usize>,
    by_path: &mut BTreeMap<&'a str, Entry>,
) {
    let bytecode: Vec<&str> =
        by_path.keys().copied().filter(|path| path.ends_with(".pyc")).collect();
    for path in bytecode {
        let (Some(source), true) =
            (source_of(path), matches!(by_path[path].source, Source::Made(_)))
        else {
            continue;
        };
        let Some(ships) = by_path.get(source.as_str()).map(|entry| entry.source.clone()) else {
            continue;
        };
        let is_in_place = !path.contains("__pycache__/");
        let fitting = users.iter().find_map(|(user, group)| {
            let entries = &members[*user].slimmed.entries;
            let find = |path: &str| {
                let at = entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
                (entries[at].group == Some(*group)).then(|| &entries[at])
            };
            (find(&source)?.source == ships).then(|| find(path)).flatten()
        });
        match fitting {
            Some(entry) if !is_in_place => {
                by_path.insert(&entry.path, entry.clone());
            }
            _ => drop(by_path.remove(path)),
        }
    }
}

/// The path of the source of a bytecode file (PEP 3147).
fn source_of(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".pyc")?;
    match folder.strip_suffix("__pycache__") {
        Some(folder) => {
            let (stem, _) = stem.split_once(".cpython-")?;
            Some(format!("{folder}{stem}.py"))
        }
        None => Some(path.strip_suffix('c')?.to_owned()),
    }
}
