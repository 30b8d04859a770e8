//! What went wrong, in one line, and what to do next.

use std::fmt;

/// Which exit code a failure ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 1: a run failed.
    Failed,
    /// 2: what was typed or configured cannot be done.
    Usage,
    /// 3: reading or writing failed, or slim itself did.
    Io,
}

/// An error that knows its exit code and the next step to take.
///
/// Any other error ends in exit code 3 without a hint.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// What was typed cannot be done.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), hint: None }
    }

    /// A run that had to go well did not.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, message: message.into(), hint: None }
    }

    /// Reading or writing failed.
    pub fn io(message: impl Into<String>) -> Self {
        Self { kind: Kind::Io, message: message.into(), hint: None }
    }

    /// The same failure with the next step to take.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The process exit code: 1, 2 or 3.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Io => 3,
        }
    }

    /// The next step to take, if one is known.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The entry of `names` that is closest to `typed`, if any is close enough to be meant.
///
/// Closeness is the Levenshtein distance in characters, at most a third of what was typed; ties
/// go to the first in order.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = typed.chars().count() / 3 + 1;
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        if name.chars().count().abs_diff(typed.chars().count()) > bound {
            continue;
        }
        let distance = distance(typed, name);
        if distance <= bound && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != *b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_a_slip_and_nothing_else() {
        let names = ["numpy/tests", "numpy/testing", "pandas"];
        assert_eq!(nearest("numpy/test", names), Some("numpy/tests"));
        assert_eq!(nearest("panda", names), Some("pandas"));
        assert_eq!(nearest("boto3", names), None);
    }

    #[test]
    fn exit_codes_are_the_documented_ones() {
        assert_eq!(Failure::usage("x").exit_code(), 2);
        assert_eq!(Failure::io("x").hint("y").exit_code(), 3);
    }
}
