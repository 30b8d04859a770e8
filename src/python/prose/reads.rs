//! Where a source reads docstrings or sources, or looks for the files of sources: its own, or those of
//! what it is handed.
//!
//! Setting a docstring is no reading, nor is copying one (`a.__doc__ = b.__doc__`): `functools.wraps`
//! and its like do nothing else. Adding to one is: there must be one.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::own::Own;
use crate::python::outline::{self, Import, Mention, Outline, Platform, Unparsed};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A docstring.
    Docstring,
    /// A source.
    Source,
    /// The file of a source, as a text perhaps.
    Text,
    /// Whether a source is there, or what its file is.
    File,
}

/// Whose docstring or source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose<'s> {
    /// Of this file.
    File,
    /// Of its own distribution.
    Distribution,
    /// Of files whose paths end so.
    Named(Cow<'s, str>),
    /// Of anything that it is handed.
    Anybody,
}

const DOC: &str = "__doc__";

/// Functions that read the docstring of what they are handed, and those that read its source.
const READERS: [(&str, What); 19] = [
    // The commands of a `cmd.Cmd` are helped with by their docstrings.
    ("Cmd", What::Docstring),
    ("DocCGIXMLRPCRequestHandler", What::Docstring),
    ("DocTestFinder", What::Docstring),
    ("DocTestRunner", What::Docstring),
    ("DocTestSuite", What::Docstring),
    ("DocXMLRPCRequestHandler", What::Docstring),
    ("DocXMLRPCServer", What::Docstring),
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
const FINDERS: [&str; 10] = [
    "SOURCE_SUFFIXES",
    "SourceFileLoader",
    "__loader__",
    "co_filename",
    "getabsfile",
    "getfile",
    "getsourcefile",
    "load_source",
    "run_path",
    "spec_from_file_location",
];

const FILE: &str = "__file__";

const ORIGIN: &str = "origin";

/// Functions of these modules that read sources by their path.
const BY_PATH: [(&str, &str); 4] = [
    ("linecache", "getline"),
    ("linecache", "getlines"),
    ("linecache", "updatecache"),
    ("tokenize", "open"),
];

/// What a source reads, and the outline that was read for it.
///
/// # Errors
/// [`Unparsed`] as [`outline::read`].
pub fn reads<'s>(
    text: &'s str,
    platform: Platform,
) -> Result<(Vec<Read<'s>>, Outline<'s>), Unparsed> {
    let outline = outline::mentions(text, platform, &is_watched)?;
    let needs_own = outline.mentions.iter().any(|m| m.name == DOC || reader(m.name).is_some());
    let own = if needs_own { Own::of(text) } else { Own::default() };
    let finds_specs = text.contains("find_spec") || text.contains("__spec__");
    let source = Source { text, own, finds_specs };
    let mut found: Vec<Read<'s>> = Vec::new();
    found.extend(outline.mentions.iter().filter_map(|mention| source.mention(mention)));
    found.extend(outline.imports.iter().flat_map(|import| renamed(text, import)));
    found.extend(outline.texts.iter().filter_map(|text| source.named(text.at, &text.value)));
    found.extend(outline.texts.iter().flat_map(|text| {
        let read = |whose| Read { at: text.at, what: What::Text, whose };
        sought(&text.value).into_iter().map(read)
    }));
    found.sort_by_key(|read| read.at);
    Ok((found, outline))
}

/// Whether a name may read or look for something.
fn is_watched(name: &str) -> bool {
    let Some(first) = name.bytes().next() else { return false };
    // Most names are none, and this is asked of all.
    LENGTHS[usize::from(first)] & length_bit(name) != 0 && watched().any(|watched| watched == name)
}

/// By the first byte of a name: which lengths the watched ones have that begin with it, as bits.
static LENGTHS: LazyLock<[u32; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for name in watched() {
        lengths[usize::from(name.as_bytes()[0])] |= length_bit(name);
    }
    lengths
});

