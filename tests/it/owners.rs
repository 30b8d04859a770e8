//! Whose each file is, however odd the metadata.

use std::fs;

use crate::package::{Dist, Package};
use crate::support::{Built, compiled, slim};

fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "x = 1\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/test_a.py", "import alpha\n")
}

fn app() -> Package {
    Package::new("app").with("app.py", "import alpha\n")
}

#[track_caller]
fn warns(built: &Built, words: &[&str]) {
    let warnings = built.warnings();
    let told = warnings.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(told, "{words:?} in:\n{warnings}");
}

#[test]
fn without_record_top_level_txt_claims() {
    let built = app().install(&alpha().info("RECORD", "none").info("top_level.txt", "alpha\n"));
    let built = built.build(&[]);
    assert_eq!(built.names("function.zip"), ["app.py"]);
    assert!(!built.ships("alpha/tests/test_a.py"), "it is the distribution's, and nobody names it");
    assert_eq!(built.warnings(), "");
    let layer = built.names("layer.zip");
    assert!(layer.contains(&"python/alpha-1.0.dist-info/METADATA".to_owned()), "{layer:?}");
}

#[test]
fn without_record_and_top_level_txt_files_count_as_the_users() {
    let built = app().install(&alpha().info("RECORD", "none")).build(&[]);
    assert!(built.names("function.zip").contains(&"alpha/tests/test_a.py".to_owned()));
    warns(&built, &["alpha has neither RECORD nor top_level.txt"]);
}

#[test]
fn an_empty_or_broken_record_is_survived() {
    for record in ["\n", ",,\n", "\0\u{1}garbage\n\"open,,", "alpha/__init__.py,md5=zz,-1,9,9\n"] {
        let built = app().install(&alpha().info("RECORD", record)).build(&[]);
        assert!(built.ships("alpha/__init__.py") && built.ships("alpha/tests/test_a.py"));
    }
}

#[test]
fn two_dist_infos_of_one_distribution() {
    let old = Dist::new("Alpha", "0.9").file("alpha/__init__.py", "x = 1\n");
    let built = app().install(&old).install(&alpha()).build(&[]);
    let twins = "Alpha-0.9.dist-info and alpha-1.0.dist-info describe one distribution";
    warns(&built, &[twins]);
    assert!(built.ships("alpha/__init__.py"));
    for info in ["Alpha-0.9.dist-info", "alpha-1.0.dist-info"] {
        assert!(built.ships(&format!("{info}/METADATA")), "{info}");
    }
}

#[test]
fn a_file_listed_twice_is_once() {
    let alpha = alpha().row("alpha/__init__.py,,").row("./alpha//tests/test_a.py,,");
    let built = app().install(&alpha).build(&[]);
    assert!(built.ships("alpha/__init__.py") && !built.ships("alpha/tests/test_a.py"));
    assert_eq!(built.warnings(), "");
}

#[test]
fn a_file_of_two_distributions() {
    let beta = Dist::new("beta", "2").file("alpha/__init__.py", "x = 1\n").file("beta.py", "");
    let package = app().install(&alpha()).install(&beta);
    let built = package.build(&[]);
    warns(&built, &["alpha/__init__.py is claimed by alpha and by beta: counted as alpha's"]);
    assert!(built.names("layer.zip").contains(&"python/alpha/__init__.py".to_owned()));
}

#[test]
fn egg_info_as_folder_and_as_file() {
    let egg = Dist::new("gamma", "0.1")
        .file("gamma/__init__.py", "")
        .file("gamma/tests/test_g.py", "")
        .egg()
        .info("top_level.txt", "gamma\n")
        .info("SOURCES.txt", "setup.py\n");
    let package = app()
        .install(&egg)
        .with("delta-1.egg-info", "Metadata-Version: 1.1\nName: delta\nVersion: 1\n")
        .with("delta.py", "");
    let built = package.build(&[]);
    let layer = built.names("layer.zip");
    for file in ["PKG-INFO", "top_level.txt", "SOURCES.txt"] {
        let path = format!("python/gamma-0.1.egg-info/{file}");
        assert!(layer.contains(&path), "{path}: egg-info stays as it is");
    }
    assert!(layer.contains(&"python/gamma/__init__.py".to_owned()));
    assert!(!built.ships("gamma/tests/test_g.py"));
    warns(&built, &["delta has neither RECORD nor top_level.txt"]);
    assert!(built.ships("delta-1.egg-info") && built.ships("delta.py"));
}

