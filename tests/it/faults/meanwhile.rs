//! Files and folders that change while slim runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{app, before, build, ended, held, out, traced};
use crate::support::{listed, slim};

/// What is done to a file.
type Change = fn(&Path);

/// Does `change` to a file while the N-th opening of it is held up.
fn changed(file: &str, opening: u32, change: impl Fn(&Path) + Sync) -> Option<crate::support::Run> {
    held_up(file, &format!("openat:delay_enter=1200000:when={opening}"), change)
}

/// Does `change` to a file while a call that has to do with it is held up.
fn held_up(file: &str, call: &str, change: impl Fn(&Path) + Sync) -> Option<crate::support::Run> {
    let package = app();
    let old = before(&package, &[]);
    let path = package.root.join(file);
    let inject = format!("inject={call}");
    let options = ["-P", path.to_str().unwrap(), "-e", &inject];
    let mut traced = traced(&options, &build(&package, &["-j1"]))?;
    let run = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(600));
            change(&path);
        });
        ended(&mut traced)
    });
    assert_eq!(held(&out(&package)), old, "{file} {call}");
    Some(run)
}

fn rewritten(path: &Path) {
    let length = fs::read(path).unwrap().len();
    fs::write(path, "#".repeat(length)).unwrap();
}

#[test]
fn between_scan_and_read() {
    for file in ["alpha/core.py", "alpha/data.txt"] {
        let Some(run) = changed(file, 1, |path| fs::remove_file(path).unwrap()) else { return };
        run.refused(3, &[file, "No such file"]);
        let changes: [(&str, Change); 4] = [
            ("written", rewritten),
            ("bytes, then", |path| fs::write(path, "x").unwrap()),
            ("bytes, then", |path| fs::write(path, vec![b'\n'; 900_000]).unwrap()),
            ("changed", |path| {
                fs::remove_file(path).unwrap();
                assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            }),
        ];
        for (words, change) in changes {
            let run = changed(file, 1, change).unwrap();
            run.refused(3, &[file, "changed while slim was running", words]);
            run.hinted("let the install finish");
        }
    }
}

#[test]
fn between_one_read_and_the_next() {
    let Some(run) = changed("alpha/data.txt", 2, |path| fs::remove_file(path).unwrap()) else {
        return;
    };
    run.refused(3, &["alpha/data.txt", "No such file"]);
    changed("alpha/data.txt", 2, rewritten).unwrap().refused(3, &["alpha/data.txt", "was written"]);
}

#[test]
fn in_the_midst_of_a_read() {
    for (file, call) in [("alpha/core.py", "read"), ("alpha/data.txt", "read")] {
        let call = format!("{call}:delay_exit=1200000:when=1");
        let Some(run) = held_up(file, &call, rewritten) else { return };
        run.refused(3, &[file, "changed while slim was running", "was written"]);
    }
}

#[test]
fn permission_lost() {
    // Root may read everything: who has the file for another's is told by the kernel all the same.
    let package = app();
    let old = before(&package, &[]);
    let path = package.root.join("alpha/core.py");
    let options = ["-P", path.to_str().unwrap(), "-e", "inject=openat:error=EACCES"];
    let Some(mut traced) = traced(&options, &build(&package, &[])) else { return };
    ended(&mut traced).refused(3, &["alpha/core.py", "Permission denied"]);
    assert_eq!(held(&out(&package)), old);
}

#[test]
fn the_output_folder_goes() {
    let package = app();
    before(&package, &[]);
    let to = package.home("out");
    let inject = ["-e", "inject=fsync:delay_enter=800000:when=1"];
    let Some(mut traced) = traced(&inject, &build(&package, &["-j1"])) else { return };
    let run = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            fs::remove_dir_all(&to).unwrap();
        });
        ended(&mut traced)
    });
    run.refused(3, &[&to, "No such file"]);
    assert!(!out(&package).exists());
}

#[test]
fn two_builds_into_one_folder() {
    let (one, other) = (app(), app().with("more.py", "import alpha\n"));
    let to = one.home("out");
    let set = |package: &crate::package::Package, args: &[&str]| {
        slim(&[&["build", package.path(), "-q", "--no-verify", "-o", &to], args].concat()).ok();
        listed(Path::new(&to))
            .into_iter()
            .map(|name| fs::read(out(&one).join(name)).unwrap().len())
            .sum::<usize>()
    };
    assert_ne!(set(&one, &[]), set(&other, &["--layer", "none"]));
    for _ in 0..10 {
        let start = |package: &crate::package::Package, args: &[&str]| {
            let mut build = crate::support::command();
            build.args(["build", package.path(), "-q", "--no-verify", "-o", &to]).args(args);
            build.stderr(Stdio::piped()).spawn().unwrap()
        };
        let builds = [start(&one, &[]), start(&other, &["--layer", "none"])];
        for build in builds {
            let output = build.wait_with_output().unwrap();
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success() || output.status.code() == Some(3), "{err}");
        }
        for name in listed(Path::new(&to)) {
            assert!(!name.starts_with(".slim-"), "{name}");
            if name.ends_with(".zip") {
                crate::support::unzip(&out(&one).join(&name));
            }
        }
        set(&one, &[]);
    }
}
