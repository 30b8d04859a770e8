//! Mentions in Python sources: a cheap look for words, then the syntax tree.

use std::cell::OnceCell;

use memchr::memmem;

use super::index::{Index, Module, is_word, package_of};
use super::{How, Mention, Search, Searched, raw, top};
use crate::facts::owners::Owner;
use crate::python::source::{self, Import, Source};
use crate::tree::{FileId, PackageId, file_name, is_below, parent};

/// Words without which code cannot make a path or a module of a name.
const FINDERS: [&str; 6] =
    ["__file__", "__path__", "__import__", "importlib", "pkgutil", "pkg_resources"];

/// Most words that are looked at one by one in a file.
const MOST_LOOKS: usize = 2_000;

/// Searches one source.
pub(super) fn search(search: &Search<'_>, found: &[bool], id: FileId, bytes: &[u8]) -> Searched {
    let file = File::new(search, found, id, bytes);
    let reads_records = reads_records(bytes);
    if !reads_records && !file.may_name() {
        return Searched::default();
    }
    let mut searched = Searched::default();
    match source::read(bytes) {
        Ok(source) => {
            file.imports(&source, &mut searched.mentions);
            file.literals(&source, &mut searched.mentions);
            if reads_records {
                let readers = source.record_readers.into_iter().map(|reader| (id, reader));
                searched.record_readers.extend(readers);
            }
        }
        Err(_) => {
            file.unparsed(&mut searched.mentions);
            searched.mentions.extend(raw::search_data(search, id, bytes).mentions);
        }
    }
    searched.mentions.sort_by_key(|mention| (mention.wanted, mention.line));
    searched.mentions.dedup_by_key(|mention| mention.wanted);
    searched
}

/// Searches bytecode that is code, its source not being there: a name of the same top-level package
/// counts wherever it stands, for the module of a relative import is written without its package.
pub(super) fn search_bytecode(
    search: &Search<'_>,
    found: &[bool],
    id: FileId,
    bytes: &[u8],
) -> Searched {
    let mut searched = raw::search_data(search, id, bytes);
    let file = File::new(search, found, id, bytes);
    for at in file.index.words(bytes) {
        for (module, _) in file.index.modules_at(bytes, at) {
            if module.package == file.package && module.top == top(file.path) {
                searched.mentions.push(file.mention(module.wanted, 0, How::Data));
            }
        }
    }
    searched
}

/// Whether the file may ask importlib.metadata for a distribution's files, or for its RECORD.
fn reads_records(bytes: &[u8]) -> bool {
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    (has("metadata") && has("importlib") || has("pkg_resources")) && (has("files") || has("RECORD"))
}

struct File<'a> {
    index: &'a Index,
    /// What need not be found again.
    found: &'a [bool],
    id: FileId,
    package: PackageId,
    path: &'a str,
    /// The user's own code.
    users: bool,
    finds_folders: OnceCell<bool>,
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    fn new(search: &'a Search<'_>, found: &'a [bool], id: FileId, bytes: &'a [u8]) -> Self {
        let tree = search.tree;
        Self {
            index: &search.index,
            found,
            id,
            package: tree.file(id).package,
            path: tree.import_path(id).unwrap_or(tree.file(id).path.as_str()),
            users: matches!(search.facts.owners.owner(id), Owner::User | Owner::Guest(_)),
            finds_folders: OnceCell::new(),
            bytes,
        }
    }
}

