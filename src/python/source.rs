//! Python source: its imports, its strings, and its questions about installed files.
//!
//! The seed of the import graph. The syntax tree is ruff's; what is read from it is every
//! statement and every expression, wherever they stand, for nothing here knows which branch runs.

mod bounds;
pub(super) mod decode;
pub mod deferral;
mod literals;
mod names;
mod records;
pub(super) mod same;
mod text;
mod values;
mod walk;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ruff_python_ast::{Stmt, StmtImport, StmtImportFrom};
use ruff_python_parser::parse_module;
use ruff_source_file::LineIndex;
use ruff_text_size::{Ranged, TextSize};
use serde::{Deserialize, Serialize};

use walk::Node;

/// What a source file says of other files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Every import statement, in order; `import a, b` is two.
    pub imports: Vec<Import>,
    /// Every string and bytes literal, in order.
    pub strings: Vec<Text>,
    /// The places that ask `importlib.metadata` for the files of a distribution.
    pub record_readers: Vec<RecordReader>,
}

/// One `import` or one `from … import`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The line the statement starts on, from 1.
    pub line: u32,
    /// The leading dots of a relative import; 0 for an absolute one.
    pub level: u32,
    /// The module, dots included; `None` for `from . import x`.
    pub module: Option<String>,
    /// The names behind `from … import`, `*` for a star; empty for `import a.b`.
    pub names: Vec<String>,
}

/// One string literal, implicit concatenation applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The line it starts on, from 1.
    pub line: u32,
    /// Its value; a lone surrogate, which no UTF-8 can hold, reads U+FFFD.
    pub value: String,
    /// What of it this is.
    pub kind: TextKind,
    /// The docstring of a module, class or function.
    pub docstring: bool,
}

/// What a [`Text`] is in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A whole `str` literal.
    Str,
    /// A whole `bytes` literal that is UTF-8; others are left out.
    Bytes,
    /// A literal part of an f-string or t-string, before, between or behind its replacement
    /// fields or in a format specifier; empty parts are left out.
    Fragment,
}

/// A place that asks `importlib.metadata` (or its backport) for a RECORD: a call of `files`, the
/// attribute `files` of a distribution, a RECORD read as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordReader {
    /// The line the expression starts on, from 1.
    pub line: u32,
    /// The distribution's name as written, if a literal gives it; `None` where it is computed,
    /// which stands for every distribution.
    pub distribution: Option<String>,
}

/// Why a source file could not be read. Its imports are then unknown, not absent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsed {
    /// PEP 263 declares an encoding that slim does not know.
    #[error("declares the unknown encoding `{0}`")]
    UnknownEncoding(String),
    /// The bytes are not in the encoding that the file declares (UTF-8 where it declares none).
    #[error("is not valid {0}")]
    NotInEncoding(&'static str),
    /// Python refuses source with null bytes.
    #[error("contains null bytes")]
    NullByte,
    /// A name of which the form NFKC is a keyword: Python takes it for a name all the same.
    #[error("has a name that reads as a keyword")]
    KeywordName,
    /// Larger than [`MOST_BYTES`].
    #[error("is {0} bytes long, more than {MOST_BYTES}")]
    TooLarge(usize),
    /// Nested or chained deeper than any tool of Python's bears: more than 1,000 brackets, 5,000
    /// operators or attributes in one expression, 100 indentations.
    #[error("is nested too deeply")]
    TooDeep,
    /// Not Python 3; the line, from 1, where it is known.
    #[error("is not Python 3: {message}")]
    Syntax {
        /// The line of the first error, from 1, where it is known.
        line: Option<u32>,
        /// What the parser says.
        message: String,
    },
    /// The parser panicked: a defect of it.
    #[error("made the parser panic")]
    Panicked,
}

/// The largest source file that is read, in bytes.
pub const MOST_BYTES: usize = 64 << 20;

/// Reads a Python source file.
///
/// Takes what CPython's tokenizer takes: a byte order mark, an encoding declaration (PEP 263:
/// UTF-8, Latin-1, CP1252, ASCII), LF, CRLF and CR, form feeds. The grammar is that of the newest
/// Python 3; what an older one lacks is no error.
///
/// Runs on any stack of 512 KiB: what nests deeper than sources do is refused, what nests deeper
/// than usual is read on a thread of its own.
///
/// # Errors
///
/// [`Unparsed`] where the file is no Python 3 or passes a bound.
pub fn read(bytes: &[u8]) -> Result<Source, Unparsed> {
    if bytes.len() > MOST_BYTES {
        return Err(Unparsed::TooLarge(bytes.len()));
    }
    let source = decode::decode(bytes)?;
    if memchr::memchr(0, source.as_bytes()).is_some() {
        return Err(Unparsed::NullByte);
    }
    let depth = bounds::check(&source)?;
    on_stack_for(depth, || parse(&source))
}

