//! `slim diff` for a pull request.

use super::changes;
use super::escape::{code, text};
use super::page::{Page, Table};
use crate::report::diff::{Changes, Diff, DistributionChange, EntryChange, words};
use crate::report::numbers::{change, size};

/// The whole difference, as a page of the same kind as a build's.
pub fn render(diff: &Diff) -> String {
    let changes = &diff.changes;
    let mut page = Page::new(&format!("diff of {}", name(diff)));
    page.paragraph(&headline(diff));
    let mut facts = vec![format!("{} → {}", code(&diff.a.path), code(&diff.b.path))];
    facts.push(text(&words::sum(changes)));
    facts.extend(changes::settings(changes));
    facts.extend(diff.exceeded.iter().map(|told| format!("✗ **over**: {}", text(told))));
    page.list(&facts);
    page.table(&functions(changes));
    if !changes.is_empty() {
        changes::distributions(&mut page, &changes.distributions, "");
        files(&mut page, &changes.distributions);
        changes::rules(&mut page, changes);
        changes::zips(&mut page, changes);
    }
    page.finish()
}

/// The functions of B; for what is no report the name of B itself.
fn name(diff: &Diff) -> String {
    let functions = diff.changes.functions.iter().filter(|function| function.after.is_some());
    let functions: Vec<&str> = functions.map(|function| function.name.as_str()).collect();
    match functions.is_empty() {
        false => functions.join(","),
        true => {
            let path = std::path::Path::new(&diff.b.path);
            path.file_name().map_or(diff.b.path.clone(), |name| name.to_string_lossy().into_owned())
        }
    }
}

fn headline(diff: &Diff) -> String {
    let changes = &diff.changes;
    let sign = if diff.exceeded.is_empty() { "" } else { "✗ " };
    if changes.is_empty() {
        return "### slim diff: nothing differs".to_owned();
    }
    let (bytes, before) = (changes.after.bytes, changes.before.bytes);
    match (changes::zipped(changes), changes.after.zipped_bytes) {
        (Some(by), Some(zipped)) => format!("### {sign}slim diff: {} zipped, {by}", size(zipped)),
        _ => {
            format!("### {sign}slim diff: {} unzipped, {}", size(bytes), changes::by(before, bytes))
        }
    }
}

fn functions(changes: &Changes) -> Table {
    let mut table = Table::new(&["function, zipped with its layers", ">before", ">after", ">by"]);
    for function in &changes.functions {
        let told = |bytes: Option<u64>, none: &str| bytes.map_or(none.to_owned(), size);
        let (before, after) = (told(function.before, "new"), told(function.after, "gone"));
        let by = function.before.zip(function.after);
        let by = by.map(|(before, after)| changes::by(before, after)).unwrap_or_default();
        table.row([code(&function.name), before, after, by]);
    }
    table
}

/// The files that differ, of zips and folders.
fn files(page: &mut Page, rows: &[DistributionChange]) {
    let all = rows.iter().flat_map(|row| &row.entries);
    let mut entries: Vec<&EntryChange> = all.collect();
    if entries.is_empty() {
        return;
    }
    let by = |entry: &EntryChange| entry.before.unwrap_or(0).abs_diff(entry.after.unwrap_or(0));
    entries.sort_by(|a, b| by(b).cmp(&by(a)).then_with(|| a.path.cmp(&b.path)));
    let mut table = Table::new(&["file", "", ">by"]);
    for entry in &entries {
        let (what, by) = match (entry.before, entry.after) {
            (None, after) => ("added", change(0, after.unwrap_or(0))),
            (Some(before), None) => ("removed", change(before, 0)),
            (Some(before), Some(after)) if before == after => ("changed", "same size".to_owned()),
            (Some(before), Some(after)) => ("changed", change(before, after)),
        };
        table.row([code(&entry.path), what.to_owned(), by]);
    }
    let summary = match entries.len() {
        1 => "1 file differs".to_owned(),
        amount => format!("{amount} files differ"),
    };
    page.details(&summary, |page| page.table(&table));
}
