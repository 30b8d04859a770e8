//! What the calls of a source run, list or choose.

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