impl File<'_> {
    /// Whether any word stands in the file that could belong to a name: what the syntax tree is
    /// worth being built for.
    fn may_name(&self) -> bool {
        // From inside of a folder that is looked for, a relative import need not write its name.
        let mut around = self.index.around(self.package, self.path);
        if around.any(|module| !self.found[module.wanted]) {
            return true;
        }
        let word = |at: usize| {
            let word = word_at(self.bytes, at);
            let stands = !word.is_empty() && stands_as_name(self.bytes, at, word.len());
            stands && self.index.modules_of(word).any(|module| self.may_mean(module, at))
                || self.reads_stubs_at(at)
        };
        // Where words are this many the tree is the cheaper look.
        self.index.words(self.bytes).enumerate().any(|(hit, at)| hit > MOST_LOOKS || word(at))
            || self.index.endings(self.bytes).any(|at| self.names_source_at(at))
    }

    /// Whether the word at `at` could mean the module: the file lies in the same top-level
    /// package, or the word follows its parent's name, or something is imported from the parent.
    fn may_mean(&self, module: &Module, at: usize) -> bool {
        if module.package != self.package || self.found[module.wanted] {
            return false;
        }
        if module.top == top(self.path) || self.users && self.may_reach(module) {
            return true;
        }
        let Some((parent, _)) = module.dotted.rsplit_once('.') else { return true };
        let before = &self.bytes[..at.saturating_sub(1)];
        before.ends_with(parent.as_bytes())
            || before.ends_with(parent.replace('.', "/").as_bytes())
            || imports_from(self.bytes, parent)
            || self.finds_folders() && self.names_folder(&parent.replace('.', "/"))
    }

    /// Whether a folder's slashed or dotted name stands in the file.
    fn names_folder(&self, folder: &str) -> bool {
        let has = |name: &str| memmem::find(self.bytes, name.as_bytes()).is_some();
        !folder.is_empty() && (has(folder) || has(&folder.replace('/', ".")))
    }

    /// Whether this file could mean the module at all: it lies in the same top-level package, or
    /// names that package.
    fn may_reach(&self, module: &Module) -> bool {
        module.package == self.package
            && (module.top == top(self.path)
                || memmem::find(self.bytes, module.top.as_bytes()).is_some())
    }

    /// Whether the code asks where it lies, or imports by name.
    fn finds_folders(&self) -> bool {
        let has = |word: &&str| memmem::find(self.bytes, word.as_bytes()).is_some();
        *self.finds_folders.get_or_init(|| FINDERS.iter().any(has))
    }

    fn names_source_at(&self, at: usize) -> bool {
        let Some((name, end)) = raw::file_name_around(self.bytes, at) else { return false };
        let closes = matches!(self.bytes.get(end), Some(b'"' | b'\''));
        closes
            && std::str::from_utf8(name).is_ok_and(|name| self.index.suffix_at_end(name).is_some())
            || !self.index.sources_named(name).is_empty()
    }

    fn reads_stubs_at(&self, at: usize) -> bool {
        let rest = &self.bytes[at..];
        (rest.starts_with(b".pyi") || rest.starts_with(b"attach_stub"))
            && self.stubs_below().next().is_some()
    }

    fn stubs_below(&self) -> impl Iterator<Item = usize> {
        let stubs = self.index.stubs.iter();
        let below = stubs
            .filter(|stub| stub.package == self.package && is_below(&stub.path, parent(self.path)));
        below.map(|stub| stub.wanted)
    }

    fn imports(&self, source: &Source, mentions: &mut Vec<Mention>) {
        for import in &source.imports {
            for name in self.targets(import) {
                for module in
                    self.index.imported(&name).filter(|module| module.package == self.package)
                {
                    mentions.push(self.mention(module.wanted, import.line, How::Import));
                }
            }
            if import.names.iter().any(|name| name.contains("attach_stub")) {
                mentions.extend(
                    self.stubs_below().map(|stub| self.mention(stub, import.line, How::Import)),
                );
            }
        }
    }

    /// The dotted names that an import statement may import (PEP 328 for the relative ones):
    /// `from a import b` may mean the module `a.b`.
    fn targets(&self, import: &Import) -> Vec<String> {
        let mut base = String::new();
        if import.level > 0 {
            base = package_of(self.path);
            for _ in 1..import.level {
                base.truncate(base.rfind('.').unwrap_or(0));
            }
        }
        if let Some(module) = &import.module {
            base = joined(&base, module);
        }
        let named = import.names.iter().filter(|name| *name != "*").map(|name| joined(&base, name));
        let mut targets: Vec<String> = named.collect();
        targets.push(base);
        targets
    }

    fn literals(&self, source: &Source, mentions: &mut Vec<Mention>) {
        for text in source.strings.iter().filter(|text| !text.docstring) {
            let before = mentions.len();
            self.modules_in(&text.value, mentions);
            self.sources_in(&text.value, mentions);
            if text.value.contains(".pyi") {
                mentions.extend(self.stubs_below().map(|stub| self.mention(stub, 0, How::Literal)));
            }
            for mention in &mut mentions[before..] {
                mention.line = Some(text.line);
            }
        }
        if memmem::find(self.bytes, b"attach_stub").is_some() {
            mentions.extend(self.stubs_below().map(|stub| self.mention(stub, 1, How::Import)));
        }
    }

    /// Full names anywhere in a string; and paths or dotted names that lead to a module from this
    /// file's folder, or, where the code can find folders at all, from a folder above.
    fn modules_in(&self, value: &str, mentions: &mut Vec<Mention>) {
        let mut named = Vec::new();
        raw::modules_named(self.index, self.package, value.as_bytes(), &mut named);
        if value.len() <= 512 && !value.contains(char::is_whitespace) {
            let mut path = String::new();
            let parts = value.split(['/', '.', '\\', ':']).filter(|part| !part.is_empty());
            for part in parts.skip_while(|part| is_placeholder(part)) {
                path = if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") };
                let modules = self.index.modules_of(part.as_bytes());
                let meant = |module: &&Module| {
                    module.package == self.package && self.leads_to(&path, module)
                };
                named.extend(modules.filter(meant).map(|module| module.wanted));
            }
        }
        mentions.extend(named.into_iter().map(|wanted| self.mention(wanted, 0, How::Literal)));
    }

    /// Whether `path` leads to the module from this file's folder, or, where the code can find
    /// folders, from one above it, one of another package that it names, or (in the user's
    /// code) any folder of a package that it names.
    fn leads_to(&self, path: &str, module: &Module) -> bool {
        let Some(base) = module.slashed.strip_suffix(path) else { return false };
        let base = match base.strip_suffix('/') {
            Some(base) => base,
            None if base.is_empty() => base,
            None => return false,
        };
        let own = parent(self.path);
        let own_package = module.top == top(self.path);
        own == base
            || self.finds_folders()
                && (own_package && is_below(own, base)
                    || !own_package && self.names_folder(base)
                    || self.users && self.may_reach(module))
    }

    /// Sources by file name; and where code deals in a suffix (`"*.pyx"`), all below its folder.
    fn sources_in(&self, value: &str, mentions: &mut Vec<Mention>) {
        for part in value.split([' ', '"', '\'', '<', '>', '(', ')', ',', '\n', '=']) {
            for source in self.index.sources_named(file_name(part).as_bytes()) {
                if source.package == self.package {
                    mentions.push(self.mention(source.wanted, 0, How::Literal));
                }
            }
            let Some(suffix) = self.index.suffix_at_end(part) else { continue };
            let stem = &part[..part.len() - suffix.len()];
            if stem.bytes().any(|byte| is_word(byte) || byte == b'.')
                && !stem.contains(['*', '%', '{'])
            {
                continue;
            }
            for source in self.index.sources_below(suffix, parent(self.path)) {
                if source.package == self.package {
                    mentions.push(self.mention(source.wanted, 0, How::Literal));
                }
            }
        }
    }

    /// A file that does not parse names every module whose word stands in it.
    fn unparsed(&self, mentions: &mut Vec<Mention>) {
        for at in self.index.words(self.bytes) {
            let word = word_at(self.bytes, at);
            for module in self.index.modules_of(word).filter(|module| self.may_reach(module)) {
                mentions.push(self.mention(module.wanted, 0, How::Unparsed));
            }
            if self.reads_stubs_at(at) {
                mentions
                    .extend(self.stubs_below().map(|stub| self.mention(stub, 0, How::Unparsed)));
            }
        }
    }

    fn mention(&self, wanted: usize, line: u32, how: How) -> Mention {
        Mention { wanted, by: self.id, line: (line > 0).then_some(line), how }
    }
}

