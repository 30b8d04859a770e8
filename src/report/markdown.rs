//! The report for a pull request: GitHub Flavored Markdown that fits into one comment.
//!
//! Its first line is a comment that is the same for every build of the same functions, so that a bot
//! finds what it wrote before. What a reviewer must see stands open; the rest is folded.

mod changes;
mod difference;
mod escape;
mod page;
mod tables;

use super::diff::words;
use super::numbers::{files, percent, size};
use super::{Report, money, notes};
use crate::target::UNZIPPED_LIMIT;
use crate::verify::{Proof, Status, Verdict};
use escape::{code, text};
use page::Page;

pub use difference::render as render_diff;

/// How many distributions stand open.
const MOST_OPEN: usize = 10;

/// The whole report; `written` tells whether the zips were.
pub fn render(report: &Report, written: bool) -> String {
    let mut page = Page::new(&name(report));
    page.paragraph(&headline(report, written));
    page.list(&facts(report));
    let functions = tables::functions(report);
    page.table(&functions);
    budgets(&mut page, report);
    distributions(&mut page, report);
    rules(&mut page, report);
    zips(&mut page, report);
    layers(&mut page, report);
    warnings(&mut page, report);
    if let Some(proof) = &report.proof {
        self::proof(&mut page, proof, report);
    }
    page.finish()
}

/// What tells the comments of several builds in one pull request apart: the configuration of a
/// workspace, else the functions; and the processor, which a matrix of jobs may build for.
fn name(report: &Report) -> String {
    let functions: Vec<&str> = report.functions.iter().map(|one| one.name.as_str()).collect();
    let of = match (&report.layers, &report.config) {
        (Some(_), Some(config)) => config.clone(),
        _ => functions.join(","),
    };
    format!("{of} {}", report.target.arch)
}

/// Whether nothing failed.
fn is_well(report: &Report) -> bool {
    let refused = |proof: &Proof| proof.status == Status::Failed;
    report.exceeded.is_empty() && !report.proof.as_ref().is_some_and(refused)
}

fn headline(report: &Report, written: bool) -> String {
    let sign = if is_well(report) { "✓" } else { "✗" };
    let of = match &report.functions[..] {
        [function] => code(&function.name),
        functions => format!("{} functions", functions.len()),
    };
    let verb = match (written, report.functions.len()) {
        (false, _) => "would take",
        (true, 1) => "takes",
        (true, _) => "take",
    };
    let since = match &report.growth {
        Some(changes) => changes::zipped(changes).map_or(String::new(), |by| format!(", {by}")),
        None => String::new(),
    };
    let after = report.after;
    let (bytes, zipped) = (size(after.bytes), size(after.zipped_bytes));
    format!("### {sign} slim: {of} {verb} {zipped} zipped{since}, {bytes} unzipped")
}

/// What a reviewer asks first, a line each.
fn facts(report: &Report) -> Vec<String> {
    let (before, after) = (report.before.bytes, report.after.bytes);
    let saved = percent(before.saturating_sub(after), before);
    let level = report.level;
    let mut told = vec![
        limits(report),
        proven(report.proof.as_ref()),
        format!(
            "of {} in {}, level {level} leaves {} ({saved} less), for {}",
            size(before),
            files(report.before.files),
            size(after),
            text(&report.target.to_string())
        ),
    ];
    if let Some(changes) = &report.growth {
        told.push(format!("since the baseline: {}", text(&words::sum(changes))));
        told.extend(changes::settings(changes));
    }
    if let Some([before, after]) = report.init_cost.as_ref().map(|cost| &cost.of[..]) {
        told.push(format!(
            "INIT {} ms → {} ms: a million cold starts are billed {} → {}, {} (assumptions below)",
            before.billed_ms,
            after.billed_ms,
            money::usd(before.usd_per_million),
            money::usd(after.usd_per_million),
            money::saved(before.usd_per_million, after.usd_per_million)
        ));
    }
    told
}

fn limits(report: &Report) -> String {
    let most = report.functions.iter().map(|function| function.unzipped_bytes).max().unwrap_or(0);
    let room = match most.checked_sub(UNZIPPED_LIMIT) {
        Some(over) if over > 0 => format!("{} over Lambda's limit", size(over)),
        _ => format!("{} below Lambda's limit", size(UNZIPPED_LIMIT - most)),
    };
    let of = if report.functions.len() > 1 { " (the largest function)" } else { "" };
    match (report.exceeded.len(), report.budgets.len()) {
        (0, 1) => format!("✓ {room}"),
        (0, _) => format!("✓ every limit and budget holds; {room}{of}"),
        (1, 1) => format!("✗ **{room}**"),
        (over, all) => {
            let verb = if over == 1 { "does" } else { "do" };
            format!("✗ **{over} of {all} limits and budgets {verb} not hold**; {room}{of}")
        }
    }
}

