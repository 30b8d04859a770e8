//! What differs between two builds, and what may not grow.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::package::{Dist, Package};
use crate::support::{Run, build, digest, slim};

/// Text that does not compress to nothing.
fn data(seed: u64, bytes: usize) -> String {
    let mut dice = crate::support::Dice(seed | 1);
    (0..bytes).map(|_| char::from(b'a' + dice.roll(26) as u8)).collect()
}

fn app() -> Package {
    Package::new("shop")
        .with("app.py", "import alpha\n\n\ndef handler(event, context):\n    return 1\n")
}

fn alpha(version: &str) -> Dist {
    Dist::new("alpha", version)
        .file("alpha/__init__.py", "x = 1\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/test_one.py", data(1, 60_000))
}

/// The shop as it was.
fn old() -> Package {
    let gone = Dist::new("gone", "1.0").file("gone.py", data(3, 5_000));
    app().install(&alpha("1.0")).install(&gone)
}

/// The shop after an update: one distribution came, one went, one grew, and its tests stay on doubt.
fn new() -> Package {
    let alpha = alpha("1.1")
        .file("alpha/check.py", "from alpha.tests import test_one\n")
        .file("alpha/data.txt", data(2, 40_000));
    let fresh = Dist::new("fresh", "3.2").file("fresh.py", data(4, 20_000));
    app().install(&alpha).install(&fresh)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// What was said, without the names of temporary folders.
fn plain(run: &Run, folders: &[&Path]) -> String {
    let mut text = format!("exit {}\n{}{}", run.code, run.out, run.err);
    for (number, folder) in folders.iter().enumerate() {
        text = text.replace(folder.to_str().unwrap(), &format!("TMP{number}"));
    }
    text
}

#[test]
fn a_diff_of_reports_tells_what_grew_and_why() {
    let (a, b) = (old().build(&[]), new().build(&["--level", "standard"]));
    let folders = [a.out.path(), b.out.path()];
    let run = slim(&["diff", &path(a.out.path(), "report.json"), b.out.path().to_str().unwrap()]);
    assert_snapshot!("diff_of_reports", plain(&run, &folders));
    assert_eq!(run.code, 0, "a difference is no failure");
    let both = [a.out.path().to_str().unwrap(), b.out.path().to_str().unwrap()];
    let found = slim(&["diff", both[0], both[1], "--format", "json"]).ok().json();
    let rows = found["distributions"].as_array().unwrap();
    let what = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap()["what"].clone();
    assert_eq!([what("alpha"), what("fresh"), what("gone")], ["grew", "new", "gone"]);
    assert!(rows.iter().all(|row| row["name"] != "(your code)"), "what is the same is left out");
    assert_eq!(found["after"]["zipped_bytes"], b.report()["after"]["zipped_bytes"]);
    assert_eq!(found["rules"][0]["id"], "category-folder");
    assert_eq!(slim(&["diff", both[0], both[0]]).ok().out.lines().last(), Some("nothing differs"));
}

#[test]
fn a_diff_tells_what_was_asked_for_otherwise() {
    let package = old();
    let (a, b) = (package.build(&["--level", "safe"]), package.build(&["--drop", "gone.py"]));
    let both = [a.out.path(), b.out.path()];
    let run = slim(&["diff", both[0].to_str().unwrap(), both[1].to_str().unwrap()]);
    assert_snapshot!("diff_of_settings", plain(&run, &both));
}

#[test]
fn a_diff_of_zips_tells_the_files() {
    let (a, b) = (old().build(&[]), new().build(&[]));
    let folders = [a.out.path(), b.out.path()];
    let zips = folders.map(|folder| path(folder, "layer.zip"));
    let run = slim(&["diff", &zips[0], &zips[1]]);
    assert_snapshot!("diff_of_zips", plain(&run, &folders));
    let json = slim(&["diff", &zips[0], &zips[1], "--format", "json"]).ok().json();
    assert_eq!(json["a"]["kind"], "zip");
    let entries = json["distributions"].as_array().unwrap().iter();
    let files: Vec<&Value> = entries.flat_map(|row| row["entries"].as_array().unwrap()).collect();
    assert!(files.iter().any(|file| file["path"] == "gone.py" && file["after"].is_null()));
    assert!(files.iter().all(|file| file["path"] != "alpha/__init__.py"), "it is the same");
}

#[test]
fn files_of_one_size_that_differ_are_told() {
    let with = |text: &str| Package::new("one").with("src/a.py", text).with("b.py", "");
    let (a, b) = (with("x = 1\n"), with("x = 2\n"));
    let run = slim(&["diff", a.path(), b.path()]);
    assert_snapshot!("diff_of_folders", plain(&run, &[a.home.path(), b.home.path()]));
    let (zip_a, folder_b) = (a.zipped(), with("x = 1\n"));
    let same = slim(&["diff", zip_a.to_str().unwrap(), folder_b.path()]).ok();
    assert!(same.out.contains("src/") || !same.says(&["changed"]), "{}", same.out);
}

#[test]
fn a_diff_of_what_cannot_be_compared() {
    let package = old();
    let made = package.build(&[]);
    let report = path(made.out.path(), "report.json");
    let said =
        |name: &str| slim(&["diff", &report, &package.home(name)]).failure(package.home.path());
    fs::write(package.home("broken.zip"), "PK").unwrap();
    fs::write(package.home("notes.txt"), "x").unwrap();
    fs::write(package.home("list.json"), "[]").unwrap();
    fs::write(package.home("half.json"), "{\"tool\":").unwrap();
    let later = json!({"tool": {"name": "slim"}, "schema_version": 2}).to_string();
    fs::write(package.home("later.json"), later).unwrap();
    let short = json!({"tool": {"name": "slim"}, "schema_version": 1}).to_string();
    fs::write(package.home("short.json"), short).unwrap();
    let names = [
        "nothing",
        "notes.txt",
        "list.json",
        "half.json",
        "later.json",
        "short.json",
        "broken.zip",
    ];
    let all: String = names.iter().map(|name| said(name)).collect();
    assert_snapshot!("diff_refused", all);
}

#[test]
fn a_zip_that_lies_about_a_checksum_is_refused() {
    let package = old();
    let zip = package.zipped();
    let mut bytes = fs::read(&zip).unwrap();
    let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[at + 16] ^= 1;
    let lying = package.home("lying.zip");
    fs::write(&lying, bytes).unwrap();
    let run = slim(&["diff", zip.to_str().unwrap(), &lying]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
}

#[test]
fn max_growth_of_a_diff() {
    let (a, b) = (old().build(&[]), new().build(&[]));
    let both = [a.out.path(), b.out.path()].map(|folder| folder.to_str().unwrap());
    let over = slim(&["diff", both[0], both[1], "--max-growth", "2%"]);
    assert_eq!(over.code, 1);
    let words = [
        "over the limit: shop with its layers grew",
        "over --max-growth 2%",
        "alpha 1.0 → 1.1 (+",
        "fresh 3.2 (new, +",
    ];
    assert!(over.says(&words), "{}", over.out);
    assert_eq!(slim(&["diff", both[0], both[1], "--max-growth", "10MB"]).code, 0);
    assert_eq!(slim(&["diff", both[1], both[0], "--max-growth", "0%"]).code, 0, "it shrank");
    let zips = [a.out.path(), b.out.path()].map(|folder| path(folder, "layer.zip"));
    assert_eq!(slim(&["diff", &zips[0], &zips[1], "--max-growth", "2%"]).code, 1);
    for bad in ["2", "two", "-1%", "nan%"] {
        let run = slim(&["diff", both[0], both[1], &format!("--max-growth={bad}")]);
        assert_eq!(run.code, 2, "{bad}");
        assert!(run.err.contains("a share or a size is wanted, such as 2% or 2MB"), "{}", run.err);
    }
}

#[test]
fn a_baseline_is_held_against_the_build() {
    let old = old().build(&[]);
    let baseline = path(old.out.path(), "report.json");
    let package = new();
    let ok = package.build(&["--baseline", &baseline]);
    let since: Vec<&str> =
        ok.run.out.lines().skip_while(|line| *line != "since the baseline:").collect();
    let since = since.iter().take_while(|line| !line.contains("(facts ")).cloned();
    assert_snapshot!("build_with_baseline", since.collect::<Vec<_>>().join("\n"));
    let report = ok.report();
    assert_eq!(report["growth"]["functions"][0]["name"], "shop");
    assert_eq!(report["growth"]["before"]["bytes"], old.report()["after"]["bytes"]);
    assert_eq!(package.try_build(&["--baseline", &baseline, "--max-growth", "10MB"]).code, 0);
    let over = package.try_build(&["--baseline", &baseline, "--max-growth", "2%"]);
    assert_eq!(over.code, 1, "{}", over.err);
    let line = over.out.lines().find(|line| line.starts_with("over the limit: ")).unwrap();
    assert!(
        line.contains("(--max-growth)") && line.contains("grew most: alpha 1.0 → 1.1 (+"),
        "{line}"
    );
    assert!(line.contains("fresh 3.2 (+") && !line.contains("gone"), "{line}");
    assert!(
        fs::metadata(package.home("out/layer.zip")).is_ok(),
        "the zips are written all the same"
    );
}

#[test]
fn a_baseline_may_be_the_report_that_is_replaced() {
    let package = old();
    assert_eq!(package.try_build(&[]).code, 0);
    let report = package.home("out/report.json");
    let run = package.try_build(&["--baseline", &report, "--max-growth", "0%"]).ok();
    assert!(run.says(&["  nothing differs"]), "{}", run.out);
    let again = fs::read_to_string(&report).unwrap();
    assert!(!again.contains(package.home.path().to_str().unwrap()), "no path of the machine");
}

#[test]
fn functions_are_matched_by_name() {
    let (one, other) = (old(), Package::new("other").with("app.py", "import alpha\n"));
    let other = other.install(&alpha("1.0"));
    let before = build(&[one.path(), other.path()], &[]);
    let grown = Package::new("other").with("app.py", data(9, 9_000)).install(&alpha("1.0"));
    let third = Package::new("third").with("app.py", data(5, 30_000));
    let baseline = path(before.out.path(), "report.json");
    let args = ["check", one.path(), grown.path(), third.path(), "--baseline", &baseline];
    let run = slim(&[&args[..], &["--max-growth", "5%"]].concat());
    assert_snapshot!("check_of_several", plain(&run, &[]));
}

#[test]
fn a_baseline_that_is_none() {
    let package = old();
    fs::write(package.home("garbage.json"), "\u{0}{").unwrap();
    let later = json!({"tool": {"name": "slim"}, "schema_version": 7}).to_string();
    fs::write(package.home("later.json"), later).unwrap();
    fs::create_dir(package.home("folder")).unwrap();
    let said = |name: &str| {
        package.try_build(&["--baseline", &package.home(name)]).failure(package.home.path())
    };
    let all: String = ["nothing.json", "garbage.json", "later.json", "folder"]
        .iter()
        .map(|name| said(name))
        .collect();
    assert_snapshot!("baseline_refused", all);
    assert!(!Path::new(&package.home("out")).exists(), "nothing is made");
    let alone = package.try_build(&["--max-growth", "2%"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("--baseline"), "{}", alone.err);
}

#[test]
fn a_check_says_ok_and_writes_nothing() {
    let package = old();
    let temporary = package.home.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let before = digest(package.home.path());
    let mut check = crate::support::command();
    check.args(["check", "."]).current_dir(&package.root).env("TMPDIR", &temporary);
    let run = crate::support::finished(&mut check);
    assert_snapshot!("check_ok", plain(&run, &[]));
    let mut after = digest(package.home.path());
    after.insert(temporary.clone(), before[&temporary].clone());
    assert_eq!(after, before);
}

#[test]
fn a_check_names_who_is_to_blame() {
    let package = new();
    let args = ["check", package.path(), "--max-zipped", "10KB", "--max-unzipped", "1MB"];
    let run = slim(&args);
    assert_snapshot!("check_over", plain(&run, &[]));
    let json = slim(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(json.code, 1);
    let budgets = json.json()["budgets"].clone();
    assert_eq!(budgets[1]["set_by"], "--max-unzipped");
    assert_eq!((&budgets[1]["holds"], &budgets[2]["holds"]), (&json!(true), &json!(false)));
    assert_eq!(budgets[2]["to_blame"][0]["name"], "alpha 1.1");
    let quiet = slim(&[&args[..], &["-q"]].concat());
    assert_eq!((quiet.code, quiet.out.as_str()), (1, ""));
}

#[test]
fn a_check_runs_nothing_unless_asked() {
    let package = old();
    let max = ["check", package.path(), "--level", "max", "--handler", "app.handler"];
    let run = slim(&max).ok();
    assert!(run.says(&["warning: level max", "no run has proven"]), "{}", run.out);
    let proven = slim(&[&max[..], &["--verify"]].concat()).ok();
    assert!(proven.out.contains("proof"), "{}", proven.out);
}
