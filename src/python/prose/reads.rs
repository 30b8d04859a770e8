//! Where a source reads docstrings or sources, or looks for the files of sources: its own, or those of
//! what it is handed.
//!
//! Setting a docstring is no reading, nor is copying one (`a.__doc__ = b.__doc__`): `functools.wraps`
//! and its like do nothing else. Adding to one is: there must be one.

use std::borrow::Cow;

use crate::python::outline::{self, Mention, Outline, Platform, Unparsed};

/// One place that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<'s> {
    /// Where it stands, in bytes of the text.
    pub at: usize,
    /// What is read.
    pub what: What,
    /// Whose.
    pub whose: Whose<'s>,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A docstring.
    Docstring,
    /// A source.
    Source,
    /// Whether a source is there, or what its file is.
    File,
}

/// Whose docstring or source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose<'s> {
    /// Of this file.
    File,
    /// Of the module of this import, or of what it holds.
    Imported {
        /// The leading dots of a relative import.
        level: u32,
        /// The module.
        module: Cow<'s, str>,
        /// The name that is imported from it; empty for a module.
        name: &'s str,
    },
    /// Of files whose paths end so.
    Named(Cow<'s, str>),
    /// Of anything that it is handed.
    Anybody,
}

const DOC: &str = "__doc__";

/// Functions that read the docstring of what they are handed, and those that read its source.
const READERS: [(&str, What); 14] = [
    ("DocTestFinder", What::Docstring),
    ("DocTestSuite", What::Docstring),
    ("findsource", What::Source),
    ("getblock", What::Source),
    ("getcomments", What::Source),
    ("getdoc", What::Docstring),
    ("get_source", What::Source),
    ("getsource", What::Source),
    ("getsourcelines", What::Source),
    ("help", What::Docstring),
    ("render_doc", What::Docstring),
    ("run_docstring_examples", What::Docstring),
    ("testfile", What::Docstring),
    ("testmod", What::Docstring),
];

/// Names with which code finds or loads a source by its path.
const FINDERS: [&str; 7] = [
    "SOURCE_SUFFIXES",
    "SourceFileLoader",
    "co_filename",
    "getsourcefile",
    "load_source",
    "run_path",
    "spec_from_file_location",
];

const FILE: &str = "__file__";

/// Functions of these modules that read sources by their path.
const BY_PATH: [(&str, &str); 3] =
    [("linecache", "getline"), ("linecache", "getlines"), ("tokenize", "open")];

/// What a source reads, and the outline that was read for it.
///
/// # Errors
/// [`Unparsed`] as [`outline::read`].
pub fn reads<'s>(
    text: &'s str,
    platform: Platform,
) -> Result<(Vec<Read<'s>>, Outline<'s>), Unparsed> {
    let watched = |name: &str| {
        matches!(name, DOC | FILE)
            || FINDERS.contains(&name)
            || READERS.iter().any(|(reader, _)| *reader == name)
            || BY_PATH.iter().any(|(_, function)| *function == name)
    };
    let outline = outline::mentions(text, platform, &watched)?;
    let source = Source { text, outline: &outline };
    let mut found: Vec<Read<'s>> = Vec::new();
    for mention in &outline.mentions {
        // Code that is only run as a program is of no module.
        if !mention.standing.in_main {
            found.extend(source.mention(mention));
        }
    }
    found.extend(outline.imports.iter().flat_map(|import| renamed(text, import)));
    let named = outline.texts.iter().filter(|text| text.value == DOC);
    found.extend(named.filter_map(|text| source.named(text.at)));
    found.extend(outline.texts.iter().filter_map(|text| {
        let whose = sought(&text.value)?;
        Some(Read { at: text.at, what: What::File, whose })
    }));
    found.sort_by_key(|read| read.at);
    Ok((found, outline))
}

struct Source<'o, 's> {
    text: &'s str,
    outline: &'o Outline<'s>,
}

