//! The tables of a build.

use super::changes::by;
use super::escape::{code, text};
use super::page::Table;
use crate::report::budgets::{Budget, Measure};
use crate::report::diff::FunctionChange;
use crate::report::layers::Layers;
use crate::report::numbers::{change, change_percent, count, percent, size};
use crate::report::{Distribution, Function, Report};
use crate::target::UNZIPPED_LIMIT;

/// How many parts a bar has.
const BAR: u64 = 10;
/// Most budgets that hold and stand open.
const MOST_HOLDING: usize = 5;
/// How many rules are named in a row.
const MOST_RULES: usize = 3;
/// Below this many bytes a rule is not named.
const LEAST: u64 = 5_000;

/// Every function with its layers, against the baseline where there is one.
pub(super) fn functions(report: &Report) -> Table {
    let Some(changes) = &report.growth else {
        let mut table = Table::new(&["function", ">zipped", ">unzipped", "of Lambda's 262.1 MB"]);
        for one in &report.functions {
            let (zipped, unzipped) = (size(one.zipped_bytes), size(one.unzipped_bytes));
            table.row([code(&one.name), zipped, unzipped, bar(one.unzipped_bytes)]);
        }
        return table;
    };
    let heads = [
        "function",
        ">zipped",
        ">since the baseline",
        ">unzipped",
        ">since the baseline",
        "of Lambda's 262.1 MB",
    ];
    let mut table = Table::new(&heads);
    for function in &report.functions {
        let before = changes.functions.iter().find(|before| before.name == function.name);
        table.row(compared(function, before));
    }
    let gone = changes.functions.iter().filter(|function| function.after.is_none());
    gone.for_each(|function| table.row([code(&function.name), "gone".to_owned()]));
    table
}

fn compared(function: &Function, change: Option<&FunctionChange>) -> [String; 6] {
    let (zipped, unzipped) = (function.zipped_bytes, function.unzipped_bytes);
    let known = |before: Option<u64>, after: u64| before.map(|before| by(before, after));
    let zipped_by = known(change.and_then(|change| change.before), zipped);
    let unzipped_by = known(change.and_then(|change| change.unzipped_before), unzipped);
    [
        code(&function.name),
        size(zipped),
        zipped_by.unwrap_or("new".to_owned()),
        size(unzipped),
        unzipped_by.unwrap_or_default(),
        bar(unzipped),
    ]
}

/// How much of Lambda's limit is used, as a bar and in percent.
fn bar(bytes: u64) -> String {
    let full = (bytes.saturating_mul(BAR) / UNZIPPED_LIMIT).min(BAR) as usize;
    let (full, rest) = ("█".repeat(full), "░".repeat(BAR as usize - full));
    format!("{full}{rest} {}", percent(bytes, UNZIPPED_LIMIT))
}

/// What does not hold and the user's budgets; and the rest, which holds.
pub(super) fn budgets(report: &Report) -> (Table, Table) {
    let heads = ["", "function", "what", ">takes", ">may take", "set by", "most of it"];
    let (mut open, mut folded) = (Table::new(&heads), Table::new(&heads));
    let mut holding = 0;
    for budget in report.budgets.iter().filter(|budget| !budget.holds) {
        open.row(cells(budget));
    }
    for budget in report.budgets.iter().filter(|budget| budget.holds) {
        // The table of functions tells how Lambda's own limit is used.
        if budget.set_by == "Lambda" {
            continue;
        }
        holding += 1;
        let table = if holding > MOST_HOLDING { &mut folded } else { &mut open };
        table.row(cells(budget));
    }
    (open, folded)
}

