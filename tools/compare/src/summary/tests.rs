use super::markdown;
use crate::contest::{Contest, Figures, Outcome, Standing};
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
    markdown(contests).lines().skip(2).map(str::to_owned).collect()
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
