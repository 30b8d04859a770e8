//! Whether what is in place is what was made anew: then it is left untouched.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;
use walkdir::WalkDir;

/// A part of a tree: its path, its mode, its date where that is one of ours, and the bytes of a file.
type Part = (PathBuf, u32, Option<SystemTime>, Option<u64>);

/// Bytes of a file that are compared at once.
const CHUNK: usize = 1 << 18;

/// Whether two trees, or two files, hold the same bytes with the same modes; in a tree dates count too.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let list = |root: &Path| -> Option<Vec<Part>> {
        let is_tree = root.is_dir();
        let walk = WalkDir::new(root).sort_by_file_name().into_iter();
        walk.map(|entry| {
            let entry = entry.ok()?;
            let found = entry.metadata().ok().filter(|found| found.is_dir() || found.is_file())?;
            let path = entry.path().strip_prefix(root).ok()?.to_owned();
            let date = if is_tree { Some(found.modified().ok()?) } else { None };
            let size = found.is_file().then_some(found.len());
            Some((path, found.permissions().mode(), date, size))
        })
        .collect()
    };
    let (Some(ours), Some(theirs)) = (list(one), list(other)) else { return false };
    let at = |root: &Path, path: &Path| match path.as_os_str().is_empty() {
        true => root.to_owned(),
        false => root.join(path),
    };
    let same = |(path, _, _, size): &Part| {
        size.is_none() || have_same_bytes(&at(one, path), &at(other, path)).unwrap_or(false)
    };
    ours == theirs && ours.par_iter().all(same)
}

fn have_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let [mut one, mut other] =
        [File::open(one)?, File::open(other)?].map(|file| BufReader::with_capacity(CHUNK, file));
    loop {
        let (ours, theirs) = (one.fill_buf()?, other.fill_buf()?);
        let both = ours.len().min(theirs.len());
        if ours[..both] != theirs[..both] || both == 0 {
            return Ok(ours.is_empty() && theirs.is_empty());
        }
        one.consume(both);
        other.consume(both);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_byte_counts_too() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        let mut bytes = vec![7; 2 * CHUNK + 1];
        fs::write(&one, &bytes).unwrap();
        fs::write(&other, &bytes).unwrap();
        assert!(is_same(&one, &other));
        *bytes.last_mut().unwrap() = 8;
        fs::write(&other, &bytes).unwrap();
        assert!(!is_same(&one, &other));
    }

    #[test]
    fn bytes_names_and_modes_make_a_tree() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (tree, text, mode) in
            [("a", "x", 0o644), ("b", "x", 0o644), ("c", "y", 0o644), ("d", "x", 0o755)]
        {
            fs::create_dir_all(at(tree).join("sub")).unwrap();
            let file = at(tree).join("sub/f");
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            for path in [file, at(tree).join("sub"), at(tree)] {
                fs::File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
        }
        assert!(is_same(&at("a"), &at("b")));
        assert!(is_same(&at("a/sub/f"), &at("b/sub/f")));
        for other in ["c", "d", "nothing", "a/sub/f"] {
            assert!(!is_same(&at("a"), &at(other)), "{other}");
        }
        fs::File::open(at("b/sub/f")).unwrap().set_modified(SystemTime::now()).unwrap();
        assert!(is_same(&at("a/sub/f"), &at("b/sub/f")) && !is_same(&at("a"), &at("b")));
        assert!(!is_same(&at("a"), &at("b")) && !is_same(&at("a/sub/f"), &at("c/sub/f")));
        std::os::unix::fs::symlink(at("a/sub/f"), at("link")).unwrap();
        assert!(!is_same(&at("a/sub/f"), &at("link")), "a link is no file of ours");
    }
}
