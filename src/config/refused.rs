//! Why a configuration is refused: in one line, with the line and the key that are wrong.

use super::keys;
use crate::failure::{Failure, nearest};

/// A refusal of what stands at a byte of the text.
pub(super) fn at(file: &str, text: &str, byte: usize, what: &str) -> Failure {
    Failure::usage(format!("failed to read {file}: line {}, {what}", line(text.as_bytes(), byte)))
}

/// A refusal of bytes that are no text; `before` are those that are.
pub(super) fn no_text(file: &str, before: &[u8]) -> Failure {
    let line = line(before, before.len());
    Failure::usage(format!("failed to read {file}: line {line} is not UTF-8"))
        .hint("save the file as UTF-8")
}

/// The number of the line that holds a byte.
pub(super) fn line(text: &[u8], byte: usize) -> usize {
    1 + text.iter().take(byte).filter(|byte| **byte == b'\n').count()
}

/// A refusal of what is no TOML, or has other keys or values than it may.
pub(super) fn toml(file: &str, text: &str, mut error: toml::de::Error) -> Failure {
    let start = error.span().map_or(0, |span| span.start);
    let (message, key) = (error.message().to_owned(), key(&mut error));
    let place = if key.is_empty() { String::new() } else { format!("{key}: ") };
    if let Some(slip) = Slip::of(&message) {
        return slip.hinted(at(file, text, start, &format!("{place}{}", slip.told())));
    }
    let message = message
        .replace("missing field", "missing key")
        // What serde could make of a choice is not what slim takes.
        .replace("wanted string or table", "invalid type, expected a string");
    at(file, text, start, &format!("{place}{message}")).hint(form(&key))
}

/// The dotted key of what is wrong. The error tells it only where it does not quote the text.
fn key(error: &mut toml::de::Error) -> String {
    error.set_input(None);
    let told = error.to_string();
    let key = told.trim_end().rsplit_once("\nin `").and_then(|(_, rest)| rest.strip_suffix('`'));
    key.unwrap_or_default().to_owned()
}

/// How what is wrong is written.
fn form(key: &str) -> String {
    let key = key.strip_prefix("tool.slim.").unwrap_or(key);
    match key.split('.').next() {
        Some("rules") => "a table [rules] lists names, such as off = [\"test-module\"]".to_owned(),
        Some("dist") => {
            "a table [dist.numpy] lists globs, such as keep = [\"numpy/tests\"]".to_owned()
        }
        Some("facts") => {
            "facts are tables such as [[facts.numpy.drop]] with part, files and why".to_owned()
        }
        _ => keys::form(key).unwrap_or_else(|| {
            "a line is such as keep = [\"numpy/tests\"], or a table's head such as [rules]"
                .to_owned()
        }),
    }
}

/// A refusal of a variable's value, for what was wrong with it.
pub(super) fn variable(name: &str, value: &str, why: &str) -> Failure {
    let failed = |what: &str| Failure::usage(format!("failed to read {name}: {what}"));
    match Slip::of(why) {
        Some(slip) => slip.hinted(failed(&slip.told())),
        None => failed(&format!("{value:?} is none: {why}"))
            .hint(format!("set it to another value, or to none: {name}=")),
    }
}

/// A name that is none of those that could stand there, as serde words it.
struct Slip<'m> {
    what: &'static str,
    typed: &'m str,
    names: Vec<&'m str>,
}

impl<'m> Slip<'m> {
    fn told(&self) -> String {
        format!("there is no {} `{}`", self.what, self.typed)
    }

    fn hinted(&self, failure: Failure) -> Failure {
        failure.hint(match nearest(self.typed, self.names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("it can be {}", self.names.join(", ")),
        })
    }

    fn of(message: &'m str) -> Option<Self> {
        let (head, names) = message.rsplit_once(", expected ")?;
        let (what, typed) = match head.strip_prefix("unknown field `") {
            Some(typed) => ("key", typed),
            None => ("value", head.strip_prefix("unknown variant `")?),
        };
        let names = names.split('`').skip(1).step_by(2).collect();
        Some(Self { what, typed: typed.strip_suffix('`')?, names })
    }
}
