//! Where only some folders, sources and stubs could go, only the files that hold a word of theirs
//! need to be read as Python: most do not.

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::paths::Paths;
use super::runs::is_ascii_word;
use super::{Form, Wanted};

/// Escapes that can write a letter of a word: `\x74`, `\u0074`, `\N{…}`, `\164`.
const LETTERS: &[u8] = b"xuUN01234567";
/// What stands before the names of files in a string, and behind them.
const AROUND_NAMES: &[u8] = b" \"'<>(),\n\r=\\/";

/// The words without which nothing that could go is named.
pub(super) struct Narrow {
    words: Vec<Word>,
    searcher: AhoCorasick,
}

struct Word {
    text: String,
    kind: Kind,
}

/// How a word stands where it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By itself.
    Whole,
    /// As the beginning of a word.
    Beginning,
    /// Behind the name of a source, or where names of sources are made.
    Suffix,
    /// Anywhere.
    Anywhere,
}

impl Narrow {
    /// `None` where any module could go.
    pub(super) fn of(wanted: &[Wanted], paths: &Paths) -> Option<Self> {
        let is_narrow = |w: &Wanted| matches!(w.form, Form::Folder | Form::Source | Form::Stub);
        if !wanted.iter().all(is_narrow) {
            return None;
        }
        let mut words = Vec::new();
        for name in paths.folder_names() {
            // Test modules are many, and begin alike.
            let word = match name.starts_with("test_") {
                true => Word { text: "test_".to_owned(), kind: Kind::Beginning },
                false => Word { text: name.to_owned(), kind: Kind::Whole },
            };
            words.push(word);
        }
        let suffix = |text: &String| Word { text: text.clone(), kind: Kind::Suffix };
        words.extend(paths.suffixes.iter().map(suffix));
        if !paths.stubs.is_empty() {
            let anywhere = |text: &str| Word { text: text.to_owned(), kind: Kind::Anywhere };
            words.extend([".pyi", "attach_stub"].map(anywhere));
        }
        words.sort_by(|a, b| a.text.cmp(&b.text));
        words.dedup_by(|a, b| a.text == b.text);
        let texts = words.iter().map(|word| &word.text);
        let searcher =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok()?;
        Some(Self { words, searcher })
    }

    /// Whether a name, a string, or the constants of a shared object hold one of the words.
    pub(super) fn may_name(&self, text: impl AsRef<[u8]>) -> bool {
        self.searcher.is_match(text.as_ref())
    }

    /// Whether a source may name what could go: one of the words stands in it as it would have to,
    /// or an escape could hide one.
    pub(super) fn matters(&self, paths: &Paths, source: &str) -> bool {
        let bytes = source.as_bytes();
        let mut input = Input::new(bytes);
        while let Some(hit) = self.searcher.find(input.clone()) {
            let word = &self.words[hit.pattern().as_usize()];
            if word.counts(paths, source, hit.start(), hit.end()) {
                return true;
            }
            // A shorter word may begin inside of this one.
            input.set_start(hit.start() + 1);
        }
        memchr::memchr_iter(b'\\', bytes)
            .any(|at| bytes.get(at + 1).is_some_and(|byte| LETTERS.contains(byte)))
    }
}

impl Word {
    fn counts(&self, paths: &Paths, source: &str, start: usize, end: usize) -> bool {
        let bytes = source.as_bytes();
        let ends = !bytes.get(end).is_some_and(|byte| is_ascii_word(*byte));
        match self.kind {
            Kind::Whole => begins(bytes, start) && ends,
            Kind::Beginning => begins(bytes, start),
            Kind::Suffix => ends && may_be_source(paths, source, start, end),
            Kind::Anywhere => true,
        }
    }
}

/// Whether a word can begin here; the letter of an escape (`\n`) is none.
fn begins(bytes: &[u8], at: usize) -> bool {
    at == 0 || !is_ascii_word(bytes[at - 1]) || at > 1 && bytes[at - 2] == b'\\'
}

/// Whether the name that ends with this suffix is that of a source, or is made at run time.
fn may_be_source(paths: &Paths, source: &str, start: usize, end: usize) -> bool {
    let before = &source.as_bytes()[..start];
    let length = before.iter().rev().take_while(|byte| !AROUND_NAMES.contains(byte)).count();
    let from = start - length;
    let stem = &source.as_bytes()[from..start];
    let is_escaped = from > 0 && source.as_bytes()[from - 1] == b'\\';
    let is_made = stem.iter().any(|byte| b"*%{".contains(byte));
    let has_name = stem.iter().any(|byte| !byte.is_ascii_punctuation() || b"._".contains(byte));
    let name = source.get(from..end);
    is_escaped
        || is_made
        || !has_name
        || name.is_none_or(|name| !paths.sources_called(name).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{FileId, PackageId};

    fn wanted(path: &str, form: Form) -> Wanted {
        let files = vec![FileId(0)];
        Wanted { package: PackageId(0), path: path.to_owned(), form, files }
    }

    fn matters(source: &str) -> bool {
        let things = [
            wanted("alpha/tests", Form::Folder),
            wanted("alpha/test_one.py", Form::Folder),
            wanted("alpha/fast.pyx", Form::Source),
        ];
        let paths = Paths::of(&things);
        Narrow::of(&things, &paths).unwrap().matters(&paths, source)
    }

    #[test]
    fn a_word_counts_where_it_stands_by_itself() {
        for source in [
            "import alpha.tests",
            "from . import tests",
            "x = 'alpha/tests/data'",
            "x = '\\ntests.data'",
            "import alpha.test_two",
            "x = '\\x74ests'",
            "x = 'te\\163ts'",
            "“tests”",
            "open('fast.pyx')",
            "open('a/fast.pyx')",
            "glob('*.pyx')",
            "name + '.pyx'",
            "f'{name}.pyx'",
            "'%s.pyx' % name",
            "'see \\tfast.pyx'",
        ] {
            assert!(matters(source), "{source}");
        }
        for source in [
            "import alpha.contests",
            "from .tests_of import run",
            "latest_one = 1",
            "self.pyxis = '\\n'",
            "open('slow.pyx')",
            "open('fast.pyxx')",
        ] {
            assert!(!matters(source), "{source}");
        }
    }

    #[test]
    fn where_any_module_could_go_every_source_matters() {
        let things = [wanted("alpha/tests", Form::Folder), wanted("alpha/a.py", Form::Module)];
        assert!(Narrow::of(&things, &Paths::of(&things)).is_none());
    }
}
