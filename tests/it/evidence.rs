//! What names a candidate and so keeps it, and what does not.

use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::package::{Dist, Package};
use crate::support::{compiled, fixtures, python, shared_object};

/// alpha with a tests folder that nothing of its own names.
fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "x = 1\n")
        .file("alpha/sub/__init__.py", "")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/util.py", "y = 1\n")
}

fn app() -> Package {
    Package::new("app").with("app.py", "import alpha\n")
}

/// Whether alpha's tests folder ships beside a further file.
fn stays(path: &str, text: impl AsRef<[u8]>, of_user: bool) -> bool {
    let package = match of_user {
        true => app().with(path, text).install(&alpha()),
        false => app().install(&alpha().file(path, text)),
    };
    let built = package.build(&[]);
    let both = ["alpha/tests/__init__.py", "alpha/tests/util.py"].map(|path| built.ships(path));
    assert_eq!(both[0], both[1], "the folder stands or falls as one");
    both[0]
}

#[test]
fn code_that_names_a_folder_keeps_it() {
    let cases: &[(&str, &str)] = &[
        ("alpha/a.py", "import alpha.tests\n"),
        ("alpha/a.py", "import alpha.tests.util as u\n"),
        ("alpha/a.py", "from alpha import tests\n"),
        ("alpha/a.py", "from alpha.tests import util\n"),
        ("alpha/a.py", "from .tests import util\n"),
        ("alpha/a.py", "from . import tests\n"),
        ("alpha/a.py", "from . import (x,\n  tests as t)\n"),
        ("alpha/sub/a.py", "from ..tests.util import y\n"),
        ("alpha/sub/a.py", "from .. import tests\n"),
        ("alpha/a.py", "def f():\n    if 1:\n        from .tests import util\n"),
        ("alpha/a.py", "import importlib\nimportlib.import_module('alpha.tests.util')\n"),
        ("alpha/a.py", "import importlib\nimportlib.import_module('.tests', __package__)\n"),
        ("alpha/sub/a.py", "import importlib\nimportlib.import_module('..tests', 'alpha.sub')\n"),
        ("alpha/a.py", "__import__('alpha.tests')\n"),
        ("alpha/a.py", "HOOK = 'alpha.tests.util:y'\n"),
        ("alpha/a.py", "NAME = f'{__name__}.tests'\n__import__(NAME)\n"),
        ("alpha/a.py", "X = {'tests': 1}\nimport importlib\n"),
        ("alpha/a.py", "import os\nos.path.join(os.path.dirname(__file__), 'tests')\n"),
        ("alpha/a.py", "\u{feff}from .tests import util\n"),
        ("alpha/a.py", "# coding: latin-1\nfrom .tests import util  # \u{e9}\n"),
        ("alpha/a.py", "print 'two'\nfrom .tests import util\n"),
        ("beta.py", "import alpha.tests\n"),
        ("beta/c.py", "from alpha.tests.util import *\n"),
    ];
    for (path, text) in cases {
        assert!(stays(path, text, false), "{path}: {text}");
    }
    for text in ["import alpha.tests", "MODULE = 'alpha.tests.util'", "open('alpha/tests/a.txt')"] {
        assert!(stays("mine.py", text, true), "{text}");
    }
}

#[test]
fn comments_docstrings_and_other_words_keep_nothing() {
    let cases: &[(&str, &str)] = &[
        ("alpha/a.py", "# from .tests import util\n"),
        ("alpha/a.py", "\"\"\"See alpha.tests and alpha/tests/util.py.\"\"\"\n"),
        ("alpha/a.py", "def f():\n    '''alpha.tests'''\n"),
        ("alpha/a.py", "class C:\n    \"alpha.tests.util\"\n    tests = 1\n"),
        ("alpha/a.py", "tests = 1\nprint(tests)\n"),
        ("alpha/a.py", "import alpha.tests_util\n"),
        ("alpha/a.py", "__all__ = ['tests']\n"),
        ("alpha/a.py", "X = 'alpha.testsuite'\n"),
        ("alpha/a.py", "X = 'beta.tests'\n"),
        ("beta/a.py", "from .tests import x\n"),
        ("beta/a.py", "import tests\n"),
        ("alpha/notes.txt", "Run the tests of alpha.\n"),
        ("alpha/meson.build", "subdir('alpha/tests')\n"),
        ("alpha/setup.py", "packages = ['alpha.tests']\n"),
    ];
    for (path, text) in cases {
        assert!(!stays(path, text, false), "{path}: {text}");
    }
}

