//! `--report KIND=PATH` and `--sbom PATH` where PATH cannot be written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::disk::{can_mount, in_small_disk};
use super::{app, as_anybody, build, ended, held, out, traced};
use crate::package::Package;
use crate::support::{digest, listed, slim};

/// Both options, with a path.
fn options(path: &str) -> [[String; 2]; 2] {
    [["--report".into(), format!("json={path}")], ["--sbom".into(), path.into()]]
}

fn copied(package: &Package, option: &[String; 2]) -> std::process::Command {
    build(package, &[&option[0], &option[1]])
}

/// The set was made, and can be used: only the copy is missing.
#[track_caller]
fn made(package: &Package) {
    let names = listed(&out(package));
    assert!(names.contains(&"report.json".to_owned()), "{names:?}");
    fs::remove_dir_all(out(package)).unwrap();
}

#[test]
fn where_no_file_can_be() {
    let package = app();
    fs::write(package.home("file"), "mine").unwrap();
    fs::create_dir(package.home("folder")).unwrap();
    std::os::unix::fs::symlink("/no/such/place", package.home("link")).unwrap();
    let long = "n".repeat(300);
    let cases = [
        ("none/copy", "No such file"),
        ("file/copy", "Not a directory"),
        ("folder", "Is a directory"),
        ("link/copy", "No such file"),
        (long.as_str(), "File name too long"),
    ];
    let home = package.home.path();
    for (place, cause) in cases {
        let path = package.home(place);
        for option in options(&path) {
            let before = listed(home);
            let run = ended(&mut copied(&package, &option));
            run.refused(3, &[&path, cause]);
            run.hinted("--report and --sbom");
            made(&package);
            assert_eq!(listed(home), before, "{place}");
        }
    }
    assert_eq!(fs::read(package.home("file")).unwrap(), b"mine");
    assert!(listed(Path::new(&package.home("folder"))).is_empty());
}

#[test]
fn without_permission() {
    let package = app();
    fs::create_dir(package.home("closed")).unwrap();
    let path = package.home("closed/copy");
    fs::write(&path, "old").unwrap();
    let closed = Path::new(&package.home("closed")).to_owned();
    for option in options(&path) {
        let Some(mut build) = as_anybody(&package, &copied(&package, &option)) else { return };
        let mut chmod = std::process::Command::new("chmod");
        assert!(super::works(chmod.arg("555").arg(&closed)));
        let run = ended(&mut build);
        run.refused(3, &[&path, "Permission denied"]);
        run.hinted("--report and --sbom");
        made(&package);
        assert_eq!((listed(&closed).len(), fs::read(&path).unwrap()), (1, b"old".to_vec()));
    }
}

#[test]
fn on_a_full_disk() {
    if !can_mount() {
        return;
    }
    let package = app();
    let path = package.home("disk/copy");
    for option in options(&path) {
        let filled = format!("echo old >{path}; head -c 1000000 /dev/zero >{path}-more 2>&-");
        let same = format!("cat {path}; ls -A {} | wc -l", package.home("disk"));
        let inner = copied(&package, &option);
        let run = in_small_disk(&package, 64, &format!("{{ {filled}; true; }}"), &inner, &same);
        run.refused(3, &[&path, "No space left on device"]);
        run.hinted("make room");
        assert_eq!(run.out, "old\n2\n", "what was there is there, and nothing else");
        made(&package);
    }
    let mut full = build(&package, &["--report", "json=/dev/full"]);
    ended(&mut full).refused(3, &["/dev/full", "No space left on device"]);
}

#[test]
fn never_over_what_is_read() {
    let package = app();
    let zip = package.zipped();
    let path = zip.to_str().unwrap();
    let inside = package.home("app/app.py");
    let before = (fs::read(&zip).unwrap(), digest(&package.root));
    std::os::unix::fs::symlink(&zip, package.home("link.zip")).unwrap();
    for place in [path, &inside, &package.home("link.zip")] {
        for [option, typed] in options(place) {
            let args = ["build", "-q", "--no-verify", "-o", &package.home("out"), &option, &typed];
            let run = slim(&[&args[..], &[package.path(), path]].concat());
            run.refused(2, &["use file", place]);
            run.hinted("--report or --sbom");
        }
    }
    assert!(!out(&package).exists());
    assert_eq!((fs::read(&zip).unwrap(), digest(&package.root)), before);
}

#[test]
fn never_over_another_output() {
    let package = app();
    ended(&mut build(&package, &[])).ok();
    let old = held(&out(&package));
    for name in ["function.zip", "layer.zip", "report.json", "changed.json"] {
        let path = package.home(&format!("out/{name}"));
        for option in options(&path) {
            let run = ended(&mut copied(&package, &option));
            run.refused(2, &["use file", &path]);
            assert_eq!(held(&out(&package)), old);
        }
    }
}

#[test]
fn an_interrupt_leaves_no_half() {
    let package = app();
    fs::create_dir(package.home("copies")).unwrap();
    let folder = Path::new(&package.home("copies")).to_owned();
    let path = package.home("copies/copy");
    for option in options(&path) {
        fs::write(&path, "old").unwrap();
        let inject = "inject=?rename,?renameat,?renameat2:delay_enter=900000";
        // Traced by a grandchild: the child is slim, which gets the signal.
        let inject = ["-D", "-P", &path, "-e", inject];
        let Some(mut traced) = traced(&inject, &copied(&package, &option)) else { return };
        let mut running = traced.spawn().unwrap();
        while listed(&folder).len() < 2 && running.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut kill = std::process::Command::new("kill");
        assert!(super::works(kill.args(["-INT", &running.id().to_string()])));
        assert_eq!(running.wait().unwrap().code(), Some(130), "it waits for the file to be whole");
        assert_eq!(listed(&folder), ["copy"]);
        assert!(fs::read_to_string(&path).unwrap().starts_with('{'));
        made(&package);
    }
}
