//! What runs open is noted, and what they never asked for may go.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Run, build, command, digest, finished, slim};

/// alpha imports one module for each kind of work, when it is asked for it.
fn alpha() -> Dist {
    let work = "\
import pathlib
from . import base
try:
    import nothing_of_this_name
except ImportError:
    nothing_of_this_name = None

def one():
    from . import first
    return first.x

def two():
    from . import second
    return second.x

def three():
    return pathlib.Path(__file__).with_name('data.txt').read_text()
";
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from .work import one, two, three\n")
        .file("alpha/work.py", work)
        .file("alpha/base.py", "if len('x') > 1:\n    from . import never\n")
        .file("alpha/never.py", "x = 0\n")
        .file("alpha/first.py", "from . import shared\nx = shared.x\n")
        .file("alpha/second.py", "from . import shared, deep\nx = deep.x\n")
        .file("alpha/deep.py", "x = 2\n")
        .file("alpha/shared.py", "x = 1\n")
        .file("alpha/data.txt", "data\n")
}

/// beta is the user's to call; nobody does in the events.
fn beta() -> Dist {
    Dist::new("beta", "1.0")
        .file("beta/__init__.py", "def f():\n    from . import late\n    return late.x\n")
        .file("beta/late.py", "x = 3\n")
}

fn app() -> Package {
    let code = "\
import alpha

def handler(event, context):
    if event.get('beta'):
        import beta
        return beta.f()
    return getattr(alpha, event['call'])()
";
    Package::new("app").with("app.py", code).install(&alpha()).install(&beta())
}

fn event(package: &Package, name: &str, json: &str) -> String {
    let path = package.home(name);
    fs::write(&path, json).unwrap();
    path
}

fn trace(package: &Package, args: &[&str]) -> Run {
    let output = package.home("trace.json");
    slim(&[&["trace", package.path(), "--output", &output], args].concat())
}

fn opened(package: &Package) -> Vec<String> {
    let trace: Value =
        serde_json::from_slice(&fs::read(package.home("trace.json")).unwrap()).unwrap();
    let opened = trace["packages"]["app"]["opened"].as_array().unwrap();
    opened.iter().map(|path| path.as_str().unwrap().to_owned()).collect()
}

const HANDLER: [&str; 2] = ["--handler", "app.handler"];