#[test]
fn installed_files_txt_claims_too() {
    let egg = Dist::new("gamma", "0.1")
        .file("gamma/__init__.py", "")
        .file("gamma/tests/test_g.py", "")
        .egg()
        .info("installed-files.txt", "../gamma/__init__.py\n../gamma/tests/test_g.py\nPKG-INFO\n");
    let built = app().install(&egg).build(&[]);
    assert_eq!(built.names("function.zip"), ["app.py"]);
    assert!(!built.ships("gamma/tests/test_g.py"));
}

#[test]
fn an_editable_install() {
    let url = r#"{"dir_info": {"editable": true}, "url": "file:///build/alpha"}"#;
    let built = app().install(&alpha().info("direct_url.json", url)).build(&[]);
    warns(&built, &["alpha is installed editable", "will not be on Lambda"]);
    assert!(!built.ships("alpha-1.0.dist-info/direct_url.json"));
    let url = r#"{"dir_info": {}, "url": "file:///build/alpha"}"#;
    let built = app().install(&alpha().info("direct_url.json", url)).build(&[]);
    assert_eq!(built.warnings(), "");
    let built = app().install(&alpha().info("direct_url.json", "no json")).build(&[]);
    assert_eq!(built.warnings(), "");
}

#[test]
fn scripts_and_programs_of_bin() {
    let program = compiled("gcc", "int main(void) { return 0; }", &[]);
    let alpha = alpha()
        .file("../../bin/alpha", "#!/build/bin/python3.12\nimport alpha\n")
        .file("../../bin/alphad", &program);
    let built = app().with("bin/mine.sh", "#!/bin/sh\n").install(&alpha).build(&[]);
    assert!(built.names("function.zip").contains(&"bin/mine.sh".to_owned()));
    let layer = built.zip("layer.zip");
    assert!(layer["python/bin/alphad"].bytes.len() < program.len());
    assert_eq!(layer["python/bin/alpha"].bytes, b"#!/usr/bin/env python3\nimport alpha\n");
}

#[test]
fn quoted_paths_of_record() {
    let alpha = alpha()
        .file("alpha/tests/a,b.txt", "1")
        .file("alpha/tests/say \"hi\".txt", "2")
        .file("alpha/a,b.txt", "3");
    let built = app().install(&alpha).build(&[]);
    assert!(built.ships("alpha/a,b.txt"));
    assert!(!built.ships("alpha/tests/a,b.txt") && !built.ships("alpha/tests/say \"hi\".txt"));
    assert_eq!(built.warnings(), "");
}

#[test]
fn record_names_what_is_not_there_or_outside() {
    let alpha = alpha()
        .row("alpha/gone.py,sha256=AAAA,1")
        .row("alpha/__pycache__/gone.cpython-312.pyc,,")
        .row("alpha/lost.txt,,")
        .row("../../app.py,,")
        .row("../evil/x.py,,")
        .row("/etc/passwd,,");
    let built = app().install(&alpha).build(&[]);
    warns(&built, &["alpha-1.0.dist-info/RECORD names 2 files that are not in the package"]);
    let told = "RECORD names ../../app.py (and 2 more), which is outside the package: ignored";
    warns(&built, &[told]);
    assert_eq!(built.names("function.zip"), ["app.py"], "app.py stays the user's");
}

#[test]
fn one_file_missing_is_one_file() {
    let built = app().install(&alpha().row("alpha/gone.py,,")).build(&[]);
    warns(&built, &["RECORD names 1 file that is not in the package"]);
}

#[test]
fn a_namespace_of_two_distributions_and_the_user() {
    let one = Dist::new("google-one", "1").file("google/one/__init__.py", "");
    let two = Dist::new("google-two", "2")
        .file("google/two/__init__.py", "")
        .file("google/two/tests/test_2.py", "");
    let package = app().with("google/mine/__init__.py", "").install(&one).install(&two);
    let built = package.build(&[]);
    let function = built.names("function.zip");
    assert_eq!(function, ["app.py", "google/mine/__init__.py"], "PEP 420 namespaces may be split");
    let layer = built.names("layer.zip");
    for path in ["python/google/one/__init__.py", "python/google/two/__init__.py"] {
        assert!(layer.contains(&path.to_owned()), "{path}");
    }
    assert!(!built.ships("google/two/tests/test_2.py"));
    assert!(!built.ships("google/__init__.py"), "a namespace gains no __init__.py");
}

