//! The functions and classes that a name surely means in one source.

use std::collections::HashSet;

use crate::python::outline::tokens::{Kind, Token, Tokens};

/// What is defined on the margin of a source under a name that nothing else of it binds.
#[derive(Debug, Default)]
pub(super) struct Own<'s> {
    defined: HashSet<&'s str>,
    bound: HashSet<&'s str>,
}

impl<'s> Own<'s> {
    /// Reads the names of a source; none where it cannot be read.
    pub(super) fn of(text: &'s str) -> Self {
        let mut reader = Reader { text, own: Self::default(), ..Reader::default() };
        let mut tokens = Tokens::of(text);
        loop {
            match tokens.next() {
                Ok(Some(token)) => reader.token(token),
                Ok(None) => return reader.own,
                Err(_) => return Self::default(),
            }
        }
    }

    /// Whether the name means a function or class of this source and nothing else.
    pub(super) fn has(&self, name: &str) -> bool {
        self.defined.contains(name) && !self.bound.contains(name)
    }
}

#[derive(Default)]
struct Reader<'s> {
    text: &'s str,
    own: Own<'s>,
    indent: u32,
    /// Whether no token of the line came yet.
    fresh: bool,
    /// What binds the names that come: an import, a loop, a pattern, parameters.
    binding: Option<Binding>,
    depth: u32,
    last: &'s str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    /// To the end of the line.
    Line,
    /// To the next `in`.
    Loop,
    /// To the closing bracket of this depth.
    Parameters(u32),
    /// To the next colon.
    Lambda,
}

impl<'s> Reader<'s> {
    fn token(&mut self, token: Token) {
        let word = &self.text[token.start..token.end];
        match token.kind {
            Kind::Line(indent) => {
                (self.indent, self.fresh, self.binding, self.depth) = (indent, true, None, 0);
                self.last = "";
                return;
            }
            Kind::Name => self.name(word),
            Kind::Op(b'(' | b'[' | b'{') | Kind::FieldStart => self.depth += 1,
            Kind::Op(b')' | b']' | b'}') | Kind::FieldEnd => {
                if self.binding == Some(Binding::Parameters(self.depth)) {
                    self.binding = None;
                }
                self.depth = self.depth.saturating_sub(1);
            }
            Kind::Op(b':') if self.binding == Some(Binding::Lambda) => self.binding = None,
            // Also the name of an argument: it is not worth telling apart.
            Kind::Op(b'=') if is_name(self.last) => drop(self.own.bound.insert(self.last)),
            _ => {}
        }
        self.fresh = false;
        self.last = word;
    }

    fn name(&mut self, word: &'s str) {
        match (self.last, word) {
            ("def" | "class", name) => {
                let on_margin = self.indent == 0;
                let names = if on_margin { &mut self.own.defined } else { &mut self.own.bound };
                names.insert(name);
                self.binding = Some(Binding::Parameters(self.depth + 1));
                return;
            }
            ("as" | "global" | "nonlocal", name) => drop(self.own.bound.insert(name)),
            _ => {}
        }
        match (self.binding, word) {
            (_, "import" | "from" | "case") if self.fresh => self.binding = Some(Binding::Line),
            (_, "for") => self.binding = Some(Binding::Loop),
            (_, "lambda") => self.binding = Some(Binding::Lambda),
            (Some(Binding::Loop), "in") => self.binding = None,
            (Some(_), name) => drop(self.own.bound.insert(name)),
            (None, _) => {}
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c == '_' || c.is_alphabetic())
}
