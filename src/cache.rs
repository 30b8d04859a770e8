//! Results that need not be worked out twice, by the content that they came of.
//!
//! Losing an entry, or all, costs time only: what cannot be read or written is as if it were not
//! there. An entry is checked whenever it is read, so that nothing needs to be locked or synced.

mod folder;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use folder::Folder;
pub use folder::NotACache;
use store::Store;

/// Most bytes that a cache takes where nothing else is asked for.
pub const MOST_BYTES: u64 = 2 << 30;

/// What entries are about; a folder of the cache has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    shared: bool,
}

impl Kind {
    /// A kind; the name is of lower-case letters and hyphens.
    pub const fn new(name: &'static str) -> Self {
        Self { name, shared: true }
    }

    /// The same for entries that no other machine is asked for: what is worked out sooner than it comes
    /// over a network, or is true of this machine alone.
    #[must_use]
    pub const fn here(self) -> Self {
        Self { shared: false, ..self }
    }
}

/// All that an entry came of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(blake3::Hash);

impl Key {
    /// The key of what is worked out from these inputs, by this very program: one that was built from
    /// other sources has other keys.
    pub fn of(inputs: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let program: [&[u8]; 2] =
            [env!("CARGO_PKG_VERSION").as_bytes(), env!("SLIM_SOURCES").as_bytes()];
        for input in program.iter().chain(inputs) {
            hasher.update(&(input.len() as u64).to_le_bytes()).update(input);
        }
        Self(hasher.finalize())
    }
}

/// Where an entry lies, and what its checksum is made with: an entry in another's place is none.
struct Place {
    kind: Kind,
    name: blake3::Hash,
}

impl Place {
    fn of(kind: Kind, key: &Key) -> Self {
        let name =
            blake3::Hasher::new_keyed(key.0.as_bytes()).update(kind.name.as_bytes()).finalize();
        Self { kind, name }
    }

    /// Its folders and its name.
    fn parts(&self) -> [String; 3] {
        let name = self.name.to_hex();
        let (folder, name) = name.split_at(2);
        [self.kind.name, folder, name].map(str::to_owned)
    }

    /// The checksum of an entry's bytes; it stands behind them.
    fn checksum(&self, bytes: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(self.name.as_bytes(), bytes)
    }

    /// Where it lies in a bucket.
    #[cfg(feature = "s3")]
    fn slashed(&self) -> String {
        format!("{}/{}", folder::FORM, self.parts().join("/"))
    }

    /// An entry as it is stored.
    #[cfg(feature = "s3")]
    fn closed(&self, bytes: &[u8]) -> Vec<u8> {
        [bytes, self.checksum(bytes).as_bytes()].concat()
    }

    /// The bytes of an entry as it is stored; `None` where it is damaged.
    fn opened(&self, mut stored: Vec<u8>) -> Option<Vec<u8>> {
        let length = stored.len().checked_sub(blake3::OUT_LEN)?;
        let (bytes, checksum) = stored.split_at(length);
        if self.checksum(bytes).as_bytes() != checksum {
            return None;
        }
        stored.truncate(length);
        Some(stored)
    }
}

/// A cache; cheap to clone. The default keeps nothing.
#[derive(Clone, Debug, Default)]
pub struct Cache(Option<Arc<Levels>>);

#[derive(Debug)]
struct Levels {
    folder: Folder,
    store: Option<Store>,
    /// What first could not be written, and why.
    trouble: OnceLock<String>,
}

impl Cache {
    /// The cache in a folder, which is made when it is needed; it takes about `most_bytes` at most.
    pub fn at(folder: &Path, most_bytes: u64) -> Self {
        Self::of(folder, most_bytes, None)
    }

    fn of(folder: &Path, most_bytes: u64, store: Option<Store>) -> Self {
        let folder = Folder::new(folder, Some(most_bytes));
        Self(Some(Arc::new(Levels { folder, store, trouble: OnceLock::new() })))
    }

