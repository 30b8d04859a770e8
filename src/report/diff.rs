//! What differs between two builds, zips or packages, and why.
//!
//! A report tells what ships of each distribution, what was found of it, and what each rule took away:
//! from these three a difference is explained. Zips and folders tell their entries.

pub mod past;
mod side;
mod why;
pub mod words;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::SCHEMA_VERSION;
use crate::options::Growth;
use crate::progress::Progress;
use past::{Past, PastFunction};
use side::{Row, Side};

/// Some files as they ship; zipped where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// How many.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// What they take in the zips, in bytes; null for what lies in a folder.
    pub zipped_bytes: Option<u64>,
}

/// What was compared, and what came of it.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// The version of this form; that of the report.
    pub schema_version: u32,
    /// The first.
    pub a: Told,
    /// The second.
    pub b: Told,
    /// What differs.
    #[serde(flatten)]
    pub changes: Changes,
    /// What grew more than was allowed.
    pub exceeded: Vec<String>,
}

/// One of the two that were compared.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// It as it was typed.
    pub path: String,
    /// `report`, `zip` or `folder`.
    pub kind: &'static str,
}

/// Everything that differs; what is the same on both sides is left out.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// What was asked for otherwise; reports only.
    pub settings: Vec<Setting>,
    /// All of it before.
    pub before: Sizes,
    /// All of it after.
    pub after: Sizes,
    /// Every function with its layers, changed or not; reports only.
    pub functions: Vec<FunctionChange>,
    /// The zips that differ; reports only.
    pub zips: Vec<ZipChange>,
    /// What differs by distribution, the largest difference first.
    pub distributions: Vec<DistributionChange>,
    /// What rules took away, the largest difference first; reports only.
    pub rules: Vec<RuleChange>,
}

/// Something that was asked for otherwise.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// What.
    pub name: &'static str,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

/// One function, zipped, with all its layers.
#[derive(Debug, Serialize)]
pub struct FunctionChange {
    /// The package's name.
    pub name: String,
    /// Zipped bytes of the function and its layers before; null for a new one.
    pub before: Option<u64>,
    /// The same after; null for one that is gone.
    pub after: Option<u64>,
    /// Unzipped bytes of them before; null for a new one.
    pub unzipped_before: Option<u64>,
    /// The same after; null for one that is gone.
    pub unzipped_after: Option<u64>,
}

impl FunctionChange {
    fn between(name: &str, before: Option<&PastFunction>, after: Option<&PastFunction>) -> Self {
        let zipped = |side: Option<&PastFunction>| side.map(|function| function.zipped_bytes);
        let unzipped = |side: Option<&PastFunction>| side.and_then(|one| one.unzipped_bytes);
        Self {
            name: name.to_owned(),
            before: zipped(before),
            after: zipped(after),
            unzipped_before: unzipped(before),
            unzipped_after: unzipped(after),
        }
    }
}

/// One zip.
#[derive(Debug, Serialize)]
pub struct ZipChange {
    /// Its file name.
    pub file: String,
    /// Its size before; null for a new one.
    pub before: Option<u64>,
    /// Its size after; null for one that is gone.
    pub after: Option<u64>,
}

/// What happened to a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
    /// It takes more.
    Grew,
    /// It takes less.
    Shrank,
    /// It takes as much, and differs.
    Changed,
}

/// One distribution, or the user's code.
#[derive(Debug, Serialize)]
pub struct DistributionChange {
    /// Its name.
    pub name: String,
    /// The package that holds it, or `layer`; null where there is one package only.
    pub package: Option<String>,
    /// What happened.
    pub what: What,
    /// Its version before.
    pub version_before: String,
    /// Its version after.
    pub version_after: String,
    /// What shipped of it before.
    pub before: Sizes,
    /// What ships of it after.
    pub after: Sizes,
    /// Why, as far as the reports tell, a clause each.
    pub why: Vec<String>,
    /// The files that differ, the largest difference first; empty for reports.
    pub entries: Vec<EntryChange>,
}

/// One file that differs.
#[derive(Debug, Serialize)]
pub struct EntryChange {
    /// Its path below the import root.
    pub path: String,
    /// Its size before; null for a new one.
    pub before: Option<u64>,
    /// Its size after; null for one that is gone.
    pub after: Option<u64>,
}