impl<'s> Source<'_, 's> {
    fn mention(&self, mention: &Mention<'s>) -> Option<Read<'s>> {
        let Mention { at, name, .. } = *mention;
        let before = self.text[..at].trim_end_matches(BLANKS);
        let behind = self.text[at + name.len()..].trim_start_matches(BLANKS);
        let file = |whose| Some(Read { at, what: What::File, whose });
        match name {
            DOC => return self.docstring(at, before, behind),
            FILE if is_for_its_folder(before, behind) => return None,
            FILE if before.ends_with('.') => return self.other_file(at, before),
            FILE => return file(Whose::File),
            name if FINDERS.contains(&name) => return file(Whose::Anybody),
            _ => {}
        }
        if let Some((module, _)) = BY_PATH.iter().find(|(_, function)| *function == name) {
            let is_it = before.strip_suffix('.').is_some_and(|owner| owner.ends_with(module));
            return is_it.then_some(Read { at, what: What::Source, whose: Whose::Anybody });
        }
        let (_, what) = READERS.iter().find(|(reader, _)| *reader == name)?;
        // A definition, or a method of its own that has the name; importlib's takes one argument.
        let is_own =
            before.ends_with("def") || before.ends_with("self.") || before.ends_with("class");
        let is_loaders = || {
            let arguments = behind.split(')').next().unwrap_or_default();
            before.ends_with("loader.") && !arguments.contains(',')
        };
        // The built-in one: others are of command lines.
        let is_built_in = || behind.starts_with('(') && !before.ends_with('.');
        if is_own || name == "get_source" && !is_loaders() || name == "help" && !is_built_in() {
            return None;
        }
        let whose = match behind.strip_prefix('(') {
            Some(argument) => self.whose(first_name(argument)),
            None => Whose::Anybody,
        };
        Some(Read { at, what: *what, whose })
    }

    /// The file of another module: kept under a name, opened, handed on in a list.
    fn other_file(&self, at: usize, before: &str) -> Option<Read<'s>> {
        let chain = chain(before.trim_end_matches('.'));
        let left = before[..before.len() - 1 - chain.len()].trim_end_matches(BLANKS);
        let is_used = left.ends_with(['=', '[', ']', ')'])
            || left.ends_with("open(")
            || left.ends_with("return");
        let whose = if chain.is_empty() { Whose::Anybody } else { self.whose(self.own(chain)) };
        is_used.then_some(Read { at, what: What::File, whose })
    }

    /// `__doc__` as a name: of this module or class, or behind a dot.
    fn docstring(&self, at: usize, before: &str, behind: &str) -> Option<Read<'s>> {
        let is_set = behind.starts_with('=') && !behind.starts_with("==")
            || behind.starts_with(':') && (before.ends_with(['(', ',', '\n']) || before.is_empty());
        if is_set || before.ends_with("del") {
            return None;
        }
        let Some(owner) = before.strip_suffix('.') else {
            return Some(Read { at, what: What::Docstring, whose: Whose::File });
        };
        let chain = chain(owner);
        let left = owner[..owner.len() - chain.len()].trim_end_matches(BLANKS);
        if left.ends_with("del") || is_copied(left, behind) {
            return None;
        }
        let whose = if chain.is_empty() { Whose::Anybody } else { self.whose(self.own(chain)) };
        Some(Read { at, what: What::Docstring, whose })
    }

    /// `"__doc__"` as a string: handed to `getattr`, or looked up.
    fn named(&self, at: usize) -> Option<Read<'s>> {
        // What the offset is of is the inside of the literal.
        let before = self.text[..at].trim_end_matches(['"', '\'', 'b', 'r', 'u']);
        let behind = self.text[at + DOC.len()..].trim_start_matches(['"', '\'']);
        let before = before.trim_end_matches(BLANKS);
        let behind = behind.trim_start_matches(BLANKS);
        let read = |whose| Some(Read { at, what: What::Docstring, whose });
        if let Some(arguments) = before.strip_suffix(',') {
            let object = chain(arguments.trim_end_matches(BLANKS));
            let call = arguments.trim_end_matches(BLANKS);
            let call = call[..call.len() - object.len()].trim_end_matches(BLANKS);
            return match call.strip_suffix('(') {
                Some(call) if call.ends_with("getattr") => read(self.whose(self.own(object))),
                _ => None,
            };
        }
        let looked_up = before.ends_with(".get(") || before.ends_with(".pop(");
        let item = behind.strip_prefix(']').map(|rest| rest.trim_start_matches(BLANKS));
        let is_item = before.ends_with('[')
            && !before.trim_end_matches('[').ends_with(['=', ',', '(', ' ', 'n'])
            && item.is_some_and(|rest| !rest.starts_with('=') || rest.starts_with("=="));
        if looked_up || is_item { read(Whose::Anybody) } else { None }
    }

    /// The same part of the text, with the text's own life.
    fn own(&self, part: &str) -> &'s str {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        &self.text[start..start + part.len()]
    }

    /// Whose the object is that a dotted name begins with.
    fn whose(&self, dotted: &'s str) -> Whose<'s> {
        let root = dotted.split('.').next().unwrap_or_default().trim();
        if root.is_empty() || matches!(root, "self" | "cls") {
            return Whose::Anybody;
        }
        let imported = self.outline.imports.iter().find_map(|import| {
            let bound = outline::bound(self.text, import.at);
            let place = bound.iter().position(|name| *name == root)?;
            let name = import.names.get(place).copied().unwrap_or_default();
            Some(Whose::Imported { level: import.level, module: import.module.clone(), name })
        });
        // On the margin: any other function's name may be a variable's too.
        let defined = |keyword: &str| {
            let head = format!("{keyword} {root}");
            self.text.match_indices(&head).any(|(at, _)| {
                let is_first = at == 0 || self.text[..at].ends_with(['\n', '\r']);
                let behind = &self.text[at + head.len()..];
                is_first && behind.starts_with(['(', ':', ' ', '['])
            })
        };
        match imported {
            Some(imported) => imported,
            None if defined("def") || defined("class") => Whose::File,
            None => Whose::Anybody,
        }
    }
}

