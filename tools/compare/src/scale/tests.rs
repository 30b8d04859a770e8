use super::{Builds, PLAN, Series, Step};

fn step(series: Series, files: usize, wall_s: f64) -> Step {
    let build = Builds {
        user_s: wall_s,
        system_s: 0.0,
        cpu_s: wall_s,
        wall_s,
        peak_bytes: 1,
        stages_s: [("scan".to_owned(), wall_s / 1000.0)].into(),
        rest_s: 0.0,
    };
    Step { series, files, bytes: files as u64 * 10, build }
}

#[test]
fn exponents_tell_linear_from_quadratic() {
    let first = step(Series::Files, 100, 1.0);
    let wall = |build: &Builds| build.wall_s;
    let linear = step(Series::Files, 400, 4.0).exponent(Some(&first), wall).expect("comparable");
    let quadratic =
        step(Series::Files, 400, 16.0).exponent(Some(&first), wall).expect("comparable");
    assert!((linear - 1.0).abs() < 1e-9 && (quadratic - 2.0).abs() < 1e-9, "{linear} {quadratic}");
}

#[test]
fn what_cannot_be_compared_has_no_exponent() {
    let first = step(Series::Files, 100, 1.0);
    let wall = |build: &Builds| build.wall_s;
    assert_eq!(first.exponent(None, wall), None);
    assert_eq!(step(Series::Bytes, 400, 4.0).exponent(Some(&first), wall), None);
    let short = |build: &Builds| build.stage_s("scan");
    assert_eq!(step(Series::Files, 400, 4.0).exponent(Some(&first), short), None);
}

#[test]
fn every_series_grows_and_zips_stay_within_the_format() {
    for pair in PLAN.windows(2).filter(|pair| pair[0].series == pair[1].series) {
        assert!(
            pair[0].plot.files < pair[1].plot.files || pair[0].plot.bytes < pair[1].plot.bytes,
            "{pair:?}"
        );
    }
    let zipped = PLAN.iter().filter(|planned| planned.series.arguments().is_empty());
    assert!(
        zipped.clone().all(|planned| planned.plot.files < 65_535 && planned.plot.bytes < 1 << 32)
    );
}
