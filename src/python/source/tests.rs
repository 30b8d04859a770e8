mod bounds;
mod python;
mod readers;

use proptest::prelude::*;

use super::{Import, Text, TextKind, Unparsed, read};

fn imports(source: &str) -> Vec<String> {
    let show = |import: Import| {
        let module = import.module.unwrap_or_default();
        format!(
            "{}:{}{module}:{}",
            import.line,
            ".".repeat(import.level as usize),
            import.names.join(",")
        )
    };
    read(source.as_bytes()).expect("Python").imports.into_iter().map(show).collect()
}

fn strings(source: &[u8]) -> Vec<(u32, String)> {
    let strings = read(source).expect("Python").strings;
    strings.into_iter().map(|text| (text.line, text.value)).collect()
}

#[test]
fn finds_imports_everywhere() {
    let source = "\
import a, b.c as d
from . import x
from ..p.q import (y as z,
    w)
from m import *
if True: import in_if
else:
    import in_else
try:
    import in_try
except ImportError:
    import in_except
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
def g():
    global k
    from __future__ import annotations; import last
";
    let expected = [
        "1:a:",
        "1:b.c:",
        "2:.:x",
        "3:..p.q:y,w",
        "5:m:*",
        "6:in_if:",
        "8:in_else:",
        "10:in_try:",
        "12:in_except:",
        "14:in_finally:",
        "16:in_class:",
        "18:in_with:",
        "20:in_for:",
        "21:in_for_else:",
        "22:in_while:",
        "24:in_case:",
        "27:__future__:annotations",
        "27:last:",
    ];
    assert_eq!(imports(source), expected);
}

