//! Files that ship more than once in a zip, and libraries under several names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Serialize;

use super::numbers::{count, mb};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::twins::is_library;
use crate::pack::{Archive, Packed, Role, Shipped};
use crate::plan::{Action, Plan};
use crate::transform;
use crate::tree::{Contents, Tree, file_name};
use crate::zip::deflate::Compression;

/// Smaller files are no news, in bytes.
const LEAST: u64 = 4096;
/// Objects that ask for a name and are told without `-v`.
const MOST_ASKING: usize = 3;

/// What files of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alike {
    /// Their bytes.
    Bytes,
    /// Their bytes; they are one shared library under several names.
    Library,
    /// What they call themselves (DT_SONAME), not their bytes.
    Soname,
}

/// Files of one zip that are alike.
#[derive(Debug, Serialize)]
pub struct Group {
    /// What they have in common.
    pub alike: Alike,
    /// The zip.
    pub zip: String,
    /// What the libraries call themselves; null for other files.
    pub soname: Option<String>,
    /// The files, by name.
    pub files: Vec<Name>,
    /// Bytes of all but one of them, the largest; 0 where their bytes differ.
    pub wasted_bytes: u64,
    /// What these take in the zip.
    pub wasted_zipped_bytes: u64,
}

/// One name of a file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// The entry of the zip.
    pub path: String,
    /// The entries that are linked with this name (DT_NEEDED).
    pub asked_by: Vec<String>,
}

/// Every group, the one that wastes most first. What has the same size and checksum as it ships is made
/// once more and compared.
///
/// # Errors
/// When such a file cannot be read.
pub fn find(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    packed: &Packed,
    compression: Compression,
) -> Result<Vec<Group>> {
    let finder = Finder { tree, contents, facts, plan, packed, compression };
    let mut groups = finder.equal()?;
    groups.extend(finder.of_one_soname());
    groups.sort_by(|a, b| {
        let key = |group: &Group| (u64::MAX - group.wasted_bytes, group.zip.clone());
        (key(a), &a.files).cmp(&(key(b), &b.files))
    });
    Ok(groups)
}

/// What is looked at.
struct Finder<'a> {
    tree: &'a Tree,
    contents: &'a dyn Contents,
    facts: &'a Facts,
    plan: &'a Plan,
    packed: &'a Packed,
    compression: Compression,
}

impl Finder<'_> {
    /// The groups of equal bytes.
    fn equal(&self) -> Result<Vec<Group>> {
        let mut alike: BTreeMap<(Role, u64, u32), Vec<&Shipped>> = BTreeMap::new();
        for shipped in self.packed.shipped.iter().filter(|shipped| shipped.bytes >= LEAST) {
            alike.entry((shipped.role, shipped.bytes, shipped.crc32)).or_default().push(shipped);
        }
        let mut groups = Vec::new();
        for files in alike.into_values().filter(|files| files.len() > 1) {
            let mut equal: BTreeMap<[u8; 32], Vec<&Shipped>> = BTreeMap::new();
            for shipped in files {
                equal.entry(self.hash(shipped)?).or_default().push(shipped);
            }
            let several = equal.into_values().filter(|files| files.len() > 1);
            groups.extend(several.map(|files| {
                let is_one = files.iter().all(|shipped| self.is_library(shipped));
                self.group(if is_one { Alike::Library } else { Alike::Bytes }, &files)
            }));
        }
        Ok(groups)
    }

    /// The hash of the bytes that ship.
    fn hash(&self, shipped: &Shipped) -> Result<[u8; 32]> {
        let hash = match (shipped.file, shipped.generated) {
            (Some(file), _) => {
                let action = self.plan.decisions[file].action;
                if action == Action::Keep {
                    return Ok(self.contents.hash(file)?.into());
                }
                let payload = transform::apply(action, self.contents, file, self.compression)?;
                blake3::hash(&payload.bytes)
            }
            (None, Some(number)) => blake3::hash(&self.plan.generated[number].bytes),
            (None, None) => blake3::hash(&[]),
        };
        Ok(hash.into())
    }

    /// The libraries of one zip that call themselves the same and differ.
    fn of_one_soname(&self) -> Vec<Group> {
        let mut named: BTreeMap<(Role, &str), Vec<&Shipped>> = BTreeMap::new();
        for shipped in self.packed.shipped.iter().filter(|shipped| self.is_library(shipped)) {
            if let Some(soname) = self.soname(shipped) {
                named.entry((shipped.role, soname)).or_default().push(shipped);
            }
        }
        let differ = |files: &Vec<&Shipped>| {
            let kinds: BTreeSet<_> = files.iter().map(|file| (file.bytes, file.crc32)).collect();
            kinds.len() > 1
        };
        let groups = named.into_values().filter(differ);
        groups.map(|files| self.group(Alike::Soname, &files)).collect()
    }

    fn group(&self, alike: Alike, files: &[&Shipped]) -> Group {
        let waste = |size: fn(&Shipped) -> u64| {
            let sizes = files.iter().map(|shipped| size(shipped));
            let all: u64 = sizes.clone().sum();
            if alike == Alike::Soname { 0 } else { all - sizes.max().unwrap_or(0) }
        };
        let mut names: Vec<Name> = files.iter().map(|shipped| self.name(shipped)).collect();
        names.sort_unstable();
        Group {
            alike,
            zip: files.first().map_or("", |shipped| self.zip(shipped.role)).to_owned(),
            soname: match alike {
                Alike::Bytes => None,
                Alike::Library | Alike::Soname => {
                    files.first().and_then(|shipped| self.soname(shipped)).map(str::to_owned)
                }
            },
            files: names,
            wasted_bytes: waste(|shipped| shipped.bytes),
            wasted_zipped_bytes: waste(|shipped| shipped.packed_bytes),
        }
    }

    fn name(&self, shipped: &Shipped) -> Name {
        let edges = shipped.file.into_iter().flat_map(|file| {
            self.facts.links.edges.iter().filter(move |(_, to)| *to == file).map(|(by, _)| *by)
        });
        let asking: BTreeSet<_> = edges.filter(|by| self.plan.ships(*by)).collect();
        let all = self.packed.shipped.iter();
        let entries = all.filter(|by| {
            by.role == shipped.role && by.file.is_some_and(|file| asking.contains(&file))
        });
        let mut asked_by: Vec<String> = entries.map(|by| by.name.clone()).collect();
        asked_by.sort_unstable();
        Name { path: shipped.name.clone(), asked_by }
    }

    fn zip(&self, role: Role) -> &str {
        let is_it = |archive: &&Archive| archive.role == role;
        self.packed.archives.iter().find(is_it).map_or("", |archive| &archive.file)
    }

    fn is_library(&self, shipped: &Shipped) -> bool {
        shipped.file.is_some_and(|file| is_library(self.tree, &self.facts.content, file))
    }

    fn soname(&self, shipped: &Shipped) -> Option<&str> {
        match &self.facts.content[shipped.file?] {
            Content::Elf(object) => object.soname.as_deref(),
            _ => None,
        }
    }
}

