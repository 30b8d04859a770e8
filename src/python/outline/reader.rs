//! Statements from tokens.

use std::borrow::Cow;

use super::branches::{Blocks, Standing};
use super::tokens::{Kind, Token, Tokens};
use super::{
    Argument, Call, HOLE, Import, Mention, OWN_NAME, Outline, Platform, Text, Unparsed, literals,
};

/// Longest condition that is looked at, in tokens.
const LONGEST_CONDITION: usize = 64;

/// Reads the statements of one source.
pub(super) struct Reader<'s, 'w> {
    text: &'s str,
    platform: Platform,
    watch: &'w dyn Fn(&str) -> bool,
    mention: &'w dyn Fn(&str) -> bool,
    outline: Outline<'s>,
    blocks: Blocks,
    indent: u32,
    /// Brackets and fields that are open.
    depth: usize,
    statement: Statement<'s>,
    /// Literals that may go on, one for each f-string field around.
    joined: Vec<Option<Joined<'s>>>,
    /// Where the fields around begin.
    fields: Vec<usize>,
    /// The token before, when it is a name.
    name: Option<Token>,
    /// The token before that, when it is a name too.
    before_name: Option<Token>,
    /// A call whose first argument is about to be seen.
    call: Option<usize>,
}

/// The simple statement or header that is being read.
#[derive(Default)]
struct Statement<'s> {
    /// Its first word.
    first: &'s str,
    /// Whether anything of it was read.
    begun: bool,
    lambdas: usize,
    /// Its tokens from `import` or `from` on, or behind `if` and `elif`.
    held: Vec<Token>,
    holds: bool,
}

/// A literal that may go on with the next one.
struct Joined<'s> {
    at: usize,
    value: Cow<'s, str>,
    has_holes: bool,
    /// Nothing of the statement stands before it.
    first: bool,
    /// It is the first argument of this call.
    call: Option<usize>,
}

impl<'s, 'w> Reader<'s, 'w> {
    pub(super) fn new(
        text: &'s str,
        platform: Platform,
        watch: &'w dyn Fn(&str) -> bool,
        mention: &'w dyn Fn(&str) -> bool,
    ) -> Self {
        Self {
            text,
            platform,
            watch,
            mention,
            outline: Outline::default(),
            blocks: Blocks::default(),
            indent: 0,
            depth: 0,
            statement: Statement::default(),
            joined: vec![None],
            fields: Vec::new(),
            name: None,
            before_name: None,
            call: None,
        }
    }

