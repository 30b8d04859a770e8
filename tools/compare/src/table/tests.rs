use super::{of_contest, of_floor};
use crate::build::Builds;
use crate::contest::{Contest, Figures, Outcome, Standing};
use crate::floor::Floor;
use crate::floor::stages::{Amount, Seconds, Stages};
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

fn floor() -> Floor {
    let stages_s = [("scan", 0.1), ("facts", 0.2), ("plan", 0.3), ("pack", 2.0)];
    let build = Builds {
        user_s: 4.0,
        system_s: 0.5,
        cpu_s: 4.5,
        wall_s: 2.7,
        peak_bytes: 201_000_000,
        stages_s: stages_s.map(|(name, seconds)| (name.to_owned(), seconds)).into(),
        rest_s: 0.1,
    };
    let cpu_s = Seconds { walk: 0.1, read: 0.2, crc: 0.1, deflate: 3.0, parse: 0.9, scan: 0.2 };
    let shipped = Amount { files: 3, bytes: 1_500_000 };
    let floor = Stages { cpu_s, shipped, sources: shipped, libraries: Amount::default() };
    let tree = "app".into();
    Floor { tree, rounds: 3, threads: 2, build, floor, cpu_ratio: 1.0, wall_ratio: 1.2 }
}

#[test]
fn a_floor_stands_beside_the_build_and_its_limits() {
    assert_eq!(
        of_floor(&floor()),
        [
            "app, medians of 3, 2 threads\n",
            "  ships 3 files (1.5 MB), sources 3 files (1.5 MB), shared objects 0 files (0.0 MB)\n",
            "  floor, CPU s   walk 0.100  read 0.200  crc 0.100  deflate 3.000  parse 0.900  scan 0.200  sum 4.500\n",
            "  build, wall s  scan 0.100  facts 0.200  plan 0.300  pack 2.000  rest 0.100\n",
            "  build CPU      4.500 s (user 4.000, system 0.500): 1.000 of the floor, good (limit 1.10)\n",
            "  build wall     2.700 s: 1.200 of the floor / 2, OVER (limit 1.15)\n",
            "  build memory   201 MB, OVER (limit 200)\n",
        ]
        .concat()
    );
}
