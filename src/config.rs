//! What stands in slim.toml: what is asked for again with every build.
//!
//! It is parsed here and nowhere understood: what a glob matches, and whether a fact holds, later
//! stages find out.

mod refused;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobBuilder;
use serde::Deserialize;
use toml::Spanned;

use crate::cache::Settings;
use crate::fact::Known;
use crate::failure::{Failure, nearest};
use crate::options::{Glob, Options};

/// The configuration that is read where none is named, in the current folder.
pub const FILE: &str = "slim.toml";

/// What a configuration asks for; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file, as it was typed; None where none was read.
    file: Option<String>,
    keep: Vec<Arc<Glob>>,
    drop: Vec<Arc<Glob>>,
    rules_off: BTreeSet<String>,
    facts: Vec<Arc<Known>>,
    /// Where results are kept.
    pub cache: Settings,
}

impl Config {
    /// The defaults for these packages, with what the configuration asks for.
    pub fn options(&self, packages: Vec<PathBuf>) -> Options {
        Options {
            keep: self.keep.clone(),
            drop: self.drop.clone(),
            rules_off: self.rules_off.clone(),
            facts: self.facts.clone(),
            config: self.file.clone(),
            ..Options::of(packages)
        }
    }
}

/// Reads the file that was named, or [`FILE`] where it is there. `rules` are the names of all rules.
///
/// # Errors
/// When the named file is missing, or [`read`] refuses what it holds.
pub fn load(named: Option<&Path>, rules: &[&str]) -> Result<Config, Failure> {
    let path = named.unwrap_or(Path::new(FILE));
    match std::fs::read(path) {
        Ok(bytes) => read(&path.display().to_string(), &bytes, rules),
        // A link that leads nowhere was meant to lead somewhere.
        Err(error)
            if error.kind() == ErrorKind::NotFound && named.is_none() && !path.is_symlink() =>
        {
            Ok(Config::default())
        }
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let usage = |what: &str| {
        Failure::usage(format!("failed to read {}: {what}", path.display()))
            .hint("--config names a file such as slim.toml; --no-config does without")
    };
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => usage("there is no such file"),
        ErrorKind::IsADirectory => usage("it is a folder"),
        _ => Failure::io(format!("failed to read {}: {error}", path.display()))
            .hint("--no-config does without"),
    }
}

/// Reads a configuration. `file` is its name in what is told; `rules` are the names of all rules.
///
/// # Errors
/// A usage [`Failure`] with the line where it is no TOML, or has other keys or values than it may.
pub fn read(file: &str, bytes: &[u8], rules: &[&str]) -> Result<Config, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| refused::no_text(file, &bytes[..error.valid_up_to()]))?;
    let form: Form = toml::from_str(text).map_err(|error| refused::toml(file, text, error))?;
    let mut config = Config { file: Some(file.to_owned()), ..Config::default() };
    config.globs(None, form.keep, form.drop);
    for (name, dist) in form.dist {
        config.globs(Some(&name), dist.keep, dist.drop);
    }
    for rule in form.rules.off {
        if !rules.contains(&rule.as_ref().as_str()) {
            return Err(no_rule(file, text, &rule, rules));
        }
        config.rules_off.insert(rule.into_inner());
    }
    for (name, known) in form.facts {
        if !known.distribution.is_empty() && known.distribution != *name.as_ref() {
            let what = format!("facts.{name}: its distribution is {}", known.distribution);
            return Err(refused::at(file, text, name.span().start, &what)
                .hint("leave the key distribution out: the table's name says it"));
        }
        let (distribution, file) = (name.into_inner(), Some(file.to_owned()));
        config.facts.push(Arc::new(Known { distribution, file, ..known }));
    }
    Ok(config)
}

impl Config {
    fn globs(&mut self, distribution: Option<&str>, keep: Vec<GlobText>, drop: Vec<GlobText>) {
        let glob = |GlobText(text)| {
            let (distribution, file) = (distribution.map(str::to_owned), self.file.clone());
            Arc::new(Glob { text, distribution, file })
        };
        self.keep.extend(keep.into_iter().map(glob));
        self.drop.extend(drop.into_iter().map(glob));
    }
}

fn no_rule(file: &str, text: &str, rule: &Spanned<String>, rules: &[&str]) -> Failure {
    let what = format!("rules.off: there is no rule `{}`", rule.as_ref());
    let failure = refused::at(file, text, rule.span().start, &what);
    match nearest(rule.as_ref(), rules.iter().copied()) {
        Some(name) => failure.hint(format!("did you mean `{name}`?")),
        None => failure.hint("`slim rules` lists the names"),
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Form {
    #[serde(default)]
    keep: Vec<GlobText>,
    #[serde(default)]
    drop: Vec<GlobText>,
    #[serde(default)]
    rules: Rules,
    #[serde(default)]
    dist: BTreeMap<String, Dist>,
    #[serde(default)]
    facts: BTreeMap<Spanned<String>, Known>,
}

/// The table `[rules]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Rules {
    #[serde(default)]
    off: Vec<Spanned<String>>,
}

/// A table `[dist.<distribution>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Dist {
    #[serde(default)]
    keep: Vec<GlobText>,
    #[serde(default)]
    drop: Vec<GlobText>,
}

/// The text of a glob that can be read.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct GlobText(String);

impl TryFrom<String> for GlobText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match GlobBuilder::new(&text).build() {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(format!("`{text}` is no glob: {}", error.kind())),
        }
    }
}
