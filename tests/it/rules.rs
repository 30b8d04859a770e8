//! Every rule once where it acts and once where its `unless` holds.

use std::collections::BTreeSet;

use crate::data::gzip;
use crate::package::{Dist, Package};
use crate::support::{compiled, linked, python, shared_object, slim};

/// A rule's verdict on one file of a package.
struct Case {
    rule: &'static str,
    path: &'static str,
    package: Package,
    /// What `slim explain` begins with where the rule acts.
    acts: bool,
}

fn case(rule: &'static str, acts: bool, path: &'static str, package: Package) -> Case {
    Case { rule, path, package, acts }
}

fn app() -> Package {
    Package::new("app").with("app.py", "import alpha\n")
}

fn alpha() -> Dist {
    Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n")
}

/// alpha with one further file.
fn with(path: &str, bytes: impl AsRef<[u8]>) -> Package {
    app().install(&alpha().file(path, bytes))
}

/// What CPython 3.12 makes of a module, with this way of invalidation.
fn pyc(mode: &str) -> Vec<u8> {
    let script = "import importlib.util, marshal, sys\n\
        source = b'x = 1\\n'\ncode = compile(source, 'a.py', 'exec')\n\
        flags = {'timestamp': 0, 'unchecked': 1, 'checked': 3}[sys.argv[1]]\n\
        middle = importlib.util.source_hash(source) if flags else bytes(8)\n\
        magic = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, 'little')\n\
        print((magic + middle + marshal.dumps(code)).hex())";
    let hex = python(script, &[mode]);
    let digits = hex.trim().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The same for CPython 3.11, which has another magic number.
fn pyc_of_311(mode: &str) -> Vec<u8> {
    let mut bytes = pyc(mode);
    bytes[..2].copy_from_slice(&3495_u16.to_le_bytes());
    bytes
}

fn object() -> Vec<u8> {
    compiled("gcc", "int seven(void) { return 7; }", &["-shared", "-fPIC"])
}

fn arm_object() -> Vec<u8> {
    compiled("aarch64-linux-gnu-gcc", "int f;", &["-shared", "-fPIC"])
}

/// A Windows library, as far as anybody looks; managed ones hold .NET code.
fn portable(managed: bool) -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x98..0x9A].copy_from_slice(&0x20B_u16.to_le_bytes());
    bytes[0x98 + 112 + 14 * 8] = managed.into();
    bytes
}

const HERE: &str = "alpha/_a.cpython-312-x86_64-linux-gnu.so";
const ARM: &str = "alpha/_a.cpython-312-aarch64-linux-gnu.so";
const CACHED: &str = "alpha/__pycache__/__init__.cpython-312.pyc";

