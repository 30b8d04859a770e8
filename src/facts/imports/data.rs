//! The edges of data files, entry points, `.pth` files, scripts, and bytecode without source.

use std::io::Read;

use anyhow::{Context, Result};
use memchr::memmem;

use super::runs::{self, Ends, is_word};
use super::{How, ImportGraph, Sink, python};
use crate::python::dist;
use crate::tree::{FileId, PackageId, file_name, parent};

/// Longest file name that is looked at around a suffix, in bytes.
const LONGEST_NAME: usize = 128;

/// Data files of more bytes are read piece by piece.
pub(super) const PIECEWISE: u64 = 64 << 20;
/// Bytes of such a piece, and how many of them the next one has too: more than any name is long.
const PIECE: usize = 8 << 20;
const OVERLAP: usize = 4096;

/// As [`edges`] for a file that is too large to be held. What it is as a whole is not known, so that
/// names count in it as in what is no text: wherever they stand.
pub(super) fn edges_by_pieces(
    graph: &ImportGraph<'_>,
    id: FileId,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut reader = graph.contents.open(id)?;
    let mut held = Vec::new();
    loop {
        let more = (&mut reader).take(PIECE as u64).read_to_end(&mut held);
        if more.with_context(|| format!("failed to read {}", sink.path))? == 0 {
            return Ok(());
        }
        names_in(graph, &held, Ends::Open, How::Data, sink);
        sources(graph, &held, sink);
        held.drain(..held.len().saturating_sub(OVERLAP));
    }
}

/// Adds the edges of a data file: full names of modules, file names of sources.
pub(super) fn edges(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let name = file_name(sink.path);
    if name == "entry_points.txt" {
        for point in dist::entry_points(bytes) {
            runs::lead(graph, "", point.module.split('.'), How::Data, sink);
        }
    } else if name.ends_with(".pth") {
        return path_file(graph, bytes, sink);
    } else if is_script(bytes) {
        return python::edges(graph, bytes, sink);
    }
    full_names(graph, bytes, How::Data, sink);
    sources(graph, bytes, sink);
}

/// A script that Python runs.
fn is_script(bytes: &[u8]) -> bool {
    let line = &bytes[..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len()).min(256)];
    line.starts_with(b"#!") && memmem::find(line, b"python").is_some()
}

/// Python's `site`: a line is run where it begins with `import`, else it is a folder to import from.
fn path_file(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        if line.starts_with("import ") || line.starts_with("import\t") {
            python::edges(graph, line.as_bytes(), sink);
        } else if !line.starts_with('#') {
            let folder = line.trim().trim_start_matches("./").trim_end_matches('/');
            let package = sink.package;
            if graph.names.is_folder(package, folder) {
                sink.whole(folder, How::Data);
            }
        }
    }
}

/// Adds every full name of at least two parts; gives what the names lead to.
pub(super) fn full_names(
    graph: &ImportGraph<'_>,
    bytes: &[u8],
    how: How,
    sink: &mut Sink<'_>,
) -> Vec<String> {
    // In a pickle or bytecode the next record follows a name without a separator.
    let ends = if std::str::from_utf8(bytes).is_ok() { Ends::Closed } else { Ends::Open };
    names_in(graph, bytes, ends, how, sink)
}

fn names_in(
    graph: &ImportGraph<'_>,
    bytes: &[u8],
    ends: Ends,
    how: How,
    sink: &mut Sink<'_>,
) -> Vec<String> {
    let mut led = Vec::new();
    for (start, end) in graph.tables.tops(graph, sink.package, bytes) {
        let goes_on = bytes.get(end).is_some_and(|byte| runs::is_separator(*byte))
            && bytes.get(end + 1).is_some_and(|byte| is_word(*byte));
        let inside = ends == Ends::Closed && start > 0 && is_word(bytes[start - 1]);
        if goes_on && !inside {
            led.extend(runs::follow(graph, bytes, start, end, ends, how, sink));
        }
    }
    led.sort_unstable();
    led.dedup();
    led
}

/// Sources and headers by file name, and by the folders that stand before it.
fn sources(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    for at in graph.tables.endings(graph, bytes) {
        let Some((name, end)) = file_name_around(bytes, at) else { continue };
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let folders = folders_before(&bytes[..end - name.len()]);
        let below = |path: &str| is_at_end(parent(path), folders);
        for source in graph.paths.sources_called(name) {
            if source.package == sink.package && below(&source.path) {
                sink.file(source.file, How::Data);
            }
        }
    }
}

/// The folders written before a file name: `arrow/util` of `#include <arrow/util/`. What a field or
/// a step upwards comes before is unknown, and so is the first part behind it.
fn folders_before(bytes: &[u8]) -> &str {
    let in_path = |byte: &u8| is_word(*byte) || matches!(*byte, b'.' | b'-' | b'+' | b'/');
    let length = bytes.iter().rev().take(LONGEST_NAME).take_while(|byte| in_path(byte)).count();
    let (before, path) = bytes.split_at(bytes.len() - length);
    let Ok(path) = std::str::from_utf8(path) else { return "" };
    let path = path.rsplit("../").next().unwrap_or(path).trim_start_matches("./");
    let Some(path) = path.strip_suffix('/') else { return "" };
    match before.last() {
        None | Some(b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'<' | b'(') => path,
        Some(_) => path.split_once('/').map_or("", |(_, rest)| rest),
    }
}

/// Whether a folder's path ends with these parts.
fn is_at_end(folder: &str, parts: &str) -> bool {
    parts.is_empty()
        || folder.strip_suffix(parts).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

pub(super) fn source(
    graph: &ImportGraph<'_>,
    package: PackageId,
    name: &[u8],
    how: How,
    sink: &mut Sink<'_>,
) {
    let Ok(name) = std::str::from_utf8(name) else { return };
    for source in graph.paths.sources_called(name) {
        if source.package == package {
            sink.file(source.file, how);
        }
    }
}

/// The file name around a suffix that begins at `at`, with its end.
pub(super) fn file_name_around(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if bytes[at] != b'.' {
        return None;
    }
    let in_name = |byte: &u8| is_word(*byte) || matches!(*byte, b'.' | b'-' | b'+');
    let before =
        bytes[..at].iter().rev().take(LONGEST_NAME).take_while(|byte| in_name(byte)).count();
    let behind = bytes[at..].iter().take(LONGEST_NAME).take_while(|byte| in_name(byte)).count();
    Some((&bytes[at - before..at + behind], at + behind))
}

/// Bytecode that is code, its source not being there: a name of what lies beside it or above counts
/// wherever it stands, for the module of a relative import is written without its package; so do the
/// top-level names, and the names in the packages that it names.
pub(super) fn bytecode(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let mut folders = full_names(graph, bytes, How::Data, sink);
    let mut folder = parent(sink.path);
    loop {
        folders.push(folder.to_owned());
        if folder.is_empty() {
            break;
        }
        folder = parent(folder);
    }
    for (start, end) in graph.tables.tops(graph, sink.package, bytes) {
        folders.extend(std::str::from_utf8(&bytes[start..end]).map(str::to_owned));
    }
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        for child in graph.names.children(sink.package, &folder) {
            if memmem::find(bytes, child.as_bytes()).is_some() {
                runs::lead(graph, &folder, [*child], How::Data, sink);
            }
        }
    }
}