/// The readers that an import gives another name, under which they are not seen.
fn renamed<'s>(text: &'s str, import: &outline::Import<'s>) -> Vec<Read<'s>> {
    let what = |name: &str| match READERS.iter().find(|(reader, _)| *reader == name) {
        Some((_, what)) => Some(*what),
        None => FINDERS.contains(&name).then_some(What::File),
    };
    if !import.names.iter().any(|name| what(name).is_some()) {
        return Vec::new();
    }
    let bound = outline::bound(text, import.at);
    let pairs = import.names.iter().zip(bound).filter(|(name, bound)| *name != bound);
    let read = |what| Read { at: import.at, what, whose: Whose::Anybody };
    pairs.filter_map(|(name, _)| what(name).map(read)).collect()
}

/// Whether `__file__` between these only tells in which folder it is.
fn is_for_its_folder(before: &str, behind: &str) -> bool {
    const SAME: [&str; 6] = ["Path(", "abspath(", "realpath(", "fspath(", "str(", "normpath("];
    const STAYS: [&str; 3] = [".resolve()", ".absolute()", ".expanduser()"];
    let chain = chain(before);
    let (mut before, mut behind) = (&before[..before.len() - chain.len()], behind);
    loop {
        let before_now = before.trim_end();
        if before_now.ends_with("dirname(")
            || before_now.ends_with("path.split(")
            || behind.trim_start().starts_with(".parent")
        {
            return true;
        }
        if let Some(same) = SAME.iter().find(|same| before_now.ends_with(*same))
            && let Some(rest) = behind.trim_start().strip_prefix(')')
        {
            let left = &before_now[..before_now.len() - same.len()];
            let module = self::chain(left);
            (before, behind) = (&left[..left.len() - module.len()], rest);
        } else if let Some(rest) =
            STAYS.iter().find_map(|stays| behind.trim_start().strip_prefix(stays))
        {
            behind = rest;
        } else {
            return false;
        }
    }
}

/// Whose sources a string names or looks for, if any.
fn sought<'s>(value: &Cow<'s, str>) -> Option<Whose<'s>> {
    const SUFFIX: &str = ".py";
    if !value.contains(SUFFIX) {
        return None;
    }
    // Sentences speak of files.
    if value.contains(char::is_whitespace) {
        return value.contains("*.py").then_some(Whose::Anybody);
    }
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let stem = value.strip_suffix(SUFFIX).unwrap_or_default();
    if !stem.is_empty() && stem.chars().all(|c| is_part(c) || matches!(c, '/' | '-' | '.')) {
        return Some(Whose::Named(value.clone()));
    }
    // Not `.pyi`, `.pyc` and the like.
    let is_it = |(at, _): (usize, &str)| !value[at + SUFFIX.len()..].starts_with(is_part);
    value.match_indices(SUFFIX).any(is_it).then_some(Whose::Anybody)
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The dotted name that a text ends with; empty where it ends with anything else.
fn chain(text: &str) -> &str {
    let is_part = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let start = text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last();
    let chain = start.map_or("", |(start, _)| &text[start..]);
    // Behind a dot something else stands: a call, an item.
    if chain.starts_with('.') || chain.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        chain
    }
}

