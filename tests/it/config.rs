//! What slim.toml asks for, and how it is refused.

use std::fs;

use insta::assert_snapshot;

use crate::package::{Dist, Package};
use crate::support::{Built, Run, command, finished};

const MAX: [&str; 4] = ["--level", "max", "--handler", "app.handler"];

fn shop() -> Package {
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "")
        .file("alpha/data.txt", "x".repeat(1000))
        .file("alpha/more.txt", "x")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/_fast.c", "int x;\n");
    let beta = Dist::new("Beta.X", "2.0")
        .file("beta/__init__.py", "")
        .file("beta/data.txt", "x")
        .file("beta/tests/__init__.py", "");
    Package::new("shop")
        .with("app.py", "import alpha, beta\n\n\ndef handler(event, context):\n    return 1\n")
        .with("data.txt", "x")
        .install(&alpha)
        .install(&beta)
}

/// Runs slim beside a slim.toml, which need not be there.
#[track_caller]
fn run_beside(package: &Package, toml: &str, args: &[&str]) -> Run {
    let file = package.home("slim.toml");
    match toml {
        "" => drop(fs::remove_file(&file)),
        toml => fs::write(&file, toml).unwrap(),
    }
    finished(command().current_dir(package.home.path()).args(args))
}

/// Builds beside a slim.toml, which must end well.
#[track_caller]
fn built(package: &Package, toml: &str, args: &[&str]) -> Built {
    let out = tempfile::tempdir().unwrap();
    let to = ["build", "shop", "--out-dir", out.path().to_str().unwrap()];
    let run = run_beside(package, toml, &[&to, args].concat()).ok();
    Built { run, out }
}

/// How a build is refused.
#[track_caller]
fn refused(toml: &str, args: &[&str]) -> String {
    let shop = shop();
    let run = run_beside(&shop, toml, &[&["build", "shop"], args].concat());
    assert!(!shop.home.path().join("dist").exists(), "wrong use makes nothing");
    run.failure(shop.home.path())
}

/// What `explain` says of a path: decision, rule and last reason.
#[track_caller]
fn explained(package: &Package, toml: &str, path: &str, args: &[&str]) -> String {
    let args = [&["explain", "shop", path, "--format", "json"], args].concat();
    let answer = run_beside(package, toml, &args).ok().json()[0].clone();
    let because = answer["because"].as_array().unwrap();
    let told: Vec<&str> = because.iter().map(|reason| reason.as_str().unwrap()).collect();
    let rule = answer["rule"].as_str().unwrap_or("-");
    format!("{} [{rule}] {}", answer["decision"].as_str().unwrap(), told.join(" | "))
}

#[test]
fn no_configuration_at_all() {
    let shop = shop();
    let plain = built(&shop, "", &[]);
    let report = plain.report();
    assert!(report["config"].is_null());
    assert_eq!(report["rules_off"], serde_json::json!([]));
    assert!(!plain.run.says(&["configuration"]));
    let empty = built(&shop, "# nothing\n", &[]);
    assert_eq!(empty.hashes(), plain.hashes());
    assert_eq!(empty.report()["config"], "slim.toml");
    assert!(empty.run.says(&["configuration: slim.toml"]));
}

