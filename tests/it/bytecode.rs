//! Compiled Python that ships.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use lambda_slim::zip::deflate::{Compression, Deflater};

use crate::package::{Dist, Package};
use crate::support::{Built, build, command, finished, python, slim, unzip};

fn alpha() -> Dist {
    let core = "\
import json

NAMES = {'a', 'b', 'c', 'd', 'e', 'f'}

def has(name):
    return name in {'left', 'right', 'above', 'below'} and json.dumps(sorted(NAMES))
";
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from . import core\n")
        .file("alpha/core.py", core)
        .file("alpha/late.py", "from .core import NAMES, has\nLEFT = 'left'\n")
}

fn app() -> Package {
    let code = "import alpha\n\ndef handler(event, context):\n    return alpha.core.has('left')\n";
    Package::new("app").with("app.py", code).install(&alpha())
}

fn compiled(built: &Built) -> Vec<String> {
    let names = built.names("layer.zip").into_iter().chain(built.names("function.zip"));
    names.filter(|name| name.ends_with(".pyc")).collect()
}

const HASH: [&str; 4] = ["--bytecode", "hash", "--handler", "app.handler"];

#[test]
fn what_the_handler_imports_ships_compiled() {
    let package = app();
    let one = package.home("one.json");
    fs::write(&one, "{}").unwrap();
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
    let run = finished(command.args(HASH)).ok();
    assert!(run.says(&["proven"]), "{}", run.out);
    let out = PathBuf::from(package.home("out"));
    let (function, layer) = (unzip(&out.join("function.zip")), unzip(&out.join("layer.zip")));
    let names: Vec<&String> =
        function.keys().chain(layer.keys()).filter(|n| n.ends_with("c")).collect();
    let expected = [
        "__pycache__/app.cpython-312.pyc",
        "python/alpha/__pycache__/__init__.cpython-312.pyc",
        "python/alpha/__pycache__/core.cpython-312.pyc",
    ];
    assert_eq!(names, expected, "not alpha/late.py, which nothing imports");

    // Without a run to tell, all; and each file is the same whatever was compiled before it.
    let all = build(&[package.path()], &HASH);
    assert_eq!(compiled(&all).len(), 4);
    let path = "python/alpha/__pycache__/core.cpython-312.pyc";
    assert!(all.zip("layer.zip")[path].bytes == layer[path].bytes);
    assert!(compiled(&build(&[package.path()], &["--bytecode", "none"])).is_empty());
}

#[test]
fn it_is_what_python_itself_compiles_and_never_checked() {
    let library = python("import os; print(os.path.dirname(os.__file__))", &[]);
    let library = PathBuf::from(library.trim());
    let mut dist = Dist::new("copies", "1.0");
    let mut sources = BTreeMap::new();
    for name in
        ["argparse", "ast", "dataclasses", "decimal", "enum", "inspect", "tarfile", "typing"]
    {
        let source = fs::read(library.join(name).with_extension("py")).unwrap();
        dist = dist.file(&format!("copies/{name}.py"), &source);
        sources.insert(name, source);
    }
    let package = Package::new("app").with("app.py", "def handler(e, c): pass\n").install(&dist);
    let built = build(&[package.path()], &HASH);
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in &sources {
        let at = folder.path().join(name);
        fs::write(at.with_extension("py"), source).unwrap();
        let path = format!("copies/__pycache__/{name}.cpython-312.pyc");
        fs::write(at.with_extension("pyc"), built.bytes(&path).unwrap()).unwrap();
    }
    let check = "\
import importlib.util, marshal, pathlib, sys
for pyc in sorted(pathlib.Path(sys.argv[1]).glob('*.pyc')):
    data, source = pyc.read_bytes(), pyc.with_suffix('.py').read_bytes()
    code = marshal.loads(data[16:])
    seen = f'/opt/python/copies/{pyc.stem}.py'
    assert data[:4] == importlib.util.MAGIC_NUMBER and data[4:8] == b'\\1\\0\\0\\0', pyc
    assert data[8:16] == importlib.util.source_hash(source), pyc
    assert code == compile(source, seen, 'exec', dont_inherit=True), pyc
    assert code.co_filename == seen, code.co_filename
print('all')
";
    assert_eq!(python(check, &[folder.path().to_str().unwrap()]).trim(), "all");
}

