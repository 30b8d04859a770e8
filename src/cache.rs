//! Results that need not be worked out twice, in the user's cache folder.
//!
//! Losing an entry, or all, costs time only: what cannot be read or written is as if it were not
//! there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most entries that are kept; the oldest go first.
const MOST: usize = 200;

/// A folder of entries by key; without a folder, nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// The cache in `$XDG_CACHE_HOME/lambda-slim`, or `~/.cache/lambda-slim`.
    pub fn of_user() -> Self {
        let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let home = || variable("HOME").map(|home| home.join(".cache"));
        let folder = variable("XDG_CACHE_HOME").or_else(home).map(|base| base.join("lambda-slim"));
        Self { folder }
    }

    /// The bytes of an entry, unless they are damaged.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(self.path(key)?).ok()?;
        let (hash, bytes) = bytes.split_at_checked(blake3::OUT_LEN)?;
        (blake3::hash(bytes).as_bytes() == hash).then(|| bytes.to_vec())
    }

    /// Keeps the bytes of an entry.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        let (Some(folder), Some(path)) = (&self.folder, self.path(key)) else { return };
        let written = fs::create_dir_all(folder).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(blake3::hash(bytes).as_bytes())?;
            file.write_all(bytes)?;
            file.persist(path).map_err(|error| error.error)
        });
        if written.is_ok() {
            thin_out(folder);
        }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(key))
    }
}

fn thin_out(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut all: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    all.sort_unstable();
    let over = all.len().saturating_sub(MOST);
    for (_, path) in &all[..over] {
        // Another build may have removed it already.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_got_unless_it_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache { folder: Some(folder.path().join("new")) };
        assert_eq!(cache.get("a"), None);
        cache.put("a", b"one");
        assert_eq!(cache.get("a").as_deref(), Some(&b"one"[..]));
        let path = folder.path().join("new/a");
        let mut bytes = fs::read(&path).expect("it is there");
        *bytes.last_mut().expect("it is not empty") ^= 1;
        fs::write(&path, &bytes).expect("it can be written");
        assert_eq!(cache.get("a"), None);
        fs::write(&path, b"short").expect("it can be written");
        assert_eq!(cache.get("a"), None);
        Cache::default().put("a", b"one");
        assert_eq!(Cache::default().get("a"), None);
    }
}
