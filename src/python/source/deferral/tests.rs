use super::{Module, Verdict, read};

fn module(source: &str) -> Module {
    read(source.as_bytes()).expect("Python")
}

/// The verdict on the first import of a source, in a few words.
fn told(source: &str) -> String {
    let module = module(source);
    match &module.imports.first().expect("an import").verdict {
        Verdict::Defers(uses) => {
            let told = |found: &super::Use| {
                format!("{}{}", found.function, if found.branch { " (branch)" } else { "" })
            };
            uses.iter().map(told).collect::<Vec<_>>().join(", ")
        }
        Verdict::Stays(why) => format!("{why:?}"),
    }
}

#[test]
fn what_only_functions_use_may_wait() {
    for (source, functions) in [
        ("import pd\ndef f():\n    return pd.x\n", "f"),
        ("import a.b as pd\ndef f():\n    return pd.x\ndef g(x):\n    return pd\n", "f, g"),
        ("import a.b\ndef f():\n    return a.b.x\n", "f"),
        ("from a import b as pd\nasync def f():\n    return await pd()\n", "f"),
        ("from .a import b, c\ndef f():\n    return b, c\n", "f"),
        ("import pd\nclass C:\n    def m(self):\n        return pd.x\n", "C.m"),
        // The outermost function is the one that a statement can stand in.
        (
            "import pd\ndef f():\n    def g():\n        return [pd.x for _ in y]\n    return g\n",
            "f",
        ),
        ("import pd\ndef f():\n    return lambda: pd.x\n", "f"),
        ("import pd\ndef f():\n    class C(pd.X):\n        y = pd.y\n", "f"),
        ("import pd\ndef f():\n    @pd.d\n    def g(x: pd.X = pd.x): pass\n", "f"),
        // A call need not come to it.
        ("import pd\ndef f(x):\n    if x:\n        return pd.x\n", "f (branch)"),
        ("import pd\ndef f(x):\n    if pd.x:\n        return pd.y\n", "f"),
        (
            "import pd\ndef f(x):\n    if x: pass\n    elif pd.y: pass\n    else: pd.x\n",
            "f (branch)",
        ),
        ("import pd\ndef f(x):\n    for y in x:\n        pd.x\n", "f (branch)"),
        ("import pd\ndef f(x):\n    for y in pd.x:\n        pass\n", "f"),
        ("import pd\ndef f(x):\n    while x: pd.x\n", "f (branch)"),
        ("import pd\ndef f(x):\n    try: pd.x\n    finally: pass\n", "f"),
        ("import pd\ndef f(x):\n    try: x()\n    except E: pd.x\n", "f (branch)"),
        ("import pd\ndef f(x):\n    match x:\n        case 1: pd.x\n", "f (branch)"),
        ("import pd\ndef f(x):\n    if x: pd.x\n    pd.y\n", "f"),
        // Other names of a listed kind are no matter.
        ("import pd\n__all__ = ['f']\ndef f():\n    return pd.x\n", "f"),
        ("import pd\ndef f(x: 'spd.X' = 'pd'):\n    return pd.x\n", "f"),
        // A function that is defined in a branch is one all the same.
        ("import pd\nif x:\n    def f():\n        return pd.x\n", "f"),
    ] {
        assert_eq!(told(source), functions, "{source}");
    }
}

#[test]
fn what_the_module_itself_uses_stays() {
    for (source, line) in [
        ("import pd\nx = pd.x\n", 2),
        ("import pd\npd.options.x = 1\ndef f(): pd.x\n", 2),
        ("import pd\ndef f(): pd.x\n@pd.d\ndef g(): pass\n", 3),
        ("import pd\ndef f(x=pd.x):\n    return pd.y\n", 2),
        ("import pd\ndef f(x: pd.X):\n    return pd.y\n", 2),
        ("import pd\ndef f(x: 'pd.X'):\n    return pd.y\n", 2),
        ("import pd\ndef f() -> 'list[pd.X]':\n    return pd.y\n", 2),
        ("import pd\ndef f() -> pd.X:\n    return pd.y\n", 2),
        ("from __future__ import annotations\nimport pd\ndef f(x: pd.X): pd.y\n", 3),
        ("import pd\ndef f(): pd.x\nclass C(pd.X): pass\n", 3),
        ("import pd\nclass C:\n    y: 'pd.X' = 1\n    def m(self): pd.x\n", 3),
        ("import pd\nclass C:\n    y = pd.x\n", 3),
        ("import pd\nf = lambda: pd.x\n", 2),
        ("import pd\nx = [pd.x for y in z]\n", 2),
        ("import pd\nif __name__ == '__main__':\n    pd.x\n", 3),
        ("import pd\nwith pd.x: pass\n", 2),
        ("from a import b, c\ndef f():\n    return b\nx = c\n", 4),
        ("import pd\nx = f'{pd.x}'\n", 2),
        ("import pd\ntype X = pd.X\n", 2),
    ] {
        assert_eq!(told(source), format!("UsedAt({line})"), "{source}");
    }
}

