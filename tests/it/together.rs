//! Many functions as one build: the layers that they share, what stays as it is, and that it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

use crate::package::{Dist, Package};
use crate::support::{Run, command, compiled, finished, hex, listed, python312, unzip};

/// Bytes that deflate cannot make smaller, so that sizes are what they seem.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut dice = crate::support::Dice(seed);
    (0..bytes).map(|_| dice.roll(256) as u8).collect()
}

/// A distribution of a module and a file of data that takes room.
pub fn dist(name: &str, version: &str) -> Dist {
    let seed =
        name.bytes().chain(version.bytes()).fold(7, |seed, byte| seed * 31 + u64::from(byte));
    Dist::new(name, version)
        .file(&format!("{name}/__init__.py"), format!("VERSION = {version:?}\n"))
        .file(&format!("{name}/data.bin"), noise(seed, 4000))
}

/// A function that imports what it is given.
pub fn function(name: &str, dists: &[&Dist]) -> Package {
    let imports: Vec<String> =
        dists.iter().map(|dist| dist.info_folder().split('-').next().unwrap().to_owned()).collect();
    let imports = if imports.is_empty() { "os".to_owned() } else { imports.join(", ") };
    let code = format!("import {imports}\n\n\ndef handler(event, context):\n    return {name:?}\n");
    dists
        .iter()
        .fold(Package::new(name).with("app.py", code), |package, dist| package.install(dist))
}

/// Functions in one folder, with a slim.toml that names them.
pub struct Space {
    pub home: TempDir,
    top: String,
    tables: BTreeMap<String, String>,
}

impl Space {
    pub fn new(packages: &[Package]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut space = Self { home, top: String::new(), tables: BTreeMap::new() };
        packages.iter().for_each(|package| space.put(package));
        space
    }

    /// Puts a function in, or another in its place.
    fn put(&mut self, package: &Package) {
        let name = package.root.file_name().unwrap().to_str().unwrap().to_owned();
        let to = self.path(&name);
        if to.exists() {
            fs::remove_dir_all(&to).unwrap();
        }
        copy(&package.root, &to);
        let table = format!("name = {name:?}\npath = {name:?}\nhandler = \"app.handler\"\n");
        self.tables.entry(name).or_insert(table);
    }

