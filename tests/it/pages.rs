//! `--page-size 4KiB`: arm64 libraries packed for the pages that Lambda's kernel has.

use crate::package::{Dist, Package};
use crate::support::{compiled, slim};

const HERE: &str = "alpha/_a.cpython-312-aarch64-linux-gnu.so";
const ARM64: [&str; 4] = ["--arch", "arm64", "--page-size", "4KiB"];

fn object(more: &[&str]) -> Vec<u8> {
    let source = "int table[99] = {1}; int *where = table; int f(void) { return where[3]; }";
    let flags = ["-shared", "-fPIC", "-nostdlib", "-Wl,-z,max-page-size=0x10000"];
    compiled("aarch64-linux-gnu-gcc", source, &[&flags, more].concat())
}

fn app() -> Package {
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", "").file(HERE, object(&[]));
    Package::new("app").with("own.so", object(&["-DOWN"])).install(&alpha)
}

/// What rule page-size saved.
fn saved(report: &serde_json::Value) -> u64 {
    let rules = report["rules"].as_array().unwrap();
    let row = rules.iter().find(|rule| rule["id"] == "page-size");
    row.map_or(0, |row| row["bytes"].as_u64().unwrap())
}

#[test]
fn holes_go_only_where_it_is_asked_for() {
    let package = app();
    let plain = package.build(&ARM64[..2]);
    assert_eq!((saved(&plain.report()), &plain.report()["page_size"]), (0, &().into()));
    for level in ["safe", "standard"] {
        let built = package.build(&[&ARM64[..], &["--level", level]].concat());
        let report = built.report();
        let less = plain.report()["after"]["bytes"].as_u64().unwrap()
            - report["after"]["bytes"].as_u64().unwrap();
        assert_eq!((saved(&report), report["page_size"].as_u64()), (less, Some(4096)), "{level}");
        assert!(less > 2 * 0x8000, "two objects, the user's own among them: {less}");
        let condition = "for a kernel with pages of 4 KiB, as Lambda's, and no larger ones";
        assert!(built.run.says(&[condition, "2 files"]), "{}", built.run.out);
    }
}

#[test]
fn it_is_explained_and_can_be_turned_off() {
    let package = app();
    let explained = [&["explain", package.path(), HERE], &ARM64[..]].concat();
    let told = slim(&explained).ok();
    assert!(told.says(&["bytes of it by the rule page-size"]), "{}", told.out);
    assert!(told.says(&["Only a kernel with pages of 16 or 64 KiB cannot load the file"]));
    assert!(!slim(&explained[..explained.len() - 2]).ok().out.contains("page-size"));
    let config = package.home("slim.toml");
    std::fs::write(&config, "[rules]\noff = [\"page-size\"]\n").unwrap();
    let off = package.build(&[&ARM64[..], &["--config", &config]].concat());
    assert_eq!(off.hashes(), package.build(&ARM64[..2]).hashes());
    assert_eq!(off.report()["page_size"], serde_json::Value::Null);
}

#[test]
fn x86_64_has_nothing_to_gain() {
    let package = Package::new("app").with("app.py", "");
    for command in ["build", "explain"] {
        let path: &[&str] = if command == "explain" { &["app.py"] } else { &[] };
        let args = [&[command, package.path()], path, &["--page-size", "4KiB"]].concat();
        assert_eq!(
            slim(&args).failure(package.home.path()),
            "exit 2\n\
             error: failed to use --page-size 4KiB: the target is python3.12 x86_64\n\
             hint: x86_64 has pages of 4 KiB anyway and nothing to gain: leave the option out, or \
             name --arch arm64\n"
        );
    }
    let other = slim(&["build", package.path(), "--page-size", "16KiB"]);
    assert!(other.code == 2 && other.err.contains("[possible values: 4KiB]"), "{}", other.err);
}
