//! Standard streams that take nothing.

use std::fs;
use std::process::Command;

use super::{app, ended, held, in_shell, out};
use crate::package::Package;
use crate::support::command;

/// A build that has something to say on stderr.
fn talking(package: &Package) -> Command {
    let mut build = command();
    build.args(["build", package.path(), "--no-verify", "-o", &package.home("out")]);
    build
}

#[test]
fn what_is_said_beside_the_report_decides_nothing() {
    let package = app();
    let said = ended(&mut talking(&package)).ok();
    assert!(said.err.contains("next: "), "{}", said.err);
    let cases: [(&str, &[&str]); 4] = [
        ("SLIM_LEVLE=max", &[]),
        ("GITHUB_ACTIONS=true", &[]),
        ("GITHUB_STEP_SUMMARY=/no/such/file", &[]),
        ("SLIM_CACHE_DIR=/dev/null", &["--verbose"]),
    ];
    for (variable, args) in cases {
        let (name, value) = variable.split_once('=').unwrap();
        let mut build = talking(&package);
        build.args(args).env(name, value).env_remove("SLIM_NO_CACHE");
        build.env("GITHUB_ACTIONS", "true");
        if name != "SLIM_CACHE_DIR" {
            build.env("SLIM_CACHE_DIR", package.home("cache"));
        }
        ended(&mut in_shell("exec \"$@\" 2>/dev/full", &build)).ok();
        assert!(held(&out(&package)).len() > 2, "{variable}");
        fs::remove_dir_all(out(&package)).unwrap();
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let cases: [&[&str]; 6] = [
        &["--help"],
        &["--version"],
        &["build", "--help"],
        &["rules"],
        &["completions", "bash"],
        &["man"],
    ];
    for args in cases {
        let mut asked = command();
        asked.args(args);
        let run = ended(&mut in_shell("exec \"$@\" >/dev/full", &asked));
        run.refused(3, &["stdout", "No space left on device"]);
        // Who has read enough goes away.
        let run = ended(&mut in_shell("{ sleep 0.1; exec \"$@\"; } | true; echo read", &asked));
        assert_eq!((run.out.as_str(), run.err.as_str()), ("read\n", ""), "{args:?}");
    }
    let mut wrong = command();
    let run = ended(&mut in_shell("exec \"$@\" 2>/dev/full", wrong.arg("--no-such-option")));
    assert_eq!(run.code, 2);
}

#[test]
fn an_alias_without_its_slim() {
    let package = app();
    let alias = package.home("lambda-slim");
    fs::copy(env!("CARGO_BIN_EXE_lambda-slim"), &alias).unwrap();
    for streams in ["2>/dev/full", "2>&-"] {
        let script = format!("exec \"$@\" {streams}");
        assert_eq!(ended(&mut in_shell(&script, &Command::new(&alias))).code, 3, "{streams}");
    }
}

#[test]
fn a_copy_goes_where_a_stream_goes() {
    let package = app();
    let read = |name: &str| fs::read_to_string(package.home(name)).unwrap();
    let to_out = ["--report", "json=/dev/stdout", "--sbom", "/dev/stderr"];
    let streams = format!("exec \"$@\" >{} 2>{}", package.home("one"), package.home("two"));
    let mut build = talking(&package);
    build.args(to_out);
    fs::write(package.home("two"), "old").unwrap();
    ended(&mut in_shell(&streams, &build)).ok();
    let (one, two) = (read("one"), read("two"));
    // What else is said goes there too, and nothing takes the place of the other.
    assert!(
        one.starts_with('{') && one.contains("\"timings\"") && one.contains("\nsaved"),
        "{one}"
    );
    assert!(two.starts_with('{') && two.contains("CycloneDX") && two.contains("next: "), "{two}");
    build.arg("-q");
    ended(&mut in_shell(&streams, &build)).ok();
    serde_json::from_str::<serde_json::Value>(&read("one")).expect("the report alone");
}
