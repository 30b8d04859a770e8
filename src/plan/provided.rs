//! What Lambda's runtime has, where the user leaves it to the runtime (`--exclude-runtime`).
//!
//! The SDK goes whole or not at all: parts of two versions do not fit together. What it brings along goes
//! where nobody else needs it. Every doubt keeps what it speaks of.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Action, Because, Decision, Draft, Why};
use crate::fact::release;
use crate::facts::imports::{EntryPoints, How, ImportGraph, modified};
use crate::facts::owners::{DistId, Owner};
use crate::progress::Progress;
use crate::python::{dist, metadata};
use crate::rules::table::RUNTIME_PROVIDED;
use crate::target::Python;
use crate::tree::{Contents, FileId, FileMap, PackageId};

/// What goes all or none.
const SDK: [&str; 4] = ["boto3", "botocore", "jmespath", "s3transfer"];
/// What comes with it, and goes where nobody else needs it.
const COMPANIONS: [&str; 3] = ["python-dateutil", "six", "urllib3"];

/// What the runtime of a Python was seen to have, on a day.
struct Had {
    minor: u8,
    boto3: &'static str,
    botocore: &'static str,
    day: &'static str,
}

/// AWS publishes no list (the developer guide says to print the versions); these were reported from
/// running functions: boto/botocore#3082 (3.11), terricain/aioboto3#381 (3.12 and 3.13). The runtimes
/// only move on.
const SEEN: [Had; 3] = [
    Had { minor: 11, boto3: "1.27.1", botocore: "1.30.1", day: "2023-11-29" },
    Had { minor: 12, boto3: "1.38.36", botocore: "1.38.36", day: "2025-08-22" },
    Had { minor: 13, boto3: "1.38.36", botocore: "1.38.36", day: "2025-08-22" },
];

impl Had {
    fn version(&self, name: &str) -> Option<&'static str> {
        match name {
            "boto3" => Some(self.boto3),
            "botocore" => Some(self.botocore),
            _ => None,
        }
    }
}

/// What is left to the runtime, and what is not.
#[derive(Default)]
pub(super) struct Provided {
    /// What is left to it: names with versions.
    pub(super) left: Vec<String>,
    /// What the user should know, a sentence each.
    pub(super) warnings: Vec<String>,
    stays: Vec<(DistId, String)>,
}

/// Drops what the runtime has.
pub(super) fn leave(
    draft: &mut Draft<'_>,
    contents: &dyn Contents,
    progress: &dyn Progress,
) -> Result<Provided> {
    let mut provided = Provided::default();
    for (package, _) in draft.tree.packages() {
        let package = Package::of(draft, contents, package)?;
        if package.sdk.is_empty() && package.companions.is_empty() {
            continue;
        }
        let mut stays: BTreeMap<DistId, String> = BTreeMap::new();
        for id in &package.sdk {
            if let Some(why) = package.forbids_sdk(draft, contents, *id)? {
                stays.extend(package.sdk.iter().map(|id| (*id, why.clone())));
                break;
            }
        }
        package.keep_needed(draft, contents, progress, &mut stays)?;
        let all = package.sdk.iter().chain(&package.companions);
        let left: Vec<DistId> = all.copied().filter(|id| !stays.contains_key(id)).collect();
        for id in &left {
            let files = files_of(draft, *id).filter(|file| !draft.pinned[*file]);
            for file in files.collect::<Vec<_>>() {
                let because = Because::Rule(&RUNTIME_PROVIDED);
                draft.decisions[file] = Decision { action: Action::Drop, because };
            }
        }
        provided.tell(draft, &package, &left, stays);
    }
    Ok(provided)
}