fn certain() -> Vec<Case> {
    let pair = |other: &str, bytes: Vec<u8>| {
        app().install(&alpha().file(HERE, object()).file(other, bytes))
    };
    let noticed = "from importlib.metadata import files\n\nfiles('alpha')\n";
    let mut appended = object();
    appended.extend(b"a payload that only its owner understands");
    vec![
        case("bytecode", true, CACHED, with(CACHED, pyc("timestamp"))),
        case("bytecode", true, CACHED, app().install(&alpha()).with(CACHED, pyc("timestamp"))),
        case("bytecode", true, CACHED, with(CACHED, pyc_of_311("unchecked"))),
        case("bytecode", true, CACHED, with(CACHED, "broken")),
        case("bytecode", true, "alpha/__init__.pyc", with("alpha/__init__.pyc", pyc("timestamp"))),
        case("bytecode", true, "__pycache__/app.cpython-312.pyc", {
            app().install(&alpha()).with("__pycache__/app.cpython-312.pyc", pyc("timestamp"))
        }),
        case("bytecode", false, CACHED, with(CACHED, pyc("unchecked"))),
        case("bytecode", false, CACHED, with(CACHED, pyc("checked"))),
        case("bytecode", false, "alpha/only.pyc", with("alpha/only.pyc", pyc("timestamp"))),
        case("bytecode", false, "alpha/only.pyc", with("alpha/only.pyc", pyc_of_311("unchecked"))),
        case("dist-info", true, "alpha-1.0.dist-info/RECORD", app().install(&alpha())),
        case("dist-info", true, "alpha-1.0.dist-info/METADATA", app().install(&alpha())),
        case("dist-info", true, "alpha-1.0.dist-info/sboms/a.json", {
            app().install(&alpha().info("sboms/a.json", "{}").info("RECORD.jws", "x"))
        }),
        case("dist-info", false, "alpha-1.0.dist-info/odd.toml", {
            app().with("mine.py", noticed).install(&alpha().info("odd.toml", "a = 1"))
        }),
        case("dist-info", false, "alpha-1.0.dist-info/entry_points.txt", {
            app().install(&alpha().info("entry_points.txt", "[x]\na = alpha\n"))
        }),
        case("elf-unmapped", true, HERE, with(HERE, object())),
        case("elf-unmapped", true, "tool.so", app().install(&alpha()).with("tool.so", object())),
        case("elf-unmapped", false, HERE, with(HERE, &object()[..40])),
        case("elf-unmapped", false, "alpha/a.so", {
            app().install(&alpha().file("alpha/a.so", object()).file("alpha/.a.so.hmac", "1f"))
        }),
        case("elf-unmapped", false, "alpha/fips.so", with("alpha/fips.so", object())),
        case("foreign-binary", true, ARM, pair(ARM, arm_object()).with("own.so", object())),
        case("foreign-binary", true, "alpha/_a.cpython-311-x86_64-linux-gnu.so", {
            pair("alpha/_a.cpython-311-x86_64-linux-gnu.so", object()).with("own.so", object())
        }),
        case("foreign-binary", true, "alpha/_a.cp312-win_amd64.pyd", {
            pair("alpha/_a.cp312-win_amd64.pyd", portable(false))
        }),
        case("foreign-binary", true, "alpha/_a.cpython-312-darwin.so", {
            pair("alpha/_a.cpython-312-darwin.so", b"\xCF\xFA\xED\xFE....".to_vec())
        }),
        case("foreign-binary", false, "alpha/_b.cpython-312-aarch64-linux-gnu.so", {
            pair("alpha/_b.cpython-312-aarch64-linux-gnu.so", arm_object())
        }),
        // What is neither processor's is no variant for the target.
        case("foreign-binary", false, "alpha/_c.cpython-311-x86_64-linux-gnu.so", {
            let mut i386 = object();
            i386[18] = 3;
            let alpha = alpha().file(HERE, object()).file("alpha/_c.so", i386);
            app()
                .install(&alpha.file("alpha/_c.cpython-311-x86_64-linux-gnu.so", object()))
                .with("own.cpython-312-x86_64-linux-gnu.so", object())
        }),
        case("installer-litter", true, ".lock", app().install(&alpha()).with(".lock", "")),
        case("installer-litter", false, ".lock", app().install(&alpha()).with(".lock", "held")),
        case("script-shebang", true, "bin/a", with("../../bin/a", "#!/b/python3.12\nimport a\n")),
        case("static-library", true, "alpha/liba.a", with("alpha/liba.a", "!<arch>\n")),
        case("static-library", false, "own.a", app().install(&alpha()).with("own.a", "!<arch>\n")),
        case("user-litter", true, ".git/HEAD", app().install(&alpha()).with(".git/HEAD", "x")),
        case("user-litter", true, "a.py~", app().install(&alpha()).with("a.py~", "x")),
        case("user-litter", false, "alpha/.gitignore", with("alpha/.gitignore", "x")),
    ]
}