#[test]
fn finds_strings() {
    let source = br#""""Module
doc."""
def f(a="default", *, b: "note" = 1):
    'doc' ' of f'
    'no doc'
class C:
    b"no doc"
x = ["a" "b", b"by\x41", b"\xff", f"pre{y!r:>{'w'}4}mid" "post", rb"\d", f"{z}", f""]
"#;
    let texts = read(source).expect("Python").strings;
    let show = |text: Text| (text.line, text.value, text.kind, text.docstring);
    let shown: Vec<_> = texts.into_iter().map(show).collect();
    let expected = [
        (1, "Module\ndoc.", TextKind::Str, true),
        (3, "default", TextKind::Str, false),
        (3, "note", TextKind::Str, false),
        (4, "doc of f", TextKind::Str, true),
        (5, "no doc", TextKind::Str, false),
        (7, "no doc", TextKind::Bytes, false),
        (8, "ab", TextKind::Str, false),
        (8, "byA", TextKind::Bytes, false),
        (8, "pre", TextKind::Fragment, false),
        (8, ">", TextKind::Fragment, false),
        (8, "w", TextKind::Str, false),
        (8, "4", TextKind::Fragment, false),
        (8, "midpost", TextKind::Fragment, false),
        (8, "\\d", TextKind::Bytes, false),
    ];
    assert_eq!(shown, expected.map(|(line, value, kind, doc)| (line, value.to_owned(), kind, doc)));
}

#[test]
fn reads_template_strings_and_other_new_syntax() {
    assert_eq!(strings(b"t'a{b}c'"), [(1, "a".to_owned()), (1, "c".to_owned())]);
    assert_eq!(imports("type X[T] = int\ntry: pass\nexcept* E: import a\n"), ["3:a:"]);
    assert_eq!(imports("async def f():\n  return [await x async for x in y]\nimport a"), ["3:a:"]);
}

#[test]
fn reads_every_line_end_and_form_feeds() {
    for end in ["\n", "\r\n", "\r"] {
        let source = "import a\n\x0c\nif x:\n\x0c    import b\n\timport c\n"
            .replace("\timport c\n", "")
            .replace('\n', end);
        assert_eq!(imports(&source), ["1:a:", "4:b:"], "{end:?}");
    }
    assert_eq!(
        imports("if x:\n\timport b\n        \nimport c \\\n  , d"),
        ["2:b:", "4:c:", "4:d:"]
    );
}

#[test]
fn decodes_by_pep_263() {
    let one = |value: &str| vec![(2, value.to_owned())];
    assert_eq!(strings(b"\n'caf\xc3\xa9'"), one("caf\u{e9}"));
    assert_eq!(strings(b"\xef\xbb\xbf# coding: utf8\n'\xc3\xa9'"), one("\u{e9}"));
    assert_eq!(strings(b"# -*- coding: latin-1 -*-\n'caf\xe9\x80'"), one("caf\u{e9}\u{80}"));
    assert_eq!(strings(b"#vim: set fileencoding=iso_8859_1 :\n'\xe9'"), one("\u{e9}"));
    assert_eq!(strings(b"# coding: Windows-1252\n'\x80'"), one("\u{20ac}"));
    assert_eq!(strings(b"\x0c# coding=us-ascii\r\n'a'"), one("a"));
    assert_eq!(strings(b"#!/usr/bin/python\r# coding: latin1\r'\xe9'"), [(3, "\u{e9}".to_owned())]);
    assert_eq!(strings(b"\n\n# coding: latin-1\n'\xc3\xa9'"), [(4, "\u{e9}".to_owned())]);
    assert_eq!(strings(b"x = 1\n# coding: koi8-r\n'a'"), [(3, "a".to_owned())]);
}

#[test]
fn refuses_what_it_cannot_decode() {
    assert_eq!(read(b"'\xe9'"), Err(Unparsed::NotInEncoding("UTF-8")));
    assert_eq!(read(b"# coding: ascii\n'\xe9'"), Err(Unparsed::NotInEncoding("ASCII")));
    assert_eq!(read(b"# coding: cp1252\n'\x81'"), Err(Unparsed::NotInEncoding("CP1252")));
    let unknown = |name: &str| Err(Unparsed::UnknownEncoding(name.to_owned()));
    assert_eq!(read(b"# coding: koi8-r\nx"), unknown("koi8-r"));
    assert_eq!(read(b"\xef\xbb\xbf# coding: latin-1\nx"), unknown("latin-1"));
    assert_eq!(read(b"x = '\0'"), Err(Unparsed::NullByte));
}

#[test]
fn refuses_what_is_no_python_3() {
    let line = |source: &str| match read(source.as_bytes()) {
        Err(Unparsed::Syntax { line, .. }) => line,
        other => panic!("{source:?} reads {other:?}"),
    };
    assert_eq!(line("import a\nprint 'x'\n"), Some(2));
    assert_eq!(line("x = 1\nexcept E, e: pass\n"), Some(2));
    for source in
        ["(", "(]", "]", "x = (1\nimport a", "'abc", "f'{x'", "a $ b", "if x:\nimport a", "{(})"]
    {
        line(source);
    }
}

#[test]
fn odd_files_read() {
    for source in ["", "\n", "#", "\u{feff}", "pass", "x = 1 ;", "\x0c", "    \n# x\n"] {
        assert!(read(source.as_bytes()).is_ok(), "{source:?}");
    }
    let surrogate = strings(br"'\ud800x'");
    assert_eq!(surrogate, [(1, "\u{fffd}x".to_owned())]);
}

fn python_like() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("import a\n"),
        Just("from . import b"),
        Just("def f():\n"),
        Just("    "),
        Just("\n"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just("f'{"),
        Just("f'''"),
        Just("'"),
        Just("\""),
        Just("lambda x:"),
        Just("not "),
        Just("if x:"),
        Just("else"),
        Just(" if y "),
        Just("\\\n"),
        Just("match x:\n"),
        Just("case "),
        Just("*"),
        Just("**"),
        Just("."),
        Just(","),
        Just(":"),
        Just(":="),
        Just("="),
        Just("x"),
        Just("1"),
        Just("async "),
        Just("await "),
        Just("@"),
        Just("#"),
        Just("\t"),
        Just("\x0c"),
        Just("\r"),
        Just("class C:\n"),
        Just("try:"),
        Just("except "),
        Just("with "),
        Just("yield "),
        Just("files"),
        Just("importlib.metadata."),
        Just("lazy "),
        Just("type "),
        Just("\u{e9}"),
        Just("!r"),
        Just("t'"),
        Just("0x"),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_ne!(read(&bytes), Err(Unparsed::Panicked));
    }

    #[test]
    fn never_panics_on_what_looks_like_python(source in python_like()) {
        prop_assert_ne!(read(source.as_bytes()), Err(Unparsed::Panicked));
    }
}
