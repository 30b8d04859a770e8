//! What is kept for the next build: it is never seen in what a build makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::package::{Dist, Package};
use crate::support::{Built, Dice, Run, command, compiled, finished};

/// A bit of everything that facts are about.
pub fn app(name: &str) -> Package {
    let text = "int seven(void) { return 7; } const char *names = \"alpha.late\";";
    let object = compiled("gcc", text, &["-shared", "-fPIC", "-g"]);
    let mut alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "\"\"\"Alpha.\"\"\"\nfrom alpha.testing import x\n")
        .file("alpha/_a.cpython-312-x86_64-linux-gnu.so", object)
        .file("alpha/late.py", "# late\nl = 1\n")
        .file("alpha/walks.py", "import pkgutil\nprint(pkgutil.iter_modules(__path__))\n")
        .file("alpha/testing/__init__.py", "x = 1\n")
        .file("alpha/tests/__init__.py", "import importlib\nimportlib.import_module(name)\n")
        .file("alpha/tests/test_a.py", "def test():\n    '''Is it?'''\n    assert alpha.__doc__\n")
        .file("alpha/docs/a.md", "# Docs\n")
        .file("alpha/_a.pyx", "cdef int x\n")
        .file("alpha/a.pyi", "x: int\n")
        .file("alpha/data.json", "{ \"module\": \"alpha.late\" }\n");
    for number in 0..40_u32 {
        let text = format!("def f{number}():\n    \"\"\"Doc.\"\"\"\n    import alpha.late\n");
        alpha = alpha.file(&format!("alpha/m{number}.py"), text.repeat(1 + number as usize));
    }
    let beta = Dist::new("beta", "2").file("beta.py", "b = 1\n");
    let code = "import alpha\ndef handler(event, context):\n    import alpha.m3\n    return 1\n";
    Package::new(name).with("app.py", code).install(&alpha).install(&beta)
}

/// Builds with the cache in a folder.
fn cached(cache: &Path, packages: &[&Package], args: &[&str]) -> Built {
    let mut build = command();
    build.env_remove("SLIM_NO_CACHE").args(["--cache-dir", cache.to_str().unwrap()]);
    built(build, packages, args)
}

pub fn built(mut build: Command, packages: &[&Package], args: &[&str]) -> Built {
    let out = tempfile::tempdir().unwrap();
    let options: Vec<_> = build.get_args().map(ToOwned::to_owned).collect();
    let mut anew = Command::new(build.get_program());
    for (name, value) in build.get_envs() {
        match value {
            Some(value) => anew.env(name, value),
            None => anew.env_remove(name),
        };
    }
    build = anew;
    build.arg("build").args(packages.iter().map(|package| package.path())).args(options);
    build.args(["--no-verify", "--out-dir", out.path().to_str().unwrap()]).args(args);
    Built { run: finished(&mut build).ok(), out }
}

/// The report without its times.
fn timeless(built: &Built) -> Value {
    let mut report = built.report();
    report["timings"].take();
    report
}

#[track_caller]
pub fn same(one: &Built, other: &Built, what: &str) {
    assert_eq!(one.hashes(), other.hashes(), "{what}");
    assert_eq!(timeless(one), timeless(other), "{what}");
    assert_eq!(one.run.out.lines().count(), other.run.out.lines().count(), "{what}");
}

const OPTION_SETS: [&[&str]; 6] = [
    &[],
    &["--level", "safe"],
    &["--level", "max", "--handler", "app.handler"],
    &["--level", "max", "--handler", "app.handler", "--keep", "alpha/m1*.py"],
    &["--compression", "fast", "--drop", "beta*"],
    &["--handler", "app.handler", "--layer", "none"],
];

#[test]
fn the_same_bytes_with_and_without() {
    let cache = tempfile::tempdir().unwrap();
    let (one, two) = (app("one"), app("two").with("more.py", "import alpha.m7\n"));
    for packages in [&[&one][..], &[&one, &two][..]] {
        for args in OPTION_SETS {
            let wanted = built(command(), packages, args);
            for time in ["empty", "filled", "filled again"] {
                let found = cached(cache.path(), packages, args);
                same(&found, &wanted, &format!("{args:?}, the cache {time}"));
            }
        }
    }
}

