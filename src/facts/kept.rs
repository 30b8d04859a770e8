//! What was worked out of single files, kept for the next build.
//!
//! Of each file its content's hash stands beside what came of it, and all of one package in one entry:
//! thousands of small files would cost more than they save. An entry is of one *context*: everything
//! but the contents of single files that the results come of, the paths of the package first.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Facts;
use super::owners::Owner;
use crate::cache::{Cache, Key, Kind};
use crate::tree::{Contents, FileId, Kind as FileKind, Layout, Tree};

/// The cache, with the context of everything that is kept of a tree.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    cache: Cache,
    context: Vec<u8>,
}

impl Kept {
    /// With the packages and paths of the tree as the context.
    pub fn of(cache: &Cache, tree: &Tree) -> Self {
        let mut context = Context::default();
        if cache.is_on() {
            for (_, package) in tree.packages() {
                match &package.layout {
                    Layout::Flat => context.number(0),
                    Layout::Layer(prefix) => context.text(prefix),
                }
            }
            for (_, file) in tree.files() {
                context.number(u32::from(file.package.0) << 2 | u32::from(file.executable) << 1);
                context.number(u32::from(file.kind == FileKind::EmptyFolder));
                context.text(file.path.as_str());
            }
        }
        Self { cache: cache.clone(), context: context.hash() }
    }

    /// The same with what is true of the files beside their contents.
    #[must_use]
    pub fn with(&self, tree: &Tree, facts: &Facts) -> Self {
        let mut context = Context::default();
        if self.cache.is_on() {
            for (_, distribution) in facts.owners.distributions() {
                context.text(&distribution.name);
                context.text(&distribution.version);
                context.text(&distribution.info);
            }
            for id in tree.ids() {
                context.number(match facts.owners.owner(id) {
                    Owner::User => 0,
                    Owner::Guest(of) => of.0 << 1 | 1,
                    Owner::Distribution(of) => (of.0 + 1) << 1,
                });
            }
            for (from, to) in &facts.links.edges {
                context.files(&[*from, *to]);
            }
            for names in facts.twins.groups() {
                context.files(names);
            }
            context.text(&facts.target.to_string());
            // Facts that ship with slim change with its sources; those of slim.toml with every build.
            context.text(&format!("{:?}", facts.known));
        }
        let context = [self.context.as_slice(), &context.hash()].concat();
        Self { context, ..self.clone() }
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.cache.is_on()
    }

    /// What `work` gives, which must come of the contents of these files, the context and `more` alone.
    pub fn of_all<T: Serialize + DeserializeOwned>(
        &self,
        kind: Kind,
        contents: &dyn Contents,
        files: &[FileId],
        more: &[u8],
        work: impl FnOnce() -> T,
    ) -> T {
        let hash = |file: &FileId| contents.hash(*file).ok().map(<[u8; 32]>::from);
        let hashes = || files.par_iter().map(hash).collect::<Option<Vec<[u8; 32]>>>();
        let Some(hashes) = self.is_on().then(hashes).flatten() else { return work() };
        let key = Key::of(&[&self.context, more, hashes.as_flattened()]);
        let known = self.cache.get(kind, &key);
        known.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_else(|| {
            let result = work();
            if let Ok(bytes) = postcard::to_stdvec(&result) {
                self.cache.put(kind, &key, &bytes);
            }
            result
        })
    }

    /// What is kept of one kind; `more` is the rest of its context.
    pub fn memo(&self, kind: Kind, tree: &Tree, more: &[u8]) -> Memo {
        let key = Key::of(&[&self.context, more]);
        let mut known: Vec<Option<Row>> = Vec::new();
        if self.cache.is_on() {
            known.resize_with(tree.len(), || None);
            let bytes = self.cache.get(kind, &key).unwrap_or_default();
            for row in postcard::from_bytes::<Vec<Row>>(&bytes).unwrap_or_default() {
                if let Some(place) = known.get_mut(row.file as usize) {
                    *place = Some(row);
                }
            }
        }
        let fresh = Mutex::default();
        Memo { cache: self.cache.clone(), kind, key, known, fresh }
    }
}

/// What came of one file.
#[derive(Serialize, Deserialize)]
struct Row {
    file: u32,
    /// Of its content.
    hash: [u8; 32],
    result: Vec<u8>,
}

/// The results of one kind; what is new among them is kept when it goes.
pub struct Memo {
    cache: Cache,
    kind: Kind,
    key: Key,
    known: Vec<Option<Row>>,
    fresh: Mutex<Vec<Row>>,
}