/// The line for people, and with `-v` every group.
pub fn render(groups: &[Group], verbose: bool) -> Vec<String> {
    let wasted: u64 = groups.iter().map(|group| group.wasted_bytes).sum();
    let Some(first) = groups.first().filter(|_| wasted > 0 || verbose) else { return Vec::new() };
    let mut lines = Vec::new();
    if wasted > 0 {
        let more = match groups.iter().filter(|group| group.wasted_bytes > 0).count() - 1 {
            0 => String::new(),
            1 => " and 1 more group of equal files".to_owned(),
            more => format!(" and {} more groups of equal files", count(more as u64)),
        };
        let zipped = groups.iter().map(|group| group.wasted_zipped_bytes).sum();
        let hint = if verbose { "" } else { " (-v lists them)" };
        lines.push(format!(
            "duplicates: {}{more}, {} unzipped, {} zipped{hint}",
            what(first),
            mb(wasted),
            mb(zipped)
        ));
    }
    if verbose {
        lines.extend(groups.iter().flat_map(listed));
    }
    lines
}

/// `3 names of one library (libx.so…)`.
fn what(group: &Group) -> String {
    let number = group.files.len();
    let name = group.files.first().map_or("", |name| file_name(&name.path));
    match group.alike {
        Alike::Bytes => format!("{number} equal files ({name}…)"),
        Alike::Library => format!("{number} names of one library ({name}…)"),
        Alike::Soname => format!("{number} libraries of one soname ({name}…)"),
    }
}

fn listed(group: &Group) -> Vec<String> {
    let soname = match (&group.soname, group.alike) {
        (Some(soname), Alike::Soname) => format!(", all {soname}, and differ"),
        (Some(soname), _) => format!(", soname {soname}"),
        (None, _) => String::new(),
    };
    let bytes = mb(group.wasted_bytes);
    let mut lines = vec![format!("  {}: {}, {bytes}{soname}", group.zip, what(group))];
    for name in &group.files {
        let mut asked = name.asked_by.iter().take(MOST_ASKING).cloned().collect::<Vec<_>>();
        let more = name.asked_by.len() - asked.len();
        if more > 0 {
            asked.push(format!("{more} more"));
        }
        let told = match (group.alike, asked.is_empty()) {
            (Alike::Bytes, _) => String::new(),
            (_, true) => " (linked by nothing)".to_owned(),
            (_, false) => format!(" (linked by {})", asked.join(", ")),
        };
        lines.push(format!("    {}{told}", name.path));
    }
    lines
}
