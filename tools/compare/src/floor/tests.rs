use super::stages::{Amount, Seconds, Stages};
use super::{Floor, median_of};
use crate::build::Build;
use crate::measure::Cost;

fn floor(walk: f64, deflate: f64) -> Stages {
    let cpu_s = Seconds { walk, deflate, ..Seconds::default() };
    Stages { cpu_s, shipped: Amount { files: 2, bytes: 10 }, ..Stages::default() }
}

fn build(wall_s: f64, user_s: f64, peak_bytes: u64) -> Build {
    let cost = Cost { wall_s, user_s, system_s: 0.0, peak_bytes };
    Build { cost, stages: [("pack".to_owned(), wall_s)].into() }
}

#[test]
fn each_stage_is_a_median_of_its_own() {
    let median = median_of(&[floor(3.0, 10.0), floor(1.0, 30.0), floor(2.0, 20.0)]);
    assert_eq!(median, floor(2.0, 20.0));
    assert_eq!(median.cpu_s.sum(), 22.0);
}

#[test]
fn a_build_is_good_while_it_keeps_all_three_limits() {
    let threads = super::stages::threads() as f64;
    let of = |wall_s, user_s, peak_bytes| {
        Floor::new("app".into(), &[build(wall_s / threads, user_s, peak_bytes)], &[floor(1.0, 9.0)])
    };
    let good = of(11.0, 10.5, 190_000_000);
    assert!(good.is_good() && (good.cpu_ratio - 1.05).abs() < 1e-9, "{good:?}");
    assert!((good.wall_ratio - 1.1).abs() < 1e-9, "{good:?}");
    assert!(!of(11.0, 11.5, 190_000_000).is_good());
    assert!(!of(12.0, 10.5, 190_000_000).is_good());
    assert!(!of(11.0, 10.5, 210_000_000).is_good());
}

#[test]
fn json_has_each_stage_of_both_sides() {
    let floor = Floor::new("app".into(), &[build(1.0, 2.0, 3)], &[floor(1.0, 9.0)]);
    let json = serde_json::to_value(&floor).expect("serializes");
    assert_eq!(json["floor"]["cpu_s"]["deflate"], 9.0);
    assert_eq!(json["floor"]["shipped"]["files"], 2);
    assert_eq!(json["build"]["stages_s"]["pack"], 1.0);
    assert_eq!(json["build"]["cpu_s"], 2.0);
}
