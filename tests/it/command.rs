//! What each command prints, and how it refuses wrong use.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{command, compiled, finished, listed, slim, unzip};

/// A function with two distributions: something is dropped, changed, and kept on doubt.
fn shop() -> Package {
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "def one():\n    return 1\n")
        .file("alpha/__init__.pyi", "def one() -> int: ...\n")
        .file("alpha/_fast.c", "int one(void) { return 1; }\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/test_one.py", "import alpha\n\nassert alpha.one() == 1\n".repeat(20_000))
        .file("../../bin/alpha", "#!/build/venv/bin/python3.12\nimport alpha\nalpha.one()\n")
        .requires("beta>=2");
    let beta = Dist::new("beta", "2.0")
        .file("beta/__init__.py", "from beta.testing import check\n")
        .file("beta/testing/__init__.py", "def check():\n    return True\n")
        .file("beta/six.py", "x = 1\n".repeat(200_000));
    Package::new("shop")
        .with("app.py", "import alpha, beta\n\n\ndef handler(event, context):\n    return 1\n")
        .with(".git/HEAD", "ref: refs/heads/main\n")
        .install(&alpha)
        .install(&beta)
}

/// A report without what differs from run to run, or with the version of a compressor.
fn plain(text: &str, home: &Path) -> String {
    let line = |line: &str| match line.split_once("sha256 ") {
        Some((before, _)) => format!("{before}sha256 HASH\n"),
        None if line.contains(" s (facts ") => "TIME\n".to_owned(),
        None => format!("{line}\n"),
    };
    text.replace(home.to_str().unwrap(), "TMP").lines().map(line).collect()
}

fn plain_json(mut report: Value) -> String {
    for zip in report["zips"].as_array_mut().unwrap() {
        zip["sha256"] = "HASH".into();
        zip["sha256_base64"] = "HASH".into();
    }
    let stages = report["timings"].as_object_mut().unwrap();
    stages.values_mut().for_each(|seconds| *seconds = 0.into());
    serde_json::to_string_pretty(&report).unwrap()
}