#[test]
fn what_changed_is_seen_whatever_is_kept() {
    let cache = tempfile::tempdir().unwrap();
    let args = ["--level", "max", "--handler", "app.handler"];
    let package = app("one");
    cached(cache.path(), &[&package], &args);
    let changes: [(&str, &str); 5] = [
        ("alpha/m3.py", "import alpha.m5\n"),
        ("app.py", "import beta\ndef handler(event, context):\n    import alpha.m4\n"),
        ("alpha/data.json", "{\"module\": \"alpha.m9\"}"),
        ("new.py", "import alpha.m11\n"),
        ("alpha/m3.py", "import alpha.m6\n"),
    ];
    for (path, text) in changes {
        let file = package.root.join(path);
        let before = fs::metadata(&file).and_then(|metadata| metadata.modified());
        fs::write(&file, text).unwrap();
        if let Ok(before) = before {
            // Times are never trusted.
            fs::File::options().write(true).open(&file).unwrap().set_modified(before).unwrap();
        }
        let wanted = built(command(), &[&package], &args);
        same(&cached(cache.path(), &[&package], &args), &wanted, path);
        same(&cached(cache.path(), &[&package], &args), &wanted, path);
    }
}

pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = all.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    let mut files: Vec<PathBuf> = files.filter(|path| !path.ends_with("CACHEDIR.TAG")).collect();
    files.sort();
    files
}

#[test]
fn damage_is_found_and_repaired() {
    let cache = tempfile::tempdir().unwrap();
    let package = app("one");
    let args = ["--level", "max", "--handler", "app.handler"];
    let wanted = built(command(), &[&package], &args);
    cached(cache.path(), &[&package], &args);
    let all = entries(cache.path());
    assert!(!all.is_empty());
    for (number, path) in all.iter().enumerate() {
        let mut bytes = fs::read(path).unwrap();
        match number % 3 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes[0] ^= 1,
            _ => bytes.clear(),
        }
        fs::write(path, bytes).unwrap();
    }
    same(&cached(cache.path(), &[&package], &args), &wanted, "damaged");
    same(&cached(cache.path(), &[&package], &args), &wanted, "repaired");
}

fn cache_command(folder: &Path, args: &[&str]) -> Run {
    let mut run = command();
    finished(run.args(["cache"]).args(args).args(["--cache-dir", folder.to_str().unwrap()]))
}

#[test]
fn stat_shows_and_clean_removes() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("cache");
    let empty = cache_command(&folder, &["stat", "--format", "json"]).ok().json();
    assert_eq!((&empty["entries"], &empty["most_bytes"]), (&0.into(), &(2_u64 << 30).into()));
    cached(&folder, &[&app("one")], &["--level", "max", "--handler", "app.handler"]);
    let held = cache_command(&folder, &["stat", "--format", "json"]).ok().json();
    assert_eq!(held["entries"], entries(&folder).len());
    assert!(held["kinds"].as_object().unwrap().values().any(|kind| kind["bytes"] != 0), "{held}");
    let shown = cache_command(&folder, &["stat"]).ok();
    assert!(shown.says(&["cache", "of at most"]), "{}", shown.out);
    let cleaned = cache_command(&folder, &["clean"]).ok();
    assert!(cleaned.says(&["removed"]), "{}", cleaned.out);
    assert_eq!(entries(&folder), [] as [PathBuf; 0]);
    cache_command(&folder, &["clean"]).ok();

    let documents = tempfile::tempdir().unwrap();
    fs::write(documents.path().join("letter"), "Dear").unwrap();
    let refused = cache_command(documents.path(), &["clean"]);
    insta::assert_snapshot!(refused.failure(documents.path()), @r"
    exit 2
    error: failed to clean the cache: TMP is not a cache of slim
    hint: --cache-dir names the folder that builds were given
    ");
    assert!(documents.path().join("letter").exists());
}

#[test]
fn without_a_place_for_it_all_goes_on() {
    let package = app("one");
    let wanted = built(command(), &[&package], &[]);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    for home in ["/proc/nonexistent", home.path().join("file").to_str().unwrap()] {
        let mut build = command();
        build.env_remove("SLIM_NO_CACHE").env("HOME", home).env_remove("XDG_CACHE_HOME");
        let found = built(build, &[&package], &["-v"]);
        assert_eq!(found.hashes(), wanted.hashes());
        assert!(
            found.run.err.contains("warning: failed to write into the cache"),
            "{}",
            found.run.err
        );
    }
    let mut build = command();
    build.env_remove("SLIM_NO_CACHE").env_remove("HOME").env_remove("XDG_CACHE_HOME");
    assert_eq!(built(build, &[&package], &[]).hashes(), wanted.hashes());
}

#[test]
fn the_user_cache_folder_is_used_unless_it_is_turned_off() {
    let package = app("one");
    let home = tempfile::tempdir().unwrap();
    let build = |off: &[(&str, &str)]| {
        let mut build = command();
        build.env_remove("SLIM_NO_CACHE").env("XDG_CACHE_HOME", home.path());
        build.envs(off.iter().copied());
        built(build, &[&package], &[])
    };
    build(&[("SLIM_NO_CACHE", "1")]);
    assert_eq!(entries(home.path()), [] as [PathBuf; 0]);
    build(&[("SLIM_NO_CACHE", "0")]);
    assert!(!entries(&home.path().join("lambda-slim/v1")).is_empty());
}