fn checked() -> Vec<Case> {
    let reader = "import lazy_loader\n\nlazy_loader.attach_stub(__name__, __file__)\n";
    let deals = "import glob\n\nALL = glob.glob('*.pyx')\n";
    let lazy = Dist::new("beta", "2").file("beta/__init__.py", reader).file("beta/_a.py", "");
    let built = "const char *at = \"/build/alpha/_a.c\";";
    let built = compiled("gcc", built, &["-shared", "-fPIC"]);
    vec![
        case("category-folder", true, "alpha/tests/a.txt", with("alpha/tests/a.txt", "x")),
        case("category-folder", true, "alpha/deep/docs/a.md", {
            app().install(&alpha().file("alpha/deep/b.py", "").file("alpha/deep/docs/a.md", ""))
        }),
        case("category-folder", false, "alpha/data/tests/a.csv", {
            with("alpha/data/tests/a.csv", "x")
        }),
        case("category-folder", false, "tests/test_app.py", {
            app().install(&alpha()).with("tests/test_app.py", "")
        }),
        case("native-source", true, "alpha/_a.c", {
            app().install(&alpha().file("alpha/_a.c", "int a;").file("alpha/_a.so", built))
        }),
        case("native-source", true, "alpha/_a.pyx.tp", with("alpha/_a.pyx.tp", "x")),
        case("native-source", false, "own.c", app().install(&alpha()).with("own.c", "int a;")),
        case("native-source", false, "alpha/include/a.h", {
            let load = "PATH = 'include/a.h'\n";
            app().install(&alpha().file("alpha/jit.py", load).file("alpha/include/a.h", "int a;"))
        }),
        case("native-source", false, "alpha/_b.pyx", {
            app().install(&alpha().file("alpha/build.py", deals).file("alpha/_b.pyx", "x = 1"))
        }),
        case("test-module", true, "alpha/conftest.py", with("alpha/conftest.py", "")),
        case("test-module", true, "alpha/test_a.py", with("alpha/test_a.py", "")),
        case("test-module", true, "test_alpha.py", with("test_alpha.py", "")),
        case("test-module", false, "test_app.py", app().install(&alpha()).with("test_app.py", "")),
        case("test-module", false, "alpha/test_a.py", {
            app().with("b.py", "import alpha.test_a").install(&alpha().file("alpha/test_a.py", ""))
        }),
        case("type-stub", true, "alpha/__init__.pyi", with("alpha/__init__.pyi", "x: int")),
        case("type-stub", true, "alpha/_f.pyi", {
            app().install(&alpha().file("alpha/_f.so", object()).file("alpha/_f.pyi", ""))
        }),
        case("type-stub", false, "alpha/only.pyi", with("alpha/only.pyi", "x: int")),
        case("type-stub", false, "beta/_a.pyi", {
            app().install(&alpha()).install(&lazy.file("beta/_a.pyi", "from ._b import c\n"))
        }),
    ]
}

/// What decides at level max.
const MAX: [&str; 4] = ["--level", "max", "--handler", "main.handler"];

