//! The edges of shared objects: what their constants name.
//!
//! Only constants are searched: what the loader maps, without the code where there is a segment of
//! constants. Cython 3.2 and later keep all names of a module in one compressed table.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use super::inflated::{each_table, hides_names};
use super::runs::{self, Ends, is_separator, is_word};
use super::{How, ImportGraph, Sink, data};
use crate::elf::inspect;
use crate::facts::content::Content;
use crate::python::tags;
use crate::tree::{FileId, PackageId, file_name, parent};

/// Shortest bare name that counts in a table without separators, in bytes.
const SHORTEST_BARE: usize = 2;

/// Searchers that many files share.
#[derive(Default)]
pub(super) struct Tables {
    tops: Mutex<HashMap<PackageId, Arc<Words>>>,
    beside: Mutex<HashMap<(PackageId, String), Arc<Beside>>>,
    children: Mutex<HashMap<(PackageId, String), Arc<Words>>>,
    endings: OnceLock<Words>,
    files: OnceLock<Words>,
}

/// Some words to look for.
#[derive(Default)]
struct Words {
    words: Vec<String>,
    /// For texts with separators: the leftmost and longest of what overlaps.
    apart: OnceLock<Option<AhoCorasick>>,
    /// For texts without: everything.
    packed: OnceLock<Option<AhoCorasick>>,
}

/// A word where it stands.
#[derive(Clone, Copy)]
struct Hit<'w> {
    number: usize,
    word: &'w str,
    start: usize,
    end: usize,
}

impl Words {
    fn of<'n>(words: impl Iterator<Item = &'n str>) -> Self {
        let words = words.filter(|w| !w.is_empty()).map(str::to_owned).collect();
        Self { words, ..Self::default() }
    }

    fn searcher(&self, packed: Packed) -> Option<&AhoCorasick> {
        let (made, kind) = match packed {
            Packed::No => (&self.apart, MatchKind::LeftmostLongest),
            Packed::Yes => (&self.packed, MatchKind::Standard),
        };
        let build = || {
            // None only beyond the automaton's limits, which names of modules do not reach.
            let searcher = AhoCorasick::builder().match_kind(kind).build(&self.words).ok();
            searcher.filter(|_| !self.words.is_empty())
        };
        made.get_or_init(build).as_ref()
    }

    fn each<'w>(&'w self, bytes: &[u8], packed: Packed, mut found: impl FnMut(Hit<'w>)) {
        let mut hit = |hit: aho_corasick::Match| {
            let number = hit.pattern().as_usize();
            let (start, end) = (hit.start(), hit.end());
            found(Hit { number, word: &self.words[number], start, end });
        };
        let Some(searcher) = self.searcher(packed) else { return };
        match packed {
            Packed::No => searcher.find_iter(bytes).for_each(&mut hit),
            Packed::Yes => searcher.find_overlapping_iter(bytes).for_each(&mut hit),
        }
    }
}

/// The bare names of what lies in a folder and in those above it.
struct Beside {
    names: Words,
    /// For each name: the folders that hold it.
    folders: Vec<Vec<String>>,
}

impl Tables {
    /// Where the first part of a full name may stand.
    pub(super) fn tops(
        &self,
        graph: &ImportGraph<'_>,
        package: PackageId,
        bytes: &[u8],
    ) -> Vec<(usize, usize)> {
        self.tops_in(graph, package, bytes, Packed::No)
    }

    fn tops_in(
        &self,
        graph: &ImportGraph<'_>,
        package: PackageId,
        bytes: &[u8],
        packed: Packed,
    ) -> Vec<(usize, usize)> {
        let mut tops = self.tops.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Words::of(graph.names.tops(package).iter().copied()));
        let words = tops.entry(package).or_insert_with(made).clone();
        drop(tops);
        let mut found = Vec::new();
        words.each(bytes, packed, |hit| found.push((hit.start, hit.end)));
        found
    }

    /// Where the suffix of a source stands.
    pub(super) fn endings(&self, graph: &ImportGraph<'_>, bytes: &[u8]) -> Vec<usize> {
        let made = || Words::of(graph.paths.suffixes.iter().map(String::as_str));
        let mut found = Vec::new();
        self.endings.get_or_init(made).each(bytes, Packed::No, |hit| found.push(hit.start));
        found
    }

    /// Where the names of files stand.
    fn files(&self, graph: &ImportGraph<'_>) -> &Words {
        self.files.get_or_init(|| {
            let mut names: Vec<&str> = graph.paths.names().collect();
            names.sort_unstable();
            Words::of(names.into_iter())
        })
    }

    fn beside(&self, graph: &ImportGraph<'_>, package: PackageId, folder: &str) -> Arc<Beside> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Beside::of(graph, package, folder));
        beside.entry((package, folder.to_owned())).or_insert_with(made).clone()
    }

    fn children(&self, graph: &ImportGraph<'_>, package: PackageId, folder: &str) -> Arc<Words> {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        let names = || graph.names.children(package, folder).iter().copied();
        let made = || Arc::new(Words::of(names()));
        children.entry((package, folder.to_owned())).or_insert_with(made).clone()
    }
}

