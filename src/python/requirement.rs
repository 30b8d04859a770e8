//! Requirements: whom a distribution needs, and when.
//!
//! PyPA "Dependency specifiers" (PEP 508); the versions that would do are not read.

use super::dist;
use super::marker::{Environment, Marker};

/// One `Requires-Dist`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The normalized name of what is needed.
    pub name: String,
    /// The normalized names of the extras that are asked for with it.
    pub extras: Vec<String>,
    /// When it is needed; always where there is none, or none that can be read.
    marker: Option<Marker>,
}

impl Requirement {
    /// Reads a requirement; `None` for what names nobody.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
        let rest = rest.trim_start();
        let (extras, rest) = match rest.strip_prefix('[') {
            Some(behind) => behind.split_once(']')?,
            None => ("", rest),
        };
        let extras = extras.split(',').map(|extra| dist::normalize(extra.trim()));
        let marker = marker(rest.trim_start()).and_then(Marker::parse);
        (!name.is_empty()).then(|| Self {
            name: dist::normalize(name),
            extras: extras.filter(|extra| !extra.is_empty()).collect(),
            marker,
        })
    }

    /// Whether it counts, or may, for a distribution of which these extras (normalized) are asked for.
    pub fn may_count<'e>(
        &self,
        environment: Environment,
        extras: impl IntoIterator<Item = &'e str>,
    ) -> bool {
        let Some(marker) = &self.marker else { return true };
        marker.may_hold(environment, "")
            || extras.into_iter().any(|extra| marker.may_hold(environment, extra))
    }
}

/// What stands behind the semicolon. An address may hold one; only behind a blank it ends there.
fn marker(rest: &str) -> Option<&str> {
    match rest.starts_with('@') {
        true => rest
            .match_indices(';')
            .find_map(|(at, _)| rest[..at].ends_with(char::is_whitespace).then(|| &rest[at + 1..])),
        false => rest.split_once(';').map(|(_, marker)| marker),
    }
}

#[cfg(test)]
mod tests;
