//! What ships in a function and what in the layer, and that Python runs from both.

use std::fs;
use std::process::Command;

use crate::package::{Dist, Package};
use crate::support::{Built, build, compiled, linked, tool};

fn alpha() -> Dist {
    Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n")
}

fn beta(version: &str) -> Dist {
    Dist::new("beta", version).file("beta.py", format!("VERSION = '{version}'\n"))
}

fn orders() -> Package {
    Package::new("orders").with("app.py", "import alpha\n").with("common.py", "c = 1\n")
}

fn bills() -> Package {
    Package::new("bills").with("app.py", "import alpha, beta\n").with("common.py", "c = 1\n")
}

fn together(packages: &[&Package], args: &[&str]) -> Built {
    let paths: Vec<&str> = packages.iter().map(|package| package.path()).collect();
    build(&paths, args)
}

/// The top-level names of a zip, metadata folders aside; none for a zip that is not there.
fn tops(built: &Built, zip: &str) -> Vec<String> {
    if !built.out.path().join(zip).exists() {
        return Vec::new();
    }
    let names = built.names(zip).into_iter();
    let plain = names.map(|name| name.trim_start_matches("python/").to_owned());
    let mut tops: Vec<String> = plain
        .filter(|name| !name.contains("-info/"))
        .map(|name| name.split('/').next().unwrap().to_owned())
        .collect();
    tops.sort();
    tops.dedup();
    tops
}

#[test]
fn one_package() {
    let package = orders().install(&alpha());
    let all = package.build(&["--layer", "all"]);
    assert_eq!(all.hashes(), package.build(&[]).hashes(), "all is what one package gets");
    assert_eq!(tops(&all, "function.zip"), ["app.py", "common.py"]);
    assert_eq!(tops(&all, "layer.zip"), ["alpha"]);
    let none = package.build(&["--layer", "none"]);
    assert_eq!(tops(&none, "function.zip"), ["alpha", "app.py", "common.py"]);
    assert!(none.names("function.zip").contains(&"alpha-1.0.dist-info/METADATA".to_owned()));
    let functions = &none.report()["functions"][0];
    assert_eq!(functions["layers"].as_array().unwrap().len(), 0);
    assert_eq!(package.build(&["--layer", "shared"]).hashes(), none.hashes());
}

#[test]
fn several_packages_share_what_is_the_same() {
    let one = orders().install(&alpha()).install(&beta("1"));
    let other = bills().install(&alpha()).install(&beta("2"));
    let built = together(&[&one, &other], &[]);
    assert_eq!(built.hashes(), together(&[&one, &other], &["--layer", "shared"]).hashes());
    assert_eq!(tops(&built, "layer.zip"), ["alpha"]);
    assert_eq!(tops(&built, "orders.zip"), ["app.py", "beta.py", "common.py"]);
    assert_eq!(tops(&built, "bills.zip"), ["app.py", "beta.py", "common.py"]);
    assert!(built.names("orders.zip").contains(&"beta-1.dist-info/METADATA".to_owned()));
    let report = built.report();
    let functions = report["functions"].as_array().unwrap();
    for (function, name) in functions.iter().zip(["orders", "bills"]) {
        assert_eq!(function["name"], name);
        assert_eq!(function["file"], format!("{name}.zip"));
        assert_eq!(function["layers"][0], "layer.zip");
    }
    let rows = report["distributions"].as_array().unwrap();
    let places = rows.iter().filter(|row| row["name"] == "alpha").map(|row| &row["place"]);
    assert_eq!(places.collect::<Vec<_>>(), ["layer", "shared"]);
}

#[test]
fn nothing_in_common_gives_no_layer() {
    let one = orders().install(&alpha());
    let other = bills().install(&beta("2"));
    let built = together(&[&one, &other], &[]);
    assert!(!built.out.path().join("layer.zip").exists());
    assert_eq!(tops(&built, "orders.zip"), ["alpha", "app.py", "common.py"]);
}

#[test]
fn two_of_three_packages_are_enough() {
    let third = Package::new("mails").with("app.py", "");
    let (one, other) = (orders().install(&alpha()), bills().install(&alpha()));
    let built = together(&[&one, &third, &other], &[]);
    assert_eq!(tops(&built, "layer.zip"), ["alpha"]);
    assert_eq!(tops(&built, "mails.zip"), ["app.py"]);
}

#[test]
fn one_changed_byte_or_bit_keeps_a_distribution_apart() {
    use std::os::unix::fs::PermissionsExt;
    let (one, other) = (orders().install(&alpha()), bills().install(&alpha()));
    fs::write(other.root.join("alpha/__init__.py"), "x = 2\n").unwrap();
    assert!(tops(&together(&[&one, &other], &[]), "layer.zip").is_empty());
    fs::write(other.root.join("alpha/__init__.py"), "x = 1\n").unwrap();
    assert_eq!(tops(&together(&[&one, &other], &[]), "layer.zip"), ["alpha"]);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(other.root.join("alpha/__init__.py"), executable).unwrap();
    assert!(tops(&together(&[&one, &other], &[]), "layer.zip").is_empty());
}