impl Provided {
    fn tell(
        &mut self,
        draft: &Draft<'_>,
        package: &Package,
        left: &[DistId],
        stays: BTreeMap<DistId, String>,
    ) {
        let named = |id: &DistId| {
            let dist = draft.facts.owners.distribution(*id);
            format!("{} {}", dist.name, dist.version)
        };
        if !left.is_empty() {
            let names: Vec<String> = left.iter().map(named).collect();
            let used = package.companions.iter().filter(|id| stays.contains_key(id)).map(named);
            let used: Vec<String> = used.collect();
            let mixed = match used.is_empty() || !package.sdk.iter().any(|id| left.contains(id)) {
                true => String::new(),
                false => format!("; its SDK will use {} of the package", used.join(" and ")),
            };
            let are = if names.len() == 1 { "is" } else { "are" };
            self.warnings.push(format!(
                "{} {are} left to Lambda's runtime, where AWS updates them at any time{mixed}: try the function on \
                 Lambda, and again when it moves",
                names.join(", ")
            ));
            self.left.extend(names);
        }
        if let Some(why) = package.sdk.first().and_then(|id| stays.get(id)) {
            let names: Vec<String> = package.sdk.iter().map(named).collect();
            self.warnings.push(format!("--exclude-runtime leaves {} in: {why}", names.join(", ")));
        }
        self.stays.extend(stays);
    }

    /// Says of every file that stays why it does.
    pub(super) fn say(&self, draft: &mut Draft<'_>) {
        for (id, why) in &self.stays {
            let files: Vec<FileId> = files_of(draft, *id).collect();
            let why = Why::Guarded(why.clone());
            for file in &files {
                if matches!(draft.decisions[*file].because, Because::NoRule) {
                    draft.decisions[*file].because = Because::Doubt(&RUNTIME_PROVIDED, why.clone());
                }
            }
            let name = draft.facts.owners.distribution(*id).name.clone();
            draft.doubt(&RUNTIME_PROVIDED, name, files, &why);
        }
    }
}

/// The files that a distribution brought and that are not gone.
fn files_of<'d>(draft: &'d Draft<'_>, id: DistId) -> impl Iterator<Item = FileId> + 'd {
    draft.tree.ids().filter(move |file| draft.owner(*file) == Some(id) && !draft.is_gone(*file))
}

/// What one package holds of it, and what the distributions require.
struct Package {
    id: PackageId,
    sdk: Vec<DistId>,
    companions: Vec<DistId>,
    /// Who requires what: the distribution, the name, the versions.
    requirements: Vec<(DistId, String, String)>,
}

impl Package {
    fn of(draft: &Draft<'_>, contents: &dyn Contents, package: PackageId) -> Result<Self> {
        let owners = &draft.facts.owners;
        let mut found =
            Self { id: package, sdk: Vec::new(), companions: Vec::new(), requirements: Vec::new() };
        for (id, distribution) in owners.distributions().filter(|(_, d)| d.package == package) {
            let name = distribution.normalized();
            match name.as_str() {
                name if SDK.contains(&name) => found.sdk.push(id),
                name if COMPANIONS.contains(&name) => found.companions.push(id),
                _ => {}
            }
            let path = format!("{}/METADATA", distribution.info);
            let Some(file) = draft.tree.find_import(package, &path) else { continue };
            let required = metadata::parse(&contents.read(file)?).requires_dist;
            let required = required.iter().filter_map(|text| requirement(text));
            found.requirements.extend(required.map(|(name, versions)| (id, name, versions)));
        }
        Ok(found)
    }

    /// Why a distribution of the SDK must stay, and with it all of them.
    fn forbids_sdk(
        &self,
        draft: &Draft<'_>,
        contents: &dyn Contents,
        id: DistId,
    ) -> Result<Option<String>> {
        let dist = draft.facts.owners.distribution(id);
        let python = draft.facts.target.python;
        let Some(had) = seen(python) else {
            return Ok(Some(format!(
                "it is not known which versions the runtime of Python {python} has"
            )));
        };
        if let Some(version) = had.version(&dist.normalized()) {
            let day = had.day;
            if release(&dist.version) > release(version) {
                return Ok(Some(format!(
                    "{} {} is newer than {version}, which the runtime of Python {python} had on {day}",
                    dist.name, dist.version
                )));
            }
            let others = self.requirements.iter().filter(|(by, ..)| !self.sdk.contains(by));
            for (by, _, versions) in others.filter(|(_, name, _)| *name == dist.normalized()) {
                if holds(versions, version) != Some(true) {
                    let by = &draft.facts.owners.distribution(*by).name;
                    return Ok(Some(format!(
                        "{by} requires {} {versions}, and the runtime of Python {python} had {version} on {day}",
                        dist.name
                    )));
                }
            }
        }
        forbids(draft, contents, id)
    }

