//! Pythons that hang, lie or flood.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::patient::ended_within;
use super::{app, before, ended, held, out};
use crate::package::Package;
use crate::support::command;

/// What a Python tells that is asked who it is.
const WHO: &str =
    "case \"$*\" in *_base_executable*) printf 'cpython\\n3.12.1\\n%s\\n/usr\\n' \"$0\";; *) ";

/// A proof with a shell's script as the Python; its path goes first.
fn prove(package: &Package, script: &str) -> (String, std::process::Command) {
    let python = package.home("liar");
    fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let mut build = command();
    build.args(["build", package.path(), "-q", "-o", &package.home("out"), "--verify"]);
    build.args(["--handler", "app.handler", "--timeout", "3", "--python-bin", &python]);
    build.env("TMPDIR", package.home.path());
    (python, build)
}

#[test]
fn who_they_are_is_asked_with_patience_and_limits() {
    let cases = [
        ("sleep 600", "it took too long"),
        ("trap '' TERM INT; sleep 600", "it took too long"),
        ("yes >&2", "it took too long"),
        ("head -c 1000000000 /dev/zero", "it wrote without end"),
        ("head -c 100000 /dev/urandom", "it wrote without end"),
        ("exit 0", "it does not tell what it is"),
        ("printf 'a\\nb\\n'", "it does not tell what it is"),
        ("kill -SEGV $$", "it crashed"),
        ("printf 'cpython\\n3.9.1\\n/usr/bin/python3\\n/usr\\n'", "it is cpython 3.9.1"),
        ("printf 'pypy\\n3.12.1\\n/usr/bin/python3\\n/usr\\n'", "it is pypy"),
        ("(setsid sleep 5 &); exit 0", "it does not tell what it is"),
    ];
    let case = |script: &str, why: &str| {
        let package = app();
        let old = before(&package, &[]);
        let (python, mut build) = prove(&package, script);
        let run = ended(&mut build);
        run.refused(2, &["find CPython", &python, why]);
        run.hinted("--python-bin");
        assert_eq!(held(&out(&package)), old, "{script}");
    };
    std::thread::scope(|scope| {
        for (script, why) in cases {
            scope.spawn(move || case(script, why));
        }
    });
}

/// How many processes run a program.
fn running(program: &str) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines
        .filter(|line| line.split(|byte| *byte == 0).any(|word| word == program.as_bytes()))
        .count()
}

#[test]
fn they_end_with_slim() {
    for (signal, code) in crate::support::endings() {
        let package = app();
        let (python, mut build) = prove(&package, "sleep 600");
        let mut build = build.spawn().unwrap();
        let begun = std::time::Instant::now();
        // Its own process, beside slim, which has it as an argument.
        while running(&python) < 2 {
            assert!(begun.elapsed() < Duration::from_secs(8), "it was never started");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut kill = std::process::Command::new("kill");
        assert!(super::works(kill.args([signal, &build.id().to_string()])));
        assert_eq!(build.wait().unwrap().code(), Some(code));
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(running(&python), 0, "{signal}");
    }
}

#[test]
fn a_slow_one_is_kept_apart_all_the_same() {
    if !super::disk::can_mount() {
        return;
    }
    let package = app();
    // It hangs where namespaces are tried; a proof tells where it runs.
    let who = "printf 'cpython\\n3.12.1\\n%s\\n%s\\n' \"$0\" \"$(dirname \"$0\")\"";
    let script = format!(
        "case \"$*\" in *_base_executable*) {who};; *'print(1)'*) sleep 600;; *) pwd >&2; exit 7;; esac"
    );
    let (python, mut build) = prove(&package, &script);
    let run = ended_within(&mut build, Duration::from_secs(20));
    run.refused(3, &["run the proof with", &python, "it ended with code 7: /var/task"]);
}

#[test]
fn a_proof_that_cannot_be_is_refused_with_the_name_of_the_python() {
    let package = app();
    let old = before(&package, &[]);
    let cases = [
        ("sleep 600", "it took too long"),
        ("exit 0", "it ended with code 0"),
        ("echo No such module >&2; exit 7", "it ended with code 7: No such module"),
        ("echo hello; echo hello", "it answers what is no JSON"),
        ("yes", "it answers what is no JSON"),
        ("head -c 300000000 /dev/zero", "it wrote without end"),
    ];
    for (script, why) in cases {
        let (python, mut build) = prove(&package, &format!("{WHO}{script};; esac"));
        let run = ended_within(&mut build, Duration::from_secs(20));
        run.refused(3, &["run the proof with", &python, why]);
        run.hinted("--python-bin");
        assert_eq!(held(&out(&package)), old, "{script}");
        let left = fs::read_dir(package.home.path()).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("slim-")), "{left:?}");
    }
}