fn cells(budget: &Budget) -> [String; 7] {
    let sign = if budget.holds { "✓ holds" } else { "✗ **over**" };
    let what = match budget.measure {
        Measure::Unzipped => "unzipped",
        Measure::Zipped => "zipped",
        Measure::Growth => "growth, zipped",
    };
    let grown = budget.before.map_or(String::new(), |before| {
        format!(" ({}, {})", change(before, budget.bytes), change_percent(before, budget.bytes))
    });
    let blamed = budget.to_blame.iter().map(|blame| {
        let sign = if budget.measure == Measure::Growth { "+" } else { "" };
        format!("{} {sign}{}", code(&blame.name), size(blame.bytes))
    });
    [
        sign.to_owned(),
        code(&budget.function),
        what.to_owned(),
        format!("{}{grown}", size(budget.bytes)),
        size(budget.most),
        code(budget.set_by),
        blamed.collect::<Vec<_>>().join(", "),
    ]
}

/// The distributions, those first that took most before: they take most still, or saved most.
pub(super) fn largest(report: &Report) -> Vec<&Distribution> {
    let mut rows: Vec<&Distribution> = report.distributions.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.before.bytes));
    rows
}

/// What ships of distributions, and what went.
pub(super) fn distributions(rows: &[&Distribution], several: bool) -> Table {
    let heads = ["distribution", ">before", ">ships", ">saved", ">zipped", "what went"];
    let mut table = Table::new(&heads);
    for row in rows {
        let package = if several { format!("{}: ", row.package) } else { String::new() };
        let name = format!("{package}{} {}", row.name, row.version);
        let shared = row.place == "shared";
        let ships = if shared { "in the layer".to_owned() } else { size(row.after.bytes) };
        let saved = match row.saved.values().sum::<u64>() {
            0 => String::new(),
            saved => percent(saved, row.before.bytes),
        };
        let zipped = if shared { String::new() } else { size(row.after.zipped_bytes) };
        table.row([code(&name), size(row.before.bytes), ships, saved, zipped, went(row)]);
    }
    table
}

fn went(row: &Distribution) -> String {
    let mut rules: Vec<(&String, u64)> =
        row.saved.iter().map(|(rule, bytes)| (rule, *bytes)).collect();
    rules.retain(|(_, bytes)| *bytes >= LEAST);
    rules.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let mut told: Vec<String> = rules
        .iter()
        .take(MOST_RULES)
        .map(|(rule, bytes)| format!("{} {}", text(rule), size(*bytes)))
        .collect();
    match rules.len() - told.len() {
        0 => {}
        1 => told.push("1 more rule".to_owned()),
        more => told.push(format!("{more} more rules")),
    }
    told.join(", ")
}

/// What each rule did, the most first.
pub(super) fn rules(report: &Report) -> Table {
    let mut table = Table::new(&["rule", "tier", ">files", ">bytes"]);
    let mut rules: Vec<_> = report.rules.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.bytes));
    for rule in rules {
        let (files, bytes) = (count(rule.files), size(rule.bytes));
        table.row([code(&rule.id), text(&rule.tier), files, bytes]);
    }
    table
}

/// The zips, with what Lambda tells as their CodeSha256.
pub(super) fn zips(report: &Report) -> Table {
    let mut table = Table::new(&["zip", ">zipped", ">unzipped", ">entries", "CodeSha256"]);
    for zip in &report.zips {
        let hash = code(&zip.sha256_base64);
        let (zipped, unzipped) = (size(zip.bytes), size(zip.unzipped_bytes));
        table.row([code(&zip.file), zipped, unzipped, count(zip.entries), hash]);
    }
    table
}

/// The layers of a workspace, who has them and what that saves.
pub(super) fn layers(layers: &Layers) -> Table {
    let mut table = Table::new(&["layer", "", "holds", "for", ">saves"]);
    for layer in &layers.layers {
        let mut holds: Vec<String> = layer
            .distributions
            .iter()
            .take(4)
            .map(|one| format!("{} {}", code(&one.name), size(one.zipped_bytes)))
            .collect();
        if layer.distributions.len() > holds.len() {
            holds.push(format!("{} more", layer.distributions.len() - holds.len()));
        }
        table.row([
            code(&layer.file),
            layer.standing.to_owned(),
            holds.join(", "),
            text(&layer.functions.join(", ")),
            size(layer.saves_bytes),
        ]);
    }
    table
}