#[test]
fn keep_and_drop() {
    let shop = shop();
    let toml = "keep = [\"alpha/_fast.c\", \"beta/tests\"]\ndrop = [\"**/data.txt\"]\n";
    let made = built(&shop, toml, &[]);
    for path in ["alpha/_fast.c", "beta/tests/__init__.py", "alpha/more.txt"] {
        assert!(made.ships(path), "{path}");
    }
    for path in ["alpha/data.txt", "beta/data.txt", "data.txt", "alpha/tests/__init__.py"] {
        assert!(!made.ships(path), "{path}");
    }
    let rules = made.report()["rules"].to_string();
    assert!(rules.contains(r#"{"bytes":1002,"files":3,"id":"config:drop","tier":"option"}"#));
    let told = |path| explained(&shop, toml, path, &[]);
    assert_eq!(told("alpha/_fast.c"), "kept [-] `keep` in slim.toml (alpha/_fast.c) says so");
    assert_eq!(told("alpha/data.txt"), "dropped [-] `drop` in slim.toml (**/data.txt) says so");
}

#[test]
fn the_command_line_and_the_configuration_add_up() {
    let shop = shop();
    let drop = "drop = [\"alpha/data.txt\"]\n";
    let args = ["--drop", "alpha/*.txt"];
    let told = |toml, args: &[&str]| explained(&shop, toml, "alpha/data.txt", args);
    assert_eq!(told(drop, &args), "dropped [-] --drop alpha/*.txt says so");
    assert_eq!(told(drop, &["--keep", "alpha"]), "kept [-] --keep alpha says so");
    let keep = "keep = [\"alpha/data.txt\"]\n";
    let kept = "kept [-] `keep` in slim.toml (alpha/data.txt) says so";
    assert_eq!(told(keep, &args), kept, "keep wins wherever it stands");
    let more = explained(&shop, keep, "alpha/more.txt", &args);
    assert_eq!(more, "dropped [-] --drop alpha/*.txt says so");
    assert_eq!(told(keep, &["--keep", "alpha"]), "kept [-] --keep alpha says so");
}

#[test]
fn another_configuration_or_none() {
    let shop = shop();
    fs::write(shop.home("other.toml"), "drop = [\"beta/data.txt\"]\n").unwrap();
    let toml = "drop = [\"alpha/data.txt\"]\n";
    let other = built(&shop, toml, &["--config", "./other.toml"]);
    assert!(other.ships("alpha/data.txt") && !other.ships("beta/data.txt"));
    assert_eq!(other.report()["config"], "./other.toml");
    let none = built(&shop, toml, &["--no-config"]);
    assert!(none.ships("alpha/data.txt"));
    assert!(none.report()["config"].is_null());
    let ignored = built(&shop, "not TOML", &["--no-config"]);
    assert_eq!(ignored.hashes(), none.hashes());
    assert_eq!(run_beside(&shop, "not TOML", &["inspect", "shop"]).code, 2);
    run_beside(&shop, "not TOML", &["inspect", "shop", "--no-config"]).ok();
    run_beside(&shop, "not TOML", &["rules"]).ok();
    let both = run_beside(&shop, "", &["build", "shop", "--no-config", "--config", "other.toml"]);
    assert_eq!(both.code, 2);
}

#[test]
fn the_packages_own_slim_toml_is_a_file_of_the_users() {
    let shop = shop().with("slim.toml", "drop = [\"alpha/data.txt\"]\n");
    let made = built(&shop, "", &[]);
    assert!(made.ships("slim.toml") && made.ships("alpha/data.txt"));
    let out = shop.home("out");
    let inside = ["build", ".", "--out-dir", &out];
    finished(command().current_dir(&shop.root).args(inside)).ok();
    let report = fs::read_to_string(shop.home("out/report.json")).unwrap();
    assert!(report.contains("\"config\": \"slim.toml\"") && report.contains("config:drop"));
}

#[test]
fn rules_that_are_off() {
    let shop = shop();
    let toml = "[rules]\noff = [\"native-source\", \"dist-info\", \"native-source\"]\n";
    let made = built(&shop, toml, &[]);
    assert!(made.ships("alpha/_fast.c") && made.ships("alpha-1.0.dist-info/RECORD"));
    assert!(!made.ships("alpha/tests/__init__.py"));
    let off = serde_json::json!(["dist-info", "native-source"]);
    assert_eq!(made.report()["rules_off"], off);
    assert!(made.run.says(&["configuration: slim.toml, rules off: dist-info, native-source"]));
    let told = explained(&shop, toml, "alpha/_fast.c", &[]);
    assert_eq!(told, "kept [-] no rule has anything against it");
}

#[test]
fn every_rule_can_be_off() {
    let shop = shop();
    let rules = run_beside(&shop, "", &["rules", "--format", "json"]).ok().json();
    let ids: Vec<String> = rules.as_array().unwrap().iter().map(|r| r["id"].to_string()).collect();
    let made = built(&shop, &format!("[rules]\noff = [{}]\n", ids.join(", ")), &MAX);
    assert_eq!(made.report()["rules"], serde_json::json!([]));
    assert_eq!(made.report()["before"]["bytes"], made.report()["after"]["bytes"]);
}

#[test]
fn symbols_stay_where_their_rule_is_off() {
    let object = crate::support::shared_object("x");
    let native = Dist::new("native", "1").file("native/x.so", &object);
    let shop = shop().with("native.py", "import native.x\n").install(&native);
    let size = |off: &str, args: &[&str]| {
        let made = built(&shop, &format!("[rules]\noff = [{off}]\n"), args);
        made.bytes("native/x.so").unwrap().len()
    };
    let all = [
        "--level",
        "max",
        "--handler",
        "app.handler",
        "--no-verify",
        "--keep",
        "native/__init__.py",
    ];
    let max = &all[..4];
    assert_eq!(size("\"elf-unmapped\"", &[]), object.len());
    assert_eq!(size("\"elf-unmapped\"", max), object.len(), "nor with the section headers");
    let (bare, stripped) = (size("", max), size("", &[]));
    assert!(bare < stripped && stripped < object.len());
    assert_eq!(size("\"section-headers\"", max), stripped);
}

#[test]
fn a_table_of_a_distribution_touches_nothing_else() {
    let shop = shop();
    let toml = "[dist.alpha]\nkeep = [\"alpha/tests\"]\n[dist.beta_x]\ndrop = [\"**/data.txt\"]\n";
    let made = built(&shop, toml, &[]);
    for path in ["alpha/tests/__init__.py", "alpha/data.txt", "data.txt"] {
        assert!(made.ships(path), "{path}");
    }
    assert!(!made.ships("beta/data.txt") && !made.ships("beta/tests/__init__.py"));
    assert_eq!(made.warnings(), "");
    let told = explained(&shop, toml, "beta/data.txt", &[]);
    let wanted = "dropped [-] `drop` of [dist.beta_x] in slim.toml (**/data.txt) says so";
    assert_eq!(told, wanted);
}

#[test]
fn tables_of_distributions_that_are_not_there_are_told() {
    let shop = shop();
    let toml = "[dist.alpa]\ndrop = [\"x\"]\nkeep = [\"y\"]\n[dist.zeppelin]\ndrop = [\"x\"]\n\
                [facts.betax]\n";
    assert_snapshot!(built(&shop, toml, &[]).warnings(), @r"
    [dist.alpa] in slim.toml decides nothing: no package holds alpa (did you mean alpha?)
    [dist.zeppelin] in slim.toml decides nothing: no package holds zeppelin
    [facts.betax] in slim.toml decides nothing: no package holds betax (did you mean beta-x?)
    ");
}

#[test]
fn a_fact_of_the_users_at_level_max() {
    let shop = shop();
    let toml = "[[facts.alpha.drop]]\npart = \"data\"\nfiles = [\"alpha/data.txt\"]\n\
                why = \"Only its examples open it.\"\n";
    let made = built(&shop, toml, &MAX);
    assert!(!made.ships("alpha/data.txt") && made.ships("alpha/more.txt"));
    assert!(made.report()["rules"].to_string().contains("\"fact:alpha/data\""));
    assert!(built(&shop, toml, &[]).ships("alpha/data.txt"), "a fact is bold");
    let told = explained(&shop, toml, "alpha/data.txt", &MAX);
    assert_snapshot!(told, @"dropped [fact:alpha/data] What slim.toml says of alpha: its data. | Only its examples open it. | belongs to alpha/__init__.py | imported by app.py:1");
    let other = format!("[facts.alpha]\nversions = \">=2\"\n{toml}");
    assert!(built(&shop, &other, &MAX).ships("alpha/data.txt"), "of other versions");
    let checked = format!("{toml}tier = \"checked\"\n");
    assert!(!built(&shop, &checked, &[]).ships("alpha/data.txt"));
    let keep = format!("keep = [\"alpha/data.txt\"]\n{toml}");
    assert!(built(&shop, &keep, &MAX).ships("alpha/data.txt"), "keep wins");
}

#[test]
fn hidden_and_ignored_imports_of_the_users() {
    let gamma = Dist::new("gamma", "1")
        .file("gamma/__init__.py", "from . import used\n")
        .file("gamma/used.py", "")
        .file("gamma/hidden.py", "");
    let shop = shop().with("own.py", "import gamma\n").install(&gamma);
    let ships = |toml: &str| {
        let made = built(&shop, toml, &MAX);
        ["gamma/used.py", "gamma/hidden.py"].map(|path| made.ships(path))
    };
    assert_eq!(ships(""), [true, false]);
    let hidden =
        "[[facts.gamma.hidden]]\nwhen = \"gamma\"\nneeds = \"gamma.hidden\"\nwhy = \"So.\"\n";
    assert_eq!(ships(hidden), [true, true]);
    let ignore = "[[facts.gamma.ignore]]\nfrom = \"gamma/__init__.py\"\nto = \"gamma/used.py\"\n\
                  how = [\"import\"]\nwhy = \"So.\"\n";
    assert_eq!(ships(ignore), [false, false]);
    assert_eq!(ships(&format!("{ignore}{hidden}")), [false, true]);
}

/// What ships of botocore's models where a call chooses s3.
fn models(toml: &str) -> [bool; 2] {
    let botocore = Dist::new("botocore", "1.40.0")
        .file("botocore/__init__.py", "")
        .file("botocore/session.py", "")
        .file("botocore/data/s3/2006-03-01/service-2.json", "{}")
        .file("botocore/data/ec2/2016-11-15/service-2.json", "{}");
    let code = "import botocore.session\ns3 = botocore.session.client('s3')\n";
    let made = built(&shop().with("own.py", code).install(&botocore), toml, &MAX);
    let model = |path| made.ships(&format!("botocore/data/{path}/service-2.json"));
    ["s3/2006-03-01", "ec2/2016-11-15"].map(model)
}

#[test]
fn facts_in_place_of_those_that_ship_with_slim() {
    assert_eq!(models(""), [true, false]);
    assert_eq!(models("[facts.botocore]\n"), [true, false], "added, not replaced");
    assert_eq!(models("[facts.Botocore]\nreplace = true\n"), [true, true]);
    assert_eq!(models("[facts.botocore]\nreplace = true\nversions = \"<1\"\n"), [true, false]);
    let own = "[facts.botocore]\nreplace = true\n[[facts.botocore.select]]\npart = \"services\"\n\
               folder = \"botocore/data\"\ncalls = [\"client\"]\nnear = [\"boto\"]\n\
               receivers = []\nthrough = [\"botocore\"]\nalways = [\"ec2\"]\nwhy = \"So.\"\n";
    assert_eq!(models(own), [true, true]);
    assert_eq!(models(&own.replace("[\"ec2\"]", "[]")), [true, false]);
}

#[test]
fn facts_that_make_no_sense_do_no_harm() {
    let shop = shop();
    let plain = built(&shop, "", &MAX);
    for name in ["", ".", "..", "/", "a..b", "é", "alpha.", "*"] {
        let toml = format!(
            "[[facts.alpha.hidden]]\nwhen = \"alpha\"\nneeds = \"{name}\"\nwhy = \"\"\n\
             [[facts.alpha.hidden]]\nwhen = \"{name}\"\nneeds = \"alpha\"\nwhy = \"\"\n\
             [[facts.alpha.select]]\npart = \"\"\nfolder = \"{name}\"\ncalls = [\"{name}\"]\n\
             near = [\"{name}\"]\nreceivers = [\"\"]\nthrough = [\"{name}\"]\nwhy = \"\"\n"
        );
        let made = built(&shop, &toml, &MAX);
        assert!(made.ships("app.py") && made.ships("alpha/__init__.py"), "{name}");
        assert_eq!(made.names("function.zip"), plain.names("function.zip"), "{name}");
    }
}

#[test]
fn the_same_configuration_gives_the_same_bytes() {
    let shop = shop();
    let toml = "drop = [\"alpha/data.txt\"]\n[rules]\noff = [\"dist-info\", \"bytecode\"]\n\
                [dist.beta-x]\nkeep = [\"beta/tests\"]\n[facts.b]\n[facts.a]\n";
    let of = |args: &[&str]| {
        let made = built(&shop, toml, args);
        let mut report = made.report();
        report["timings"].take();
        (made.hashes(), report)
    };
    assert_eq!(of(&["-j", "1"]), of(&["-j", "4"]));
    let (_, report) = of(&[]);
    assert!(!report.to_string().contains(shop.home.path().to_str().unwrap()));
}

#[test]
fn files_that_are_not_there_or_are_none() {
    assert_snapshot!(refused("", &["--config", "slmi.toml"]), @r"
    exit 2
    error: failed to read slmi.toml: there is no such file
    hint: --config names a file such as slim.toml; --no-config does without
    ");
    assert_snapshot!(refused("", &["--config", "shop"]), @r"
    exit 2
    error: failed to read shop: it is a folder
    hint: --config names a file such as slim.toml; --no-config does without
    ");
    assert_snapshot!(refused("", &["--config", "shop/app.py/slim.toml"]), @r"
    exit 2
    error: failed to read shop/app.py/slim.toml: there is no such file
    hint: --config names a file such as slim.toml; --no-config does without
    ");
    let shop = shop();
    std::os::unix::fs::symlink("nowhere", shop.home("slim.toml")).unwrap();
    let linked = finished(command().current_dir(shop.home.path()).args(["build", "shop"]));
    assert_snapshot!(linked.failure(shop.home.path()), @r"
    exit 2
    error: failed to read slim.toml: there is no such file
    hint: --config names a file such as slim.toml; --no-config does without
    ");
    fs::remove_file(shop.home("slim.toml")).unwrap();
    fs::write(shop.home("slim.toml"), b"# fine\nkeep = ['\xff']\n").unwrap();
    let bytes = finished(command().current_dir(shop.home.path()).args(["build", "shop"]));
    assert_snapshot!(bytes.failure(shop.home.path()), @r"
    exit 2
    error: failed to read slim.toml: line 2 is not UTF-8
    hint: save the file as UTF-8
    ");
}

#[test]
fn what_is_wrong_is_named() {
    assert_snapshot!(refused("kep = []\n", &[]), @r"
    exit 2
    error: failed to read slim.toml: line 1, there is no key `kep`
    hint: did you mean `keep`?
    ");
    assert_snapshot!(refused("[rules]\noff = [\"test-modul\"]\n", &[]), @r"
    exit 2
    error: failed to read slim.toml: line 2, rules.off: there is no rule `test-modul`
    hint: did you mean `test-module`?
    ");
    assert_snapshot!(refused("[rules]\noff = [\"everything\"]\n", &[]), @r"
    exit 2
    error: failed to read slim.toml: line 2, rules.off: there is no rule `everything`
    hint: `slim rules` lists the names
    ");
    assert_snapshot!(refused("keep = \"alpha\"\n", &[]), @r#"
    exit 2
    error: failed to read slim.toml: line 1, keep: invalid type: string "alpha", expected a sequence
    hint: keep is a list of globs, such as keep = ["numpy/tests"]
    "#);
    assert_snapshot!(refused("\nkeep = [\n", &["--config", "slim.toml"]), @r#"
    exit 2
    error: failed to read slim.toml: line 2, unclosed array, expected `]`
    hint: a line is such as keep = ["numpy/tests"], or a table's head such as [rules]
    "#);
    assert_snapshot!(refused("[[facts.alpha.drop]]\nfile = []\n", &[]), @r"
    exit 2
    error: failed to read slim.toml: line 2, facts.alpha.drop: there is no key `file`
    hint: did you mean `files`?
    ");
}

#[test]
fn globs_that_match_nothing() {
    assert_snapshot!(refused("drop = [\"alpha/test\"]\n", &[]), @r"
    exit 2
    error: failed to apply `drop` in slim.toml (alpha/test): nothing in the package matches
    hint: did you mean alpha/tests?
    ");
    assert_snapshot!(refused("[dist.alpha]\nkeep = [\"beta/tests\"]\n", &[]), @r"
    exit 2
    error: failed to apply `keep` of [dist.alpha] in slim.toml (beta/tests): nothing in alpha matches
    hint: did you mean alpha/tests?
    ");
    assert_snapshot!(refused("keep = [\"alpha/[a\"]\n", &[]), @r#"
    exit 2
    error: failed to read slim.toml: line 1, keep: `alpha/[a` is no glob: unclosed character class; missing ']'
    hint: keep is a list of globs, such as keep = ["numpy/tests"]
    "#);
}