#[test]
fn machines_share_a_folder() {
    let (shared, one, two) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = app("one");
    let share = shared.path().to_str().unwrap();
    let wanted = built(command(), &[&package], &[]);
    same(
        &cached(one.path(), &[&package], &["--cache", share, "--cache-read-only"]),
        &wanted,
        "first",
    );
    assert_eq!(entries(shared.path()), [] as [PathBuf; 0], "nothing is written");
    let fresh = tempfile::tempdir().unwrap();
    same(&cached(fresh.path(), &[&package], &["--cache", share]), &wanted, "first");
    let filled = entries(shared.path());
    assert!(!filled.is_empty());
    fs::write(&filled[0], "damaged").unwrap();
    same(&cached(two.path(), &[&package], &["--cache", share]), &wanted, "second");
    let names = |folder: &Path| -> Vec<PathBuf> {
        entries(folder).iter().map(|path| path.strip_prefix(folder).unwrap().into()).collect()
    };
    for name in names(shared.path()) {
        assert!(two.path().join(&name).exists(), "{} came over", name.display());
    }
    assert_ne!(fs::read(&filled[0]).unwrap(), b"damaged");
    let broken = cached(
        tempfile::tempdir().unwrap().path(),
        &[&package],
        &["--cache", package.root.join("app.py").to_str().unwrap()],
    );
    same(&broken, &wanted, "a store that cannot be");
    let told = broken.run.err.matches("warning: failed to write into the cache").count();
    assert_eq!(told, 1, "{}", broken.run.err);
}

#[test]
fn a_store_that_cannot_be_is_told() {
    let package = app("one");
    let mut wrong = vec!["gs://bucket/x"];
    if !cfg!(feature = "s3") {
        wrong.push("s3://bucket/x");
    }
    let told: Vec<String> = wrong
        .iter()
        .map(|url| {
            let mut build = command();
            build.env_remove("SLIM_NO_CACHE").args(["build", package.path(), "--cache", url]);
            finished(&mut build).failure(package.home.path())
        })
        .collect();
    assert!(told[0].contains("neither a folder nor s3://"), "{}", told[0]);
    assert!(told.iter().all(|told| told.starts_with("exit 2") && told.contains("hint:")));
    assert!(told.get(1).is_none_or(|told| told.contains("the feature s3")), "{told:?}");
}

#[test]
fn forty_at_once_and_some_killed() {
    let cache = tempfile::tempdir().unwrap();
    let package = app("one");
    let args = ["--level", "max", "--handler", "app.handler"];
    let wanted = built(command(), &[&package], &args);
    let start = |_: u64| -> (Child, TempDir) {
        let out = tempfile::tempdir().unwrap();
        let mut build = command();
        build.env_remove("SLIM_NO_CACHE").stdout(Stdio::null()).stderr(Stdio::null());
        build.args(["build", package.path(), "--no-verify", "--jobs", "2"]).args(args);
        build.args(["--cache-dir", cache.path().to_str().unwrap()]);
        build.args(["--out-dir", out.path().to_str().unwrap()]);
        (build.spawn().unwrap(), out)
    };
    let mut killed = 0;
    let mut dice = Dice(6);
    for _ in 0..5 {
        cache_command(cache.path(), &["clean"]).ok();
        let mut running: Vec<(Child, TempDir)> = (0..40).map(start).collect();
        // In a random order, at random times of their lives.
        for _ in 0..15 {
            std::thread::sleep(Duration::from_micros(dice.roll(20_000) as u64));
            drop(running[dice.roll(40)].0.kill());
        }
        for (number, (mut child, out)) in running.into_iter().enumerate() {
            let ended = child.wait().unwrap();
            if ended.code().is_none() {
                killed += 1;
                continue;
            }
            assert!(ended.success(), "build {number}: {ended}");
            let run = Run { code: 0, out: String::new(), err: String::new() };
            assert_eq!(Built { run, out }.hashes(), wanted.hashes(), "build {number}");
        }
    }
    assert!(killed > 0, "no build was killed in time");
    same(&cached(cache.path(), &[&package], &args), &wanted, "after that");
    let stat = cache_command(cache.path(), &["stat", "--format", "json"]).ok().json();
    assert_ne!(stat["entries"], 0);
    let cleaned = cache_command(cache.path(), &["clean"]).ok();
    assert!(cleaned.says(&["removed"]));
    assert_eq!(entries(cache.path()), [] as [PathBuf; 0]);
}