fn length_bit(name: &str) -> u32 {
    1 << name.len().min(31)
}

/// Every name that is watched.
fn watched() -> impl Iterator<Item = &'static str> {
    let readers = READERS.iter().map(|(name, _)| *name);
    let by_path = BY_PATH.iter().map(|(_, name)| *name);
    readers.chain(by_path).chain(FINDERS).chain([DOC, FILE, ORIGIN])
}

fn reader(name: &str) -> Option<What> {
    READERS.iter().find(|(reader, _)| *reader == name).map(|(_, what)| *what)
}

struct Source<'s> {
    text: &'s str,
    own: Own<'s>,
    /// Whether it asks where modules come from.
    finds_specs: bool,
}

impl<'s> Source<'s> {
    fn mention(&self, mention: &Mention<'s>) -> Option<Read<'s>> {
        let Mention { at, name, standing } = *mention;
        let before = self.text[..at].trim_end_matches(BLANKS);
        let behind = self.text[at + name.len()..].trim_start_matches(BLANKS);
        let file = |whose| Some(Read { at, what: What::File, whose });
        match name {
            DOC => return self.docstring(at, before, behind),
            FILE | ORIGIN
                if is_for_its_folder(before, behind)
                    || is_of_main(before)
                    || is_only_told(before)
                    || before.ends_with('.') && asks_whether_set(behind) =>
            {
                return None;
            }
            FILE if behind.starts_with(':') => return None,
            FILE if before.ends_with('.') => {
                let is_opened = called(before).ends_with("open")
                    || behind.split('\n').next().is_some_and(|line| line.contains("read_"));
                let what = if is_opened { What::Text } else { What::File };
                return Some(Read { at, what, whose: Whose::Anybody });
            }
            FILE => return Some(Read { at, what: What::Text, whose: Whose::File }),
            ORIGIN if self.finds_specs && before.ends_with('.') => return file(Whose::Anybody),
            ORIGIN => return None,
            // From which file code was compiled: one asks it of one's own.
            "co_filename" => return file(Whose::Distribution),
            name if FINDERS.contains(&name) => return file(Whose::Anybody),
            _ => {}
        }
        if let Some((module, _)) = BY_PATH.iter().find(|(_, function)| *function == name) {
            let is_it = before.strip_suffix('.').is_some_and(|owner| owner.ends_with(module));
            return is_it.then_some(Read { at, what: What::Source, whose: Whose::Anybody });
        }
        // The tests of a module are run where it is run as a program.
        let what = reader(name).filter(|_| !standing.in_main)?;
        // A definition, or a method of its own that has the name; importlib's takes one argument.
        let is_own =
            before.ends_with("def") || before.ends_with("self.") || before.ends_with("class");
        let is_loaders = || {
            let arguments = behind.split(')').next().unwrap_or_default();
            before.ends_with("loader.") && !arguments.contains(',')
        };
        let is_pythons = || {
            let modules = ["pydoc.", "builtins.", "cmd."];
            let is_bare = !before.ends_with('.') && (name == "Cmd" || behind.starts_with('('));
            is_bare || modules.iter().any(|module| before.ends_with(module))
        };
        if is_own
            || name == "get_source" && !is_loaders()
            || matches!(name, "help" | "Cmd") && !is_pythons()
        {
            return None;
        }
        let whose = match behind.strip_prefix('(') {
            Some(argument) => self.whose(first_name(argument)),
            None => Whose::Anybody,
        };
        Some(Read { at, what, whose })
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
        Some(Read { at, what: What::Docstring, whose: self.whose(chain) })
    }

    /// A string that says `__doc__`, `__file__` or the name of a reader: but for those that only set or
    /// list it, it reads.
    fn named(&self, at: usize, value: &str) -> Option<Read<'s>> {
        let what = match value {
            DOC => What::Docstring,
            FILE => What::File,
            value if value.contains(".__doc__") => What::Docstring,
            value => reader(value).filter(|_| value != "help" && value != "Cmd")?,
        };
        if value == DOC || value == FILE {
            // What the offset is of is the inside of the literal.
            let before = self.text[..at].trim_end_matches(['"', '\'', 'b', 'r', 'u']).trim_end();
            let behind = self.text[at + value.len()..].trim_start_matches(['"', '\'']);
            let behind = behind.trim_start();
            let item = behind.strip_prefix(']').map(str::trim_start);
            let is_stored = before.ends_with('[')
                && item.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="));
            let is_set = called(before).ends_with("setattr") || behind.starts_with(':');
            if is_stored || is_set || is_listed(before, behind) {
                return None;
            }
            // A module whose bytecode stands in its place has the attribute too.
            let is_asked_for = called(before) == "hasattr" || before.ends_with("fromlist=[");
            let of = before.strip_suffix(',').unwrap_or_default();
            if value == FILE && (is_asked_for || is_of_main(of)) {
                return None;
            }
        }
        Some(Read { at, what, whose: Whose::Anybody })
    }

