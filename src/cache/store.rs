//! A second level behind the folder, that machines share: another folder, or a bucket.
//!
//! The first failure ends its use: a store that is down must not cost time with every entry.

#[cfg(feature = "s3")]
mod bucket;

use std::path::Path;
use std::sync::OnceLock;

use super::folder::Folder;
use super::{Place, Unusable};

/// A store, until it fails.
#[derive(Debug)]
pub(super) struct Store {
    remote: Remote,
    /// As it was typed.
    name: String,
    read_only: bool,
    /// Why it is used no more.
    down: OnceLock<String>,
}

#[derive(Debug)]
enum Remote {
    Folder(Folder),
    #[cfg(feature = "s3")]
    Bucket(Box<bucket::Bucket>),
}

impl Remote {
    /// The folder of this path, or the bucket of this URL.
    fn of(name: &str) -> Result<Self, Unusable> {
        if name.starts_with("s3://") {
            return bucket(name);
        }
        match name.split_once("://") {
            Some(_) => Err(Unusable::Scheme(name.to_owned())),
            // Who else uses it decides what goes.
            None => Ok(Self::Folder(Folder::new(Path::new(name), None))),
        }
    }
}

#[cfg(feature = "s3")]
fn bucket(url: &str) -> Result<Remote, Unusable> {
    let bucket = bucket::Bucket::open(url);
    bucket
        .map(|bucket| Remote::Bucket(Box::new(bucket)))
        .map_err(|why| Unusable::Bucket(url.to_owned(), why))
}

#[cfg(not(feature = "s3"))]
fn bucket(url: &str) -> Result<Remote, Unusable> {
    Err(Unusable::Feature(url.to_owned()))
}

impl Store {
    pub(super) fn open(name: &str, read_only: bool) -> Result<Self, Unusable> {
        let (remote, down) = (Remote::of(name)?, OnceLock::new());
        Ok(Self { remote, name: name.to_owned(), read_only, down })
    }

    /// The bytes of an entry; one that is damaged is none, and is removed.
    pub(super) fn get(&self, place: &Place) -> Option<Vec<u8>> {
        if self.down.get().is_some() {
            return None;
        }
        match &self.remote {
            Remote::Folder(folder) if self.read_only => folder.look(place),
            Remote::Folder(folder) => folder.get(place),
            #[cfg(feature = "s3")]
            Remote::Bucket(bucket) => {
                let name = place.slashed();
                let stored =
                    bucket.get(&name).map_err(|why| self.fail("read from", &why)).ok()??;
                let bytes = place.opened(stored);
                if bytes.is_none() && !self.read_only {
                    bucket.remove(&name);
                }
                bytes
            }
        }
    }

    pub(super) fn put(&self, place: &Place, bytes: &[u8]) {
        if self.read_only || self.down.get().is_some() {
            return;
        }
        match &self.remote {
            Remote::Folder(folder) => {
                if let Err(error) = folder.put(place, bytes) {
                    self.fail("write into", &error.to_string());
                }
            }
            #[cfg(feature = "s3")]
            Remote::Bucket(bucket) => {
                if let Err(why) = bucket.put(&place.slashed(), place.closed(bytes)) {
                    self.fail("write into", &why);
                }
            }
        }
    }

    /// Waits for what is still being written; gives why the store was given up, where it was.
    pub(super) fn trouble(&self) -> Option<&str> {
        #[cfg(feature = "s3")]
        if let Remote::Bucket(bucket) = &self.remote
            && let Err(why) = bucket.finish()
        {
            self.fail("write into", &why);
        }
        self.down.get().map(String::as_str)
    }

    fn fail(&self, what: &str, why: &str) {
        let why = why.replace('\n', " ");
        let told =
            || format!("failed to {what} the cache {}: {why}; it is not used any more", self.name);
        self.down.get_or_init(told);
    }
}
