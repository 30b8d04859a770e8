//! What a file system holds besides plain files.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::package::{Dist, Package};
use crate::support::{Run, digest, finished, slim};

fn app() -> Package {
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", "x = 1\n");
    Package::new("app").with("app.py", "import alpha\n").install(&alpha)
}

/// Every command must refuse the package with exit 3 and name all of `words` in its one error.
#[track_caller]
fn refused(package: &Package, words: &[&str]) {
    for args in [vec!["inspect"], vec!["explain"], vec!["build"]] {
        let mut args = [args, vec![package.path()]].concat();
        let out = package.home("out");
        match args[0] {
            "build" => args.extend(["--out-dir", &out]),
            "explain" => args.push("app.py"),
            _ => {}
        }
        let run = slim(&args);
        said_why(&run, words);
    }
    assert!(!Path::new(&package.home("out")).exists(), "nothing is written");
}

#[track_caller]
fn said_why(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    let errors: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", run.err);
    for word in words {
        assert!(errors[0].contains(word), "{word} in {}", run.err);
    }
}

#[test]
fn links_to_files_and_folders_inside_are_copied() {
    let package = app().with("shared/a.txt", "a").with("shared/deep/b.txt", "b");
    symlink("shared/a.txt", package.root.join("to_file.txt")).unwrap();
    symlink("shared", package.root.join("to_folder")).unwrap();
    symlink("to_folder/deep", package.root.join("through_a_link")).unwrap();
    let before = digest(&package.root);
    let built = package.build(&[]);
    let function = built.zip("function.zip");
    for (path, text) in [
        ("to_file.txt", "a"),
        ("to_folder/a.txt", "a"),
        ("to_folder/deep/b.txt", "b"),
        ("through_a_link/b.txt", "b"),
        ("shared/a.txt", "a"),
    ] {
        assert_eq!(function[path].bytes, text.as_bytes(), "{path}");
        assert_eq!(function[path].mode & 0o170_000, 0o100_000, "{path} is a plain file");
    }
    assert!(built.run.says(&["3 symbolic links followed"]), "{}", built.run.out);
    assert_eq!(built.report()["links_followed"], 3);
    assert_eq!(digest(&package.root), before);
    let zipped = crate::support::build(&[package.zipped().to_str().unwrap()], &[]);
    assert_eq!(zipped.hashes(), built.hashes(), "the links of a zip are followed too");
}

#[test]
fn links_out_of_the_package_are_copied_from_a_folder() {
    let package = app();
    fs::create_dir_all(package.home("monorepo/common")).unwrap();
    fs::write(package.home("monorepo/common/__init__.py"), "y = 1\n").unwrap();
    symlink("../monorepo/common", package.root.join("common")).unwrap();
    symlink(package.home("monorepo/common/__init__.py"), package.root.join("flat.py")).unwrap();
    let function = package.build(&[]).zip("function.zip");
    assert_eq!(function["common/__init__.py"].bytes, b"y = 1\n");
    assert_eq!(function["flat.py"].bytes, b"y = 1\n");
    let run = slim(&["build", package.zipped().to_str().unwrap(), "-o", &package.home("out")]);
    said_why(&run, &["leaves the package"]);
}

#[test]
fn a_package_that_is_itself_a_link() {
    let package = app();
    let link = package.home("current");
    symlink(&package.root, &link).unwrap();
    let linked = crate::support::build(&[&link], &[]);
    assert_eq!(linked.hashes(), package.build(&[]).hashes());
}

#[test]
fn a_dangling_link() {
    let package = app();
    symlink("not/there.py", package.root.join("gone.py")).unwrap();
    refused(&package, &["app/gone.py", "not/there.py"]);
}

#[test]
fn links_that_lead_back() {
    let package = app().with("deep/down/x.py", "");
    symlink("../../deep", package.root.join("deep/down/up")).unwrap();
    refused(&package, &["deep/down/up", "app/deep"]);

    let to_root = app();
    symlink(".", to_root.root.join("self")).unwrap();
    refused(&to_root, &["app/self"]);

    let to_itself = app();
    symlink("me", to_itself.root.join("me")).unwrap();
    refused(&to_itself, &["app/me"]);

    let pair = app();
    symlink("pong", pair.root.join("ping")).unwrap();
    symlink("ping", pair.root.join("pong")).unwrap();
    refused(&pair, &["app/p"]);
}