impl Memo {
    /// What `work` gives for a file: it must come of this file's content and the context alone, and of the
    /// content of one more file where there is one.
    ///
    /// # Errors
    /// Those of `work`, and when a file cannot be read.
    pub fn of<T: Serialize + DeserializeOwned>(
        &self,
        contents: &dyn Contents,
        file: FileId,
        also: Option<FileId>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if !self.cache.is_on() {
            return work();
        }
        let mut hash = *contents.hash(file)?.as_bytes();
        if let Some(also) = also {
            let second = contents.hash(also)?;
            hash = *blake3::keyed_hash(&hash, second.as_bytes()).as_bytes();
        }
        let known = self.known.get(file.0 as usize).and_then(Option::as_ref);
        let known = known.filter(|row| row.hash == hash);
        if let Some(result) = known.and_then(|row| postcard::from_bytes(&row.result).ok()) {
            return Ok(result);
        }
        let result = work()?;
        if let Ok(bytes) = postcard::to_stdvec(&result) {
            let row = Row { file: file.0, hash, result: bytes };
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        }
        Ok(result)
    }
}

impl Drop for Memo {
    fn drop(&mut self) {
        let fresh = std::mem::take(self.fresh.get_mut().unwrap_or_else(PoisonError::into_inner));
        if fresh.is_empty() {
            return;
        }
        for row in fresh {
            let place = row.file as usize;
            self.known[place] = Some(row);
        }
        let rows: Vec<&Row> = self.known.iter().flatten().collect();
        if let Ok(bytes) = postcard::to_stdvec(&rows) {
            self.cache.put(self.kind, &self.key, &bytes);
        }
    }
}

/// A hash of everything that results come of but contents.
#[derive(Default)]
pub struct Context(Vec<u8>);

impl Context {
    /// Adds a number.
    pub fn number(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    /// Adds files, as a list of its own.
    pub fn files(&mut self, files: &[FileId]) {
        self.0.extend((files.len() as u64).to_le_bytes());
        files.iter().for_each(|file| self.number(file.0));
    }

    /// The hash.
    pub fn hash(&self) -> Vec<u8> {
        blake3::hash(&self.0).as_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::tree::{File, Package, PackageId, RelPath};

    const KIND: Kind = Kind::new("test");

    struct Files(Mutex<Vec<Vec<u8>>>);

    impl Contents for Files {
        fn read(&self, id: FileId) -> Result<Vec<u8>> {
            Ok(self.0.lock().unwrap()[id.0 as usize].clone())
        }
    }

    fn tree(paths: &[&str]) -> Tree {
        let package = Package {
            name: "p".to_owned(),
            root: "p".into(),
            overlaid: false,
            layout: Layout::Flat,
            links_followed: 0,
        };
        let file = |path: &&str| File {
            package: PackageId(0),
            path: RelPath::new(path).unwrap(),
            size: 1,
            executable: false,
            kind: FileKind::Regular,
        };
        Tree::new(vec![package], paths.iter().map(file).collect())
    }

    #[test]
    fn a_result_is_of_one_content_and_one_context() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path(), 1 << 30);
        let files = Files(Mutex::new(vec![b"a".to_vec(), b"b".to_vec()]));
        let worked = AtomicU32::new(0);
        let one = tree(&["one", "two"]);
        let run = |cache: &Cache, tree: &Tree, more: &str, also| {
            let before = worked.load(Ordering::Relaxed);
            let memo = Kept::of(cache, tree).memo(KIND, tree, more.as_bytes());
            let found = memo.of(&files, FileId(0), also, || {
                worked.fetch_add(1, Ordering::Relaxed);
                Ok(String::from_utf8(files.read(FileId(0))?)?)
            });
            (found.unwrap(), worked.load(Ordering::Relaxed) - before)
        };
        let was = |text: &str, worked| (text.to_owned(), worked);
        assert_eq!(run(&cache, &one, "", None), was("a", 1));
        assert_eq!(run(&cache, &one, "", None), was("a", 0));
        assert_eq!(run(&cache, &one, "more", None), was("a", 1), "another context");
        assert_eq!(run(&cache, &tree(&["one", "three"]), "", None), was("a", 1), "another tree");
        assert_eq!(run(&Cache::default(), &one, "", None), was("a", 1), "no cache");
        files.0.lock().unwrap()[0] = b"x".to_vec();
        assert_eq!(run(&cache, &one, "", None), was("x", 1), "another content");
        assert_eq!(run(&cache, &one, "", None), was("x", 0));
        assert_eq!(run(&cache, &one, "", Some(FileId(1))), was("x", 1));
        assert_eq!(run(&cache, &one, "", Some(FileId(1))), was("x", 0));
        files.0.lock().unwrap()[1] = b"y".to_vec();
        assert_eq!(run(&cache, &one, "", Some(FileId(1))), was("x", 1), "the other file's content");
    }
}
