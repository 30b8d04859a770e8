//! What each zip of a workspace holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::decided::Decided;
use super::items::Item;
use super::slimmed::{Entry, Source};
use crate::digest::Digest;
use crate::options::workspace::Workspace;
use crate::pack::Role;
use crate::pack::parts::{self, Origin, Parts, Plan, Wanted};
use crate::plan::Action;
use crate::scan::Scanned;
use crate::split::{Amount, Split};
use crate::tree::{Contents, FileId, PackageId};
use crate::zip::deflate::Compression;

/// Bytes that a zip has for each entry beside its name, which it holds twice: the local header and
/// that of the central directory (APPNOTE 4.3.7, 4.3.12).
const HEADERS: u64 = 30 + 46;

/// The numbers of the parts by what they are made of.
pub(super) struct Numbers {
    by_key: HashMap<Digest, usize>,
    compression: Compression,
}

impl Numbers {
    /// The number of what an entry's bytes are; `None` for a folder.
    pub(super) fn of(&self, source: &Source) -> Option<usize> {
        self.by_key.get(&key(source, self.compression)?).copied()
    }
}

fn key(source: &Source, compression: Compression) -> Option<Digest> {
    match source {
        Source::File(digest, action) => Some(parts::key(*digest, *action, compression)),
        Source::Made(bytes) => Some(parts::key(Digest::of(bytes), Action::Keep, compression)),
        Source::Folder => None,
    }
}

/// All parts that are wanted.
pub(super) struct AllWanted<'a> {
    /// What each is made of.
    pub(super) parts: Vec<Wanted<'a>>,
    /// Their numbers.
    pub(super) numbers: Numbers,
    /// By function: the numbers of those that it may need.
    pub(super) of_functions: Vec<BTreeSet<usize>>,
}

/// Every part of the functions' own code and of the items.
pub(super) fn wanted<'a>(
    workspace: &Workspace,
    scanned: &'a [Scanned],
    decided: &'a [Decided],
    items: &'a [Item],
) -> AllWanted<'a> {
    let mut files: HashMap<Digest, (usize, FileId)> = HashMap::new();
    for (number, decided) in decided.iter().enumerate() {
        for (id, digest) in decided.digests.iter() {
            files.entry(*digest).or_insert((number, id));
        }
    }
    let compression = workspace.options.compression;
    let mut all = AllWanted {
        parts: Vec::new(),
        numbers: Numbers { by_key: HashMap::new(), compression },
        of_functions: vec![BTreeSet::new(); decided.len()],
    };
    let mut add = |entry: &'a Entry, functions: &mut dyn Iterator<Item = usize>| {
        let Some(key) = key(&entry.source, compression) else { return };
        let number = *all.numbers.by_key.entry(key).or_insert_with(|| {
            let origin = match &entry.source {
                Source::File(digest, action) => {
                    let (function, id) = files[digest];
                    let contents: &dyn Contents = &scanned[function];
                    Origin::File(contents, id, *action)
                }
                Source::Made(bytes) => Origin::Made(bytes),
                Source::Folder => Origin::Made(&[]),
            };
            all.parts.push(Wanted { key, origin, size: entry.size });
            all.parts.len() - 1
        });
        for function in functions {
            all.of_functions[function].insert(number);
        }
    };
    for (number, decided) in decided.iter().enumerate() {
        for entry in decided.slimmed.entries.iter().filter(|entry| entry.group.is_none()) {
            add(entry, &mut std::iter::once(number));
        }
    }
    for item in items {
        for entry in &item.entries {
            add(entry, &mut item.users.keys().copied());
        }
    }
    all
}

/// What entries take in a zip.
pub(super) fn amount<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    parts: &Parts<'_>,
    numbers: &Numbers,
) -> Amount {
    entries
        .into_iter()
        .map(|entry| {
            let part = numbers.of(&entry.source).map(|number| parts.part(number));
            let packed = part.map_or(0, |part| part.packed_size);
            Amount {
                zipped: packed + HEADERS + 2 * entry.layer_path.len() as u64,
                unzipped: part.map_or(0, |part| part.raw_size),
            }
        })
        .sum()
}