#[test]
fn what_does_not_compile_ships_without() {
    let dist = alpha()
        .file("alpha/old.py", "print 'two'\n")
        .file("alpha/template.py", "def {{ name }}():\n    pass\n");
    let package = Package::new("app").with("app.py", "def handler(e, c): pass\n").install(&dist);
    let built = build(&[package.path()], &HASH);
    let told = built.warnings();
    assert!(
        told.contains("without bytecode") && told.contains("alpha/old.py (SyntaxError"),
        "{told}"
    );
    assert_eq!(compiled(&built).len(), 4);
    assert!(built.ships("alpha/old.py"));
}

#[test]
fn the_users_own_valid_bytecode_is_not_made_again() {
    let package = app();
    let made = build(&[package.path()], &HASH);
    let path = "alpha/__pycache__/core.cpython-312.pyc";
    let own = made.bytes(path).unwrap();
    let package = package.with(path, &own);
    assert_eq!(build(&[package.path()], &HASH).bytes(path).unwrap(), own);
}

#[test]
fn without_python_it_is_told() {
    let package = app();
    let out = package.home("out");
    let args =
        ["build", package.path(), "--no-verify", "--python-bin", "/bin/false", "--out-dir", &out];
    let run = slim(&[&args[..], &HASH].concat());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("failed to find CPython 3.12"), "{}", run.err);
}

const ONLY: [&str; 4] = ["--bytecode", "only", "--handler", "app.handler"];

/// The names in the layer below `python/`, but for metadata.
fn shipped(built: &Built) -> Vec<String> {
    let names = built.names("layer.zip").into_iter();
    let names = names.filter_map(|name| name.strip_prefix("python/").map(ToOwned::to_owned));
    names.filter(|name| !name.contains(".dist-info/")).collect()
}

#[test]
fn bytecode_ships_in_place_of_sources_that_nothing_needs() {
    let built = build(&[app().path()], &ONLY);
    assert_eq!(shipped(&built), ["alpha/__init__.pyc", "alpha/core.pyc", "alpha/late.pyc"]);
    let function = built.names("function.zip");
    assert_eq!(function, ["__pycache__/app.cpython-312.pyc", "app.py"], "the user's source stays");
    assert!(built.run.says(&["bytecode:", "in place of 3 sources", "0 stay"]), "{}", built.run.out);
    let off = app().with("slim.toml", "");
    let config = off.home("slim.toml");
    fs::write(&config, "[rules]\noff = [\"bytecode-only\"]\n").unwrap();
    let off = build(&[off.path(), "--config", &config], &ONLY);
    assert_eq!(shipped(&off).iter().filter(|name| name.ends_with(".py")).count(), 3);
}

#[test]
fn sources_that_something_looks_for_stay_beside_their_bytecode() {
    let alpha = |code: &str| {
        let alpha = alpha().file("alpha/config.py", "SIZE = 1\n").file("alpha/x.py", code);
        shipped(&build(
            &[Package::new("app").with("app.py", "import alpha.x\n").install(&alpha).path()],
            &ONLY[..2],
        ))
    };
    let stays = |names: &[String], name: &str| names.iter().any(|shipped| shipped == name);
    let plain = alpha("import os\nHERE = os.path.dirname(__file__)\n");
    assert!(plain.iter().all(|name| name.ends_with(".pyc")), "{plain:?}");
    let by_name = alpha("import os\nPATH = os.path.join(os.path.dirname(__file__), 'config.py')\n");
    assert!(stays(&by_name, "alpha/config.py") && !stays(&by_name, "alpha/x.py"), "{by_name:?}");
    let own = alpha("exec(open(__file__).read() if False else '')\n");
    assert!(stays(&own, "alpha/x.py") && !stays(&own, "alpha/config.py"), "{own:?}");
    for code in [
        "import glob\nALL = glob.glob('*.py')\n",
        "import inspect\n\ndef f(x):\n    return inspect.getsource(x)\n",
        "from importlib.util import spec_from_file_location as load\nx = load\n",
    ] {
        let names = alpha(code);
        let sources = names.iter().filter(|name| name.ends_with(".py")).count();
        let cached = names.iter().filter(|name| name.contains("__pycache__/")).count();
        assert_eq!((sources, cached), (5, 5), "{code}: {names:?}");
    }
}

