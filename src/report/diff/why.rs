//! Why something grew or shrank, as far as two reports tell.

use std::collections::{BTreeMap, BTreeSet};

use super::past::{Past, PastDoubt};
use super::side::{Row, Side};
use super::{RuleChange, Setting};
use crate::python::dist::normalize;
use crate::report::numbers::{change, size};

/// How many doubts are told.
const MOST_DOUBTS: usize = 3;
/// Below this many bytes a difference explains nothing.
const LEAST: u64 = 1_000;

/// What was asked for otherwise.
pub(super) fn settings(a: &Past, b: &Past) -> Vec<Setting> {
    let mode = |past: &Past| past.bytecode.as_ref().map_or("none", |told| &told.mode).to_owned();
    let off = |past: &Past| match past.rules_off.is_empty() {
        true => "none".to_owned(),
        false => past.rules_off.join(", "),
    };
    let pages = |past: &Past| past.page_size.map_or("any".to_owned(), |size| size.to_string());
    let prefix = |past: &Past| past.layer_prefix.clone().unwrap_or("python".to_owned());
    [
        ("slim", a.tool.version.clone(), b.tool.version.clone()),
        ("python", a.target.python.clone(), b.target.python.clone()),
        ("arch", a.target.arch.clone(), b.target.arch.clone()),
        ("level", a.level.clone(), b.level.clone()),
        ("bytecode", mode(a), mode(b)),
        ("rules off", off(a), off(b)),
        ("page size", pages(a), pages(b)),
        ("layer prefix", prefix(a), prefix(b)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(name, before, after)| Setting { name, before, after })
    .collect()
}

/// Why a distribution takes more or less: what was found of it, what rules took away, what stays on
/// doubt, and where it ships.
pub(super) fn distribution(
    a: &Side,
    b: &Side,
    before: Option<&Row>,
    after: Option<&Row>,
) -> Vec<String> {
    let (Some(old), Some(new)) = (before, after) else { return Vec::new() };
    let mut why = Vec::new();
    if let (Some(was), Some(is)) = (old.found, new.found)
        && was != is
    {
        let files = files(was.files, is.files).map_or(String::new(), |files| format!(", {files}"));
        why.push(format!("the package holds {}{files}", change(was.bytes, is.bytes)));
    }
    if old.found.is_none() || new.found.is_none() {
        return why;
    }
    why.extend(rules_of(&old.saved, &new.saved));
    if let (Some(was), Some(is)) = (&a.report, &b.report) {
        let own = |doubt: &&PastDoubt| {
            let named = doubt.distribution.as_deref();
            named.is_some_and(|name| normalize(name) == normalize(&new.name))
        };
        why.extend(doubts(fresh(was, is).into_iter().filter(own).collect(), "kept on doubt now"));
        why.extend(doubts(fresh(is, was).into_iter().filter(own).collect(), "no longer on doubt"));
    }
    if old.places != new.places {
        let told = |row: &Row| row.places.iter().cloned().collect::<Vec<_>>().join(" and ");
        why.push(format!("from {} to {}", told(old), told(new)));
    }
    why
}

/// `3 files more`, `1 file fewer`.
pub(super) fn files(before: u64, after: u64) -> Option<String> {
    let by = crate::report::numbers::files(before.abs_diff(after));
    match before.cmp(&after) {
        std::cmp::Ordering::Less => Some(format!("{by} more")),
        std::cmp::Ordering::Greater => Some(format!("{by} fewer")),
        std::cmp::Ordering::Equal => None,
    }
}

fn rules_of(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let bytes = |of: &BTreeMap<String, u64>, id: &str| of.get(id).copied().unwrap_or(0);
    let mut rules: Vec<(&String, u64, u64)> =
        ids.into_iter().map(|id| (id, bytes(before, id), bytes(after, id))).collect();
    rules.retain(|(_, before, after)| before.abs_diff(*after) >= LEAST);
    rules.sort_by_key(|(_, before, after)| std::cmp::Reverse(before.abs_diff(*after)));
    rules.into_iter().map(|(id, before, after)| took(id, before, after)).collect()
}

/// What a rule took away, before and after.
pub(super) fn took(id: &str, before: u64, after: u64) -> String {
    let by = size(before.abs_diff(after));
    format!("{id} takes {by} {} away", if after < before { "less" } else { "more" })
}

/// What rules took away on either side, with what stays on doubt of them since.
pub(super) fn rules(a: &Past, b: &Past) -> Vec<RuleChange> {
    let bytes = |of: &Past, id: &str| {
        of.rules.iter().filter(|rule| rule.id == id).map(|rule| rule.bytes).sum::<u64>()
    };
    let ids: BTreeSet<&str> = a.rules.iter().chain(&b.rules).map(|rule| rule.id.as_str()).collect();
    let mut changes: Vec<RuleChange> = ids
        .into_iter()
        .map(|id| (id, bytes(a, id), bytes(b, id)))
        .filter(|(_, before, after)| before != after)
        .map(|(id, before, after)| {
            let own = |doubt: &&PastDoubt| doubt.rule == id;
            let why = doubts(fresh(a, b).into_iter().filter(own).collect(), "kept on doubt now");
            RuleChange { id: id.to_owned(), before, after, why }
        })
        .collect();
    changes.sort_by(|a, b| {
        let size = |change: &RuleChange| change.before.abs_diff(change.after);
        size(b).cmp(&size(a)).then_with(|| a.id.cmp(&b.id))
    });
    changes
}

/// The doubts of `b` that `a` does not have.
fn fresh<'p>(a: &Past, b: &'p Past) -> Vec<&'p PastDoubt> {
    let known: BTreeSet<(&str, &str)> =
        a.doubts.iter().map(|doubt| (doubt.rule.as_str(), doubt.what.as_str())).collect();
    let is_new = |doubt: &&PastDoubt| !known.contains(&(doubt.rule.as_str(), doubt.what.as_str()));
    b.doubts.iter().filter(is_new).collect()
}

fn doubts(mut found: Vec<&PastDoubt>, how: &str) -> Vec<String> {
    found.sort_by_key(|doubt| std::cmp::Reverse(doubt.bytes));
    let tell = |doubt: &&PastDoubt| {
        format!("{how}: {} ({}, {}): {}", doubt.what, doubt.rule, size(doubt.bytes), doubt.why)
    };
    let mut told: Vec<String> = found.iter().take(MOST_DOUBTS).map(tell).collect();
    if let Some(rest) = found.get(MOST_DOUBTS..).filter(|rest| !rest.is_empty()) {
        let bytes = rest.iter().map(|doubt| doubt.bytes).sum();
        told.push(format!("{how}: {} more ({})", rest.len(), size(bytes)));
    }
    told
}
