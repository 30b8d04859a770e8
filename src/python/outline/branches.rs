//! Which blocks a statement stands in, and which of them never run on the target.

use super::Platform;
use super::tokens::{Kind, Token};

/// Where a statement stands, by the blocks around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Inside a function: it runs when somebody calls that.
    pub in_function: bool,
    /// Under `if __name__ == "__main__"`: it runs when the file is started as a program.
    pub in_main: bool,
    /// In a branch, a loop or a `try`: it may run or not.
    pub conditional: bool,
    /// In a branch that the target never takes.
    pub never: bool,
}

/// The compound statements that a statement can stand in.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: Vec<Block>,
    /// The branch before the `elif` or `else` that begins now: whether one was surely taken.
    before: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    indent: u32,
    standing: Standing,
    /// For `if` and `elif`: whether this branch or one before it is surely taken.
    taken: Option<bool>,
}

impl Blocks {
    /// A logical line begins, this far from the margin.
    pub(super) fn line(&mut self, indent: u32) {
        self.before = None;
        while let Some(block) = self.open.last().filter(|block| block.indent >= indent) {
            self.before = block.taken.filter(|_| block.indent == indent);
            self.open.pop();
        }
    }

    /// The header of a compound statement has ended. `condition` is what stands behind `if` or
    /// `elif`.
    pub(super) fn enter(
        &mut self,
        keyword: &str,
        indent: u32,
        condition: &[Token],
        text: &str,
        platform: Platform,
    ) {
        let mut standing = self.standing();
        let mut taken = None;
        match keyword {
            "def" | "async" => standing.in_function = true,
            "if" | "elif" => {
                let condition = Condition { tokens: condition, text, platform };
                let before = self.before.filter(|_| keyword == "elif").unwrap_or(false);
                let value = condition.value();
                standing.in_main |= condition.is_main();
                standing.never |= before || value == Some(false);
                standing.conditional |= value != Some(true);
                taken = Some(before || value == Some(true));
            }
            "else" => {
                standing.never |= self.before == Some(true);
                standing.conditional |= self.before != Some(false);
            }
            "try" | "except" | "for" | "while" | "match" | "case" => standing.conditional = true,
            _ => return,
        }
        self.open.push(Block { indent, standing, taken });
    }

    pub(super) fn standing(&self) -> Standing {
        self.open.last().map_or(Standing::default(), |block| block.standing)
    }
}

/// The condition of a branch.
struct Condition<'t> {
    tokens: &'t [Token],
    text: &'t str,
    platform: Platform,
}

impl<'t> Condition<'t> {
    /// What it is on the target, where that is known.
    fn value(&self) -> Option<bool> {
        if self.tokens.iter().any(|token| self.binds_loosely(token)) {
            return None;
        }
        let alternatives = self.split("or");
        if alternatives.len() > 1 {
            return any(alternatives.iter().map(Self::value));
        }
        let conjuncts = self.split("and");
        if conjuncts.len() > 1 {
            return any(conjuncts.iter().map(|part| part.value().map(|value| !value))).map(|v| !v);
        }
        if !matches!(self.tokens.first()?.kind, Kind::Name | Kind::Number) {
            return None;
        }
        match self.words().as_slice() {
            ["not", ..] => {
                let rest = Condition { tokens: &self.tokens[1..], ..*self };
                rest.value().map(|value| !value)
            }
            words => self.simple(words),
        }
    }

    /// Whether this is an operator that binds less than `or`.
    fn binds_loosely(&self, token: &Token) -> bool {
        token.kind == Kind::Name && matches!(self.word(token), "if" | "lambda")
    }

    /// The parts between a keyword, brackets apart.
    fn split(&self, keyword: &str) -> Vec<Condition<'t>> {
        let mut depth = 0_usize;
        let mut parts = Vec::new();
        let mut start = 0;
        for (number, token) in self.tokens.iter().enumerate() {
            match token.kind {
                Kind::Op(b'(' | b'[' | b'{') => depth += 1,
                Kind::Op(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
                Kind::Name if depth == 0 && self.word(token) == keyword => {
                    parts.push(Condition { tokens: &self.tokens[start..number], ..*self });
                    start = number + 1;
                }
                _ => {}
            }
        }
        parts.push(Condition { tokens: &self.tokens[start..], ..*self });
        parts
    }

