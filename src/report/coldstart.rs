//! What cold starts cost, for people.

use std::collections::BTreeMap;

use super::money;
use super::numbers::{count, mb};
use crate::measure::coldstart::{Change, Coldstart, Import, Moved, Node, Spread, Used, Variant};
use crate::measure::money::Billed;

/// Most modules that are listed.
const MOST_MODULES: usize = 25;

/// The least share of INIT that a listed module takes.
const LEAST_SHARE: f64 = 0.01;

/// Most characters of a statement that are shown.
const MOST_CHARACTERS: usize = 70;

/// Most functions that are named of one import.
const MOST_FUNCTIONS: usize = 3;

/// The answer for people.
pub fn render(found: &Coldstart) -> String {
    let mut out = format!(
        "cold starts of {}: {}, CPython {}, apart by {}; medians of {}\n\n",
        found.handler,
        found.target,
        found.python,
        found.isolation,
        if found.runs == 1 { "1 run".to_owned() } else { format!("{} runs", found.runs) }
    );
    table(&mut out, &totals(found));
    out.push_str(&format!(
        "\nINIT: the import of the handler's module; Python's own start is not in it. As it was: unpacked \
         from a zip, where\nthe bytecode that an installer left is stale. Download: an estimate that takes \
         {:.0} MB/s for granted.\n",
        found.download_bytes_per_second / 1e6
    ));
    billed(&mut out, found);
    out.push_str("\nseconds by module, each with all that it imports first:\n");
    table(&mut out, &modules(&found.variants));
    if !found.imports.is_empty() {
        out.push_str("\nwhat the imports of your code cost, slimmed without and with bytecode:\n");
        found.imports.iter().for_each(|import| of_import(&mut out, import));
    }
    if let Some(together) = &found.together {
        let (at, told) = (together.imports.join(", "), outcome(&together.moved));
        out.push_str(&format!("\nmoved together ({at}): {told}\n"));
    }
    let is_advice = found.imports.iter().any(|import| import.moved.is_some());
    if is_advice && found.events == 0 {
        out.push_str(
            "no --event was given: moved imports were imported, and no function was called\n",
        );
    }
    for raised in &found.raised {
        let of = match raised.variants.len() == found.variants.len() {
            true => String::new(),
            false => format!(" in {}", raised.variants.join(" and ")),
        };
        out.push_str(&format!(
            "event {}: the handler does not end well{of}: {}\n",
            raised.event, raised.error
        ));
    }
    for warning in &found.warnings {
        out.push_str(&format!("warning: {warning}\n"));
    }
    out
}

/// What INIT costs, in the same columns.
fn billed(out: &mut String, found: &Coldstart) {
    let row = |name: &str, cell: &dyn Fn(&Billed) -> String| {
        (name.to_owned(), found.init_cost.of.iter().map(cell).collect())
    };
    let first = found.init_cost.of.first().map_or(0.0, |first| first.usd_per_million);
    let saved = |billed: &Billed| match billed.name.as_str() {
        "as-it-was" => String::new(),
        _ => money::saved(first, billed.usd_per_million),
    };
    out.push_str("\nINIT as it is billed, for a million cold starts:\n");
    let headed = |(_, cells): Row| (String::new(), cells);
    let names = totals(found).into_iter().take(1).map(headed);
    let rows = [
        row("seconds", &|billed| format!("{} s", count(billed.seconds_per_million))),
        row("price", &|billed| money::usd(billed.usd_per_million)),
        row("against as it was", &saved),
    ];
    table(out, &names.chain(rows).collect::<Vec<Row>>());
    out.push_str(&format!(
        "  {}\n  {}\n  Lambda bills Python's own start too, which is the same in every column\n",
        money::priced(&found.init_cost),
        money::ASSUMED
    ));
}

/// A row: what it is, then a cell for each variant.
type Row = (String, Vec<String>);

fn totals(found: &Coldstart) -> Vec<Row> {
    let row = |name: &str, cell: &dyn Fn(&Variant) -> String| {
        (name.to_owned(), found.variants.iter().map(cell).collect())
    };
    let level = found.level;
    let name = |variant: &Variant| match variant.name {
        "as-it-was" => "as it was".to_owned(),
        "slimmed" => level.to_owned(),
        _ => format!("{level}, bytecode"),
    };
    vec![
        row("", &name),
        row("INIT", &|variant| seconds(variant.init.median)),
        row("  least to most", &|variant| range(variant.init)),
        row("  finding", &|variant| seconds(variant.phases.finding)),
        row("  reading", &|variant| seconds(variant.phases.reading)),
        row("  compiling", &|variant| seconds(variant.phases.compiling)),
        row("  unmarshalling", &|variant| seconds(variant.phases.unmarshalling)),
        row("  loading libraries", &|variant| seconds(variant.phases.loading)),
        row("  executing", &|variant| seconds(variant.phases.executing)),
        row("modules", &|variant| count(variant.modules as u64)),
        row("zips", &|variant| mb(variant.zip_bytes)),
        row("download", &|variant| seconds(variant.download_seconds)),
    ]
}