impl Beside {
    fn of(graph: &ImportGraph<'_>, package: PackageId, folder: &str) -> Self {
        let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut above = folder;
        while !above.is_empty() {
            for child in graph.names.children(package, above) {
                by_name.entry(child).or_default().push(above.to_owned());
            }
            above = parent(above);
        }
        let names = Words::of(by_name.keys().copied());
        Self { names, folders: by_name.into_values().collect() }
    }
}

/// Adds the edges of a shared object. Of sources only a header counts, and only as a whole string:
/// compilers leave the path of each file they compile or include (`__FILE__`, tracebacks), a compiler
/// at run time asks for a header.
pub(super) fn edges(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let constants = inspect::constants(bytes);
    let is_module = tags::ModuleFile::parse(file_name(sink.path)).is_some();
    let narrow = graph.narrow.as_ref().filter(|_| !graph.paths.holds(sink.from));
    let may_name = |bytes: &[u8]| narrow.is_none_or(|words| words.may_name(bytes));
    for range in &constants {
        let bytes = &bytes[range.clone()];
        files(graph, bytes, sink);
        if may_name(bytes) {
            search(graph, bytes, Packed::No, is_module, sink);
            headers(graph, bytes, sink);
        }
    }
    if is_module {
        let mut tables = 0;
        let mut hidden = false;
        for range in constants {
            let bytes = &bytes[range];
            hidden |= hides_names(bytes);
            each_table(bytes, |table| {
                tables += 1;
                if may_name(table) {
                    search(graph, table, Packed::Yes, true, sink);
                    headers(graph, table, sink);
                }
            });
        }
        let package = graph.regular_package(sink.package, sink.path);
        if hidden && tables == 0 && !package.is_empty() {
            sink.whole(package, How::Unresolved);
        }
    }
}

/// Libraries and scripts by name, as strings of their own: what `dlopen` is given. The folder of
/// libraries stands in the run path of all that need one of them.
fn files(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    graph.tables.files(graph).each(bytes, Packed::No, |hit| {
        if hit.word.ends_with(".libs") {
            return;
        }
        let before = hit.start.checked_sub(1).and_then(|at| bytes.get(at));
        let begins = before.is_none_or(|byte| matches!(byte, 0 | b'/'));
        let is_made = hit.word.ends_with(".so.");
        let ends = |byte: &u8| *byte == 0 || is_made && *byte == b'%';
        if begins && bytes.get(hit.end).is_none_or(ends) {
            for file in graph.paths.files_called(hit.word) {
                if file.package == sink.package && !is_own_name(graph, sink, file.file, hit.word) {
                    sink.file(file.file, How::SharedObject);
                }
            }
        }
    });
}

/// Whether a library only says what it calls itself (DT_SONAME): no reason for an equal file of that
/// name, for who opens this one has it loaded.
fn is_own_name(graph: &ImportGraph<'_>, sink: &Sink<'_>, file: FileId, word: &str) -> bool {
    let soname = match &graph.facts.content[sink.from] {
        Content::Elf(object) => object.soname.as_deref(),
        _ => None,
    };
    let is_said = soname.is_some_and(|soname| soname.ends_with(word));
    is_said && graph.facts.twins.names(sink.from).contains(&file)
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
    for (start, end) in graph.tables.tops_in(graph, sink.package, bytes, packed) {
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
    beside.names.each(bytes, packed, |hit| {
        let alone = begins_alone(bytes, hit.start, hit.end);
        let within = packed == Packed::Yes && hit.word.len() >= SHORTEST_BARE;
        for folder in beside.folders[hit.number].iter().filter(|_| alone || within) {
            let behind = &bytes[hit.end..];
            if alone && !is_file_name(behind)
                || within && !is_looked_for(graph, sink.package, folder, hit.word)
            {
                relative(graph, folder, hit.word, behind, sink);
            }
        }
    });
    named.sort_unstable();
    named.dedup();
    named.retain(|folder| graph.names.is_folder(sink.package, folder));
    for folder in named {
        bare_children(graph, &folder, bytes, packed, sink);
    }
}

/// Whether what stands behind a word makes it the name of a library, which the linker writes.
fn is_file_name(behind: &[u8]) -> bool {
    behind.strip_prefix(b".so").is_some_and(|rest| matches!(rest.first(), None | Some(0 | b'.')))
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
    let children = graph.tables.children(graph, sink.package, folder);
    let mut named: Vec<&str> = Vec::new();
    children.each(bytes, packed, |hit| {
        if named.contains(&hit.word) {
            return;
        }
        let counts = match packed {
            Packed::No => is_alone(bytes, hit.start, hit.end),
            Packed::Yes => {
                hit.word.len() >= SHORTEST_BARE
                    && !is_looked_for(graph, sink.package, folder, hit.word)
            }
        };
        if counts {
            named.push(hit.word);
        }
    });
    for child in named {
        runs::lead(graph, folder, [child], How::SharedObject, sink);
    }
}

/// Whether a name is that of a folder that is looked for: such names are parts of many words.
fn is_looked_for(graph: &ImportGraph<'_>, package: PackageId, folder: &str, name: &str) -> bool {
    graph.paths.folder(package, &format!("{folder}/{name}")).is_some()
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
