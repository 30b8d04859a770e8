//! String literals and their values.

use super::{outline, texts};

#[test]
fn reads_every_prefix_and_quote() {
    for (source, value) in [
        ("'a'", "a"),
        ("\"a'\"", "a'"),
        ("''", ""),
        ("'''a'b''c\n'''", "a'b''c\n"),
        ("\"\"\"\"a\"\"\"", "\"a"),
        (r"'\''", "'"),
        (r"r'\n\''", r"\n\'"),
        (r"R'\d'", r"\d"),
        (r"b'\x41\u0041'", r"A\u0041"),
        (r"rb'\x41'", r"\x41"),
        (r"Br'\x41'", r"\x41"),
        (r"bR'\x41'", r"\x41"),
        ("u'a'", "a"),
        ("U'a'", "a"),
        (r"f'\x41'", "A"),
        (r"rf'\x41'", r"\x41"),
        (r"Fr'\{a}'", r"\<>"),
        (r"RF'\x41{a}'", r"\x41<>"),
        ("t'a{b}'", "a<>"),
        ("rT'''a{b}\n'''", "a<>\n"),
        ("'a' \"b\" 'c'", "abc"),
        ("('a' # b\n\n  'c')", "ac"),
        ("'a' \\\n 'b'", "ab"),
        ("'a' f'{b}' 'c' fr'{{d}}'", "a<>c{d}"),
    ] {
        assert_eq!(texts(&format!("x = {source}")), [value], "{source}");
    }
    assert_eq!(texts("x = ur'a'"), ["a"]);
    assert_eq!(texts("x = ['a', 'b']\ny = 'c'\nz = 'd'"), ["a", "b", "c", "d"]);
}

#[test]
fn reads_escapes() {
    for (source, value) in [
        (r"\\\'\a\b\f\n\r\t\v", "\\'\x07\x08\x0c\n\r\t\x0b"),
        (r"\0\7\18\1012\777", "\0\x07\x018A2\u{1ff}"),
        (r"\x41\u00e9\U0001f40d", "A\u{e9}\u{1f40d}"),
        (r"\N{DASH}a", "\u{fffd}a"),
        (r"\ud800x", "\u{fffd}x"),
        (r"\d\ ", "\\d\\ "),
        ("\\\u{e9}", "\\\u{e9}"),
        ("a\\\nb", "ab"),
        ("a\\\rb", "ab"),
        ("a\\\r\nb", "ab"),
    ] {
        for prefix in ["", "f"] {
            let source = format!("x = {prefix}'{source}'");
            assert_eq!(outline(&source).texts[0].value, value, "{source}");
        }
    }
    assert_eq!(texts("x = r'a\\\r\nb'"), ["a\\\nb"]);
    assert_eq!(texts(r"x = b'\xe9\777'"), ["\u{fffd}\u{fffd}"]);
    assert_eq!(texts("x = '''a\r\nb\rc'''"), ["a\nb\nc"]);
}

#[test]
fn reads_fields() {
    for (source, expected) in [
        ("f'a{x}b'", vec!["a<>b"]),
        ("f'{{a}}{{{x}}}'", vec!["{a}{<>}"]),
        ("f'{x}{y}'", vec!["<><>"]),
        ("f'a{x!r:>{w}}b'", vec!["a<>b"]),
        ("f'{x:%H:%M}b'", vec!["<>b"]),
        ("f'{x=}'", vec!["<>"]),
        ("f'{x != y}'", vec!["<>"]),
        ("f'{x[1:2]}{ {1: 2}[1] }'", vec!["<><>"]),
        ("f'{(y := x)}'", vec!["<>"]),
        ("f'{x['a']}b'", vec!["a", "<>b"]),
        ("f'{f'{f'{x}a'}b'}c'", vec!["<>a", "<>b", "<>c"]),
        ("f'a{'b' 'c'}d'", vec!["bc", "a<>d"]),
        ("f'a{x:{'b'}c}d'", vec!["b", "a<>d"]),
        ("f'{\nx # }'\n}a'", vec!["<>a"]),
        ("f'''{\nx}\n{'''a'''}'''", vec!["a", "<>\n<>"]),
        ("f'''a{x:\n}b'''", vec!["a<>b"]),
        (r"f'\N{DASH}{x}'", vec!["\u{fffd}<>"]),
        (r"f'\{x}'", vec!["\\<>"]),
        ("f''", vec![""]),
        ("f'{x}' 'a' f'{y}'", vec!["<>a<>"]),
    ] {
        assert_eq!(texts(&format!("z = {source}")), expected, "{source}");
    }
    let has_holes = |source| outline(source).texts[0].has_holes;
    assert!(has_holes("x = f'{a}'") && has_holes("x = 'a' f'{__name__}'"));
    assert!(!has_holes("x = f'a{{b}}'"));
}

#[test]
fn knows_the_name_of_the_module() {
    assert_eq!(texts("x = f'{__name__}.x'"), ["<own>.x"]);
    assert_eq!(texts("x = f'{__spec__.parent}.{p}'"), ["<own>.<>"]);
    assert_eq!(texts("x = f'{ __package__ }.{__spec__.name}'"), ["<own>.<own>"]);
    for field in ["__name__x", "x.__name__", "__name__[1:]", "'__name__'", "__name__!r"] {
        let source = format!("x = f'{{{field}}}'");
        assert_eq!(texts(&source).last().expect("a text"), "<>", "{source}");
    }
}

#[test]
fn knows_what_goes_on() {
    let goes_on = |source| outline(source).texts[0].goes_on;
    for source in
        ["x = 'a' + b", "x = 'a' % b", "x = 'a' 'b'\\\n+ c", "f('a.%s' % x)", "x = f'{a}' + b"]
    {
        assert!(goes_on(source), "{source}");
    }
    for source in ["x = 'a'", "x = 'a'.b + c", "x = ('a', + b)", "x = b + 'a'", "x = ['a'] + b"] {
        assert!(!goes_on(source), "{source}");
    }
}

#[test]
fn strings_that_are_statements_are_left_out() {
    let source = "\
'''doc'''
'also' 'doc'
class C: 'doc'
class D:
    a = 1
    'doc of a'; b'doc'
    f'doc {'inside'}'
    def f(self): \"\"\"doc\"\"\"
match x:
    case 1: 'doc'
";
    assert_eq!(texts(source), ["inside"]);
}

#[test]
fn strings_in_statements_are_kept() {
    let source = "\
def f(a: 'annotation' = 'default', *, b='c') -> 'result': return 'returned'
x: 'attribute' = 1
'a'.join(x)
'b', x
('c')
'd' if x else y
@d('decorator')
class C(x='keyword'): pass
match x:
    case 'pattern' | {'key': 1}: pass
del x['e'], x[f'f']
lambda x='g': 'h'
assert x, 'i'
";
    let expected = [
        "annotation",
        "default",
        "c",
        "result",
        "returned",
        "attribute",
        "a",
        "b",
        "c",
        "d",
        "decorator",
        "keyword",
        "pattern",
        "key",
        "e",
        "f",
        "g",
        "h",
        "i",
    ];
    assert_eq!(texts(source), expected);
}

#[test]
fn texts_know_where_they_begin() {
    let source = "x = 'a', [\n 'b' \n'c', f'''\n{d}''']";
    let lines = outline(source).texts.into_iter().map(|text| super::line(source, text.at));
    assert_eq!(lines.collect::<Vec<_>>(), [1, 2, 3]);
}