#[test]
fn explain_says_what_bytecode_replaces() {
    let alpha = alpha().file("alpha/x.py", "exec(open(__file__).read() if False else '')\n");
    let package = Package::new("app").with("app.py", "import alpha.x\n").install(&alpha);
    let only = ["--bytecode", "only"];
    let told = package.explain("alpha/core.py", &only);
    assert!(told.starts_with("changed [bytecode-only]"), "{told}");
    let run = slim(&["explain", package.path(), "alpha/core.py", "--bytecode", "only"]).ok();
    assert!(run.says(&["ships as: layer: python/alpha/core.pyc"]), "{}", run.out);
    let told = package.explain("alpha/x.py", &only);
    let why = "ships beside its bytecode [bytecode-only]: alpha/x.py:1 may look for the file";
    assert!(told.starts_with("kept") && told.contains(why), "{told}");
    for plain in [&[][..], &["--bytecode", "hash"]] {
        assert!(!package.explain("alpha/core.py", plain).contains("bytecode"), "{plain:?}");
    }
    let run = slim(&["explain", package.path(), "app.py", "--bytecode", "only"]).ok();
    assert!(run.says(&["app.py: kept"]), "{}", run.out);
}

#[test]
fn what_no_run_imports_stays_as_it_is_where_that_is_smaller() {
    let long = (0..400)
        .map(|n| format!("VALUE_{n} = 'a' 'b' 'c' 'd' 'e' 'f' 'g' 'h' 'i' 'j' # {}\n", n * 7919));
    let alpha = alpha().file("alpha/longer.py", long.collect::<String>());
    let code = "import alpha\n\ndef handler(event, context):\n    return alpha.core.has('left')\n";
    let package = Package::new("app").with("app.py", code).install(&alpha);
    let one = package.home("one.json");
    fs::write(&one, "{}").unwrap();
    let mut command = command();
    command.env("XDG_CACHE_HOME", package.home("cache"));
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
    let run = finished(command.args(ONLY)).ok();
    let layer = unzip(&PathBuf::from(package.home("out")).join("layer.zip"));
    let names: Vec<&str> =
        layer.keys().filter_map(|name| name.strip_prefix("python/alpha/")).collect();
    assert_eq!(names, ["__init__.pyc", "core.pyc", "late.py", "longer.pyc"]);
    let told = "in place of 3 sources of distributions, 0 stay beside it (-v lists why), 1 that no run imports stay";
    assert!(run.says(&["proven"]) && run.says(&[told]), "{}", run.out);
}

#[test]
fn a_fact_says_whose_files_are_looked_for() {
    let looks = "def f(module):\n    return module.__file__\n";
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", looks);
    let beta = Dist::new("beta", "1.0").file("beta/__init__.py", "import alpha\n");
    let package = Package::new("app").with("app.py", "import beta\n\ndef handler(e, c): pass\n");
    let package = package.install(&alpha).install(&beta);
    let config = package.home("slim.toml");
    let sources = |finds: &str| {
        let fact = "[[facts.alpha.reads]]\nby = [\"alpha/**\"]\nwhy = \"It says so.\"\n";
        fs::write(&config, format!("{fact}{finds}")).unwrap();
        let built = build(&[package.path()], &[&ONLY[..], &["--config", &config]].concat());
        let names = shipped(&built).into_iter();
        names.filter(|name| name.ends_with(".py")).collect::<Vec<String>>()
    };
    assert_eq!(sources(""), ["alpha/__init__.py", "beta/__init__.py"]);
    assert_eq!(sources("finds = \"own\"\n"), ["alpha/__init__.py"]);
    assert!(sources("finds = \"nothing\"\n").is_empty());
}

#[test]
fn columns_go_only_where_that_takes_less_in_the_zip() {
    let many = |line: &dyn Fn(u32) -> String| (0..500).map(line).collect::<String>();
    let modules = [
        ("nothing", many(&|n| format!("def f{n}(): pass\n"))),
        ("same", many(&|n| format!("def f{n}(x): return x\n"))),
        ("calls", many(&|n| format!("def f{n}(a, b): return g(a, b)\n"))),
        (
            "long",
            many(&|n| format!("def f{n}(a):\n    b = a + {n}\n    c = a * b - a\n    return c\n")),
        ),
    ];
    let mut alpha = Dist::new("alpha", "1.0");
    for (name, code) in &modules {
        alpha = alpha.file(&format!("alpha/{name}.py"), code);
    }
    let code = "from alpha import calls, long, nothing, same\n\ndef handler(e, c): pass\n";
    let package = Package::new("app").with("app.py", code).install(&alpha);
    let config = package.home("slim.toml");
    fs::write(&config, "[rules]\noff = [\"bytecode-columns\"]\n").unwrap();
    let max = [&HASH[..], &["--level", "max"]].concat();
    let built = build(&[package.path()], &max);
    let whole = build(&[package.path()], &[&max[..], &["--config", &config]].concat());
    let mut kept = 0;
    for (name, _) in &modules {
        let path = format!("alpha/__pycache__/{name}.cpython-312.pyc");
        let [less, all] = [&built, &whole].map(|built| built.bytes(&path).unwrap());
        let packed = |bytes: &[u8]| Deflater::new(Compression::Default).pack(bytes).data.len();
        assert!(packed(&less) <= packed(&all), "{name}: {} of {}", packed(&less), packed(&all));
        kept += usize::from(less == all);
    }
    assert!(kept > 0 && kept < modules.len(), "{kept} have columns");
}

