//! The edges of a Python source.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::paths::Folder;
use super::runs::{self, is_word};
use super::{Choice, How, ImportGraph, Line, Sink, data};
use crate::facts::owners::Owner;
use crate::python::outline::{self, Argument, Call, HOLE, Import, OWN_NAME, Outline, Text};
use crate::python::source;
use crate::tree::{PackageId, file_name, is_below, parent};

/// Words without which code cannot make a path or a module of a name.
const FINDERS: [&str; 6] =
    ["__file__", "__path__", "__import__", "importlib", "pkgutil", "pkg_resources"];

/// Parts of the names of functions that import what they are handed.
const LOADERS: [&str; 6] =
    ["_import", "import_", "load_class", "load_object", "locate", "resolve_name"];

/// Words without which code opens no library by name, and starts no script.
const LIBRARIANS: [&str; 7] =
    ["CDLL", "ctypes", "cffi", "dlopen", "LoadLibrary", "find_library", "subprocess"];

/// Longest string that is taken for one name or path, in bytes.
const LONGEST_NAME: usize = 512;

/// Shortest beginning of the name of a group of entry points, in bytes.
const SHORTEST_GROUP: usize = 3;

/// Calls that run code which only their argument tells.
const RUNNERS: [&str; 11] = [
    "SourceFileLoader",
    "__import__",
    "exec",
    "execfile",
    "import_module",
    "load_module",
    "load_source",
    "resolve_name",
    "run_module",
    "run_path",
    "spec_from_file_location",
];

/// Methods that look something up under a string.
const LOOKUPS: [&str; 4] = ["get", "getlist", "pop", "setdefault"];

/// Calls that list the modules of a package.
const WALKERS: [&str; 3] = ["iter_modules", "walk_packages", "iter_importers"];

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
    let watch = |name: &str| is_watched(name) || graph.known.is_choice(name);
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

