//! `--sbom PATH`: what ships as CycloneDX. `make sbom` holds it against the official validator and scanners.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{build, finished, slim};
use crate::together::{Space, dist, function, three};

/// Names, extras, markers and licences of every kind.
fn shop() -> Package {
    let alpha = Dist::new("Alpha.Tools", "1!2.0+local.1")
        .file("alpha/__init__.py", "def one():\n    return 1\n")
        .file("alpha/tests/test_one.py", "import alpha\n")
        .requires("beta[fast] >= 2; python_version >= '3.9'")
        .requires("gamma; extra == 'never'")
        .requires("delta; sys_platform == 'win32'")
        .requires("absent");
    let beta = Dist::new("beta", "2.0")
        .file("beta/__init__.py", "b = 1\n")
        .header("License-Expression: MIT OR Apache-2.0")
        .requires("gamma; extra == 'fast'")
        .requires("beta[more]")
        .requires("alpha-tools; extra == 'more' and platform_machine == 'x86_64'");
    let gamma = Dist::new("gamma", "3").file("gamma/__init__.py", "g = 1\n");
    let delta = Dist::new("delta", "4").file("delta/__init__.py", "d = 1\n");
    Package::new("shop")
        .with("app.py", "import alpha, beta\n\n\ndef handler(event, context):\n    return 1\n")
        .install(&alpha)
        .install(&beta)
        .install(&gamma)
        .install(&delta)
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The SBOM of a build with these arguments.
#[track_caller]
fn sbom_of(package: &Package, args: &[&str]) -> Value {
    let to = package.home("sbom.json");
    package.build(&[args, &["--sbom", &to]].concat());
    read(&to)
}

/// The distributions: reference, zip, and how many files of how many ship.
fn libraries(sbom: &Value) -> Vec<String> {
    let components = sbom["components"].as_array().unwrap().iter();
    let line = |one: &Value| {
        let property = |name: &str| {
            let mut all = one["properties"].as_array().unwrap().iter();
            let found = all.find(|all| all["name"] == format!("lambda-slim:{name}")).unwrap();
            found["value"].as_str().unwrap().to_owned()
        };
        let [zip, after, before] = ["zip", "after-files", "before-files"].map(property);
        format!("{} in {zip}: {after} of {before}", one["bom-ref"].as_str().unwrap())
    };
    components.filter(|one| one["type"] == "library").map(line).collect()
}

/// Who needs whom, a line each; every reference must lead somewhere.
#[track_caller]
fn edges(sbom: &Value) -> String {
    let components = sbom["components"].as_array().unwrap().iter();
    let known: BTreeSet<&str> = components
        .chain([&sbom["metadata"]["component"]])
        .map(|one| one["bom-ref"].as_str().unwrap())
        .collect();
    let mut out = String::new();
    for one in sbom["dependencies"].as_array().unwrap() {
        let needed = one["dependsOn"].as_array().map(Vec::as_slice).unwrap_or_default();
        let needed: Vec<&str> = needed.iter().map(|to| to.as_str().unwrap()).collect();
        let of = one["ref"].as_str().unwrap();
        assert!(known.contains(of) && needed.iter().all(|to| known.contains(to)), "{one}");
        let needed = if needed.is_empty() { "-".to_owned() } else { needed.join(" ") };
        out.push_str(&format!("{of}: {needed}\n").replace("pkg:pypi/", ""));
    }
    assert_eq!(out.lines().count(), known.len(), "each component has a line");
    out
}

#[test]
fn all_that_is_told() {
    let shop = shop();
    let to = shop.home("sbom.json");
    shop.build(&["--python", "3.12", "--arch", "x86_64", "--sbom", &to]);
    let line = |line: &str| match line.split_once(": ") {
        Some((name, _)) if name.contains("serialNumber") => format!("{name}: UUID\n"),
        Some((name, _)) if name.contains("content") => format!("{name}: HASH\n"),
        _ => format!("{line}\n"),
    };
    assert_snapshot!(fs::read_to_string(to).unwrap().lines().map(line).collect::<String>());
}

#[test]
fn the_hashes_are_those_of_the_zips() {
    let shop = shop();
    let to = shop.home("sbom.json");
    let built = shop.build(&["--sbom", &to]);
    let components = read(&to)["components"].clone();
    let mut zips = components.as_array().unwrap().iter().filter(|one| one["type"] == "file");
    let told: Vec<(String, String)> = zips
        .by_ref()
        .map(|zip| (&zip["name"], &zip["hashes"][0]["content"]))
        .map(|(name, hash)| (name.as_str().unwrap().into(), hash.as_str().unwrap().into()))
        .collect();
    let found = built.hashes().into_iter().filter(|(name, _)| name.ends_with(".zip"));
    assert_eq!(told, found.collect::<Vec<_>>());
}

#[test]
fn the_same_zips_give_the_same_text() {
    let shop = shop();
    let text = |args: &[&str]| {
        let to = shop.home("sbom.json");
        shop.build(&[args, &["--sbom", &to]].concat());
        let mode = fs::metadata(&to).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644);
        fs::read_to_string(&to).unwrap()
    };
    let first = text(&[]);
    for args in [["--jobs", "1"], ["--jobs", "7"], ["--dry-run", "-q"]] {
        assert_eq!(text(&args), first, "{args:?}");
    }
    let serial = |text: &str| text.lines().nth(3).unwrap().to_owned();
    assert!(serial(&first).contains("\"urn:uuid:"), "{first}");
    let other = text(&["--level", "safe"]);
    assert_ne!(serial(&other), serial(&first), "other contents, another number");
}

