//! The edges of a Python source.

mod beginnings;
mod calls;
mod texts;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;
use unicode_normalization::UnicodeNormalization;

use super::runs;
use super::{How, ImportGraph, Line, Sink, data};
use crate::facts::owners::Owner;
use crate::python::outline::{self, Argument, Import, Outline};
use crate::python::source;
use crate::tree::{PackageId, is_below, parent};

/// Words without which code cannot make a path or a module of a name.
const FINDERS: [&str; 6] =
    ["__file__", "__path__", "__import__", "importlib", "pkgutil", "pkg_resources"];

/// Parts of the names of functions that import what they are handed.
const LOADERS: [&str; 6] =
    ["_import", "import_", "load_class", "load_object", "locate", "resolve_name"];

/// Longest string that is taken for one name or path, in bytes.
const LONGEST_NAME: usize = 512;

/// Adds the edges of a source.
pub(super) fn edges(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    if reads_records(bytes)
        && let Ok(source) = source::read(bytes)
    {
        sink.found.record_readers.extend(source.record_readers);
    }
    let Ok(text) = outline::text(bytes) else { return unparsed(graph, bytes, sink) };
    let narrow = graph.narrow.as_ref().filter(|_| !graph.paths.holds(sink.from));
    if narrow.is_some_and(|narrow| !narrow.matters(&graph.paths, &text)) {
        return;
    }
    let watch = |name: &str| calls::is_watched(name) || graph.known.is_choice(name);
    match outline::read(&text, graph.platform, &watch) {
        Ok(outline) => {
            let path = sink.path;
            let users =
                matches!(graph.facts.owners.owner(sink.from), Owner::User | Owner::Guest(_));
            let (finds_folders, makes_names, literals) = Default::default();
            let (outline, text, package) = (&outline, text.as_ref(), sink.package);
            let file = File {
                graph,
                text,
                path,
                users,
                outline,
                finds_folders,
                makes_names,
                literals,
                package,
            };
            // Shorter-lived than the sink: lines are counted from this text.
            let mut inner = Sink {
                from: sink.from,
                package: sink.package,
                path,
                reached: sink.reached,
                seen: std::mem::take(&mut sink.seen),
                found: std::mem::take(&mut sink.found),
                line: Line::None,
                deferred: false,
                certain: false,
            };
            file.edges(&mut inner);
            sink.seen = inner.seen;
            sink.found = inner.found;
        }
        Err(_) => unparsed(graph, bytes, sink),
    }
}

/// Whether the file may ask importlib.metadata for a distribution's files, or for its RECORD.
fn reads_records(bytes: &[u8]) -> bool {
    static ASKED: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::new(["metadata", "pkg_resources"]).expect("two words make an automaton")
    });
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    ASKED.is_match(bytes)
        && (has("importlib") || has("pkg_resources"))
        && (has("files") || has("RECORD"))
}

struct File<'f, 'g> {
    graph: &'f ImportGraph<'g>,
    text: &'f str,
    path: &'f str,
    /// The user's own code.
    users: bool,
    outline: &'f Outline<'f>,
    finds_folders: OnceCell<bool>,
    makes_names: OnceCell<bool>,
    literals: OnceCell<HashSet<String>>,
    package: PackageId,
}

