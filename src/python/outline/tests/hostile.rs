//! Errors, encodings, and sources made to break a reader.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Unparsed, read, text};
use super::{PLATFORM, imports, outline, show, watch};
use crate::python::source;

fn error_line(source: &str) -> Option<u32> {
    match read(source, PLATFORM, &watch) {
        Err(Unparsed::Syntax { line, .. }) => line,
        other => panic!("{source:?} reads {other:?}"),
    }
}

#[test]
fn refuses_what_is_no_python() {
    for source in [
        "'abc",
        "'abc\n'",
        "'abc\\",
        "'abc\\\n",
        "'''abc''",
        "b'abc",
        "f'abc",
        "f'abc\\",
        "f'abc\n'",
        "f'''abc''",
        "f'{x",
        "f'{x'",
        "f'{x:",
        "f'{x:\n}'",
        "f'{x:a",
        "f'{x)}'",
        "f'{(x}'",
        "f'{x]'",
        "(",
        "(]",
        "]",
        "{(})",
        "x = (1\nimport a",
        "a $ b",
        "a ? b",
        "a ! b",
        "`a`",
        "a \\ b",
        "a \\",
        "\x07",
        "f'\\N{",
        "f'\\N{a'",
    ] {
        assert!(error_line(source).is_some(), "{source:?}");
    }
    assert_eq!(error_line("x\n\r\n\r'a"), Some(4));
    assert_eq!(error_line("'''\n'''\n)"), Some(3));
}

#[test]
fn refuses_statements_of_python_2() {
    for statement in ["print 'x'", "print 'in'", "print x", "print 1", "exec code", "if x: print y"]
    {
        assert_eq!(error_line(&format!("import a\n{statement}\n")), Some(2), "{statement}");
    }
    for statement in [
        "print('x')",
        "print >>f, 'x'",
        "x = print if y else exec",
        "print is exec and print not in x or exec",
        "from print import exec as print\n'a'.b",
        "[print for print in x]",
        "with x as print: 'a'.b",
        "print\n'a'.b",
        "print; 'a'.b",
        "{print: 'a'}",
        "def print(x): 'a'.b",
        "printer = x",
    ] {
        assert!(read(statement, PLATFORM, &watch).is_ok(), "{statement}");
    }
}

#[test]
fn refuses_what_it_cannot_decode() {
    assert_eq!(text(b"'\xe9'"), Err(Unparsed::NotInEncoding("UTF-8")));
    assert_eq!(text(b"# coding: ascii\n'\xe9'"), Err(Unparsed::NotInEncoding("ASCII")));
    assert_eq!(text(b"# coding: koi8-r\nx"), Err(Unparsed::UnknownEncoding("koi8-r".to_owned())));
    assert_eq!(text(b"x = '\0'"), Err(Unparsed::NullByte));
    let large = vec![b'\n'; source::MOST_BYTES + 1];
    assert_eq!(text(&large), Err(Unparsed::TooLarge(large.len())));
}

#[test]
fn decodes_by_pep_263() {
    for (bytes, module) in [
        (&b"import caf\xc3\xa9"[..], "caf\u{e9}"),
        (b"\xef\xbb\xbfimport a", "a"),
        (b"\xef\xbb\xbf# coding: utf8\nimport \xc3\xa9", "\u{e9}"),
        (b"# -*- coding: latin-1 -*-\nimport \xe9", "\u{e9}"),
        (b"#!python\r# coding: cp1252\rimport \x8a", "\u{160}"),
    ] {
        let text = text(bytes).expect("text");
        assert_eq!(outline(&text).imports[0].module, module);
    }
}

#[test]
fn odd_files_read() {
    for source in [
        "",
        "\n",
        "\r",
        "#",
        "pass",
        "x = 1 ;",
        "\x0c",
        "    \n# x\n",
        "x = \\\n1",
        "\\\n",
        "x \\\n",
        "if",
        "import",
        "from",
        "from x",
        "from . import",
        "import ,",
        "from x import ()",
        "else: x",
        "  x\n y\n",
        "elif x: y",
        ":",
        ";;",
        "def",
        "lambda",
        "=",
        "import_x()",
        "import a.",
    ] {
        assert!(read(source, PLATFORM, &watch).is_ok(), "{source:?}");
    }
}

