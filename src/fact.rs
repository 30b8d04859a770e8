//! What a fact about a distribution can say, in the form in which TOML writes it.
//!
//! Those that ship with slim and those of slim.toml have the same form.

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Deserializer};

/// What is known of one distribution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Known {
    /// Its name; in slim.toml the table's own.
    #[serde(default)]
    pub distribution: String,
    /// Whether this stands in place of what ships with slim.
    #[serde(default)]
    pub replace: bool,
    /// The configuration that says so, as it was typed; None for what ships with slim.
    #[serde(skip)]
    pub file: Option<String>,
    /// The versions that the facts hold for, such as `>=1.20,<3`; all where absent.
    #[serde(default)]
    pub versions: Versions,
    /// Edges that lead nowhere.
    #[serde(default)]
    pub ignore: Vec<Ignore>,
    /// Functions that import what they are handed, by a name that stands in a string of the caller's.
    #[serde(default)]
    pub loaders: Vec<String>,
    /// Imports that no code shows.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
    /// Files that are chosen by the argument of a call.
    #[serde(default)]
    pub select: Vec<Select>,
    /// Files that nothing opens.
    #[serde(default)]
    pub drop: Vec<Drop>,
    /// Texts in JSON that nobody reads.
    #[serde(default)]
    pub blank: Vec<Blank>,
    /// Code that seems to read docstrings or sources, with what it really reads.
    #[serde(default)]
    pub reads: Vec<Reads>,
}

/// What code reads that seems to read the docstrings or sources of whatever it is handed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Reads {
    /// The files that seem to read.
    pub by: Vec<Pattern>,
    /// What they read of their own distribution.
    #[serde(default)]
    pub own: Vec<Text>,
    /// The files of their own distribution that they read so, where they do not read all.
    #[serde(default)]
    pub of: Vec<Pattern>,
    /// What they read of the distributions that import it.
    #[serde(default)]
    pub others: Vec<Text>,
    /// Whether they read that only of the files that import it themselves.
    #[serde(default)]
    pub near: bool,
    /// Whose files of sources they look for by a path that is computed; anybody's where absent.
    pub finds: Option<Finds>,
    /// Words with which other code makes them read more: one of them and the fact does not hold.
    #[serde(default)]
    pub unless_said: Vec<String>,
    /// Why they do not read the rest.
    pub why: String,
}

/// Whose files of sources code needs that looks for some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finds {
    /// Those of its own distribution alone.
    Own,
    /// Nobody's: it does without, or only tells of them.
    Nothing,
}

/// The texts of a source that can be read at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Text {
    /// The docstring of a module.
    Module,
    /// The docstrings of classes.
    Class,
    /// The docstrings of functions.
    Function,
    /// The source as it stands.
    Source,
    /// That the source is there, whatever its docstrings and comments say.
    File,
}

/// Texts in JSON files, also gzipped ones, that nobody reads: made empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Blank {
    /// What the texts are, for the rule's name.
    pub part: String,
    /// The files.
    pub files: Vec<Pattern>,
    /// The key whose string values are made empty; the key stays.
    pub key: String,
    /// Words with which the user's own code would read them: one of them keeps all.
    pub unless_said: Vec<String>,
    /// Why nobody reads them.
    pub why: String,
}

/// An edge that the graph sees and that never comes true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Ignore {
    /// The files that seem to lead.
    pub from: Pattern,
    /// What it seems to lead to.
    pub to: Pattern,
    /// By which kinds of evidence.
    pub how: Vec<Evidence>,
    /// Why it does not.
    pub why: String,
    /// A module whose presence in the package makes it come true.
    pub unless: Option<String>,
    /// A word that makes it come true where code of the user's or of another distribution says it.
    pub unless_said: Option<String>,
}

/// The kinds of evidence that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// An import statement.
    Import,
    /// A string.
    Literal,
    /// The beginning of a name.
    Prefix,
    /// A computed name.
    Unresolved,
    /// A data file.
    Data,
    /// A shared object.
    Object,
}

