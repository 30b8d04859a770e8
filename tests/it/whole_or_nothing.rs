//! Outputs appear whole or not at all, whenever a build ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::package::{Dist, Package};
use crate::support::{build, command, digest, endings, finished, hex, listed, slim, try_unzip};

/// Text that compresses about as well as code, another one for each seed.
fn prose(seed: u64, bytes: usize) -> String {
    let words = ["import ", "alpha", "return ", "self.", "(x, y)", "\n    ", "value", " = ", "0x"];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(words[(state % 9) as usize]);
        if state.is_multiple_of(5) {
            text.push_str(&format!("{:x}", state >> 40));
        }
    }
    text
}

/// A package whose build takes a while.
fn large(megabytes: u64) -> Package {
    let mut alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    for number in 0..megabytes * 4 {
        alpha = alpha.file(&format!("alpha/data/m{number}.txt"), prose(number, 250_000));
    }
    Package::new("app").with("app.py", "import alpha\n").install(&alpha)
}

fn small() -> Package {
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n");
    Package::new("app").with("app.py", "import alpha\n").install(&alpha)
}

/// Starts a build into the package's own `out`.
fn start(package: &Package, args: &[&str]) -> Child {
    let mut build = command();
    build.args(["build", package.path(), "--out-dir", &package.home("out"), "-q"]).args(args);
    build.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn out(package: &Package) -> PathBuf {
    package.home("out").into()
}

/// What lies in an output folder: every zip must be whole. Gives the hash of each, and whether
/// report.json says that the set is whole.
struct Looker {
    whole: BTreeSet<String>,
}

impl Looker {
    #[track_caller]
    fn look(&mut self, out: &Path) -> (BTreeMap<String, String>, bool) {
        let mut zips = BTreeMap::new();
        for name in listed(out).into_iter().filter(|name| name.ends_with(".zip")) {
            let hash = hex(&fs::read(out.join(&name)).unwrap());
            if self.whole.insert(hash.clone()) {
                try_unzip(&out.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            zips.insert(name, hash);
        }
        let whole = told(out).is_some_and(|told| holds(&zips, &told));
        (zips, whole)
    }
}

/// The zips that report.json speaks of, with their hashes; it must be whole itself.
#[track_caller]
fn told(out: &Path) -> Option<BTreeMap<String, String>> {
    let report = fs::read(out.join("report.json")).ok()?;
    let report: Value = serde_json::from_slice(&report).expect("report.json is whole");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let zips = report["zips"].as_array().unwrap().iter();
    Some(zips.map(|zip| (text(&zip["file"]), text(&zip["sha256"]))).collect())
}

fn looker() -> Looker {
    Looker { whole: BTreeSet::new() }
}

/// Whether the zips of a set are there.
fn holds(zips: &BTreeMap<String, String>, set: &BTreeMap<String, String>) -> bool {
    set.iter().all(|(name, hash)| zips.get(name) == Some(hash))
}

fn has_staging(out: &Path) -> bool {
    listed(out).iter().any(|name| name.starts_with(".slim-"))
}

#[test]
fn kill_at_any_moment() {
    let package = large(24);
    let kinds = [["--layer", "all"], ["--layer", "none"]];
    let begun = Instant::now();
    let sets = kinds.map(|kind| {
        assert!(start(&package, &kind).wait().unwrap().success());
        looker().look(&out(&package))
    });
    let mut usual = begun.elapsed() / 2;
    assert!(sets.iter().all(|(_, whole)| *whole) && sets[0].0 != sets[1].0);
    let mut looker = looker();
    let mut killed = 0;
    for moment in 0..150_u32 {
        // Spread over the build by the golden ratio; shorter where builds have become quicker.
        let share = f64::from(moment) * 0.618_034 % 1.0;
        let mut build = start(&package, &kinds[moment as usize % 2]);
        std::thread::sleep(usual.mul_f64(share));
        match build.try_wait().unwrap() {
            None => killed += 1,
            Some(_) => usual = usual.mul_f64(0.8),
        }
        build.kill().unwrap();
        build.wait().unwrap();
        let (zips, whole) = looker.look(&out(&package));
        assert!(!whole || sets.iter().any(|(set, _)| holds(&zips, set)), "called whole at {share}");
        if killed == 50 {
            break;
        }
    }
    assert_eq!(killed, 50, "the builds are too quick to be killed");
    assert!(start(&package, &kinds[0]).wait().unwrap().success());
    assert_eq!(looker.look(&out(&package)), sets[0]);
    assert!(!has_staging(&out(&package)), "the next build removes what killed ones leave");
}

/// strace, where it may trace here.
fn tracer(inject: &str) -> Option<Command> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", inject]);
    let mut probe = Command::new("strace");
    let works = probe.args(["-o", "/dev/null", "true"]).output().is_ok_and(|o| o.status.success());
    if !works {
        eprintln!("skipped: strace cannot trace here");
    }
    works.then_some(strace)
}

#[test]
fn kill_at_every_move() {
    let package = small();
    let kinds = [["--layer", "all"], ["--layer", "none"]];
    let sets = kinds.map(|kind| {
        assert!(start(&package, &kind).wait().unwrap().success());
        looker().look(&out(&package)).0
    });
    let mut states = BTreeSet::new();
    for calls in ["?rename,?renameat,?renameat2", "?unlink,?unlinkat", "fsync,fdatasync"] {
        for (kind, before) in [(0, 1), (1, 0)] {
            for number in 1.. {
                let _ = fs::remove_dir_all(out(&package));
                assert!(start(&package, &kinds[before]).wait().unwrap().success());
                let inject = format!("inject={calls}:signal=KILL:when={number}");
                let Some(mut traced) = tracer(&inject) else { return };
                traced.arg(env!("CARGO_BIN_EXE_slim")).args(["build", package.path(), "-q"]);
                traced.args(["-o", &package.home("out")]).args(kinds[kind]);
                let ended = traced.status().unwrap().success();
                let (zips, whole) = looker().look(&out(&package));
                if ended {
                    assert!(whole);
                    break;
                }
                let known = sets.iter().any(|set| holds(&zips, set));
                assert!(!whole || known, "{calls} {number}: called whole");
                let last = whole || told(&out(&package)).as_ref() == Some(&sets[before]);
                assert!(last, "{calls} {number}: report.json speaks of what is not there yet");
                states.insert((calls, whole));
                assert!(start(&package, &kinds[kind]).wait().unwrap().success());
                assert!(looker().look(&out(&package)).1, "{calls} {number}");
                assert!(!has_staging(&out(&package)), "left for good by {calls} {number}");
            }
        }
    }
    assert!(states.contains(&("?rename,?renameat,?renameat2", false)), "{states:?}");
}

/// Waits until a build has made its staging folder; false when it ended before.
fn staged(package: &Package, build: &mut Child) -> bool {
    while build.try_wait().unwrap().is_none() {
        if has_staging(&out(package)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn signals_leave_nothing_behind() {
    let package = large(12);
    assert!(start(&package, &[]).wait().unwrap().success());
    let before = digest(&out(&package));
    let signals = endings().into_iter().map(|(signal, code)| (signal, code, 0));
    for (signal, code, later) in signals.chain([("-INT", 130, 60)]) {
        let mut build = start(&package, &["--compression", "max"]);
        assert!(staged(&package, &mut build), "the build was too quick");
        std::thread::sleep(Duration::from_millis(later));
        let mut kill = Command::new("kill");
        kill.args([signal, &build.id().to_string()]);
        assert!(kill.status().unwrap().success());
        assert_eq!(build.wait().unwrap().code(), Some(code), "{signal}");
        let after = digest(&out(&package));
        let changed = after.iter().filter(|(path, seen)| before.get(*path) != Some(seen));
        let changed: Vec<_> = changed.filter(|(path, _)| **path != out(&package)).collect();
        assert!(changed.is_empty() && after.len() == before.len(), "{changed:?}");
    }
}

/// What nohup asks for.
#[test]
fn a_hangup_that_is_ignored_stays_so() {
    let package = large(12);
    let mut deaf = Command::new("sh");
    deaf.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_slim")]);
    deaf.args(["build", package.path(), "-q", "--compression", "max"]);
    deaf.args(["--out-dir", &package.home("out")]);
    let mut build = deaf.spawn().unwrap();
    assert!(staged(&package, &mut build), "the build was too quick");
    let kill = |signal: &str| {
        let mut kill = Command::new("kill");
        assert!(kill.args([signal, &build.id().to_string()]).status().unwrap().success());
    };
    kill("-HUP");
    std::thread::sleep(Duration::from_millis(60));
    kill("-0");
    assert!(build.wait().unwrap().success());
    assert!(looker().look(&out(&package)).1);
}

#[test]
fn a_living_build_is_left_alone() {
    let package = large(12);
    let mut first = start(&package, &["--compression", "max"]);
    assert!(staged(&package, &mut first), "the build was too quick");
    let other = small();
    let to = package.home("out");
    slim(&["build", other.path(), "-o", &to, "-q"]).ok();
    assert!(has_staging(&out(&package)), "the second removed what the first works on");
    assert!(first.wait().unwrap().success());
    assert!(looker().look(&out(&package)).1 && !has_staging(&out(&package)));
}

#[test]
fn leftovers_are_removed_by_the_next_build() {
    let package = large(12);
    let mut build = start(&package, &["--compression", "max"]);
    assert!(staged(&package, &mut build), "the build was too quick");
    std::thread::sleep(Duration::from_millis(30));
    build.kill().unwrap();
    build.wait().unwrap();
    assert!(has_staging(&out(&package)), "kill -9 leaves the folder");
    let to = package.home("out");
    slim(&["build", small().path(), "-o", &to, "-q"]).ok();
    assert!(!has_staging(&out(&package)));
}

#[test]
fn stale_zips_are_removed_and_nothing_else() {
    let (one, other) = (small(), Package::new("other").with("app.py", "import alpha\n"));
    let other = other.install(&Dist::new("beta", "1").file("beta.py", ""));
    let built = build(&[one.path(), other.path()], &[]);
    let folder = built.out.path();
    fs::write(folder.join("mine.zip"), "not ours").unwrap();
    assert!(folder.join("app.zip").exists() && folder.join("other.zip").exists());
    slim(&["build", one.path(), "-o", folder.to_str().unwrap()]).ok();
    let mut names = listed(folder);
    names.retain(|name| name.ends_with(".zip"));
    assert_eq!(names, ["function.zip", "layer.zip", "mine.zip"]);
    let bare = Package::new("bare").with("app.py", "");
    slim(&["build", bare.path(), "-o", folder.to_str().unwrap()]).ok();
    let names = ["changed.json", "function.zip", "mine.zip", "report.json"];
    assert_eq!(listed(folder), names, "no licences either");
}

#[test]
fn a_report_that_lies_removes_nothing() {
    let package = small();
    fs::create_dir_all(out(&package).join("sub")).unwrap();
    for name in ["victim.zip", "out/sub/victim.zip", "out/notes.txt"] {
        fs::write(package.home(name), "mine").unwrap();
    }
    let absolute = package.home("victim.zip");
    let files = ["../victim.zip", "sub/victim.zip", "notes.txt", absolute.as_str(), "..", ""];
    let zips: Vec<Value> = files.iter().map(|file| json!({ "file": file })).collect();
    fs::write(out(&package).join("report.json"), json!({ "zips": zips }).to_string()).unwrap();
    assert_eq!(package.try_build(&[]).code, 0);
    for name in ["victim.zip", "out/sub/victim.zip", "out/notes.txt"] {
        assert_eq!(fs::read_to_string(package.home(name)).unwrap(), "mine", "{name}");
    }
    for broken in ["{", "[]", "{\"zips\": {\"file\": 3}}", "\u{0}"] {
        fs::write(out(&package).join("report.json"), broken).unwrap();
        assert_eq!(package.try_build(&[]).code, 0, "{broken}");
    }
}

#[test]
fn a_failing_build_changes_nothing() {
    let package = small();
    assert_eq!(package.try_build(&[]).code, 0);
    let before = digest(&out(&package));
    assert_eq!(package.try_build(&["--drop", "nothing"]).code, 2);
    assert_eq!(package.try_build(&["--python", "3.8"]).code, 2);
    let pipe = package.root.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(package.try_build(&[]).code, 3);
    fs::remove_file(pipe).unwrap();
    assert_eq!(digest(&out(&package)), before);
}

#[test]
fn an_output_that_cannot_be_replaced_leaves_the_others() {
    let package = small();
    assert_eq!(package.try_build(&[]).code, 0);
    for name in ["layer.zip", "report.json"] {
        fs::remove_file(out(&package).join(name)).unwrap();
        fs::create_dir_all(out(&package).join(name).join("in the way")).unwrap();
        let before = digest(&out(&package));
        let run = package.try_build(&["--level", "safe", "--drop", "app.py"]);
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(run.err.contains(name) && !has_staging(&out(&package)), "{}", run.err);
        let mut after = digest(&out(&package));
        after.insert(out(&package), before[&out(&package)].clone());
        assert_eq!(after, before, "{name} is in the way: nothing else may be replaced");
        fs::remove_dir_all(out(&package).join(name)).unwrap();
    }
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let package = small();
    let temporary = package.home.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let (copy, real) = (package.home("copy.json"), package.build(&[]));
    let mut dry = command();
    dry.args(["build", package.path(), "-o", &package.home("out"), "--dry-run"]);
    dry.args(["--report", &format!("json={copy}")]).env("TMPDIR", &temporary);
    let run = finished(&mut dry).ok();
    assert!(run.out.contains("would ship") && real.run.out.contains(": ships"));
    assert!(!out(&package).exists() && fs::read_dir(temporary).unwrap().count() == 0);
    let mut said: Value = serde_json::from_slice(&fs::read(copy).unwrap()).unwrap();
    let mut truth = real.report();
    said["timings"].take();
    truth["timings"].take();
    assert_eq!(said, truth);
    assert_eq!(package.try_build(&[]).code, 0);
    let before = digest(&out(&package));
    package.try_build(&["--dry-run", "--level", "safe", "--layer", "none"]).ok();
    assert_eq!(digest(&out(&package)), before);
}

#[test]
fn a_package_is_not_replaced_by_its_own_results() {
    let package = small();
    fs::create_dir(out(&package)).unwrap();
    let zip = package.zipped();
    let input = out(&package).join("function.zip");
    let other = out(&package).join("layer.zip");
    fs::rename(&zip, &input).unwrap();
    std::os::unix::fs::symlink(&input, package.home("link.zip")).unwrap();
    let before = digest(&out(&package));
    let built = |from: &str, args: &[&str]| {
        let to = package.home("out");
        slim(&[&["build", from, "-q", "--no-verify", "--out-dir", &to], args].concat())
    };
    for from in [input.to_str().unwrap(), &package.home("link.zip")] {
        let run = built(from, &[]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("function.zip: the package itself lies there"), "{}", run.err);
        assert!(run.err.contains("\nhint: ") && run.err.contains("--out-dir"), "{}", run.err);
        let mut after = digest(&out(&package));
        after.insert(out(&package), before[&out(&package)].clone());
        assert_eq!(after, before);
    }
    // Nor removed, where it is what the build before left.
    fs::rename(&input, package.home("package.zip")).unwrap();
    built(&package.home("package.zip"), &[]).ok();
    let layer = fs::read(&other).unwrap();
    let run = built(other.to_str().unwrap(), &["--layer", "none"]);
    assert!(run.code == 2 && run.err.contains("layer.zip: the package itself"), "{}", run.err);
    assert_eq!(fs::read(&other).unwrap(), layer);
    // A tree as well.
    fs::remove_dir_all(out(&package)).unwrap();
    built(package.path(), &["--layout", "dir"]).ok();
    let tree = out(&package).join("function");
    let before = digest(&tree);
    let run = built(tree.to_str().unwrap(), &["--layout", "dir", "--drop", "app.py"]);
    assert!(run.code == 2 && run.err.contains("function: the package itself"), "{}", run.err);
    assert_eq!(digest(&tree), before);
}
