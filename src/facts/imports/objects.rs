//! The edges of shared objects: what their constants name.
//!
//! Only constants are searched: what the loader maps, without the code where there is a segment of
//! constants. Cython 3.2 and later keep all names of a module in one compressed table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use super::inflated::each_table;
use super::runs::{self, Ends, is_separator, is_word};
use super::{How, ImportGraph, Sink, data};
use crate::elf::inspect;
use crate::python::tags;
use crate::tree::{PackageId, file_name, parent};

/// Shortest bare name that counts in a table without separators, in bytes.
const SHORTEST_BARE: usize = 3;

/// Searchers that many files share.
#[derive(Default)]
pub(super) struct Tables {
    tops: Mutex<HashMap<PackageId, Arc<Option<AhoCorasick>>>>,
    beside: Mutex<HashMap<(PackageId, String), Arc<Beside>>>,
    endings: OnceLock<Option<AhoCorasick>>,
    files: OnceLock<(Vec<String>, Option<AhoCorasick>)>,
}

/// The bare names of what lies in a folder and in those above it.
struct Beside {
    searcher: Option<AhoCorasick>,
    /// For each pattern: the folders that hold the name.
    folders: Vec<Vec<String>>,
    names: Vec<String>,
}

impl Tables {
    /// Where the first part of a full name may stand.
    pub(super) fn tops(
        &self,
        graph: &ImportGraph<'_>,
        package: PackageId,
        bytes: &[u8],
    ) -> Vec<(usize, usize)> {
        let mut tops = self.tops.lock().unwrap_or_else(PoisonError::into_inner);
        let searcher = tops
            .entry(package)
            .or_insert_with(|| {
                Arc::new(searcher(
                    graph.names.tops(package).iter().copied(),
                    MatchKind::LeftmostLongest,
                ))
            })
            .clone();
        drop(tops);
        let searcher = searcher.as_ref().as_ref();
        searcher
            .map(|searcher| searcher.find_iter(bytes).map(|m| (m.start(), m.end())).collect())
            .unwrap_or_default()
    }

    /// Where the suffix of a source stands.
    pub(super) fn endings(&self, graph: &ImportGraph<'_>, bytes: &[u8]) -> Vec<usize> {
        let endings = self.endings.get_or_init(|| {
            let suffixes = graph.paths.suffixes.iter().map(String::as_str);
            searcher(suffixes, MatchKind::LeftmostFirst)
        });
        endings
            .as_ref()
            .map(|searcher| searcher.find_iter(bytes).map(|m| m.start()).collect())
            .unwrap_or_default()
    }

    /// Where the names of files stand.
    fn files(
        &self,
        graph: &ImportGraph<'_>,
        bytes: &[u8],
        mut found: impl FnMut(&str, usize, usize),
    ) {
        let (names, searcher) = self.files.get_or_init(|| {
            let mut names: Vec<String> = graph.paths.names().map(str::to_owned).collect();
            names.sort_unstable();
            let searcher = searcher(names.iter().map(String::as_str), MatchKind::LeftmostLongest);
            (names, searcher)
        });
        for hit in searcher.iter().flat_map(|searcher| searcher.find_iter(bytes)) {
            found(&names[hit.pattern().as_usize()], hit.start(), hit.end());
        }
    }

    fn beside(&self, graph: &ImportGraph<'_>, package: PackageId, folder: &str) -> Arc<Beside> {
        let key = (package, folder.to_owned());
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Beside::of(graph, package, folder));
        beside.entry(key).or_insert_with(made).clone()
    }
}

impl Beside {
    fn of(graph: &ImportGraph<'_>, package: PackageId, folder: &str) -> Self {
        let mut by_name: std::collections::BTreeMap<&str, Vec<String>> = Default::default();
        let mut above = folder;
        while !above.is_empty() {
            for child in graph.names.children(package, above) {
                by_name.entry(child).or_default().push(above.to_owned());
            }
            above = parent(above);
        }
        let searcher = searcher(by_name.keys().copied(), MatchKind::LeftmostLongest);
        let names = by_name.keys().map(|name| (*name).to_owned()).collect();
        Self { searcher, folders: by_name.into_values().collect(), names }
    }
}

fn searcher<'n>(names: impl Iterator<Item = &'n str>, kind: MatchKind) -> Option<AhoCorasick> {
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return None;
    }
    // None only beyond the automaton's limits, which names of modules do not reach.
    AhoCorasick::builder().match_kind(kind).build(names).ok()
}

/// Adds the edges of a shared object. Of sources only a header counts, and only as a whole string:
/// compilers leave the path of each file they compile or include (`__FILE__`, tracebacks), a compiler
/// at run time asks for a header.
pub(super) fn edges(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let constants = inspect::constants(bytes);
    let is_module = tags::ModuleFile::parse(file_name(sink.path)).is_some();
    for range in &constants {
        files(graph, &bytes[range.clone()], sink);
        search(graph, &bytes[range.clone()], Packed::No, is_module, sink);
        headers(graph, &bytes[range.clone()], sink);
    }
    if is_module {
        for range in constants {
            each_table(&bytes[range], |table| {
                search(graph, table, Packed::Yes, true, sink);
                headers(graph, table, sink);
            });
        }
    }
}