#[test]
fn what_does_not_ship_does_not_keep_apart() {
    let by_uv = alpha().info("INSTALLER", "uv\n").info("REQUESTED", None);
    let (one, other) = (orders().install(&alpha()), bills().install(&by_uv));
    let other = other.with("alpha/__pycache__/__init__.cpython-312.pyc", "stale");
    let built = together(&[&one, &other], &[]);
    assert_eq!(tops(&built, "layer.zip"), ["alpha"], "byte-identical is meant of what ships");
}

#[test]
fn a_users_file_in_a_package_of_one_keeps_it_apart() {
    let one = orders().install(&alpha()).with("alpha/local.py", "");
    let built = together(&[&one, &bills().install(&alpha())], &[]);
    assert!(tops(&built, "layer.zip").is_empty());
    assert!(built.names("orders.zip").contains(&"alpha/local.py".to_owned()));
}

#[test]
fn the_union_leaves_conflicts_in_their_functions() {
    let gamma = Dist::new("gamma", "3").file("gamma.py", "");
    let one = orders().install(&alpha()).install(&beta("1"));
    let other = bills().install(&alpha()).install(&beta("2")).install(&gamma);
    let built = together(&[&one, &other], &["--layer", "all"]);
    assert_eq!(tops(&built, "layer.zip"), ["alpha", "gamma.py"]);
    assert_eq!(tops(&built, "orders.zip"), ["app.py", "beta.py", "common.py"]);
    assert!(built.warnings().contains("beta differs from package to package and stays"));
}

#[test]
fn none_for_several() {
    let (one, other) = (orders().install(&alpha()), bills().install(&alpha()));
    let built = together(&[&one, &other], &["--layer", "none"]);
    assert!(!built.out.path().join("layer.zip").exists());
    assert_eq!(tops(&built, "bills.zip"), ["alpha", "app.py", "common.py"]);
}

#[test]
fn empty_function_zips_are_not_written() {
    let one = Package::new("one").install(&alpha());
    let built = together(&[&one, &bills().install(&alpha())], &[]);
    assert!(!built.out.path().join("one.zip").exists());
    assert!(built.run.says(&["one with layer.zip", "no function zip is written"]));
    assert_eq!(built.report()["functions"][0]["file"], serde_json::Value::Null);
}

#[test]
fn linked_shared_objects_move_together() {
    let (library, linked) = linked("libdelta-1f.so.1", &[]);
    let delta = Dist::new("delta", "1")
        .file("delta/__init__.py", "")
        .file("delta.libs/libdelta-1f.so.1", library);
    let user_of = |version: &str| {
        let text = format!("V = '{version}'");
        let eps = Dist::new("eps", version).file("eps/__init__.py", text);
        eps.file("eps/_e.cpython-312-x86_64-linux-gnu.so", &linked)
    };
    let one = orders().install(&delta).install(&user_of("1"));
    let other = bills().install(&delta).install(&user_of("1"));
    assert_eq!(tops(&together(&[&one, &other], &[]), "layer.zip"), ["delta", "delta.libs", "eps"]);
    let newer = Package::new("newer").install(&delta).install(&user_of("2"));
    let built = together(&[&one, &newer], &[]);
    assert!(tops(&built, "layer.zip").is_empty(), "delta is the same, but eps needs it beside");
    let alone = Package::new("alone").install(&delta);
    assert!(tops(&together(&[&one, &alone], &[]), "layer.zip").is_empty());
}

#[test]
fn old_namespaces_move_together() {
    let extend = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
    let part = |name: &str, text: &str| {
        let part = Dist::new(&format!("ns-{name}"), "1").file("ns/__init__.py", extend);
        part.file(&format!("ns/{name}.py"), text)
    };
    let declared = |name: &str, text: &str| {
        let pth = format!("import sys, types; # ns_{name}\n");
        let part = Dist::new(&format!("ns-{name}"), "1").info("namespace_packages.txt", "ns\n");
        part.file(&format!("ns_{name}-nspkg.pth"), pth).file(&format!("ns/{name}.py"), text)
    };
    type Kind<'k> = &'k dyn Fn(&str, &str) -> Dist;
    for part in [&part as Kind<'_>, &declared] {
        let one = orders().install(&part("a", "1")).install(&part("b", "1"));
        let other = bills().install(&part("a", "1")).install(&part("b", "2"));
        let built = together(&[&one, &other], &[]);
        assert!(tops(&built, "layer.zip").is_empty(), "a is the same, b is not");
        assert!(built.names("orders.zip").contains(&"ns/a.py".to_owned()));
    }
    let plain = |name: &str, text: &str| {
        Dist::new(&format!("ns-{name}"), "1").file(&format!("ns/{name}.py"), text)
    };
    let one = orders().install(&plain("a", "1")).install(&plain("b", "1"));
    let other = bills().install(&plain("a", "1")).install(&plain("b", "2"));
    let layer = together(&[&one, &other], &[]).names("layer.zip");
    assert!(layer.contains(&"python/ns/a.py".to_owned()), "PEP 420: a moves alone");
    assert!(!layer.contains(&"python/ns/b.py".to_owned()));
}

