//! Licences: what a distribution says of its own, in the forms that SPDX gives to it.

use super::metadata::Metadata;

/// The identifiers of the SPDX License List 3.28 and of its exceptions, sorted as if in lower case.
const SPDX: &str = include_str!("licenses/spdx.txt");

/// One licence as it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum License {
    /// An SPDX license expression of any length.
    Expression(String),
    /// One identifier of the SPDX License List, spelled as there.
    Id(&'static str),
    /// Whatever else it is called.
    Name(String),
}

/// What METADATA declares: `License-Expression` (PEP 639) over the rest; else a `License` that SPDX
/// knows; else the classifiers, of which several may hold; else what `License` begins with.
#[must_use]
pub fn declared(metadata: &Metadata) -> Vec<License> {
    if let Some(text) = &metadata.license_expression {
        return vec![match is_expression(text) {
            true => License::Expression(text.clone()),
            false => License::Name(text.clone()),
        }];
    }
    match &metadata.license {
        Some(text) if identifier(text).is_some() => {
            identifier(text).map(License::Id).into_iter().collect()
        }
        Some(text) if is_expression(text) => vec![License::Expression(text.clone())],
        Some(text) if metadata.license_classifiers.is_empty() => vec![License::Name(text.clone())],
        Some(_) | None => metadata.license_classifiers.iter().cloned().map(License::Name).collect(),
    }
}

/// The identifier of SPDX as it is spelled there, for any case (SPDX, annex "License expressions").
fn identifier(text: &str) -> Option<&'static str> {
    let wanted = text.trim().to_ascii_lowercase();
    let known: Vec<&'static str> = SPDX.lines().collect();
    let at = known.binary_search_by(|id| id.to_ascii_lowercase().cmp(&wanted)).ok()?;
    Some(known[at])
}

/// Whether a text is an expression of identifiers that SPDX knows, or that documents define.
fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut wants_term, mut open) = (true, 0_usize);
    for token in spaced.split_whitespace() {
        let is_operator = ["and", "or", "with"].iter().any(|one| token.eq_ignore_ascii_case(one));
        match token {
            "(" if wants_term => open += 1,
            ")" if !wants_term && open > 0 => open -= 1,
            "(" | ")" => return false,
            _ if is_operator == wants_term => return false,
            _ if is_operator => wants_term = true,
            _ if is_term(token) => wants_term = false,
            _ => return false,
        }
    }
    !wants_term && open == 0
}

fn is_term(token: &str) -> bool {
    let is_own = |start: &str| token.len() > start.len() && token.starts_with(start);
    identifier(token.strip_suffix('+').unwrap_or(token)).is_some()
        || is_own("LicenseRef-")
        || is_own("DocumentRef-")
}

#[cfg(test)]
mod tests;
