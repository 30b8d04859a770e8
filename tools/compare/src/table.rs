//! The results as text.

use std::fmt::Write;

use crate::contest::{Contest, Figures, Outcome};
use crate::floor::Floor;
use crate::survival::Survival;

#[cfg(test)]
mod tests;

/// One row per peer: each figure with its ratio to the reference, and whether the app still runs.
pub fn of_contest(contest: &Contest) -> String {
    let mut text =
        format!("{}, medians of {} (ratio to the recipe)\n", contest.tree, contest.rounds);
    let heads = ["unzipped MB", "zipped MB", "wall s", "CPU s", "peak MB"];
    text += &row("", heads.map(str::to_owned), "app");
    for standing in &contest.peers {
        text += &match &standing.outcome {
            Outcome::Measured(figures) => row(
                standing.peer,
                cells(figures, contest.reference()),
                &survival(&figures.survival),
            ),
            Outcome::Skipped(why) => format!("{:<16}skipped: {why}\n", standing.peer),
            Outcome::Slow(seconds) => format!("{:<16}-  (over {seconds} s)\n", standing.peer),
            Outcome::Failed(why) => format!("{:<16}failed: {why}\n", standing.peer),
        };
    }
    text
}

fn survival(survival: &Survival) -> String {
    match survival {
        Survival::Lives => "lives".to_owned(),
        Survival::Breaks(why) => format!("BREAKS: {why}"),
        Survival::NotRun => "not run".to_owned(),
    }
}

fn row(name: &str, cells: [String; 5], survival: &str) -> String {
    let mut line = format!("{name:<16}");
    for cell in cells {
        // Writing to a String cannot fail.
        let _ = write!(line, "{cell:>18}");
    }
    line + "  " + survival + "\n"
}

fn cells(figures: &Figures, reference: Option<&Figures>) -> [String; 5] {
    let cell = |of: fn(&Figures) -> f64, unit: f64| {
        let ratio = reference
            .map_or("–".to_owned(), |reference| format!("{:.3}", of(figures) / of(reference)));
        format!("{:.2} ({ratio})", of(figures) / unit)
    };
    [
        cell(|figures| figures.unzipped_bytes as f64, 1e6),
        cell(|figures| figures.zipped_bytes as f64, 1e6),
        cell(|figures| figures.wall_s, 1.0),
        cell(|figures| figures.cpu_s, 1.0),
        cell(|figures| figures.peak_bytes as f64, 1e6),
    ]
}

/// One line: what the build took, what the floor is, and whether that is good.
pub fn of_floor(floor: &Floor, limit: f64) -> String {
    let verdict = if floor.ratio <= limit { "good" } else { "over" };
    format!(
        "{}: build {:.3} CPU s, floor {:.3} CPU s ({} files, {:.1} MB, medians of {}): ratio {:.3}, {verdict} (limit {limit})",
        floor.tree,
        floor.build_cpu_s,
        floor.floor_cpu_s,
        floor.files,
        floor.bytes as f64 / 1e6,
        floor.rounds,
        floor.ratio,
    )
}