#[test]
fn links_that_lead_back_in_a_zip() {
    for target in [".", "me", "gone"] {
        let package = app();
        symlink(target, package.root.join("me")).unwrap();
        let run = slim(&["build", package.zipped().to_str().unwrap(), "-o", &package.home("out")]);
        said_why(&run, &["me"]);
    }
}

#[test]
fn hard_links_are_two_files() {
    let package = app().with("one.txt", "same");
    fs::hard_link(package.root.join("one.txt"), package.root.join("two.txt")).unwrap();
    let function = package.build(&[]).zip("function.zip");
    assert_eq!(function["one.txt"].bytes, function["two.txt"].bytes);
}

#[test]
fn what_is_no_file() {
    let pipe = app();
    assert!(Command::new("mkfifo").arg(pipe.root.join("pipe")).status().unwrap().success());
    refused(&pipe, &["app/pipe", "named pipe"]);

    let socket = app();
    let _held = UnixListener::bind(socket.root.join("sock")).unwrap();
    refused(&socket, &["app/sock", "socket"]);

    let device = app();
    symlink("/dev/null", device.root.join("null")).unwrap();
    refused(&device, &["app/null", "device"]);
}

#[test]
fn names_that_are_no_utf8() {
    let file = app();
    fs::write(file.root.join(OsStr::from_bytes(b"caf\xe9.py")), "").unwrap();
    refused(&file, &["caf", "UTF-8"]);
    let folder = app();
    fs::create_dir(folder.root.join(OsStr::from_bytes(b"d\xff"))).unwrap();
    refused(&folder, &["UTF-8"]);
}

#[test]
fn names_that_are_unusual() {
    let names = ["ünï/ключ.txt", "a b.txt", "new\nline.txt", "-rf", "back\\slash.txt", "*.txt"];
    let package = names.iter().fold(app(), |package, name| package.with(name, "x"));
    let function = package.build(&[]).names("function.zip");
    for name in names {
        assert!(function.contains(&name.to_owned()), "{name:?} in {function:?}");
    }
}

#[test]
fn empty_folders_stay() {
    let package = app();
    fs::create_dir_all(package.root.join("logs/today")).unwrap();
    fs::create_dir_all(package.root.join("full")).unwrap();
    fs::write(package.root.join("full/a"), "").unwrap();
    let built = package.build(&[]);
    let function = built.names("function.zip");
    assert_eq!(function, ["app.py", "full/a", "logs/today/"], "and only empty ones");
    let zipped = crate::support::build(&[package.zipped().to_str().unwrap()], &[]);
    assert_eq!(zipped.hashes(), built.hashes());
    let (task, _) = built.unpacked("function.zip");
    assert!(task.join("logs/today").is_dir());
}

/// Runs slim as nobody, who cannot read everything; None where that cannot be.
fn as_nobody(package: &Package, args: &[&str]) -> Option<Run> {
    let program = package.home.path().join("slim");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_slim"), &program).unwrap();
    }
    for path in [package.home.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let nobody = || {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        nobody
    };
    let works = || nobody().arg("--version").output().is_ok_and(|it| it.status.success());
    // The copy is busy while a process that another test started just then holds it open.
    let tries = (0..20).any(|_| {
        works() || {
            thread::sleep(Duration::from_millis(50));
            false
        }
    });
    if !tries {
        eprintln!("skipped: setpriv cannot run slim as another user here");
        return None;
    }
    Some(finished(nobody().args(args)))
}

#[test]
fn what_cannot_be_read() {
    for name in ["secret.py", "folder"] {
        let package = app().with("secret.py", "x = 1\n").with("folder/a.py", "");
        fs::set_permissions(package.root.join(name), fs::Permissions::from_mode(0o000)).unwrap();
        let out = package.home("out");
        fs::create_dir(&out).unwrap();
        fs::set_permissions(&out, fs::Permissions::from_mode(0o777)).unwrap();
        let build = ["build", package.path(), "--out-dir", &out];
        let Some(run) = as_nobody(&package, &build) else { return };
        said_why(&run, &[&format!("app/{name}"), "ermission denied"]);
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "nothing is written");
        fs::set_permissions(package.root.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(as_nobody(&package, &build).map(|run| run.code), Some(0));
    }
}

#[test]
fn an_output_folder_that_cannot_be_written() {
    let package = app();
    let out = package.home("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).unwrap();
    let build = ["build", package.path(), "--out-dir", &out];
    let Some(run) = as_nobody(&package, &build) else { return };
    said_why(&run, &["failed to write into", "ermission denied"]);
    assert!(run.err.ends_with("hint: choose another output folder with --out-dir\n"));
}