    pub(super) fn read(mut self) -> Result<Outline<'s>, Unparsed> {
        let mut tokens = Tokens::of(self.text);
        while let Some(token) = tokens.next()? {
            if self.is_python_2(token) {
                let line = Some(super::line(self.text, token.start));
                let message = "a print or exec statement".to_owned();
                return Err(Unparsed::Syntax { line, message });
            }
            self.token(token);
        }
        self.end_statement();
        Ok(self.outline)
    }

    /// Whether a `print` or `exec` is followed by what only a Python 2 statement can be.
    fn is_python_2(&self, token: Token) -> bool {
        let Some(name) = self.name else { return false };
        let follows = match token.kind {
            Kind::Text { .. } | Kind::Number => true,
            Kind::Name => !may_follow_name(&self.text[token.start..token.end]),
            _ => false,
        };
        follows && matches!(&self.text[name.start..name.end], "print" | "exec")
    }

    fn token(&mut self, token: Token) {
        match token.kind {
            Kind::Line(indent) => {
                self.indent = indent;
                self.blocks.line(indent);
            }
            Kind::Newline => self.end_statement(),
            Kind::Text { raw, bytes } => {
                let inside = &self.text[token.start..token.end];
                self.join(token.start, literals::value(inside, raw, bytes));
                self.hold(token);
            }
            Kind::FormatStart => {
                self.join(token.start, Cow::Borrowed(""));
                self.hold(token);
            }
            Kind::FormatText { raw } => {
                let inside = self.text[token.start..token.end].replace("{{", "{");
                let inside = inside.replace("}}", "}");
                let value = literals::value(&inside, raw, false).into_owned();
                self.join(token.start, Cow::Owned(value));
            }
            Kind::FormatEnd => {}
            Kind::FieldStart => {
                self.depth += 1;
                self.fields.push(token.end);
                self.joined.push(None);
            }
            Kind::FieldEnd => self.end_field(token),
            Kind::Name => self.word(token),
            Kind::Number => self.other(token, 0),
            Kind::Op(byte) => self.op(token, byte),
        }
    }

    fn word(&mut self, token: Token) {
        let word = &self.text[token.start..token.end];
        self.flush(0);
        if (self.mention)(word) {
            self.mentioned(token.start, word);
        }
        let fresh = !self.statement.begun && self.depth == 0;
        match word {
            "import" if !self.statement.holds && self.depth == 0 => self.hold_from_here(),
            "from" if fresh || self.statement.first == "lazy" && self.depth == 0 => {
                self.hold_from_here();
            }
            "if" | "elif" if fresh => self.statement.holds = true,
            "lambda" if self.depth == 0 => self.statement.lambdas += 1,
            _ => {}
        }
        if fresh {
            self.statement.first = word;
        }
        if !(fresh && matches!(word, "if" | "elif")) {
            self.hold(token);
        }
        self.statement.begun = true;
        self.named_argument(word);
        self.before_name = self.name.replace(token);
    }

    fn mentioned(&mut self, at: usize, name: &'s str) {
        let standing = self.blocks.standing();
        let imports = self.statement.held.first().map(|first| &self.text[first.start..first.end]);
        if !standing.never && !matches!(imports, Some("import" | "from")) {
            self.outline.mentions.push(Mention { at, name, standing });
        }
    }

    /// A name stands first behind the opening bracket of a call, or behind `name=` there.
    fn named_argument(&mut self, word: &'s str) {
        let Some(call) = self.call else { return };
        match &mut self.outline.calls[call].argument {
            Argument::Name(_) => self.call = None,
            argument => *argument = Argument::Name(word),
        }
    }

    fn hold_from_here(&mut self) {
        self.statement.held.clear();
        self.statement.holds = true;
    }

    fn hold(&mut self, token: Token) {
        if self.statement.holds {
            let is_condition = matches!(self.statement.first, "if" | "elif");
            if !is_condition || self.statement.held.len() <= LONGEST_CONDITION {
                self.statement.held.push(token);
            }
        }
    }

    /// A token that can neither begin nor end anything; `byte` is that of an operator.
    fn other(&mut self, token: Token, byte: u8) {
        self.flush(byte);
        self.hold(token);
        self.statement.begun = true;
        self.name = None;
        self.seen_argument(byte);
    }

    /// What stands first behind the opening bracket of a call is neither a literal nor a name.
    fn seen_argument(&mut self, byte: u8) {
        let Some(call) = self.call else { return };
        let argument = &mut self.outline.calls[call].argument;
        match (byte, &*argument) {
            (b'=', Argument::Name(_)) => *argument = Argument::Other,
            (_, Argument::Name(_)) => self.call = None,
            (b')', Argument::None) => self.call = None,
            _ => {
                *argument = Argument::Other;
                self.call = None;
            }
        }
    }

    fn op(&mut self, token: Token, byte: u8) {
        let before = self.name;
        match byte {
            b'(' | b'[' | b'{' => {
                self.other(token, byte);
                self.depth += 1;
                if let Some(name) = before.filter(|_| byte == b'(') {
                    self.open_call(name);
                }
            }
            b')' | b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                self.other(token, byte);
            }
            b';' if self.depth == 0 => self.end_statement(),
            b':' if self.depth == 0 && self.statement.lambdas > 0 => {
                self.statement.lambdas -= 1;
                self.other(token, byte);
            }
            b':' if self.depth == 0 && is_compound(self.statement.first) => self.end_header(),
            _ => self.other(token, byte),
        }
    }

    fn open_call(&mut self, name: Token) {
        let word = &self.text[name.start..name.end];
        let standing = self.blocks.standing();
        let before = self.before_name.map_or("", |before| &self.text[before.start..before.end]);
        let defined = matches!(before, "def" | "class");
        if !standing.never && (self.watch)(word) && !defined {
            let argument = Argument::None;
            self.outline.calls.push(Call { at: name.start, name: word, argument, standing });
            self.call = Some(self.outline.calls.len() - 1);
        }
    }

    fn join(&mut self, at: usize, value: Cow<'s, str>) {
        self.name = None;
        let first = !self.statement.begun && self.depth == 0;
        self.statement.begun = true;
        let call = self.call.take();
        let Some(level) = self.joined.last_mut() else { return };
        match level {
            Some(joined) if joined.value.is_empty() => joined.value = value,
            Some(joined) => joined.value.to_mut().push_str(&value),
            None => *level = Some(Joined { at, value, has_holes: false, first, call }),
        }
    }

    fn end_field(&mut self, token: Token) {
        self.flush(0);
        self.joined.pop();
        self.depth = self.depth.saturating_sub(1);
        self.name = None;
        let inside = self.fields.pop().map_or("", |start| &self.text[start..token.start]);
        let hole = if is_own_name(inside) { OWN_NAME } else { HOLE };
        if let Some(Some(joined)) = self.joined.last_mut() {
            joined.value.to_mut().push(hole);
            joined.has_holes = true;
        }
    }

    /// The literal before, if any, does not go on: the operator `byte` follows.
    fn flush(&mut self, byte: u8) {
        let Some(joined) = self.joined.last_mut().and_then(Option::take) else { return };
        let standing = self.blocks.standing();
        if standing.never {
            return;
        }
        if let Some(call) = joined.call {
            self.outline.calls[call].argument = Argument::Text(self.outline.texts.len());
        }
        let Joined { at, value, has_holes, .. } = joined;
        let goes_on = matches!(byte, b'+' | b'%');
        self.outline.texts.push(Text { at, value, has_holes, goes_on, standing });
    }

    /// The header of a compound statement ends; what follows on the line is its body.
    fn end_header(&mut self) {
        self.flush(0);
        let Statement { first, held, .. } = std::mem::take(&mut self.statement);
        let condition = if held.len() > LONGEST_CONDITION { &[] } else { &held[..] };
        self.blocks.enter(first, self.indent, condition, self.text, self.platform);
        self.name = None;
        self.call = None;
    }

    fn end_statement(&mut self) {
        let level = self.joined.last_mut();
        if let Some(level) = level.filter(|level| level.as_ref().is_some_and(|text| text.first)) {
            // A literal that is the whole statement: a docstring or the like.
            *level = None;
        }
        self.flush(0);
        self.name = None;
        self.call = None;
        let standing = self.blocks.standing();
        if self.statement.holds && !standing.never {
            let held = std::mem::take(&mut self.statement.held);
            self.import(&held, standing);
            self.statement.held = held;
        }
        self.statement.held.clear();
        self.statement =
            Statement { held: std::mem::take(&mut self.statement.held), ..Statement::default() };
    }

    fn import(&mut self, held: &[Token], standing: Standing) {
        let words: Vec<&'s str> =
            held.iter().map(|token| &self.text[token.start..token.end]).collect();
        let Some(at) = held.first().map(|token| token.start) else { return };
        match words.split_first() {
            Some((&"import", rest)) => {
                for alias in rest.split(|word| *word == ",") {
                    let dotted = alias.split(|word| *word == "as").next().unwrap_or_default();
                    if !dotted.is_empty() {
                        let module = concatenated(dotted);
                        let names = Vec::new();
                        let import = Import { at, level: 0, module, names, standing };
                        self.outline.imports.push(import);
                    }
                }
            }
            Some((&"from", rest)) => {
                let Some(behind) = rest.iter().position(|word| *word == "import") else { return };
                let (module, names) = rest.split_at(behind);
                let level = module.iter().take_while(|word| **word == ".").count();
                let names = names[1..]
                    .split(|word| *word == ",")
                    .filter_map(|alias| alias.iter().find(|word| !matches!(**word, "(" | ")")));
                self.outline.imports.push(Import {
                    at,
                    level: u32::try_from(level).unwrap_or(u32::MAX),
                    module: concatenated(&module[level..]),
                    names: names.copied().collect(),
                    standing,
                });
            }
            _ => {}
        }
    }
}