#[test]
fn a_file_on_several_doubts_counts_once() {
    let alpha = alpha().file(
        "alpha/__init__.py",
        "from . import core\nimport inspect\n\ndef f(x):\n    return inspect.getsource(x)\n",
    );
    let package = Package::new("app").with("app.py", "import alpha\ndef handler(e, c): pass\n");
    let args = [&ONLY[..], &["--level", "max"]].concat();
    let built = build(&[package.install(&alpha).path()], &args);
    let report = built.report();
    let rules: Vec<_> = report["doubts"].as_array().unwrap().iter().collect();
    let of =
        |rule: &str| rules.iter().find(|doubt| doubt["rule"] == rule).unwrap()["files"].clone();
    assert_eq!((of("docstrings"), of("bytecode-only")), (2.into(), 2.into()));
    assert_eq!(report["on_doubt"]["files"], 2, "{}", report["doubts"]);
    assert!(built.run.says(&["kept on doubt: 2 files"]), "{}", built.run.out);
}

#[test]
fn a_source_that_a_run_reads_stays() {
    let reads = "import alpha\n\ndef handler(event, context):\n    with open(vars(alpha.core)['__fi' + 'le__']) as file:\n        return len(file.read())\n";
    let package = Package::new("app").with("app.py", reads).install(&alpha());
    let one = package.home("one.json");
    fs::write(&one, "{}").unwrap();
    let run = |options: &[&str]| {
        let mut command = command();
        command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
        command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
        let run = finished(command.args(ONLY).args(options)).ok();
        let layer = unzip(&PathBuf::from(package.home("out")).join("layer.zip"));
        (run, layer.into_keys().collect::<Vec<String>>())
    };
    let (told, names) = run(&[]);
    assert!(told.says(&["proven"]) && !told.says(&["undone"]), "{}", told.out);
    assert!(names.contains(&"python/alpha/core.py".to_owned()), "{names:?}");
    assert!(names.contains(&"python/alpha/__init__.pyc".to_owned()), "{names:?}");
}

#[test]
fn sources_come_back_when_a_run_fails_without_them() {
    // It looks whether the file is there, which no run is seen to open.
    let looks = "import alpha, os\n\ndef handler(event, context):\n    return os.path.getsize(vars(alpha.core)['__fi' + 'le__'])\n";
    let package = Package::new("app").with("app.py", looks).install(&alpha());
    let one = package.home("one.json");
    fs::write(&one, "{}").unwrap();
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
    let run = finished(command.args(ONLY)).ok();
    assert!(run.says(&["proven"]) && run.says(&["undone", "bytecode-only"]), "{}", run.out);
    assert!(run.says(&["[rules] off = [\"bytecode-only\"]"]), "{}", run.out);
}

#[test]
fn docstrings_come_back_when_a_run_fails_without_them() {
    let alpha =
        alpha().file("alpha/core.py", "def has(name):\n    \"\"\"Has it.\"\"\"\n    return name\n");
    // No name that is seen says that it is read.
    let looks = "import alpha\n\ndef handler(event, context):\n    return vars(type(alpha.core.has))['__' + 'doc__'].__get__(alpha.core.has)\n";
    let package = Package::new("app").with("app.py", looks).install(&alpha);
    let one = package.home("one.json");
    fs::write(&one, "{}").unwrap();
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
    let run = finished(command.args(["--level", "max", "--handler", "app.handler"])).ok();
    assert!(run.says(&["proven"]) && run.says(&["undone", "docstrings"]), "{}", run.out);
}
