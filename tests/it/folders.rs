//! Trees in place of zips.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Run, command, compiled, finished, listed, slim, unzip};

const DIR: [&str; 2] = ["--layout", "dir"];

fn package() -> Package {
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "x = 1\n")
        .file("../../bin/alpha", "#!/build/python\nimport alpha\n");
    Package::new("app")
        .with("app.py", "import alpha\n\n\ndef handler(event, context):\n    return alpha.x\n")
        .with("run.sh", "#!/bin/sh\n")
        .with("sub/data.txt", "data")
        .install(&alpha)
}

/// Every file below a folder: its bytes and mode; folders must be 0755, and all of one date.
#[track_caller]
fn tree(root: &Path, date: i64) -> BTreeMap<String, (Vec<u8>, u32)> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        assert_eq!((found.mtime(), found.mtime_nsec()), (date, 0), "{}", path.display());
        if found.is_dir() {
            assert_eq!(found.mode() & 0o7777, 0o755, "{}", path.display());
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, (fs::read(&path).unwrap(), found.mode()));
        }
    }
    files
}

/// Its handler is there, and cannot be imported.
const BROKEN: &str = "import nothing_like_it\n\n\ndef handler(event, context):\n    return 1\n";

/// 1980-01-01.
const FIRST: i64 = 315_532_800;

fn in_zip(path: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    unzip(path).into_iter().map(|(name, entry)| (name, (entry.bytes, entry.mode))).collect()
}

fn report(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap()
}

#[test]
fn a_tree_holds_what_the_zip_does() {
    let package = package();
    let zips = package.build(&[]);
    let out = package.home.path().join("out");
    let mut build = command();
    build.args(["build", package.path(), "-o", &package.home("out")]).args(DIR);
    // The modes are those of Lambda, whatever the shell's mask.
    let mut masked = std::process::Command::new("sh");
    masked.args(["-c", "umask 077; exec \"$@\"", "sh"]).arg(build.get_program());
    finished(masked.args(build.get_args()).env_remove("SOURCE_DATE_EPOCH")).ok();
    for (folder, zip) in [("function", "function.zip"), ("layer", "layer.zip")] {
        assert_eq!(tree(&out.join(folder), FIRST), in_zip(&zips.out.path().join(zip)), "{folder}");
    }
    assert_eq!(listed(&out), ["THIRD_PARTY_LICENSES.txt", "changed.json", "report.json"]);
    let (told, of_zips) = (report(&out), zips.report());
    assert_eq!((&told["layout"], &of_zips["layout"]), (&"dir".into(), &"zip".into()));
    assert_eq!(told["zips"][1]["file"], "layer");
    assert_eq!(told["functions"][0]["layers"][0], "layer");
    for key in ["bytes", "sha256", "unzipped_bytes", "entries"] {
        assert_eq!(
            told["zips"][0][key], of_zips["zips"][0][key],
            "that of the zip that would hold it"
        );
    }
    let dated = finished(build.env("SOURCE_DATE_EPOCH", "1700000001")).ok();
    assert_eq!(dated.err, "");
    tree(&out.join("layer"), 1_700_000_000);
}

#[test]
fn a_tree_is_replaced_where_it_changed_and_left_where_not() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&DIR).code, 0);
    let inode = |name: &str| fs::metadata(out.join(name)).unwrap().ino();
    let before = ["function", "layer"].map(inode);
    fs::write(package.root.join("app.py"), "import alpha as a\n").unwrap();
    fs::remove_file(package.root.join("run.sh")).unwrap();
    let run = package.try_build(&DIR);
    assert_eq!(run.code, 0, "{}", run.err);
    let after = ["function", "layer"].map(inode);
    assert!(after[0] != before[0] && after[1] == before[1]);
    let function = tree(&out.join("function"), FIRST);
    assert_eq!(function["app.py"].0, b"import alpha as a\n");
    assert!(!function.contains_key("run.sh"), "nothing is merged");
    assert!(fs::read_dir(&out).unwrap().count() == 5, "no leftovers");
}

#[test]
fn what_is_no_longer_written_goes_and_zips_give_way_to_trees() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&DIR).code, 0);
    assert_eq!(package.try_build(&["--layout", "dir", "--layer", "none"]).code, 0);
    assert!(!out.join("layer").exists() && out.join("function/alpha").is_dir());
    assert_eq!(package.try_build(&[]).code, 0);
    assert!(!out.join("function").exists() && out.join("function.zip").is_file());
    assert_eq!(package.try_build(&DIR).code, 0);
    assert!(out.join("function").is_dir() && !out.join("function.zip").exists());
}

