//! What differs from a build of before.

use super::MOST_OPEN;
use super::escape::{code, text};
use super::page::{Page, Table};
use crate::report::diff::{Changes, DistributionChange, What};
use crate::report::numbers::{change, change_percent, size};

/// How many reasons a row tells.
const MOST_REASONS: usize = 3;

/// How much more or less, in bytes and in percent.
pub(super) fn by(before: u64, after: u64) -> String {
    let percent = change_percent(before, after);
    match percent.trim_start_matches(['+', '-', '±']) {
        _ if before == after => "same".to_owned(),
        "0.0%" => change(before, after),
        _ => format!("{} ({percent})", change(before, after)),
    }
}

/// By how much all of it grew zipped, where both sides know.
pub(super) fn zipped(changes: &Changes) -> Option<String> {
    let (before, after) = (changes.before.zipped_bytes?, changes.after.zipped_bytes?);
    Some(match before == after {
        true => "as before".to_owned(),
        false => by(before, after),
    })
}

/// What was asked for otherwise, in one line.
pub(super) fn settings(changes: &Changes) -> Option<String> {
    let one = |setting: &crate::report::diff::Setting| {
        format!("{} {} → {}", setting.name, code(&setting.before), code(&setting.after))
    };
    let told: Vec<String> = changes.settings.iter().map(one).collect();
    (!told.is_empty()).then(|| format!("asked for otherwise: {}", told.join(", ")))
}

/// The distributions that differ: the ten that differ most open, the rest folded.
pub(super) fn distributions(page: &mut Page, all: &[DistributionChange], since: &str) {
    if all.is_empty() {
        page.paragraph(&format!("No distribution differs {since}."));
        return;
    }
    let (open, rest) = all.split_at(all.len().min(MOST_OPEN));
    page.table(&table(open, since));
    if rest.is_empty() {
        return;
    }
    let sum = |side: fn((u64, u64)) -> u64| rest.iter().map(|row| side(row.measure())).sum();
    let (before, after) = (sum(|sides| sides.0), sum(|sides| sides.1));
    let summary = match rest.len() {
        1 => format!("1 more that differs: {}", change(before, after)),
        more => format!("{more} more that differ: {}", change(before, after)),
    };
    page.details(&summary, |page| page.table(&table(rest, since)));
}

fn table(rows: &[DistributionChange], since: &str) -> Table {
    let zipped = rows.iter().any(|row| row.after.zipped_bytes.is_some());
    let named = if since.is_empty() { "differs" } else { "differs since the baseline" };
    let mut table = match zipped {
        true => Table::new(&[named, ">zipped", ">by", ">unzipped by", "why"]),
        false => Table::new(&[named, ">unzipped", ">by", "why"]),
    };
    for row in rows {
        let (before, after) = row.measure();
        let mut cells = vec![code(&row.named()), size(after), difference(row, before, after)];
        if zipped {
            cells.push(match row.before.bytes == row.after.bytes {
                true => "same".to_owned(),
                false => change(row.before.bytes, row.after.bytes),
            });
        }
        cells.push(why(&row.why));
        table.row(cells);
    }
    table
}

/// The first reasons, a line of the cell each.
fn why(clauses: &[String]) -> String {
    let mut told: Vec<String> = clauses.iter().take(MOST_REASONS).map(|one| text(one)).collect();
    if clauses.len() > told.len() {
        told.push(format!("and {} more", clauses.len() - told.len()));
    }
    told.join("<br>")
}

fn difference(row: &DistributionChange, before: u64, after: u64) -> String {
    match row.what {
        What::New => format!("new, {}", change(before, after)),
        What::Gone => format!("gone, {}", change(before, after)),
        What::Grew | What::Shrank | What::Changed => by(before, after),
    }
}

/// What rules took away on either side.
pub(super) fn rules(page: &mut Page, changes: &Changes) {
    let mut table = Table::new(&["rule", ">took away", ">takes away", ">by", "why"]);
    for rule in &changes.rules {
        let (before, after) = (rule.before, rule.after);
        let why = why(&rule.why);
        table.row([code(&rule.id), size(before), size(after), change(before, after), why]);
    }
    if !table.is_empty() {
        let summary = match changes.rules.len() {
            1 => "1 rule took more or less away".to_owned(),
            amount => format!("{amount} rules took more or less away"),
        };
        page.details(&summary, |page| page.table(&table));
    }
}

/// The zips of which the bytes differ.
pub(super) fn zips(page: &mut Page, changes: &Changes) {
    let mut table = Table::new(&["zip", ">before", ">after", ">by"]);
    for zip in &changes.zips {
        let told = |bytes: Option<u64>, none: &str| bytes.map_or(none.to_owned(), size);
        let (before, after) = (told(zip.before, "new"), told(zip.after, "gone"));
        let by = zip.before.zip(zip.after).map(|(before, after)| change(before, after));
        table.row([code(&zip.file), before, after, by.unwrap_or_default()]);
    }
    if !table.is_empty() {
        let summary = match changes.zips.len() {
            1 => "1 zip differs".to_owned(),
            amount => format!("{amount} zips differ"),
        };
        page.details(&summary, |page| page.table(&table));
    }
}
