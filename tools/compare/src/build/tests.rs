use std::collections::BTreeMap;

use super::{Build, Builds};
use crate::measure::Cost;

fn build(tenth: f64, stages: &[(&str, f64)]) -> Build {
    let cost = Cost {
        wall_s: tenth,
        user_s: 2.0 * tenth,
        system_s: 0.5 * tenth,
        peak_bytes: (tenth * 1e6) as u64,
    };
    let stages: BTreeMap<String, f64> =
        stages.iter().map(|&(name, seconds)| (name.to_owned(), seconds)).collect();
    Build { cost, stages }
}

#[test]
fn every_figure_is_a_median_of_its_own() {
    let builds = [
        build(4.0, &[("scan", 1.0), ("pack", 9.0)]),
        build(1.0, &[("scan", 3.0), ("pack", 7.0)]),
        build(2.0, &[("scan", 2.0), ("pack", 8.0)]),
    ];
    let median = Builds::median_of(&builds);
    assert_eq!((median.wall_s, median.user_s, median.system_s, median.cpu_s), (2.0, 4.0, 1.0, 5.0));
    assert_eq!(median.peak_bytes, 2_000_000);
    assert_eq!((median.stage_s("scan"), median.stage_s("pack")), (2.0, 8.0));
    assert_eq!(median.stage_s("proof"), 0.0);
    assert_eq!(median.rest_s, -8.0, "of -6, -9 and -8");
}