/// The names that this source only ever binds to literals, or to the items of literals (in loops, by
/// way of other such names); none where it cannot be read.
pub fn literal_names(bytes: &[u8]) -> HashSet<String> {
    let read = || {
        let source = decode::decode(bytes)?;
        let depth = bounds::check(&source)?;
        on_stack_for(depth, || {
            let parsed = parse_module(&source).map_err(|_| Unparsed::Panicked)?;
            Ok(literals::names(parsed.suite()))
        })
    };
    read().unwrap_or_default()
}

/// Runs `work` on a stack that holds a syntax tree of this depth: dropping it recurses.
fn on_stack_for<T: Send>(
    depth: usize,
    work: impl FnOnce() -> Result<T, Unparsed> + Send,
) -> Result<T, Unparsed> {
    /// Deep enough for all but generated code.
    const USUAL_DEPTH: usize = 200;
    /// Over 2 KiB for each of 5,000 levels and 100 blocks; dropping takes some 0.5 KiB.
    const STACK: usize = 16 << 20;
    if depth <= USUAL_DEPTH {
        return catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Unparsed::Panicked));
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        // Without a thread to be had the file is as good as too deep.
        let thread = thread.map_err(|_| Unparsed::TooDeep)?;
        thread.join().unwrap_or(Err(Unparsed::Panicked))
    })
}

fn parse(source: &str) -> Result<Source, Unparsed> {
    let lines = Lines(LineIndex::from_source_text(source));
    let parsed = parse_module(source).map_err(|error| Unparsed::Syntax {
        line: Some(lines.at(error.location.start())),
        message: error.error.to_string(),
    })?;
    let body = parsed.suite();
    let mut imports = Vec::new();
    let mut strings = text::Strings::new(body);
    walk::walk(body, |node| {
        match node {
            Node::Stmt(stmt) => imports_of(stmt, &lines, &mut imports),
            Node::Expr(_)
            | Node::Pattern(_)
            | Node::Element(_)
            | Node::Parameter(_)
            | Node::Comprehension(_)
            | Node::Handler(_) => {}
        }
        strings.visit(node);
    });
    let record_readers = records::readers(source, body, &lines);
    Ok(Source { imports, strings: strings.finish(&lines), record_readers })
}

/// The imports that one statement makes, its inner statements apart.
fn imports_of(stmt: &Stmt, lines: &Lines, imports: &mut Vec<Import>) {
    match stmt {
        Stmt::Import(StmtImport { names, .. }) => {
            let line = lines.at(stmt.start());
            imports.extend(names.iter().map(|alias| Import {
                line,
                level: 0,
                module: Some(alias.name.to_string()),
                names: Vec::new(),
            }));
        }
        Stmt::ImportFrom(StmtImportFrom { module, names, level, .. }) => imports.push(Import {
            line: lines.at(stmt.start()),
            level: *level,
            module: module.as_ref().map(ToString::to_string),
            names: names.iter().map(|alias| alias.name.to_string()).collect(),
        }),
        Stmt::FunctionDef(_)
        | Stmt::ClassDef(_)
        | Stmt::Return(_)
        | Stmt::Delete(_)
        | Stmt::TypeAlias(_)
        | Stmt::Assign(_)
        | Stmt::AugAssign(_)
        | Stmt::AnnAssign(_)
        | Stmt::For(_)
        | Stmt::While(_)
        | Stmt::If(_)
        | Stmt::With(_)
        | Stmt::Match(_)
        | Stmt::Raise(_)
        | Stmt::Try(_)
        | Stmt::Assert(_)
        | Stmt::Global(_)
        | Stmt::Nonlocal(_)
        | Stmt::Expr(_)
        | Stmt::Pass(_)
        | Stmt::Break(_)
        | Stmt::Continue(_)
        | Stmt::IpyEscapeCommand(_) => {}
    }
}

/// From offsets to lines.
struct Lines(LineIndex);

impl Lines {
    /// The line of an offset, from 1.
    fn at(&self, offset: TextSize) -> u32 {
        u32::try_from(self.0.line_index(offset).get()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