    /// Adds the companions that somebody needs who stays.
    fn keep_needed(
        &self,
        draft: &Draft<'_>,
        contents: &dyn Contents,
        progress: &dyn Progress,
        stays: &mut BTreeMap<DistId, String>,
    ) -> Result<()> {
        for id in &self.companions {
            if let Some(why) = forbids(draft, contents, *id)? {
                stays.insert(*id, why);
            }
        }
        let mut needs = self.required(draft);
        let is_left = |id: &DistId| self.companions.contains(id) && !stays.contains_key(id);
        if self.companions.iter().any(is_left) {
            needs.extend(self.imported(draft, contents, progress)?);
        }
        loop {
            let stay = |by: &Option<DistId>| match by {
                Some(id) if self.sdk.contains(id) || self.companions.contains(id) => {
                    stays.contains_key(id)
                }
                _ => true,
            };
            let found = needs.iter().find(|(by, id, _)| !stays.contains_key(id) && stay(by));
            let Some((_, id, why)) = found else { return Ok(()) };
            stays.insert(*id, why.clone());
        }
    }

    /// The companions that distributions require, with who does.
    fn required(&self, draft: &Draft<'_>) -> Vec<Need> {
        let owners = &draft.facts.owners;
        let mut needs = Vec::new();
        for (by, name, _) in &self.requirements {
            let named = |id: &&DistId| owners.distribution(**id).normalized() == *name;
            if let Some(id) = self.companions.iter().find(named).filter(|id| *id != by) {
                let why = format!("{} requires it", owners.distribution(*by).name);
                needs.push((Some(*by), *id, why));
            }
        }
        needs
    }

    /// The companions that code leads to, with whose code does.
    fn imported(
        &self,
        draft: &Draft<'_>,
        contents: &dyn Contents,
        progress: &dyn Progress,
    ) -> Result<Vec<Need>> {
        let (tree, owners) = (draft.tree, &draft.facts.owners);
        let graph =
            ImportGraph::new(tree, contents, draft.facts, &[], EntryPoints::AskedFor)?.whole();
        let files: Vec<FileId> = tree
            .ids()
            .filter(|id| tree.file(*id).package == self.id && !draft.is_gone(*id))
            .filter(|id| draft.owner(*id).is_none_or(|of| !self.sdk.contains(&of)))
            .collect();
        progress.begin("looking who needs what the runtime has", tree.bytes());
        let found = graph.edges(&files, &FileMap::filled(tree, false), progress)?;
        progress.end();
        let mut needs = Vec::new();
        for edge in found.edges.iter().filter(|edge| edge.how != How::Along) {
            let (by, to) = (draft.owner(edge.from), draft.owner(edge.to));
            let Some(to) = to.filter(|to| self.companions.contains(to) && by != Some(*to)) else {
                continue;
            };
            // The metadata of a distribution only lists what it requires.
            if owners.in_metadata(tree, edge.from).is_some() {
                continue;
            }
            let line = edge.line.map_or(String::new(), |line| format!(":{line}"));
            needs.push((by, to, format!("{}{line} leads to it", tree.shown(edge.from))));
        }
        Ok(needs)
    }
}

/// Who needs a companion (None for the user's code), the companion, and a sentence that says so.
type Need = (Option<DistId>, DistId, String);

fn seen(python: Python) -> Option<&'static Had> {
    SEEN.iter().find(|had| had.minor == python.minor())
}