#[test]
fn however_it_is_written() {
    let texts = [
        "from.tests import util",
        "from .tests import(util)",
        "from . import(tests)",
        "from\t.\timport\ttests",
        "from .\\\n  tests import util",
        "from . import \\\n  tests",
        "from alpha import x, tests",
        "from alpha import (  # why\n    x,  # also\n    tests,\n)",
        "import os, alpha.tests",
        "import os;import alpha.tests",
        "import alpha . tests",
        "if 1: import alpha.tests",
        "from . import (\n  x, tests); y = f(1, 2)",
        "from . import \\\n  tests as t; y = f(1, z)",
        "x = 1\r\nimport alpha.tests\r\n",
        "x = 1\rfrom . import tests\r",
        "\x0cfrom . import tests",
        "async def f():\n\tawait g()\n\tfrom . import tests",
        "class C:\n def f(self):\n  from . import tests\n  return tests",
        "X = ('alpha'\n     '.tests')",
        "X = 'alpha' '.tests.util'",
        "X = b'alpha.tests'",
        "X = r\"\"\"\nalpha.tests\n\"\"\"",
        "import importlib\nX = f'alpha.tests.{importlib}'",
        "X = f'{__file__}/../tests/{1}'",
        "from pathlib import Path\nX = Path(__file__).parent / 'tests'",
        "import os\nX = os.path.join('alpha', 'tests')\nY = __file__",
        "import importlib\nimportlib.import_module(name='alpha.tests')",
        "__import__('tests', globals(), locals(), [], 1)",
        "X = {'name': 'alpha.tests', **{}}",
        "X = lambda: 'alpha.tests'",
        "def f(x='alpha.tests'): ...",
        "@hook('alpha.tests')\ndef f(): ...",
        "match x:\n case 'alpha.tests': ...",
        "type X = 'alpha.tests'",
        "def f(x: 'alpha.tests.util.Y'): ...",
        "try:\n pass\nexcept* E:\n from . import tests",
    ];
    let dropped = texts.iter().filter(|text| !stays("alpha/a.py", text, false));
    assert_eq!(dropped.collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn code_that_finds_folders_reaches_into_others() {
    for text in [
        "import pkgutil\npkgutil.get_data('alpha', 'tests/x.json')\n",
        "from importlib import resources\nX = resources.files('alpha') / 'tests'\n",
        "import os, alpha\nX = os.path.join(os.path.dirname(alpha.__file__), 'tests')\n",
    ] {
        assert!(stays("beta.py", text, false), "{text}");
        assert!(stays("mine.py", text, true), "{text}");
    }
}

#[test]
fn patterns_of_published_packages() {
    let mut wrong = Vec::new();
    for (folder, kept) in [("evidence/kept", true), ("evidence/dropped", false)] {
        for (name, text) in fixtures(folder) {
            if stays(&format!("alpha/{name}"), &text, false) != kept {
                wrong.push(format!("{folder}/{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn shared_objects_data_and_entry_points_keep_it() {
    let named = "alpha.tests.util";
    assert!(stays("alpha/_a.so", shared_object(named), false));
    assert!(!stays("alpha/_a.so", shared_object("alpha testsuite"), false));
    let relative = ["-shared", "-fPIC", "-Wl,--build-id=none"];
    let relative = compiled("gcc", "const char level[] = \"\\1\\0tests\";", &relative);
    assert!(stays("alpha/sub/_a.so", relative, false), "all that a relative import compiles to");
    let source = "static int tests(int x) { return x + 1; } int f(int x) { return tests(x); }";
    let in_symbols = compiled("gcc", source, &["-shared", "-fPIC"]);
    assert!(in_symbols.windows(5).any(|word| word == b"tests"));
    assert!(!stays("alpha/_a.so", in_symbols, false), "the loader never maps it");
    assert!(stays("alpha/registry.json", r#"{"check": "alpha.tests.util.y"}"#, false));
    assert!(stays("alpha/state.pkl", b"\x80\x04\x8c\x10alpha.tests.util\x94", false));
    assert!(stays("alpha/state.pkl", b"\x80\x04\x8c\x0balpha.tests\x94\x8c\x01y\x94", false));
    assert!(stays("settings.ini", "hook = alpha.tests.util\n", true));
    for group in ["console_scripts", "alpha.plugins"] {
        let entry = format!("[{group}]\nrun = alpha.tests.util:y [extra]\n");
        let package = app().install(&alpha().info("entry_points.txt", entry.as_str()));
        assert!(package.build(&[]).ships("alpha/tests/util.py"), "{group}");
    }
    let script = "#!/build/bin/python3\nfrom alpha.tests.util import y\n";
    assert!(stays("../../bin/alpha", script, false));
}

#[test]
fn a_compressed_name_table_keeps_it() {
    let table = format!("{}alpha.tests.utilimportlib", "__pyx_capi____name__".repeat(8));
    let packed = compress_to_vec_zlib(table.as_bytes(), 9);
    assert!(!packed.windows(5).any(|word| word == b"tests"), "it really hides the name");
    let bytes: String = packed.iter().map(|byte| format!("{byte},")).collect();
    let source = format!("const unsigned char table[] = {{{bytes}}};");
    let object = compiled("gcc", &source, &["-shared", "-fPIC"]);
    assert!(stays("alpha/_a.cpython-312-x86_64-linux-gnu.so", object, false));
}

#[test]
fn in_a_compressed_name_table_the_last_part_alone_is_a_part_of_many_words() {
    let table = format!("{}generates_latestsetupalphaimportlib", "__pyx_capi____name__".repeat(8));
    let bytes: String =
        compress_to_vec_zlib(table.as_bytes(), 9).iter().map(|byte| format!("{byte},")).collect();
    let source = format!("const unsigned char table[] = {{{bytes}}};");
    let object = compiled("gcc", &source, &["-shared", "-fPIC"]);
    assert!(!stays("alpha/_a.cpython-312-x86_64-linux-gnu.so", object, false));
}

#[test]
fn bytecode_without_source_is_code() {
    let compile = |source: &str| {
        let script = "import importlib.util, marshal, sys\n\
            code = compile(sys.argv[1], 'a.py', 'exec')\n\
            print((importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)).hex())";
        let hex = python(script, &[source]);
        let pairs = hex.trim().as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs.map(byte).collect::<Vec<u8>>()
    };
    assert!(stays("alpha/a.pyc", compile("import alpha.tests.util"), false));
    assert!(stays("alpha/a.pyc", compile("import alpha.tests"), false), "what follows is no name");
    assert!(stays("alpha/a.pyc", compile("from .tests import util"), false), "relative");
    assert!(stays("alpha/sub/a.pyc", compile("from .. import tests"), false), "relative");
    assert!(stays("alpha/a.pyc", compile("tests = 1"), false), "may be a relative import's");
    assert!(!stays("alpha/a.pyc", compile("alpha = 1"), false));
}

#[test]
fn what_only_a_dropped_file_names_goes_with_it() {
    let alpha = alpha()
        .file("alpha/docs/conf.py", "import alpha.tests\n")
        .file("alpha/examples/demo.py", "import alpha.docs.conf\n")
        .file("alpha/test_all.py", "from .tests import util\nfrom . import examples\n")
        .file("alpha/tests/test_loop.py", "import alpha.docs, alpha.test_all\n");
    let names = [
        "alpha/docs/conf.py",
        "alpha/examples/demo.py",
        "alpha/test_all.py",
        "alpha/tests/test_loop.py",
    ];
    let built = app().install(&alpha).build(&[]);
    assert!(names.iter().all(|name| !built.ships(name)), "they only name one another");
    let built = app().with("mine.py", "import alpha.examples.demo").install(&alpha).build(&[]);
    assert!(names.iter().all(|name| built.ships(name)), "one that is named brings all back");
}

#[test]
fn no_edge_crosses_packages() {
    let beta = Dist::new("beta", "1").file("beta.py", "");
    let one = Package::new("one").with("app.py", "import alpha.tests\n").install(&beta);
    let two = Package::new("two").with("app.py", "import alpha\n").install(&alpha());
    let built = crate::support::build(&[one.path(), two.path()], &["--layer", "none"]);
    assert!(!built.names("two.zip").contains(&"alpha/tests/util.py".to_owned()));
}

#[test]
fn a_named_module_brings_the_folders_above() {
    let alpha =
        alpha().file("alpha/tests/tests/__init__.py", "").file("alpha/tests/tests/a.py", "");
    let package = app().with("mine.py", "import alpha.tests.tests.a\n").install(&alpha);
    let built = package.build(&[]);
    for path in ["alpha/tests/__init__.py", "alpha/tests/tests/__init__.py"] {
        assert!(built.ships(path), "{path}");
    }
}

#[test]
fn conftest_beside_a_source_of_compiled_code() {
    for source in ["alpha/_a.c", "alpha/_a.pyx", "alpha/notes.h"] {
        let alpha = alpha()
            .file("alpha/conftest.py", "x = 1\n")
            .file("alpha/plugin.py", "from .conftest import x\n")
            .file(source, "int a;");
        let built = app().install(&alpha).build(&[]);
        assert!(built.ships("alpha/conftest.py"), "plugin.py imports it; beside {source}");
    }
}

#[test]
fn headers_and_sources_that_are_named() {
    let cases = [
        ("alpha/jit.py", "SRC = 'kernels/add.cuh'\n", "alpha/kernels/add.cuh", true),
        ("alpha/jit.py", "X = '#include <alpha/core.h>'\n", "alpha/include/alpha/core.h", true),
        ("alpha/jit.py", "import glob\nglob.glob('*.c')\n", "alpha/native/a.c", true),
        ("alpha/jit.py", "# native/a.c is compiled by setup.py\n", "alpha/native/a.c", false),
        ("alpha/jit.py", "SRC = 'b.c'\n", "alpha/native/a.c", false),
        ("alpha/kernels.json", "{\"src\": \"add.cpp\"}", "alpha/add.cpp", true),
        ("alpha/a.cfg", "#include <alpha/core.h>\n", "alpha/include/alpha/core.h", true),
        ("alpha/a.cfg", "#include \"../alpha/core.h\"\n", "alpha/include/alpha/core.h", true),
        ("alpha/a.cfg", "src=$(top)alpha/core.h\n", "alpha/include/alpha/core.h", true),
        ("alpha/a.cfg", "{prefix}ha/core.h\n", "alpha/include/alpha/core.h", true),
        ("alpha/a.cfg", "#include <core.h>\n", "alpha/include/alpha/core.h", true),
        ("alpha/a.cfg", "#include <sys/core.h>\n", "alpha/include/alpha/core.h", false),
        ("alpha/a.cfg", "#include <pha/core.h>\n", "alpha/include/alpha/core.h", false),
        ("beta/jit.py", "import glob\nglob.glob('*.c')\n", "alpha/native/a.c", false),
    ];
    for (path, text, source, kept) in cases {
        let built = app().install(&alpha().file(path, text).file(source, "x")).build(&[]);
        assert_eq!(built.ships(source), kept, "{path}: {text}");
    }
    let asks = compiled("gcc", "const char *a(void) { return \"core.h\"; }", &["-shared", "-fPIC"]);
    let alpha = alpha().file("alpha/_jit.so", asks).file("alpha/include/core.h", "int a;");
    let package = app().install(&alpha);
    assert!(package.build(&[]).ships("alpha/include/core.h"), "a compiler at run time asks for it");
}

#[test]
fn a_source_brings_nothing_of_its_folder() {
    let alpha = alpha().file("alpha/build.py", "import os\nSOURCE = os.path.join('a', 'x.pyx')\n");
    let built = app().install(&alpha.file("alpha/tests/native/x.pyx", "")).build(&[]);
    assert!(built.ships("alpha/tests/native/x.pyx"), "its name is said");
    assert!(!built.ships("alpha/tests/util.py"));
    assert!(!built.ships("alpha/tests/__init__.py"));
}

#[test]
fn stubs_that_lazy_loaders_read() {
    let readers = [
        "import lazy_loader as lazy\nlazy.attach_stub(__name__, __file__)\n",
        "from lazy_loader import attach_stub\nattach_stub(__name__, __file__)\n",
        "from .._shared import lazy\nlazy.attach_stub(__name__, __file__)\n",
        "import os\nSTUB = os.path.splitext(__file__)[0] + '.pyi'\n",
    ];
    for reader in readers {
        let alpha = alpha().file("alpha/lazy/__init__.py", reader);
        let alpha = alpha.file("alpha/lazy/__init__.pyi", "").file("alpha/__init__.pyi", "");
        let built = app().install(&alpha).build(&[]);
        assert!(built.ships("alpha/lazy/__init__.pyi"), "{reader}");
        assert!(!built.ships("alpha/__init__.pyi"), "which is above it: {reader}");
    }
}

#[test]
fn the_evidence_is_told() {
    let package = app().install(&alpha().file("alpha/a.py", "\n\nfrom .tests import util\n"));
    let told = package.explain("alpha/tests/util.py", &[]);
    assert_eq!(told, "kept [category-folder] imported by alpha/a.py:3");
    let package = app().with("mine.py", "\nX = 'alpha.tests'\n").install(&alpha());
    let told = package.explain("alpha/tests/util.py", &[]);
    assert_eq!(told, "kept [category-folder] named in a string at mine.py:2");
    let package = app().install(&alpha().file("alpha/a.json", "alpha.tests"));
    let told = package.explain("alpha/tests/util.py", &[]);
    assert_eq!(told, "kept [category-folder] named in alpha/a.json");
    let report = package.build(&[]).report();
    assert_eq!(report["doubts"][0]["what"], "alpha/tests");
    assert_eq!(report["doubts"][0]["files"], 2);
}
