//! Source text to tokens: the lexical structure of Python, as far as names and strings need it.
//!
//! Follows chapter 2 of the language reference (logical lines, joining, indentation, string
//! prefixes) and PEP 701 for what stands inside f-strings. Nothing recurses.

use std::ops::Range;

use super::Unparsed;

/// The most brackets and f-string fields inside one another.
const MOST_NESTED: usize = 1_000;

/// A token: what it is, and where in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::python) struct Token {
    pub(in crate::python) kind: Kind,
    pub(in crate::python) start: usize,
    pub(in crate::python) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::python) enum Kind {
    /// A logical line begins, this far from the margin.
    Line(u32),
    /// A logical line ends.
    Newline,
    /// An identifier or keyword.
    Name,
    Number,
    /// A string or bytes literal without fields; the span is its inside.
    Text {
        raw: bool,
        bytes: bool,
    },
    /// An f-string or t-string begins.
    FormatStart,
    /// A literal part of one.
    FormatText {
        raw: bool,
    },
    FormatEnd,
    /// A replacement field begins, and ends.
    FieldStart,
    FieldEnd,
    /// Any other operator or delimiter, by its first byte; brackets too.
    Op(u8),
}

/// What is open around the place that is read.
#[derive(Clone, Copy)]
enum Open {
    /// A bracket, by what closes it.
    Bracket(u8),
    Format(Quote),
    /// A replacement field.
    Field(Quote),
    /// The format specifier of a replacement field.
    Spec(Quote),
}

/// How a string literal is written.
#[derive(Clone, Copy)]
struct Quote {
    byte: u8,
    triple: bool,
    raw: bool,
}

impl Quote {
    fn width(self) -> usize {
        if self.triple { 3 } else { 1 }
    }
}

/// The tokens of a source.
pub(in crate::python) struct Tokens<'s> {
    bytes: &'s [u8],
    at: usize,
    open: Vec<Open>,
    /// Whether a logical line begins here.
    fresh: bool,
    /// Where comments stand, but for those inside f-strings; where they are asked for.
    comments: Option<Vec<Range<usize>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Name,
    Digit,
    Blank,
    LineEnd,
    Quote,
    Opening,
    Closing,
    Comment,
    Backslash,
    Dot,
    Op,
    Wrong,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Wrong; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => Class::Name,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t' | 0x0c => Class::Blank,
            b'\n' | b'\r' => Class::LineEnd,
            b'"' | b'\'' => Class::Quote,
            b'(' | b'[' | b'{' => Class::Opening,
            b')' | b']' | b'}' => Class::Closing,
            b'#' => Class::Comment,
            b'\\' => Class::Backslash,
            b'.' => Class::Dot,
            b'!' | b'%' | b'&' | b'*' | b'+' | b',' | b'-' | b'/' | b':' | b';' | b'<' | b'='
            | b'>' | b'@' | b'^' | b'|' | b'~' => Class::Op,
            _ => Class::Wrong,
        };
        byte += 1;
    }
    classes
}

fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

impl<'s> Tokens<'s> {
    pub(in crate::python) fn of(text: &'s str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, open: Vec::new(), fresh: true, comments: None }
    }

    /// The tokens, with the comments between them noted.
    pub(in crate::python) fn with_comments(text: &'s str) -> Self {
        Self { comments: Some(Vec::new()), ..Self::of(text) }
    }

    /// Where the comments stand that were passed so far, but for those inside f-strings.
    pub(in crate::python) fn comments(self) -> Vec<Range<usize>> {
        self.comments.unwrap_or_default()
    }

