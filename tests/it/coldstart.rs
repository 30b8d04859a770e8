//! What cold starts cost, and what a moved import saves.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Run, command, digest, finished};

/// A distribution whose import takes a while.
fn slow(name: &str, code: &str) -> Dist {
    let code = format!("import time\ntime.sleep(0.25)\n{code}");
    Dist::new(name, "1.0").file(&format!("{name}/__init__.py"), code)
}

fn event(package: &Package, json: &str) -> String {
    let path = package.home("event.json");
    fs::write(&path, json).unwrap();
    path
}

fn coldstart(package: &Package, args: &[&str]) -> Run {
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["coldstart", package.path(), "--runs", "1"]);
    finished(command.args(args))
}

fn measured(package: &Package, args: &[&str]) -> Value {
    let all = [&["--handler", "app.handler", "--format", "json"], args].concat();
    coldstart(package, &all).ok().json()
}

/// The row of an import.
fn import<'v>(found: &'v Value, at: &str) -> &'v Value {
    let mut rows = found["imports"].as_array().unwrap().iter();
    rows.find(|row| row["at"] == at).unwrap_or_else(|| panic!("{at} in {found}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

const APP: &str = "\
import alpha
import beta

SIZE = beta.x

def report(n):
    return alpha.x + n

def handler(event, context):
    if event.get('report'):
        return report(1)
    return SIZE
";

fn app() -> Package {
    let beta = Dist::new("beta", "1.0").file("beta/__init__.py", "x = 7\n");
    Package::new("app").with("app.py", APP).install(&slow("alpha", "x = 1\n")).install(&beta)
}

#[test]
fn an_import_that_one_function_uses_is_moved_there_and_measured() {
    let package = app();
    let before = digest(&package.root);
    let event = event(&package, r#"{"report": true}"#);
    let found = measured(&package, &["--event", &event]);
    assert!(digest(&package.root) == before, "the package is not written");
    let variants = found["variants"].as_array().unwrap();
    let names: Vec<&str> = variants.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["as-it-was", "slimmed", "slimmed-with-bytecode"]);
    for variant in variants {
        assert!(number(&variant["init"]["median"]) > 0.25, "{variant}");
        let phases = variant["phases"].as_object().unwrap();
        let sum: f64 = phases.values().map(number).sum();
        let init = number(&variant["init"]["median"]);
        assert!((sum - init).abs() < 0.1 * init, "{sum} of {init}: {variant}");
        assert!(number(&phases["executing"]) > 0.25);
        let root = &variant["tree"][0];
        assert_eq!(root["module"], "app");
        let alpha = root["imports"].as_array().unwrap().iter().find(|n| n["module"] == "alpha");
        assert!(number(&alpha.unwrap()["seconds"]) > 0.25, "{variant}");
        assert!(number(&variant["zip_bytes"]) > 0.0);
    }
    assert!(number(&variants[1]["phases"]["compiling"]) > 0.0);
    assert_eq!(number(&variants[2]["phases"]["compiling"]), 0.0, "there is bytecode for all");

    let alpha = import(&found, "app.py:1");
    assert_eq!(alpha["statement"], "import alpha");
    assert!(number(&alpha["seconds"]) > 0.25);
    assert_eq!(alpha["used_in"][0]["function"], "report");
    assert_eq!(alpha["used_in"][0]["handler"], false);
    for change in [&alpha["moved"]["plain"], &alpha["moved"]["with_bytecode"]] {
        assert_eq!(change["clear"], true, "{alpha}");
        assert!(number(&change["saves"]) > 0.2, "{alpha}");
        let [was, is] = [0, 1].map(|side| number(&change["first_call"][side]));
        assert!(is - was > 0.2, "the call pays it: {alpha}");
    }
    let beta = import(&found, "app.py:2");
    assert_eq!(beta["stays"], "line 4 needs it when the module is imported");
    assert_eq!(beta["moved"], Value::Null);
    let home = package.home("").trim_end_matches('/').to_owned();
    assert!(!found.to_string().contains(&home), "no path of this machine");
}

#[test]
fn init_is_told_in_money() {
    let app = app();
    let found = measured(&app, &["--memory", "512"]);
    assert_eq!(found["init_cost"]["list_price_as_of"], "2025-08");
    let variants = found["variants"].as_array().unwrap();
    for (variant, cost) in variants.iter().zip(found["init_cost"]["of"].as_array().unwrap()) {
        assert_eq!(variant["name"], cost["name"]);
        let seconds = number(&variant["init"]["median"]);
        let per_million = number(&cost["seconds_per_million"]);
        let over = per_million - seconds * 1e6;
        assert!((0.0..=1_000.1).contains(&over), "whole milliseconds: {seconds} {cost}");
        let usd = per_million * 0.5 * 0.0000166667;
        assert!((number(&cost["usd_per_million"]) - usd).abs() < 1e-5, "{usd} {cost}");
    }
    let run = coldstart(&app, &["--handler", "app.handler", "--price", "0.00002"]).ok();
    for words in [
        &["INIT as it is billed, for a million cold starts:"][..],
        &["seconds", "000 s"],
        &["price", " USD"],
        &["against as it was"],
        &["1,024 MB at 0.00002 USD per GB-second (given by --price)"],
        &["assumed: every cold start takes as long as the median measured here, on this machine"],
    ] {
        assert!(run.says(words), "{words:?} in {}", run.out);
    }
}

#[test]
fn people_are_told_in_words() {
    let run = coldstart(&app(), &["--handler", "app.handler"]).ok();
    for words in [
        &["cold starts of app.handler", "medians of 1 run"][..],
        &["as it was", "standard", "standard, bytecode"],
        &["INIT", " s"],
        &["compiling", "ms"],
        &["download", "ms"],
        &["alpha", " s"],
        &["app.py:1", "`import alpha`"],
        &["used only in `report()`: move it there, which saves 0.", "of INIT, with bytecode 0."],
        &["stays: line 4 needs it when the module is imported"],
        &["no --event was given"],
    ] {
        assert!(run.says(words), "{words:?} in {}", run.out);
    }
}

#[test]
fn what_a_move_breaks_is_told_and_not_advised() {
    let registry = Dist::new("registry", "1.0").file("registry/__init__.py", "names = []\n");
    let code = "\
import alpha
import registry

def report():
    return alpha.x

def handler(event, context):
    return registry.names
";
    let alpha = slow("alpha", "import registry\nregistry.names.append('alpha')\nx = 1\n");
    let package = Package::new("app").with("app.py", code).install(&alpha).install(&registry);
    let event = event(&package, "{}");
    let found = measured(&package, &["--event", &event]);
    let moved = &import(&found, "app.py:1")["moved"];
    let breaks = moved["breaks"].as_str().unwrap_or_else(|| panic!("{moved}"));
    assert!(breaks.contains("event event.json app.handler"), "{breaks}");
    assert_eq!(moved["plain"], Value::Null);
    let run = coldstart(&package, &["--handler", "app.handler", "--event", &event]).ok();
    assert!(run.says(&["used only in `report()`: moving it there breaks: event"]), "{}", run.out);
}

#[test]
fn a_call_that_does_not_end_well_is_told() {
    let code = "\
from __future__ import annotations
import os

def handler(event, context):
    if event.get('ends'):
        os._exit(7)
    return event['missing']
";
    let package = Package::new("app").with("app.py", code);
    let one = event(&package, "{}");
    let two = package.home("ends.json");
    fs::write(&two, r#"{"ends": true}"#).unwrap();
    let found = measured(&package, &["--event", &one, "--event", &two]);
    let raised = found["raised"].as_array().unwrap();
    assert_eq!(raised.len(), 2, "{raised:?}");
    assert_eq!(raised[0]["event"], "event.json");
    assert_eq!(raised[0]["error"], "KeyError: 'missing'");
    let all = ["as-it-was", "slimmed", "slimmed-with-bytecode"];
    assert_eq!(raised[0]["variants"], serde_json::json!(all));
    assert_eq!(
        (&raised[1]["event"], &raised[1]["error"]),
        (&"ends.json".into(), &"it ended with code 7".into())
    );
    let rows = found["imports"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["at"] != "app.py:1"), "its place is fixed: {rows:?}");
    let run = coldstart(&package, &["--handler", "app.handler", "--event", &one]).ok();
    let told = "event event.json: the handler does not end well: KeyError: 'missing'";
    assert!(run.says(&[told]), "{}", run.out);
    let well = measured(&app(), &["--event", &one]);
    assert_eq!(well["raised"], serde_json::json!([]));
}

#[test]
fn what_two_imports_share_is_saved_by_moving_both() {
    let code = "\
import gamma, delta
from helper import ready

def one():
    return gamma.x

def two():
    return delta.x, ready()

def handler(event, context):
    return one()
";
    let core = slow("core", "x = 1\n");
    let of = |name: &str| {
        Dist::new(name, "1.0").file(&format!("{name}/__init__.py"), "from core import x\n")
    };
    let package = Package::new("app")
        .with("app.py", code)
        .with("helper.py", "def ready():\n    return True\n")
        .install(&core)
        .install(&of("gamma"))
        .install(&of("delta"));
    let found = measured(&package, &[]);
    let gamma = &import(&found, "app.py:1")["moved"];
    assert_eq!(import(&found, "app.py:1")["statement"], "import gamma");
    // What is shared sleeps for 0.25 s; less is noise.
    assert!(number(&gamma["plain"]["saves"]) < 0.15, "delta brings the same: {gamma}");
    // The second costs nothing by itself, for the first has brought it all.
    let rows = found["imports"].as_array().unwrap();
    let delta = rows.iter().find(|row| row["statement"] == "import delta").unwrap();
    assert!(number(&delta["seconds"]) < 0.2, "{delta}");
    let together = &found["together"];
    assert_eq!(together["moved"]["plain"]["clear"], true, "{together}");
    assert!(number(&together["moved"]["plain"]["saves"]) > 0.2, "{together}");
}

#[test]
fn max_is_proven_first() {
    let found = measured(&app(), &["--level", "max"]);
    assert_eq!(found["level"], "max");
    assert_eq!(import(&found, "app.py:1")["moved"]["plain"]["clear"], true);
}

#[test]
fn wrong_use_is_told() {
    let package = app();
    let home = Path::new(&package.home("")).to_owned();
    let mut told = String::new();
    let mut tell = |run: Run| {
        told.push_str(&run.failure(home.to_str().unwrap().trim_end_matches('/').as_ref()))
    };
    tell(coldstart(&package, &[]));
    tell(coldstart(&package, &["--handler", "app.handlr"]));
    tell(coldstart(&package, &["--handler", "app.handler", "--arch", "arm64"]));
    tell(coldstart(&package, &["--handler", "app.handler", "--event", &package.home("none.json")]));
    let broken = Package::new("app")
        .with("app.py", "import nothing_of_this_name\ndef handler(e, c): pass\n");
    tell(coldstart(&broken, &["--handler", "app.handler"]));
    let code = "import os, sys\nsys.stderr.write('no database\\n')\nos._exit(4)\ndef handler(e, c): pass\n";
    let ends = Package::new("app").with("app.py", code);
    tell(coldstart(&ends, &["--handler", "app.handler"]));
    insta::assert_snapshot!(told);
}

#[test]
fn an_interrupt_ends_it_with_the_code_that_shells_expect() {
    let sleeps = "import time\ntime.sleep(30)\n\ndef handler(event, context):\n    return 1\n";
    let package = Package::new("app").with("app.py", sleeps).install(&slow("alpha", ""));
    let mut command = command();
    command.args(["coldstart", package.path(), "--runs", "1", "--handler", "app.handler"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut running = command
        .env("SLIM_CACHE_DIR", package.home("cache"))
        .env_remove("SLIM_NO_CACHE")
        .spawn()
        .unwrap();
    // Until the handler sleeps.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let mut kill = std::process::Command::new("kill");
    kill.args(["-INT", &running.id().to_string()]);
    assert!(kill.status().unwrap().success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let mut told = String::new();
    std::io::Read::read_to_string(&mut running.stderr.take().unwrap(), &mut told).unwrap();
    assert_eq!(told, "");
}