#[test]
fn what_slim_did_not_write_stays() {
    let package = package();
    let out = package.home.path().join("out");
    let said = || {
        let run: Run = package.try_build(&DIR);
        run.failure(package.home.path())
    };
    fs::create_dir_all(out.join("function")).unwrap();
    assert_eq!(package.try_build(&DIR).code, 0, "an empty folder is in nobody's way");
    fs::write(out.join("function/mine.txt"), "mine").unwrap();
    let mut all = said();
    fs::remove_dir_all(&out).unwrap();
    fs::create_dir_all(out.join("layer/notes")).unwrap();
    fs::write(out.join("layer/notes/mine.txt"), "mine").unwrap();
    all.push_str(&said());
    fs::remove_dir_all(out.join("layer")).unwrap();
    std::os::unix::fs::symlink(package.home.path(), out.join("layer")).unwrap();
    all.push_str(&said());
    assert!(out.join("layer").is_symlink() && !out.join("function").exists(), "all or nothing");
    assert_snapshot!("in_the_way", all);
}

#[test]
fn a_report_that_lies_removes_no_folder() {
    let package = package();
    let out = package.home.path().join("out");
    fs::create_dir_all(out.join("src")).unwrap();
    fs::write(out.join("src/mine.txt"), "mine").unwrap();
    let lie = r#"{"tool": {"name": "slim"}, "layout": "dir", "zips": [
        {"file": "src", "entries": 2, "unzipped_bytes": 4}, {"file": "..", "entries": 1}]}"#;
    fs::write(out.join("report.json"), lie).unwrap();
    assert_eq!(package.try_build(&DIR).code, 0);
    assert_eq!(fs::read_to_string(out.join("src/mine.txt")).unwrap(), "mine");
}

#[test]
fn one_part_alone_becomes_the_output_folder() {
    let package = package();
    let zips = package.build(&[]);
    let to = |part: &str, name: &str| {
        let args = ["build", package.path(), "--layout", "dir", "--only", part];
        slim(&[&args[..], &["-o", &package.home(name)]].concat())
    };
    fs::create_dir(package.home("artifacts")).unwrap();
    for (part, name, zip) in
        [("function", "artifacts", "function.zip"), ("layer", "new/folder", "layer.zip")]
    {
        to(part, name).ok();
        let made = tree(Path::new(&package.home(name)), FIRST);
        assert_eq!(made, in_zip(&zips.out.path().join(zip)), "nothing else is written");
    }
    let left = fs::read_dir(package.home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["app", "artifacts", "new"], "no staging folder beside them");
    let again = to("function", "artifacts").failure(package.home.path());
    assert_snapshot!("only_into_what_is_full", again);
}

#[test]
fn one_part_alone_that_cannot_be() {
    let (package, other) = (package(), Package::new("bare").with("app.py", "x = 1\n"));
    let out = package.home("out");
    let said = |packages: &[&str], args: &[&str]| {
        let run = slim(&[&["build"], packages, args, &["-o", &out]].concat());
        run.failure(package.home.path())
    };
    let layer = ["--layout", "dir", "--only", "layer"];
    let function = ["--layout", "dir", "--only", "function"];
    let all = [
        said(&[package.path()], &["--only", "layer"]),
        said(&[package.path(), other.path()], &function),
        said(&[other.path()], &layer),
    ];
    assert_snapshot!("only_refused", all.concat());
    assert!(!Path::new(&out).exists());
}

#[test]
fn limits_and_proof_are_those_of_zips() {
    let package = package();
    let over = package.try_build(&[&DIR[..], &["--max-zipped", "10"]].concat());
    assert_eq!(over.code, 1);
    assert!(Path::new(&package.home("out/layer/python/alpha")).is_dir(), "written all the same");
    let dry = package.try_build(&[&DIR[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 0);
    let proven = ["--verify", "--handler", "app.handler"];
    let run = package.try_build(&[&DIR[..], &proven].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let broken = Package::new("app").with("app.py", BROKEN);
    assert_eq!(broken.try_build(&[&DIR[..], &proven].concat()).code, 1);
    assert!(Path::new(&broken.home("out/unproven/function/app.py")).is_file());
    assert!(!Path::new(&broken.home("out/function")).exists());
    assert_eq!(broken.try_build(&[&DIR[..], &proven].concat()).code, 1, "refused once more");
    let only = ["--only", "function", "-o"];
    let to = broken.home("artifacts");
    let run = slim(&[&["build", broken.path()], &DIR[..], &proven, &only, &[&to]].concat());
    assert_eq!(run.code, 1);
    assert!(!Path::new(&to).exists(), "SAM gets nothing that failed its proof");
}

#[test]
fn what_can_be_executed_is_so_in_the_tree() {
    let tool = compiled("gcc", "int main(void) { return 0; }", &[]);
    let package = package().with("bin/tool", &tool);
    fs::set_permissions(package.root.join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(package.try_build(&DIR).code, 0);
    let made = std::process::Command::new(package.home("out/function/bin/tool")).status().unwrap();
    assert!(made.success());
}
