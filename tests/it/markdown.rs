//! Reports for pull requests.

use std::fs;

use insta::assert_snapshot;

use crate::package::{Dist, Package};
use crate::support::{Dice, Run, slim};
use crate::together::three;

/// What a reader of Markdown makes of a page.
#[path = "../../src/report/markdown/tests.rs"]
mod reader;

fn data(seed: u64, bytes: usize) -> String {
    let mut dice = Dice(seed | 1);
    (0..bytes).map(|_| char::from(b'a' + dice.roll(26) as u8)).collect()
}

fn alpha(version: &str) -> Dist {
    Dist::new("alpha", version)
        .file("alpha/__init__.py", "x = 1\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/test_one.py", data(1, 60_000))
}

fn app(name: &str) -> Package {
    let code = "import alpha\n\n\ndef handler(event, context):\n    return 1\n";
    Package::new(name).with("app.py", code)
}

fn old() -> Package {
    let gone = Dist::new("gone", "1.0").file("gone.py", data(3, 5_000));
    app("shop").install(&alpha("1.0")).install(&gone)
}

/// After an update: one distribution came, one went, one grew.
fn new() -> Package {
    let alpha = alpha("1.1")
        .file("alpha/check.py", "from alpha.tests import test_one\n")
        .file("alpha/data.txt", data(2, 40_000));
    let fresh = Dist::new("fresh", "3.2").file("fresh.py", data(4, 20_000));
    app("shop").install(&alpha).install(&fresh)
}

/// The page, which must be one, without hashes.
#[track_caller]
fn page(run: &Run) -> String {
    reader::well_formed(&run.out);
    assert!(run.out.starts_with("<!-- lambda-slim: "), "{}", run.out);
    let word = |word: &str| match word.len() == 46 && word.ends_with("=`") {
        true => "`HASH`".to_owned(),
        false => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    run.out.lines().map(line).collect()
}

#[test]
fn a_build() {
    let run = new().try_build(&["--format", "markdown"]).ok();
    assert_snapshot!("build", page(&run));
}

#[test]
fn a_build_against_a_baseline() {
    let old = old().build(&[]);
    let baseline = old.out.path().join("report.json");
    let package = new();
    let args = ["--baseline", baseline.to_str().unwrap(), "--format", "markdown"];
    let budgets = ["--max-growth", "2%", "--max-unzipped", "1MB", "--level", "safe"];
    let run = package.try_build(&[&args[..], &budgets].concat());
    assert_eq!(run.code, 1);
    let told = page(&run);
    assert_snapshot!("build_with_baseline", told);
    let again = package.try_build(&[&args[..], &budgets].concat());
    assert_eq!(page(&again), told, "nothing of it differs from run to run");
    let copy = package.home("copy.md");
    let check = ["check", package.path(), "--baseline", baseline.to_str().unwrap()];
    let run = slim(&[&check[..], &["--format", "markdown"]].concat()).ok();
    assert!(run.says(&["### ✓ slim: `shop` would take"]), "{}", run.out);
    package.try_build(&["--report", &format!("markdown={copy}")]).ok();
    assert!(fs::read_to_string(copy).unwrap().starts_with("<!-- lambda-slim: shop x86_64 -->\n"));
}

#[test]
fn a_workspace() {
    let space = three();
    let run = space.run(&["--dry-run", "--format", "markdown"]).ok();
    assert_snapshot!("workspace", page(&run));
}

#[test]
fn a_proof() {
    let args = ["--verify", "--handler", "app.handler", "--format", "markdown"];
    let run = old().try_build(&args).ok();
    reader::well_formed(&run.out);
    assert!(run.says(&["- ✓ proven", "CPython 3.12"]), "{}", run.out);
    assert!(run.says(&["<summary>the proof: ", " checks passed</summary>"]), "{}", run.out);
    assert!(run.says(&["- ok `import app.handler`"]), "{}", run.out);
    let broken = Package::new("shop").with("app.py", "import none_such\ndef handler(e, c): pass\n");
    let run = broken.try_build(&args);
    assert_eq!(run.code, 1);
    assert!(run.says(&["### ✗ slim: `shop` takes"]), "{}", run.out);
    assert!(run.says(&["- ✗ **not proven**: "]), "{}", run.out);
}

#[test]
fn a_difference() {
    let (a, b) = (old(), new());
    let (before, after) = (a.build(&[]), b.build(&[]));
    let both = [&before, &after].map(|built| built.out.path().to_str().unwrap().to_owned());
    let args = ["diff", &both[0], &both[1], "--format", "markdown", "--max-growth", "2%"];
    let run = slim(&args);
    assert_eq!(run.code, 1);
    let told = page(&run).replace(&both[0], "A").replace(&both[1], "B");
    assert_snapshot!("diff_of_reports", told);
    let run = slim(&["diff", a.path(), b.path(), "--format", "markdown"]).ok();
    let told = page(&run).replace(a.path(), "A").replace(b.path(), "B");
    assert_snapshot!("diff_of_folders", told);
    let same = slim(&["diff", &both[0], &both[0], "--format", "markdown"]).ok();
    assert!(same.says(&["### slim diff: nothing differs"]), "{}", same.out);
}

#[test]
fn names_stand_as_they_are() {
    let name = "a|b `c` <i>--> @you #1 $x$";
    let package = app(name).install(&alpha("1.0")).with("x_|_y/__init__.py", "");
    let run = package.try_build(&["--format", "markdown", "--max-zipped", "1B"]);
    assert_eq!(run.code, 1);
    reader::well_formed(&run.out);
    assert!(reader::cells(&run.out).iter().any(|row| row[0] == name), "{}", run.out);
    assert!(reader::shown(&run.out).contains(&format!("slim: {name} takes")), "{}", run.out);
    let marker = run.out.lines().next().unwrap();
    assert_eq!(marker, "<!-- lambda-slim: a_b _c_ _i_-_ _you _1 _x_ x86_64 -->");
}

#[test]
fn a_comment_holds_it() {
    let many = (0..400).fold(app("shop"), |package, number| {
        let name = format!("{}{number}", "long".repeat(22));
        let file = format!("{name}/__init__.py");
        package.install(&Dist::new(&name, "1.0").file(&file, data(number, 500)))
    });
    let run = many.try_build(&["--dry-run", "--format", "markdown"]).ok();
    reader::well_formed(&run.out);
    assert!(run.out.len() < 65_536 && run.out.len() > 30_000, "{}", run.out.len());
    assert!(run.says(&["which `--format json` lists"]), "{}", run.out);
}