    /// The folder for all caches of this user's slim: `$XDG_CACHE_HOME/lambda-slim`, or
    /// `~/.cache/lambda-slim`. `None` where there is no home.
    pub fn user_folder() -> Option<PathBuf> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let home = || variable("HOME").map(|home| home.join(".cache"));
        variable("XDG_CACHE_HOME").or_else(home).map(|base| base.join("lambda-slim"))
    }

    /// Whether anything is kept: where not, no key needs to be worked out.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The bytes that were put under this key; `None` where there are none, or they are damaged.
    pub fn get(&self, kind: Kind, key: &Key) -> Option<Vec<u8>> {
        let levels = self.0.as_ref()?;
        let place = Place::of(kind, key);
        levels.folder.get(&place).or_else(|| {
            let bytes = levels.store.as_ref().filter(|_| kind.shared)?.get(&place)?;
            levels.keep(&place, &bytes);
            Some(bytes)
        })
    }

    /// Keeps bytes under a key, for as long as there is room.
    pub fn put(&self, kind: Kind, key: &Key, bytes: &[u8]) {
        let Some(levels) = &self.0 else { return };
        let place = Place::of(kind, key);
        levels.keep(&place, bytes);
        if let Some(store) = levels.store.as_ref().filter(|_| kind.shared) {
            store.put(&place, bytes);
        }
    }

    /// Waits until the store has what was put; why it was given up, where it was: a sentence.
    pub fn trouble_of_store(&self) -> Option<&str> {
        self.0.as_ref()?.store.as_ref()?.trouble()
    }

    /// Why nothing could be kept in the folder, where that is so: a sentence.
    pub fn trouble(&self) -> Option<&str> {
        self.0.as_ref()?.trouble.get().map(String::as_str)
    }

    /// What it holds; `None` where it is off.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn stat(&self) -> std::io::Result<Option<Stat>> {
        self.0.as_ref().map(|levels| levels.folder.stat()).transpose()
    }

    /// Removes all entries; gives what there was. Nothing that slim did not write is touched.
    ///
    /// # Errors
    /// [`NotACache`] for a folder that slim wrote nothing into; when something cannot be removed.
    pub fn clean(&self) -> Result<Option<Stat>, NotACache> {
        self.0.as_ref().map(|levels| levels.folder.clean()).transpose()
    }
}

/// Where results are kept, as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether nothing is kept at all.
    pub off: bool,
    /// The folder, where it is not the user's.
    pub folder: Option<PathBuf>,
    /// Most bytes that it takes, where that is not [`MOST_BYTES`].
    pub most_bytes: Option<u64>,
    /// A store behind it that machines share: a folder, or `s3://BUCKET/PREFIX`.
    pub store: Option<String>,
    /// Whether nothing is written into the store.
    pub read_only: bool,
}

impl Settings {
    /// The cache; it is off where there is no folder for it.
    ///
    /// # Errors
    /// When the store cannot be what was named; not when it cannot be reached.
    pub fn open(&self) -> Result<Cache, Unusable> {
        let folder = self.folder.clone().or_else(Cache::user_folder).filter(|_| !self.off);
        let Some(folder) = folder else { return Ok(Cache::default()) };
        let store =
            self.store.as_deref().map(|name| Store::open(name, self.read_only)).transpose()?;
        Ok(Cache::of(&folder, self.most_bytes.unwrap_or(MOST_BYTES), store))
    }
}

impl Levels {
    fn keep(&self, place: &Place, bytes: &[u8]) {
        if let Err(error) = self.folder.put(place, bytes) {
            let folder = self.folder.path().display();
            self.trouble
                .get_or_init(|| format!("failed to write into the cache {folder}: {error}"));
        }
    }
}

/// A cache that cannot be what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It needs a part that this program was built without.
    #[error("{0} needs a slim with the feature s3, and this one was built without")]
    Feature(String),
    /// Neither a folder nor a bucket.
    #[error("{0} is neither a folder nor s3://BUCKET/PREFIX")]
    Scheme(String),
    /// The bucket cannot be what was named, and why.
    #[error("{0}: {1}")]
    Bucket(String, String),
}

impl Unusable {
    /// The next step to take.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Feature(_) => {
                "`cargo install lambda-slim --features s3` makes one; a folder that machines share \
                 does without: --cache DIR"
            }
            Self::Scheme(_) => {
                "name a folder that machines share, or a bucket: --cache s3://BUCKET/PREFIX"
            }
            Self::Bucket(..) => {
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL are heeded"
            }
        }
    }
}

/// What a cache holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stat {
    /// The folder.
    pub folder: PathBuf,
    /// How many entries there are.
    pub entries: u64,
    /// Bytes of all entries.
    pub bytes: u64,
    /// Most bytes that it takes.
    pub most_bytes: u64,
    /// What there is of each kind.
    pub kinds: BTreeMap<String, Held>,
}

/// What a cache holds of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// How many entries there are.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests;