/// Modules that are imported without a word of it in the code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Hidden {
    /// The module whose import brings them, of this distribution or of the standard library.
    pub when: String,
    /// The module or package that is needed whole; written with dots, held with slashes.
    #[serde(deserialize_with = "slashed")]
    pub needs: String,
    /// Why.
    pub why: String,
}

fn slashed<'d, D: Deserializer<'d>>(from: D) -> Result<String, D::Error> {
    Ok(String::deserialize(from)?.replace('.', "/"))
}

/// Files of which a call chooses some by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Select {
    /// What the files are, for the rule's name.
    pub part: String,
    /// The folder whose sub-folders, or files, have the names.
    pub folder: String,
    /// What ends a name: a slash, or the dot before a file's suffix.
    #[serde(default = "slash")]
    pub ends: char,
    /// The functions whose first argument is a name.
    pub calls: Vec<String>,
    /// The words, one of which stands in a file that makes such a call: functions of other packages
    /// have the same names.
    pub near: Vec<String>,
    /// The words, one of which is in the name of an object whose method such a call is, in any file.
    pub receivers: Vec<String>,
    /// The distributions that only hand names on: their computed names count for nothing.
    pub through: Vec<String>,
    /// The names that are needed whatever the calls choose.
    #[serde(default)]
    pub always: Vec<String>,
    /// Files that are opened with any name, and so by nobody where no call chooses one.
    #[serde(default)]
    pub with_any: Vec<Pattern>,
    /// Why the rest is not needed.
    pub why: String,
}

fn slash() -> char {
    '/'
}

/// Files that nothing opens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Drop {
    /// What the files are, for the rule's name.
    pub part: String,
    /// The files.
    pub files: Vec<Pattern>,
    /// Why nothing opens them.
    pub why: String,
    /// A module without which something opens them.
    pub given: Option<String>,
    /// Functions of the distribution that open them, by the last part of their names: a call by
    /// anything else keeps the files.
    #[serde(default)]
    pub opened_by: Vec<String>,
    /// Whether it is true of every program, and so holds without a handler.
    #[serde(default)]
    pub tier: Strength,
}

/// How much a fact's deletion rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Holds with everything of the package as roots.
    Checked,
    /// Stands only with a proof run.
    #[default]
    Bold,
}

/// A glob over import paths.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Whether an import path matches.
    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

impl TryFrom<String> for Pattern {
    type Error = globset::Error;

    fn try_from(text: String) -> Result<Self, globset::Error> {
        let glob: Glob = GlobBuilder::new(&text).literal_separator(true).build()?;
        Ok(Self(glob.compile_matcher()))
    }
}

/// A range of versions: comparisons of release numbers (the release segment of PEP 440).
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Versions(Vec<(String, Vec<u64>)>);

impl Versions {
    /// Whether a version is among them.
    pub fn hold(&self, version: &str) -> bool {
        let own = release(version);
        self.0.iter().all(|(sign, other)| {
            let order = own.cmp(other);
            match sign.as_str() {
                ">=" => order.is_ge(),
                "<" => order.is_lt(),
                _ => order.is_eq(),
            }
        })
    }
}

impl TryFrom<String> for Versions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let one = |part: &str| {
            let part = part.trim();
            let sign = [">=", "==", "<"].into_iter().find(|sign| part.starts_with(sign));
            let sign = sign.ok_or(format!("{part} is no comparison: >=, < or == is wanted"))?;
            Ok((sign.to_owned(), release(part[sign.len()..].trim())))
        };
        text.split(',').map(one).collect::<Result<_, String>>().map(Self)
    }
}

/// The numbers of a version up to the first part that is none; zeros at the end do not count.
pub fn release(version: &str) -> Vec<u64> {
    let digits = version.split('.').map_while(|part| part.parse().ok());
    let mut numbers: Vec<u64> = digits.collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let range = Versions::try_from(">=1.20, <3".to_owned()).unwrap();
        assert!(range.hold("1.20") && range.hold("2.9.1") && range.hold("1.20.0rc1"));
        assert!(!range.hold("1.9") && !range.hold("3.0"));
        assert!(Versions::default().hold("anything"));
        assert!(Versions::try_from("~=1".to_owned()).is_err());
    }
}
