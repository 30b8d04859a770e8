//! Imports in every spelling that Python's grammar allows keep what they import: the cheap look
//! that saves parsing must see them all.

use crate::package::{Dist, Package};
use crate::support::{Dice, listed, python};

/// Writes imports.
struct Writer(Dice);

impl Writer {
    fn roll(&mut self, below: usize) -> usize {
        self.0.roll(below)
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        self.0.pick(texts)
    }

    /// White space that must be there.
    fn gap(&mut self) -> &'static str {
        self.pick(&[" ", " ", " ", "  ", "\t", " \\\n  ", "\\\n\t", " \x0c "])
    }

    /// White space that may be there.
    fn room(&mut self) -> &'static str {
        if self.roll(3) > 0 { "" } else { self.gap() }
    }

    /// White space, line ends and comments as brackets allow them.
    fn inside(&mut self) -> &'static str {
        self.pick(&["", " ", "\n    ", "  # why (and how), x = 1\n", "\n\n  # tail\n    "])
    }

    /// `name` among others, as the names behind `import`.
    fn names(&mut self, name: &str) -> String {
        let mut names: Vec<&str> = ["x", "y_1", "z"][..self.roll(4)].to_vec();
        names.insert(self.roll(names.len() + 1), name);
        let named: Vec<String> = names
            .into_iter()
            .map(|name| match self.roll(3) {
                0 => format!("{name}{}as{}q{}", self.gap(), self.gap(), self.roll(9)),
                _ => name.to_owned(),
            })
            .collect();
        if self.roll(2) == 0 {
            let comma = format!("{},{}", self.room(), self.room());
            return format!("{}{}", self.gap(), named.join(&comma));
        }
        let comma = format!("{},{}", self.inside(), self.inside());
        let (before, end) = (self.room(), if self.roll(2) == 0 { "," } else { "" });
        let (open, close) = (self.inside(), self.inside());
        format!("{before}({open}{}{end}{close})", named.join(&comma))
    }

    /// One statement that imports `{package}.tests`; `own` says that it lies in the package.
    fn import(&mut self, package: &str, own: bool) -> String {
        let (gap, room) = (self.gap(), self.room());
        let tests = format!("{package}.tests{}", self.pick(&["", ".util"]));
        match self.roll(if own { 5 } else { 3 }) {
            0 => {
                let others = [String::new(), format!("os,{room}"), format!("os.path as p{room},")];
                let name = self.pick(&["", " as t", ", sys"]);
                format!("import{gap}{}{tests}{name}", others[self.roll(3)])
            }
            1 => format!("from{gap}{package}{}import{}", self.gap(), self.names("tests")),
            2 => format!("from{gap}{tests}{}import{}", self.gap(), self.names("a")),
            3 => format!("from{room}.{room}import{}", self.names("tests")),
            _ => format!("from{room}.{room}tests{}import{}", self.gap(), self.names("a")),
        }
    }

    /// A source with one such statement, wherever a statement may stand.
    fn source(&mut self, package: &str, own: bool) -> String {
        let before =
            ["", "x = 1\n", "x = f(1, 2); ", "if 1: ", "def f():\n    ", "class C: x = 1; "];
        let behind = ["", "\n", "; y = f(1, z)\n", "  # tail\n", "; import os\n"];
        let before = self.pick(&before);
        let text = format!("{before}{}{}", self.import(package, own), self.pick(&behind));
        match self.roll(6) {
            0 => text.replace('\n', "\r\n"),
            1 => text.replace('\n', "\r"),
            2 => format!("\u{feff}{text}"),
            _ => text,
        }
    }
}

/// Whether CPython, too, sees the import in each of these files.
fn check(folder: &str) {
    let script = "import ast, os, sys\n\
        for name in sorted(os.listdir(sys.argv[1])):\n\
        \x20text = open(os.path.join(sys.argv[1], name), 'rb').read()\n\
        \x20seen = set()\n\
        \x20for node in ast.walk(ast.parse(text, name)):\n\
        \x20 if isinstance(node, ast.Import): seen |= {a.name for a in node.names}\n\
        \x20 if isinstance(node, ast.ImportFrom):\n\
        \x20  base = '.' * node.level + (node.module or '')\n\
        \x20  seen |= {base, *(base + '.' + a.name for a in node.names)}\n\
        \x20assert any('.tests' in s for s in seen), (name, text, seen)\n";
    python(script, &[folder]);
}

#[test]
fn every_spelling_keeps_what_it_imports() {
    const MANY: usize = 600;
    let mut writer = Writer(Dice(2026));
    let mut package = Package::new("app");
    let mut sources = Vec::new();
    for number in 0..MANY {
        let name = format!("d{number}");
        let own = writer.roll(2) == 0;
        let source = writer.source(&name, own);
        let namer = if own { format!("{name}/a.py") } else { format!("e{number}.py") };
        let init = format!("{name}/__init__.py");
        let modules = ["a", "util"].map(|module| format!("{name}/tests/{module}.py"));
        let dist = Dist::new(&name, "1").file(&init, "").file(&namer, &source);
        let dist = modules.iter().fold(dist, |dist, module| dist.file(module, ""));
        package = package.install(&dist);
        sources.push(source);
    }
    let texts = tempfile::tempdir().unwrap();
    for (number, source) in sources.iter().enumerate() {
        std::fs::write(texts.path().join(format!("s{number:03}.py")), source).unwrap();
    }
    assert_eq!(listed(texts.path()).len(), MANY);
    check(texts.path().to_str().unwrap());
    let layer = package.build(&[]).names("layer.zip");
    let ships = |number: usize| {
        let module = |name| format!("python/d{number}/tests/{name}.py");
        ["a", "util"].iter().any(|name| layer.contains(&module(name)))
    };
    let dropped: Vec<&String> = (0..MANY).filter(|n| !ships(*n)).map(|n| &sources[n]).collect();
    let first = &dropped[..dropped.len().min(12)];
    assert!(dropped.is_empty(), "{} of {MANY} were not seen: {first:#?}", dropped.len());
}
