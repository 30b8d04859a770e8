//! The calls that are asked for.

use super::super::Argument;
use super::outline;

/// Each call: its name, its first argument.
fn calls(source: &str) -> Vec<String> {
    let outline = outline(source);
    let show = |argument| match argument {
        Argument::None => "nothing".to_owned(),
        Argument::Text(text) => format!("{:?}", outline.texts[text].value),
        Argument::Name(name) => name.to_owned(),
        Argument::Other => "other".to_owned(),
    };
    outline.calls.iter().map(|call| format!("{} {}", call.name, show(call.argument))).collect()
}

#[test]
fn knows_the_first_argument() {
    for (argument, expected) in [
        ("", "nothing"),
        ("\n", "nothing"),
        ("'a'", "\"a\""),
        ("'a', b", "\"a\""),
        ("'a' 'b'", "\"ab\""),
        ("# c\n 'a'\n", "\"a\""),
        ("b'a'", "\"a\""),
        ("name='a'", "\"a\""),
        ("name = 'a' + b", "\"a\""),
        ("f'a{b}'", "\"a\\0\""),
        ("'a' f'{'b'}'", "\"a\\0\""),
        ("name=f'{__name__}.a'", "\"\\u{1}.a\""),
        ("a", "a"),
        ("a.b", "a"),
        ("a + 'b'", "a"),
        ("a['b']", "a"),
        ("a, 'b'", "a"),
        ("a('b')", "a"),
        ("a if b else 'c'", "a"),
        ("name=a", "a"),
        ("name=a.b", "a"),
        ("a == 'b'", "other"),
        ("1", "other"),
        ("-1, 'a'", "other"),
        ("*a", "other"),
        ("**a", "other"),
        ("('a')", "other"),
        ("['a']", "other"),
        ("name=1", "other"),
        ("name=['a']", "other"),
    ] {
        let source = format!("x = import_module({argument})\ny = 'z'");
        assert_eq!(calls(&source), [format!("import_module {expected}")], "{source}");
    }
}

#[test]
fn finds_calls_everywhere() {
    let source = "\
@import_x('a')
class C(import_x('b')):
    def f(self, x=a.b.import_x('c')) -> import_x('d'):
        return f'{importlib . import_module ('e')}'
if import_x('f'): import_x('g'); import_x('h')
x = {import_x('i'): lambda: import_x('j')}
import_x(import_x('k'))
f(import_module(x), y=import_x(f'{import_x()}'))
";
    let expected = [
        "import_x \"a\"",
        "import_x \"b\"",
        "import_x \"c\"",
        "import_x \"d\"",
        "import_module \"e\"",
        "import_x \"f\"",
        "import_x \"g\"",
        "import_x \"h\"",
        "import_x \"i\"",
        "import_x \"j\"",
        "import_x import_x",
        "import_x \"k\"",
        "import_module x",
        "import_x \"\\0\"",
        "import_x nothing",
    ];
    assert_eq!(calls(source), expected);
}

#[test]
fn other_things_are_no_calls() {
    for source in [
        "def import_module(x): pass",
        "async def import_module(x): pass",
        "class C:\n  def \\\n import_module(x): pass",
        "class import_x(y): pass",
        "import_module",
        "import_module\n('a')",
        "import_module['a']",
        "import_modules('a')",
        "f('import_module(x)')",
        "# import_module('a')",
        "from a import (import_module)",
    ] {
        assert!(calls(source).is_empty(), "{source}");
    }
}

#[test]
fn what_stands_before_a_call_does_not_define_it() {
    for before in ["x = undef\n", "# the class\n", "x = 'def'\n", "x.def_ = class_ = ", "f(x_def, "]
    {
        let source = format!("{before}import_module('a')");
        let source = if before.contains('(') { source + ")" } else { source };
        assert_eq!(calls(&source), ["import_module \"a\""], "{source}");
    }
}

#[test]
fn an_argument_ends_with_its_call() {
    assert_eq!(calls("import_x()\n'a'.b"), ["import_x nothing"]);
    assert_eq!(calls("x = import_x(), 'a'"), ["import_x nothing"]);
    assert_eq!(calls("x = import_x(a), 'a'"), ["import_x a"]);
    assert_eq!(calls("x = import_x(a=b, c='d')"), ["import_x b"]);
    assert_eq!(calls("x = f'{import_x()}a'"), ["import_x nothing"]);
}

#[test]
fn calls_know_where_they_stand() {
    let source = "\
import_x('a')
def f(): import_x('b')
if __name__ == '__main__':
    import_x('c')
if 0: import_x('d')
x = y.import_x('e')
";
    let calls = outline(source).calls;
    let standing = |number: usize| {
        let standing = calls[number].standing;
        (standing.in_function, standing.in_main)
    };
    assert_eq!(calls.len(), 4);
    assert_eq!(
        [0, 1, 2, 3].map(standing),
        [(false, false), (true, false), (false, true), (false, false)]
    );
    assert_eq!(calls[3].at, source.rfind("import_x").expect("the call"));
}