#[test]
fn siblings_of_several_layer_trees() {
    let tree = |name: &str, agent: &str| {
        let tree = Package::layer(name, "python").install(&alpha());
        tree.beside("extensions/agent", agent).beside(&format!("bin/{name}"), "#!/bin/sh\n")
    };
    let (one, same) = (tree("one", "a"), tree("same", "a"));
    let layer = together(&[&one, &same], &[]).names("layer.zip");
    for path in ["bin/one", "bin/same", "extensions/agent", "python/alpha/__init__.py"] {
        assert_eq!(layer.iter().filter(|name| *name == path).count(), 1, "{path} once");
    }
    let built = together(&[&one, &tree("other", "b")], &[]);
    assert_eq!(built.zip("layer.zip")["extensions/agent"].bytes, b"a");
    assert_eq!(built.zip("other.zip")["extensions/agent"].bytes, b"b");
    let told = "extensions/agent differs from package to package and stays in its function";
    assert!(built.warnings().contains(told), "{}", built.warnings());
}

#[test]
fn what_takes_the_layer_off_the_path_is_told() {
    let package = orders()
        .with("run.sh", "#!/bin/sh\n# PYTHONPATH=x is no line of code\nPYTHONPATH=/var/task app\n")
        .with("conf.py", "DATA = '/var/task/alpha/data'\nOTHER = '/var/task/alphabet'\n")
        .install(&alpha());
    let built = package.build(&[]);
    let warnings = built.warnings();
    for told in ["run.sh:3 sets PYTHONPATH", "conf.py:1 looks below /var/task"] {
        assert!(warnings.contains(told), "{told} in {warnings}");
    }
    assert_eq!(warnings.matches("--layer none").count(), 2, "{warnings}");
    assert_eq!(package.build(&["--layer", "none"]).warnings(), "");
}

/// Runs `script` with what Lambda would find.
fn on_lambda(built: &Built, function: &str, script: &str) -> String {
    let (task, opt) = built.unpacked(function);
    let file = built.out.path().join("script.py");
    fs::write(&file, script).unwrap();
    let mut run = Command::new(tool("lambda-run"));
    let output = run.arg(task).arg(opt).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn python_runs_from_function_and_layer() {
    let handler = "import importlib.metadata, alpha, space.mine, space.theirs\n\
        from alpha.tests.util import VALUE\n\n\
        def handler(event, context):\n    \
        found = importlib.metadata.version('alpha')\n    \
        points = importlib.metadata.entry_points(group='plugins')\n    \
        return [VALUE, found, [point.load()() for point in points], alpha.fast()]\n";
    let fast = "import ctypes, pathlib\n\n\
        def fast():\n    \
        path = pathlib.Path(__file__).with_name('_fast.so')\n    \
        return ctypes.CDLL(str(path)).fast()\n";
    let object = compiled("gcc", "int fast(void) { return 42; }", &["-shared", "-fPIC"]);
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", fast)
        .file("alpha/_fast.so", object)
        .file("alpha/plug.py", "def run():\n    return 'plugged'\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/util.py", "VALUE = 'kept'\n")
        .file("alpha/docs/none.py", "")
        .info("entry_points.txt", "[plugins]\none = alpha.plug:run\n");
    let theirs = Dist::new("theirs", "2").file("space/theirs/__init__.py", "");
    let package = Package::new("app")
        .with("src/api.py", handler)
        .with("space/mine.py", "")
        .install(&alpha)
        .install(&theirs);
    let script = "import sys, json\nsys.path.insert(0, sys.path[0] + '/src')\n\
        import os\nsys.path.insert(0, os.environ['LAMBDA_TASK_ROOT'] + '/src')\n\
        import api, alpha\nprint(json.dumps(api.handler({}, None)))\n\
        print('layer' if '/opt' in alpha.__file__ or 'layer' in alpha.__file__ else 'function')";
    let answer = "[\"kept\", \"1.0\", [\"plugged\"], 42]";
    let built = package.build(&[]);
    assert!(!built.ships("alpha/docs/none.py") && tops(&built, "layer.zip").len() == 2);
    assert_eq!(on_lambda(&built, "function.zip", script), format!("{answer}\nlayer\n"));
    let whole = package.build(&["--layer", "none"]);
    assert_eq!(on_lambda(&whole, "function.zip", script), format!("{answer}\nfunction\n"));
    let twin = Package::new("twin").with("api.py", handler).install(&alpha).install(&theirs);
    let shared = together(&[&package, &twin], &[]);
    assert_eq!(on_lambda(&shared, "app.zip", script), format!("{answer}\nlayer\n"));
}