    /// Whose the object is that a dotted name begins with.
    fn whose(&self, dotted: &str) -> Whose<'s> {
        let root = dotted.split('.').next().unwrap_or_default().trim();
        if self.own.has(root) { Whose::File } else { Whose::Anybody }
    }
}

/// The readers that an import gives another name, or from a module whose name is then not said.
fn renamed<'s>(text: &'s str, import: &Import<'s>) -> Vec<Read<'s>> {
    let by_path = |name: &str| BY_PATH.iter().any(|path| *path == (&*import.module, name));
    let what = |name: &str| match name {
        name if by_path(name) => Some(What::Source),
        name if FINDERS.contains(&name) => Some(What::File),
        name => reader(name),
    };
    let read = |what| Read { at: import.at, what, whose: Whose::Anybody };
    let is_module = import.names.is_empty() && BY_PATH.iter().any(|(m, _)| *m == import.module);
    if !is_module && !import.names.iter().any(|name| what(name).is_some()) {
        return Vec::new();
    }
    let bound = outline::bound(text, import.at);
    if is_module {
        let is_renamed = !bound.contains(&&*import.module);
        return is_renamed.then(|| read(What::Source)).into_iter().collect();
    }
    let pairs = import.names.iter().zip(bound);
    let hidden = pairs.filter(|(name, bound)| *name != bound || by_path(name));
    hidden.filter_map(|(name, _)| what(name).map(read)).collect()
}

