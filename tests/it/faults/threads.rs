//! Threads and processes that cannot be made.

use std::process::Command;

use super::{app, as_anybody, before, build, ended, held, in_shell, out, traced};
use crate::support::{command, python312};

/// What a thread or a process is made with.
const CALLS: &str = "?clone,?clone3,?vfork,?fork";

#[test]
fn every_one_of_them() {
    let package = app();
    let mut refused = 0;
    for number in 1..8 {
        for rest in ["", "+"] {
            let old = before(&package, &[]);
            let inject = format!("inject={CALLS}:error=EAGAIN:when={number}{rest}");
            let inner = build(&package, &["-j3"]);
            let Some(mut traced) = traced(&["-e", &inject], &inner) else { return };
            let run = ended(&mut traced);
            if run.code == 0 {
                assert_ne!(held(&out(&package)), old, "{number}{rest}");
                continue;
            }
            refused += 1;
            run.refused(3, &["start threads", "Resource temporarily unavailable"]);
            run.hinted("ulimit -u");
            assert_eq!(held(&out(&package)), old, "{number}{rest}");
        }
    }
    assert!(refused >= 8, "one that listens for signals, three that work: {refused}");
}

#[test]
fn those_that_a_proof_needs() {
    let package = app();
    let mut refused = 0;
    for number in 3..24 {
        let old = before(&package, &[]);
        let mut inner = command();
        inner.args(["build", package.path(), "-q", "-j1", "-o", &package.home("out"), "--verify"]);
        inner.args(["--handler", "app.handler", "--timeout", "5", "--python-bin", python312()]);
        inner.env("TMPDIR", package.home.path());
        let inject = format!("inject={CALLS}:error=EAGAIN:when={number}");
        let Some(mut traced) = traced(&["-e", &inject], &inner) else { return };
        let run = ended(&mut traced);
        if run.code == 0 {
            continue;
        }
        refused += 1;
        assert!(run.err.contains("Resource temporarily unavailable"), "{number}: {}", run.err);
        assert!(matches!(run.code, 2 | 3), "{number}: {}", run.err);
        run.refused(run.code, &[]);
        assert_eq!(held(&out(&package)), old, "{number}");
    }
    assert!(refused > 2, "nothing ever failed");
}

#[test]
fn a_limit_for_processes() {
    let package = app();
    let mut refused = 0;
    for most in 1..8 {
        let old = before(&package, &[]);
        let Some(inner) = as_anybody(&package, &build(&package, &["-j4"])) else { return };
        let run = ended(&mut in_shell(&format!("exec prlimit --nproc={most} \"$@\""), &inner));
        if run.code == 0 {
            continue;
        }
        refused += 1;
        run.refused(3, &["start threads", "Resource temporarily unavailable"]);
        run.hinted("ulimit -u");
        assert_eq!(held(&out(&package)), old, "{most}");
    }
    assert!(refused > 2, "nothing was ever short of threads: {refused}");
}

/// On a terminal a bar moves, by a thread of its own.
#[test]
fn without_one_the_bar_stands_still() {
    let package = app();
    before(&package, &[]);
    let words = |inner: &Command| {
        let all = std::iter::once(inner.get_program()).chain(inner.get_args());
        all.map(|word| format!("'{}'", word.to_str().unwrap())).collect::<Vec<_>>().join(" ")
    };
    let inject = format!("inject={CALLS}:error=EAGAIN:when=3+");
    let Some(traced) = traced(&["-e", &inject], &build(&package, &["-j1"])) else { return };
    let mut terminal = Command::new("script");
    let script = words(&traced).replace("'-q' ", "");
    terminal.args(["-qec", &script, "/dev/null"]).env("SLIM_NO_CACHE", "1").env("TERM", "xterm");
    ended(&mut terminal).ok();
}