/// What one rule took away.
#[derive(Debug, Serialize)]
pub struct RuleChange {
    /// The rule.
    pub id: String,
    /// Bytes that it saved before.
    pub before: u64,
    /// Bytes that it saves after.
    pub after: u64,
    /// Why, as far as the reports tell, a clause each.
    pub why: Vec<String>,
}

impl DistributionChange {
    /// What it takes before and after: zipped where both are known.
    pub fn measure(&self) -> (u64, u64) {
        measure(&self.before, &self.after)
    }

    /// How much it grew, in bytes.
    pub fn growth(&self) -> u64 {
        let (before, after) = self.measure();
        after.saturating_sub(before)
    }

    /// Its name with what became of its version.
    pub fn named(&self) -> String {
        let package = self.package.as_ref().map_or(String::new(), |package| format!("{package}: "));
        let version = match (self.version_before.as_str(), self.version_after.as_str()) {
            ("", "") => String::new(),
            (before, after) if before == after || after.is_empty() => format!(" {before}"),
            ("", after) => format!(" {after}"),
            (before, after) => format!(" {before} → {after}"),
        };
        format!("{package}{}{version}", self.name)
    }
}

fn measure(before: &Sizes, after: &Sizes) -> (u64, u64) {
    match (before.zipped_bytes, after.zipped_bytes) {
        (Some(before), Some(after)) => (before, after),
        _ => (before.bytes, after.bytes),
    }
}

/// Compares two reports, zips or folders.
///
/// # Errors
/// A usage [`crate::failure::Failure`] for what is none of these; any other error for what cannot be read.
pub fn diff(a: &Path, b: &Path, most: Option<Growth>, progress: &dyn Progress) -> Result<Diff> {
    let inputs = [side::Input::open(a)?, side::Input::open(b)?];
    let several = inputs.iter().any(side::Input::has_several);
    let by_folder = inputs.iter().all(|input| !input.is_report());
    let told = |path: &Path, input: &side::Input| Told {
        path: path.display().to_string(),
        kind: input.kind(),
    };
    let (told_a, told_b) = (told(a, &inputs[0]), told(b, &inputs[1]));
    let [a, b] = inputs.map(|input| input.side(several, by_folder, progress));
    let changes = Changes::between(&a?, &b?);
    let exceeded = most.map(|most| changes.exceeded(most)).unwrap_or_default();
    Ok(Diff { schema_version: SCHEMA_VERSION, a: told_a, b: told_b, changes, exceeded })
}

impl Changes {
    /// What differs between two reports.
    pub fn since(before: Past, after: Past) -> Self {
        let several = before.has_several() || after.has_several();
        Self::between(&Side::of_report(before, several), &Side::of_report(after, several))
    }