    /// The next token; `None` at the end.
    pub(in crate::python) fn next(&mut self) -> Result<Option<Token>, Unparsed> {
        match self.open.last() {
            Some(Open::Format(quote)) => self.format_text(*quote),
            Some(Open::Spec(quote)) => self.spec(*quote),
            Some(Open::Bracket(_) | Open::Field(_)) => self.code(),
            None if self.fresh => self.line(),
            None => self.code(),
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn token(&self, kind: Kind, start: usize) -> Result<Option<Token>, Unparsed> {
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn wrong<T>(&self, message: &str) -> Result<T, Unparsed> {
        let line = line_of(self.bytes, self.at);
        Err(Unparsed::Syntax { line: Some(line), message: message.to_owned() })
    }

    /// The beginning of the next logical line; blank lines and comments are none.
    fn line(&mut self) -> Result<Option<Token>, Unparsed> {
        loop {
            let start = self.at;
            let mut indent = 0;
            while let Some(byte) = self.byte(self.at) {
                indent = match byte {
                    b' ' => indent + 1,
                    b'\t' => (indent / 8 + 1) * 8,
                    0x0c => 0,
                    _ => break,
                };
                self.at += 1;
            }
            match self.byte(self.at) {
                None => return Ok(None),
                Some(b'#') => self.skip_comment(),
                Some(b'\n' | b'\r') => self.at += 1,
                Some(_) => {
                    self.fresh = false;
                    return self.token(Kind::Line(indent), start);
                }
            }
        }
    }

    /// Past the comment, up to the end of its line.
    fn skip_comment(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        if let Some(comments) = &mut self.comments
            && self.open.iter().all(|open| matches!(open, Open::Bracket(_)))
        {
            comments.push(start..self.at);
        }
    }

    /// The next token of code.
    fn code(&mut self) -> Result<Option<Token>, Unparsed> {
        loop {
            let start = self.at;
            let Some(byte) = self.byte(start) else { return self.end() };
            self.at += 1;
            match class(byte) {
                Class::Blank => {}
                Class::Comment => {
                    self.at = start;
                    self.skip_comment();
                }
                Class::LineEnd if self.open.is_empty() => {
                    self.fresh = true;
                    return self.token(Kind::Newline, start);
                }
                Class::LineEnd => {}
                Class::Backslash => self.continuation()?,
                Class::Name => return self.name(start),
                Class::Digit => return self.number(start),
                Class::Dot if self.byte(self.at).is_some_and(|b| b.is_ascii_digit()) => {
                    return self.number(start);
                }
                Class::Dot => return self.token(Kind::Op(b'.'), start),
                Class::Quote => return self.text(start, &[]),
                Class::Opening => return self.opening(byte, start),
                Class::Closing => return self.closing(byte, start),
                Class::Op => return self.op(byte, start),
                Class::Wrong => return self.wrong("unknown token"),
            }
        }
    }

    fn end(&mut self) -> Result<Option<Token>, Unparsed> {
        if !self.open.is_empty() {
            return self.wrong("bracket that is not closed");
        }
        self.fresh = true;
        Ok(None)
    }

    /// A backslash joins two lines, and stands nowhere else.
    fn continuation(&mut self) -> Result<(), Unparsed> {
        match self.byte(self.at) {
            Some(b'\r') if self.byte(self.at + 1) == Some(b'\n') => self.at += 2,
            Some(b'\n' | b'\r') => self.at += 1,
            _ => return self.wrong("backslash inside a line"),
        }
        Ok(())
    }

    fn name(&mut self, start: usize) -> Result<Option<Token>, Unparsed> {
        let rest = &self.bytes[self.at..];
        let more = rest.iter().take_while(|b| matches!(class(**b), Class::Name | Class::Digit));
        self.at += more.count();
        let quoted = matches!(self.byte(self.at), Some(b'"' | b'\''));
        if quoted && self.at - start <= 2 && is_prefix(&self.bytes[start..self.at]) {
            let prefix = &self.bytes[start..self.at];
            self.at += 1;
            return self.text(self.at - 1, prefix);
        }
        self.token(Kind::Name, start)
    }

    /// Digits, letters, dots; a sign behind an exponent is an operator of its own here.
    fn number(&mut self, start: usize) -> Result<Option<Token>, Unparsed> {
        let rest = &self.bytes[self.at..];
        let more = rest
            .iter()
            .take_while(|b| matches!(class(**b), Class::Name | Class::Digit | Class::Dot));
        self.at += more.count();
        self.token(Kind::Number, start)
    }

    fn opening(&mut self, byte: u8, start: usize) -> Result<Option<Token>, Unparsed> {
        let close = match byte {
            b'(' => b')',
            b'[' => b']',
            _ => b'}',
        };
        self.push(Open::Bracket(close))?;
        self.token(Kind::Op(byte), start)
    }

    fn push(&mut self, open: Open) -> Result<(), Unparsed> {
        self.open.push(open);
        if self.open.len() > MOST_NESTED { Err(Unparsed::TooDeep) } else { Ok(()) }
    }

    fn closing(&mut self, byte: u8, start: usize) -> Result<Option<Token>, Unparsed> {
        match self.open.pop() {
            Some(Open::Bracket(close)) if close == byte => self.token(Kind::Op(byte), start),
            Some(Open::Field(_)) if byte == b'}' => self.token(Kind::FieldEnd, start),
            _ => self.wrong("closing bracket without an opening one"),
        }
    }

    fn op(&mut self, byte: u8, start: usize) -> Result<Option<Token>, Unparsed> {
        let in_field = match self.open.last() {
            Some(Open::Field(quote)) => Some(*quote),
            _ => None,
        };
        let next = self.byte(self.at);
        match (byte, next, in_field) {
            (b':', _, Some(quote)) => {
                self.push(Open::Spec(quote))?;
                self.token(Kind::Op(byte), start)
            }
            (b'!', Some(b'='), _) | (b':', Some(b'='), None) => {
                self.at += 1;
                self.token(Kind::Op(if byte == b':' { b'=' } else { b'!' }), start)
            }
            (b'!', _, None) => self.wrong("unknown token"),
            _ => self.token(Kind::Op(byte), start),
        }
    }

    /// A string literal whose first quote is at `quote_at`.
    fn text(&mut self, quote_at: usize, prefix: &[u8]) -> Result<Option<Token>, Unparsed> {
        let has = |letter: u8| prefix.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
        let byte = self.bytes[quote_at];
        let triple = self.bytes[quote_at..].starts_with(&[byte; 3]);
        let quote = Quote { byte, triple, raw: has(b'r') };
        let start = quote_at + quote.width();
        self.at = start;
        if has(b'f') || has(b't') {
            self.push(Open::Format(quote))?;
            return self.token(Kind::FormatStart, quote_at);
        }
        loop {
            self.at = self.next_of(quote, [byte, b'\\', b'\\'])?;
            if self.bytes[self.at] == b'\\' {
                self.at += self.escape_width();
            } else if self.closes(quote) {
                let kind = Kind::Text { raw: quote.raw, bytes: has(b'b') };
                let end = self.at;
                self.at += quote.width();
                return Ok(Some(Token { kind, start, end }));
            } else {
                self.at += 1;
            }
        }
    }

    /// Where one of three bytes stands next. A line must not end before it in a string of one line.
    fn next_of(&self, quote: Quote, bytes: [u8; 3]) -> Result<usize, Unparsed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(bytes[0], bytes[1], bytes[2], rest) else {
            return self.wrong("string that is not closed");
        };
        if !quote.triple && memchr::memchr2(b'\n', b'\r', &rest[..found]).is_some() {
            return self.wrong("string that is not closed");
        }
        Ok(self.at + found)
    }

    fn closes(&self, quote: Quote) -> bool {
        let rest = &self.bytes[self.at..];
        if quote.triple { rest.starts_with(&[quote.byte; 3]) } else { rest[0] == quote.byte }
    }

    /// The literal part of an f-string that begins here, or what follows it.
    fn format_text(&mut self, quote: Quote) -> Result<Option<Token>, Unparsed> {
        let start = self.at;
        loop {
            let rest = &self.bytes[self.at..];
            let stop = rest.iter().position(|byte| {
                matches!(byte, b'\\' | b'{' | b'}' | b'\n' | b'\r') || *byte == quote.byte
            });
            let Some(stop) = stop else { return self.wrong("string that is not closed") };
            self.at += stop;
            match self.bytes[self.at] {
                b'\n' | b'\r' if !quote.triple => return self.wrong("string that is not closed"),
                b'\\' => self.escape(quote),
                byte @ (b'{' | b'}') if self.byte(self.at + 1) == Some(byte) => self.at += 2,
                _ if self.at > start && self.stands_out(quote) => {
                    return self.token(Kind::FormatText { raw: quote.raw }, start);
                }
                b'{' => return self.field(quote),
                _ if self.closes(quote) => {
                    let start = self.at;
                    self.at += quote.width();
                    self.open.pop();
                    return self.token(Kind::FormatEnd, start);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Whether a field or the end of the f-string begins here.
    fn stands_out(&self, quote: Quote) -> bool {
        self.bytes[self.at] == b'{' || self.closes(quote)
    }

    fn field(&mut self, quote: Quote) -> Result<Option<Token>, Unparsed> {
        let start = self.at;
        self.at += 1;
        self.push(Open::Field(quote))?;
        self.token(Kind::FieldStart, start)
    }

    /// Past a backslash in an f-string and what it escapes; a brace it does not.
    fn escape(&mut self, quote: Quote) {
        self.at += match self.byte(self.at + 1) {
            Some(b'{' | b'}') | None => 1,
            Some(b'N') if !quote.raw && self.byte(self.at + 2) == Some(b'{') => {
                let rest = &self.bytes[self.at..];
                memchr::memchr(b'}', rest).map_or(2, |end| end + 1)
            }
            Some(_) => self.escape_width(),
        };
    }

    /// How long the backslash that stands here and what it escapes are; a line end is one.
    fn escape_width(&self) -> usize {
        if self.bytes[self.at + 1..].starts_with(b"\r\n") { 3 } else { 2 }
    }

    /// What stands next in a format specifier: a field, or its end.
    fn spec(&mut self, quote: Quote) -> Result<Option<Token>, Unparsed> {
        let rest = &self.bytes[self.at..];
        let ends = |byte: &u8| matches!(byte, b'{' | b'}' | b'\n' | b'\r');
        let stop = rest.iter().position(|b| ends(b) && (!quote.triple || !b.is_ascii_whitespace()));
        self.at += stop.unwrap_or(rest.len());
        match self.byte(self.at) {
            Some(b'{') => self.field(quote),
            Some(b'}') => {
                self.open.pop();
                self.at += 1;
                self.closing(b'}', self.at - 1)
            }
            _ => self.wrong("string that is not closed"),
        }
    }
}

/// Whether these letters before a quote belong to the literal.
fn is_prefix(letters: &[u8]) -> bool {
    let is = |byte: u8, of: &[u8]| of.contains(&byte.to_ascii_lowercase());
    match *letters {
        [one] => is(one, b"rbuft"),
        [one, two] => is(one, b"bft") && is(two, b"r") || is(one, b"r") && is(two, b"bft"),
        _ => false,
    }
}

/// The line of an offset, from 1; lines end as Python's do.
pub(in crate::python) fn line_of(bytes: &[u8], at: usize) -> u32 {
    let before = &bytes[..at.min(bytes.len())];
    let ends = memchr::memchr2_iter(b'\n', b'\r', before);
    let lines = ends.filter(|end| before[*end] == b'\n' || bytes.get(end + 1) != Some(&b'\n'));
    u32::try_from(lines.count() + 1).unwrap_or(u32::MAX)
}