    fn word(&self, token: &Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    fn words(&self) -> Vec<&'t str> {
        self.tokens.iter().map(|token| self.word(token)).collect()
    }

    fn is_main(&self) -> bool {
        let words = self.words();
        words == ["__name__", "=", "=", "__main__"] || words == ["__main__", "=", "=", "__name__"]
    }

    /// A condition without `and`, `or`, `not`. Strings stand without their quotes here, so that
    /// what is compared must be made sure of.
    fn simple(&self, words: &[&str]) -> Option<bool> {
        match words {
            ["TYPE_CHECKING"] | [_, ".", "TYPE_CHECKING"] => Some(false),
            ["False" | "0"] => Some(false),
            ["True" | "1"] => Some(true),
            ["sys", ".", "platform", rest @ ..] => self.named("linux", 3, rest),
            ["os", ".", "name", rest @ ..] => self.named("posix", 3, rest),
            ["sys", ".", "version_info", rest @ ..] if !self.has_text() => self.version(rest),
            _ => None,
        }
    }

    fn has_text(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token.kind, Kind::Text { .. }))
    }

    /// A name of the platform, compared.
    fn named(&self, name: &str, from: usize, rest: &[&str]) -> Option<bool> {
        let is_text = |at: usize| {
            matches!(self.tokens.get(from + at).map(|t| t.kind), Some(Kind::Text { .. }))
        };
        match rest {
            ["=", "=", other] if is_text(2) => Some(*other == name),
            ["!=", other] if is_text(1) => Some(*other != name),
            [".", "startswith", "(", start, ")"] if is_text(3) => Some(name.starts_with(start)),
            // Brackets around one string are no tuple.
            ["in", "(", text, ")"] if is_text(2) => Some(text.contains(name)),
            ["in", "(" | "[" | "{", inside @ .., ")" | "]" | "}"] => {
                let texts = (0..inside.len()).step_by(2).all(|at| is_text(at + 2));
                let commas = inside.iter().skip(1).step_by(2).all(|word| *word == ",");
                (texts && commas).then(|| inside.iter().step_by(2).any(|other| *other == name))
            }
            _ => None,
        }
    }

    /// `sys.version_info` compared with a tuple of numbers, or its first number with a number.
    fn version(&self, rest: &[&str]) -> Option<bool> {
        let own = [self.platform.python.0, self.platform.python.1].map(u32::from);
        let (own, rest) = match rest {
            ["[", "0", "]", rest @ ..] | [".", "major", rest @ ..] => (&own[..1], rest),
            [".", "minor", rest @ ..] | ["[", "1", "]", rest @ ..] => (&own[1..], rest),
            rest => (&own[..], rest),
        };
        let signs = rest.iter().take_while(|word| matches!(**word, "<" | ">" | "=" | "!=")).count();
        let (signs, numbers) = rest.split_at(signs);
        let numbers = match numbers {
            ["(", inside @ .., ")"] => inside,
            inside => inside,
        };
        let numbers: Option<Vec<u32>> =
            numbers.iter().filter(|word| **word != ",").map(|word| word.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
        // The micro version is not known: only what the first numbers decide is.
        let shared = own.len().min(numbers.len());
        let order = own[..shared].cmp(&numbers[..shared]);
        if order.is_eq() && numbers.len() > own.len() {
            return None;
        }
        let longer = order.is_eq() && own.len() == 2;
        Some(match signs {
            [">", "="] => order.is_ge(),
            ["<"] => order.is_lt(),
            // (3, 12, 1, …) is greater than (3, 12).
            [">"] => order.is_gt() || longer,
            ["<", "="] => order.is_lt() || order.is_eq() && !longer,
            ["=", "="] if !longer => order.is_eq(),
            ["!="] if !longer => order.is_ne(),
            _ => return None,
        })
    }
}

/// Whether any holds: known as soon as one is known to, or all are known not to.
fn any(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for value in values {
        match value {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
}