impl<'f> File<'f, '_> {
    fn edges(&self, sink: &mut Sink<'f>) {
        let narrow = self.graph.narrow.as_ref().filter(|_| !self.graph.paths.holds(sink.from));
        let may_name = |text: &str| narrow.is_none_or(|words| words.may_name(text));
        for import in &self.outline.imports {
            if !may_name(&import.module) && !import.names.iter().any(|name| may_name(name)) {
                continue;
            }
            sink.line = Line::At(self.text, import.at);
            sink.deferred = import.standing.in_function;
            sink.certain = !import.standing.in_function && !import.standing.conditional;
            self.import(import, sink);
        }
        (sink.deferred, sink.certain) = (false, false);
        let arguments: HashSet<usize> = self
            .outline
            .calls
            .iter()
            .filter_map(|call| match call.argument {
                Argument::Text(number) if call.name.contains("import") => Some(number),
                _ => None,
            })
            .collect();
        for (number, text) in self.outline.texts.iter().enumerate() {
            if !may_name(&text.value) {
                continue;
            }
            sink.line = Line::At(self.text, text.at);
            self.literal(text, arguments.contains(&number), sink);
        }
        // What a call may run or list is never in the folders that are looked for.
        for call in self.outline.calls.iter().filter(|_| narrow.is_none()) {
            sink.line = Line::At(self.text, call.at);
            self.call(call, sink);
        }
        if narrow.is_none() {
            self.mentions(sink);
        }
        if !self.graph.paths.stubs.is_empty() && self.says("attach_stub") {
            sink.line = Line::At(self.text, 0);
            self.stubs(How::Import, sink);
        }
    }

    fn says(&self, word: &str) -> bool {
        memmem::find(self.text.as_bytes(), word.as_bytes()).is_some()
    }

    /// The folder that relative imports start from, some levels up; `None` beyond the import root.
    fn base(&self, level: u32) -> Option<&'f str> {
        let mut folder = parent(self.path);
        for _ in 1..level {
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
        Some(folder)
    }

    /// PEP 328 for the relative ones: `from a import b` may mean the module `a.b`.
    fn import(&self, import: &Import<'_>, sink: &mut Sink<'_>) {
        let names = &self.graph.names;
        let base = if import.level == 0 { Some("") } else { self.base(import.level) };
        let Some(base) = base else { return };
        if import.level == 0 {
            for needs in self.graph.known.hidden(sink.package, &import.module, &import.names) {
                names.files(sink.package, needs).iter().for_each(|f| sink.file(*f, How::Fact));
                sink.whole(needs, How::Fact);
            }
        }
        let mut to = base.to_owned();
        if import.module.is_empty() {
            names.above(sink.package, base, |file| sink.file(file, How::Import));
        } else {
            names.above(sink.package, base, |file| sink.file(file, How::Import));
            let parts = import.module.split('.');
            let led = match import.names.is_empty() {
                true => runs::lead(self.graph, base, parts, How::Import, sink),
                false => {
                    names.follow(sink.package, base, parts, |file| sink.file(file, How::Import))
                }
            };
            let Some(led) = led else { return };
            if !led.whole {
                return;
            }
            led.to.clone_into(&mut to);
        }
        for name in import.names.iter().filter(|name| **name != "*") {
            runs::lead(self.graph, &to, [*name], How::Import, sink);
        }
        if import.names.contains(&"*") {
            self.folder(&to, How::Import, sink);
        }
    }

    /// A folder that is looked for comes whole.
    fn folder(&self, slashed: &str, how: How, sink: &mut Sink<'_>) {
        if let Some(folder) = self.graph.paths.folder(sink.package, slashed) {
            self.graph.paths.files(folder).iter().for_each(|file| sink.file(*file, how));
        }
    }

    /// Whether the code asks where it lies, or imports by name.
    fn finds_folders(&self) -> bool {
        *self.finds_folders.get_or_init(|| FINDERS.iter().any(|word| self.says(word)))
    }

    /// Whether the code imports, or hands names to code that does.
    fn makes_names(&self) -> bool {
        let says = || {
            let known = self.graph.known.loaders();
            self.finds_folders() || LOADERS.iter().chain(known).any(|word| self.says(word))
        };
        *self.makes_names.get_or_init(says)
    }

    fn stubs(&self, how: How, sink: &mut Sink<'_>) {
        stubs_below(self.graph, self.path, how, sink);
    }
}

fn stubs_below(graph: &ImportGraph<'_>, path: &str, how: How, sink: &mut Sink<'_>) {
    for stub in &graph.paths.stubs {
        if stub.package == sink.package && is_below(&stub.path, parent(path)) {
            sink.file(stub.file, how);
        }
    }
}

/// A file that cannot be read names everything whose words stand in it: full names, what lies beside
/// it or above, and what lies in a package that it names.
fn unparsed(graph: &ImportGraph<'_>, bytes: &[u8], sink: &mut Sink<'_>) {
    let mut text = String::from_utf8_lossy(bytes);
    if !text.is_ascii() {
        // Python reads names so, and strings as they are written.
        let names: String = text.nfkc().collect();
        text.to_mut().extend(["\n", &names]);
    }
    let mut folders = data::full_names(graph, text.as_bytes(), How::Unparsed, sink);
    let mut folder = parent(sink.path);
    while !folder.is_empty() {
        folders.push(folder.to_owned());
        folder = parent(folder);
    }
    let words: HashSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let package = sink.package;
    for word in words.iter().filter(|word| graph.names.is_top(package, word)) {
        folders.push((*word).to_owned());
        runs::add(graph, word, How::Unparsed, sink);
    }
    for folder in folders {
        for child in graph.names.children(sink.package, &folder) {
            if words.contains(child) {
                runs::lead(graph, &folder, [*child], How::Unparsed, sink);
            }
        }
    }
    if text.contains(".pyi") || text.contains("attach_stub") {
        stubs_below(graph, sink.path, How::Unparsed, sink);
    }
}
