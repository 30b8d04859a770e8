//! Disks that are full, read-only, or refuse a file.

use std::fs;
use std::process::Command;

use super::{app, before, build, ended, held, in_shell, out, works};
use crate::package::Package;
use crate::support::command;

/// Whether namespaces with mounts of their own can be made here.
pub(super) fn can_mount() -> bool {
    let works = works(Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]));
    if !works {
        eprintln!("skipped: no mounts of its own here");
    }
    works
}

/// Runs a build where `disk` of the package's home is a tmpfs of so many KiB that shell's scripts fill before
/// and look at afterwards.
pub(super) fn in_small_disk(
    package: &Package,
    size: u32,
    first: &str,
    inner: &Command,
    then: &str,
) -> crate::support::Run {
    let disk = package.home("disk");
    fs::create_dir_all(&disk).unwrap();
    let script = format!(
        "mount -t tmpfs -o size={size}k none {disk} && {first}; \"$@\"; code=$?; {then}; exit $code"
    );
    let mut shell = in_shell(&script, inner);
    let mut unshared = Command::new("unshare");
    unshared.arg("-m").arg(shell.get_program()).args(shell.get_args());
    for (name, value) in shell.get_envs() {
        if let Some(value) = value {
            unshared.env(name, value);
        }
    }
    shell = unshared;
    ended(&mut shell)
}

#[test]
fn full() {
    if !can_mount() {
        return;
    }
    let package = app();
    before(&package, &[]);
    for layout in ["zip", "dir"] {
        for size in [210, 230, 300, 400, 420, 440, 460] {
            let mut inner = command();
            inner.args(["build", package.path(), "-q", "--no-verify", "--layout", layout]);
            inner.args(["-o", &package.home("disk/out")]);
            let filled = format!("cp -a {} {}", package.home("out"), package.home("disk/out"));
            let same = format!(
                "if [ $code = 3 ]; then diff -r {} {}; fi >&2",
                package.home("out"),
                package.home("disk/out")
            );
            let run = in_small_disk(&package, size, &filled, &inner, &same);
            if run.code != 0 {
                run.refused(3, &["No space left on device", "disk/out"]);
                run.hinted("make room");
            }
            assert!(size > 400 || run.code == 3, "{layout} {size}: {}", run.err);
        }
    }
}

#[test]
fn full_where_the_proof_works() {
    if !can_mount() {
        return;
    }
    let package = app();
    let old = before(&package, &[]);
    let mut inner = command();
    inner.args(["build", package.path(), "-q", "-o", &package.home("out"), "--verify"]);
    inner.args(["--handler", "app.handler", "--python-bin", crate::support::python312()]);
    inner.env("TMPDIR", package.home("disk"));
    let run = in_small_disk(&package, 200, ":", &inner, "ls -A $TMPDIR >&2");
    run.refused(3, &["No space left on device", "slim-proof-"]);
    run.hinted("TMPDIR");
    assert_eq!(held(&out(&package)), old);
}

#[test]
fn full_where_the_report_is_read() {
    let package = app();
    let run =
        ended(&mut in_shell("exec \"$@\" 2>/dev/full", &build(&package, &["--drop", "none"])));
    assert_eq!(run.code, 2, "the code tells what stderr cannot");
    let mut told = command();
    told.args(["build", package.path(), "--no-verify", "-o", &package.home("out")]);
    let run = ended(&mut in_shell("exec \"$@\" >/dev/full", &told));
    run.refused(3, &["stdout", "No space left on device"]);
}

#[test]
fn a_limit_for_files() {
    let package = app();
    let old = before(&package, &[]);
    let run = ended(&mut in_shell("ulimit -f 8; exec \"$@\"", &build(&package, &[])));
    run.refused(3, &["layer.zip", "File too large"]);
    run.hinted("ulimit -f");
    assert_eq!(held(&out(&package)), old);
}

#[test]
fn an_output_folder_that_cannot_be() {
    let package = app();
    fs::write(package.home("file"), "").unwrap();
    std::os::unix::fs::symlink("/no/such/place", package.home("link")).unwrap();
    for place in ["file", "file/below", "link"] {
        let place = package.home(place);
        let mut inner = command();
        let run = ended(inner.args(["build", package.path(), "--no-verify", "-o", &place]));
        run.refused(3, &["write into", &place]);
        run.hinted("--out-dir");
    }
    assert_eq!(fs::read(package.home("file")).unwrap(), b"");
}

#[test]
fn read_only() {
    if !can_mount() {
        return;
    }
    let package = app();
    let old = before(&package, &[]);
    let at = package.home("out");
    let script = format!("mount --bind {at} {at} && mount -o remount,bind,ro {at} && exec \"$@\"");
    let inner = in_shell(&script, &build(&package, &[]));
    let mut unshared = Command::new("unshare");
    unshared.arg("-m").arg(inner.get_program()).args(inner.get_args()).env("SLIM_NO_CACHE", "1");
    let run = ended(&mut unshared);
    run.refused(3, &["write into", &at, "Read-only file system"]);
    run.hinted("--out-dir");
    assert_eq!(held(&out(&package)), old);
}