    fn between(a: &Side, b: &Side) -> Self {
        let reports = a.report.as_ref().zip(b.report.as_ref());
        Self {
            settings: reports.map(|(a, b)| why::settings(a, b)).unwrap_or_default(),
            before: a.total,
            after: b.total,
            functions: reports.map(|(a, b)| functions(a, b)).unwrap_or_default(),
            zips: reports.map(|(a, b)| zips(a, b)).unwrap_or_default(),
            distributions: distributions(a, b),
            rules: reports.map(|(a, b)| why::rules(a, b)).unwrap_or_default(),
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
            && self.zips.is_empty()
            && self.distributions.is_empty()
            && self.rules.is_empty()
            && self.before == self.after
            && self.functions.iter().all(|function| function.before == function.after)
    }

    /// What grew more than is allowed, a sentence each: every function that is on both sides; without
    /// functions the whole.
    pub fn exceeded(&self, most: Growth) -> Vec<String> {
        let grown = |name: Option<&str>, before: u64, after: u64| {
            (!most.allows(before, after)).then(|| words::grown(self, name, before, after, most))
        };
        if self.functions.is_empty() {
            let (before, after) = measure(&self.before, &self.after);
            return grown(None, before, after).into_iter().collect();
        }
        let both = |function: &FunctionChange| function.before.zip(function.after);
        self.functions
            .iter()
            .filter_map(|function| {
                let (before, after) = both(function)?;
                grown(Some(&function.name), before, after)
            })
            .collect()
    }

    /// The distributions that let a function grow, by how much; all, where none is named.
    pub fn to_blame(&self, function: Option<&str>) -> Vec<&DistributionChange> {
        let counts = |change: &&DistributionChange| {
            let package = change.package.as_deref();
            let own = package.is_none_or(|package| package == side::LAYER);
            change.growth() > 0 && (function.is_none() || own || package == function)
        };
        let mut found: Vec<_> = self.distributions.iter().filter(counts).collect();
        found.sort_by_key(|change| std::cmp::Reverse(change.growth()));
        found
    }
}

/// Functions of one name; where there is one on each side, these two.
fn functions(a: &Past, b: &Past) -> Vec<FunctionChange> {
    if let ([before], [after]) = (&a.functions[..], &b.functions[..]) {
        return vec![FunctionChange::between(&after.name, Some(before), Some(after))];
    }
    let names: BTreeSet<&str> =
        a.functions.iter().chain(&b.functions).map(|function| function.name.as_str()).collect();
    let side = |of: &Past, name: &str| of.functions.iter().find(|one| one.name == name).cloned();
    names
        .into_iter()
        .map(|name| FunctionChange::between(name, side(a, name).as_ref(), side(b, name).as_ref()))
        .collect()
}

fn zips(a: &Past, b: &Past) -> Vec<ZipChange> {
    let names: BTreeSet<&str> = a.zips.iter().chain(&b.zips).map(|zip| zip.file.as_str()).collect();
    let changed = |name: &str| {
        let find = |of: &Past| of.zips.iter().find(|zip| zip.file == name).cloned();
        let (before, after) = (find(a), find(b));
        let hash = |zip: &Option<past::PastZip>| zip.as_ref().map(|zip| zip.sha256.clone());
        (hash(&before) != hash(&after)).then(|| ZipChange {
            file: name.to_owned(),
            before: before.map(|zip| zip.bytes),
            after: after.map(|zip| zip.bytes),
        })
    };
    names.into_iter().filter_map(changed).collect()
}

fn distributions(a: &Side, b: &Side) -> Vec<DistributionChange> {
    let keys: BTreeSet<_> = a.rows.keys().chain(b.rows.keys()).collect();
    let mut changes: Vec<DistributionChange> = keys
        .into_iter()
        .filter_map(|key| {
            let (before, after) = (a.rows.get(key), b.rows.get(key));
            distribution(a, b, &key.0, before, after)
        })
        .collect();
    changes.sort_by(|a, b| {
        let size = |change: &DistributionChange| {
            let (before, after) = change.measure();
            (before.abs_diff(after), change.before.bytes.abs_diff(change.after.bytes))
        };
        size(b).cmp(&size(a)).then_with(|| a.named().cmp(&b.named()))
    });
    changes
}

fn distribution(
    a: &Side,
    b: &Side,
    package: &str,
    before: Option<&Row>,
    after: Option<&Row>,
) -> Option<DistributionChange> {
    let either = after.or(before)?;
    let entries = side::entries(before, after);
    // What slim knows of a row that is not there is that nothing of it ships.
    let none = |other: Option<&Row>| Sizes {
        zipped_bytes: other.and_then(|row| row.sizes.zipped_bytes).map(|_| 0),
        ..Sizes::default()
    };
    let sizes = |row: Option<&Row>, other| row.map_or_else(|| none(other), |row| row.sizes);
    let version = |row: Option<&Row>| row.map(Row::version).unwrap_or_default();
    let what = match (before, after) {
        (None, _) => What::New,
        (_, None) => What::Gone,
        (Some(before), Some(after)) => {
            let (old, new) = measure(&before.sizes, &after.sizes);
            match old.cmp(&new) {
                std::cmp::Ordering::Less => What::Grew,
                std::cmp::Ordering::Greater => What::Shrank,
                std::cmp::Ordering::Equal if before.is_like(after) && entries.is_empty() => {
                    return None;
                }
                std::cmp::Ordering::Equal => What::Changed,
            }
        }
    };
    Some(DistributionChange {
        name: either.name.clone(),
        package: (!package.is_empty()).then(|| package.to_owned()),
        what,
        version_before: version(before),
        version_after: version(after),
        before: sizes(before, after),
        after: sizes(after, before),
        why: why::distribution(a, b, before, after),
        entries,
    })
}

#[cfg(test)]
mod tests;