    /// Adds to the table of a function.
    fn say(&mut self, name: &str, line: &str) {
        let table = self.tables.get_mut(name).unwrap();
        table.push_str(&format!("{line}\n"));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Run {
        let tables: Vec<String> =
            self.tables.values().map(|table| format!("\n[[function]]\n{table}")).collect();
        fs::write(self.path("slim.toml"), format!("{}{}", self.top, tables.concat())).unwrap();
        finished(command().current_dir(self.home.path()).arg("build").args(args))
    }

    #[track_caller]
    pub fn build(&self, args: &[&str]) -> Value {
        self.run(args).ok();
        serde_json::from_slice(&fs::read(self.path("dist/report.json")).unwrap()).unwrap()
    }

    /// The zips with their hashes.
    pub fn zips(&self) -> BTreeMap<String, String> {
        let names = listed(&self.path("dist")).into_iter().filter(|name| name.ends_with(".zip"));
        let hash = |name: &String| hex(&fs::read(self.path("dist").join(name)).unwrap());
        names.map(|name| (name.clone(), hash(&name))).collect()
    }

    fn names(&self, zip: &str) -> Vec<String> {
        unzip(&self.path("dist").join(zip)).into_keys().collect()
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// Which function attaches which layers.
fn attached(report: &Value) -> String {
    let functions = report["functions"].as_array().unwrap().iter();
    let line = |function: &Value| {
        let layers: Vec<&str> =
            function["layers"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        format!("{}: {}\n", function["name"].as_str().unwrap(), layers.join(" "))
    };
    functions.map(line).collect()
}

fn layers(zips: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let layers = zips.iter().filter(|(name, _)| name.starts_with("layer"));
    layers.map(|(name, hash)| (name.clone(), hash.clone())).collect()
}

pub fn three() -> Space {
    let (red, blue, green) = (dist("red", "1.0"), dist("blue", "1.0"), dist("green", "1.0"));
    Space::new(&[
        function("api", &[&red, &blue]),
        function("cron", &[&red, &green]),
        function("worker", &[&red, &blue]),
    ])
}

#[test]
fn what_several_need_lies_in_layers_once_and_the_rest_with_its_function() {
    let space = three();
    let run = space.run(&[]).ok();
    let table: Vec<&str> = run.out.lines().skip_while(|line| !line.starts_with("layer ")).collect();
    assert_snapshot!(table[..6].join("\n"), @r"
    layer    1   2
    api      x   x
    cron     .   x
    worker   x   x
    1 layer-blue.zip (new): blue 0.00 MB; for api, worker; saves 0.00 MB
    2 layer-red.zip (new): red 0.00 MB; for api, cron, worker; saves 0.01 MB
    ");
    let report = space.build(&["--replan"]);
    assert_snapshot!(attached(&report), @"
    api: layer-blue.zip layer-red.zip
    cron: layer-red.zip
    worker: layer-blue.zip layer-red.zip
    ");
    assert_eq!(space.names("api.zip"), ["app.py"]);
    assert_eq!(
        space.names("cron.zip"),
        [
            "app.py",
            "green-1.0.dist-info/METADATA",
            "green-1.0.dist-info/top_level.txt",
            "green/__init__.py",
            "green/data.bin"
        ]
    );
    assert!(space.names("layer-red.zip").iter().all(|name| name.starts_with("python/red")));
    let told = &report["layers"];
    let (all, least) = (&told["zipped_bytes"], &told["lower_bound_bytes"]);
    let over = all.as_f64().unwrap() / least.as_f64().unwrap();
    assert!((1.0..1.02).contains(&over), "{all} of {least}: the end records alone");
    assert!(
        report["functions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["leaks"] == serde_json::json!([]))
    );
    assert_snapshot!(
        fs::read_to_string(space.path("slim.lock"))
            .unwrap()
            .replace(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_lowercase(), "0")
            .lines()
            .filter(|line| !line.contains("digest"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn a_further_function_changes_no_layer_that_is_there() {
    let mut space = three();
    space.build(&[]);
    let before = space.zips();
    let (red, green) = (dist("red", "1.0"), dist("green", "1.0"));
    space.put(&function("aaa", &[&red, &green]));
    let report = space.build(&[]);
    let after = space.zips();
    for (name, hash) in layers(&before) {
        assert_eq!(after.get(&name), Some(&hash), "{name}");
    }
    assert_snapshot!(attached(&report), @"
    aaa: layer-green.zip layer-red.zip
    api: layer-blue.zip layer-red.zip
    cron: layer-green.zip layer-red.zip
    worker: layer-blue.zip layer-red.zip
    ");
    let changed: Value =
        serde_json::from_slice(&fs::read(space.path("dist/changed.json")).unwrap()).unwrap();
    let changed: BTreeMap<&str, bool> = changed["zips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|zip| (zip["file"].as_str().unwrap(), zip["changed"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        changed
            .into_iter()
            .filter(|(_, changed)| *changed)
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
        ["aaa.zip", "cron.zip", "layer-green.zip"]
    );
}

#[test]
fn a_newer_version_changes_the_layer_that_held_the_older_one_and_no_other() {
    let mut space = three();
    space.build(&[]);
    let before = space.zips();
    let (red, blue) = (dist("red", "1.0"), dist("blue", "1.1"));
    space.put(&function("api", &[&red, &blue]));
    space.put(&function("worker", &[&red, &blue]));
    let run = space.run(&[]).ok();
    assert!(run.says(&["blue 1.0 is now 1.1"]), "{}", run.out);
    let after = space.zips();
    let differs: Vec<&String> = after
        .iter()
        .filter(|(name, hash)| before.get(*name) != Some(hash))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(differs, ["layer-blue.zip"]);
}

#[test]
fn nobody_sees_another_version_than_its_own() {
    let (red, old, new) = (dist("red", "1.0"), dist("blue", "1.0"), dist("blue", "2.0"));
    let space = Space::new(&[
        function("api", &[&red, &new]),
        function("cron", &[&red, &old]),
        function("worker", &[&red, &new]),
    ]);
    let run = space.run(&[]).ok();
    assert!(run.says(&["blue differs: 1.0 in cron; 2.0 in api, worker"]), "{}", run.out);
    assert!(space.names("cron.zip").contains(&"blue/__init__.py".to_owned()));
    assert!(!attached(&space.build(&[])).contains("cron: layer-blue"));
}

#[test]
fn a_layer_holds_what_all_of_its_functions_need_and_the_rest_of_it_goes() {
    let tree = Dist::new("tree", "1.0")
        .file("tree/__init__.py", "")
        .file("tree/one.py", "A = 1\n")
        .file("tree/two.py", "B = 2\n")
        .file("tree/three.py", "C = 3\n");
    let with = |name: &str, module: &str| {
        let code =
            format!("import tree.{module}\n\n\ndef handler(event, context):\n    return 1\n");
        Package::new(name).with("app.py", code).install(&tree)
    };
    let mut space = Space::new(&[with("api", "one"), with("cron", "two")]);
    space.build(&["--level", "max", "--no-verify"]);
    let modules = |space: &Space| -> BTreeSet<String> {
        let names = space.names("layer-tree.zip").into_iter();
        names.filter(|name| name.ends_with(".py")).collect()
    };
    let of = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| format!("python/tree/{name}.py")).collect()
    };
    assert_eq!(modules(&space), of(&["__init__", "one", "two"]));
    // Who needs more of it has it apart: what is deployed stays as it is.
    let before = space.zips();
    space.put(&with("worker", "three"));
    space.build(&["--level", "max", "--no-verify"]);
    assert_eq!(space.zips()["layer-tree.zip"], before["layer-tree.zip"]);
    assert!(space.names("worker.zip").contains(&"tree/three.py".to_owned()));
    // Anew, it is in the layer for all.
    space.build(&["--level", "max", "--no-verify", "--replan"]);
    assert_eq!(modules(&space), of(&["__init__", "one", "two", "three"]));
    assert_eq!(space.names("worker.zip"), ["app.py"]);
}

#[test]
fn a_build_from_the_cache_has_the_same_bytes_and_leaves_alone_what_is_in_place() {
    let mut space = three();
    let cache = space.path("cache").to_str().unwrap().to_owned();
    let cached = ["--cache-dir", cache.as_str()];
    let build = |space: &Space, args: &[&str]| {
        let mut command = command();
        command.env_remove("SLIM_NO_CACHE").current_dir(space.home.path());
        finished(command.arg("build").args(args)).ok()
    };
    space.build(&[]);
    let without = space.zips();
    fs::remove_dir_all(space.path("dist")).unwrap();
    build(&space, &cached);
    assert_eq!(space.zips(), without);
    let old = SystemTime::now() - Duration::from_secs(3600);
    for name in without.keys() {
        let file = fs::File::options().write(true).open(space.path("dist").join(name)).unwrap();
        file.set_modified(old).unwrap();
    }
    build(&space, &cached);
    assert_eq!(space.zips(), without);
    let untouched = |space: &Space| -> Vec<String> {
        let is_old = |name: &String| {
            let found = fs::metadata(space.path("dist").join(name)).unwrap();
            found.modified().unwrap() < SystemTime::now() - Duration::from_secs(60)
        };
        without.keys().filter(|name| is_old(name)).cloned().collect()
    };
    assert_eq!(untouched(&space), without.keys().cloned().collect::<Vec<_>>());
    // Lost zips come back from the cache, damaged ones are replaced.
    fs::remove_file(space.path("dist/api.zip")).unwrap();
    fs::write(space.path("dist/layer-red.zip"), "x").unwrap();
    build(&space, &cached);
    assert_eq!(space.zips(), without);
    // One file of one function: its zip alone.
    let app = space.path("api/app.py");
    fs::write(&app, format!("{}# more\n", fs::read_to_string(&app).unwrap())).unwrap();
    build(&space, &cached);
    let differs: Vec<String> = space
        .zips()
        .into_iter()
        .filter(|(name, hash)| without[name] != *hash)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(differs, ["api.zip"]);
    space.top = String::new();
    fs::remove_dir_all(space.path("dist")).unwrap();
    let warm = space.zips_after(|space| drop(build(space, &cached)));
    fs::remove_dir_all(space.path("dist")).unwrap();
    assert_eq!(space.zips_after(|space| drop(space.build(&[]))), warm);
}

impl Space {
    fn zips_after(&self, build: impl Fn(&Self)) -> BTreeMap<String, String> {
        build(self);
        self.zips()
    }
}

#[test]
fn shares_that_are_made_apart_give_the_bytes_of_one_build() {
    let space = three();
    space.build(&[]);
    let whole = space.zips();
    fs::remove_dir_all(space.path("dist")).unwrap();
    let planned =
        finished(command().current_dir(space.home.path()).args(["plan", "--shards", "2"]));
    assert_snapshot!(planned.ok().out, @r"
    slim build --shard 1/2  # cron: 0.01 MB
    slim build --shard 2/2  # api, worker: 0.02 MB
    slim build  # then, with the same --cache: finds all of it there
    ");
    // Each machine has a folder of its own; a plain folder is the store that they share.
    let store = space.path("store").to_str().unwrap().to_owned();
    let on = |machine: &str, args: &[&str]| {
        let own = space.path(machine).to_str().unwrap().to_owned();
        let mut command = command();
        command.env_remove("SLIM_NO_CACHE").current_dir(space.home.path());
        finished(command.args(["build", "--cache-dir", &own, "--cache", &store]).args(args)).ok()
    };
    on("one", &["--shard", "1/2"]);
    let run = on("two", &["--shard", "2/2"]);
    assert!(run.out.starts_with("share 2 of 2 (api, worker): "), "{}", run.out);
    assert!(!space.path("dist").exists(), "a share is no result");
    let count = || {
        let all = listed_below(&space.path("store")).into_iter();
        all.filter(|path| path.components().any(|part| part.as_os_str() == "deflated")).count()
    };
    let before = count();
    on("three", &[]);
    assert_eq!(space.zips(), whole);
    assert!(before > 5, "{before}");
    assert_eq!(count(), before, "the third machine compressed nothing");
    let home = space.home.path();
    assert_snapshot!(space.run(&["--shard", "1/2"]).failure(home));
    assert_snapshot!(space.run(&["api", "--shard", "3/2"]).failure(home));
    assert_snapshot!(space.run(&["./api", "--shard", "1/2"]).failure(home));
}

fn listed_below(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(listed_below(&path)) } else { all.push(path) }
    }
    all
}

#[test]
fn every_function_is_run_from_its_zip_and_its_layers() {
    let mut space = three();
    let event = space.path("event.json");
    fs::write(&event, "{}").unwrap();
    let args = ["--verify", "--python-bin", python312(), "--event", event.to_str().unwrap()];
    let report = space.build(&args);
    assert_eq!(report["proof"]["status"], "proven", "{report:#}");
    let checks = report["proof"]["checks"].as_array().unwrap();
    for name in ["api", "cron", "worker"] {
        let own =
            |check: &&Value| check["name"].as_str().unwrap().starts_with(&format!("{name}: "));
        assert!(checks.iter().filter(own).count() >= 3, "{name}");
    }
    // What its layers do not hold a function cannot find: the set is refused as a whole.
    let before = space.zips();
    space.top = "drop = [\"red/**\"]\n".to_owned();
    let run = space.run(&args);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert_eq!(space.zips(), before);
    assert!(space.path("dist/unproven/layer-red.zip").is_file());
}

#[test]
fn requirements_lie_under_the_code() {
    let (red, blue) = (dist("red", "1.0"), dist("blue", "1.0"));
    let mut space = Space::new(&[
        Package::new("api")
            .with("app.py", "import red\n\n\ndef handler(event, context):\n    return 1\n"),
        function("cron", &[&red, &blue]),
        Package::new("needs").with("app.py", "raise SystemExit\n").install(&red),
    ]);
    space.tables.remove("needs");
    space.say("api", "requirements = \"needs\"");
    let report = space.build(&["--verify", "--python-bin", python312()]);
    assert_snapshot!(attached(&report), @"
    api: layer-red.zip
    cron: layer-red.zip
    ");
    let app = &unzip(&space.path("dist/api.zip"))["app.py"];
    assert!(String::from_utf8_lossy(&app.bytes).contains("import red"), "the code is on top");
}

#[test]
fn binaries_are_shared_within_a_target_and_sources_where_that_is_wanted() {
    let plain = dist("plain", "1.0");
    let of = |cc: &str, machine: &str| {
        let so = compiled(cc, "int f;", &["-shared", "-fPIC", "-nostdlib"]);
        Dist::new("fast", "1.0")
            .file("fast/__init__.py", "")
            .file(&format!("fast/_fast.cpython-312-{machine}-linux-gnu.so"), so)
    };
    let (x86, arm) = (of("gcc", "x86_64"), of("aarch64-linux-gnu-gcc", "aarch64"));
    let mut space = Space::new(&[
        function("api", &[&plain, &x86]),
        function("cron", &[&plain, &x86]),
        function("arm", &[&plain, &arm]),
    ]);
    let report = space.build(&[]);
    assert_snapshot!(attached(&report), @"
    api: layer-plain.zip
    arm: 
    cron: layer-plain.zip
    ");
    assert!(space.names("arm.zip").iter().any(|name| name.contains("aarch64")));
    space.top = "[layer]\npure-across-targets = true\n".to_owned();
    let report = space.build(&["--replan"]);
    let text = attached(&report);
    assert!(text.contains("arm: layer-plain.zip"), "{text}");
    assert!(!space.names("layer-plain.zip").iter().any(|name| name.contains("_fast")), "{text}");
    space.top = "[layer]\npolicy = \"none\"\n".to_owned();
    let report = space.build(&[]);
    assert_snapshot!(attached(&report), @"
    api: 
    arm: 
    cron: 
    ");
    assert!(layers(&space.zips()).is_empty() && !space.path("slim.lock").exists());
}

#[test]
fn more_layers_than_lambda_takes_are_never_attached() {
    let dists: Vec<Dist> = (0..9).map(|number| dist(&format!("dist{number}"), "1.0")).collect();
    let packages: Vec<Package> = (0..9)
        .map(|number| {
            let own = dists.iter().enumerate().filter(|(other, _)| *other != number);
            function(&format!("f{number}"), &own.map(|(_, dist)| dist).collect::<Vec<_>>())
        })
        .collect();
    let report = Space::new(&packages).build(&[]);
    for function in report["functions"].as_array().unwrap() {
        assert!(function["layers"].as_array().unwrap().len() <= 5, "{function}");
    }
    let told = &report["layers"];
    let (all, least) = (&told["zipped_bytes"], &told["lower_bound_bytes"]);
    assert!(all.as_f64().unwrap() < 1.05 * least.as_f64().unwrap(), "{all} of {least}");
}

#[test]
fn trees_in_place_of_zips_and_a_dry_run() {
    let space = three();
    space.run(&["--dry-run"]).ok();
    assert!(!space.path("dist").exists() && !space.path("slim.lock").exists());
    space.build(&["--layout", "dir"]);
    assert!(space.path("dist/api/app.py").is_file());
    assert!(space.path("dist/layer-red/python/red/__init__.py").is_file());
    space.build(&["--layout", "dir", "--layer-prefix", "site-packages"]);
    let within = "dist/layer-red/python/lib/python3.12/site-packages/red/__init__.py";
    assert!(space.path(within).is_file());
}

#[test]
fn budgets_hold_for_each_function_with_its_layers() {
    let mut space = three();
    space.say("cron", "max-zipped = \"5KB\"");
    let run = space.run(&[]);
    assert_eq!(run.code, 1);
    let over: Vec<&str> =
        run.out.lines().filter(|line| line.starts_with("over the limit")).collect();
    assert_eq!(over.len(), 1, "{}", run.out);
    assert!(
        over[0].contains("cron") && over[0].contains("red") && over[0].contains("green"),
        "{over:?}"
    );
    assert!(!over[0].contains("blue"), "{over:?}");
}

#[test]
fn what_is_refused() {
    let mut space = three();
    space.build(&[]);
    // By a name that is no path; what is there already stays.
    fs::rename(space.path("api"), space.path("code")).unwrap();
    space.tables.insert("api".into(), "name = \"api\"\npath = \"code\"\n".into());
    let before = space.zips();
    let refused = space.run(&["api"]);
    assert_eq!((refused.code, space.zips()), (2, before));
    assert!(refused.err.starts_with("error: failed to build api alone: "), "{}", refused.err);
    space.run(&["api", "--dry-run"]).ok();
    fs::rename(space.path("code"), space.path("api")).unwrap();
    space
        .tables
        .insert("api".into(), "name = \"api\"\npath = \"api\"\nhandler = \"app.handler\"\n".into());
    fs::write(space.path("slim.lock"), "version = 1\n[[layer]]\nname = 3\n").unwrap();
    let home = space.home.path().to_owned();
    assert_snapshot!(space.run(&[]).failure(&home));
    space.run(&["--replan"]).ok();
    assert_snapshot!(space.run(&["--layout", "dir", "--only", "layer"]).failure(&home));
    assert_snapshot!(space.run(&["--out-dir", "api/out"]).failure(&home));
    let layer = Package::layer("tree", "python").with("x.py", "").install(&dist("red", "1.0"));
    space.put(&layer);
    assert_snapshot!(space.run(&[]).failure(&home));
    space.tables.remove("tree");
    fs::remove_file(space.path("cron/app.py")).unwrap();
    assert_snapshot!(space.run(&["--level", "max", "--no-verify"]).failure(&home));
    fs::remove_dir_all(space.path("cron")).unwrap();
    assert_snapshot!(space.run(&[]).failure(&home));
}
