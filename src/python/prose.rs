//! Docstrings and comments taken out of a source, with every statement on the line where it was.
//!
//! A docstring is the first statement of a module, class or function, where that is a string literal
//! (language reference, 9.2 and 8.7). Where it was stands `0`, of which nothing is compiled, and
//! `__doc__` is None, as `python -OO` has it.

mod check;
mod own;
pub mod reads;

use std::ops::Range;

use super::outline::Unparsed;
use super::outline::tokens::{Kind, Token, Tokens};
use super::source::decode;

/// Which texts of a source are taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Prose {
    /// Comments, and strings that are a statement of their own and no docstring.
    pub comments: bool,
    /// The docstring of the module.
    pub modules: bool,
    /// Docstrings of classes.
    pub classes: bool,
    /// Docstrings of functions.
    pub functions: bool,
}

impl Prose {
    /// All of it.
    pub const ALL: Self = Self { comments: true, modules: true, classes: true, functions: true };

    /// Whether nothing is taken out.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether docstrings of any kind are taken out.
    pub fn has_docstrings(self) -> bool {
        self.modules || self.classes || self.functions
    }

    /// What both take out.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            comments: self.comments && other.comments,
            modules: self.modules && other.modules,
            classes: self.classes && other.classes,
            functions: self.functions && other.functions,
        }
    }

    /// What this leaves.
    #[must_use]
    pub fn others(self) -> Self {
        Self {
            comments: !self.comments,
            modules: !self.modules,
            classes: !self.classes,
            functions: !self.functions,
        }
    }

    fn takes(self, string: Stands) -> bool {
        match string {
            Stands::Module => self.modules,
            Stands::Class { .. } => self.classes,
            Stands::Function => self.functions,
            Stands::Alone => self.comments,
        }
    }
}

/// What a string that is a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// The docstring of the module.
    Module,
    /// The docstring of a class.
    Class {
        /// Whether a decorator named `dataclass` stands above.
        dataclass: bool,
    },
    /// The docstring of a function.
    Function,
    /// Nothing at run time.
    Alone,
}

/// The source without these texts; `None` where nothing is gained, the source cannot be read, is in
/// another encoding than UTF-8, or the result would not be the same program on the same lines.
#[must_use]
pub fn without(source: &[u8], prose: Prose) -> Option<Vec<u8>> {
    let text = match decode::decode(source).ok()? {
        std::borrow::Cow::Borrowed(text) if !text.contains('\0') => text,
        _ => return None,
    };
    let (tokens, statements, comments) = strings(text).ok()?;
    let docstrings = statements
        .into_iter()
        .filter(|(_, stands)| prose.takes(*stands))
        .map(|(span, stands)| (span.clone(), emptied(text, span, stands)));
    let head = head(text);
    let comments = comments.into_iter().filter(|_| prose.comments);
    let comments =
        comments.filter(|span| !counts(text, span, head)).map(|span| (span, String::new()));
    let mut edits: Vec<(Range<usize>, String)> = docstrings.chain(comments).collect();
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(span, _)| span.start);
    let small = edited(text, &edits);
    let spans: Vec<Range<usize>> = edits.into_iter().map(|(span, _)| span).collect();
    // Without what stood before it, a comment of the first lines may become a declaration.
    let declared = [text, &small].map(|text| decode::declaration(text.as_bytes()));
    let is_good = small.len() < text.len()
        && declared[0] == declared[1]
        && check::is_same(text, &tokens, &spans, &small, prose);
    // The byte order mark is no text; a declaration of the encoding stays.
    is_good.then(|| small.into_bytes())
}

/// What stands in place of a string: a statement that does nothing, and the line ends of the old.
fn emptied(text: &str, span: Range<usize>, stands: Stands) -> String {
    let old = &text[span];
    let empty = match stands {
        // Where there is none, `dataclass` makes a docstring, at some cost.
        Stands::Class { dataclass: true } => "\" \"",
        // Nothing but a docstring may stand before `from __future__ import …`.
        Stands::Module if text.contains("__future__") => "",
        Stands::Module | Stands::Class { .. } | Stands::Function | Stands::Alone => "0",
    };
    let ends = old.chars().filter(|c| matches!(c, '\n' | '\r'));
    let new: String = empty.chars().chain(ends).collect();
    if new.len() < old.len() { new } else { old.to_owned() }
}

/// Where the first two lines of a text end.
fn head(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).nth(1).unwrap_or(text.len())
}

/// Whether a comment says something to Python or to a system that starts the file.
fn counts(text: &str, span: &Range<usize>, head: usize) -> bool {
    let is_first = span.start == 0 && text[span.clone()].starts_with("#!");
    // PEP 263: on the first two lines.
    let is_above = span.start < head;
    is_first || is_above && text[span.clone()].contains("coding")
}

