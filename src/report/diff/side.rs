//! One side of a comparison: a report, or the files of a zip or folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use super::past::{Past, PastSizes};
use super::{EntryChange, Sizes};
use crate::facts::owners::Owners;
use crate::failure::Failure;
use crate::memory::Budget;
use crate::progress::Progress;
use crate::python::dist::normalize;
use crate::report::USERS;
use crate::scan::{self, Scanned};
use crate::tree::{Contents, FileId, Kind};

/// Where a distribution of a layer that several functions share counts.
pub(super) const LAYER: &str = "layer";
/// Bytes of files that are read at once.
const IN_FLIGHT: u64 = 96_000_000;

/// One side, read.
pub(super) struct Side {
    pub(super) total: Sizes,
    /// By the package that holds it (empty where there is one only) and its normalized name.
    pub(super) rows: BTreeMap<(String, String), Row>,
    pub(super) report: Option<Past>,
}

/// One distribution, or what belongs to none.
#[derive(Default)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) versions: BTreeSet<String>,
    pub(super) places: BTreeSet<String>,
    pub(super) sizes: Sizes,
    /// What the package held of it; reports only.
    pub(super) found: Option<Sizes>,
    /// Bytes that rules took away; reports only.
    pub(super) saved: BTreeMap<String, u64>,
    entries: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    bytes: u64,
    crc32: u32,
    executable: bool,
}

impl Row {
    /// Its version; all of them where it has several.
    pub(super) fn version(&self) -> String {
        self.versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.versions, &self.places, self.sizes) == (&other.versions, &other.places, other.sizes)
    }
}

/// What was named.
pub(super) enum Input {
    Report(Box<Past>),
    Files(PathBuf, &'static str),
}

impl Input {
    /// A report, an output folder with one, a zip, or a folder.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let usage = |what: &str| {
            Failure::usage(format!("failed to compare {}: {what}", path.display()))
                .hint("name a report.json, a .zip, a package, or an output folder of slim's")
        };
        let Ok(found) = std::fs::metadata(path) else {
            return Err(usage("there is no such file or folder").into());
        };
        if found.is_dir() {
            let report = path.join("report.json");
            let is_ours = std::fs::read(&report).is_ok_and(|bytes| {
                let value: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
                value.is_some_and(|value| value["tool"]["name"] == "slim")
            });
            return Ok(match is_ours {
                true => Self::Report(Box::new(Past::read(&report)?)),
                false => Self::Files(path.to_owned(), "folder"),
            });
        }
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("json") => Ok(Self::Report(Box::new(Past::read(path)?))),
            Some("zip") => Ok(Self::Files(path.to_owned(), "zip")),
            _ => Err(usage("it is neither a report, nor a .zip, nor a folder").into()),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Files(_, kind) => kind,
        }
    }

    pub(super) fn is_report(&self) -> bool {
        matches!(self, Self::Report(_))
    }

    pub(super) fn has_several(&self) -> bool {
        matches!(self, Self::Report(past) if past.has_several())
    }

    /// Reads it; `by_folder` tells apart the top folders of what no distribution brought.
    pub(super) fn side(
        self,
        several: bool,
        by_folder: bool,
        progress: &dyn Progress,
    ) -> Result<Side> {
        match self {
            Self::Report(past) => Ok(Side::of_report(*past, several)),
            Self::Files(path, _) => Side::of_files(&path, by_folder, progress),
        }
    }
}

impl Side {
    /// What a report tells; with `several` packages on either side each counts by itself.
    pub(super) fn of_report(past: Past, several: bool) -> Self {
        let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
        for dist in &past.distributions {
            let package = match (several, dist.place.as_str()) {
                (false, _) => String::new(),
                (true, LAYER) => LAYER.to_owned(),
                (true, _) => dist.package.clone(),
            };
            // The layer has it from another package, in whose row it counts.
            if several && dist.place == "shared" {
                continue;
            }
            let row = rows.entry((package, normalize(&dist.name))).or_default();
            row.name.clone_from(&dist.name);
            row.versions.insert(dist.version.clone());
            row.places.insert(dist.place.clone());
            row.sizes = sum(row.sizes, dist.after);
            row.found = Some(sum(row.found.unwrap_or_default(), dist.before));
            for (rule, bytes) in &dist.saved {
                *row.saved.entry(rule.clone()).or_default() += bytes;
            }
        }
        Self { total: sum(Sizes::default(), past.after), rows, report: Some(past) }
    }