#[test]
fn at_max_what_is_left_is_listed() {
    let shop = shop();
    let to = shop.home("sbom.json");
    let built = shop.build(&["--level", "max", "--handler", "app.handler", "--sbom", &to]);
    let sbom = read(&to);
    let listed = [
        "pkg:pypi/alpha-tools@1%212.0%2Blocal.1 in layer.zip: 3 of 8",
        "pkg:pypi/beta@2.0 in layer.zip: 3 of 7",
    ];
    assert_eq!(libraries(&sbom), listed);
    let report = built.report();
    let rows = report["distributions"].as_array().unwrap().iter();
    let gone = rows.filter(|row| row["after"]["files"] == 0).map(|row| &row["name"]);
    assert_eq!(gone.collect::<Vec<_>>(), ["delta", "gamma"]);
    assert_snapshot!(edges(&sbom), @r"
    application: function.zip
    function.zip: layer.zip
    layer.zip: alpha-tools@1%212.0%2Blocal.1 beta@2.0
    alpha-tools@1%212.0%2Blocal.1: beta@2.0
    beta@2.0: alpha-tools@1%212.0%2Blocal.1
    ");
}

#[test]
fn a_file_of_the_users_does_not_list_the_distribution_that_it_lies_with() {
    let delta = Dist::new("delta", "4").file("delta/__init__.py", "d = 1\n");
    let package = Package::new("app")
        .with("app.py", "def handler(event, context):\n    return 1\n")
        .install(&delta)
        .with("delta/own.txt", "mine");
    let args = ["--level", "max", "--handler", "app.handler", "--drop", "delta/__init__.py"];
    let args = [&args[..], &["--drop", "delta-4.dist-info"]].concat();
    assert!(package.build(&args).ships("delta/own.txt"));
    assert_eq!(libraries(&sbom_of(&package, &args)), Vec::<String>::new());
}

#[test]
fn the_target_decides_who_is_needed() {
    let a = Dist::new("a", "1")
        .file("a.py", "")
        .requires("b; python_version < '3.12'")
        .requires("c; platform_machine == 'aarch64'")
        .requires("d; python_full_version >= '3.12.4'");
    let package = ["b", "c", "d"].iter().fold(Package::new("app").install(&a), |package, name| {
        package.install(&Dist::new(name, "1").file(&format!("{name}.py"), ""))
    });
    let of_a = |python: &str, arch: &str| {
        let sbom = sbom_of(&package, &["--python", python, "--arch", arch]);
        edges(&sbom).lines().find(|line| line.starts_with("a@1")).unwrap().to_owned()
    };
    assert_eq!(of_a("3.11", "x86_64"), "a@1: b@1");
    assert_eq!(of_a("3.12", "arm64"), "a@1: c@1 d@1", "which patch it is, nobody knows");
    assert_eq!(of_a("3.13", "x86_64"), "a@1: d@1");
}

#[test]
fn several_packages_that_carry_their_own_or_share() {
    let red = Dist::new("red", "1").file("red.py", "").requires("blue");
    let of = |name: &str, blue: &str| {
        let blue = Dist::new("blue", blue).file("blue.py", "");
        Package::new(name).with("app.py", "import red\n").install(&red).install(&blue)
    };
    let (api, cron) = (of("api", "1"), of("cron", "2"));
    let to = api.home("sbom.json");
    build(&[api.path(), cron.path()], &["--sbom", &to, "--layer", "none"]);
    assert_snapshot!(edges(&read(&to)), @r"
    api.zip: blue@1 red@1#api.zip
    application: api.zip cron.zip
    cron.zip: blue@2 red@1#cron.zip
    blue@1: -
    blue@2: -
    red@1#api.zip: blue@1
    red@1#cron.zip: blue@2
    ");
    build(&[api.path(), cron.path()], &["--sbom", &to]);
    assert_snapshot!(edges(&read(&to)), @r"
    api.zip: layer.zip blue@1
    application: api.zip cron.zip
    cron.zip: layer.zip blue@2
    layer.zip: red@1
    blue@1: -
    blue@2: -
    red@1: blue@1 blue@2
    ");
    assert_eq!(read(&to)["metadata"]["component"]["name"], "functions");
    // With its own blue before the layer's, cron's red finds that.
    let worker = of("worker", "1");
    build(&[api.path(), cron.path(), worker.path()], &["--sbom", &to]);
    assert_snapshot!(edges(&read(&to)), @r"
    api.zip: layer.zip
    application: api.zip cron.zip worker.zip
    cron.zip: layer.zip blue@2
    layer.zip: blue@1 red@1
    blue@1: -
    blue@2: -
    red@1: blue@1 blue@2
    worker.zip: layer.zip
    ");
}

#[test]
fn a_workspace_with_its_layers_also_from_the_cache() {
    let space = three();
    let text = |args: &[&str]| {
        space.build(&[args, &["--sbom", "sbom.json"]].concat());
        fs::read_to_string(space.path("sbom.json")).unwrap()
    };
    let first = text(&[]);
    let sbom: Value = serde_json::from_str(&first).unwrap();
    assert_snapshot!(edges(&sbom), @r"
    api.zip: layer-blue.zip layer-red.zip
    application: api.zip cron.zip worker.zip
    cron.zip: layer-red.zip green@1.0
    layer-blue.zip: blue@1.0
    layer-red.zip: red@1.0
    blue@1.0: -
    green@1.0: -
    red@1.0: -
    worker.zip: layer-blue.zip layer-red.zip
    ");
    assert_snapshot!(libraries(&sbom).join("\n"), @r"
    pkg:pypi/blue@1.0 in layer-blue.zip: 4 of 8
    pkg:pypi/green@1.0 in cron.zip: 4 of 8
    pkg:pypi/red@1.0 in layer-red.zip: 4 of 8
    ");
    let cache = space.path("cache").to_str().unwrap().to_owned();
    for args in [&["--jobs", "1"][..], &["--dry-run"], &["--no-cache"]] {
        assert_eq!(text(args), first, "{args:?}");
    }
    let cached = || {
        let mut command = crate::support::command();
        command.env_remove("SLIM_NO_CACHE").current_dir(space.home.path());
        command.args(["build", "--cache-dir", &cache, "--sbom", "cached.json"]);
        finished(&mut command).ok();
        fs::read_to_string(space.path("cached.json")).unwrap()
    };
    assert_eq!(cached(), first, "into the cache");
    assert_eq!(cached(), first, "and from it");
}

#[test]
fn versions_that_functions_have_apart() {
    let (red, old, new) = (dist("red", "1.0"), dist("blue", "1.0"), dist("blue", "2.0"));
    let red = red.requires("blue");
    let space = Space::new(&[
        function("api", &[&red, &new]),
        function("cron", &[&red, &old]),
        function("worker", &[&red, &new]),
    ]);
    space.build(&["--sbom", "sbom.json"]);
    assert_snapshot!(edges(&read(space.path("sbom.json").to_str().unwrap())), @r"
    api.zip: layer-blue.zip layer-red.zip
    application: api.zip cron.zip worker.zip
    cron.zip: layer-red.zip blue@1.0
    layer-blue.zip: blue@2.0
    layer-red.zip: red@1.0
    blue@1.0: -
    blue@2.0: -
    red@1.0: blue@1.0 blue@2.0
    worker.zip: layer-blue.zip layer-red.zip
    ");
}

#[test]
fn in_a_layer_lies_what_any_of_its_functions_needs() {
    let tree = Dist::new("tree", "1").file("tree/__init__.py", "").file("tree/one.py", "A = 1\n");
    let bush = Dist::new("bush", "2").file("tree/two.py", "B = 2\n");
    let of = |name: &str, module: &str| {
        let code =
            format!("import tree.{module}\n\n\ndef handler(event, context):\n    return 1\n");
        Package::new(name).with("app.py", code).install(&tree).install(&bush)
    };
    let space = Space::new(&[of("api", "one"), of("cron", "two")]);
    space.build(&["--level", "max", "--no-verify", "--sbom", "sbom.json"]);
    let sbom = read(space.path("sbom.json").to_str().unwrap());
    assert_snapshot!(libraries(&sbom).join("\n"), @r"
    pkg:pypi/bush@2 in layer-bush.zip: 3 of 7
    pkg:pypi/tree@1 in layer-bush.zip: 4 of 8
    ");
}

#[test]
fn what_cannot_be_written_and_where_it_makes_no_sense() {
    let shop = shop();
    let run = shop.try_build(&["--sbom", &shop.home("no/such/folder.json")]);
    assert_eq!(run.code, 3);
    let said = run.err.replace(shop.home.path().to_str().unwrap(), "TMP");
    assert!(said.starts_with("error: failed to write TMP/no/such/folder.json: "), "{said}");
    let shard = slim(&["build", "--shard", "1/2", "--sbom", "a"]);
    assert_eq!(shard.code, 2);
    assert!(shard.err.contains("--sbom"), "{}", shard.err);
    assert!(!slim(&["check", "--help"]).ok().out.contains("--sbom"));
    assert!(slim(&["build", "--help"]).ok().out.contains("--sbom <PATH>"));
}
