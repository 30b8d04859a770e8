//! Whether a source without its prose is the program that it was.

use std::ops::Range;

use super::{Lines, Prose};
use crate::python::outline::Unparsed;
use crate::python::outline::tokens::{Kind, Token, Tokens, line_of};
use crate::python::source::same;

/// Whether both have the same tokens on the same lines, but for the strings that `prose` takes out, and
/// are the same program to ruff but for what stands in these spans of the first. `tokens` are those of
/// the first.
pub(super) fn is_same(
    before: &str,
    tokens: &[Token],
    spans: &[Range<usize>],
    after: &str,
    prose: Prose,
) -> bool {
    let Ok(of_after) = read(after, tokens.len()) else { return false };
    let (was, is) = (essence(before, tokens, prose), essence(after, &of_after, prose));
    let mut places = [Place::of(before), Place::of(after)];
    let same_tokens = was.len() == is.len()
        && was.iter().zip(&is).all(|(was, is)| {
            was.kind == is.kind
                && inside(before, *was) == inside(after, *is)
                && Place::are_on_one_line(&mut places, [was.start, is.start])
        });
    same_tokens && same::same_but(before, spans, after)
}

fn read(text: &str, about: usize) -> Result<Vec<Token>, Unparsed> {
    let mut reader = Tokens::of(text);
    let mut tokens = Vec::with_capacity(about);
    while let Some(token) = reader.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// Every token but those of the statements that are strings to be taken out, or what stands in their
/// place.
fn essence(text: &str, tokens: &[Token], prose: Prose) -> Vec<Token> {
    let mut lines = Lines::default();
    let mut essence: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut begins = 0;
    for token in tokens {
        if matches!(token.kind, Kind::Line(_)) {
            begins = essence.len();
        }
        let ended = lines.token(text, *token);
        essence.push(*token);
        if ended.is_some_and(|ended| prose.takes(ended.stands)) {
            essence.truncate(begins);
        }
    }
    if lines.end(text.len()).is_some_and(|ended| prose.takes(ended.stands)) {
        essence.truncate(begins);
    }
    essence
}

/// What a token says; blank lines before a logical line, and what ends it, are nothing.
fn inside(text: &str, token: Token) -> &[u8] {
    match token.kind {
        Kind::Line(_) | Kind::Newline => b"",
        _ => &text.as_bytes()[token.start..token.end],
    }
}

/// From offsets, which only grow, to lines.
struct Place<'t> {
    text: &'t [u8],
    at: usize,
    lines: u32,
}

impl<'t> Place<'t> {
    fn of(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, lines: 0 }
    }

    /// Whether these offsets of two texts are on the same line. Where what came since the last ones is
    /// equal, its lines are not counted.
    fn are_on_one_line(places: &mut [Self; 2], to: [usize; 2]) -> bool {
        let [one, other] = places;
        if one.text[one.at..to[0]] != other.text[other.at..to[1]] {
            one.count(to[0]);
            other.count(to[1]);
        }
        [one.at, other.at] = to;
        one.lines == other.lines
    }

    fn count(&mut self, to: usize) {
        self.lines += line_of(&self.text[self.at..], to - self.at) - 1;
    }
}