/// By item: those that no function may see beside it, for they are other variants of a distribution
/// or have other bytes at one path.
pub(super) fn clashes(items: &[Item]) -> Vec<Vec<usize>> {
    let mut all: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); items.len()];
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_path: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (number, item) in items.iter().enumerate() {
        item.names.iter().for_each(|name| by_name.entry(name).or_default().push(number));
        for entry in &item.entries {
            by_path.entry(&entry.layer_path).or_default().push((number, entry));
        }
    }
    let mut pair = |one: usize, other: usize| {
        if one != other {
            all[one].insert(other);
            all[other].insert(one);
        }
    };
    for same in by_name.values() {
        same.iter().for_each(|one| same.iter().for_each(|other| pair(*one, *other)));
    }
    for same in by_path.values().filter(|same| same.len() > 1) {
        for (one, a) in same {
            for (other, b) in same.iter().filter(|(_, b)| a.source != b.source) {
                let _ = b;
                pair(*one, *other);
            }
        }
    }
    all.into_iter().map(|numbers| numbers.into_iter().collect()).collect()
}

/// The zips, and which each function has.
pub(super) struct Placed {
    /// The functions' zips in their order, then the layers'.
    pub(super) zips: Vec<Plan>,
    /// By function: the numbers of its zip and its layers', in the order in which they are attached.
    pub(super) of_functions: Vec<Vec<usize>>,
}

impl Placed {
    /// What each zip holds: what is largest comes first.
    pub(super) fn of(
        workspace: &Workspace,
        decided: &[Decided],
        items: &[Item],
        split: &Split,
        numbers: &Numbers,
    ) -> Self {
        let mut zips = Vec::new();
        for (number, function) in workspace.functions.iter().enumerate() {
            let own = decided[number].slimmed.entries.iter().filter(|entry| entry.group.is_none());
            let copies = split.copies[number].iter().flat_map(|item| &items[*item].entries);
            let entries = own.chain(copies).map(|entry| (entry.path.as_str(), entry));
            zips.push(Plan {
                file: format!("{}.zip", function.name),
                role: Role::Function(PackageId(number as u16)),
                entries: in_order(entries, numbers),
            });
        }
        for (number, layer) in split.layers.iter().enumerate() {
            let entries = layer.items.iter().flat_map(|item| &items[*item].entries);
            zips.push(Plan {
                file: format!("{}.zip", layer.name),
                role: Role::Layer(number as u16),
                entries: in_order(entries.map(|entry| (entry.layer_path.as_str(), entry)), numbers),
            });
        }
        let functions = workspace.functions.len();
        let mut of_functions: Vec<Vec<usize>> = (0..functions).map(|number| vec![number]).collect();
        for (number, layer) in split.layers.iter().enumerate() {
            for function in &layer.functions {
                of_functions[*function].push(functions + number);
            }
        }
        Self { zips, of_functions }
    }

    /// The number of the zip that holds an item for a function, where it is not the function's own.
    pub(super) fn layer_of(split: &Split, item: usize, function: usize) -> Option<usize> {
        let holds = |layer: &&crate::split::Layer| {
            layer.items.contains(&item) && layer.functions.contains(&function)
        };
        split.layers.iter().position(|layer| holds(&layer))
    }
}

fn in_order<'a>(
    entries: impl Iterator<Item = (&'a str, &'a Entry)>,
    numbers: &Numbers,
) -> Vec<parts::Entry> {
    // Two items may have the same bytes at one path.
    let by_path: BTreeMap<&str, &Entry> = entries.collect();
    let mut all: Vec<(&str, &Entry)> = by_path.into_iter().collect();
    all.sort_by_key(|(path, entry)| (std::cmp::Reverse(entry.size), *path));
    all.into_iter()
        .map(|(path, entry)| parts::Entry {
            name: path.to_owned(),
            mode: if entry.executable { 0o755 } else { 0o644 },
            part: numbers.of(&entry.source),
        })
        .collect()
}
