//! The layouts of a package, as folder and as zip, and where each part ships.

use std::fs;
use std::process::Command;

use crate::package::{Dist, Package, write};
use crate::support::{Built, build, compiled, digest, python312, slim};

fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "import beta\n")
        .file("alpha/tests/test_a.py", "import alpha\n")
        .file("../../bin/alpha", "#!/build/venv/bin/python3.12\nimport alpha\n")
}

/// A script whose interpreter's path is too long, as pip writes it.
fn beta() -> Dist {
    let script =
        "#!/bin/sh\n'''exec' \"/very long/bin/python3\" \"$0\" \"$@\"\n' '''\nimport beta\n";
    Dist::new("beta", "2").file("beta.py", "x = 1\n").file("../../bin/beta", script)
}

/// The folder and the zip of it give the same outputs; the build of the folder.
#[track_caller]
fn same_from_zip(package: &Package, args: &[&str]) -> Built {
    let built = package.build(args);
    let zipped = build(&[package.zipped().to_str().unwrap()], args);
    assert_eq!(built.hashes(), zipped.hashes());
    let without_timings = |built: &Built| {
        let mut report = built.report();
        report["timings"].take();
        report
    };
    assert_eq!(without_timings(&built), without_timings(&zipped));
    built
}

#[test]
fn flat() {
    let package = Package::new("app")
        .with("app.py", "import alpha\n")
        .with("data/rates.csv", "a,1\n")
        .install(&alpha())
        .install(&beta());
    let built = same_from_zip(&package, &[]);
    assert_eq!(built.names("function.zip"), ["app.py", "data/rates.csv"]);
    let layer = [
        "python/alpha-1.0.dist-info/METADATA",
        "python/alpha-1.0.dist-info/top_level.txt",
        "python/alpha/__init__.py",
        "python/beta-2.dist-info/METADATA",
        "python/beta-2.dist-info/top_level.txt",
        "python/beta.py",
        "python/bin/alpha",
        "python/bin/beta",
    ];
    assert_eq!(built.names("layer.zip"), layer);
    let layer = built.zip("layer.zip");
    let portable = "#!/usr/bin/env python3\nimport";
    for name in ["alpha", "beta"] {
        let script = &layer[&format!("python/bin/{name}")];
        assert_eq!(script.bytes, format!("{portable} {name}\n").into_bytes());
        assert_eq!(script.mode & 0o777, 0o755);
    }
    assert_eq!(layer["python/beta.py"].mode & 0o777, 0o644);
}

#[test]
fn a_layer_tree_keeps_its_paths_and_its_siblings_theirs() {
    let versioned = "python/lib/python3.12/site-packages";
    for prefix in ["python", versioned] {
        let package = Package::layer("tree", prefix)
            .install(&alpha())
            .install(&beta())
            .with("own.py", "import alpha\n")
            .beside("bin/bootstrap.sh", "#!/bin/sh\nexec \"$@\"\n")
            .beside("lib/libown.so", compiled("gcc", "int f;", &["-shared", "-fPIC"]))
            .beside("extensions/agent", "#!/bin/sh\n")
            .beside("otel-instrument", "#!/bin/sh\n");
        let built = same_from_zip(&package, &[]);
        assert!(!built.out.path().join("function.zip").exists());
        assert!(built.run.says(&["tree with layer.zip", "no code of its own"]));
        let layer = built.zip("layer.zip");
        for path in ["bin/bootstrap.sh", "lib/libown.so", "extensions/agent", "otel-instrument"] {
            assert!(layer.contains_key(path), "{path} in {:?}", layer.keys());
        }
        for path in ["alpha/__init__.py", "alpha-1.0.dist-info/METADATA", "beta.py", "own.py"] {
            assert!(layer.contains_key(&format!("{prefix}/{path}")), "{path}");
        }
        assert!(!layer.contains_key(&format!("{prefix}/alpha/tests/test_a.py")));
        assert_eq!(layer["otel-instrument"].mode & 0o777, 0o755);
        let script = &layer[&format!("{prefix}/bin/alpha")];
        assert!(script.bytes.starts_with(b"#!/usr/bin/env python3\n"), "{prefix}");
    }
}

#[test]
fn a_venv_like_tree_has_its_scripts_beside_the_import_root() {
    let package = Package::layer("venv", "python/lib/python3.11/site-packages");
    let script = "#!/build/bin/python\nimport gamma\n";
    let gamma = Dist::new("gamma", "1").file("gamma.py", "").file("../../../bin/gamma", script);
    let package = package.install(&gamma).beside("python/bin/gamma", script);
    fs::remove_dir_all(package.import_root.join("bin")).unwrap();
    let built = same_from_zip(&package, &[]);
    assert!(!built.warnings().contains("not in the package"), "{}", built.warnings());
    let layer = built.zip("layer.zip");
    assert!(layer["python/bin/gamma"].bytes.starts_with(b"#!/usr/bin/env python3\n"));
    assert_eq!(built.report()["target"]["python"], "3.11", "the folder's name tells");
}

#[test]
fn dist_info_beside_python_makes_it_flat() {
    let package = Package::new("app").install(&alpha()).with("python/beta.py", "x = 1\n");
    let built = package.build(&[]);
    assert_eq!(built.names("function.zip"), ["python/beta.py"]);
}