/// A part that is filled in at run time: `%s`, `%(name)s`, `{}`, `{name}`.
fn is_placeholder(part: &str) -> bool {
    part.starts_with('%') || part.starts_with('{') && part.ends_with('}')
}

fn joined(base: &str, name: &str) -> String {
    if base.is_empty() { name.to_owned() } else { format!("{base}.{name}") }
}

/// The whole name that begins at `at`; empty where `at` is inside of a name.
fn word_at(bytes: &[u8], at: usize) -> &[u8] {
    if at > 0 && is_word(bytes[at - 1]) {
        return &[];
    }
    let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    &bytes[at..at + length]
}

/// Whether a word stands where code could use it as a name: in a path, dotted name or string, or
/// in an import statement.
fn stands_as_name(bytes: &[u8], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let behind = bytes.get(at + length);
    let goes_on = bytes.get(at + length + 1).is_some_and(|byte| is_word(*byte));
    // A dot behind the word ends a sentence unless a name follows.
    if matches!(before, Some(b'.' | b'/' | b'\\' | b'"' | b'\'' | b':'))
        || matches!(behind, Some(b'/' | b'\\' | b'"' | b'\''))
        || behind == Some(&b'.') && goes_on
    {
        return true;
    }
    in_import_statement(&bytes[at.saturating_sub(FARTHEST)..at])
}