#[test]
fn a_module_at_the_top() {
    let six = Dist::new("six", "1.16").file("six.py", "import sys\n");
    let package = app().install(&six);
    assert_eq!(package.build(&[]).names("function.zip"), ["app.py"]);
    let row = slim(&["explain", package.path(), "six.py"]).ok();
    assert!(row.says(&["from: six 1.16"]) && row.says(&["ships as: layer: python/six.py"]));
}

#[test]
fn a_libs_folder_travels_with_its_distribution() {
    let alpha = alpha()
        .file("alpha.libs/libz-1f2e.so.1", compiled("gcc", "int z;", &["-shared", "-fPIC"]))
        .file("alpha.data/notes.txt", "kept");
    let layer = app().install(&alpha).build(&[]).names("layer.zip");
    for path in ["python/alpha.libs/libz-1f2e.so.1", "python/alpha.data/notes.txt"] {
        assert!(layer.contains(&path.to_owned()), "{path}");
    }
}

#[test]
fn pth_files_stay_with_what_they_import() {
    let alpha =
        alpha().file("alpha-hook.pth", "import alpha.tests.hook\n").file("alpha/tests/hook.py", "");
    let built = app().with("own.pth", "vendor\n").install(&alpha).build(&[]);
    assert!(built.names("layer.zip").contains(&"python/alpha-hook.pth".to_owned()));
    assert!(built.names("function.zip").contains(&"own.pth".to_owned()));
    assert!(built.ships("alpha/tests/hook.py"));
}

#[test]
fn the_users_file_in_a_distributions_package_travels_with_it() {
    let package = app()
        .install(&alpha())
        .with("alpha/local_settings.py", "DEBUG = 0\n")
        .with("alpha/tests/mine.py", "from .util import x\n")
        .with("alpha/__pycache__/local_settings.cpython-312.pyc", "");
    let built = package.build(&[]);
    let layer = built.names("layer.zip");
    assert!(layer.contains(&"python/alpha/local_settings.py".to_owned()), "{layer:?}");
    assert!(built.ships("alpha/tests/mine.py"), "the user's own file is never dropped");
    let told = slim(&["explain", package.path(), "alpha/local_settings.py"]).ok();
    assert!(told.says(&["from: your code, inside a package of alpha 1.0"]), "{}", told.out);
}

#[test]
fn a_file_changed_after_the_install_is_the_users() {
    let with_metadata =
        alpha().file("../../bin/alpha", "#!/build/bin/python3\n").file("alpha/tests/test_b.py", "");
    let package = app().install(&with_metadata);
    let changed = "import alpha  # patched\n";
    fs::write(package.root.join("alpha/tests/test_a.py"), changed).unwrap();
    let script = "#!/build/bin/python3\n# patched\n";
    fs::write(package.root.join("bin/alpha"), script).unwrap();
    let metadata = "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n\nPatched.\n";
    fs::write(package.root.join("alpha-1.0.dist-info/METADATA"), metadata).unwrap();
    let built = package.build(&["--verbose"]);
    for (path, bytes) in [
        ("alpha/tests/test_a.py", changed),
        ("bin/alpha", script),
        ("alpha-1.0.dist-info/METADATA", metadata),
    ] {
        assert_eq!(built.bytes(path).as_deref(), Some(bytes.as_bytes()), "{path}");
        let report = built.report();
        let mut doubts = report["doubts"].as_array().unwrap().iter();
        let doubt = doubts.find(|doubt| doubt["what"] == path).unwrap();
        assert_eq!(doubt["why"], "its content is not what RECORD says: somebody changed it");
    }
    assert!(built.run.says(&["kept on doubt: 3 files"]), "{}", built.run.out);
    assert!(built.ships("alpha/tests/__init__.py"), "it makes the folder the package it was");
    assert!(!built.ships("alpha/tests/test_b.py"), "what was not changed still goes");
    let told = package.explain("alpha/tests/test_a.py", &[]);
    assert!(told.starts_with("kept [category-folder] its content is not"), "{told}");
}

#[test]
fn what_a_changed_file_names_stays() {
    let alpha = alpha().file("alpha/tests/util.py", "").file("alpha/tests/other.py", "");
    let package = app().install(&alpha);
    let test = package.root.join("alpha/tests/test_a.py");
    fs::write(test, "from .util import x\n").unwrap();
    let built = package.build(&[]);
    assert!(built.ships("alpha/tests/util.py"), "the changed file is kept and needs it");
}
