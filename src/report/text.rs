//! The report of a build for people.

use std::fmt::Write;

use super::diff::words;
use super::numbers::{count, files, mb, percent};
use super::{Amount, Distribution, Function, Report, duplicates, layers, money, notes, proof};
use crate::target::UNZIPPED_LIMIT;

/// Rows of the table that are shown without `-v`.
const ROWS: usize = 20;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Every distribution and every doubt, not only the largest.
    pub verbose: bool,
    /// Nothing was written.
    pub dry_run: bool,
}

/// The whole report; the last line is the sum of it.
pub fn render(report: &Report, style: Style) -> String {
    let mut out = String::new();
    header(&mut out, report);
    table(&mut out, report, style);
    zips(&mut out, report);
    notes::of(report).iter().for_each(|note| line(&mut out, note));
    doubts(&mut out, report, style);
    for told in duplicates::render(&report.duplicates, style.verbose) {
        line(&mut out, &told);
    }
    if let Some(changes) = &report.growth {
        line(&mut out, "since the baseline:");
        for told in words::lines(changes, style.verbose) {
            line(&mut out, &format!("  {told}"));
        }
        line(&mut out, &format!("  {}", words::sum(changes)));
    }
    for warning in &report.warnings {
        line(&mut out, &format!("warning: {warning}"));
    }
    for exceeded in &report.exceeded {
        line(&mut out, &format!("over the limit: {exceeded}"));
    }
    if let Some(proof) = &report.proof {
        out.push_str(&proof::render(proof, &report.timings));
    }
    if let Some(cost) = &report.init_cost {
        money::lines(cost).iter().for_each(|told| line(&mut out, told));
    }
    timings(&mut out, report);
    last(&mut out, report, style);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn header(out: &mut String, report: &Report) {
    let links = match report.links_followed {
        0 => String::new(),
        1 => ", 1 symbolic link followed".to_owned(),
        links => format!(", {links} symbolic links followed"),
    };
    let found = format!("{}, {}{links}", files(report.before.files), mb(report.before.bytes));
    let (version, target, level) = (report.tool.version, report.target, report.level);
    line(out, &format!("slim {version} for {target}, level {level}: {found}"));
    if let Some(config) = &report.config {
        let off = match report.rules_off.is_empty() {
            true => String::new(),
            false => format!(", rules off: {}", report.rules_off.join(", ")),
        };
        line(out, &format!("configuration: {config}{off}"));
    }
    out.push('\n');
}

fn table(out: &mut String, report: &Report, style: Style) {
    let several = report.functions.len() > 1;
    let shown = if style.verbose { report.distributions.len() } else { ROWS };
    let mut rows = vec![
        ["distribution", "before", "after", "saved", "zipped", "what went"].map(str::to_owned),
    ];
    let mut largest: Vec<&Distribution> = report.distributions.iter().collect();
    largest.sort_by_key(|row| std::cmp::Reverse(row.before.bytes));
    rows.extend(largest.iter().take(shown).map(|row| cells(row, several)));
    let rest = largest.get(shown..).unwrap_or(&[]);
    if !rest.is_empty() {
        rows.push(folded(rest));
    }
    rows.push(total(report));
    write_table(out, &rows);
}

fn cells(row: &Distribution, several: bool) -> [String; 6] {
    let package = if several { format!("{}: ", row.package) } else { String::new() };
    let name = format!("{package}{} {}", row.name, row.version);
    let after = if row.place == "shared" { "in layer".to_owned() } else { mb(row.after.bytes) };
    let saved = row.saved.values().sum::<u64>();
    let mut went: Vec<(&str, u64)> =
        row.saved.iter().map(|(rule, bytes)| (rule.as_str(), *bytes)).collect();
    went.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let went: Vec<String> = went
        .iter()
        .filter(|(_, bytes)| *bytes >= 5_000)
        .map(|(rule, bytes)| format!("{rule} {}", mb(*bytes)))
        .collect();
    let share = if saved == 0 { String::new() } else { percent(saved, row.before.bytes) };
    [
        name.trim_end().to_owned(),
        mb(row.before.bytes),
        after,
        share,
        mb(row.after.zipped_bytes),
        went.join(", "),
    ]
}

fn folded(rest: &[&Distribution]) -> [String; 6] {
    let before = rest.iter().map(|row| row.before.bytes).sum();
    let after = rest.iter().map(|row| row.after.bytes).sum();
    let saved = rest.iter().flat_map(|row| row.saved.values()).sum();
    let zipped = rest.iter().map(|row| row.after.zipped_bytes).sum();
    [
        format!("{} more (-v lists them)", rest.len()),
        mb(before),
        mb(after),
        percent(saved, before),
        mb(zipped),
        String::new(),
    ]
}

fn total(report: &Report) -> [String; 6] {
    let (before, after) = (report.before.bytes, report.after.bytes);
    let saved = percent(before.saturating_sub(after), before);
    ["total".to_owned(), mb(before), mb(after), saved, mb(report.after.zipped_bytes), String::new()]
}

/// The first and the last column left, the numbers right.
fn write_table(out: &mut String, rows: &[[String; 6]]) {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in rows {
        let mut text = format!("{:<1$}", row[0], widths[0]);
        for column in 1..5 {
            // Writing to a String cannot fail.
            let _ = write!(text, "  {:>1$}", row[column], widths[column]);
        }
        let _ = write!(text, "  {}", row[5]);
        line(out, text.trim_end());
    }
}

fn zips(out: &mut String, report: &Report) {
    out.push('\n');
    for zip in &report.zips {
        line(
            out,
            &format!(
                "{}: {} zipped, {} unzipped, {}, sha256 {}",
                zip.file,
                mb(zip.bytes),
                mb(zip.unzipped_bytes),
                if zip.entries == 1 {
                    "1 entry".to_owned()
                } else {
                    format!("{} entries", count(zip.entries))
                },
                zip.sha256_base64
            ),
        );
    }
    for function in &report.functions {
        line(out, &share(function));
    }
    if let Some(shared) = &report.layers {
        out.push('\n');
        out.push_str(&layers::render(shared, &report.functions));
        for function in &report.functions {
            out.push_str(&layers::beside_need(function));
        }
    }
}

fn share(function: &Function) -> String {
    let empty = if function.file.is_none() {
        " (no code of its own: no function zip is written)"
    } else {
        ""
    };
    let with = match function.layers.len() {
        0 => String::new(),
        _ => format!(" with {}", function.layers.join(", ")),
    };
    format!(
        "{}{with}: {} of Lambda's {} unzipped ({}){empty}",
        function.file.as_deref().unwrap_or(&function.name),
        mb(function.unzipped_bytes),
        mb(UNZIPPED_LIMIT),
        percent(function.unzipped_bytes, UNZIPPED_LIMIT)
    )
}

fn doubts(out: &mut String, report: &Report, style: Style) {
    if report.doubts.is_empty() {
        return;
    }
    let Amount { files: amount, bytes } = report.on_doubt;
    let hint = if style.verbose { "" } else { " (-v lists them)" };
    line(out, &format!("kept on doubt: {}, {}{hint}", files(amount), mb(bytes)));
    if style.verbose {
        for doubt in &report.doubts {
            line(
                out,
                &format!("  {} ({}, {}): {}", doubt.what, doubt.rule, mb(doubt.bytes), doubt.why),
            );
        }
    }
}

fn timings(out: &mut String, report: &Report) {
    let stages = report.timings.iter().filter(|(stage, _)| !stage.contains(':'));
    let all: f64 = stages.clone().map(|(_, seconds)| seconds).sum();
    let each: Vec<String> =
        stages.map(|(stage, seconds)| format!("{stage} {seconds:.2}")).collect();
    line(out, &format!("{all:.2} s ({})", each.join(", ")));
}

fn last(out: &mut String, report: &Report, style: Style) {
    let (before, after) = (report.before.bytes, report.after.bytes);
    let most = report.functions.iter().map(|function| function.unzipped_bytes).max().unwrap_or(0);
    let room = if most > UNZIPPED_LIMIT {
        format!("{} over Lambda's limit", mb(most - UNZIPPED_LIMIT))
    } else {
        format!("{} below Lambda's limit", mb(UNZIPPED_LIMIT - most))
    };
    let wrote = if style.dry_run { "would ship" } else { "ships" };
    let saved = mb(before.saturating_sub(after));
    line(
        out,
        &format!(
            "saved {saved} of {} ({}): {wrote} {} in {} zipped, {room}",
            mb(before),
            percent(before.saturating_sub(after), before),
            mb(after),
            mb(report.after.zipped_bytes)
        ),
    );
}