#[test]
fn the_bound_on_nesting_is_that_of_the_specification() {
    let nested = |open: &str, close: &str, n: usize| {
        let source = format!("{}{}", open.repeat(n), close.repeat(n));
        read(&source, PLATFORM, &watch).map(|outline| outline.texts.len())
    };
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("{1: [", "]}")] {
        let levels = 1_000 / open.matches(['(', '[', '{']).count();
        assert!(nested(open, close, levels).is_ok(), "{open}");
        assert_eq!(nested(open, close, levels + 1), Err(Unparsed::TooDeep), "{open}");
    }
    assert_eq!(nested("x = f'{", "}'", 1), Ok(1));
    assert_eq!(nested("f'{", "}'", 501), Err(Unparsed::TooDeep));
}

/// A source by the number of its levels.
type Shape = fn(usize) -> String;

const SHAPES: &[Shape] = &[
    |n| "(".repeat(n),
    |n| format!("{}{}", "[".repeat(n), "]".repeat(n)),
    |n| format!("{}1{}", "import_x(".repeat(n), ")".repeat(n)),
    |n| format!("{}1{}", "f'{".repeat(n), "}'".repeat(n)),
    |n| format!("f'{}1{}'", "{x:".repeat(n), "}".repeat(n)),
    |n| format!("f'{}'", "{x}a".repeat(n)),
    |n| format!("f'{}'", "{{".repeat(n)),
    |n| format!("f'{}'", "\\N{a}".repeat(n)),
    |n| format!("f'{}'", "\\N".repeat(n)),
    |n| format!("f'{}", "\\N{".repeat(n)),
    |n| "'a' ".repeat(n),
    |n| "f'{a}' ".repeat(n),
    |n| format!("'{}'", "\\x".repeat(n)),
    |n| format!("x = {}", "'a' + ".repeat(n)),
    |n| "'".repeat(n),
    |n| "\"\"\"'''".repeat(n),
    |n| format!("a{}", ".b".repeat(n)),
    |n| format!("import a{}", ".b".repeat(n)),
    |n| format!("import {}", "a, ".repeat(n)),
    |n| format!("from {} import a", ".".repeat(n)),
    |n| format!("from a import {}", "b as c, ".repeat(n)),
    |n| "lambda: ".repeat(n),
    |n| "if 0: ".repeat(n),
    |n| format!("if a: b\n{}", "elif 0: b\n".repeat(n)),
    |n| format!("if {}0: a", "not ".repeat(n)),
    |n| format!("if {}0: a", "x and y or ".repeat(n)),
    |n| format!("if sys.platform in ({}): a", "'a', ".repeat(n)),
    |n| (0..n.min(3_000)).map(|i| format!("{}if x:\n", " ".repeat(i))).collect(),
    |n| (0..n.min(3_000)).rev().map(|i| format!("{}if x: y\n", " ".repeat(i))).collect(),
    |n| "class ".repeat(n),
    |n| format!("{}import_x('a')", "\n".repeat(n)),
    |n| "import_x ('a')\n\n\n\n".repeat(n),
    |n| "\\\n".repeat(n),
    |n| " ".repeat(n),
    |n| "#".repeat(n),
    |n| ";".repeat(n),
    |n| ":".repeat(n),
];

#[test]
fn hostile_sources_come_back_at_once() {
    for (number, shape) in SHAPES.iter().enumerate() {
        for levels in [10, 1_000, 100_000] {
            let source = shape(levels);
            let start = Instant::now();
            let work = move || {
                let _ = read(&source, PLATFORM, &watch);
            };
            // Nothing recurses: 256 KiB of stack will do.
            let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(work);
            thread.expect("a thread").join().expect("no panic");
            let spent = start.elapsed();
            assert!(spent < Duration::from_secs(2), "shape {number}: {levels} levels in {spent:?}");
        }
    }
}