fn edited(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut small = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in edits {
        small.push_str(&text[at..span.start]);
        if new.is_empty() {
            // The blanks before a comment go with it.
            small.truncate(small.trim_end_matches([' ', '\t', '\x0c']).len());
        }
        small.push_str(new);
        at = span.end;
    }
    small.push_str(&text[at..]);
    small
}

/// Sources have fewer tokens than one for so many bytes.
const BYTES_PER_TOKEN: usize = 4;

type Strings = (Vec<Token>, Vec<(Range<usize>, Stands)>, Vec<Range<usize>>);

/// The tokens, the strings that are a whole statement on lines of their own, and the comments.
fn strings(text: &str) -> Result<Strings, Unparsed> {
    let mut reader = Tokens::with_comments(text);
    let mut lines = Lines::default();
    let mut tokens = Vec::with_capacity(text.len() / BYTES_PER_TOKEN);
    let mut found = Vec::new();
    while let Some(token) = reader.next()? {
        tokens.push(token);
        found.extend(lines.token(text, token));
    }
    found.extend(lines.end(text.len()));
    let comments = reader.comments();
    let strings = found.into_iter().filter(|statement| !statement.is_zero);
    let mut found: Vec<_> = strings.map(|statement| (statement.span, statement.stands)).collect();
    for (span, _) in &mut found {
        // A comment behind the string is none of it.
        let first = comments.partition_point(|comment| comment.start < span.start);
        let last = comments.get(first).map_or(span.end, |comment| comment.start.min(span.end));
        let whole = text[span.start..last].trim_end_matches([' ', '\t', '\x0c']);
        span.end = span.start + whole.len();
    }
    Ok((tokens, found, comments))
}

/// A statement that is nothing but a string, or what stands in its place.
#[derive(Clone, Debug)]
struct Statement {
    span: Range<usize>,
    stands: Stands,
    /// Whether it is a `0`.
    is_zero: bool,
}

/// Logical lines, as their tokens come.
#[derive(Default)]
struct Lines {
    /// Where the statement begins.
    start: usize,
    /// How many tokens of the line came.
    tokens: usize,
    /// Whether all of them were strings.
    strings: bool,
    /// Whether all of them are one `0`.
    zero: bool,
    /// Its first word, `async` apart.
    first: Word,
    /// Whether its last token was a colon.
    colon: bool,
    /// Whether a decorator above, or the one of this line, is named `dataclass`.
    dataclass: bool,
    /// What a string would be that comes next.
    next: Option<Stands>,
    begun: bool,
}

/// The first words that matter.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Other,
    Async,
    Def,
    Class,
    At,
}

impl Lines {
    /// Takes a token; gives the string that a line was which ends with it.
    fn token(&mut self, text: &str, token: Token) -> Option<Statement> {
        match token.kind {
            Kind::Line(_) => {
                let next = if self.begun { self.next } else { Some(Stands::Module) };
                let dataclass = self.dataclass;
                *self = Self {
                    start: token.end,
                    strings: true,
                    dataclass,
                    next,
                    begun: true,
                    ..Self::default()
                };
                return None;
            }
            Kind::Newline => return self.end(token.start),
            Kind::Text { bytes: false, .. } => self.zero = false,
            kind => {
                let word = &text[token.start..token.end];
                self.first = match (kind, word, self.first) {
                    (Kind::Name, "async", _) if self.tokens == 0 => Word::Async,
                    (Kind::Name, "def", first) if self.tokens == 0 || first == Word::Async => {
                        Word::Def
                    }
                    (Kind::Name, "class", _) if self.tokens == 0 => Word::Class,
                    (Kind::Op(b'@'), _, _) if self.tokens == 0 => Word::At,
                    (_, _, first) => first,
                };
                self.dataclass |= self.first == Word::At && word == "dataclass";
                self.zero = self.tokens == 0 && word == "0";
                self.strings = false;
            }
        }
        self.colon = token.kind == Kind::Op(b':');
        self.tokens += 1;
        None
    }

    fn end(&mut self, at: usize) -> Option<Statement> {
        let stands = self.next.take().unwrap_or(Stands::Alone);
        let dataclass = self.dataclass;
        self.dataclass &= self.first == Word::At;
        match self.first {
            Word::Def if self.colon => self.next = Some(Stands::Function),
            Word::Class if self.colon => self.next = Some(Stands::Class { dataclass }),
            Word::Def | Word::Class | Word::Async | Word::At | Word::Other => {}
        }
        let (span, is_zero) = (self.start..at, self.zero && self.tokens == 1);
        let is_string = self.strings && self.tokens > 0;
        self.tokens = 0;
        (is_string || is_zero).then_some(Statement { span, stands, is_zero })
    }
}

#[cfg(test)]
mod tests;
