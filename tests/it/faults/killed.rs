//! Builds that are killed at random moments, many at a time.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::{app, build, held, out};
use crate::package::Package;
use crate::support::{Dice, endings, hex, listed, slim, try_unzip};

/// Whether the outputs are those of one build; each zip must be whole.
#[track_caller]
fn is_whole(package: &Package) -> bool {
    let folder = out(package);
    for name in listed(&folder).iter().filter(|name| name.ends_with(".zip")) {
        try_unzip(&folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let report =
        fs::read(folder.join("report.json")).expect("the report of before or of now is there");
    let report: Value = serde_json::from_slice(&report).expect("it is whole");
    report["zips"].as_array().unwrap().iter().all(|zip| {
        let there = fs::read(folder.join(zip["file"].as_str().unwrap()));
        there.is_ok_and(|bytes| hex(&bytes) == zip["sha256"].as_str().unwrap())
    })
}

fn start(package: &Package, kind: &[&str]) -> Child {
    build(package, kind).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

const KINDS: [&[&str]; 2] = [&["--layer", "all"], &["--layer", "none"]];

/// Ends builds by a signal at moments that no one chose; the next build makes it all good.
fn ended_by(signal: &str, times: u32, seed: u64) {
    let package = app();
    let sets = KINDS.map(|kind| {
        assert!(start(&package, kind).wait().unwrap().success());
        listed(&out(&package)).into_iter().collect::<BTreeSet<_>>()
    });
    let begun = Instant::now();
    assert!(start(&package, KINDS[0]).wait().unwrap().success());
    let usual = begun.elapsed();
    let mut dice = Dice(seed);
    let (mut cut, mut cleared) = (0, 0);
    // On a machine whose load changes, many are done before their moment: those count for nothing.
    for number in 0..times * 4 {
        if cut == times {
            break;
        }
        let kind = number as usize % 2;
        let mut build = start(&package, KINDS[kind]);
        std::thread::sleep(usual.mul_f64(dice.roll(1_000) as f64 / 1_000.0));
        let mut kill = std::process::Command::new("kill");
        let _ = kill.args([signal, &build.id().to_string()]).stderr(Stdio::null()).status();
        let code = build.wait().unwrap().code();
        cut += u32::from(code != Some(0));
        let polite = endings().into_iter().find(|(name, _)| *name == signal).map(|(_, code)| code);
        // Before it listens, a signal just ends it.
        assert!(code == Some(0) || code == polite || code.is_none(), "{signal}: {code:?}");
        // Whole or not, its zips are, and the report is there; who is asked to end ends at neither half.
        let whole = is_whole(&package);
        assert!(whole || code.is_none(), "{signal} {number}: half of the outputs are new");
        if polite.is_some() && code == polite {
            assert!(!listed(&out(&package)).iter().any(|name| name.starts_with(".slim-")));
            cleared += 1;
        }
        assert!(start(&package, KINDS[kind]).wait().unwrap().success());
        assert!(is_whole(&package), "{signal} {number}");
        assert_eq!(listed(&out(&package)).into_iter().collect::<BTreeSet<_>>(), sets[kind]);
    }
    assert!(cut > 0, "{signal}: no build was there to be ended");
    // Of a few, all may have been too young to listen.
    let heeded = times < 20 || signal == "-KILL" || cleared > times / 10;
    assert!(heeded, "{signal}: heeded {cleared} times");
    slim(&["build", package.path(), "-q", "--no-verify", "-o", &package.home("out")]).ok();
    assert!(!held(&out(&package)).keys().any(|path| path.to_string_lossy().contains(".slim-")));
}

fn in_streams(times: u32) {
    std::thread::scope(|scope| {
        let signals = endings().into_iter().map(|(signal, _)| signal);
        for (number, signal) in ["-KILL", "-KILL"].into_iter().chain(signals).enumerate() {
            scope.spawn(move || ended_by(signal, times, number as u64 + 1));
        }
    });
}

#[test]
fn at_twenty_moments() {
    in_streams(5);
}

#[test]
#[ignore = "long: make faults"]
fn at_two_hundred_moments() {
    // Each signal; SIGKILL in two of five streams.
    in_streams(100);
}
