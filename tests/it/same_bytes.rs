//! The same package gives the same bytes, the report tells the truth, and the package stays as
//! it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Built, build, command, compiled, digest, finished, hex, listed, slim, unzip};

/// A bit of everything.
fn app(name: &str) -> Package {
    let object = compiled("gcc", "int seven(void) { return 7; }", &["-shared", "-fPIC"]);
    let mut alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from alpha.testing import x\n")
        .file("alpha/_a.cpython-312-x86_64-linux-gnu.so", object)
        .file("alpha/testing/__init__.py", "x = 1\n")
        .file("alpha/docs/a.md", "# Docs\n")
        .file("../../bin/alpha", "#!/build/bin/python3\nimport alpha\n")
        .file("../../lib/alpha.txt", "data");
    for number in 0..40_u32 {
        let text = format!("value = {number}\n").repeat(10 + 97 * number as usize);
        alpha = alpha.file(&format!("alpha/m{number}.py"), text);
    }
    let beta = Dist::new("beta", "2").file("beta.py", "b = 1\n");
    let package = Package::new(name)
        .with("app.py", "import alpha\n")
        .with("run.sh", "#!/bin/sh\n")
        .install(&alpha)
        .install(&beta);
    fs::create_dir(package.root.join("empty")).unwrap();
    symlink("app.py", package.root.join("linked.py")).unwrap();
    package
}

/// The report without its times.
fn timeless(built: &Built) -> Value {
    let mut report = built.report();
    report["timings"].take();
    report
}

#[test]
fn threads_and_repetition_do_not_show() {
    let package = app("app");
    let built = package.build(&[]);
    for jobs in ["1", "2", "2", "7"] {
        let again = package.build(&["--jobs", jobs]);
        assert_eq!(again.hashes(), built.hashes(), "-j{jobs}");
        assert_eq!(timeless(&again), timeless(&built), "-j{jobs}");
    }
}

/// Every file of a folder, links as links, in the order of a hash of the name.
fn shuffled(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = digest(folder).into_keys().filter(|path| path != folder).collect();
    paths.sort_by_key(|path| hex(path.strip_prefix(folder).unwrap().to_str().unwrap().as_bytes()));
    paths
}

