//! What is known of single distributions: facts that no analysis can see, each with its reason.
//!
//! One small file per distribution under `known/`, with the range of versions it was proven on. Facts
//! only add to what the graph sees: edges that it misses, edges that lead nowhere, files that are
//! chosen by an argument, files that are never opened.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::Deserialize;

use super::imports::How;
use super::owners::{DistId, Owners};
use crate::python::dist;
use crate::tree::PackageId;

/// The facts that ship with slim, by distribution.
const FILES: &[(&str, &str)] = &[
    ("aws-lambda-powertools", include_str!("known/aws-lambda-powertools.toml")),
    ("boto3", include_str!("known/boto3.toml")),
    ("botocore", include_str!("known/botocore.toml")),
    ("fonttools", include_str!("known/fonttools.toml")),
    ("matplotlib", include_str!("known/matplotlib.toml")),
    ("numpy", include_str!("known/numpy.toml")),
    ("pandas", include_str!("known/pandas.toml")),
    ("pillow", include_str!("known/pillow.toml")),
    ("protobuf", include_str!("known/protobuf.toml")),
    ("pyarrow", include_str!("known/pyarrow.toml")),
    ("pydantic", include_str!("known/pydantic.toml")),
    ("requests", include_str!("known/requests.toml")),
    ("s3transfer", include_str!("known/s3transfer.toml")),
    ("scikit-learn", include_str!("known/scikit-learn.toml")),
    ("scipy", include_str!("known/scipy.toml")),
    ("setuptools", include_str!("known/setuptools.toml")),
    ("sympy", include_str!("known/sympy.toml")),
    ("tzdata", include_str!("known/tzdata.toml")),
    ("urllib3", include_str!("known/urllib3.toml")),
];

/// What is known of one distribution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its name.
    pub distribution: String,
    /// The versions that the facts hold for, such as `>=1.20,<3`; all where absent.
    #[serde(default)]
    versions: Versions,
    /// Edges that lead nowhere.
    #[serde(default)]
    pub ignore: Vec<Ignore>,
    /// Imports that no code shows.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
    /// Files that are chosen by the argument of a call.
    #[serde(default)]
    pub select: Vec<Select>,
    /// Files that nothing opens.
    #[serde(default)]
    pub drop: Vec<Drop>,
}

/// An edge that the graph sees and that never comes true.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl Evidence {
    /// Whether an edge is of this kind.
    pub fn is(self, how: How) -> bool {
        match self {
            Self::Import => how == How::Import,
            Self::Literal => how == How::Literal,
            Self::Prefix => how == How::Prefix,
            Self::Unresolved => matches!(how, How::Unresolved | How::Walked),
            Self::Data => how == How::Data,
            Self::Object => how == How::SharedObject,
        }
    }
}

/// Modules that are imported without a word of it in the code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// The module whose import brings them, of this distribution or of the standard library.
    pub when: String,
    /// The module or package that is needed whole.
    pub needs: String,
    /// Why.
    pub why: String,
}

/// Files of which a call chooses some by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// What the files are, for the rule's name.
    pub part: String,
    /// The folder whose sub-folders have the names.
    pub folder: String,
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

/// Files that nothing opens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
struct Versions(Vec<(String, Vec<u64>)>);

impl Versions {
    fn hold(&self, version: &str) -> bool {
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
fn release(version: &str) -> Vec<u64> {
    let digits = version.split('.').map_while(|part| part.parse().ok());
    let mut numbers: Vec<u64> = digits.collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// Reads the facts of one file.
///
/// # Errors
/// When it is no TOML or has other keys.
pub fn read(name: &str, text: &str) -> Result<Known> {
    let known: Known =
        toml::from_str(text).with_context(|| format!("failed to read the facts of {name}"))?;
    if known.distribution != name {
        bail!("failed to read the facts of {name}: they are those of {}", known.distribution);
    }
    Ok(known)
}

static BUILT_IN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| read(name, text);
    let known: Result<_> = FILES.iter().map(read).collect();
    known.expect("a test reads every file of known/")
});

/// The facts that hold for the distributions of a package, with the distribution of each.
pub fn of(owners: &Owners, package: PackageId) -> Vec<(DistId, &'static Known)> {
    let mut found = Vec::new();
    for (id, distribution) in owners.distributions().filter(|(_, d)| d.package == package) {
        let name = distribution.normalized();
        for known in BUILT_IN.iter() {
            if dist::normalize(&known.distribution) == name
                && known.versions.hold(&distribution.version)
            {
                found.push((id, known));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_reads_and_says_why() {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted(), "{names:?}");
        for (name, text) in FILES {
            let known = read(name, text).unwrap();
            let whys = known.ignore.iter().map(|fact| &fact.why);
            let whys = whys.chain(known.hidden.iter().map(|fact| &fact.why));
            let whys = whys.chain(known.select.iter().map(|fact| &fact.why));
            // Calls are only known where the handlers are.
            assert!(known.drop.iter().all(|f| f.opened_by.is_empty() || f.tier == Strength::Bold));
            for why in whys.chain(known.drop.iter().map(|fact| &fact.why)) {
                assert!(why.ends_with('.') && why.len() > 20, "{name}: {why}");
            }
        }
    }

    #[test]
    fn versions_compare_by_number() {
        let range = Versions::try_from(">=1.20, <3".to_owned()).unwrap();
        assert!(range.hold("1.20") && range.hold("2.9.1") && range.hold("1.20.0rc1"));
        assert!(!range.hold("1.9") && !range.hold("3.0"));
        assert!(Versions::default().hold("anything"));
        assert!(Versions::try_from("~=1".to_owned()).is_err());
    }
}