#[test]
fn help_of_each_command() {
    for name in
        ["", "build", "check", "diff", "inspect", "explain", "rules", "coldstart", "init", "cache"]
    {
        let mut help = command();
        help.env_remove("COLUMNS").args((!name.is_empty()).then_some(name)).arg("--help");
        let shown = finished(&mut help).ok();
        assert_eq!(shown.err, "");
        assert_snapshot!(
            format!("help_{}", if name.is_empty() { "slim" } else { name }),
            shown.out
        );
    }
    assert_eq!(slim(&["--version"]).ok().out, format!("slim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn build_for_people() {
    let shop = shop();
    let built = shop.build(&[]);
    assert!(built.run.err.starts_with("next: "), "no progress bar but on a terminal");
    assert_eq!(built.run.err.lines().count(), 1, "{}", built.run.err);
    assert_snapshot!("build", plain(&built.run.out, shop.home.path()));
    let all = shop.build(&["--verbose"]);
    assert_snapshot!("build_verbose", plain(&all.run.out, shop.home.path()));
    let quiet = shop.build(&["--quiet"]).run;
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let names =
        ["THIRD_PARTY_LICENSES.txt", "changed.json", "function.zip", "layer.zip", "report.json"];
    assert_eq!(listed(built.out.path()), names);
}

#[test]
fn what_fails_is_said_however_quiet() {
    let shop = shop();
    let run = shop.try_build(&["--quiet", "--max-zipped", "1B"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.starts_with("error: over the limit: "), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    let shop =
        shop.with("app.py", "import nowhere\n\n\ndef handler(event, context):\n    return 1\n");
    let run = shop.try_build(&["--quiet", "--verify", "--handler", "app.handler"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.starts_with("error: not proven: import app.handler"), "{}", run.err);
}

#[test]
fn build_for_programs() {
    let shop = shop();
    let copy = shop.home("copy.json");
    let built = shop.build(&["--format", "json", "--report", &format!("json={copy}")]);
    assert_eq!(built.run.json(), built.report());
    assert_eq!(built.run.out, fs::read_to_string(copy).unwrap());
    assert_snapshot!("build_json", plain_json(built.report()));
}

#[test]
fn inspect_tells_what_is_there() {
    let shop = shop();
    assert_snapshot!("inspect", slim(&["inspect", shop.path()]).ok().out);
    let json = slim(&["inspect", shop.path(), "--format", "json"]).ok().json();
    assert_eq!(json["packages"][0]["distributions"][0]["name"], "beta");
    assert_eq!(json["target"]["python"], "3.12");
}

#[test]
fn explain_tells_why() {
    let shop = shop();
    let mut all = String::new();
    for path in ["app.py", "bin/alpha", "alpha/tests", "beta/testing", ".git", "alpha/_fast.c"] {
        all.push_str(&slim(&["explain", shop.path(), path]).ok().out);
    }
    let by_option = ["alpha/tests/__init__.py", "--keep", "alpha/tests", "--drop", "alpha/**"];
    all.push_str(&slim(&[&["explain", shop.path()], &by_option[..]].concat()).ok().out);
    let dropped = ["alpha/_fast.c", "--keep", "alpha/tests", "--drop", "alpha/**"];
    all.push_str(&slim(&[&["explain", shop.path()], &dropped[..]].concat()).ok().out);
    assert_snapshot!("explain", all);
    assert!(shop.explain("alpha/tests/__init__.py", &["--level", "safe"]).starts_with("kept [-]"));
}

#[test]
fn explain_of_nothing_names_the_nearest() {
    let shop = shop();
    let run = slim(&["explain", shop.path(), "alpha/test/test_one.py"]);
    assert_snapshot!(run.failure(shop.home.path()), @r"
    exit 2
    error: failed to explain alpha/test/test_one.py: there is no such file in the package
    hint: did you mean alpha/tests/test_one.py?
    ");
}

#[test]
fn the_page_of_rules_is_the_one_in_the_repository() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("RULES.md"));
    let shown = slim(&["rules", "--format", "markdown"]).ok().out;
    assert!(page.is_ok_and(|page| page == shown), "slim rules --format markdown > RULES.md");
    let rules = slim(&["rules", "--format", "json"]).ok().json();
    let rules = rules.as_array().unwrap();
    assert!(rules.len() > 10);
    let human = slim(&["rules"]).ok();
    for rule in rules {
        let (id, tier) = (rule["id"].as_str().unwrap(), rule["tier"].as_str().unwrap());
        assert!(shown.contains(&format!("\n## {id}\n\nTier: {tier}\n")), "{id}");
        assert!(human.says(&[&format!("{id} ({tier})")]), "{id}");
    }
}

#[test]
fn no_package() {
    let run = slim(&["build"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.err.lines().filter(|line| line.starts_with("error: ")).count(), 1);
    assert!(run.err.contains("PACKAGE") && run.err.contains("slim init"), "{}", run.err);
    assert_eq!(slim(&[]).code, 2);
}

#[test]
fn packages_of_a_wrong_kind() {
    let shop = shop();
    let said = |path: &str| {
        let run = slim(&["build", path, "--out-dir", &shop.home("out")]);
        run.failure(shop.home.path())
    };
    assert_snapshot!(said(&shop.home("shpo")), @r"
    exit 2
    error: failed to find package TMP/shpo: there is no such file or folder
    hint: did you mean TMP/shop?
    ");
    for file in ["a-1.0-py3-none-any.whl", "requirements.txt", "app.py", "broken.zip"] {
        fs::write(shop.home(file), "x").unwrap();
    }
    assert_snapshot!(said(&shop.home("a-1.0-py3-none-any.whl")), @r"
    exit 2
    error: failed to read package TMP/a-1.0-py3-none-any.whl: it is neither a folder nor a .zip
    hint: install it, then build the folder: pip install --target package TMP/a-1.0-py3-none-any.whl
    ");
    assert_snapshot!(said(&shop.home("requirements.txt")), @r"
    exit 2
    error: failed to read package TMP/requirements.txt: it is neither a folder nor a .zip
    hint: install what it lists, then build the folder: pip install --target package -r TMP/requirements.txt
    ");
    assert_snapshot!(said(&shop.home("app.py")), @r"
    exit 2
    error: failed to read package TMP/app.py: it is neither a folder nor a .zip
    hint: put it into a folder, with what it needs beside it: pip install --target package …
    ");
    let broken = said(&shop.home("broken.zip"));
    assert!(broken.starts_with("exit 3\nerror: failed to read package TMP/broken.zip: "));
    assert!(broken.contains("\nhint: make the zip anew from the folder, or pass the folder\n"));
    assert!(!Path::new(&shop.home("out")).exists(), "wrong use makes nothing");
}

#[test]
fn globs_that_match_nothing_or_are_none() {
    let shop = shop();
    let said = |args: &[&str]| shop.try_build(args).failure(shop.home.path());
    assert_snapshot!(said(&["--drop", "alpha/test"]), @r"
    exit 2
    error: failed to apply --drop alpha/test: nothing in the package matches
    hint: did you mean alpha/tests?
    ");
    assert_snapshot!(said(&["--keep", "bta/testing/"]), @r"
    exit 2
    error: failed to apply --keep bta/testing/: nothing in the package matches
    hint: did you mean beta/testing?
    ");
    assert_snapshot!(said(&["--keep", "nothing/like/it/**"]), @r"
    exit 2
    error: failed to apply --keep nothing/like/it/**: nothing in the package matches
    hint: globs are relative to the import root: numpy/tests, **/locale
    ");
    let bad = said(&["--drop", "alpha/[a"]);
    assert!(bad.starts_with("exit 2\nerror: failed to read --drop alpha/[a: "), "{bad}");
    assert!(bad.contains("\nhint: "), "{bad}");
}

/// The words that begin a line of stderr.
fn line_of<'a>(err: &'a str, word: &str) -> &'a str {
    err.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_else(|| panic!("{err}"))
}

#[test]
fn the_last_line_says_what_to_do_next() {
    let shop = shop();
    let next = |args: &[&str]| line_of(&shop.try_build(args).ok().err, "next: ").to_owned();
    let (package, out) = (shop.path(), shop.home("out"));
    assert_eq!(
        next(&["--no-verify"]),
        format!(
            "aws lambda publish-layer-version --layer-name NAME --zip-file fileb://{out}/layer.zip"
        )
    );
    assert_eq!(
        next(&["--layer", "none", "--no-verify"]),
        format!(
            "aws lambda update-function-code --function-name NAME --zip-file fileb://{out}/function.zip"
        )
    );
    assert_eq!(
        next(&[]),
        format!(
            "prove that it runs: slim build {package} --handler app.handler --event event.json; \
             --level max makes it smaller"
        )
    );
    for args in [["--dry-run", "-v"], ["-q", "-j1"], ["--format", "json"], ["--layout", "dir"]] {
        assert!(!shop.try_build(&args).ok().err.contains("next:"), "{args:?}");
    }
    let over = shop.try_build(&["--max-zipped", "10"]);
    assert_eq!(over.code, 1);
    assert!(line_of(&over.err, "next: ").starts_with("take more: slim build"), "{}", over.err);
}

#[test]
fn copies_of_the_report_are_whole_and_lie_outside_of_the_package() {
    let shop = shop();
    for option in ["--report", "--sbom"] {
        let inside = format!("{}/copy", shop.path());
        let typed = if option == "--report" { format!("json={inside}") } else { inside.clone() };
        let run = shop.try_build(&[option, &typed]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.starts_with("error: failed to use file "), "{}", run.err);
        assert!(!Path::new(&inside).exists() && !Path::new(&shop.home("out")).exists());
    }
    let nowhere = shop.try_build(&["--report", &format!("json={}/a/b", shop.home("none"))]);
    assert_eq!(nowhere.code, 3);
    let told = format!("error: failed to write {}: No such file", shop.home("none/a/b"));
    assert!(nowhere.err.starts_with(&told), "{}", nowhere.err);
    assert!(nowhere.err.contains("\nhint: "), "{}", nowhere.err);
    // A pipe is written into, not replaced.
    let piped = shop.try_build(&["-q", "--report", "json=/dev/stdout"]).ok();
    assert_eq!(piped.json()["tool"]["name"], "slim");
    let copy = shop.home("copy.json");
    fs::write(&copy, "old").unwrap();
    shop.try_build(&["--report", &format!("json={copy}")]).ok();
    assert!(fs::read_to_string(&copy).unwrap().starts_with("{\n"));
}

#[test]
fn what_is_installed_for_others_or_not_at_all() {
    let checkout = Package::new("checkout")
        .with("app.py", "import requests\n")
        .with("requirements.txt", "requests\n")
        .with("env/pyvenv.cfg", "home = /usr\n");
    let built = checkout.build(&[]);
    let warnings = built.warnings();
    assert!(warnings.contains("checkout is a source checkout"), "{warnings}");
    assert!(warnings.contains("pip install --target package -r requirements.txt"), "{warnings}");
    assert!(warnings.contains("leave it out with --drop env"), "{warnings}");
    // Mach-O, 64 bits, little endian.
    let mut object = vec![0xcf, 0xfa, 0xed, 0xfe];
    object.resize(64, 0);
    let fast = Dist::new("fast", "1.0")
        .file("fast/__init__.py", "from fast import _fast\n")
        .file("fast/_fast.cpython-312-darwin.so", object);
    let warnings = shop().install(&fast).build(&["--python", "3.12"]).warnings();
    assert!(warnings.contains("installed for macOS, not for Lambda: pip install"), "{warnings}");
    assert!(warnings.contains("--platform manylinux2014_x86_64"), "{warnings}");
}

#[test]
fn values_that_are_none() {
    let shop = shop();
    let cases = [
        (["--python", "3.8"], "a Python between 3.9 and 3.14 is wanted"),
        (["--python", "312"], "a Python between 3.9 and 3.14 is wanted"),
        (["--arch", "riscv"], "x86_64 or arm64 is wanted"),
        (["--level", "bold"], "[possible values: safe, standard, max]"),
        (["--max-zipped", "5 megs"], "a size such as 250MB, 50MiB or 1000000 is wanted"),
        (["--report", "xml=a"], "human, json, markdown or html"),
        (["--report", "json="], "the path is empty"),
        (["--jobs", "0"], "1..=1024"),
    ];
    for (args, wanted) in cases {
        let run = shop.try_build(&args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.err.starts_with("error: ") && run.err.contains(wanted), "{}", run.err);
    }
}

#[test]
fn a_bad_source_date_epoch() {
    let shop = shop();
    let mut bad = command();
    bad.args(["build", shop.path(), "--out-dir", &shop.home("out")]);
    let said = finished(bad.env("SOURCE_DATE_EPOCH", "today")).failure(shop.home.path());
    let told = "exit 2\nerror: failed to read SOURCE_DATE_EPOCH: \"today\" is no number of seconds";
    assert!(said.starts_with(told), "{said}");
    assert!(said.contains("\nhint: "), "{said}");
    assert!(!Path::new(&shop.home("out")).exists());
}

#[test]
fn names_of_outputs_that_clash() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path).to_str().unwrap().to_owned();
    for folder in ["a/orders", "b/orders", "layers"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    let said = |one: &str, other: &str| {
        slim(&["build", &at(one), &at(other), "-o", &at("out")]).failure(home.path())
    };
    assert_snapshot!(said("a/orders", "b/orders"), @r"
    exit 2
    error: failed to name the outputs: two packages are called orders
    hint: each function's zip is named after its folder: rename one
    ");
    assert_snapshot!(said("a/orders", "layers"), @r"
    exit 2
    error: failed to name the outputs: layers.zip could be mistaken for a layer
    hint: rename the folder: names that begin with layer are the layers'
    ");
    assert!(!Path::new(&at("out")).exists());
    let alone = slim(&["build", &at("layers"), "-o", &at("out")]);
    assert_eq!(alone.code, 0, "the name of a single package does not matter");
}

#[test]
fn an_output_folder_inside_the_package() {
    let shop = shop();
    for out in [shop.path().to_owned(), format!("{}/new/dist", shop.path())] {
        let run = slim(&["build", shop.path(), "-o", &out]);
        let said = run.failure(shop.home.path());
        assert!(said.starts_with("exit 2\nerror: failed to use output folder TMP/shop"), "{said}");
        assert!(said.contains("it lies inside the package TMP/shop\nhint: name a folder outside"));
    }
    let here = finished(command().args(["build", "."]).current_dir(&shop.root));
    assert_eq!(here.code, 2, "{}", here.err);
    assert!(!shop.root.join("dist").exists());
    let beside = finished(command().args(["build", "shop"]).current_dir(shop.home.path()));
    assert_eq!(beside.code, 0, "{}", beside.err);
}

#[test]
fn an_output_folder_that_cannot_be() {
    let shop = shop();
    fs::write(shop.home("file"), "").unwrap();
    for out in ["file", "file/below"] {
        let run = slim(&["build", shop.path(), "-o", &shop.home(out)]);
        let said = run.failure(shop.home.path());
        assert!(said.starts_with("exit 3\nerror: failed to write into TMP/file"), "{said}");
        assert!(said.ends_with("\nhint: choose another output folder with --out-dir\n"), "{said}");
    }
}

#[test]
fn an_output_folder_that_only_looks_to_be_outside() {
    let shop = shop();
    let link = shop.home("outside");
    std::os::unix::fs::symlink(&shop.root, &link).unwrap();
    let run = slim(&["build", shop.path(), "-o", &format!("{link}/dist")]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(!shop.root.join("dist").exists());
}

#[test]
fn a_report_that_nobody_can_take() {
    let shop = shop();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut rules = command();
    let output = rules.arg("rules").stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: failed to write to stdout"), "{said}");
    let to = format!("json={}", shop.home("no/such/folder.json"));
    let run = shop.try_build(&["--report", &to]);
    assert_eq!(run.code, 3);
    assert!(run.err.starts_with("error: failed to write "), "{}", run.err);
}

#[test]
fn colour_is_asked_for_or_not_there() {
    let failed = |args: &[&str]| slim(&[args, &["build", "/no/such/package"]].concat()).err;
    assert!(failed(&["--color", "always"]).starts_with("\u{1b}["));
    for args in [&[][..], &["--color", "auto"], &["--color", "never"]] {
        assert!(failed(args).starts_with("error: failed to find package"), "{args:?}");
    }
}

#[test]
fn a_package_for_another_processor_than_asked_for() {
    let arm = compiled("aarch64-linux-gnu-gcc", "int f;", &["-shared", "-fPIC"]);
    let gamma = Dist::new("gamma", "3")
        .file("gamma/__init__.py", "")
        .file("gamma/_a.cpython-312-aarch64-linux-gnu.so", &arm)
        .file("gamma/_b.cpython-312-aarch64-linux-gnu.so", &arm);
    let package = Package::new("arm").install(&gamma);
    let said = |args: &[&str]| package.try_build(args).failure(package.home.path());
    assert_snapshot!(said(&["--arch", "x86_64"]), @r"
    exit 2
    error: failed to build for x86_64: 2 of the package's binaries are for arm64
    hint: install the package for x86_64, or pass --arch arm64
    ");
    assert_snapshot!(said(&["--python", "3.11"]), @r"
    exit 2
    error: failed to build for 3.11: 2 of the package's binaries are for 3.12
    hint: install the package for 3.11, or pass --python 3.12
    ");
    assert_eq!(package.build(&["--arch", "aarch64"]).report()["target"]["arch"], "arm64");
}

#[test]
fn a_budget_that_does_not_hold() {
    let shop = shop();
    let blamed = [("--max-unzipped", "1KB", "1.20 MB"), ("--max-zipped", "100", "2.0 kB")];
    for (option, size, takes) in blamed {
        let run = shop.try_build(&[option, size]);
        assert_eq!(run.code, 1);
        assert!(
            run.err.lines().all(|line| line.starts_with("next: ")),
            "the report tells: {}",
            run.err
        );
        assert!(run.says(&["over the limit: shop with its layers takes", option]));
        assert!(run.says(&[option, &format!("largest: beta 2.0 ({takes})")]), "{}", run.out);
        let out = Path::new(&shop.home("out")).to_owned();
        assert!(unzip(&out.join("layer.zip")).len() > 3, "written all the same");
        fs::remove_dir_all(out).unwrap();
        let dry = shop.try_build(&[option, size, "--dry-run"]);
        assert_eq!(dry.code, 1, "a dry run ends in the same code");
    }
    assert_eq!(shop.try_build(&["--max-unzipped", "250MB", "--max-zipped", "1.5MiB"]).code, 0);
}