/// The dotted name that a text begins with.
fn first_name(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| c != '_' && c != '.' && !c.is_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

/// Whether a docstring that stands between these is only copied into another.
fn is_copied(left: &str, right: &str) -> bool {
    let line = left.rsplit('\n').next().unwrap_or_default();
    let target = line.strip_suffix('=').map(|target| target.trim_end_matches(BLANKS));
    let is_target = target.is_some_and(|target| target.ends_with(DOC));
    let ends = right.is_empty() || right.starts_with(['\n', '\r', '#', ';']);
    // `property(get, doc=get.__doc__)`.
    let is_handed_on = left.ends_with("doc=") && right.starts_with([',', ')']);
    is_target && ends || is_handed_on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(What, String)> {
        let platform = Platform { python: (3, 12) };
        let (reads, _) = reads(text, platform).unwrap();
        let told = reads.into_iter().map(|read| {
            let whose = match read.whose {
                Whose::File => "file".to_owned(),
                Whose::Anybody => "anybody".to_owned(),
                Whose::Named(name) => format!("'{name}'"),
                Whose::Imported { level, module, name } => {
                    format!("{}{module}:{name}", ".".repeat(level as usize))
                }
            };
            (read.what, whose)
        });
        told.collect()
    }

    #[test]
    fn reading_is_told_with_whose() {
        for (text, whose) in [
            ("print(__doc__)", "file"),
            ("__doc__ % 1", "file"),
            ("def main(): pass\nparser(main.__doc__)", "file"),
            ("class A:\n    def f(self): return self.__doc__", "anybody"),
            ("x = type(self).__doc__", "anybody"),
            ("x = items[0].__doc__", "anybody"),
            ("class A:\n    def f(self, f): return f.__doc__", "anybody"),
            ("f.__doc__ = g.__doc__.split()[0]", "anybody"),
            ("f.__doc__ = g.__doc__ + 'x'", "anybody"),
            ("f.__doc__ += 'x'", "anybody"),
            ("f.__doc__ = g.__doc__ % {}", "anybody"),
            ("import numpy as np\nx = np.sum.__doc__.strip()", "numpy:"),
            ("import a.b\nx = a.b.f.__doc__.strip()", "a.b:"),
            ("from .x import (y, z as w)\nw.__doc__.strip()", ".x:z"),
            ("import inspect\ninspect.getdoc(thing)", "anybody"),
            ("from a import thing\ngetdoc(thing)", "a:thing"),
            ("getattr(f, '__doc__', None)", "anybody"),
            ("def f(): pass\ngetattr(f, \"__doc__\")", "file"),
            ("namespace.get('__doc__')", "anybody"),
            ("x = namespace['__doc__']", "anybody"),
            ("testmod()", "anybody"),
            ("import boto3\nhelp(boto3)", "boto3:"),
            ("if f.__doc__ == '': pass", "anybody"),
        ] {
            assert_eq!(told(text), [(What::Docstring, whose.to_owned())], "{text}");
        }
        for (text, whose) in [
            ("inspect.getsource(f)", "anybody"),
            ("def f(): pass\ninspect.getsourcelines(f)", "file"),
            ("linecache.getline(path, 1)", "anybody"),
            ("with tokenize.open(path): pass", "anybody"),
            ("spec.loader.get_source(name)", "anybody"),
            ("x = getsource", "anybody"),
            ("from inspect import (isclass, getsource as source)", "anybody"),
        ] {
            assert_eq!(told(text), [(What::Source, whose.to_owned())], "{text}");
        }
    }

    #[test]
    fn looking_for_files_is_told() {
        for (text, whose) in [
            ("open(__file__)", "file"),
            ("run([sys.executable, __file__])", "file"),
            ("here = os.path.abspath(__file__)", "file"),
            ("open(module.__file__)", "anybody"),
            ("import numpy\nx = numpy.__file__", "numpy:"),
            ("glob('*.py')", "anybody"),
            ("name.endswith('.py')", "anybody"),
            ("x = f'{name}.py'", "anybody"),
            ("re.compile(r'.*\\.py$')", "anybody"),
            ("load('config.py')", "'config.py'"),
            ("run('a-b/c.py')", "'a-b/c.py'"),
            ("spec_from_file_location(a, b)", "anybody"),
            ("frame.f_code.co_filename", "anybody"),
        ] {
            assert_eq!(told(text), [(What::File, whose.to_owned())], "{text}");
        }
        for text in [
            "here = os.path.dirname(__file__)",
            "here = os.path.dirname(os.path.abspath(__file__))",
            "here = Path(__file__).parent",
            "here = pathlib.Path(__file__).resolve().parents[1]",
            "here = Path(os.path.realpath(__file__)).parent",
            "here = os.path.dirname(numpy.__file__)",
            "print('see setup.py for more')",
            "x = 'a.pyi', 'b.pyc', 'c.python'",
            "print('it is', numpy.__file__)",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn setting_and_copying_is_no_reading() {
        for text in [
            "__doc__ = 'x'",
            "f.__doc__ = 'x'",
            "f.__doc__ = g.__doc__\n",
            "x = property(get, doc=get.__doc__)",
            "WRAPPED = ('__module__', '__doc__')",
            "setattr(f, '__doc__', 'x')",
            "namespace['__doc__'] = 'x'",
            "C = type('C', (), {'__doc__': 'x'})",
            "f(__doc__='x')",
            "def f(__doc__: str): pass",
            "del f.__doc__",
            "del self.f.__doc__",
            "self.loader.get_source(environment, name)",
            "'''print(__doc__)'''",
            "# f.__doc__.strip()",
            "if __name__ == '__main__':\n    import doctest\n    doctest.testmod()",
            "class Loader:\n    def get_source(self, name): return self.get_source(name)",
            "environment.get_source(name)",
            "tokenize.generate_tokens(f)",
            "path.open()",
            "parser.add(help='x')",
            "self.help(x)",
            "def help(x): pass",
            "from pydoc import getdoc",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }
}
