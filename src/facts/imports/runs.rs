//! Dotted and slashed names inside of texts and bytes.

use super::{How, ImportGraph, Sink};
use crate::facts::names::Led;

/// Longest part of a name that is looked at, in bytes.
const LONGEST: usize = 128;

/// Whether a byte can stand in a Python name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a byte can stand in a Python name of ASCII: in bytes that are no text, others are noise.
pub(super) fn is_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'/' | b'\\')
}

/// Every full name of at least two parts that stands in a text: `pandas.io.sql`, `numpy/core/include`.
pub(super) fn in_text(graph: &ImportGraph<'_>, text: &str, how: How, sink: &mut Sink<'_>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr3_iter(b'.', b'/', b'\\', bytes) {
        let goes_on = bytes.get(at + 1).is_some_and(|byte| is_word(*byte));
        let word =
            bytes[..at].iter().rev().take(LONGEST).take_while(|byte| is_word(**byte)).count();
        if !goes_on || word == 0 {
            continue;
        }
        let start = at - word;
        if graph.names.is_top(sink.package, &text[start..at]) {
            follow(graph, bytes, start, at, Ends::Closed, how, sink);
        }
    }
}

/// Where a part of a name ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Where the word does.
    Closed,
    /// Anywhere: what follows may be the next record or name.
    Open,
}

/// Follows the full name that begins at `start` with the word that ends at `end`, and adds what
/// it leads to.
pub(super) fn follow(
    graph: &ImportGraph<'_>,
    bytes: &[u8],
    start: usize,
    end: usize,
    ends: Ends,
    how: How,
    sink: &mut Sink<'_>,
) -> Option<String> {
    let mut name = String::from_utf8_lossy(&bytes[start..end]).into_owned();
    add(graph, &name, how, sink);
    let mut at = end;
    let mut whole = true;
    while bytes.get(at).is_some_and(|byte| is_separator(*byte)) {
        let rest = &bytes[at + 1..];
        let length = rest.iter().take(LONGEST).take_while(|byte| is_word(**byte)).count();
        if length == 0 {
            break;
        }
        let Some(part) = child(graph, sink, &name, &rest[..length], ends, how) else {
            whole = false;
            break;
        };
        at += 1 + part.len();
        name.push('/');
        name.push_str(part);
        add(graph, &name, how, sink);
    }
    let is_module = !whole && !graph.names.files(sink.package, &name).is_empty();
    let folder = graph.paths.folder(sink.package, &name);
    if let Some(folder) = folder.filter(|_| !is_attribute(bytes, at, is_module)) {
        graph.paths.files(folder).iter().for_each(|file| sink.file(*file, how));
    }
    Some(name)
}

/// Whether what stands behind a package's name is an attribute of it: `alpha.tests:run`.
fn is_attribute(bytes: &[u8], at: usize, is_module: bool) -> bool {
    is_module && bytes.get(at) == Some(&b':')
}

/// The child of a folder that a part names. With open ends it may be any that begins the part; all
/// are added, and the longest is followed.
fn child<'g>(
    graph: &ImportGraph<'g>,
    sink: &mut Sink<'_>,
    folder: &str,
    part: &[u8],
    ends: Ends,
    how: How,
) -> Option<&'g str> {
    let children = graph.names.children(sink.package, folder);
    match ends {
        Ends::Closed => {
            let part = std::str::from_utf8(part).ok()?;
            children.binary_search(&part).ok().map(|at| children[at])
        }
        Ends::Open => {
            let begins = children.iter().filter(|child| part.starts_with(child.as_bytes()));
            let begins: Vec<&'g str> = begins.copied().collect();
            for child in &begins {
                add(graph, &format!("{folder}/{child}"), how, sink);
            }
            begins.into_iter().max_by_key(|child| child.len())
        }
    }
}

/// Adds the files of a slashed name.
pub(super) fn add(graph: &ImportGraph<'_>, name: &str, how: How, sink: &mut Sink<'_>) {
    graph.names.files(sink.package, name).iter().for_each(|file| sink.file(*file, how));
}

/// Adds what following a name from a folder leads to; a folder that is looked for comes whole when
/// the name ends there.
pub(super) fn lead<'g, 'p>(
    graph: &ImportGraph<'g>,
    base: &str,
    parts: impl IntoIterator<Item = &'p str>,
    how: How,
    sink: &mut Sink<'_>,
) -> Option<Led<'g>> {
    let package = sink.package;
    let led = graph.names.follow(package, base, parts, |file| sink.file(file, how))?;
    if led.whole
        && let Some(folder) = graph.paths.folder(package, led.to)
    {
        graph.paths.files(folder).iter().for_each(|file| sink.file(*file, how));
    }
    Some(led)
}
