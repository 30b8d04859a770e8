//! What is looked for, by the words to look for.

use std::collections::{BTreeSet, HashMap};

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Form, Wanted, top};
use crate::facts::owners::ancestors;
use crate::tree::{PackageId, file_name, parent};

/// Words that make a Python file one that reads type stubs.
const STUB_READERS: [&str; 2] = [".pyi", "attach_stub"];

/// A module or package that is looked for.
pub(super) struct Module {
    pub(super) wanted: usize,
    pub(super) package: PackageId,
    /// `pandas.tests`
    pub(super) dotted: String,
    /// `pandas/tests`
    pub(super) slashed: String,
    /// `pandas`
    pub(super) top: String,
}

/// A source or header that is looked for.
pub(super) struct Source {
    pub(super) wanted: usize,
    pub(super) package: PackageId,
    pub(super) path: String,
}

/// All that is looked for.
pub(super) struct Index {
    pub(super) modules: Vec<Module>,
    /// Modules by the last part of their name.
    by_word: HashMap<Vec<u8>, Vec<usize>>,
    by_dotted: HashMap<String, Vec<usize>>,
    /// Sources by file name.
    sources: HashMap<Vec<u8>, Vec<Source>>,
    /// The suffixes that sources have, such as `.pyx`.
    suffixes: BTreeSet<String>,
    /// Stubs.
    pub(super) stubs: Vec<Source>,
    /// Beginnings of the words, and the words of stub readers.
    words: Option<AhoCorasick>,
    /// The suffixes. A searcher of their own: matches do not overlap, and `.c` would swallow the
    /// beginning of `.conftest`.
    endings: Option<AhoCorasick>,
    /// The folders and modules by their slashed names.
    slashed: HashMap<(PackageId, String), usize>,
}

impl Index {
    pub(super) fn of(wanted: &[Wanted]) -> Self {
        let mut index = Self {
            modules: Vec::new(),
            by_word: HashMap::new(),
            by_dotted: HashMap::new(),
            sources: HashMap::new(),
            suffixes: BTreeSet::new(),
            stubs: Vec::new(),
            words: None,
            endings: None,
            slashed: HashMap::new(),
        };
        for (number, wanted) in wanted.iter().enumerate() {
            index.add(number, wanted);
        }
        let beginnings =
            index.by_word.keys().map(|word| first_letters(&String::from_utf8_lossy(word)));
        let mut words: BTreeSet<String> = beginnings.collect();
        if !index.stubs.is_empty() {
            words.extend(STUB_READERS.map(str::to_owned));
        }
        index.words = searcher(&words);
        index.endings = searcher(&index.suffixes);
        index
    }

    fn add(&mut self, wanted: usize, thing: &Wanted) {
        let (package, path) = (thing.package, thing.path.clone());
        match thing.form {
            Form::Module => {
                let slashed = path.strip_suffix(".py").unwrap_or(&path).to_owned();
                let dotted = slashed.replace('/', ".");
                let number = self.modules.len();
                let word = file_name(&slashed).as_bytes().to_vec();
                self.by_word.entry(word).or_default().push(number);
                self.by_dotted.entry(dotted.clone()).or_default().push(number);
                let top = top(&path).to_owned();
                self.slashed.insert((package, slashed.clone()), number);
                self.modules.push(Module { wanted, package, dotted, slashed, top });
            }
            Form::Source => {
                let name = file_name(&path);
                self.suffixes.insert(suffix(name).to_owned());
                let name = name.as_bytes().to_vec();
                self.sources.entry(name).or_default().push(Source { wanted, package, path });
            }
            Form::Stub => self.stubs.push(Source { wanted, package, path }),
        }
    }

    /// Where the bytes hold the beginning of a word, or a word of those who read stubs.
    pub(super) fn words<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        hits(self.words.as_ref(), bytes)
    }

    /// Where the bytes hold the suffix of a source.
    pub(super) fn endings<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        hits(self.endings.as_ref(), bytes)
    }

    /// The folders that are looked for and that this file lies in.
    pub(super) fn around(&self, package: PackageId, path: &str) -> impl Iterator<Item = &Module> {
        let folders = ancestors(path)
            .filter_map(move |folder| self.slashed.get(&(package, folder.to_owned())));
        folders.map(|number| &self.modules[*number])
    }

    /// The modules whose last part is exactly this word.
    pub(super) fn modules_of(&self, word: &[u8]) -> impl Iterator<Item = &Module> {
        self.by_word.get(word).into_iter().flatten().map(|number| &self.modules[*number])
    }

    /// The modules whose last part begins the bytes at `at`, with that part's length.
    pub(super) fn modules_at<'b>(
        &'b self,
        bytes: &'b [u8],
        at: usize,
    ) -> impl Iterator<Item = (&'b Module, usize)> {
        let rest = &bytes[at..];
        let longest = rest.iter().take(128).take_while(|byte| is_word(**byte)).count();
        (1..=longest).flat_map(move |length| {
            self.modules_of(&rest[..length]).map(move |module| (module, length))
        })
    }

    /// The modules that importing this dotted name imports: itself and the packages above.
    pub(super) fn imported<'b>(&'b self, dotted: &'b str) -> impl Iterator<Item = &'b Module> {
        let ends = dotted.match_indices('.').map(|(at, _)| at).chain([dotted.len()]);
        ends.filter_map(|end| self.by_dotted.get(&dotted[..end]))
            .flatten()
            .map(|number| &self.modules[*number])
    }

    /// The sources of this file name.
    pub(super) fn sources_named(&self, name: &[u8]) -> &[Source] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    /// The sources with this suffix below a folder.
    pub(super) fn sources_below<'b>(
        &'b self,
        suffix: &'b str,
        folder: &'b str,
    ) -> impl Iterator<Item = &'b Source> {
        let all = self.sources.values().flatten();
        all.filter(move |source| {
            source.path.ends_with(suffix) && crate::tree::is_below(&source.path, folder)
        })
    }

    /// The suffix of sources that a text ends with, as in `*.pyx`.
    pub(super) fn suffix_at_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        let suffix = suffix(text);
        self.suffixes.contains(suffix).then_some(suffix)
    }
}

/// The suffix of a file name from its last dot on.
fn suffix(name: &str) -> &str {
    name.rfind('.').map_or("", |dot| &name[dot..])
}

fn hits<'b>(
    searcher: Option<&'b AhoCorasick>,
    bytes: &'b [u8],
) -> impl Iterator<Item = usize> + 'b {
    searcher
        .into_iter()
        .flat_map(move |searcher| searcher.find_iter(bytes))
        .map(|found| found.start())
}

fn first_letters(word: &str) -> String {
    word.chars().take(4).collect()
}

fn searcher(anchors: &BTreeSet<String>) -> Option<AhoCorasick> {
    let words: Vec<&String> = anchors.iter().filter(|anchor| !anchor.is_empty()).collect();
    if words.is_empty() {
        return None;
    }
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words);
    Some(built.expect("a few short words are far below the automaton's limits"))
}

/// Whether a byte can stand in a Python name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The folder that relative imports of this file start from.
pub(super) fn package_of(import_path: &str) -> String {
    parent(import_path).replace('/', ".")
}