    fn of_files(path: &Path, by_folder: bool, progress: &dyn Progress) -> Result<Self> {
        let scanned = scan::scan(&[path.to_owned()], progress)?;
        let owners = Owners::gather(&scanned.tree, &scanned)?;
        let entries = read(&scanned, progress)?;
        let is_zip = path.is_file();
        let zipped = is_zip.then(|| std::fs::metadata(path).map(|found| found.len()));
        let mut total = Sizes { zipped_bytes: zipped.transpose()?, ..Sizes::default() };
        let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
        for (id, entry) in entries {
            let shown = scanned.tree.import_path(id).unwrap_or(scanned.tree.file(id).path.as_str());
            let dist = owners.owner(id).travels_with().map(|dist| owners.distribution(dist));
            let (key, name, version) = match (dist, shown.split_once('/')) {
                (Some(dist), _) => (dist.normalized(), dist.name.clone(), dist.version.clone()),
                (None, Some((folder, _))) if by_folder => {
                    (format!("{folder}/"), format!("{folder}/"), String::new())
                }
                (None, _) => (normalize(USERS), USERS.to_owned(), String::new()),
            };
            let row = rows.entry((String::new(), key)).or_default();
            row.name = name;
            row.versions.insert(version);
            row.sizes.files += 1;
            row.sizes.bytes += entry.bytes;
            if let Some(packed) = scanned.packed_size(id) {
                *row.sizes.zipped_bytes.get_or_insert_default() += packed;
            }
            total.files += 1;
            total.bytes += entry.bytes;
            row.entries.insert(shown.to_owned(), entry);
        }
        Ok(Self { total, rows, report: None })
    }
}

fn sum(sizes: Sizes, more: PastSizes) -> Sizes {
    Sizes {
        files: sizes.files + more.files,
        bytes: sizes.bytes + more.bytes,
        zipped_bytes: Some(sizes.zipped_bytes.unwrap_or_default() + more.zipped_bytes),
    }
}

/// Reads every file: a zip's own word on a checksum counts only once its bytes keep it.
fn read(scanned: &Scanned, progress: &dyn Progress) -> Result<Vec<(FileId, Entry)>> {
    let tree = &scanned.tree;
    progress.begin("reading", tree.bytes());
    let budget = Budget::new(IN_FLIGHT);
    let ids: Vec<FileId> = tree.ids().collect();
    let entries: Result<Vec<_>> = ids
        .into_par_iter()
        .map(|id| {
            let file = tree.file(id);
            let _held = budget.hold(file.size);
            let crc32 = match file.kind {
                Kind::Regular => crc32fast::hash(&scanned.read(id)?),
                Kind::EmptyFolder => 0,
            };
            progress.advance(file.size);
            Ok((id, Entry { bytes: file.size, crc32, executable: file.executable }))
        })
        .collect();
    progress.end();
    entries
}

/// The files of two rows that differ, the largest difference first; none where a side tells no files.
pub(super) fn entries(before: Option<&Row>, after: Option<&Row>) -> Vec<EntryChange> {
    let has_none = |row: Option<&Row>| row.is_some_and(|row| row.entries.is_empty());
    if has_none(before) || has_none(after) {
        return Vec::new();
    }
    let paths: BTreeSet<&String> =
        before.iter().chain(after.iter()).flat_map(|row| row.entries.keys()).collect();
    let mut changes: Vec<EntryChange> = paths
        .into_iter()
        .filter_map(|path| {
            let (old, new) = (find(before, path), find(after, path));
            let bytes = |entry: Option<&Entry>| entry.map(|entry| entry.bytes);
            (old != new).then(|| EntryChange {
                path: path.clone(),
                before: bytes(old),
                after: bytes(new),
            })
        })
        .collect();
    changes.sort_by(|a, b| {
        let size =
            |change: &EntryChange| change.before.unwrap_or(0).abs_diff(change.after.unwrap_or(0));
        size(b).cmp(&size(a)).then_with(|| a.path.cmp(&b.path))
    });
    changes
}

fn find<'r>(row: Option<&'r Row>, path: &str) -> Option<&'r Entry> {
    row?.entries.get(path)
}
