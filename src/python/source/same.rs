//! Whether two sources are the same program, as ruff reads them.

use std::ops::Range;

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use super::{Unparsed, bounds, on_stack_for};

/// Whether `before` parses, what stands in these spans of it says nothing at run time (each is a
/// comment, or a whole statement of nothing but strings), and `after` has the same tokens but for
/// such and for statements that are a number.
///
/// The syntax tree is made of the tokens alone: where they are equal, one need not be made twice.
pub(in crate::python) fn same_but(before: &str, spans: &[Range<usize>], after: &str) -> bool {
    let compared = || {
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let depth = bounds::kinds(before, |kind| was.push(kind))?;
        bounds::kinds(after, |kind| is.push(kind))?;
        if essence(&was) != essence(&is) {
            return Ok(false);
        }
        on_stack_for(depth, || {
            let parsed = parse_module(before).map_err(|error| Unparsed::Syntax {
                line: None,
                message: error.error.to_string(),
            })?;
            Ok(spans.iter().all(|span| says_nothing(parsed.tokens(), span)))
        })
    };
    compared().unwrap_or(false)
}

/// The kinds of the tokens without comments, and without statements that are nothing but strings or
/// one number.
fn essence(kinds: &[TokenKind]) -> Vec<TokenKind> {
    let mut essence = Vec::with_capacity(kinds.len());
    for line in kinds.split_inclusive(|kind| *kind == TokenKind::Newline) {
        let begins = essence.len();
        essence.extend(line.iter().copied().filter(|kind| !kind.is_trivia()));
        let mut words = essence[begins..]
            .iter()
            .filter(|kind| !is_block(**kind) && **kind != TokenKind::Newline);
        let says_nothing = match words.next() {
            Some(TokenKind::String) => words.all(|kind| *kind == TokenKind::String),
            Some(TokenKind::Int) => words.next().is_none(),
            _ => false,
        };
        if says_nothing {
            let blocks = essence[begins..].iter().copied().take_while(|kind| is_block(*kind));
            let blocks = blocks.count();
            essence.truncate(begins + blocks);
        }
    }
    essence
}

fn is_block(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Indent | TokenKind::Dedent)
}

/// Whether a span is a comment, or a whole statement of nothing but strings.
fn says_nothing(tokens: &[Token], span: &Range<usize>) -> bool {
    let first = tokens.partition_point(|token| token.end().to_usize() <= span.start);
    let inside = tokens[first..].iter().take_while(|token| token.start().to_usize() < span.end);
    let (before, rest) = tokens.split_at(first);
    let (inside, behind) = rest.split_at(inside.count());
    let ([head, ..], [.., tail]) = (inside, inside) else { return false };
    if head.start().to_usize() != span.start || tail.end().to_usize() != span.end {
        return false;
    }
    let is_blank = |token: &&Token| token.kind().is_trivia() || is_block(token.kind());
    let ends = |token: Option<&Token>| token.is_none_or(|t| t.kind() == TokenKind::Newline);
    let is_string = |token: &Token| token.kind() == TokenKind::String || token.kind().is_trivia();
    match inside {
        [comment] if comment.kind() == TokenKind::Comment => true,
        strings => {
            strings.iter().all(is_string)
                && ends(before.iter().rev().find(|token| !is_blank(token)))
                && ends(behind.iter().find(|token| !is_blank(token)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(before: &str, gone: &str, after: &str) -> bool {
        let at = before.find(gone).unwrap();
        let span = at..at + gone.len();
        same_but(before, std::slice::from_ref(&span), after)
    }

    #[test]
    fn what_says_nothing_may_go() {
        assert!(is_same("'a'\nx = 1 # b\n", "# b", "0\nx = 1\n"));
        assert!(is_same("'a' 'b' # c\nx = 1\n", "'a' 'b'", "0\nx = 1\n"));
        assert!(is_same("'a' \\\n  'b'\nx = 1\n", "'a' \\\n  'b'", "0\n\nx = 1\n"));
        assert!(is_same("def f():\n  'a'\nx\n", "'a'", "def f():\n  0\nx\n"));
        assert!(is_same("'a'", "'a'", "0"));
        assert!(is_same("'a'\nfrom __future__ import b\n", "'a'", "\nfrom __future__ import b\n"));
    }

    #[test]
    fn what_says_something_may_not() {
        for (before, gone, after) in [
            ("x = 'a # b'\n", " # b", "x = 'a'\n"),
            ("x = '''a # b\n'''\n", "# b", "x = '''a \n'''\n"),
            ("x = 'a'\n", "'a'", "x = 'b'\n"),
            ("x = f'{1:# }'\n", "# ", "x = f'{1:}'\n"),
            ("'a'; x\n", "'a'", "'b'; x\n"),
            ("x; 'a'\n", "'a'", "x; 'b'\n"),
            ("f('a')\n", "'a'", "f('b')\n"),
            ("'a' 'b'\n", "'b'", "'a'\n"),
            ("'a'\nx\n", "'a'\nx", "'a'\nx\n"),
            ("x = 1\n", "x", "y = 1\n"),
        ] {
            assert!(!is_same(before, gone, after), "{before}");
        }
    }

    #[test]
    fn other_tokens_are_another_program() {
        for after in ["0\n", "0\nx = 1 + 1\n", "0\nif x:\n  y\n", "0\n(\n", "0\nx = 1.0\n"] {
            assert!(!is_same("'a'\nx = 1\n", "'a'", after), "{after}");
        }
        assert!(!is_same("'a'\nprint x\n", "'a'", "0\nprint x\n"), "no Python 3");
    }
}