#[test]
fn what_no_run_asked_for_goes_and_what_was_not_run_stays() {
    let package = app();
    let one = event(&package, "one.json", r#"{"call": "one"}"#);
    let run = trace(&package, &[&HANDLER[..], &["--event", &one]].concat()).ok();
    assert!(run.says(&["app:", "files opened"]), "{}", run.out);
    assert!(opened(&package).contains(&"alpha/first.py".to_owned()));
    assert!(!opened(&package).contains(&"alpha/second.py".to_owned()));

    let file = package.home("trace.json");
    let traced = [&HANDLER[..], &["--level", "max", "--trace", &file]].concat();
    let built = build(&[package.path()], &traced);
    for path in ["alpha/first.py", "alpha/shared.py", "alpha/base.py", "alpha/data.txt"] {
        assert!(built.ships(path), "{path} was opened, or is data");
    }
    for path in ["alpha/second.py", "alpha/deep.py", "alpha/never.py"] {
        assert!(!built.ships(path), "{path} was never asked for");
    }
    for path in ["beta/__init__.py", "beta/late.py"] {
        assert!(built.ships(path), "{path}: the user's own import, and what never ran behind it");
    }
    let unopened =
        built.report()["rules"].as_array().unwrap().iter().find(|r| r["id"] == "unopened").cloned();
    assert_eq!(unopened.expect("its row tells what rests on the trace")["files"], 3);
    let without = build(&[package.path()], &[&HANDLER[..], &["--level", "max"]].concat());
    assert!(without.ships("alpha/second.py") && without.ships("alpha/never.py"));

    let args = [&["explain", package.path(), "alpha/second.py"], &traced[..]].concat();
    let told = slim(&args).ok();
    assert!(told.says(&["alpha/second.py: dropped [unopened]"]), "{}", told.out);
    assert!(told.says(&["imported by alpha/work.py:13"]), "{}", told.out);
}

#[test]
fn an_event_that_ends_the_process_takes_nothing_from_the_others() {
    let code = "\
import os
import alpha

def handler(event, context):
    if event.get('die'):
        os._exit(3)
    return getattr(alpha, event['call'])()
";
    let package = Package::new("app").with("app.py", code).install(&alpha());
    let one = event(&package, "one.json", r#"{"call": "one"}"#);
    let die = event(&package, "die.json", r#"{"die": true}"#);
    let two = event(&package, "two.json", r#"{"call": "two"}"#);
    let events = ["--event", &one, "--event", &die, "--event", &two];
    let run = trace(&package, &[&HANDLER[..], &events].concat()).ok();
    assert!(run.says(&["warning: event die.json", "it ended with code 3"]), "{}", run.out);
    assert!(run.says(&["holds 3 runs"]), "the one that died is none: {}", run.out);
    let opened = opened(&package);
    assert!(
        ["alpha/first.py", "alpha/second.py"]
            .iter()
            .all(|path| opened.contains(&(*path).to_owned()))
    );
}

#[test]
fn runs_are_merged() {
    let package = app();
    let events = [("one.json", r#"{"call": "one"}"#), ("two.json", r#"{"call": "two"}"#)];
    for (name, json) in events {
        let event = event(&package, name, json);
        trace(&package, &[&HANDLER[..], &["--event", &event]].concat()).ok();
    }
    let file = package.home("trace.json");
    let once = fs::read(&file).unwrap();
    let run =
        trace(&package, &[&HANDLER[..], &["--event", &package.home("two.json")]].concat()).ok();
    assert!(run.says(&["trace.json holds 3 runs"]), "{}", run.out);
    assert!(once == fs::read(&file).unwrap(), "the same runs make the same trace");
    let built =
        build(&[package.path()], &[&HANDLER[..], &["--level", "max", "--trace", &file]].concat());
    assert!(built.ships("alpha/second.py") && built.ships("alpha/deep.py"));
    assert!(!built.ships("alpha/never.py"));
}

#[test]
fn what_an_event_needs_that_was_not_traced_is_put_back() {
    let package = app();
    let one = event(&package, "one.json", r#"{"call": "one"}"#);
    let two = event(&package, "two.json", r#"{"call": "two"}"#);
    trace(&package, &[&HANDLER[..], &["--event", &one]].concat()).ok();
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--level", "max"]);
    command.args(["--trace", &package.home("trace.json"), "--event", &one, "--event", &two]);
    let run = finished(command.args(HANDLER)).ok();
    assert!(run.says(&["restored: alpha/second.py"]), "{}", run.out);
    assert!(run.says(&["proven"]), "{}", run.out);
}

#[test]
fn a_command_is_traced_too_and_writes_nothing() {
    let package = app();
    let before = digest(&package.root);
    let code = "import alpha, pathlib, sys\nassert alpha.two() == 2\n\
                try:\n    (pathlib.Path(alpha.__file__).parent / 'new').write_text('')\n\
                except OSError:\n    pass";
    let run = trace(&package, &["--", "python3", "-c", code]).ok();
    assert!(run.says(&["holds 1 run:"]), "{}", run.out);
    assert!(opened(&package).contains(&"alpha/deep.py".to_owned()));
    assert!(digest(&package.root) == before);
    // What fails has not come to its end.
    fs::remove_file(package.home("trace.json")).unwrap();
    let run = trace(&package, &["--", "python3", "-c", "import alpha; alpha.none()"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("AttributeError"), "{}", run.err);
    assert!(!Path::new(&package.home("trace.json")).exists());
}

#[test]
fn other_versions_are_not_judged() {
    let package = app();
    let one = event(&package, "one.json", r#"{"call": "one"}"#);
    trace(&package, &[&HANDLER[..], &["--event", &one]].concat()).ok();
    let file = PathBuf::from(package.home("trace.json"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#""alpha": "1.0 "#) && text.contains("python3.12 x86_64"), "{text}");
    fs::write(&file, text.replace(r#""alpha": "1.0 "#, r#""alpha": "0.9 "#)).unwrap();
    let traced = [&HANDLER[..], &["--level", "max", "--trace", file.to_str().unwrap()]].concat();
    let built = build(&[package.path()], &traced);
    assert!(built.ships("alpha/second.py") && built.ships("alpha/never.py"));
    assert!(built.warnings().contains("the trace saw other files of alpha"));
    let run = trace(&package, &[&HANDLER[..], &["--event", &one]].concat());
    assert_eq!(run.code, 2, "it is not added to: {}", run.out);
    fs::write(&file, text.replace("python3.12 x86_64", "python3.12 arm64")).unwrap();
    let run = slim(&[&["build", package.path(), "--no-verify", "--dry-run"], &traced[..]].concat());
    assert!(run.code == 2 && run.err.contains("it was made for python3.12 arm64"), "{}", run.err);
}

#[test]
fn wrong_use_is_told() {
    let package = app();
    let one = event(&package, "one.json", r#"{"call": "one"}"#);
    let wrong = event(&package, "wrong.json", "{}");
    let home = Path::new(&package.home("")).to_owned();
    let mut told = String::new();
    let mut tell = |run: Run| {
        told.push_str(&run.failure(home.to_str().unwrap().trim_end_matches('/').as_ref()))
    };
    tell(trace(&package, &["--event", &one]));
    tell(trace(&package, &["--handler", "app.handler", "--", "true"]));
    tell(trace(&package, &["--handler", "app.handlr"]));
    tell(trace(&package, &["--", "false"]));
    tell(trace(&package, &["--", "/no/such/program"]));
    let inside = package.root.join("slim-trace.json");
    let mut inner = command();
    inner.args(["trace", package.path(), "--handler", "app.handler", "--output"]).arg(&inside);
    tell(finished(&mut inner));
    assert!(!inside.exists());
    let out = package.home("out");
    let level = |args: &[&str]| {
        slim(
            &[&["build", package.path(), "--out-dir", &out, "--handler", "app.handler"], args]
                .concat(),
        )
    };
    tell(level(&["--trace", &wrong]));
    tell(level(&["--level", "max", "--trace", &wrong]));
    tell(level(&["--level", "max", "--trace", &package.home("none.json")]));
    let mut bare = command();
    bare.env("PATH", "/nowhere").args(["trace", package.path(), "--handler", "app.handler"]);
    tell(finished(&mut bare));
    insta::assert_snapshot!(told);
}
