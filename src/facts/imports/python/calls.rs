//! What the calls of a source run, list or choose.

use memchr::memmem;

use super::File;
use crate::facts::imports::{Choice, How, Sink};
use crate::python::outline::{self, Argument, Call, HOLE};
use crate::python::source;
use crate::tree::parent;

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

/// Calls that list the modules of a package.
const WALKERS: [&str; 3] = ["iter_modules", "walk_packages", "iter_importers"];

/// Whether calls of a function of this name are looked at.
pub(super) fn is_watched(name: &str) -> bool {
    name.contains("import") || RUNNERS.contains(&name) || WALKERS.contains(&name)
}

impl File<'_, '_> {
    pub(super) fn call(&self, call: &Call<'_>, sink: &mut Sink<'_>) {
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
        let receiver = before.strip_suffix('.').map_or("", last_word).to_ascii_lowercase();
        if !self.graph.known.counts(call.name, |word| self.says(word), &receiver) {
            return;
        }
        let name = match call.argument {
            Argument::Text(number) if !self.is_the_name(call, number) => None,
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

    /// Whether the literal is the first argument by its place, or by a keyword that is a name's.
    fn is_the_name(&self, call: &Call<'_>, number: usize) -> bool {
        let start = call.at + call.name.len();
        let before = self.text.get(start..self.outline.texts[number].at).unwrap_or_default();
        match before.split_once('=') {
            None => true,
            Some((keyword, _)) => {
                let keyword = keyword.rsplit(|c: char| !(c.is_alphanumeric() || c == '_'));
                keyword
                    .into_iter()
                    .find(|word| !word.is_empty())
                    .is_some_and(|word| matches!(word, "name" | "serviceName" | "service_name"))
            }
        }
    }

    /// What the code says of functions that choose or open files without calling them on the spot:
    /// `partial(boto3.client)`, `make = session.resource`, `getattr(boto3, kind)`.
    pub(super) fn mentions(&self, sink: &mut Sink<'_>) {
        let known = &self.graph.known;
        let mut chosen = |call: &str, at: usize| {
            let (from, line) = (sink.from, outline::line(self.text, at));
            sink.found.choices.push(Choice { from, line, call: call.to_owned(), name: None });
        };
        for opener in known.openers() {
            if let Some(at) = memmem::find(self.text.as_bytes(), opener.as_bytes()) {
                chosen(opener, at);
            }
        }
        for (call, near, words) in known.choosers() {
            if !near.iter().any(|word| self.says(word)) {
                continue;
            }
            let is_one = |receiver: &str| words.iter().any(|word| receiver.contains(word));
            for (at, _) in self.text.match_indices(call) {
                let behind = self.text[at + call.len()..].chars().next();
                let Some(before) = self.text[..at].strip_suffix('.') else { continue };
                let receiver = last_word(before);
                if is_handed_on(before, behind) && is_one(&receiver.to_ascii_lowercase()) {
                    chosen(call, at);
                }
            }
            for (at, gets) in self.text.match_indices("getattr(") {
                let behind = &self.text[at + gets.len()..];
                let (of, behind) = behind.split_once(',').unwrap_or((behind, ""));
                let attribute = behind.trim_start();
                let literal = attribute.starts_with(['"', '\'']);
                let may_be = !literal || attribute[1..].starts_with(call);
                if may_be && is_one(&last_word(of).to_ascii_lowercase()) {
                    chosen(call, at);
                }
            }
        }
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

/// The word that a text ends with.
fn last_word(text: &str) -> &str {
    let start = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[start.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
}

/// Whether a dotted name is a value of its own: assigned, returned, or an argument; and no part of a
/// remark.
fn is_handed_on(name: &str, behind: Option<char>) -> bool {
    let line = name.rfind('\n').map_or(name, |at| &name[at + 1..]);
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let before = name.trim_end_matches(in_name).trim_end();
    let ends = behind.is_none_or(|c| matches!(c, ',' | ')' | ']' | '}' | '\r' | '\n' | ';'));
    let begins = before.ends_with(['=', '(', ',', '[', '{']) || before.ends_with("return");
    // Not as an annotation.
    let is_entry = before.ends_with(':') && matches!(behind, Some(',' | '}'));
    ends && (begins || is_entry) && !line.contains('#')
}