#[test]
fn doubt_keeps_it() {
    let used = "def f(): pd.x\n";
    for (source, why) in [
        ("from pd import *\ndef f(): x\n".to_owned(), "Star"),
        ("import pd\n".to_owned(), "Unused"),
        ("from a import pd, other\n".to_owned(), "Unused"),
        (format!("try:\n    import pd\nexcept ImportError:\n    pd = None\n{used}"), "Guarded"),
        (format!("if x:\n    import pd\n{used}"), "Guarded"),
        (format!("class C:\n    import pd\n{used}"), "Guarded"),
        ("def f():\n    import pd\n    pd.x\n".to_owned(), "InFunction"),
        (format!("import pd\npd = 1\n{used}"), "BoundAgain(2)"),
        (format!("import pd\nimport a as pd\n{used}"), "BoundAgain(2)"),
        (format!("import pd.a\nimport pd.b\n{used}"), "BoundAgain(2)"),
        (format!("import pd.a, pd.b\n{used}"), "BoundAgain(1)"),
        ("import pd\ndef f(pd): pd.x\n".to_owned(), "BoundAgain(2)"),
        ("import pd\ndef f():\n    global pd\n    pd.x\n".to_owned(), "BoundAgain(3)"),
        (format!("import pd\n{used}def g():\n    del pd\n"), "BoundAgain(4)"),
        (format!("import pd\n{used}def pd(): pass\n"), "BoundAgain(3)"),
        (
            format!("import pd\n{used}def g():\n    try: x\n    except E as pd: x\n"),
            "BoundAgain(5)",
        ),
        (
            format!("import pd\n{used}def g():\n    match x:\n        case [*pd]: x\n"),
            "BoundAgain(5)",
        ),
        (format!("import pd\n{used}def g(): [x for pd in y]\n"), "BoundAgain(3)"),
        (format!("import pd\n{used}__all__ = ['f', 'pd']\n"), "Exported"),
        (format!("import pd\n{used}__all__ = ['f']\n__all__ += ['pd']\n"), "Exported"),
        (format!("import pd\n{used}__all__ = names()\n"), "Exported"),
        (format!("import pd\n{used}__all__ = []\n__all__.append(x)\n"), "Exported"),
        (format!("import pd\n{used}x = globals()\n"), "ByText"),
        (format!("import pd\n{used}def g(): eval('pd.x')\n"), "ByText"),
    ] {
        assert_eq!(told(&source), why, "{source}");
    }
}

#[test]
fn what_other_modules_can_see_is_told() {
    let sees = |source: &str| module(source).sees("app", "pd");
    for source in [
        "from app import pd\n",
        "from pkg.app import *\n",
        "from . import pd\n",
        "import app\napp.pd.x\n",
        "import pkg.app as a\ndef f(): return a.pd\n",
        "from pkg import app\nx = app.pd\n",
    ] {
        assert!(sees(source), "{source}");
    }
    for source in
        ["import pd\n", "from other import pd\n", "import app\napp.f()\n", "import x\nx.pd\n"]
    {
        assert!(!sees(source), "{source}");
    }
}

#[test]
fn it_is_moved_to_the_first_line_of_each_function() {
    let source = "\
'doc'
import a, pd  # both
from b import (c,
               d as e)

def f():
    '''doc'''
    return pd.x, c

class C:
    def m(self):
        if self:
            return e

    def n(self): return pd

x = a.x
";
    let expected = "\
'doc'
import a  # both
pass


def f():
    '''doc'''
    import pd; from b import c, d as e; return pd.x, c

class C:
    def m(self):
        from b import c, d as e
        if self:
            return e

    def n(self): import pd; return pd

x = a.x
";
    let module = module(source);
    assert_eq!(module.imports.iter().map(|i| i.line).collect::<Vec<_>>(), [2, 2, 3]);
    assert_eq!(module.moved(&[1, 2]).expect("they may wait"), expected);
    assert_eq!(module.moved(&[0]), None, "it is used on line 17");
    let one = module.moved(&[2]).expect("it may wait");
    assert!(one.contains("import a, pd  # both\n"), "the other one is untouched: {one}");
}

#[test]
fn all_of_a_statement_can_be_moved() {
    let both = module("import a, b\ndef f(): return a\ndef g():\n    if x: return b.x, a\n");
    let expected = "pass\ndef f(): import a; return a\ndef g():\n    import a; import b\n    if x: return b.x, a\n";
    assert_eq!(both.moved(&[0, 1]).expect("they may wait"), expected);
}

#[test]
fn what_cannot_be_written_is_not_moved() {
    let latin = b"# coding: latin-1\nimport pd\ndef f(): return pd.x, '\xe9'\n";
    assert_eq!(read(latin).expect("Python").moved(&[0]), None);
    let bom = b"\xef\xbb\xbfimport pd\ndef f(): return pd.x\n";
    assert_eq!(read(bom).expect("Python").moved(&[0]), None);
    assert!(read(b"import pd\ndef f(: pass\n").is_err());
    // Behind an escaped end of line nothing can be put.
    let odd = module("import pd\ndef f():\n  \\\n  if x: pd.x\n");
    if let Some(text) = odd.moved(&[0]) {
        assert!(read(text.as_bytes()).is_ok());
    }
}

#[test]
fn deep_sources_end_well() {
    let deep =
        format!("import pd\ndef f():\n    return {}pd{}\n", "(".repeat(900), ")".repeat(900));
    assert_eq!(told(&deep), "f");
    let chain = format!("import pd\ndef f():\n    return pd{}\n", ".x".repeat(4_000));
    assert_eq!(told(&chain), "f");
}
