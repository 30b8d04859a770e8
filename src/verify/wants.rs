//! What a failed run asks for.

use super::trial::{Cause, METADATA, Outcome, Trial};

/// Something that a run missed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// What it is.
    pub what: What,
    /// The exception that says so.
    pub asked_by: String,
}

/// What can be missed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A module, as a slashed import path.
    Module(String),
    /// A file, by its path below the import root or a part of it.
    File(String),
    /// A shared library, by its file name.
    Library(String),
    /// The metadata of a distribution.
    Distribution(String),
}

/// What the steps that went well before, and do not now, ask for, in order.
pub(super) fn of(before: &Trial, after: &Trial) -> Vec<Want> {
    let mut wants = Vec::new();
    for (step, (outcome, _)) in &after.steps {
        let Outcome::Error(causes) = outcome else { continue };
        if before.outcome(step) != Some(outcome) {
            causes.iter().for_each(|cause| asked(cause, &mut wants));
        }
    }
    wants.sort_unstable();
    wants.dedup();
    wants
}

/// The metadata of a distribution, of which something was told before and is not now.
pub(super) fn metadata(name: String) -> Want {
    Want { what: What::Distribution(name), asked_by: METADATA.to_owned() }
}

fn asked(cause: &Cause, wants: &mut Vec<Want>) {
    let message = cause.message.as_str();
    let first = message.lines().next().unwrap_or_default();
    let asked_by = format!("{}: {first}", cause.kind);
    let mut want = |what| wants.push(Want { what, asked_by: asked_by.clone() });
    let slashed = |name: &str| name.replace('.', "/");
    if let Some(name) = quoted_behind(message, "No module named ") {
        want(What::Module(slashed(name)));
    }
    // cannot import name 'x' from 'y' (/var/task/y.py)
    if let (Some(name), Some(package)) =
        (quoted_behind(message, "cannot import name "), quoted_behind(message, " from "))
    {
        want(What::Module(slashed(&format!("{package}.{name}"))));
        want(What::Module(slashed(package)));
    }
    // module 'y' has no attribute 'x'
    if let (Some(package), Some(name)) =
        (quoted_behind(message, "module "), quoted_behind(message, "has no attribute "))
    {
        want(What::Module(slashed(&format!("{package}.{name}"))));
    }
    if let Some((library, _)) = message.split_once(": cannot open shared object file") {
        let name = library.rsplit(['/', ' ']).next().unwrap_or(library);
        want(What::Library(name.to_owned()));
    }
    if let Some((_, name)) = message.split_once("No package metadata was found for ") {
        want(What::Distribution(name.trim().to_owned()));
    }
    let of_distribution = ["PackageNotFoundError", "DistributionNotFound"];
    if let Some(name) = cause.name.as_ref().filter(|_| of_distribution.contains(&&*cause.kind)) {
        want(What::Distribution(name.clone()));
    }
    let paths = cause.filename.iter().map(String::as_str).chain(paths_in(message));
    for path in paths {
        want(What::File(path.trim_end_matches(':').to_owned()));
    }
}

/// What stands in quotes behind some words.
fn quoted_behind<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let behind = &text[text.find(words)? + words.len()..];
    let quote = behind.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    behind[1..].split(quote).next().filter(|name| !name.is_empty())
}

/// The words of a message that are paths into the function or its layers.
fn paths_in(message: &str) -> impl Iterator<Item = &str> {
    let words =
        message.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '(' | ')' | ','));
    words.filter(|word| word.starts_with('/') && word.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(kind: &str, message: &str) -> Vec<What> {
        let (kind, message) = (kind.to_owned(), message.to_owned());
        let cause = Cause { kind, message, frames: Vec::new(), name: None, filename: None };
        let mut wants = Vec::new();
        asked(&cause, &mut wants);
        wants.into_iter().map(|want| want.what).collect()
    }

    #[test]
    fn exceptions_tell_what_they_miss() {
        let module = |name: &str| What::Module(name.to_owned());
        assert_eq!(whats("ModuleNotFoundError", "No module named 'a.b'"), [module("a/b")]);
        assert_eq!(
            whats("ImportError", "cannot import name 'x' from 'a' (/var/task/a/__init__.py)"),
            [module("a/x"), module("a"), What::File("/var/task/a/__init__.py".to_owned())]
        );
        assert_eq!(whats("AttributeError", "module 'a' has no attribute 'b'"), [module("a/b")]);
        assert_eq!(
            whats(
                "ImportError",
                "libx-1.so.2: cannot open shared object file: No such file or directory"
            ),
            [What::Library("libx-1.so.2".to_owned())]
        );
        assert_eq!(
            whats(
                "OSError",
                "/opt/python/a.libs/libx.so: cannot open shared object file: No such file"
            ),
            [
                What::Library("libx.so".to_owned()),
                What::File("/opt/python/a.libs/libx.so".to_owned())
            ]
        );
        assert_eq!(
            whats("PackageNotFoundError", "No package metadata was found for alpha"),
            [What::Distribution("alpha".to_owned())]
        );
        assert_eq!(
            whats(
                "FileNotFoundError",
                "[Errno 2] No such file or directory: '/opt/python/a/x.json'"
            ),
            [What::File("/opt/python/a/x.json".to_owned())]
        );
        assert!(whats("KeyError", "'a'").is_empty());
    }
}
