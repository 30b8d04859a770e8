//! Bounds on nesting, checked on the tokens before anything recurses over the syntax.
//!
//! The parser has no limit of its own, and dropping a syntax tree recurses: a stack overflow
//! would end the process. CPython has limits too (200 brackets, 100 indentations), lower ones.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

use super::Unparsed;

/// The most brackets and f-strings inside one another.
const MOST_BRACKETS: usize = 1_000;
/// The most operators, attributes, calls and the like in one expression, those of the
/// expressions it stands in included.
const MOST_CHAINED: usize = 5_000;
/// The most indentations inside one another; CPython's `MAXINDENT`.
const MOST_INDENTS: usize = 100;

/// How deep the syntax tree of `source` can be at most, in links of expressions.
///
/// Refused are sources over the bounds, and those that no tokenizer accepts (unknown tokens,
/// brackets that do not match), so that the parser's error recovery has little to do.
pub(super) fn check(source: &str) -> Result<usize, Unparsed> {
    kinds(source, |_| {})
}

/// As [`check`]; `each` is told the kind of every token.
pub(super) fn kinds(source: &str, mut each: impl FnMut(TokenKind)) -> Result<usize, Unparsed> {
    let mut lexer = lexer::lex(source, Mode::Module);
    let mut depth = Depth::default();
    loop {
        let token = lexer.next_token();
        if token == TokenKind::EndOfFile {
            depth.end_line()?;
            return Ok(depth.deepest);
        }
        depth.count(token)?;
        each(token);
    }
}

/// What is open at a token.
#[derive(Default)]
struct Depth {
    outer: Vec<Level>,
    here: Level,
    /// The links of `here` and all of `outer`.
    links: usize,
    deepest: usize,
    indents: usize,
}

/// One bracket's inside, or the statement's own level.
#[derive(Default)]
struct Level {
    /// The token that closes it.
    close: Option<TokenKind>,
    /// Tokens since the last comma that can make the tree deeper by one.
    links: usize,
    /// `lambda`s whose colon is to come: a comma before it divides parameters, not expressions.
    lambdas: usize,
}

impl Depth {
    fn count(&mut self, token: TokenKind) -> Result<(), Unparsed> {
        if let Some(close) = closing(token) {
            self.link()?;
            return self.open(close);
        }
        if self.here.close == Some(token) {
            self.close();
            return Ok(());
        }
        match token {
            _ if is_flat(token) => {}
            TokenKind::Unknown => return Err(unmatched("unknown token")),
            TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                return Err(unmatched("closing bracket without an opening one"));
            }
            TokenKind::Newline => self.end_line()?,
            TokenKind::Semi | TokenKind::Comma if self.here.lambdas == 0 => self.sibling(),
            TokenKind::Colon => self.here.lambdas = self.here.lambdas.saturating_sub(1),
            TokenKind::Indent => self.indent()?,
            TokenKind::Dedent => self.indents = self.indents.saturating_sub(1),
            TokenKind::Lambda => {
                self.here.lambdas += 1;
                self.link()?;
            }
            // Whatever the token: counting one that adds no depth is on the safe side.
            _ => self.link()?,
        }
        Ok(())
    }

    fn link(&mut self) -> Result<(), Unparsed> {
        self.here.links += 1;
        self.links += 1;
        self.deepest = self.deepest.max(self.links);
        if self.links > MOST_CHAINED { Err(Unparsed::TooDeep) } else { Ok(()) }
    }

    fn indent(&mut self) -> Result<(), Unparsed> {
        self.indents += 1;
        if self.indents > MOST_INDENTS { Err(Unparsed::TooDeep) } else { Ok(()) }
    }

    fn open(&mut self, close: TokenKind) -> Result<(), Unparsed> {
        let inside = Level { close: Some(close), ..Level::default() };
        self.outer.push(std::mem::replace(&mut self.here, inside));
        if self.outer.len() > MOST_BRACKETS { Err(Unparsed::TooDeep) } else { Ok(()) }
    }

    fn close(&mut self) {
        self.sibling();
        self.here = self.outer.pop().unwrap_or_default();
        if matches!(self.here.close, Some(TokenKind::FStringEnd | TokenKind::TStringEnd)) {
            self.sibling(); // The fields of an f-string stand side by side.
        }
    }

    /// What follows stands beside what came before, not inside it.
    fn sibling(&mut self) {
        self.links -= self.here.links;
        self.here.links = 0;
    }

    fn end_line(&mut self) -> Result<(), Unparsed> {
        if !self.outer.is_empty() {
            return Err(unmatched("bracket that is not closed"));
        }
        self.sibling();
        self.here.lambdas = 0;
        Ok(())
    }
}

fn closing(token: TokenKind) -> Option<TokenKind> {
    Some(match token {
        TokenKind::Lpar => TokenKind::Rpar,
        TokenKind::Lsqb => TokenKind::Rsqb,
        TokenKind::Lbrace => TokenKind::Rbrace,
        TokenKind::FStringStart => TokenKind::FStringEnd,
        TokenKind::TStringStart => TokenKind::TStringEnd,
        _ => return None,
    })
}

/// Tokens that never stand between an outer and an inner expression.
fn is_flat(token: TokenKind) -> bool {
    matches!(
        token,
        TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::Ellipsis
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None
    )
}

fn unmatched(what: &str) -> Unparsed {
    Unparsed::Syntax { line: None, message: what.to_owned() }
}