#[test]
fn a_layer_tree_without_a_layer() {
    let package = Package::layer("tree", "python")
        .install(&alpha())
        .with("own.py", "")
        .beside("extensions/agent", "#!/bin/sh\n");
    let built = same_from_zip(&package, &["--layer", "none"]);
    assert_eq!(built.names("layer.zip"), ["extensions/agent"]);
    let function = built.zip("function.zip");
    assert!(function.contains_key("own.py") && function.contains_key("alpha/__init__.py"));
}

#[test]
fn no_dist_info_at_all() {
    let object = compiled("gcc", "int f;", &["-shared", "-fPIC"]);
    let package = Package::new("bare")
        .with("app.py", "")
        .with("numpy/tests/test_a.py", "")
        .with("numpy/_a.so", &object);
    let built = same_from_zip(&package, &[]);
    assert_eq!(built.names("function.zip"), ["app.py", "numpy/_a.so", "numpy/tests/test_a.py"]);
    assert!(!built.out.path().join("layer.zip").exists());
    let shipped = built.bytes("numpy/_a.so").unwrap();
    assert!(shipped.len() < object.len(), "shared objects are slimmed all the same");
    let warning = "bare holds no dist-info: all its 0.0 MB count as your code";
    assert!(built.warnings().contains(warning), "{}", built.warnings());
    assert_eq!(built.warnings().lines().count(), 1);
}

#[test]
fn an_empty_package() {
    let package = Package::new("empty");
    let built = package.build(&[]);
    assert_eq!(built.hashes().len(), 0, "no zip is written");
    assert!(built.run.says(&["empty", "no function zip is written"]), "{}", built.run.out);
    assert_eq!(built.report()["zips"].as_array().unwrap().len(), 0);
    assert!(slim(&["inspect", package.path()]).ok().says(&["empty", "0 files"]));
}

#[test]
fn one_zip_only() {
    let only_code = Package::new("code").with("app.py", "").build(&[]);
    assert_eq!(only_code.hashes().into_keys().collect::<Vec<_>>(), ["function.zip"]);
    let package = Package::new("deps").install(&alpha());
    let built = package.build(&[]);
    assert!(!built.out.path().join("function.zip").exists());
    assert!(built.run.says(&["deps with layer.zip", "no function zip is written"]));
    assert_eq!(built.report()["functions"][0]["file"], serde_json::Value::Null);
    let together = package.build(&["--layer", "none"]);
    assert!(!together.out.path().join("layer.zip").exists());
    assert!(together.names("function.zip").contains(&"alpha/__init__.py".to_owned()));
}

#[test]
fn data_of_the_scheme_goes_where_lambda_looks_for_it() {
    let delta = Dist::new("delta", "1")
        .file("delta/__init__.py", "")
        .file("../../lib/libdelta.so.1", compiled("gcc", "int f;", &["-shared", "-fPIC"]))
        .file("../../share/delta/defaults.ini", "[a]\n");
    let package = Package::new("app").with("lib/own.txt", "mine").install(&delta);
    let built = same_from_zip(&package, &[]);
    let layer = built.names("layer.zip");
    assert!(layer.contains(&"lib/libdelta.so.1".to_owned()), "{layer:?}");
    assert!(layer.contains(&"python/share/delta/defaults.ini".to_owned()), "{layer:?}");
    assert_eq!(built.names("function.zip"), ["lib/own.txt"]);
    let alone = package.build(&["--layer", "none"]).names("function.zip");
    assert!(alone.contains(&"lib/libdelta.so.1".to_owned()), "/var/task/lib is on the path too");
}

#[test]
fn a_module_called_lib_is_no_data_of_the_scheme() {
    let lib = Dist::new("lib", "1").file("lib/__init__.py", "").file("lib/a.py", "");
    let layer = Package::new("app").install(&lib).build(&[]).names("layer.zip");
    assert!(layer.contains(&"python/lib/a.py".to_owned()), "{layer:?}");
}

#[test]
fn a_zip_without_modes_gets_them_from_content() {
    let package = Package::new("app").with("app.py", "").install(&alpha());
    let program = compiled("gcc", "int main(void) { return 0; }", &[]);
    write(&package.root.join("tool"), &program);
    let zip = package.home("app.zip");
    let script = "import os, sys, zipfile\nz = zipfile.ZipFile(sys.argv[2], 'w')\n\
        for folder, _, names in os.walk(sys.argv[1]):\n\
        \x20for name in names:\n\
        \x20 path = os.path.join(folder, name)\n\
        \x20 info = zipfile.ZipInfo(os.path.relpath(path, sys.argv[1]))\n\
        \x20 info.create_system = 0\n\
        \x20 z.writestr(info, open(path, 'rb').read())\nz.close()\n";
    let mut made = Command::new(python312());
    let made = made.args(["-I", "-c", script, package.path(), &zip]).status().unwrap();
    assert!(made.success());
    let built = build(&[&zip], &[]);
    let function = built.zip("function.zip");
    assert_eq!(function["tool"].mode & 0o777, 0o755, "a program");
    assert_eq!(function["app.py"].mode & 0o777, 0o644);
    assert_eq!(built.zip("layer.zip")["python/bin/alpha"].mode & 0o777, 0o755, "a script");
}

#[test]
fn looking_changes_nothing() {
    let package = Package::new("app").with("app.py", "import alpha\n").install(&alpha());
    let before = digest(&package.root);
    slim(&["inspect", package.path()]).ok();
    slim(&["explain", package.path(), "alpha"]).ok();
    package.build(&[]);
    assert_eq!(digest(&package.root), before);
}
