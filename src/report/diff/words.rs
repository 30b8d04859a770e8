//! A difference for people.

use super::why::{files, took};
use super::{Changes, Diff, DistributionChange, EntryChange, Sizes, What};
use crate::options::Growth;
use crate::report::numbers::{change, change_percent, size};

/// How many distributions are told without `-v`.
const MOST_ROWS: usize = 20;
/// How many files of a distribution are told without `-v`.
const MOST_ENTRIES: usize = 5;
/// How many distributions are blamed in one sentence.
const MOST_BLAMED: usize = 5;

/// The whole difference; the last line is the sum of it.
pub fn render(diff: &Diff, verbose: bool) -> String {
    let mut out =
        format!("a: {} {}\nb: {} {}\n\n", diff.a.kind, diff.a.path, diff.b.kind, diff.b.path);
    for told in lines(&diff.changes, verbose) {
        out.push_str(&format!("{told}\n"));
    }
    for exceeded in &diff.exceeded {
        out.push_str(&format!("over the limit: {exceeded}\n"));
    }
    out.push_str(&format!("{}\n", sum(&diff.changes)));
    out
}

/// What differs, a line each.
pub fn lines(changes: &Changes, verbose: bool) -> Vec<String> {
    let mut out = Vec::new();
    for setting in &changes.settings {
        out.push(format!("{}: {} → {}", setting.name, setting.before, setting.after));
    }
    let shown = if verbose { changes.distributions.len() } else { MOST_ROWS };
    for row in changes.distributions.iter().take(shown) {
        out.push(distribution(row));
        out.extend(row.why.iter().map(|why| format!("  {why}")));
        let is_all = matches!(row.what, What::New | What::Gone);
        if verbose || !is_all {
            out.extend(entries(&row.entries, verbose));
        }
    }
    if let Some(rest) = changes.distributions.get(shown..).filter(|rest| !rest.is_empty()) {
        let (before, after) = rest
            .iter()
            .map(|row| (row.before.bytes, row.after.bytes))
            .fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        let by = change(before, after);
        out.push(format!("{} more distributions: {by} (-v lists them)", rest.len()));
    }
    for rule in &changes.rules {
        out.push(format!("rule {}", took(&rule.id, rule.before, rule.after)));
        out.extend(rule.why.iter().map(|why| format!("  {why}")));
    }
    for zip in &changes.zips {
        out.push(match (zip.before, zip.after) {
            (Some(before), Some(after)) => format!("{}: {}", zip.file, from_to(before, after)),
            (None, Some(after)) => format!("{}: new, {}", zip.file, size(after)),
            (before, _) => format!("{}: gone, {}", zip.file, size(before.unwrap_or(0))),
        });
    }
    out.extend(functions(changes));
    out
}

/// Several functions, or one that came or went, a line each.
fn functions(changes: &Changes) -> Vec<String> {
    if changes.functions.len() < 2 {
        return Vec::new();
    }
    let told = |function: &super::FunctionChange| {
        let name = &function.name;
        match (function.before, function.after) {
            (Some(before), Some(after)) if before == after => None,
            (Some(before), Some(after)) => {
                let by = from_to(before, after);
                Some(format!("{name} with its layers: {by} zipped"))
            }
            (None, Some(after)) => Some(format!("{name} with its layers: new, {}", size(after))),
            (before, _) => Some(format!("{name}: gone, {}", size(before.unwrap_or(0)))),
        }
    };
    changes.functions.iter().filter_map(told).collect()
}

fn from_to(before: u64, after: u64) -> String {
    let by = if before == after { "same size" } else { &change(before, after) };
    format!("{} → {} ({by})", size(before), size(after))
}

fn distribution(row: &DistributionChange) -> String {
    let name = row.named();
    let all = |word: &str, sizes: &Sizes| {
        let zipped = sizes.zipped_bytes.map(|bytes| format!(", {} zipped", size(bytes)));
        let amount = crate::report::numbers::files(sizes.files);
        format!("{name}: {word}, {}{}, {amount}", size(sizes.bytes), zipped.unwrap_or_default())
    };
    match row.what {
        What::New => all("new", &row.after),
        What::Gone => all("gone", &row.before),
        What::Grew | What::Shrank | What::Changed => {
            let mut parts = vec![change(row.before.bytes, row.after.bytes)];
            if let (Some(before), Some(after)) = (row.before.zipped_bytes, row.after.zipped_bytes) {
                parts.push(format!("{} zipped", change(before, after)));
            }
            parts.extend(files(row.before.files, row.after.files));
            format!("{name}: {}", parts.join(", "))
        }
    }
}

fn entries(all: &[EntryChange], verbose: bool) -> Vec<String> {
    let shown = if verbose { all.len() } else { MOST_ENTRIES };
    let mut out: Vec<String> = all
        .iter()
        .take(shown)
        .map(|entry| match (entry.before, entry.after) {
            (None, after) => format!("  added {} ({})", entry.path, size(after.unwrap_or(0))),
            (Some(before), None) => format!("  removed {} ({})", entry.path, size(before)),
            (Some(before), Some(after)) if before == after => {
                format!("  changed {} (same size)", entry.path)
            }
            (Some(before), Some(after)) => {
                format!("  changed {} ({})", entry.path, change(before, after))
            }
        })
        .collect();
    if all.len() > shown {
        out.push(format!("  and {} more (-v lists them)", all.len() - shown));
    }
    out
}

/// The whole before and after, in one line.
pub fn sum(changes: &Changes) -> String {
    if changes.is_empty() {
        return "nothing differs".to_owned();
    }
    let told = |before: u64, after: u64, how: &str| {
        let by = change(before, after);
        let percent = change_percent(before, after);
        format!("{} → {} {how} ({by}, {percent})", size(before), size(after))
    };
    let (before, after) = (&changes.before, &changes.after);
    let mut parts = vec![told(before.bytes, after.bytes, "unzipped")];
    if let (Some(before), Some(after)) = (before.zipped_bytes, after.zipped_bytes) {
        parts.push(told(before, after, "zipped"));
    }
    parts.extend(files(before.files, after.files));
    format!("in all {}", parts.join(", "))
}

/// What grew over what is allowed, with the distributions to blame.
pub(super) fn grown(
    changes: &Changes,
    function: Option<&str>,
    before: u64,
    after: u64,
    most: Growth,
) -> String {
    let name = function.map_or("all of it".to_owned(), |name| format!("{name} with its layers"));
    let unit = match changes.before.zipped_bytes.and(changes.after.zipped_bytes) {
        Some(_) => "zipped",
        None => "unzipped",
    };
    let blamed: Vec<String> = changes
        .to_blame(function)
        .into_iter()
        .take(MOST_BLAMED)
        .map(|row| format!("{} ({})", row.named(), blame(row)))
        .collect();
    let blamed = match blamed.is_empty() {
        true => String::new(),
        false => format!("; most of it: {}", blamed.join(", ")),
    };
    format!(
        "{name} grew from {} to {} {unit} ({}, {}), over --max-growth {most}{blamed}",
        size(before),
        size(after),
        change(before, after),
        change_percent(before, after)
    )
}

fn blame(row: &DistributionChange) -> String {
    let (before, after) = row.measure();
    let new = if row.what == What::New { "new, " } else { "" };
    format!("{new}{}", change(before, after))
}