fn python_like() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "import a\n",
        "from . import b",
        "from ",
        "import ",
        "def f():\n",
        "    ",
        "\n",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "f'{",
        "f'''",
        "'",
        "\"",
        "lambda x:",
        "not ",
        "if x:",
        "else:",
        "elif y:",
        " if y ",
        "\\\n",
        "\\",
        "match x:\n",
        "case ",
        "case 1:",
        "*",
        "**",
        ".",
        ",",
        ":",
        ":=",
        "=",
        "x",
        "1",
        "async ",
        "@",
        "#",
        "\t",
        "\x0c",
        "\r",
        "\r\n",
        "class C:\n",
        "try:",
        "except ",
        "with ",
        "yield ",
        "import_x",
        "import_x(",
        "import_x('a')",
        "lazy ",
        "type ",
        "\u{e9}",
        "!r",
        "!=",
        "t'",
        "rb'",
        "0x",
        "print",
        " as ",
        ";",
        "%",
        "+",
    ]);
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// The imports as the syntax tree has them; `None` where it is no Python.
fn imports_of_tree(text: &str) -> Option<Vec<String>> {
    let show = |import: source::Import| {
        let module = import.module.unwrap_or_default();
        let dots = ".".repeat(import.level as usize);
        format!("{}:{dots}{module}:{}", import.line, import.names.join(","))
    };
    Some(source::read(text.as_bytes()).ok()?.imports.into_iter().map(show).collect())
}

/// A block of a program, this deep.
fn block() -> impl Strategy<Value = Vec<String>> {
    let simple = prop::sample::select(vec![
        "import a",
        "import a.b as c, d",
        "from . import a",
        "from ..a.b import (c as d, # e\n  f\n)",
        "from a import *",
        "import \\\n a",
        "x = 1; import a",
        "x = 'import a'",
        "'import a'",
        "x = f'{y!r:>{z}} {'a'}'",
        "x = '''\nimport a\n'''",
        "x = lambda y: {1: z[2:3]}",
        "pass",
        "x: int = (\n1\n)",
        "yield_ = print",
        "pass # import a",
        "x = r'\\\\'; from .a import b",
        "x = f'''{\ny}\nimport z'''",
        "x = 'a\\\nb'",
        "print(x, 'from a import b')",
    ]);
    let header = prop::sample::select(vec![
        "if x:",
        "while x[1:2]:",
        "for x in lambda: y, z:",
        "with x as y, z:",
        "def f(a: int = 1):",
        "class C(D):",
        "if (y := x):",
        "async def f() -> {1: 2}:",
        "if f'{x:>3}' 'a:':",
    ]);
    let simple = simple.prop_map(|line| vec![line.to_owned()]);
    simple.prop_recursive(4, 40, 4, move |inner| {
        let body = prop::collection::vec(inner, 1..4).prop_map(|blocks| blocks.concat());
        let compound = (header.clone(), body.clone()).prop_map(|(header, body)| {
            let mut lines = vec![header.to_owned()];
            lines.extend(body.into_iter().map(|line| format!("  {line}")));
            lines
        });
        let line = (header.clone(), 0..3_usize).prop_map(|(header, number)| {
            let body = ["import a", "from .a import b", "x = 'a'; import b.c, d"][number];
            vec![format!("{header} {body}")]
        });
        let match_case = body.clone().prop_map(|body| {
            let mut lines = vec!["match x:".to_owned(), "  case 1: from .a import b".to_owned()];
            lines.push("  case {'a': y}:".to_owned());
            lines.extend(body.into_iter().map(|line| format!("    {line}")));
            lines
        });
        prop_oneof![compound, line, match_case, body]
    })
}

proptest! {
    #[test]
    fn never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(text) = text(&bytes) {
            let _ = read(&text, PLATFORM, &watch);
        }
    }

    #[test]
    fn reads_whatever_looks_like_python(source in python_like()) {
        let ours = read(&source, PLATFORM, &watch);
        if let Some(theirs) = imports_of_tree(&source) {
            let ours = ours.expect("what the parser takes");
            let ours: Vec<_> = ours.imports.iter().map(|import| show(&source, import)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn agrees_over_generated_programs(
        lines in prop::collection::vec(block(), 1..5),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let source = (lines.concat().join("\n") + "\n").replace('\n', end);
        let theirs = imports_of_tree(&source).expect("a program");
        prop_assert_eq!(imports(&source), theirs);
    }
}