fn proven(proof: Option<&Proof>) -> String {
    let Some(proof) = proof else {
        return "no run has proven it: `--verify` would".to_owned();
    };
    let python = proof.python.as_deref().unwrap_or("none");
    let because = text(&proof.because.join("; "));
    match proof.status {
        Status::Proven => {
            let checks = proof.checks.len();
            format!(
                "✓ proven: {checks} checks, run with CPython {python}, came to what the package did before"
            )
        }
        Status::Weak => format!("✓ proven, weakly, with CPython {python}: {because}"),
        Status::Failed => format!("✗ **not proven**: {because}"),
        Status::NotRun => format!("no run has proven it: {because}"),
    }
}

fn budgets(page: &mut Page, report: &Report) {
    let (open, folded) = tables::budgets(report);
    page.table(&open);
    let held = folded.len();
    if held > 0 {
        page.details(&format!("{held} more that hold"), |page| page.table(&folded));
    }
}

/// With a baseline those that changed, else the largest; then the rest.
fn distributions(page: &mut Page, report: &Report) {
    let several = report.functions.len() > 1;
    if let Some(changes) = &report.growth {
        changes::distributions(page, &changes.distributions, "since the baseline");
        changes::rules(page, changes);
        let all = tables::largest(report);
        let summary = format!("all {} distributions", all.len());
        page.details(&summary, |page| page.table(&tables::distributions(&all, several)));
        return;
    }
    let all = tables::largest(report);
    let (open, rest) = all.split_at(all.len().min(MOST_OPEN));
    page.table(&tables::distributions(open, several));
    if !rest.is_empty() {
        let before = rest.iter().map(|row| row.before.bytes).sum();
        let after = rest.iter().map(|row| row.after.bytes).sum();
        let summary =
            format!("{} more distributions: {} → {}", rest.len(), size(before), size(after));
        page.details(&summary, |page| page.table(&tables::distributions(rest, several)));
    }
}

fn rules(page: &mut Page, report: &Report) {
    let saved = report.rules.iter().map(|rule| rule.bytes).sum();
    let doubt = report.on_doubt;
    let summary = format!("what the rules took away: {}", size(saved));
    page.details(&summary, |page| {
        page.table(&tables::rules(report));
        let mut told: Vec<String> = notes::of(report).iter().map(|note| text(note)).collect();
        told.extend((doubt.files > 0).then(|| {
            format!(
                "kept on doubt: {}, {} (`slim build -v` lists them, `slim explain` tells why)",
                files(doubt.files),
                size(doubt.bytes)
            )
        }));
        let duplicates = super::duplicates::render(&report.duplicates, false);
        told.extend(duplicates.iter().map(|told| text(told)));
        page.list(&told);
    });
}

fn zips(page: &mut Page, report: &Report) {
    let amount = match report.zips.len() {
        1 => "1 zip, with its hash".to_owned(),
        zips => format!("{zips} zips, with their hashes"),
    };
    page.details(&amount, |page| page.table(&tables::zips(report)));
}

fn layers(page: &mut Page, report: &Report) {
    let Some(layers) = &report.layers else { return };
    if layers.layers.is_empty() {
        return;
    }
    let saved = layers.layers.iter().map(|layer| layer.saves_bytes).sum();
    let amount = match layers.layers.len() {
        1 => "1 layer is shared".to_owned(),
        amount => format!("{amount} layers are shared"),
    };
    page.details(&format!("{amount}, which saves {}", size(saved)), |page| {
        page.table(&tables::layers(layers));
        let changes = layers.layers.iter().flat_map(|layer| &layer.changes);
        let changes: Vec<String> = changes.map(|change| text(change)).collect();
        page.list(&changes);
    });
}

fn warnings(page: &mut Page, report: &Report) {
    let amount = match report.warnings.len() {
        0 => return,
        1 => "1 warning".to_owned(),
        amount => format!("{amount} warnings"),
    };
    let told: Vec<String> = report.warnings.iter().map(|warning| text(warning)).collect();
    page.details(&amount, |page| page.list(&told));
}

fn proof(page: &mut Page, proof: &Proof, report: &Report) {
    let (passed, all) = (
        proof.checks.iter().filter(|check| check.verdict != Verdict::Failed).count(),
        proof.checks.len(),
    );
    page.details(&format!("the proof: {passed} of {all} checks passed"), |page| {
        let checks = proof.checks.iter().map(|check| {
            let verdict = match check.verdict {
                Verdict::Passed => "ok",
                Verdict::Weak => "weak",
                Verdict::Failed => "**FAILED**",
            };
            let notes = match check.notes.is_empty() {
                true => String::new(),
                false => format!(": {}", text(&check.notes.join("; "))),
            };
            format!("{verdict} {}{notes}", code(&check.name))
        });
        let restored = proof.restored.iter().map(|one| {
            format!("put back: {}, asked for by {}", code(&one.file), code(&one.asked_by))
        });
        let undone = proof.undone.iter().map(|one| {
            let (rule, by) = (code(&one.rule), code(&one.asked_by));
            format!("undone: {rule}, for a run failed with it: {by}")
        });
        page.list(&checks.chain(restored).chain(undone).collect::<Vec<String>>());
        if let Some(cost) = &report.init_cost {
            let told = money::lines(cost);
            let told: Vec<String> = told.iter().map(|told| text(told.trim_start())).collect();
            page.paragraph(&told.join("<br>\n"));
        }
    });
}

#[cfg(test)]
mod tests;