fn bold() -> Vec<Case> {
    let handler = |code: &str| {
        let text = format!("import alpha\n{code}\n\ndef handler(event, context):\n    return 1\n");
        Package::new("app").with("main.py", text)
    };
    let plain = |dist: Dist| handler("").install(&dist);
    let beta = Dist::new("beta", "2").file("beta/__init__.py", "").file("beta/a.txt", "x");
    let opens = "import ctypes\nLIBRARY = ctypes.CDLL('libx.so')\n";
    let starts = "import subprocess\nsubprocess.run(['bin/tool'])\n";
    let library = || alpha().file("alpha.libs/libx-0123abcd.so.1", object());
    let tool = || alpha().file("../../bin/tool", "#!/b/python3\nimport alpha\n");
    let odd = compiled("gcc", "int a;", &["-shared", "-fPIC"]);
    let odd = [odd, b"a payload that only its owner understands".to_vec()].concat();
    let library_path = "alpha.libs/libx-0123abcd.so.1";
    // A wheel holds no links: each name of a library is a copy, and the loader opens one.
    let copies = || {
        let (library, user) = linked("libn.so.1", &[]);
        let names = ["alpha/libn.so", "alpha/libn.so.1", "alpha/libn.so.1.2"];
        let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "from . import _a\n");
        let alpha = alpha.file(HERE, user);
        names.iter().fold(alpha, |alpha, name| alpha.file(name, &library))
    };
    let text = "so many words, so many words, so many words";
    let speaks =
        |more: &str| alpha().file("alpha/__init__.py", format!("'''Doc.'''\nx = 1  # one\n{more}"));
    let reads = "def f(x):\n    return x.__doc__.strip()\n";
    let shows = "import inspect\n\ndef f(x):\n    return inspect.getsource(x)\n";
    vec![
        case("docstrings", true, "alpha/__init__.py", plain(speaks(""))),
        case("docstrings", false, "alpha/__init__.py", plain(speaks(reads))),
        case("comments", true, "alpha/__init__.py", plain(speaks(reads))),
        case("comments", false, "alpha/__init__.py", plain(speaks(shows))),
        case("gzip-again", true, "alpha/a.gz", plain(alpha().file("alpha/a.gz", gzip(text, 0)))),
        case("gzip-again", false, "alpha/a.gz", plain(alpha().file("alpha/a.gz", "no gzip"))),
        case("json-space", true, "alpha/a.json", plain(alpha().file("alpha/a.json", "[ 1 ]"))),
        case("json-space", false, "alpha/a.json", plain(alpha().file("alpha/a.json", "[1]"))),
        case("orphaned-library", true, library_path, plain(library())),
        case("orphaned-library", false, library_path, handler(opens).install(&library())),
        case("orphaned-library", true, "alpha/libn.so", plain(copies())),
        case("duplicate-library", true, "alpha/libn.so.1.2", plain(copies())),
        case("duplicate-library", false, "alpha/libn.so.1", plain(copies())),
        case("orphaned-library", false, "alpha/libn.so.1", plain(copies())),
        case(
            "section-headers",
            true,
            HERE,
            plain(alpha().file(HERE, object())).with("b.py", "import alpha._a"),
        ),
        case("section-headers", false, "own.so", plain(alpha()).with("own.so", odd)),
        case("unnamed-script", true, "bin/tool", plain(tool())),
        case("unnamed-script", false, "bin/tool", handler(starts).install(&tool())),
        case("unreached-distribution", true, "beta/a.txt", plain(alpha()).install(&beta)),
        case("unreached-distribution", false, "beta/a.txt", {
            handler("import beta").install(&alpha()).install(&beta)
        }),
        case("unreached-module", true, "alpha/b.py", plain(alpha().file("alpha/b.py", ""))),
        case("unreached-module", false, "alpha/b.py", {
            handler("from alpha import b").install(&alpha().file("alpha/b.py", ""))
        }),
    ]
}

#[test]
fn every_rule_acts_and_knows_when_not_to() {
    let mut seen = BTreeSet::new();
    let mut wrong = String::new();
    let standard = certain().into_iter().chain(checked()).map(|case| (case, &[][..]));
    let cases = standard.chain(bold().into_iter().map(|case| (case, &MAX[..])));
    for (Case { rule, path, package, acts }, args) in cases {
        let told = package.explain(path, args);
        let acted = told.starts_with(&format!("dropped [{rule}]"))
            || told.starts_with(&format!("changed [{rule}]"));
        if acted != acts || !acts && told.starts_with("dropped") && rule != "foreign-binary" {
            wrong.push_str(&format!("{rule} on {path}: acts is not {acts}: {told}\n"));
        }
        seen.insert((rule.to_owned(), acts));
    }
    assert!(wrong.is_empty(), "{wrong}");
    let rules = slim(&["rules", "--format", "json"]).ok().json();
    let ids = rules.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap().to_owned());
    let mut wanted: BTreeSet<_> = ids.flat_map(|id| [(id.clone(), true), (id, false)]).collect();
    // Its `unless` leaves the script as it is: shown by the bytes, below.
    wanted.remove(&("script-shebang".to_owned(), false));
    // One needs a trace, four an option, one a library of its kind: tests/it/trace.rs, pages.rs,
    // bytecode.rs, provided.rs, kernels.rs.
    let elsewhere = [
        "unopened",
        "page-size",
        "bytecode-only",
        "bytecode-columns",
        "runtime-provided",
        "other-kernels",
    ];
    wanted.retain(|(rule, _)| !elsewhere.contains(&rule.as_str()));
    assert_eq!(seen, wanted, "a case for each rule, both ways");
}

