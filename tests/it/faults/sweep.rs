//! Every system call that can fail is made to, one after another.

use std::collections::BTreeSet;

use super::{app, before, build, ended, held, out, traced};
use crate::support::listed;

/// The calls, the error, and what all messages have in common. A loader that cannot load slim is not ours.
const FAULTS: [(&str, &str, &str); 10] = [
    ("write,pwrite64", "ENOSPC", "No space left on device"),
    ("fsync,fdatasync", "EIO", "Input/output error"),
    ("?rename,?renameat,?renameat2", "EROFS", "Read-only file system"),
    ("?mkdir,?mkdirat", "ENOSPC", "No space left on device"),
    ("?link,?linkat", "EPERM", "nothing fails"),
    ("?unlink,?unlinkat,?rmdir", "EACCES", "nothing fails"),
    ("openat", "EACCES", "Permission denied"),
    ("openat", "EMFILE", "Too many open files"),
    ("read,pread64", "EIO", "Input/output error"),
    ("getdents64", "EIO", "Input/output error"),
];

/// Fails the N-th call of each thread until nothing notices any more. What failed left the outputs of
/// before as they were, and said where it failed. What else `always` fails makes no difference.
fn sweep(layout: &[&str], always: &[&str], faults: &[(&str, &str, &str)]) {
    let package = app();
    let known = package.home.path().to_str().unwrap().to_owned();
    for (calls, error, cause) in faults {
        let mut told = BTreeSet::new();
        let mut in_vain = 0;
        for number in 1..200 {
            let old = before(&package, layout);
            let inject = format!("inject={calls}:error={error}:when={number}");
            let options = [always, &["-e", &inject]].concat();
            let Some(mut traced) = traced(&options, &build(&package, layout)) else { return };
            let run = ended(&mut traced);
            let new = held(&out(&package));
            if run.code == 127 && run.err.contains("shared libraries") {
                continue;
            }
            if run.code == 0 {
                assert_ne!(new, old, "{calls} {error} {number}");
                in_vain += 1;
                if in_vain == 12 {
                    break;
                }
                continue;
            }
            in_vain = 0;
            // What cannot be written to stderr, be it the error or its hint, is not there to be looked at.
            let is_cut = *calls == "write,pwrite64" && !run.err.contains("\nhint: ");
            if !is_cut {
                run.refused(3, &[cause]);
            }
            if !is_cut || run.err.starts_with("error: failed") {
                assert!(run.err.contains(cause), "{calls} {error} {number}: {}", run.err);
                let path = run.err.contains(&known) || run.err.contains("slim.toml");
                assert!(path, "{calls} {error} {number} names no path: {}", run.err);
                told.insert(run.err.clone());
            }
            assert_eq!(run.code, 3, "{calls} {error} {number}: {}", run.err);
            assert_eq!(new, old, "{calls} {error} {number}: {}", run.err);
            assert!(!listed(&out(&package)).iter().any(|name| name.starts_with(".slim-")));
        }
        assert_eq!(told.is_empty(), *cause == "nothing fails", "{calls} {error}: {told:?}");
    }
}

#[test]
fn of_zips() {
    sweep(&[], &[], &FAULTS[..6]);
}

#[test]
fn of_reading() {
    sweep(&[], &[], &FAULTS[6..]);
}

#[test]
fn of_trees() {
    sweep(&["--layout", "dir"], &[], &FAULTS[..5]);
}

#[test]
fn of_moves_without_hard_links() {
    sweep(&[], &["-e", "inject=?link,?linkat:error=EPERM"], &FAULTS[2..3]);
}