/// A module where it was met: how deep, and how often before.
type Met<'t> = (usize, &'t Node, usize);

/// The modules that weigh most, as a tree of the package as it was.
fn modules(variants: &[Variant]) -> Vec<Row> {
    let all: Vec<Vec<Met<'_>>> = variants.iter().map(|variant| met(&variant.tree)).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let others = all.iter().map(|met| {
        let known = met.iter().map(|(_, node, nth)| ((node.module.as_str(), *nth), node.seconds));
        known.collect::<BTreeMap<_, _>>()
    });
    let others: Vec<_> = others.collect();
    let whole: f64 = variants[0].tree.iter().map(|node| node.seconds).sum();
    let mut weights: Vec<f64> = first.iter().map(|(_, node, _)| node.seconds).collect();
    weights.sort_by(|a, b| b.total_cmp(a));
    let least = weights.get(MOST_MODULES - 1).copied().unwrap_or_default().max(whole * LEAST_SHARE);
    // What is heavy enough stands below what is heavier.
    let heavy = first.iter().filter(|(_, node, _)| node.seconds >= least && node.seconds > 0.0);
    let row = |(depth, node, nth): &Met<'_>| {
        let cell = |known: &BTreeMap<(&str, usize), f64>| {
            let found = known.get(&(node.module.as_str(), *nth));
            found.map_or("-".to_owned(), |found| seconds(*found))
        };
        let name = format!("{}{}", "  ".repeat(*depth), node.module);
        (name, others.iter().map(cell).collect())
    };
    heavy.take(MOST_MODULES).map(row).collect()
}

/// Every module of a tree, the importing one first.
fn met(tree: &[Node]) -> Vec<Met<'_>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let mut open: Vec<(usize, &Node)> = tree.iter().rev().map(|node| (0, node)).collect();
    while let Some((depth, node)) = open.pop() {
        let count = counts.entry(&node.module).or_default();
        found.push((depth, node, *count));
        *count += 1;
        open.extend(node.imports.iter().rev().map(|inner| (depth + 1, inner)));
    }
    found
}

fn of_import(out: &mut String, import: &Import) {
    let [plain, compiled] = [import.seconds, import.seconds_with_bytecode].map(seconds);
    let statement = shortened(&import.statement);
    out.push_str(&format!("  {}  {plain}, {compiled}: `{statement}`\n", import.at));
    let told = match (&import.stays, &import.moved) {
        (Some(why), _) => format!("stays: {why}"),
        (None, None) => format!("used only {}", places(&import.used_in)),
        (None, Some(moved)) => {
            let clear = is_clear(moved) && moved.breaks.is_none();
            let verb = if clear { "move it there" } else { "moving it there" };
            let with = match import.with.is_empty() {
                true => String::new(),
                false => format!(" with {}", import.with.join(", ")),
            };
            let which = if clear { ", which" } else { "" };
            let used = places(&import.used_in);
            format!("used only {used}: {verb}{with}{which} {}", outcome(moved))
        }
    };
    out.push_str(&format!("    {told}\n"));
    let always = import.used_in.iter().any(|used| used.handler && !used.branch);
    if always && import.moved.as_ref().is_some_and(is_clear) {
        out.push_str("    that is the handler itself: every first call pays what INIT saves\n");
    }
}

/// A statement, cut where it is long.
fn shortened(statement: &str) -> String {
    let mut short: String = statement.chars().take(MOST_CHARACTERS).collect();
    if short.len() < statement.len() {
        short.push_str(" ...");
    }
    short
}

fn is_clear(moved: &Moved) -> bool {
    [&moved.plain, &moved.with_bytecode].into_iter().flatten().any(|change| change.clear)
}

fn places(used: &[Used]) -> String {
    let one = |used: &Used| {
        let place = if used.branch { "in a branch of" } else { "in" };
        format!("{place} `{}()`", used.function)
    };
    let mut told: Vec<String> = used.iter().take(MOST_FUNCTIONS).map(one).collect();
    if used.len() > told.len() {
        told.push(format!("{} more", used.len() - told.len()));
    }
    told.join(", ")
}

