//! The rules that names in a package zip keep, and where its symbolic links lead.

use std::cmp::Ordering;

/// The longest name the format can hold, in bytes (APPNOTE 4.4.10).
pub const MAX_NAME: usize = 65_535;

/// The longest part of a path that Linux takes, in bytes (`NAME_MAX`).
const MAX_PART: usize = 255;
/// The longest path that can be unpacked below any folder of Lambda's, in bytes (`PATH_MAX` is 4096).
const MAX_PATH: usize = 4_000;

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message is the documentation")]
pub enum NameProblem {
    #[error("it is empty")]
    Empty,
    #[error("it starts with `/`, so it lies outside of the package")]
    Absolute,
    #[error("it has a `..` component, so it may lie outside of the package")]
    Parent,
    #[error("it has an empty or a `.` component")]
    Component,
    #[error("it has a NUL byte")]
    Nul,
    #[error(
        "it has a backslash, which old Windows tools write where a zip needs `/`; \
         make the zip again with PowerShell 7, 7-Zip or `python -m zipfile -c`"
    )]
    Backslash,
    #[error(
        "it is neither ASCII nor known to be UTF-8; \
         make the zip again with `python -m zipfile -c`"
    )]
    Encoding,
    #[error("it is longer than {MAX_NAME} bytes")]
    TooLong,
    #[error(
        "it is longer than {MAX_PATH} bytes, or a part of it than {MAX_PART}: Linux cannot unpack it"
    )]
    NotOnLinux,
}

/// A name as read from a zip, made plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    /// Components joined by `/`, none of them empty, `.` or `..`; empty for the root itself.
    pub path: String,
    /// Whether the name was written as a folder's, with a trailing `/`.
    pub folder: bool,
}

/// Reads the name of an entry; `utf8` says whether its bytes are known to be UTF-8. Else only
/// ASCII is taken, as what other bytes mean (cp437, by APPNOTE D.1) differs between the tools
/// that wrote them. `./a//b` becomes `a/b`.
///
/// # Errors
/// A name that is empty, absolute, not text, or has a `..`, a NUL or a backslash.
pub(super) fn read(raw: &[u8], utf8: bool) -> Result<Plain, NameProblem> {
    if !utf8 && !raw.is_ascii() {
        return Err(NameProblem::Encoding);
    }
    let name = std::str::from_utf8(raw).map_err(|_| NameProblem::Encoding)?;
    common(name)?;
    if name.contains('\\') {
        return Err(NameProblem::Backslash);
    }
    let parts: Vec<&str> =
        name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if name.len() > MAX_PATH || parts.iter().any(|part| part.len() > MAX_PART) {
        return Err(NameProblem::NotOnLinux);
    }
    Ok(Plain {
        path: parts.join("/"),
        folder: matches!(name.rsplit('/').next(), None | Some("" | ".")),
    })
}

/// Holds a file's name, which is about to be written, against the rules. A backslash is a plain
/// character on Linux, where the zip is unpacked, so it stays as it is; a Windows tool shows it
/// as a folder, and our own reader refuses it.
///
/// # Errors
/// The first rule that the name breaks.
pub(super) fn check(name: &str) -> Result<(), NameProblem> {
    common(name)?;
    if name.len() > MAX_NAME {
        return Err(NameProblem::TooLong);
    }
    if name.split('/').any(|part| part.is_empty() || part == ".") {
        return Err(NameProblem::Component);
    }
    Ok(())
}

/// What no name may be, read or written.
fn common(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    if name.starts_with('/') {
        return Err(NameProblem::Absolute);
    }
    if name.contains('\0') {
        return Err(NameProblem::Nul);
    }
    if name.split('/').any(|part| part == "..") {
        return Err(NameProblem::Parent);
    }
    Ok(())
}

/// The path that a link at `link` with the text `target` means, from the root and by its text
/// alone: links on the way are not followed. Empty is the root. None when the text is empty,
/// absolute, or climbs above the root at any point.
///
/// ```text
/// resolve_link("lib/a.so", "../b/./a.so.1") == Some("b/a.so.1")
/// ```
#[must_use]
pub fn resolve_link(link: &str, target: &str) -> Option<String> {
    if target.is_empty() || target.starts_with('/') || target.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// An order in which a folder's name comes right before the names of what is in it: by bytes,
/// but with `/` before all others.
pub(super) fn tree_order(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'/' { 0 } else { u16::from(byte) + 1 };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

/// A name for a message: control characters escaped, cut to a length one can read.
pub(super) fn shown(raw: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(raw);
    let mut shown: String = text.chars().take(LONGEST).flat_map(plain_char).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// The character, or its escape where a terminal would act on it.
fn plain_char(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control();
    c.escape_default().filter(move |_| escaped).chain((!escaped).then_some(c))
}
