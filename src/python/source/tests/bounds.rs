//! Hostile nesting on small stacks: each source must come back, read or refused.

use super::super::{Unparsed, read};

/// A source by the number of its levels.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: &[Shape] = &[
    ("((((", |n| format!("{}1{}", "(".repeat(n), ")".repeat(n))),
    ("((((, unclosed", |n| "(".repeat(n)),
    ("[[[[", |n| format!("{}{}", "[".repeat(n), "]".repeat(n))),
    ("{{{{", |n| format!("{}1{}", "{".repeat(n), "}".repeat(n))),
    ("{1: {1: …", |n| format!("{}1{}", "{1:".repeat(n), "}".repeat(n))),
    ("f(f(f(", |n| format!("{}1{}", "f(".repeat(n), ")".repeat(n))),
    ("(1,(1,(1,", |n| format!("{}1{}", "(1,".repeat(n), ")".repeat(n))),
    ("[x for x in [x for x in", |n| format!("{}y{}", "[x for x in ".repeat(n), "]".repeat(n))),
    ("f(a=f(a=", |n| format!("{}1{}", "f(a=".repeat(n), ")".repeat(n))),
    ("a.b.c", |n| format!("a{}", ".b".repeat(n))),
    ("a[0][0]", |n| format!("a{}", "[0]".repeat(n))),
    ("a()()()", |n| format!("a{}", "()".repeat(n))),
    ("a+a+a", |n| format!("a{}", "+a".repeat(n))),
    ("a**a**a", |n| format!("a{}", "**a".repeat(n))),
    ("a and a or a", |n| format!("a{}", " and a or a".repeat(n))),
    ("a<a<a", |n| format!("a{}", "<a".repeat(n))),
    ("-----1", |n| format!("{}1", "-".repeat(n))),
    ("not not", |n| format!("{}1", "not ".repeat(n))),
    ("await await", |n| format!("async def f(): {}1", "await ".repeat(n))),
    ("lambda: lambda:", |n| format!("{}1", "lambda: ".repeat(n))),
    ("lambda a,b: lambda a,b:", |n| format!("{}1", "lambda a, b: ".repeat(n))),
    ("lambda a=lambda a=", |n| format!("{}1{}", "lambda a=".repeat(n), ": 1".repeat(n))),
    ("lambda , lambda ,", |n| "lambda , ".repeat(n)),
    ("x if y else", |n| format!("{}1", "x if y else ".repeat(n))),
    ("(x if (x if", |n| format!("{}x{}", "(x if ".repeat(n), " else x)".repeat(n))),
    ("nested f-strings", |n| format!("{}1{}", "f'{".repeat(n), "}'".repeat(n))),
    ("nested format specifiers", |n| format!("f'{}1{}'", "{x:".repeat(n), "}".repeat(n))),
    ("indentation", |n| {
        (0..n).map(|i| format!("{}if x:\n", " ".repeat(i))).collect::<String>()
            + &" ".repeat(n)
            + "y"
    }),
    ("if on one line", |n| format!("{}x", "if x: ".repeat(n))),
    ("class on one line", |n| format!("{}x", "class A: ".repeat(n))),
    ("async async", |n| format!("{}def f(): pass", "async ".repeat(n))),
    ("elif", |n| format!("if a: b\n{}", "elif a: b\n".repeat(n))),
    ("decorators", |n| format!("{}def f(): pass", "@a\n".repeat(n))),
    ("case [[[[", |n| format!("match x:\n case {}{}: y", "[".repeat(n), "]".repeat(n))),
    ("case a.b.c", |n| format!("match x:\n case a{}: y", ".a".repeat(n))),
    ("case a|a|a", |n| format!("match x:\n case a{}: y", "|1".repeat(n))),
    ("match match", |n| format!("{}x", "match ".repeat(n))),
    ("with ((((", |n| format!("with {}a{}: b", "(".repeat(n), ")".repeat(n))),
    ("x: x: x", |n| "x: ".repeat(n)),
    ("x = x = x", |n| format!("{}1", "x = ".repeat(n))),
    ("x := x :=", |n| format!("({}1)", "x := ".repeat(n))),
    ("'a' 'a'", |n| "'a' ".repeat(n)),
    ("f'{a}' f'{a}'", |n| "f'{a}' ".repeat(n)),
    ("from ....", |n| format!("from {} import a", ".".repeat(n))),
    ("*****a", |n| format!("f({}a)", "*".repeat(n))),
    ("yield yield", |n| format!("def f(): {}1", "yield ".repeat(n))),
    ("del a.a.a", |n| format!("del a{}", ".a".repeat(n))),
    ("[T: (T: (", |n| format!("def f{}{}(): pass", "[T: ".repeat(n), "]".repeat(n))),
    ("chains in brackets", |n| {
        let depth = n.isqrt();
        format!("{}1{}", format!("a{}+(", "+a".repeat(depth)).repeat(depth), ")".repeat(depth))
    }),
];

