use super::of_contest;
use crate::contest::{Contest, Figures, Outcome, Standing};
use crate::survival::Survival;

fn figures(half: u64) -> Figures {
    Figures {
        unzipped_bytes: half * 100_000_000,
        zipped_bytes: half * 50_000_000,
        wall_s: half as f64 * 2.0,
        cpu_s: half as f64 * 1.5,
        peak_bytes: half * 25_000_000,
        survival: if half == 1 { Survival::Lives } else { Survival::Breaks("no module".into()) },
    }
}

fn contest(first: &'static str) -> Contest {
    let peers = vec![
        Standing { peer: first, outcome: Outcome::Measured(figures(2)) },
        Standing { peer: "7z-mx9", outcome: Outcome::Skipped("7z is not here".into()) },
        Standing { peer: "advzip", outcome: Outcome::Slow(120) },
        Standing { peer: "slim", outcome: Outcome::Measured(figures(1)) },
    ];
    Contest { tree: "app".into(), rounds: 3, peers }
}

#[test]
fn figures_stand_beside_their_ratio() {
    assert_eq!(
        of_contest(&contest("recipe")),
        [
            "app, medians of 3 (ratio to the recipe)\n",
            "                       unzipped MB         zipped MB            wall s             CPU s           peak MB  app\n",
            "recipe              200.00 (1.000)    100.00 (1.000)      4.00 (1.000)      3.00 (1.000)     50.00 (1.000)  BREAKS: no module\n",
            "7z-mx9          skipped: 7z is not here\n",
            "advzip          -  (over 120 s)\n",
            "slim                100.00 (0.500)     50.00 (0.500)      2.00 (0.500)      1.50 (0.500)     25.00 (0.500)  lives\n",
        ]
        .concat()
    );
}

#[test]
fn without_the_recipe_there_is_no_ratio() {
    let text = of_contest(&contest("zip-9"));
    assert!(text.contains("50.00 (–)") && !text.contains("(0.500)"), "{text}");
}

#[test]
fn json_names_what_came_of_each_peer() {
    let json = serde_json::to_value(contest("recipe")).expect("serializes");
    assert_eq!(json["peers"][0]["measured"]["cpu_s"], 3.0);
    assert_eq!(json["peers"][0]["measured"]["survival"]["breaks"], "no module");
    assert_eq!(json["peers"][1]["skipped"], "7z is not here");
}
