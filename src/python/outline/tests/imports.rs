//! Import statements, wherever they stand and however they are written.

use super::super::{Unparsed, text};
use super::{imports, modules, outline};

#[test]
fn finds_imports_everywhere() {
    let source = "\
import a, b.c as d
from . import x
from ..p.q import (y as z,
    w)
from m import *
if x: import in_if
elif y: import in_elif
else:
    import in_else
try:
    import in_try
except ImportError:
    import in_except
else: from in_try_else import x
finally:
    import in_finally
class C(object):
    import in_class
    async def f(self):
        async with x: import in_with
        for _ in y:
            import in_for
        else: import in_for_else
        while 0: import in_while
        match x:
            case [1]: import in_case
            case {'a': 1} if x: from .in_case import y
            case _: a; from . import z; import b
def g():
    global k
    from __future__ import annotations; import last
class D: import in_body
def h(): from in_def import x
";
    let expected = [
        "1:a:",
        "1:b.c:",
        "2:.:x",
        "3:..p.q:y,w",
        "5:m:*",
        "6:in_if:",
        "7:in_elif:",
        "9:in_else:",
        "11:in_try:",
        "13:in_except:",
        "14:in_try_else:x",
        "16:in_finally:",
        "18:in_class:",
        "20:in_with:",
        "22:in_for:",
        "23:in_for_else:",
        "24:in_while:",
        "26:in_case:",
        "27:.in_case:y",
        "28:.:z",
        "28:b:",
        "31:__future__:annotations",
        "31:last:",
        "32:in_body:",
        "33:in_def:x",
    ];
    assert_eq!(imports(source), expected);
}

#[test]
fn reads_every_spelling() {
    for (source, expected) in [
        ("import a . b", vec!["1:a.b:"]),
        ("import a.\\\n b as c, d", vec!["1:a.b:", "1:d:"]),
        ("import a \\\r\n  , b\r\n", vec!["1:a:", "1:b:"]),
        ("import\ta#b\nimport c # , d", vec!["1:a:", "2:c:"]),
        ("x = 1;import a;import b;", vec!["1:a:", "1:b:"]),
        ("from . import (a as b,\n c)", vec!["1:.:a,c"]),
        ("from . import ( # no import x\n a, # b\n\n c,\n)\nimport d", vec!["1:.:a,c", "6:d:"]),
        ("from .. import x", vec!["1:..:x"]),
        ("from...a import b", vec!["1:...a:b"]),
        ("from ....import b", vec!["1:....:b"]),
        ("from . . a . b import c", vec!["1:..a.b:c"]),
        ("from .e1 import c", vec!["1:.e1:c"]),
        ("from a import*", vec!["1:a:*"]),
        ("from a import(b)", vec!["1:a:b"]),
        ("from a import \\\n b, \\\n c\nfrom d import e", vec!["1:a:b,c", "4:d:e"]),
        ("import caf\u{e9}.\u{4e2d}", vec!["1:caf\u{e9}.\u{4e2d}:"]),
        ("lazy import a\nlazy from b import c", vec!["1:a:", "2:b:c"]),
    ] {
        assert_eq!(imports(source), expected, "{source:?}");
    }
}

#[test]
fn names_that_look_like_keywords_are_names() {
    for source in [
        "from .print import a",
        "from .exec import a",
        "from .case import a",
        "from .match import a",
        "from .type import a",
        "from .lazy import a",
    ] {
        assert_eq!(imports(source).len(), 1, "{source:?}");
    }
    for source in [
        "case: int = 1; import a",
        "match[x:y]: str; import a",
        "match = case = type = lazy = 1; import a",
        "type X = int; import a",
        "print; import a",
        "raise print from exec; import a",
        "important = from_ = _import = 1; import a",
        "x.importer.from_x; import a",
    ] {
        assert_eq!(imports(source), ["1:a:"], "{source:?}");
    }
}

#[test]
fn colons_of_expressions_end_no_header() {
    for source in [
        "if (lambda: x)(): import a",
        "if lambda: x: import a",
        "for x in lambda y, z=lambda: 1: y, z: import a",
        "while x[1:2]: import a",
        "with x({1: 2}): import a",
        "if (y := x): import a",
        "if y := x: import a",
        "def f(x: int = 1, *y: {1: 2}) -> {1: 2}: import a",
        "class C[T: int](x): import a",
        "x: lambda: 1 = lambda x, y: x; import a",
        "@x[1:2]\ndef f(): import a",
        "@lambda f: f\ndef f(): import a",
        "if f'{x:>{y}}' 'a:': import a",
    ] {
        assert_eq!(modules(source), ["a"], "{source:?}");
    }
}

#[test]
fn other_uses_of_from_are_no_imports() {
    let source = "\
def f():
    yield from a
    x = yield from b
    raise E from c
'import d'
# import e
x = f'import {g} from h'
";
    assert!(imports(source).is_empty());
}

#[test]
fn reads_every_line_end_and_form_feeds() {
    for end in ["\n", "\r\n", "\r"] {
        let source = "import a\n\x0c\nif x:\n\x0c    import b\n\nx = 'a\\\nb' f'c\\\nd'; import c"
            .replace('\n', end);
        assert_eq!(imports(&source), ["1:a:", "4:b:", "8:c:"], "{end:?}");
    }
    let mixed = "if x:\n\timport b\n        \nimport c \\\n  , d";
    assert_eq!(imports(mixed), ["2:b:", "4:c:", "4:d:"]);
}

#[test]
fn statements_know_where_they_begin() {
    let source = "x; from a import b\nimport c, d";
    let starts: Vec<usize> = super::outline(source).imports.iter().map(|i| i.at).collect();
    assert_eq!(starts, [3, 19, 19]);
}

#[test]
fn names_are_read_in_the_form_nfkc() {
    for (source, expected) in [
        // A small letter gamma above the line, a decomposed accent, letters of full width, a ligature.
        ("from.\u{2e0} import c", vec!["1:.\u{263}:c"]),
        ("import cafe\u{301}.x as y", vec!["1:caf\u{e9}.x:"]),
        ("x = 'cafe\u{301}'\nfrom \u{ff21}b import \u{fb01}x, d", vec!["2:Ab:fix,d"]),
        // No name: a space and an iota.
        ("import \u{37a}", vec!["1:\u{37a}:"]),
    ] {
        let text = text(source.as_bytes()).expect("text");
        assert_eq!(imports(&text), expected, "{source:?}");
    }
}

#[test]
fn strings_are_not_normalized_and_what_is_called_is() {
    let source = "import_\u{ff4d}odule('cafe\u{301}')\n# e\u{301}\nf'e\u{301}{e\u{301}}'";
    let text = text(source.as_bytes()).expect("text");
    assert_eq!(text, "import_module('cafe\u{301}')\n# e\u{301}\nf'e\u{301}{\u{e9}}'");
    assert_eq!(outline(&text).calls[0].name, "import_module");
}

#[test]
fn names_that_no_dot_joins_are_no_module() {
    assert_eq!(imports("from.t ests import a"), ["1:.t:a"]);
    assert_eq!(imports("import a b, c"), ["1:a:", "1:c:"]);
}

#[test]
fn keywords_in_another_spelling_are_names() {
    assert_eq!(text("import \u{ff49}f".as_bytes()), Err(Unparsed::KeywordName));
    assert!(text("'\u{ff49}f'  # \u{ff49}f".as_bytes()).is_ok());
}
