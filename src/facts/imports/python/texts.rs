//! What the strings of a source name: modules, folders, entry points, libraries, sources.

use super::{File, LONGEST_NAME};
use crate::facts::imports::paths::Folder;
use crate::facts::imports::runs::{self, is_word};
use crate::facts::imports::{How, Sink};
use crate::python::outline::{HOLE, Import, OWN_NAME, Text};
use crate::tree::{file_name, is_below, parent};

/// Words without which code opens no library by name, and starts no script.
const LIBRARIANS: [&str; 7] =
    ["CDLL", "ctypes", "cffi", "dlopen", "LoadLibrary", "find_library", "subprocess"];

/// Shortest beginning of the name of a group of entry points, in bytes.
const SHORTEST_GROUP: usize = 3;

/// Methods that look something up under a string.
const LOOKUPS: [&str; 4] = ["get", "getlist", "pop", "setdefault"];

/// Keywords behind which a bracket begins a list.
const BEFORE_LISTS: [&str; 10] =
    ["and", "assert", "else", "if", "in", "is", "not", "or", "return", "yield"];

impl<'f> File<'f, '_> {
    pub(super) fn literal(&self, text: &Text<'_>, imports: bool, sink: &mut Sink<'_>) {
        let value = text.value.as_ref();
        // Most strings are words of every day.
        let is_word = value.bytes().all(is_word) && !text.has_holes && !text.goes_on;
        if is_word && !self.graph.is_known(value) {
            return;
        }
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
        let is_handed_on = self.users || self.makes_names();
        let is_key = || !is_handed_on && parts().count() == 1 && self.is_looked_up(text.at);
        if dots == 0 && (imports || !rest.contains('/')) && !is_key() {
            runs::lead(self.graph, "", parts(), How::Literal, sink);
        }
    }

    /// Whether the string is what a container is asked for or something is compared with:
    /// `headers.get("jwt")`, `claims["jwt"]`, `kind == "jwt"`. Such a word alone names no module where
    /// the code makes none of it.
    fn is_looked_up(&self, at: usize) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = self.text[..at].trim_end_matches(['"', '\'']);
        let before = before.trim_end_matches(['b', 'B', 'f', 'F', 'r', 'R', 'u', 'U']).trim_end();
        let called = before.strip_suffix('(').is_some_and(|before| {
            let name = before.rsplit(|c: char| !is_word(c)).next();
            let name = name.unwrap_or_default();
            LOOKUPS.contains(&name) && before[..before.len() - name.len()].ends_with('.')
        });
        let subscript = before.strip_suffix('[').is_some_and(|before| {
            let name = before.rsplit(|c: char| !is_word(c)).next().unwrap_or_default();
            let is_named = !name.is_empty() && !BEFORE_LISTS.contains(&name);
            is_named || before.ends_with([')', ']'])
        });
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
            let part = beginning(part);
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

/// Of the name of a library that is made at run time, or a pattern, what is known: `libx.so.` of
/// `libx.so.{version}`, `libx` of `libx*.so*`.
fn beginning(part: &str) -> &str {
    let version = part.split([HOLE, '%', '{']).next().unwrap_or(part);
    let pattern = part.split(['*', '?', '[']).next().unwrap_or(part);
    if version.ends_with(".so.") {
        version
    } else if pattern.starts_with("lib") && pattern.ends_with(".so.") {
        pattern
    } else if pattern.starts_with("lib") {
        pattern.trim_end_matches('.')
    } else {
        part
    }
}
