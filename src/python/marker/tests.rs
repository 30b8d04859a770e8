use proptest::prelude::*;

use super::{Environment, Marker, VARIABLES};

/// What `packaging` answers: tools/sbom/markers.py writes it, and asks again.
const TABLE: &str = include_str!("markers.txt");

const ENVIRONMENTS: [Environment; 3] = [
    Environment { minor: 9, machine: "x86_64" },
    Environment { minor: 12, machine: "x86_64" },
    Environment { minor: 14, machine: "aarch64" },
];

/// A `y` or `n` for each environment, without and with the extra `all`.
fn answers(marker: &str) -> String {
    let marker = Marker::parse(marker);
    let holds = |environment, extra: &str| {
        marker.as_ref().is_none_or(|marker| marker.may_hold(environment, extra))
    };
    let both = ENVIRONMENTS.iter().flat_map(|one| ["", "all"].map(|extra| holds(*one, extra)));
    both.map(|holds| if holds { 'y' } else { 'n' }).collect()
}

#[test]
fn answers_as_packaging_does() {
    assert!(TABLE.lines().count() > 100);
    for line in TABLE.lines() {
        let (expected, marker) = line.split_once('\t').expect("answers and a marker");
        assert_eq!(answers(marker), expected, "{marker}");
    }
}

#[test]
fn what_is_no_comparison_of_versions_holds() {
    let odd = [
        "python_version >= '3.8.*'",
        "python_version < '1!2'",
        "python_version < '2.7, 3'",
        "python_version ~= '3'",
        "'3.12' == '3.13'",
        "python_version < python_full_version",
        "sys_platform < 'a'",
    ];
    for marker in odd {
        assert_eq!(answers(marker), "yyyyyy", "{marker}");
        assert!(Marker::parse(marker).is_some(), "{marker}");
    }
}

#[test]
fn markers_that_do_not_parse() {
    let deep = format!("{}extra == 'a'{}", "(".repeat(100_000), ")".repeat(100_000));
    let odd = ["", "extra", "extra == ", "extra == 'a", "(extra == 'a'", "extra == 'a' extra", "a"];
    for marker in odd.into_iter().chain([deep.as_str()]) {
        assert_eq!(Marker::parse(marker), None, "{}", &marker[..marker.len().min(20)]);
    }
}

#[test]
fn the_names_are_sorted_and_unique() {
    assert!(VARIABLES.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

proptest! {
    #[test]
    fn never_panics(text in "[a-z_.<>=!~()'\" 0-9*]{0,60}|\\PC{0,30}") {
        let _ = answers(&text);
    }
}