#[test]
fn order_of_creation_dates_and_modes_do_not_show() {
    let package = app("app");
    let other = Package::new("app");
    for path in shuffled(&package.root) {
        let to = other.root.join(path.strip_prefix(&package.root).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if path.is_symlink() {
            symlink(fs::read_link(&path).unwrap(), to).unwrap();
        } else if path.is_dir() {
            fs::create_dir_all(to).unwrap();
        } else {
            fs::copy(&path, &to).unwrap();
            let executable = path.metadata().unwrap().permissions().mode() & 0o111 != 0;
            let mode = if executable { 0o710 } else { 0o400 };
            fs::set_permissions(&to, fs::Permissions::from_mode(mode)).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
            fs::File::open(&to).unwrap().set_modified(time).unwrap();
        }
    }
    let (one, two) = (package.build(&[]), other.build(&[]));
    assert_eq!(one.hashes(), two.hashes());
    assert_eq!(timeless(&one), timeless(&two));
}

#[test]
fn the_umask_does_not_show() {
    let package = app("app");
    let built = package.build(&[]);
    let mut shell = Command::new("sh");
    let script = "umask 077; exec \"$@\"";
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_slim"), "build", package.path(), "-o"]);
    finished(shell.arg(package.home("out")).env_remove("SOURCE_DATE_EPOCH")).ok();
    for (name, hash) in built.hashes() {
        let again = fs::read(Path::new(&package.home("out")).join(&name)).unwrap();
        assert_eq!(hex(&again), hash, "{name}");
    }
}

#[test]
fn zip_or_folder_and_where_it_lies_do_not_show() {
    let package = app("app");
    let built = package.build(&[]);
    let zipped = build(&[package.zipped().to_str().unwrap()], &[]);
    assert_eq!(zipped.hashes(), built.hashes());
    assert_eq!(timeless(&zipped), timeless(&built));
    let moved = Package::new("other");
    fs::rename(&package.root, moved.home.path().join("app")).unwrap();
    let moved = build(&[&moved.home("app")], &[]);
    assert_eq!(moved.hashes(), built.hashes());
    assert_eq!(timeless(&moved), timeless(&built));
}

#[test]
fn several_packages_too() {
    let (one, other) = (app("one"), app("other").with("own.py", ""));
    let paths = [one.path(), other.path()];
    let built = build(&paths, &["-j1"]);
    assert_eq!(built.hashes().len(), 4);
    for args in [["-j2"], ["-j7"]] {
        let again = build(&paths, &args);
        assert_eq!((again.hashes(), timeless(&again)), (built.hashes(), timeless(&built)));
    }
}

#[test]
fn source_date_epoch_is_the_date_of_every_entry() {
    let package = app("app");
    let build_at = |epoch: &str| {
        let out = package.home(epoch);
        let mut build = command();
        build.args(["build", package.path(), "-o", &out]).env("SOURCE_DATE_EPOCH", epoch);
        finished(&mut build).ok();
        let file = fs::File::open(Path::new(&out).join("layer.zip")).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        let dates = (0..archive.len()).map(|n| archive.by_index(n).unwrap().last_modified());
        let mut dates: Vec<String> = dates.map(|date| date.unwrap().to_string()).collect();
        dates.dedup();
        assert_eq!(dates.len(), 1, "one date for all");
        (dates.remove(0), fs::read(Path::new(&out).join("layer.zip")).unwrap())
    };
    let (date, bytes) = build_at("1700000001");
    assert_eq!(date, "2023-11-14 22:13:20", "even seconds, UTC");
    assert_eq!(bytes, build_at("1700000001").1);
    assert_eq!(build_at("0").0, "1980-01-01 00:00:00", "the format begins there");
    assert_eq!(build_at("99999999999").0, "2107-12-31 23:59:58", "and ends there");
    let default = package.build(&[]);
    assert_eq!(fs::read(default.out.path().join("layer.zip")).unwrap(), build_at("0").1);
}

#[test]
fn compression_changes_the_zips_and_not_what_is_in_them() {
    let package = app("app");
    let contents = |built: &Built| (built.zip("function.zip"), built.zip("layer.zip"));
    let sizes: Vec<u64> = ["fast", "default", "max"]
        .iter()
        .map(|compression| {
            let built = package.build(&["--compression", compression]);
            assert_eq!(contents(&built), contents(&package.build(&[])), "{compression}");
            built.report()["after"]["zipped_bytes"].as_u64().unwrap()
        })
        .collect();
    assert!(sizes[0] > sizes[1] && sizes[1] >= sizes[2], "{sizes:?}");
}

#[test]
fn no_command_touches_the_package() {
    let package = app("app");
    let before = digest(&package.root);
    slim(&["inspect", package.path()]).ok();
    slim(&["explain", package.path(), "alpha"]).ok();
    slim(&["explain", package.path(), "nothing/there"]);
    package.build(&[]);
    package.build(&["--dry-run"]);
    package.build(&["--level", "safe", "--layer", "none", "--drop", "alpha/docs"]);
    package.try_build(&["--max-zipped", "1"]);
    assert_eq!(digest(&package.root), before);
}

fn sum(rows: &Value, path: &[&str]) -> u64 {
    let value = |row: &Value| path.iter().fold(row.clone(), |row, key| row[*key].clone());
    rows.as_array().unwrap().iter().map(|row| value(row).as_u64().unwrap()).sum()
}

#[test]
fn the_report_tells_the_truth_about_the_files() {
    let (one, other) = (app("one"), app("other").with("alpha/mine.py", "x = 1\n"));
    for built in [one.build(&[]), build(&[one.path(), other.path()], &["--layer", "all"])] {
        let report = built.report();
        assert_eq!(report["schema_version"], 1);
        assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
        let zips = report["zips"].as_array().unwrap();
        let named: Vec<_> = zips.iter().map(|zip| zip["file"].as_str().unwrap()).collect();
        let mut there = listed(built.out.path());
        there.retain(|name| name.ends_with(".zip"));
        let mut sorted = named.clone();
        sorted.sort();
        assert_eq!(sorted, there, "every zip is named");
        for (zip, name) in zips.iter().zip(named) {
            let bytes = fs::read(built.out.path().join(name)).unwrap();
            let entries = unzip(&built.out.path().join(name));
            let unzipped: usize = entries.values().map(|entry| entry.bytes.len()).sum();
            assert_eq!(zip["bytes"], bytes.len());
            assert_eq!(zip["sha256"], hex(&bytes));
            assert_eq!(unbase64(zip["sha256_base64"].as_str().unwrap()), hex(&bytes));
            assert_eq!(zip["entries"], entries.len());
            assert_eq!(zip["unzipped_bytes"], unzipped);
            assert_eq!(zip["role"] == "layer", name == "layer.zip");
        }
        let rows = &report["distributions"];
        assert_eq!(report["before"]["bytes"], sum(rows, &["before", "bytes"]));
        assert_eq!(report["before"]["files"], sum(rows, &["before", "files"]));
        assert_eq!(report["after"]["bytes"], sum(rows, &["after", "bytes"]));
        assert_eq!(report["after"]["bytes"], sum(&report["zips"], &["unzipped_bytes"]));
        assert_eq!(report["after"]["files"], sum(&report["zips"], &["entries"]));
        assert_eq!(report["after"]["zipped_bytes"], sum(&report["zips"], &["bytes"]));
        let saved = rows.as_array().unwrap().iter().flat_map(|row| row["saved"].as_object());
        let saved: u64 = saved.flatten().map(|(_, bytes)| bytes.as_u64().unwrap()).sum();
        assert_eq!(saved, sum(&report["rules"], &["bytes"]));
    }
}

/// The bytes of a base64 text, as hex.
fn unbase64(text: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.trim_end_matches('=').chars();
    let bits: String = digits.map(|c| format!("{:06b}", alphabet.find(c).unwrap())).collect();
    let bytes = bits.as_bytes().chunks_exact(8);
    let byte = |bits: &[u8]| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    bytes.map(|bits| format!("{:02x}", byte(bits))).collect()
}

#[test]
fn the_report_holds_no_path_of_the_machine() {
    let package = app("app")
        .with("start.py", "PYTHONPATH = '/x'\n")
        .install(&Dist::new("odd", "1").file("odd.py", "").row("odd/gone.py,,"));
    let built = package.build(&["--report", &format!("human={}", package.home("copy.txt"))]);
    let json = fs::read_to_string(built.out.path().join("report.json")).unwrap();
    let human = fs::read_to_string(package.home("copy.txt")).unwrap();
    assert!(human.ends_with("Lambda's limit\n"), "the last line is the sum of it");
    let machine = [package.home.path().to_str().unwrap(), built.out.path().to_str().unwrap()];
    for text in [json, human, built.run.out.clone()] {
        assert!(machine.iter().all(|path| !text.contains(path)), "{text}");
    }
}

#[test]
fn entries_are_sorted_and_plain() {
    let package = app("app");
    let built = package.build(&[]);
    let file = fs::File::open(built.out.path().join("layer.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let names: Vec<String> = (0..archive.len())
        .map(|n| archive.by_index(n).unwrap().name().unwrap().into_owned())
        .collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted);
    let modes: BTreeMap<u32, usize> =
        built.zip("layer.zip").values().map(|entry| (entry.mode, 1)).collect();
    assert_eq!(modes.into_keys().collect::<Vec<_>>(), [0o100_644, 0o100_755]);
}
