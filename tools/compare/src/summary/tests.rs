use super::{of_scale, sizes, sums};
use crate::build::Builds;
use crate::contest::{Contest, Figures, Outcome, Standing};
use crate::scale::startup::Startup;
use crate::scale::{Scale, Series, Step};
use crate::survival::Survival;

fn measured(times: u64, survival: Survival) -> Outcome {
    Outcome::Measured(Figures {
        unzipped_bytes: times * 10_000_000,
        zipped_bytes: times * 5_000_000,
        wall_s: times as f64,
        cpu_s: times as f64 * 2.0,
        peak_bytes: times * 1_000_000,
        survival,
    })
}

fn contest(tree: &str, outcomes: [Outcome; 3]) -> Contest {
    let peers = ["recipe", "advzip", "slim"]
        .into_iter()
        .zip(outcomes)
        .map(|(peer, outcome)| Standing { peer, outcome })
        .collect();
    Contest { tree: tree.into(), rounds: 1, peers }
}

fn rows(contests: &[Contest]) -> Vec<String> {
    sums(contests).lines().skip(2).map(str::to_owned).collect()
}

#[test]
fn sums_stand_beside_ratios_and_lives() {
    let breaks = || Survival::Breaks("why".into());
    let first = [measured(4, breaks()), measured(8, Survival::Lives), measured(2, Survival::Lives)];
    let second = [measured(6, Survival::Lives), Outcome::Slow(120), measured(3, Survival::Lives)];
    assert_eq!(
        rows(&[contest("a", first), contest("b", second)]),
        [
            "| recipe | 2 | 1 of 2 | 100 | 50 | 1.000 | 1.000 | 1.000 | 1.000 | 6 |",
            // Of one tree only: no sums, and ratios to the recipe on that tree.
            "| advzip | 1 | 1 of 1 | - | - | 2.000 | 2.000 | 2.000 | 2.000 | 8 |",
            "| slim | 2 | 2 of 2 | 50 | 25 | 0.500 | 0.500 | 0.500 | 0.500 | 3 |",
        ]
    );
}

#[test]
fn a_peer_that_packed_nothing_has_no_row_and_no_ratio_is_made_of_nothing() {
    let nothing = || Outcome::Skipped("not here".into());
    let only = [nothing(), nothing(), measured(1, Survival::NotRun)];
    assert_eq!(rows(&[contest("a", only)]), ["| slim | 1 | - | 10 | 5 | - | - | - | - | 1 |"]);
}

#[test]
fn sizes_are_marked_where_the_app_breaks() {
    let first = [
        measured(4, Survival::Breaks("why".into())),
        Outcome::Slow(9),
        measured(2, Survival::Lives),
    ];
    assert_eq!(
        sizes(&[contest("a", first)]),
        [
            "| app | raw | recipe | plugin | standard | max | raw zip | recipe zip | plugin zip | standard zip | max zip |\n",
            "|---|---|---|---|---|---|---|---|---|---|---|\n",
            "| a | - | 40.0 ✗ | - | 20.0 | - | - | 20.0 ✗ | - | 10.0 | - |\n",
        ]
        .concat()
    );
}

fn step(series: Series, thousands: usize, seconds: f64) -> Step {
    let stages = [("scan", 0.001), ("facts", 0.1), ("plan", 0.2), ("pack", 0.5)];
    let build = Builds {
        user_s: seconds,
        system_s: seconds,
        cpu_s: seconds * 2.0,
        wall_s: seconds,
        peak_bytes: 50_000_000,
        stages_s: stages.map(|(name, share)| (name.to_owned(), share * seconds)).into(),
        rest_s: 0.199 * seconds,
    };
    Step { series, files: thousands * 1000, bytes: thousands as u64 * 4_000_000, build }
}

#[test]
fn times_stand_beside_how_they_grew() {
    let steps = vec![
        step(Series::Files, 1, 1.0),
        step(Series::Files, 4, 8.0),
        step(Series::FilesInFolders, 4, 9.0),
    ];
    let startup = Startup { help_s: 0.0021, rebuild_s: 0.0168 };
    assert_eq!(
        of_scale(&Scale { rounds: 3, steps, startup }),
        [
            "| files | MB | written as | scan s | facts s | plan s | pack s | rest s | all s | CPU s | peak MB |\n",
            "|---|---|---|---|---|---|---|---|---|---|---|\n",
            "| 1000 | 4 | zips | 0.001 | 0.100 | 0.200 | 0.500 | 0.199 | 1.000 | 2.000 | 50 |\n",
            "| 4000 | 16 | zips | 0.008 | 0.800 (1.50) | 1.600 (1.50) | 4.000 (1.50) | 1.592 (1.50) | 8.000 (1.50) | 16.000 (1.50) | 50 |\n",
            "| 4000 | 16 | folders | 0.009 | 0.900 | 1.800 | 4.500 | 1.791 | 9.000 | 18.000 | 50 |\n",
            "\n`slim --help`: 2.1 ms; an unchanged package of 20 files built again: 16.8 ms.\n",
        ]
        .concat()
    );
}