fn is_watched(name: &str) -> bool {
    name.contains("import") || RUNNERS.contains(&name) || WALKERS.contains(&name)
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
            self.import(import, sink);
        }
        sink.deferred = false;
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
            let mut modules = vec![import.module.to_string()];
            modules.extend(import.names.iter().map(|name| format!("{}.{name}", import.module)));
            for module in modules {
                for needs in self.graph.known.hidden(sink.package, &module) {
                    names.files(sink.package, needs).iter().for_each(|f| sink.file(*f, How::Fact));
                    sink.whole(needs, How::Fact);
                }
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

    fn literal(&self, text: &Text<'_>, imports: bool, sink: &mut Sink<'_>) {
        let value = text.value.as_ref();
        runs::in_text(self.graph, value, How::Literal, sink);
        if value.len() <= LONGEST_NAME && !value.contains(char::is_whitespace) {
            self.name(text, imports, sink);
            self.beginning(text, imports, sink);
            self.path_parts(value, sink);
            self.entry_points(value, sink);
            self.files(value, sink);
        }
        if value.contains('.') {
            self.sources_in(value, sink);
            if value.contains(".pyi") {
                self.stubs(How::Literal, sink);
            }
        }
    }

    /// A string that is one name: of a module beside this one, or of a whole package.
    fn name(&self, text: &Text<'_>, imports: bool, sink: &mut Sink<'_>) {
        let value = text.value.as_ref();
        let dots = value.bytes().take_while(|byte| *byte == b'.').count();
        let rest = &value[dots..];
        let plain = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'/' | b':');
        if rest.is_empty() || !rest.bytes().all(plain) || matches!(rest, "__main__" | "__init__") {
            return;
        }
        let parts = || rest.split(['.', '/', ':']);
        let level = u32::try_from(dots).unwrap_or(u32::MAX).max(1);
        // A bare word is imported from its own folder by code that makes a name of it.
        let is_bare = dots == 0 && !imports && parts().count() == 1;
        let may_be = !is_bare || file_name(self.path) == "__init__.py" || self.makes_names();
        let base = self.base(level).filter(|_| may_be || self.users);
        if let Some(base) = base.filter(|base| self.may_mean(base, parts(), sink)) {
            runs::lead(self.graph, base, parts(), How::Literal, sink);
        }
        if dots > 0
            && imports
            && let Some(base) = self.package_told(text.at, level)
        {
            runs::lead(self.graph, &base, parts(), How::Literal, sink);
        }
        let is_key = || !self.users && parts().count() == 1 && self.is_looked_up(text.at);
        if dots == 0 && (imports || !rest.contains('/')) && !is_key() {
            runs::lead(self.graph, "", parts(), How::Literal, sink);
        }
    }

    /// Whether the string is what a container is asked for or something is compared with:
    /// `headers.get("jwt")`, `claims["jwt"]`, `kind == "jwt"`. Such a word alone names no module.
    fn is_looked_up(&self, at: usize) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = self.text[..at].trim_end_matches(['"', '\'']);
        let before = before.trim_end_matches(['b', 'B', 'f', 'F', 'r', 'R', 'u', 'U']).trim_end();
        let called = before.strip_suffix('(').is_some_and(|before| {
            let name = before.rsplit(|c: char| !is_word(c)).next();
            let name = name.unwrap_or_default();
            LOOKUPS.contains(&name) && before[..before.len() - name.len()].ends_with('.')
        });
        let subscript = before
            .strip_suffix('[')
            .is_some_and(|before| before.ends_with(|c: char| is_word(c) || matches!(c, ')' | ']')));
        called || subscript || before.ends_with("==") || before.ends_with("!=")
    }

    /// Whether a name relative to a folder may be meant as one. The names of the folders that are
    /// looked for are words of every day: they count where code can find folders or modules, and in
    /// an `__init__` (`from package import *` imports what `__all__` names).
    fn may_mean<'p>(
        &self,
        base: &str,
        mut parts: impl Iterator<Item = &'p str>,
        sink: &Sink<'_>,
    ) -> bool {
        let Some(first) = parts.next() else { return false };
        let mut called = self.graph.paths.folders_called(first);
        let is_looked_for =
            called.any(|folder| folder.package == sink.package && parent(&folder.slashed) == base);
        !is_looked_for || file_name(self.path) == "__init__.py" || self.finds_folders()
    }

    /// A string whose end is made at run time: the modules that it may begin.
    fn beginning(&self, text: &Text<'_>, imports: bool, sink: &mut Sink<'_>) {
        let value = text.value.as_ref();
        let Some((start, rest)) = self.split_at_hole(text) else { return };
        if !imports && !self.makes_names() {
            return;
        }
        let (own, start) = match start.strip_prefix(OWN_NAME) {
            Some(start) => (true, start.trim_start_matches('.')),
            None => (false, start),
        };
        let dots = start.bytes().take_while(|byte| *byte == b'.').count();
        if own && !imports {
            return;
        }
        let relative = own || dots > 0 && imports;
        let start = &start[dots.min(start.len())..];
        if imports && !relative && !start.is_empty() && !start.contains(['.', '/']) {
            return self.bare_beginning(start, sink);
        }
        if !relative && (dots > 0 || !start.contains(['.', '/'])) || value == "." && !imports {
            return;
        }
        let level = u32::try_from(dots).unwrap_or(u32::MAX).max(1);
        let own = if relative { self.base(level) } else { Some("") };
        let told = (dots > 0 && imports).then(|| self.package_told(text.at, level)).flatten();
        for base in own.map(str::to_owned).into_iter().chain(told) {
            self.children_from(&base, start, rest, sink);
        }
    }

    /// The modules below a folder whose names begin so, and what of them `rest` names.
    fn children_from(&self, base: &str, start: &str, rest: &str, sink: &mut Sink<'_>) {
        let cut = start.rfind(['.', '/']).map_or(0, |at| at + 1);
        let (folder, stem) = start.split_at(cut);
        let names = &self.graph.names;
        let parts: Vec<&str> = folder.split(['.', '/']).filter(|part| !part.is_empty()).collect();
        let to = match parts.is_empty() {
            true => base.to_owned(),
            false => {
                let package = sink.package;
                let found = |file| sink.file(file, How::Prefix);
                let Some(led) = names.follow(package, base, parts, found) else { return };
                if !led.whole {
                    return;
                }
                led.to.to_owned()
            }
        };
        if to.is_empty() {
            return;
        }
        for child in names.children(sink.package, &to).iter().filter(|c| c.starts_with(stem)) {
            let name = format!("{to}/{child}");
            if self.graph.paths.folder(sink.package, &name).is_some() {
                continue;
            }
            runs::add(self.graph, &name, How::Prefix, sink);
            let rest = rest.split(['.', '/', ':']).filter(|part| !part.is_empty());
            names.follow(sink.package, &name, rest, |file| sink.file(file, How::Prefix));
        }
    }

    /// The folder that the dots of a relative name start from where the call tells the package:
    /// `import_module(".one", "alpha.sub")`, `import_module(f".{x}", package="alpha.sub")`.
    fn package_told(&self, at: usize, level: u32) -> Option<String> {
        let behind = &self.text[at..];
        let line = behind.split_inclusive('\n').take(3).map(str::len).sum::<usize>();
        let dotted = behind[..line.min(LONGEST_NAME)].split(',').skip(1).find_map(|argument| {
            let argument = argument.trim_start();
            let value = argument
                .strip_prefix("package")
                .map_or(argument, |value| value.trim_start().trim_start_matches('=').trim_start());
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let name = value[1..].split(quote).next()?;
            let is_name = |byte: u8| is_word(byte) || byte == b'.';
            (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
        })?;
        let mut folder = dotted.replace('.', "/");
        for _ in 1..level {
            folder = parent(&folder).to_owned();
        }
        self.graph.names.is_folder(self.package, &folder).then_some(folder)
    }

    /// The beginning of a name without dots, in a call that imports: of a module beside this one
    /// (`__import__("region_%s" % code, globals(), level=1)`) or at the import root.
    fn bare_beginning(&self, stem: &str, sink: &mut Sink<'_>) {
        let own = parent(self.path);
        let folders = if own.is_empty() { &[""][..] } else { &[own, ""][..] };
        for folder in folders {
            let children = self.graph.names.children(sink.package, folder);
            for child in children.iter().filter(|child| child.starts_with(stem)) {
                let name = if folder.is_empty() {
                    (*child).to_owned()
                } else {
                    format!("{folder}/{child}")
                };
                if self.graph.paths.folder(sink.package, &name).is_none() {
                    runs::add(self.graph, &name, How::Prefix, sink);
                }
            }
        }
    }

    /// What stands before the first hole of a string, and what behind it.
    fn split_at_hole<'t>(&self, text: &'t Text<'_>) -> Option<(&'t str, &'t str)> {
        let value = text.value.as_ref();
        let from = value.len() - value.trim_start_matches(OWN_NAME).len();
        let rest = &value[from..];
        let hole = rest.find([HOLE, OWN_NAME, '{']);
        let percent = percent(rest, text.goes_on);
        let first = hole.map(|at| (at, 0)).into_iter().chain(percent).min();
        match first {
            Some((at, length)) => {
                let behind = rest[at + length..].trim_start_matches([HOLE, OWN_NAME]);
                Some((&value[..from + at], behind))
            }
            None if text.goes_on => Some((value, "")),
            None => None,
        }
    }

    /// Paths that lead to a folder that is looked for.
    fn path_parts(&self, value: &str, sink: &mut Sink<'_>) {
        let parts = value.split(['/', '.', '\\', ':']).filter(|part| !part.is_empty());
        let mut path = String::new();
        for part in parts.skip_while(|part| is_placeholder(part)) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
            for folder in self.graph.paths.folders_called(part) {
                if folder.package == sink.package && self.leads_to(&path, folder) {
                    self.folder(&folder.slashed, How::Literal, sink);
                }
            }
        }
    }

    /// Whether `path` leads to the folder from this file's folder, or, where the code can find
    /// folders, from one above it, one of another package that it names, or (in the user's
    /// code) any folder of a package that it names.
    fn leads_to(&self, path: &str, folder: &Folder) -> bool {
        let Some(base) = folder.slashed.strip_suffix(path) else { return false };
        let base = match base.strip_suffix('/') {
            Some(base) => base,
            None if base.is_empty() => base,
            None => return false,
        };
        let own = parent(self.path);
        let own_package = folder.top == top(self.path);
        // `from package import *` imports what `__all__` names.
        own == base && file_name(self.path) == "__init__.py"
            || self.finds_folders()
                && (own_package && is_below(own, base)
                    || !own_package && self.names_folder(base)
                    || self.users && self.may_reach(folder))
    }

    /// Whether the file imports a package or something of it, or a string is its name.
    fn names_folder(&self, folder: &str) -> bool {
        let dotted = folder.replace('/', ".");
        let (imports, texts) = (&self.outline.imports, &self.outline.texts);
        let within = |module: &str| {
            module.strip_prefix(dotted.as_str()).is_some_and(|m| m.is_empty() || m.starts_with('.'))
        };
        let imported = |import: &Import<'_>| {
            let (package, name) = dotted.rsplit_once('.').unwrap_or_default();
            within(&import.module) || import.module == package && import.names.contains(&name)
        };
        !folder.is_empty()
            && (imports.iter().filter(|import| import.level == 0).any(imported)
                || texts.iter().any(|text| text.value == folder || within(&text.value)))
    }

    /// Whether this file could mean the folder at all: it lies in the same top-level package, or
    /// names that package.
    fn may_reach(&self, folder: &Folder) -> bool {
        folder.top == top(self.path) || self.says(&folder.top)
    }

    /// Whether the code asks where it lies, or imports by name.
    fn finds_folders(&self) -> bool {
        *self.finds_folders.get_or_init(|| FINDERS.iter().any(|word| self.says(word)))
    }

    /// Whether the code imports, or hands names to code that does.
    fn makes_names(&self) -> bool {
        let says = || self.finds_folders() || LOADERS.iter().any(|word| self.says(word));
        *self.makes_names.get_or_init(says)
    }

    fn entry_points(&self, value: &str, sink: &mut Sink<'_>) {
        let groups = &self.graph.groups;
        let group = match value.split_once(HOLE) {
            Some((start, _)) => start,
            None => value.trim_end_matches("%s"),
        };
        let open = group.len() < value.len();
        if group.len() < SHORTEST_GROUP {
            return;
        }
        for point in groups.of_group(sink.package, group, open) {
            let parts = point.split('.');
            runs::lead(self.graph, "", parts, How::EntryPoint, sink);
        }
    }

    /// Libraries and scripts by name. A name that does not say that it is a library's counts where the
    /// code opens libraries.
    fn files(&self, value: &str, sink: &mut Sink<'_>) {
        for part in value.rsplit(['/', '\\', '=']).take(3) {
            let files = self.graph.paths.files_called(part);
            let plain = !part.starts_with("lib") && !part.contains(".so");
            if files.is_empty() || plain && !part.contains('.') && !self.opens_libraries() {
                continue;
            }
            for file in files {
                if file.package == sink.package {
                    sink.file(file.file, How::Literal);
                }
            }
        }
    }

    fn opens_libraries(&self) -> bool {
        LIBRARIANS.iter().any(|word| self.says(word))
    }

    /// Sources by file name; and where code deals in a suffix (`"*.pyx"`), all below its folder.
    fn sources_in(&self, value: &str, sink: &mut Sink<'_>) {
        let paths = &self.graph.paths;
        if paths.suffixes.is_empty() {
            return;
        }
        for part in value.split([' ', '"', '\'', '<', '>', '(', ')', ',', '\n', '=']) {
            let Some(suffix) = paths.suffix_at_end(part) else { continue };
            for source in paths.sources_called(file_name(part)) {
                if source.package == sink.package {
                    sink.file(source.file, How::Literal);
                }
            }
            let stem = &part[..part.len() - suffix.len()];
            let named = stem.bytes().any(|byte| is_word(byte) || byte == b'.');
            if named && !stem.contains(['*', '%', '{', HOLE]) {
                continue;
            }
            for source in paths.sources_below(suffix, parent(self.path)) {
                if source.package == sink.package {
                    sink.file(source.file, How::Literal);
                }
            }
        }
    }

    fn stubs(&self, how: How, sink: &mut Sink<'_>) {
        stubs_below(self.graph, self.path, how, sink);
    }

    fn call(&self, call: &Call<'_>, sink: &mut Sink<'_>) {
        if WALKERS.contains(&call.name) {
            return self.walked(call, sink);
        }
        if self.graph.known.is_choice(call.name) {
            self.choice(call, sink);
        }
        let is_method = self.text[..call.at].ends_with('.');
        let runs = RUNNERS.contains(&call.name) && !(is_method && call.name == "exec");
        if !runs {
            return;
        }
        let computed = match call.argument {
            Argument::Text(number) => {
                self.outline.texts[number].value.starts_with([HOLE, '%', '{'])
            }
            Argument::None => false,
            Argument::Name(name) => !self.is_literal(name),
            Argument::Other => true,
        };
        let package = self.graph.regular_package(self.package, self.path);
        if computed && !package.is_empty() {
            sink.whole(package, How::Unresolved);
        }
    }

    /// Whether a name only ever stands for literals of this file, which are strings that count.
    fn is_literal(&self, name: &str) -> bool {
        let literals = self.literals.get_or_init(|| source::literal_names(self.text.as_bytes()));
        literals.contains(name)
    }

    /// A call that may choose files of a distribution that the file deals with: it says its name, or
    /// calls a method of a session.
    fn choice(&self, call: &Call<'_>, sink: &mut Sink<'_>) {
        let before = &self.text[..call.at];
        let receiver = before.strip_suffix('.').map_or("", |before| {
            let start =
                before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
            &before[start..]
        });
        let receiver = receiver.to_ascii_lowercase();
        if !self.graph.known.counts(call.name, |word| self.says(word), &receiver) {
            return;
        }
        let name = match call.argument {
            Argument::Text(number) => {
                let text = &self.outline.texts[number];
                (!text.has_holes && !text.goes_on).then(|| text.value.to_string())
            }
            Argument::None => return,
            Argument::Name(_) | Argument::Other => None,
        };
        let line = outline::line(self.text, call.at);
        let call = call.name.to_owned();
        sink.found.choices.push(Choice { from: sink.from, line, call, name });
    }

    /// `pkgutil` over the path of a package: one that the file imports under this name, or its own.
    fn walked(&self, call: &Call<'_>, sink: &mut Sink<'_>) {
        let mut folders: Vec<String> = Vec::new();
        if let Argument::Name(name) = call.argument {
            for import in &self.outline.imports {
                let bound = import.names.contains(&name)
                    || import.names.is_empty()
                        && (import.module == name
                            || import.module.starts_with(&format!("{name}.")));
                if bound {
                    let base = if import.level == 0 { Some("") } else { self.base(import.level) };
                    let mut folder = base.unwrap_or_default().to_owned();
                    let tail = if import.names.is_empty() { None } else { Some(name) };
                    for part in import.module.split('.').chain(tail).filter(|p| !p.is_empty()) {
                        if !folder.is_empty() {
                            folder.push('/');
                        }
                        folder.push_str(part);
                    }
                    folders.push(folder);
                }
            }
        }
        if folders.is_empty() {
            folders.push(parent(self.path).to_owned());
        }
        for folder in folders.iter().filter(|folder| !folder.is_empty()) {
            sink.whole(folder, How::Walked);
        }
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
    let text = String::from_utf8_lossy(bytes);
    let mut folders = data::full_names(graph, bytes, How::Unparsed, sink);
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

/// Where a text has its first hole of printf's kind, and how long that is. Others than `%s` and `%(name)s`
/// count where something is filled in here: `"%03x" % number`.
fn percent(text: &str, goes_on: bool) -> Option<(usize, usize)> {
    memchr::memchr_iter(b'%', text.as_bytes()).find_map(|at| {
        let rest = &text[at + 1..];
        let named = rest.starts_with('(');
        let flags = rest.bytes().take_while(|byte| b"#0- +.123456789".contains(byte)).count();
        let kind = rest.as_bytes().get(flags);
        let plain = kind == Some(&b's') && flags == 0;
        let is_hole = named
            || plain
            || goes_on && kind.is_some_and(|kind| b"diouxXeEfFgGcrsa".contains(kind));
        is_hole.then_some((at, if named { 0 } else { flags + 2 }))
    })
}

/// A part that is filled in at run time: `%s`, `%(name)s`, `{}`, `{name}`, a field.
fn is_placeholder(part: &str) -> bool {
    part.starts_with(['%', HOLE, OWN_NAME]) || part.starts_with('{') && part.ends_with('}')
}

/// The first part of an import path, without a module's suffix.
fn top(import_path: &str) -> &str {
    let first = import_path.split('/').next().unwrap_or(import_path);
    if first.len() == import_path.len() { first.split('.').next().unwrap_or(first) } else { first }
}