/// Libraries and scripts by name, as strings of their own: what `dlopen` is given.
fn files(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let mut named = Vec::new();
    graph.tables.files(graph, bytes, |name, start, end| {
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let begins = before.is_none_or(|byte| matches!(byte, 0 | b'/'));
        if begins && bytes.get(end).is_none_or(|byte| *byte == 0) {
            named.push(name.to_owned());
        }
    });
    for file in named.iter().flat_map(|name| graph.paths.files_called(name)) {
        if file.package == sink.package {
            sink.file(file.file, How::SharedObject);
        }
    }
}

fn headers(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    for at in graph.tables.endings(graph, bytes) {
        if let Some((name, end)) = data::file_name_around(bytes, at)
            && is_alone(bytes, end - name.len(), end)
            && is_header(name)
        {
            data::source(graph, sink.package, name, How::SharedObject, sink);
        }
    }
}

fn is_header(name: &[u8]) -> bool {
    [&b".h"[..], b".hh", b".hpp", b".hxx", b".cuh"].iter().any(|suffix| name.ends_with(suffix))
}

/// Whether names stand without separators.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packed {
    No,
    Yes,
}

/// Full names anywhere; names of top-level modules and of what lies beside the object as strings of
/// their own (compiled relative imports hold no more); and the bare names of what lies in a package
/// that is named in full (`from package import name`).
fn search(
    graph: &ImportGraph<'_>,
    bytes: &[u8],
    packed: Packed,
    is_module: bool,
    sink: &mut Sink<'_>,
) {
    let how = How::SharedObject;
    let mut named = Vec::new();
    for (start, end) in graph.tables.tops(graph, sink.package, bytes) {
        let goes_on = bytes.get(end).is_some_and(|byte| is_separator(*byte))
            && bytes.get(end + 1).is_some_and(|byte| is_word(*byte));
        let alone = packed == Packed::Yes || is_alone(bytes, start, end);
        if goes_on || alone {
            named.extend(runs::follow(graph, bytes, start, end, Ends::Open, how, sink));
        }
    }
    if !is_module {
        return;
    }
    let beside = graph.tables.beside(graph, sink.package, parent(sink.path));
    for found in beside.searcher.iter().flat_map(|searcher| searcher.find_iter(bytes)) {
        let name = &beside.names[found.pattern().as_usize()];
        let counts = packed == Packed::Yes && name.len() >= SHORTEST_BARE
            || begins_alone(bytes, found.start(), found.end());
        if counts {
            for folder in &beside.folders[found.pattern().as_usize()] {
                relative(graph, folder, name, &bytes[found.end()..], sink);
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    named.retain(|folder| graph.names.is_folder(sink.package, folder));
    for folder in named {
        bare_children(graph, &folder, bytes, packed, sink);
    }
}

/// A name relative to a folder, with the parts that follow it.
fn relative(graph: &ImportGraph<'_>, folder: &str, name: &str, behind: &[u8], sink: &mut Sink<'_>) {
    let length = behind.iter().take(256).take_while(|b| is_word(**b) || **b == b'.').count();
    let rest = std::str::from_utf8(&behind[..length]).unwrap_or_default();
    let rest = rest.strip_prefix('.').unwrap_or_default();
    let parts = std::iter::once(name).chain(rest.split('.').filter(|part| !part.is_empty()));
    runs::lead(graph, folder, parts, How::SharedObject, sink);
}

fn bare_children(
    graph: &ImportGraph<'_>,
    folder: &str,
    bytes: &[u8],
    packed: Packed,
    sink: &mut Sink<'_>,
) {
    for child in graph.names.children(sink.package, folder) {
        let looked_for = graph.paths.folder(sink.package, &format!("{folder}/{child}")).is_some();
        let counts = |at: usize| {
            packed == Packed::Yes && child.len() >= SHORTEST_BARE && !looked_for
                || is_alone(bytes, at, at + child.len())
        };
        if memchr::memmem::find_iter(bytes, child.as_bytes()).any(counts) {
            runs::lead(graph, folder, [*child], How::SharedObject, sink);
        }
    }
}

/// Whether a string of C begins and ends here.
fn is_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == 0);
    ends(start.checked_sub(1).and_then(|before| bytes.get(before))) && ends(bytes.get(end))
}

/// Whether a string of C begins here with a whole part of a name.
fn begins_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| bytes.get(before));
    before.is_none_or(|byte| matches!(byte, 0 | b'.'))
        && bytes.get(end).is_none_or(|byte| matches!(byte, 0 | b'.'))
}