#[test]
fn safe_admits_only_what_is_true_of_every_program() {
    for Case { rule, path, package, acts } in checked() {
        let told = package.explain(path, &["--level", "safe"]);
        assert!(told.starts_with("kept [-]"), "{rule} on {path}: {told}");
        assert!(acts || told.contains("no rule has anything against it"), "{told}");
    }
    for Case { path, package, .. } in certain() {
        let (safe, standard) = (package.explain(path, &["--level", "safe"]), package);
        assert_eq!(safe, standard.explain(path, &[]), "{path}");
    }
}

#[test]
fn the_users_word_comes_first() {
    let package = app()
        .with("own/a.py", "")
        .install(&alpha().file("alpha/tests/a.py", "").file(HERE, object()));
    let keep = ["--keep", "alpha/tests", "--keep", HERE, "--drop", "alpha/**", "--drop", "own"];
    let built = package.build(&keep);
    assert!(built.ships("alpha/tests/a.py") && !built.ships("alpha/__init__.py"));
    assert!(!built.ships("own/a.py"), "the user's code too, where the user says so");
    assert_eq!(built.bytes(HERE).unwrap(), object(), "a kept file keeps its bytes");
    let star = package.build(&["--drop", "alpha/*"]);
    assert!(!star.ships("alpha/__init__.py") && !star.ships(HERE));
    let named = package.build(&["--keep", "alpha/tests/a.py"]);
    assert!(named.ships("alpha/tests/a.py"));
}

#[test]
fn a_kept_file_is_a_root() {
    let alpha = alpha().file("alpha/tests/a.py", "from . import b\n").file("alpha/tests/b.py", "");
    let built = app().install(&alpha).build(&["--keep", "alpha/tests/a.py"]);
    assert!(built.ships("alpha/tests/b.py"));
}

#[test]
fn shebangs_that_cannot_be_made_portable_stay() {
    for script in ["#!/b/python3 -I\nx\n", "#!/b/pypy3\nx\n", "#!/usr/bin/env python3\nx\n", "x\n"]
    {
        let built = with("../../bin/a", script).build(&[]);
        assert_eq!(built.bytes("bin/a").as_deref(), Some(script.as_bytes()));
    }
    for script in ["#!python\nx\n", "#!\"/b c/python3\"\nx\n", "#!/b/python3.13t\nx\n"] {
        let built = with("../../bin/a", script).build(&[]);
        assert_eq!(built.bytes("bin/a").as_deref(), Some(&b"#!/usr/bin/env python3\nx\n"[..]));
    }
}

#[test]
fn what_goes_from_a_shared_object_is_not_what_is_mapped() {
    let symbols = |bytes: &[u8]| bytes.windows(7).any(|name| name == b".symtab");
    let object = shared_object("a text that the code returns");
    let shipped = with(HERE, &object).build(&[]).bytes(HERE).unwrap();
    assert!(symbols(&object) && !symbols(&shipped) && shipped.len() < object.len());
    assert!(shipped.windows(12).any(|text| text == b"a text that "));
    let mut appended = object.clone();
    appended.extend(b"a payload that only its owner understands");
    let built = with(HERE, &appended).build(&["--verbose"]);
    assert_eq!(built.bytes(HERE).unwrap(), appended);
    assert!(built.run.says(&["elf-unmapped", HERE]), "{}", built.run.out);
}

#[test]
fn managed_code_is_data() {
    let package = app()
        .install(&alpha().file(HERE, object()).file("alpha/_a.pyd", portable(true)))
        .with("own.so", object());
    assert!(package.build(&[]).ships("alpha/_a.pyd"));
}

#[test]
fn a_foreign_module_without_a_twin_is_told() {
    let lone = "alpha/_b.cpython-312-aarch64-linux-gnu.so";
    let package = app().install(&alpha().file(HERE, object()).file(lone, arm_object()));
    let built = package.with("own.so", object()).build(&[]);
    assert!(built.ships(lone));
    let told = format!("alpha 1.0: {lone} will not load on python3.12 x86_64");
    assert!(built.warnings().contains(&told), "{}", built.warnings());
    assert!(built.warnings().contains("the package mixes binaries: 2 for x86_64, 1 for arm64"));
}
