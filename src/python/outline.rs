//! What a source names: its imports, its strings, its calls that find things by name.
//!
//! The seed of the import graph, read in one pass over the tokens: `import` is a keyword that
//! stands nowhere but in an import statement, so that no syntax tree is needed to see every one,
//! wherever it stands. Nothing recurses and nothing is kept but what is named, at some ten times
//! the speed of a parser; [`super::source`] holds the syntax tree and is the oracle in tests.

mod branches;
mod literals;
mod names;
mod reader;
pub(in crate::python) mod tokens;

use std::borrow::Cow;

pub use super::source::Unparsed;
use super::source::{MOST_BYTES, decode};
pub use branches::Standing;
use tokens::{Kind, Tokens};

/// What branches are decided for: Linux, and a version of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The version of Python, such as (3, 12).
    pub python: (u8, u8),
}

/// What a source names, each in order; what stands in branches that the platform never takes is
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline<'s> {
    /// Every import statement; `import a, b` is two.
    pub imports: Vec<Import<'s>>,
    /// Every string and bytes literal, but for those that are a statement of their own
    /// (docstrings among them): these name nothing.
    pub texts: Vec<Text<'s>>,
    /// The calls that were asked for.
    pub calls: Vec<Call<'s>>,
    /// The names that were asked for, wherever they stand outside of import statements.
    pub mentions: Vec<Mention<'s>>,
}

/// A name that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'s> {
    /// Where it begins, in bytes of the text.
    pub at: usize,
    /// The name.
    pub name: &'s str,
    /// Where it stands.
    pub standing: Standing,
}

/// One `import` or one `from … import`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import<'s> {
    /// Where the statement begins, in bytes of the text.
    pub at: usize,
    /// The leading dots of a relative import; 0 for an absolute one.
    pub level: u32,
    /// The module; empty for `from . import x`.
    pub module: Cow<'s, str>,
    /// The names behind `from … import`, `*` for a star; empty for `import a.b`.
    pub names: Vec<&'s str>,
    /// Where it stands.
    pub standing: Standing,
}

/// A hole in a [`Text`]: something that is filled in at run time.
pub const HOLE: char = '\0';
/// A hole that the name of the module's own package or module fills: `{__name__}`.
pub const OWN_NAME: char = '\u{1}';

/// One string literal, implicit concatenation applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'s> {
    /// Where it begins, in bytes of the text.
    pub at: usize,
    /// Its value. The fields of an f-string are [`HOLE`]s or [`OWN_NAME`]s.
    pub value: Cow<'s, str>,
    /// Whether it has holes.
    pub has_holes: bool,
    /// Whether something is added to it: `"a." + x`, `"a.%s" % x`.
    pub goes_on: bool,
    /// Where it stands.
    pub standing: Standing,
}

/// A call of a function with one of the names asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'s> {
    /// Where its name begins, in bytes of the text.
    pub at: usize,
    /// The last part of the function's name.
    pub name: &'s str,
    /// Its first argument.
    pub argument: Argument<'s>,
    /// Where it stands.
    pub standing: Standing,
}

/// The first argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'s> {
    /// There is none.
    None,
    /// A literal: its index among the texts.
    Text(usize),
    /// It begins with this name.
    Name(&'s str),
    /// Anything else.
    Other,
}

/// The text of a source, by the rules of PEP 263, its names in the form NFKC: to be handed to
/// [`read`].
///
/// # Errors
/// [`Unparsed`] for an unknown encoding, what is not in its encoding, null bytes, a name that reads
/// as a keyword, and files over [`MOST_BYTES`].
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Unparsed> {
    if bytes.len() > MOST_BYTES {
        return Err(Unparsed::TooLarge(bytes.len()));
    }
    if memchr::memchr(0, bytes).is_some() {
        return Err(Unparsed::NullByte);
    }
    names::normalized(decode::decode(bytes)?)
}

/// Reads a source. `watch` says which calls are asked for, by the last part of the function's name.
///
/// # Errors
/// [`Unparsed`] where the text is not the tokens of any Python 3. What is tokens but no program is
/// read as far as it goes: it names no less for that.
pub fn read<'s>(
    text: &'s str,
    platform: Platform,
    watch: &dyn Fn(&str) -> bool,
) -> Result<Outline<'s>, Unparsed> {
    reader::Reader::new(text, platform, watch, &|_| false).read()
}

/// Reads a source as [`read`] does; `mention` says which names are asked for.
///
/// # Errors
/// As [`read`].
pub fn mentions<'s>(
    text: &'s str,
    platform: Platform,
    mention: &dyn Fn(&str) -> bool,
) -> Result<Outline<'s>, Unparsed> {
    reader::Reader::new(text, platform, &|_| false, mention).read()
}

/// The names that an import statement binds, which begins at `at` of a text; for `import a.b` that is
/// `a`. A star binds none that is told.
pub fn bound(text: &str, at: usize) -> Vec<&str> {
    let mut tokens = Tokens::of(text.get(at..).unwrap_or_default());
    let mut words: Vec<&str> = Vec::new();
    while let Ok(Some(token)) = tokens.next() {
        match token.kind {
            Kind::Newline | Kind::Op(b';') => break,
            Kind::Name | Kind::Op(b',' | b'.') => {
                words.push(&text[at + token.start..at + token.end])
            }
            _ => {}
        }
    }
    let from = words.iter().position(|word| *word == "import").map_or(0, |import| import + 1);
    let bound = words[from..].split(|word| *word == ",").filter_map(|alias| {
        let renamed = alias.iter().position(|word| *word == "as");
        alias.get(renamed.map_or(0, |renamed| renamed + 1)).copied()
    });
    bound.collect()
}

/// The line of an offset of a text, from 1.
pub fn line(text: &str, at: usize) -> u32 {
    tokens::line_of(text.as_bytes(), at)
}

#[cfg(test)]
mod tests;
