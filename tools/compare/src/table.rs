//! The results as text.

use std::fmt::Write;

use crate::contest::{Contest, Figures, Outcome};
use crate::floor::stages::Amount;
use crate::floor::{self, Floor};
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

/// Each stage of the floor, the build beside it, and whether it keeps its limits.
pub fn of_floor(measured: &Floor) -> String {
    let Floor { tree, rounds, threads, build, floor, cpu_ratio, wall_ratio } = measured;
    let lines = [
        format!("{tree}, medians of {rounds}, {threads} threads"),
        format!(
            "  ships {}, sources {}, shared objects {}",
            amount(floor.shipped),
            amount(floor.sources),
            amount(floor.libraries)
        ),
        format!("  floor, CPU s   {}  sum {:.3}", each(&floor.cpu_s.each()), floor.cpu_s.sum()),
        format!("  build, wall s  {}  rest {:.3}", each(&build.stages_in_order()), build.rest_s),
        format!(
            "  build CPU      {:.3} s (user {:.3}, system {:.3}): {}",
            build.cpu_s,
            build.user_s,
            build.system_s,
            verdict(*cpu_ratio, floor::CPU, " of the floor")
        ),
        format!(
            "  build wall     {:.3} s: {}",
            build.wall_s,
            verdict(*wall_ratio, floor::WALL, &format!(" of the floor / {threads}"))
        ),
        format!(
            "  build memory   {}",
            verdict(build.peak_bytes as f64 / 1e6, floor::PEAK as f64 / 1e6, " MB")
        ),
    ];
    lines.join("\n") + "\n"
}

fn amount(amount: Amount) -> String {
    format!("{} files ({:.1} MB)", amount.files, amount.bytes as f64 / 1e6)
}

fn each(stages: &[(&str, f64)]) -> String {
    let cells: Vec<String> =
        stages.iter().map(|(name, seconds)| format!("{name} {seconds:.3}")).collect();
    cells.join("  ")
}

fn verdict(value: f64, limit: f64, unit: &str) -> String {
    let word = if value <= limit { "good" } else { "OVER" };
    let (digits, fewer) = if limit < 10.0 { (3, 2) } else { (0, 0) };
    format!("{value:.digits$}{unit}, {word} (limit {limit:.fewer$})")
}
