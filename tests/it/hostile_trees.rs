//! Folders that nobody made by accident, and code that must not run.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::faults::patient::{ended, works};
use crate::package::{Dist, Package};
use crate::support::{command, digest, python312, slim, unzip};

fn app() -> Package {
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n");
    Package::new("app").with("app.py", "import alpha\n").install(&alpha)
}

fn build(package: &Package) -> crate::support::Run {
    let mut build = command();
    build.args(["build", package.path(), "-q", "--no-verify", "-o", &package.home("out")]);
    ended(&mut build)
}

#[test]
fn names_in_every_encoding() {
    let package = app();
    let no_text: [&[u8]; 5] =
        [b"caf\xe9.py", b"\xff\xfe", b"\xed\xa0\x80.py", b"\xc0\xae", b"\x1b[31m\xff\n"];
    for name in no_text {
        let path = package.root.join(OsStr::from_bytes(name));
        fs::write(&path, "").unwrap();
        let run = build(&package);
        run.refused(3, &["is not valid UTF-8"]);
        run.hinted("rename the file");
        assert!(!run.err.contains('\x1b'), "a terminal would act on it: {:?}", run.err);
        fs::remove_file(path).unwrap();
    }
    let odd = [
        "\u{1f40d}.py",
        "e\u{301}.py",
        "\u{202e}rtl.py",
        "a\nb.py",
        "a\tb",
        "\x1b[31m",
        " ",
        "-rf",
        "*.py",
        "\"q\"",
        "a;b",
        "%s%n",
        "CON",
        "a\\b.py",
        "\u{feff}.py",
    ];
    let odd_package = odd.iter().fold(app(), |package, name| package.with(name, *name));
    build(&odd_package).ok();
    let zip = unzip(Path::new(&odd_package.home("out/function.zip")));
    for name in odd {
        assert_eq!(zip[name].bytes, name.as_bytes(), "{name:?}");
    }
}

#[test]
fn names_that_differ_in_case_only() {
    let names = ["A.py", "a.py", "x/__init__.py", "X/__init__.py", "\u{e9}.txt", "e\u{301}.txt"];
    let package = names.iter().fold(app(), |package, name| package.with(name, format!("# {name}")));
    build(&package).ok();
    let zip = unzip(Path::new(&package.home("out/function.zip")));
    assert!(names.iter().all(|name| zip[*name].bytes == format!("# {name}").as_bytes()));
}

#[test]
fn depth() {
    let package = app();
    let deep = package.root.join("d/".repeat(500));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.py"), "").unwrap();
    build(&package).ok();
    let mut shell = std::process::Command::new("sh");
    let script = "i=0; while [ $i -lt 1500 ]; do mkdir d && cd d || exit 1; i=$((i + 1)); done";
    let deeper = app();
    assert!(works(shell.args(["-c", script]).current_dir(&deeper.root)));
    build(&deeper).refused(3, &["over 1000 folders deep"]);
    let _ = std::process::Command::new("rm").arg("-rf").arg(deeper.root.join("d")).status();
}

#[test]
fn metadata_that_is_a_link() {
    let package = app();
    let info = package.root.join("alpha-1.0.dist-info");
    let elsewhere = package.home("elsewhere");
    fs::rename(&info, &elsewhere).unwrap();
    symlink(&elsewhere, &info).unwrap();
    let before = digest(Path::new(&elsewhere));
    build(&package).ok();
    assert_eq!(digest(Path::new(&elsewhere)), before, "it is read, and left as it is");
    assert!(
        unzip(Path::new(&package.home("out/layer.zip"))).contains_key("python/alpha/__init__.py")
    );
    for (target, words) in [("alpha-1.0.dist-info", "cannot be read"), ("..", "leads back to")] {
        fs::remove_file(&info).unwrap();
        symlink(target, &info).unwrap();
        build(&package).refused(3, &["alpha-1.0.dist-info", words]);
    }
}

/// Everything that Python would run by itself writes down that it ran.
fn trap(package: Package) -> Package {
    let evil = package.home("evil");
    let code = format!("import os; open({evil:?}, 'a').write(__name__ + chr(10))\n");
    let files = [
        "x.pth",
        "alpha/x.pth",
        "sitecustomize.py",
        "usercustomize.py",
        "setup.py",
        "conftest.py",
        "alpha/__main__.py",
        "alpha/hooks.py",
        "encodings/__init__.py",
        "json.py",
        "os.py",
    ];
    let shell = format!("#!/bin/sh\necho ran >> {evil}\n");
    let package = files.iter().fold(package, |package, name| package.with(name, &code));
    package
        .with("bin/tool", &shell)
        .with("python3.12", &shell)
        .with("strace", &shell)
        .with("unshare", shell)
}

#[test]
fn nothing_of_the_package_runs() {
    let package = trap(app());
    let home = package.home.path().to_owned();
    let run = |args: &[&str]| {
        let mut command = command();
        command.args(args).current_dir(&package.root);
        ended(&mut command)
    };
    let out = package.home("out");
    for level in ["safe", "standard"] {
        run(&["build", package.path(), "-q", "--no-verify", "-o", &out, "--level", level]).ok();
    }
    let compiled = ["--bytecode", "hash", "--python-bin", python312()];
    run(&[&["build", package.path(), "-q", "--no-verify", "-o", &out], &compiled[..]].concat())
        .ok();
    run(&["inspect", package.path()]).ok();
    run(&["explain", package.path(), "x.pth"]).ok();
    assert!(!home.join("evil").exists(), "{}", fs::read_to_string(home.join("evil")).unwrap());
    let mut sprung = std::process::Command::new(python312());
    assert!(works(sprung.arg("setup.py").current_dir(&package.root)) && home.join("evil").exists());
}

#[test]
fn what_runs_in_a_proof_reaches_nothing() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    let package = Package::new("app");
    let evil = package.home("evil");
    let code = format!(
        "import os, socket\n\ndef tried(what):\n    try:\n        what()\n        return 'done'\n    except OSError as error:\n        return type(error).__name__\n\n\
         def handler(event, context):\n    return [\n        tried(lambda: socket.create_connection(('127.0.0.1', {port}), 1)),\n        \
         tried(lambda: open({evil:?}, 'w')),\n        tried(lambda: open(__file__, 'w')),\n        \
         tried(lambda: os.rename(__file__, {evil:?})),\n    ]\n"
    );
    let package = package.with("app.py", code);
    fs::write(package.home("one.json"), "{}").unwrap();
    let args = ["--handler", "app.handler", "--event", &package.home("one.json")];
    let python = ["--python-bin", python312(), "-o", &package.home("out")];
    let before = digest(&package.root);
    let run = slim(&[&["build", package.path()], &args[..], &python[..]].concat()).ok();
    let report = fs::read(package.home("out/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert!(run.says(&["proven"]), "{}", run.out);
    assert_eq!(digest(&package.root), before);
    if report["proof"]["isolation"] != "mount namespace" {
        eprintln!("skipped: no namespaces here, the network and the disk are the host's");
        return;
    }
    assert!(server.accept().is_err(), "it reached the host");
    assert!(!Path::new(&evil).exists());
}