/// The dotted name of the function in whose call a text ends; empty where it ends in none.
fn called(before: &str) -> &str {
    let mut depth = 0_usize;
    // Calls are not longer.
    let start = before.len().saturating_sub(2_000);
    for at in (start..before.len()).rev() {
        let byte = before.as_bytes()[at];
        match byte {
            b')' | b']' | b'}' => depth += 1,
            b'(' if depth == 0 => return chain(before[..at].trim_end_matches(BLANKS)),
            b'(' | b'[' | b'{' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    ""
}

/// Whether a string stands beside other names with two underscores, as attributes to copy do.
fn is_listed(before: &str, behind: &str) -> bool {
    let other = |text: &str| text.trim_start().trim_start_matches(['"', '\'']).starts_with("__");
    let follows = behind.strip_prefix(',').is_some_and(other);
    let last = |text: &str| text.trim_end().trim_end_matches(['"', '\'']).ends_with("__");
    let precedes = before.strip_suffix(',').is_some_and(last);
    follows || precedes
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
            || before_now.ends_with("path.join(") && goes_up(behind)
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

/// Whether what stands before `__file__`, or before its string, is the module that is run as a program:
/// on Lambda that is the runtime's.
fn is_of_main(before: &str) -> bool {
    let owner = before.strip_suffix('.').unwrap_or(before).trim_end();
    ["__main__", "[\"__main__\"]", "['__main__']"].iter().any(|main| owner.ends_with(main))
        && !owner.ends_with(".__main__")
}

/// Whether `__file__` behind this is the second argument of `compile`, by which the code is only called.
fn is_only_told(before: &str) -> bool {
    let left = before[..before.len() - chain(before).len()].trim_end();
    called(left) == "compile" && (left.ends_with(',') || left.ends_with("filename="))
}

/// Whether it is only asked whether what stands before this is None.
fn asks_whether_set(behind: &str) -> bool {
    behind.starts_with("is None") || behind.starts_with("is not None")
}

/// Whether what is joined to a path leads out of it.
fn goes_up(behind: &str) -> bool {
    let next = behind.trim_start().strip_prefix(',').unwrap_or_default().trim_start();
    ["\"..", "'..", "os.pardir", "os.path.pardir"].iter().any(|up| next.starts_with(up))
}

/// Whose sources a string names or looks for. A sentence may name some too, as a command line does.
fn sought<'s>(value: &Cow<'s, str>) -> Vec<Whose<'s>> {
    const SUFFIX: &str = ".py";
    if value == "py" {
        return vec![Whose::Anybody];
    }
    if !value.contains(SUFFIX) && !value.contains("[.]py") {
        return Vec::new();
    }
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let is_path = |word: &str| {
        let stem = word.strip_suffix(SUFFIX).unwrap_or_default();
        !stem.is_empty() && stem.chars().all(|c| is_part(c) || matches!(c, '/' | '-' | '.'))
    };
    if value.contains(char::is_whitespace) {
        let words = value.split_whitespace().filter(|word| is_path(word));
        let mut all: Vec<Whose<'s>> =
            words.map(|word| Whose::Named(Cow::Owned(word.to_owned()))).collect();
        if value.contains("*.py") {
            all.push(Whose::Anybody);
        }
        return all;
    }
    if is_path(value) {
        return vec![Whose::Named(value.clone())];
    }
    // Not `.pyi`, `.pyc` and the like, unless as one of several.
    let is_it = |(at, _): (usize, &str)| {
        let rest = value[at + SUFFIX.len()..].strip_prefix(is_part);
        rest.is_none_or(|more| more.starts_with('?'))
    };
    let is_sought = value.match_indices(SUFFIX).any(is_it) || value.contains("[.]py");
    if is_sought { vec![Whose::Anybody] } else { Vec::new() }
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
    let is_handed_on = left.ends_with("doc=")
        && right.starts_with([',', ')'])
        && called(left).rsplit('.').next() == Some("property");
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
                Whose::Distribution => "distribution".to_owned(),
                Whose::Named(name) => format!("'{name}'"),
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
            ("import numpy as np\nx = np.sum.__doc__.strip()", "anybody"),
            ("import a.b\nx = a.b.f.__doc__.strip()", "anybody"),
            ("from .x import (y, z as w)\nw.__doc__.strip()", "anybody"),
            ("import inspect\ninspect.getdoc(thing)", "anybody"),
            ("from a import thing\ngetdoc(thing)", "anybody"),
            ("getattr(f, '__doc__', None)", "anybody"),
            ("def f(): pass\ngetattr(f, \"__doc__\")", "anybody"),
            ("namespace.get('__doc__')", "anybody"),
            ("x = namespace['__doc__']", "anybody"),
            ("testmod()", "anybody"),
            ("def f(): pass\ndef g(f): return f.__doc__.strip()", "anybody"),
            ("def f(): pass\nfor f in x: print(f.__doc__)", "anybody"),
            ("def f(): pass\nfrom x import f\nprint(f.__doc__)", "anybody"),
            ("getattr(\n    f,\n    '__doc__',\n    None,\n)", "anybody"),
            ("getattr(type(self), '__doc__', None)", "anybody"),
            ("attrgetter('__doc__')", "anybody"),
            ("ATTR = '__doc__'", "anybody"),
            ("'{0.__doc__}'.format(x)", "anybody"),
            ("f(helpdoc=f.__doc__)", "anybody"),
            ("show(doc=f.__doc__)", "anybody"),
            ("pydoc.help(x)", "anybody"),
            ("class Shell(cmd.Cmd): pass", "anybody"),
            ("if __name__ == '__main__':\n    print(__doc__)", "file"),
            ("import boto3\nhelp(boto3)", "anybody"),
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
            ("from linecache import getline", "anybody"),
            ("import linecache as lc", "anybody"),
            ("from tokenize import open as o", "anybody"),
            ("getattr(inspect, 'getsource')", "anybody"),
            ("from inspect import (isclass, getsource as source)", "anybody"),
        ] {
            assert_eq!(told(text), [(What::Source, whose.to_owned())], "{text}");
        }
    }

    #[test]
    fn every_name_is_watched() {
        assert!(watched().all(is_watched));
        assert!(!is_watched("") && !is_watched("getdo") && !is_watched("name"));
    }

    #[test]
    fn looking_for_files_is_told() {
        for (text, whose) in [
            ("open(__file__)", "file"),
            ("run([sys.executable, __file__])", "file"),
            ("here = os.path.abspath(__file__)", "file"),
            ("open(module.__file__)", "anybody"),
            ("import numpy\nx = numpy.__file__", "anybody"),
            ("shutil.copy(other.__file__, x)", "anybody"),
            ("inspect.getfile(x)", "anybody"),
            ("find_spec(x).origin", "anybody"),
            ("x = globals()['__file__']", "anybody"),
            ("run('python other.py --flag')", "'other.py'"),
            ("re.compile(r'[.]py$')", "anybody"),
            ("re.compile(r'.pyc?$')", "anybody"),
            ("name.split('.')[-1] == 'py'", "anybody"),
            ("glob('*.py')", "anybody"),
            ("name.endswith('.py')", "anybody"),
            ("x = f'{name}.py'", "anybody"),
            ("re.compile(r'.*\\.py$')", "anybody"),
            ("load('config.py')", "'config.py'"),
            ("getattr(module, '__file__', None)", "anybody"),
            ("x = self.__main__.__file__", "anybody"),
            ("re.compile(module.__file__)", "anybody"),
            ("compile(open(module.__file__).read(), 'x', 'exec')", "anybody"),
            ("compile(module.__file__, 'x', 'exec')", "anybody"),
            ("os.path.join(module.__file__, 'x')", "anybody"),
            ("if find_spec(x).origin: pass", "anybody"),
            ("x = find_spec(x).origin if y is None else 1", "anybody"),
            ("run('a-b/c.py')", "'a-b/c.py'"),
            ("re.compile('[a].pyä?$')", "anybody"),
            ("spec_from_file_location(a, b)", "anybody"),
            ("frame.f_code.co_filename", "distribution"),
        ] {
            let told = told(text).into_iter().map(|(_, whose)| whose).collect::<Vec<_>>();
            assert_eq!(told, [whose], "{text}");
        }
        for text in [
            "here = os.path.dirname(__file__)",
            "here = os.path.dirname(os.path.abspath(__file__))",
            "here = Path(__file__).parent",
            "here = pathlib.Path(__file__).resolve().parents[1]",
            "here = Path(os.path.realpath(__file__)).parent",
            "here = os.path.dirname(numpy.__file__)",
            "x = 'a.pyi', 'b.pyc', 'c.python', '[d].pyä'",
            "if not hasattr(module, '__file__'): pass",
            "main = __import__('__main__', None, None, fromlist=['__file__'])",
            "getattr(sys.modules['__main__'], \"__file__\", None)",
            "sys.modules[\"__main__\"].__file__",
            "import __main__\nx = __main__.__file__",
            "compile(source, module.__file__ or '', 'exec', ast.PyCF_ONLY_AST)",
            "compile(source, filename=module.__file__, mode='exec')",
            "if module.__file__ is not None: pass",
            "assert find_spec(x).origin is not None",
            "spec = find_spec(x)\nhere = os.path.join(spec.origin, '..', 'data')",
            "here = os.path.join(module.__file__, os.pardir)",
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