/// Reads every shape with `levels` levels on a thread with this much stack.
fn all_come_back(levels: usize, stack: usize) {
    for (name, shape) in SHAPES {
        let source = shape(levels);
        let thread =
            std::thread::Builder::new().stack_size(stack).spawn(move || read(source.as_bytes()));
        let answer = thread.expect("a thread").join().expect("no panic");
        assert_ne!(answer, Err(Unparsed::Panicked), "{name}");
    }
}

#[test]
fn hostile_nesting_comes_back_on_a_worker_stack() {
    for levels in [10, 190, 990, 2_490, 4_990, 5_010, 100_000] {
        // Indentation of n levels is n² bytes long.
        let levels = levels.min(if cfg!(debug_assertions) { 20_000 } else { levels });
        all_come_back(levels, 2 << 20);
    }
}

#[test]
fn small_stacks_will_do() {
    for levels in [60, 100, 190, 990, 4_990] {
        all_come_back(levels, 512 << 10);
    }
}

#[test]
fn deep_nesting_is_refused_and_usual_nesting_read() {
    let flat = ["elif", "decorators", "'a' 'a'"];
    // Not Python at any depth, or a different thing.
    let wrong = [
        "((((, unclosed",
        "lambda , lambda ,",
        "x := x :=",
        "if on one line",
        "class on one line",
        "async async",
        "match match",
        "x: x: x",
        "*****a",
        "yield yield",
        "await await",
        "case a.b.c",
        "[T: (T: (",
        "from ....",
        "case a|a|a",
    ];
    for (name, shape) in SHAPES {
        let deep = read(shape(6_000).as_bytes());
        if flat.contains(name) {
            assert!(deep.is_ok(), "{name}: {deep:?}");
        } else if *name != "chains in brackets" && !wrong.contains(name) {
            assert_eq!(deep, Err(Unparsed::TooDeep), "{name}");
        }
        if !wrong.contains(name) {
            let usual = read(shape(60).as_bytes());
            assert!(usual.is_ok(), "{name}: {usual:?}");
        }
    }
    let chained =
        SHAPES.iter().find(|(name, _)| *name == "chains in brackets").expect("the shape").1;
    assert_eq!(read(chained(100_000).as_bytes()), Err(Unparsed::TooDeep));
}

#[test]
fn the_bounds_are_those_of_the_specification() {
    let brackets = |n: usize| read(format!("{}{}", "[".repeat(n), "]".repeat(n)).as_bytes());
    assert!(brackets(1_000).is_ok());
    assert_eq!(brackets(1_001), Err(Unparsed::TooDeep));
    let attributes = |n: usize| read(format!("a{}", ".b".repeat(n)).as_bytes());
    assert!(attributes(5_000).is_ok());
    assert_eq!(attributes(5_001), Err(Unparsed::TooDeep));
    let indents = |n: usize| {
        let blocks: String = (0..n).map(|i| format!("{}if x:\n", " ".repeat(i))).collect();
        read(format!("{blocks}{}y", " ".repeat(n)).as_bytes())
    };
    assert!(indents(99).is_ok());
    assert_eq!(indents(101), Err(Unparsed::TooDeep));
}

#[test]
fn long_is_not_deep() {
    let list = format!("x = [{}]", "a.b[-1](not c), ".repeat(20_000));
    assert!(read(list.as_bytes()).is_ok());
    let dict = format!("x = {{{}}}", "'a': lambda x, y: x + y,\n".repeat(20_000));
    assert!(read(dict.as_bytes()).is_ok());
    let string = format!("f'''{}'''", "{a.b} ".repeat(20_000));
    assert!(read(string.as_bytes()).is_ok());
    let lines = "a.b.c(-1 + 2); x = y\n".repeat(20_000);
    assert!(read(lines.as_bytes()).is_ok());
}
