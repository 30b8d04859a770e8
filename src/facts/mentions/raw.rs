//! Mentions in shared objects and data, byte by byte.

use super::index::{Index, is_word};
use super::inflated::each_table;
use super::{How, Mention, Search, Searched};
use crate::elf::inspect;
use crate::python::tags;
use crate::tree::{FileId, PackageId, file_name, is_below, parent};

/// Longest file name that is looked at around a suffix, in bytes.
const LONGEST_NAME: usize = 128;

/// Searches a shared object: the bytes that the loader maps, and every zlib stream in them (Cython
/// compresses its string table). Names stand there without separators, so that any occurrence counts.
///
/// Of sources only a header counts, and only as a whole string: compilers leave the path of each
/// file they compile or include (`__FILE__`, tracebacks), a compiler at run time asks for a header.
pub(super) fn search_object(search: &Search<'_>, id: FileId, bytes: &[u8]) -> Searched {
    let (tree, index) = (search.tree, &search.index);
    let package = tree.file(id).package;
    let mut named = Vec::new();
    let path = tree.import_path(id).unwrap_or("");
    let mut search = |bytes: &[u8]| {
        for at in index.words(bytes) {
            module_at(index, package, bytes, at, Edges::Open, &mut named);
            named.extend(beside(index, package, path, bytes, at));
        }
        for at in index.endings(bytes) {
            if let Some((name, end)) = file_name_around(bytes, at)
                && is_alone(bytes, end - name.len(), end)
                && is_header(name)
            {
                named.extend(sources(index, package, name));
            }
        }
    };
    for range in inspect::mapped(bytes) {
        search(&bytes[range]);
    }
    if tags::ModuleFile::parse(file_name(tree.file(id).path.as_str())).is_some() {
        for range in inspect::mapped(bytes) {
            each_table(&bytes[range], &mut search);
        }
    }
    mentions(id, named, How::SharedObject)
}

/// Whether a string of C begins and ends here.
fn is_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == 0);
    ends(start.checked_sub(1).and_then(|before| bytes.get(before))) && ends(bytes.get(end))
}

/// The modules beside the shared object, or beside a folder above it, whose bare name is a string
/// here: compiled relative imports hold no more.
fn beside<'i>(
    index: &'i Index,
    package: PackageId,
    path: &'i str,
    bytes: &'i [u8],
    at: usize,
) -> impl Iterator<Item = usize> + 'i {
    index
        .modules_at(bytes, at)
        .filter(move |(module, length)| {
            let above = parent(&module.slashed);
            module.package == package
                && is_alone(bytes, at, at + length)
                && !above.is_empty()
                && is_below(path, above)
        })
        .map(|(module, _)| module.wanted)
}

fn is_header(name: &[u8]) -> bool {
    [&b".h"[..], b".hh", b".hpp", b".hxx", b".cuh"].iter().any(|suffix| name.ends_with(suffix))
}

/// Searches a data file: full names of modules, file names of sources.
pub(super) fn search_data(search: &Search<'_>, id: FileId, bytes: &[u8]) -> Searched {
    let (tree, index) = (search.tree, &search.index);
    let package = tree.file(id).package;
    let mut named = Vec::new();
    // In a pickle or bytecode the next record follows a name without a separator.
    let edges = if std::str::from_utf8(bytes).is_ok() { Edges::Closed } else { Edges::Open };
    for at in index.words(bytes) {
        module_at(index, package, bytes, at, edges, &mut named);
    }
    for at in index.endings(bytes) {
        if let Some((name, _)) = file_name_around(bytes, at) {
            named.extend(sources(index, package, name));
        }
    }
    let is_entry_points = file_name(tree.file(id).path.as_str()) == "entry_points.txt";
    if is_entry_points {
        let text = String::from_utf8_lossy(bytes);
        for point in crate::python::dist::entry_points(text.as_bytes()) {
            named.extend(
                index.imported(&point.module).filter(|m| m.package == package).map(|m| m.wanted),
            );
        }
    }
    mentions(id, named, How::Data)
}

fn mentions(by: FileId, mut named: Vec<usize>, how: How) -> Searched {
    named.sort_unstable();
    named.dedup();
    let mentions =
        named.into_iter().map(|wanted| Mention { wanted, by, line: None, how }).collect();
    Searched { mentions, ..Searched::default() }
}

fn sources<'i>(
    index: &'i Index,
    package: PackageId,
    name: &[u8],
) -> impl Iterator<Item = usize> + use<'i> {
    index
        .sources_named(name)
        .iter()
        .filter(move |source| source.package == package)
        .map(|source| source.wanted)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edges {
    /// A name may run into its neighbours.
    Open,
    /// A name must end where it ends.
    Closed,
}

/// The modules whose full dotted or slashed name stands in a text.
pub(super) fn modules_named(
    index: &Index,
    package: PackageId,
    bytes: &[u8],
    named: &mut Vec<usize>,
) {
    for at in index.words(bytes) {
        module_at(index, package, bytes, at, Edges::Closed, named);
    }
}

/// Adds the modules whose last part begins at `at` and whose parents stand before it.
fn module_at(
    index: &Index,
    package: PackageId,
    bytes: &[u8],
    at: usize,
    edges: Edges,
    named: &mut Vec<usize>,
) {
    if at == 0 || !matches!(bytes[at - 1], b'.' | b'/' | b'\\') {
        return;
    }
    for (module, length) in index.modules_at(bytes, at) {
        if module.package != package
            || edges == Edges::Closed && bytes.get(at + length).is_some_and(|b| is_word(*b))
        {
            continue;
        }
        let until = &bytes[..at + length];
        if until.ends_with(module.dotted.as_bytes()) || until.ends_with(module.slashed.as_bytes()) {
            named.push(module.wanted);
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
