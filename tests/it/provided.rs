//! `--exclude-runtime`: what Lambda's runtime has is left to it.

use std::fs;
use std::path::Path;

use crate::package::{Dist, Package};
use crate::support::{Built, slim};

const EXCLUDE: [&str; 3] = ["--python", "3.12", "--exclude-runtime"];
const SDK: [&str; 4] =
    ["boto3/__init__.py", "botocore/__init__.py", "jmespath/__init__.py", "s3transfer/__init__.py"];
const COMPANIONS: [&str; 3] = ["dateutil/__init__.py", "six.py", "urllib3/__init__.py"];

/// boto3 with all that it brings along, at a version of botocore.
fn sdk(version: &str) -> Vec<Dist> {
    vec![
        Dist::new("boto3", "1.38.36")
            .file("boto3/__init__.py", "import botocore\n")
            .requires("botocore>=1.38"),
        Dist::new("botocore", version)
            .file("botocore/__init__.py", "import dateutil, jmespath, urllib3\n")
            .requires("jmespath<2.0.0,>=0.7.1")
            .requires("python-dateutil<3.0.0,>=2.1")
            .requires("urllib3!=2.2.0,<3,>=1.25.4; python_version >= \"3.10\""),
        Dist::new("s3transfer", "0.13.0").file("s3transfer/__init__.py", "").requires("botocore"),
        Dist::new("jmespath", "1.0.1").file("jmespath/__init__.py", ""),
        Dist::new("python-dateutil", "2.9.0")
            .file("dateutil/__init__.py", "import six\n")
            .requires("six>=1.5"),
        Dist::new("six", "1.17.0").file("six.py", ""),
        Dist::new("urllib3", "2.5.0").file("urllib3/__init__.py", ""),
    ]
}

fn app(source: &str, version: &str, more: &[Dist]) -> Package {
    let app = Package::new("app").with("app.py", source);
    sdk(version).iter().chain(more).fold(app, |app, dist| app.install(dist))
}

const PLAIN: &str = "import boto3\n\ndef handler(event, context):\n    return boto3.__name__\n";

fn ships(built: &Built, paths: &[&str]) -> Vec<bool> {
    paths.iter().map(|path| built.ships(path)).collect()
}

#[test]
fn the_sdk_and_what_nobody_else_needs_go_at_every_level() {
    let package = app(PLAIN, "1.38.36", &[]);
    let plain = package.build(&["--python", "3.12"]);
    assert_eq!(ships(&plain, &SDK), [true; 4]);
    for level in ["safe", "standard", "max"] {
        let level = ["--level", level, "--handler", "app.handler"];
        let built = package.build(&[&EXCLUDE[..], &level].concat());
        assert_eq!(ships(&built, &SDK), [false; 4], "{level:?}");
        assert_eq!(ships(&built, &COMPANIONS), [false; 3], "{level:?}");
        assert!(!built.ships("boto3-1.38.36.dist-info/METADATA"));
        assert!(built.ships("app.py"));
        let warnings = built.warnings();
        assert_eq!(warnings.matches("AWS updates them at any time").count(), 1, "{warnings}");
        assert!(warnings.contains("botocore 1.38.36"), "{warnings}");
        let rules = &built.report()["rules"];
        assert!(rules.as_array().unwrap().iter().any(|rule| rule["id"] == "runtime-provided"));
    }
    let told = slim(&[&["explain", package.path(), "botocore"], &EXCLUDE[..]].concat()).ok();
    assert!(told.says(&["botocore/__init__.py", "dropped [runtime-provided]"]), "{}", told.out);
    assert!(told.says(&["AWS updates them at any time"]), "{}", told.out);
}

#[test]
fn what_somebody_else_needs_stays_and_says_for_whom() {
    let requests =
        Dist::new("requests", "2.32").file("requests/__init__.py", "").requires("urllib3<3");
    let source = format!("import six\n{PLAIN}");
    let package = app(&source, "1.38.36", &[requests]);
    let built = package.build(&EXCLUDE);
    assert_eq!(ships(&built, &SDK), [false; 4]);
    assert_eq!(ships(&built, &COMPANIONS), [false, true, true]);
    assert!(
        built.warnings().contains("its SDK will use six 1.17.0 and urllib3 2.5.0 of the package")
    );
    let why = |path: &str| slim(&[&["explain", package.path(), path], &EXCLUDE[..]].concat()).ok();
    assert!(why("urllib3/__init__.py").says(&["requests requires it"]));
    assert!(why("six.py").says(&["app.py:1 leads to it"]));
}

#[test]
fn what_is_needed_by_what_stays_stays_too() {
    // dateutil is the user's, so that six is needed.
    let package = app(&format!("import dateutil\n{PLAIN}"), "1.38.36", &[]);
    let built = package.build(&EXCLUDE);
    assert_eq!(ships(&built, &SDK), [false; 4]);
    assert_eq!(ships(&built, &COMPANIONS), [true, true, false]);
}