/// Why a distribution must stay, whatever its version: somebody had a hand in it.
fn forbids(draft: &Draft<'_>, contents: &dyn Contents, id: DistId) -> Result<Option<String>> {
    let facts = draft.facts;
    let files: Vec<FileId> = files_of(draft, id).collect();
    for file in &files {
        match &draft.decisions[*file].because {
            Because::KeepOption(glob) => return Ok(Some(format!("{} says so", glob.told("keep")))),
            Because::Restored(asked_by) => return Ok(Some(format!("put back: {asked_by}"))),
            _ => {}
        }
    }
    let guest = draft.tree.ids().find(|file| facts.owners.owner(*file) == Owner::Guest(id));
    if let Some(file) = guest {
        return Ok(Some(format!("{} lies in its package and is yours", draft.tree.shown(file))));
    }
    let somebodys = modified(contents, draft.tree, facts, &files)?;
    Ok(somebodys.first().map(|file| {
        format!("{} is not what its RECORD says: somebody changed it", draft.tree.shown(*file))
    }))
}

/// The name and the versions of a requirement; None where only an extra asks for it.
fn requirement(text: &str) -> Option<(String, String)> {
    let (text, marker) = text.split_once(';').unwrap_or((text, ""));
    if marker.contains("extra") {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text = text.trim();
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let versions = match text[end..].trim().strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(_, rest)| rest),
        None => &text[end..],
    };
    let versions = versions.trim().trim_start_matches('(').trim_end_matches(')').trim();
    Some((dist::normalize(&text[..end]), versions.to_owned()))
}

/// Whether a version is among some (PEP 440, by release numbers); None where that cannot be told.
fn holds(versions: &str, version: &str) -> Option<bool> {
    let version = release(version);
    let mut all = true;
    for part in versions.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let end = part.find(|c: char| !matches!(c, '<' | '>' | '=' | '!' | '~'))?;
        let (sign, text) = (&part[..end], part[end..].trim());
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return None;
        }
        let other = release(text);
        all &= match sign {
            ">=" => version >= other,
            ">" => version > other,
            "<=" => version <= other,
            "<" => version < other,
            "==" => version == other,
            "!=" => version != other,
            "~=" => {
                let fixed = text.split('.').count().checked_sub(1).filter(|fixed| *fixed > 0)?;
                let begins = |numbers: &[u64]| -> Vec<u64> {
                    let numbers = numbers.iter().copied().chain(std::iter::repeat(0));
                    numbers.take(fixed).collect()
                };
                version >= other && begins(&version) == begins(&other)
            }
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_without_their_extras() {
        let read = |text: &str| requirement(text);
        let some = |name: &str, versions: &str| Some((name.to_owned(), versions.to_owned()));
        assert_eq!(read("urllib3<3,>=1.21.1"), some("urllib3", "<3,>=1.21.1"));
        assert_eq!(read("Python_Dateutil (>=2.1)"), some("python-dateutil", ">=2.1"));
        assert_eq!(read("boto3[crt] >=1 ; python_version > '3.8'"), some("boto3", ">=1"));
        assert_eq!(read("six"), some("six", ""));
        assert_eq!(read("six; extra == 'all'"), None);
    }

    #[test]
    fn versions_hold_or_it_is_not_told() {
        assert_eq!(holds("", "1.38.36"), Some(true));
        assert_eq!(holds(">=1.38.31, <1.38.37", "1.38.36"), Some(true));
        assert_eq!(holds(">=1.40,<1.41", "1.38.36"), Some(false));
        assert_eq!(holds("~=1.38.0", "1.38.36"), Some(true));
        assert_eq!(holds("~=1.37.0", "1.38.36"), Some(false));
        assert_eq!(holds("!=1.38.36", "1.38.36"), Some(false));
        assert_eq!(holds("==1.38.*", "1.38.36"), None);
        assert_eq!(holds("1.38", "1.38.36"), None);
    }

    #[test]
    fn what_was_seen_is_of_targets_and_dated() {
        for had in &SEEN {
            assert!(Python::new(had.minor).is_some());
            assert_eq!((had.day.len(), had.day.as_bytes()[4]), (10, b'-'));
        }
    }
}
