//! Compiled Python that ships.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

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
    command.env("XDG_CACHE_HOME", package.home("cache"));
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