/// Longest import statement that is looked back on, in bytes.
const FARTHEST: usize = 64 << 10;

/// Whether what stands before a word may be the beginning of an import statement: from some `from`
/// or `import` on nothing but names, blanks, dots, commas, parentheses, continuations and comments.
fn in_import_statement(before: &[u8]) -> bool {
    let plain = |byte: &u8| {
        is_word(*byte)
            || byte.is_ascii_whitespace()
            || matches!(*byte, b'.' | b',' | b'(' | b')' | b'\\' | 0x0B)
    };
    let mut code = before;
    for _ in 0..64 {
        let Some(at) = last_keyword(code) else { return false };
        let lines = before[at..].split(|byte| matches!(byte, b'\n' | b'\r'));
        if lines.flat_map(|line| line.split(|byte| *byte == b'#').next()).flatten().all(plain) {
            return true;
        }
        code = &code[..at];
    }
    true
}

/// Where the last `from` or `import` begins that is a word of its own.
fn last_keyword(code: &[u8]) -> Option<usize> {
    let last = |word: &str| {
        let mut until = code.len();
        loop {
            let at = memmem::rfind(&code[..until], word.as_bytes())?;
            let byte_order_mark = code[..at].ends_with(b"\xEF\xBB\xBF");
            let starts =
                byte_order_mark || at.checked_sub(1).is_none_or(|before| !is_word(code[before]));
            let ends = code.get(at + word.len()).is_none_or(|behind| !is_word(*behind));
            if starts && ends {
                return Some(at);
            }
            until = at + word.len() - 1;
        }
    };
    last("from").max(last("import"))
}

/// Whether `from parent import` stands in the source, however it is spaced.
fn imports_from(bytes: &[u8], parent: &str) -> bool {
    memmem::find_iter(bytes, parent.as_bytes()).any(|at| {
        let before = bytes[..at].trim_ascii_end();
        let behind = bytes[at + parent.len()..].trim_ascii_start();
        let continued =
            |bytes: &[u8]| bytes.first() == Some(&b'\\') || bytes.last() == Some(&b'\\');
        (before.ends_with(b"from") || continued(before))
            && (behind.starts_with(b"import") || continued(behind))
    })
}