/// The words of a dotted name; what follows a name without a dot belongs to no program.
fn concatenated<'s>(words: &[&'s str]) -> Cow<'s, str> {
    let breaks = words.windows(2).position(|pair| pair[0] != "." && pair[1] != ".");
    match &words[..breaks.map_or(words.len(), |at| at + 1)] {
        [] => Cow::Borrowed(""),
        [word] => Cow::Borrowed(word),
        words => Cow::Owned(words.concat()),
    }
}

/// The keywords of headers that have their body behind the colon, on the same line or below.
/// `case` may be a name too: what is split then are the annotation and its value, which read the
/// same for it.
fn is_compound(word: &str) -> bool {
    matches!(
        word,
        "if" | "elif"
            | "else"
            | "for"
            | "while"
            | "try"
            | "except"
            | "finally"
            | "with"
            | "def"
            | "class"
            | "async"
            | "case"
    )
}

/// Whether a field holds the name of the module or of its package.
fn is_own_name(field: &str) -> bool {
    matches!(field.trim(), "__name__" | "__package__" | "__spec__.parent" | "__spec__.name")
}

/// The keywords that may follow a name.
fn may_follow_name(word: &str) -> bool {
    matches!(
        word,
        "if" | "else"
            | "for"
            | "async"
            | "in"
            | "is"
            | "not"
            | "and"
            | "or"
            | "as"
            | "from"
            | "import"
    )
}
