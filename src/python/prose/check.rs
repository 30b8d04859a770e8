//! Whether a source without its prose is the program that it was.

use super::{Lines, Prose};
use crate::python::outline::Unparsed;
use crate::python::outline::tokens::{Kind, Token, Tokens, line_of};
use crate::python::source::same;

/// Whether both have the same tokens on the same lines and the same syntax tree, but for the strings
/// that `prose` takes out.
pub(super) fn is_same(before: &str, after: &str, prose: Prose) -> bool {
    let same_tokens = match (essence(before, prose), essence(after, prose)) {
        (Ok(before), Ok(after)) => before == after,
        _ => false,
    };
    same_tokens && same::same_but_strings(before, after)
}

/// Every token with its line, but for the statements that are strings to be taken out, or what
/// stands in their place.
fn essence(text: &str, prose: Prose) -> Result<Vec<(Kind, &str, u32)>, Unparsed> {
    let mut tokens = Tokens::of(text);
    let mut lines = Lines::default();
    let mut essence: Vec<(Kind, &str, u32)> = Vec::new();
    let mut begins = 0;
    let mut at = Place::default();
    while let Some(token) = tokens.next()? {
        if matches!(token.kind, Kind::Line(_)) {
            begins = essence.len();
        }
        let ended = lines.token(text, token);
        essence.push((token.kind, inside(text, token), at.line(text, token.start)));
        if ended.is_some_and(|ended| prose.takes(ended.stands)) {
            essence.truncate(begins);
        }
    }
    if lines.end(text.len()).is_some_and(|ended| prose.takes(ended.stands)) {
        essence.truncate(begins);
    }
    Ok(essence)
}

/// What a token says; blank lines before a logical line, and what ends it, are nothing.
fn inside(text: &str, token: Token) -> &str {
    match token.kind {
        Kind::Line(_) | Kind::Newline => "",
        _ => &text[token.start..token.end],
    }
}

/// From offsets, which only grow, to lines.
#[derive(Default)]
struct Place {
    at: usize,
    lines: u32,
}

impl Place {
    fn line(&mut self, text: &str, to: usize) -> u32 {
        self.lines += line_of(&text.as_bytes()[self.at..], to - self.at) - 1;
        self.at = to;
        self.lines
    }
}