#[test]
fn an_extra_needs_nothing() {
    let other =
        Dist::new("other", "1").file("other/__init__.py", "").requires("six; extra == \"old\"");
    let built = app(PLAIN, "1.38.36", &[other]).build(&EXCLUDE);
    assert_eq!(ships(&built, &COMPANIONS), [false; 3]);
}

/// That nothing of the SDK went, nor what it needs, and what the warning says.
fn all_stay(package: &Package, args: &[&str]) -> String {
    let built = package.build(args);
    assert_eq!(ships(&built, &SDK), [true; 4]);
    assert_eq!(ships(&built, &COMPANIONS), [true; 3]);
    let warnings = built.warnings();
    assert!(warnings.contains("--exclude-runtime leaves"), "{warnings}");
    warnings
}

#[test]
fn a_newer_sdk_stays_whole() {
    let package = app(PLAIN, "1.38.37", &[]);
    let warnings = all_stay(&package, &EXCLUDE);
    let why = "botocore 1.38.37 is newer than 1.38.36, which the runtime of Python 3.12 had on 2025-08-22";
    assert!(warnings.contains(why), "{warnings}");
    let told = slim(&[&["explain", package.path(), "s3transfer"], &EXCLUDE[..]].concat()).ok();
    assert!(told.says(&[why]), "{}", told.out);
}

#[test]
fn what_forbids_one_forbids_all() {
    let aio = |versions: &str| {
        Dist::new("aiobotocore", "2").file("aiobotocore/__init__.py", "").requires(versions)
    };
    let package = app(PLAIN, "1.38.36", &[aio("botocore<1.38.36,>=1.38.31")]);
    assert!(
        all_stay(&package, &EXCLUDE).contains("aiobotocore requires botocore <1.38.36,>=1.38.31")
    );
    let package = app(PLAIN, "1.38.36", &[aio("botocore<1.38.37,>=1.38.31")]);
    assert_eq!(ships(&package.build(&EXCLUDE), &SDK), [false; 4]);

    let package = app(PLAIN, "1.38.36", &[]);
    let kept = [&EXCLUDE[..], &["--keep", "s3transfer"]].concat();
    assert!(all_stay(&package, &kept).contains("--keep s3transfer says so"));
    let old = ["--python", "3.9", "--exclude-runtime"];
    assert!(
        all_stay(&package, &old).contains("not known which versions the runtime of Python 3.9 has")
    );

    let package = app(PLAIN, "1.38.36", &[]).with("jmespath/mine.py", "");
    assert!(
        all_stay(&package, &EXCLUDE).contains("jmespath/mine.py lies in its package and is yours")
    );
    let package = app(PLAIN, "1.38.36", &[]);
    fs::write(Path::new(package.path()).join("boto3/__init__.py"), "import botocore  # mine\n")
        .unwrap();
    assert!(all_stay(&package, &EXCLUDE).contains("boto3/__init__.py is not what its RECORD says"));
}

#[test]
fn the_rule_can_be_off() {
    let package = app(PLAIN, "1.38.36", &[]);
    let config = package.home("slim.toml");
    fs::write(&config, "[rules]\noff = [\"runtime-provided\"]\n").unwrap();
    let off = package.build(&[&EXCLUDE[..], &["--config", &config]].concat());
    assert_eq!(off.hashes(), package.build(&["--python", "3.12"]).hashes());
}

#[test]
fn a_proof_needs_what_is_left_to_the_runtime() {
    let package = app(PLAIN, "1.38.36", &[]);
    let event = package.home("event.json");
    fs::write(&event, "{}").unwrap();
    let out = package.home("out");
    let build = [&["build", package.path(), "--out-dir", &out], &EXCLUDE[..]].concat();
    let proven = [&build[..], &["--handler", "app.handler", "--event", &event]].concat();
    let failure = slim(&proven).failure(package.home.path());
    assert!(failure.starts_with("exit 2"), "{failure}");
    assert!(failure.contains("boto3 1.38.36 is left to Lambda's runtime"), "{failure}");
    assert!(failure.contains("--runtime-packages"), "{failure}");
    // A folder that has it: the package's own.
    let proven = [&proven[..], &["--runtime-packages", package.path()]].concat();
    slim(&proven).ok();
    // One that has not: the result is refused.
    let empty = package.home("empty");
    fs::create_dir_all(&empty).unwrap();
    let last = proven.len() - 1;
    let refused = slim(&[&proven[..last], &[&empty]].concat());
    assert!(refused.code == 1 && refused.says(&["boto3"]), "{}", refused.out);
}