/// What came of a move, behind "moving it there".
fn outcome(moved: &Moved) -> String {
    if let Some(breaks) = &moved.breaks {
        return format!("breaks: {breaks}");
    }
    let saved = |change: &Option<Change>| {
        let clear = change.as_ref().filter(|change| change.clear);
        clear.map(|change| seconds(change.saves))
    };
    let mut told = match (saved(&moved.plain), saved(&moved.with_bytecode)) {
        (Some(plain), Some(compiled)) => {
            format!("saves {plain} of INIT, with bytecode {compiled} (measured)")
        }
        (Some(plain), None) => {
            format!("saves {plain} of INIT (measured; with bytecode nothing that stands out)")
        }
        (None, Some(compiled)) => {
            format!(
                "saves {compiled} of INIT with bytecode (measured; without, nothing that stands out)"
            )
        }
        (None, None) => "saves nothing that stands out: other imports bring the same".to_owned(),
    };
    if let Some([before, after]) = moved.plain.as_ref().and_then(|change| change.first_call) {
        let [before, after] = [before, after].map(seconds);
        told.push_str(&format!("; the first call takes {after}, before {before}"));
    }
    told
}

fn seconds(seconds: f64) -> String {
    if seconds < 0.0995 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn range(spread: Spread) -> String {
    format!("{:.2}..{:.2} s", spread.min, spread.max)
}

fn table(out: &mut String, rows: &[Row]) {
    let first = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let columns = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|(_, cells)| cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (name, cells) in rows {
        let mut line = format!("  {name:<first$}");
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(module: &str, seconds: f64, imports: Vec<Node>) -> Node {
        Node { module: module.to_owned(), seconds, own_seconds: 0.0, imports }
    }

    fn variant(name: &'static str, tree: Vec<Node>) -> Variant {
        Variant {
            name,
            init: Spread::default(),
            phases: Default::default(),
            zip_bytes: 0,
            download_seconds: 0.0,
            modules: 0,
            tree,
        }
    }

    #[test]
    fn the_tree_is_pruned_to_what_weighs() {
        let many = (0..40).map(|n| node(&format!("m{n}"), 0.02 + f64::from(n) / 1e3, Vec::new()));
        let app = node("app", 2.0, many.chain([node("light", 0.01, Vec::new())]).collect());
        let half = node("app", 1.0, vec![node("m39", 0.03, Vec::new())]);
        let rows = modules(&[variant("as-it-was", vec![app]), variant("slimmed", vec![half])]);
        assert_eq!(rows.len(), MOST_MODULES);
        assert_eq!(rows[0], ("app".to_owned(), vec!["2.00 s".to_owned(), "1.00 s".to_owned()]));
        let last = ("  m39".to_owned(), vec!["59 ms".to_owned(), "30 ms".to_owned()]);
        assert_eq!(rows.last(), Some(&last));
        assert!(!rows.iter().any(|(name, _)| name.contains("light")));
    }

    #[test]
    fn outcomes_are_told_in_words() {
        let change = |saves, clear, first_call| {
            let (before, after) = (Spread::default(), Spread::default());
            Some(Change { before, after, saves, clear, first_call })
        };
        let moved = |plain, with_bytecode| Moved { breaks: None, plain, with_bytecode };
        let told = outcome(&moved(
            change(0.61, true, Some([0.02, 0.63])),
            change(0.05, true, Some([0.02, 0.07])),
        ));
        assert_eq!(
            told,
            "saves 0.61 s of INIT, with bytecode 50 ms (measured); the first call takes 0.63 s, before 20 ms"
        );
        let told = outcome(&moved(change(0.61, true, None), change(0.0, false, None)));
        assert_eq!(told, "saves 0.61 s of INIT (measured; with bytecode nothing that stands out)");
        let told = outcome(&moved(change(0.0, false, None), change(0.0, false, None)));
        assert_eq!(told, "saves nothing that stands out: other imports bring the same");
        let broken = Moved { breaks: Some("it".to_owned()), plain: None, with_bytecode: None };
        assert_eq!(outcome(&broken), "breaks: it");
        let used =
            |function: &str, branch| Used { function: function.into(), branch, handler: false };
        assert_eq!(
            places(&[used("f", false), used("C.m", true)]),
            "in `f()`, in a branch of `C.m()`"
        );
    }
}
