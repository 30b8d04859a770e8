#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Cache, Key, Kind, MOST_BYTES, NotACache};

const TEXT: Kind = Kind::new("text");
const OTHER: Kind = Kind::new("other");

fn cache() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(&folder.path().join("new"), MOST_BYTES);
    (folder, cache)
}

/// All files of the cache below a folder that is no tag.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = all.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    files.filter(|path| !path.ends_with("CACHEDIR.TAG")).collect()
}

#[test]
fn what_is_put_is_got() {
    let (_folder, cache) = cache();
    let key = Key::of(&[b"a", b"b"]);
    assert_eq!(cache.get(TEXT, &key), None);
    cache.put(TEXT, &key, b"one");
    assert_eq!(cache.get(TEXT, &key).as_deref(), Some(&b"one"[..]));
    assert_eq!(cache.get(OTHER, &key), None, "of another kind");
    assert_eq!(cache.get(TEXT, &Key::of(&[b"ab", b""])), None, "inputs are told apart");
    cache.put(TEXT, &key, b"");
    assert_eq!(cache.get(TEXT, &key).as_deref(), Some(&b""[..]), "the newer counts");
    assert_eq!(cache.trouble(), None);
}

#[test]
fn what_is_off_keeps_nothing() {
    let cache = Cache::default();
    cache.put(TEXT, &Key::of(&[]), b"one");
    assert_eq!(cache.get(TEXT, &Key::of(&[])), None);
    assert!(!cache.is_on() && cache.stat().unwrap().is_none());
}

#[test]
fn a_damaged_entry_is_none_and_makes_room_for_a_good_one() {
    let (folder, cache) = cache();
    let key = Key::of(&[b"a"]);
    let change = |change: &dyn Fn(&mut Vec<u8>)| {
        cache.put(TEXT, &key, b"a whole entry");
        let path = entries(folder.path()).pop().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.get(TEXT, &key), None);
        assert!(!path.exists(), "it is removed");
    };
    for at in 0..45 {
        change(&|bytes| bytes[at] ^= 1);
        change(&|bytes| bytes.truncate(at));
    }
    change(&|bytes| bytes.push(0));
    cache.put(TEXT, &key, b"good");
    assert_eq!(cache.get(TEXT, &key).as_deref(), Some(&b"good"[..]));
}

#[test]
fn an_entry_in_the_place_of_another_is_none() {
    let (folder, cache) = cache();
    let (one, two) = (Key::of(&[b"1"]), Key::of(&[b"2"]));
    cache.put(TEXT, &one, b"one");
    let first = entries(folder.path()).pop().unwrap();
    cache.put(TEXT, &two, b"two");
    let second = entries(folder.path()).into_iter().find(|path| *path != first).unwrap();
    fs::copy(&first, &second).unwrap();
    assert_eq!(cache.get(TEXT, &two), None);
    assert_eq!(cache.get(TEXT, &one).as_deref(), Some(&b"one"[..]));
}

#[test]
fn where_nothing_can_be_written_all_goes_on_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    let cache = Cache::at(&folder.path().join("file/cache"), MOST_BYTES);
    cache.put(TEXT, &Key::of(&[]), b"one");
    assert_eq!(cache.get(TEXT, &Key::of(&[])), None);
    assert!(cache.trouble().unwrap().contains("file/cache"), "{:?}", cache.trouble());
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path(), 1 << 20);
    let bytes = vec![7; 40_000];
    let key = |number: u32| Key::of(&[&number.to_le_bytes()]);
    cache.put(TEXT, &key(0), &bytes);
    let first = entries(folder.path()).pop().unwrap();
    let age = |path: &Path, days: u64| {
        let at = SystemTime::now() - Duration::from_secs(days * 86_400);
        fs::File::open(path).unwrap().set_modified(at).unwrap();
    };
    age(&first, 9);
    assert!(cache.get(TEXT, &key(0)).is_some(), "it is used again");
    let used = fs::metadata(&first).unwrap().modified().unwrap();
    assert!(used.elapsed().unwrap() < Duration::from_secs(60), "and that is noted");
    for number in 1..200 {
        cache.put(OTHER, &key(number), &bytes);
        entries(&folder.path().join("v1/other")).iter().for_each(|path| age(path, 1));
    }
    let held = cache.stat().unwrap().unwrap();
    assert!(held.bytes < 3 << 19, "8 MB were put: {held:?}");
    assert!(held.bytes > 1 << 19, "what fits stays: {held:?}");
    assert!(cache.get(TEXT, &key(0)).is_some(), "what was used stays");
}

#[test]
fn what_killed_processes_left_goes_in_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path(), 1);
    cache.put(TEXT, &Key::of(&[]), b"");
    let left = folder.path().join("v1/unfinished/.tmpLeft");
    let fresh = folder.path().join("v1/unfinished/.tmpFresh");
    fs::write(&fresh, b"half").unwrap();
    fs::write(&left, b"half").unwrap();
    let old = SystemTime::now() - Duration::from_secs(7_200);
    fs::File::open(&left).unwrap().set_modified(old).unwrap();
    cache.put(TEXT, &Key::of(&[]), b"");
    assert!(!left.exists() && fresh.exists());
}

#[test]
fn cleaning_leaves_what_is_not_slims_and_follows_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let kept = outside.path().join("aa");
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("abcdef"), b"precious").unwrap();
    let cache = Cache::at(folder.path(), MOST_BYTES);
    assert_eq!(cache.clean().unwrap().unwrap().entries, 0, "an empty folder is a clean cache");
    cache.put(TEXT, &Key::of(&[]), b"one");
    symlink(outside.path(), folder.path().join("v1/linked")).unwrap();
    symlink(&kept, folder.path().join("v1/text/bb")).unwrap();
    fs::write(folder.path().join("v1/text/notes"), b"mine").unwrap();
    fs::write(folder.path().join("README"), b"mine").unwrap();
    let cleaned = cache.clean().unwrap().unwrap();
    assert_eq!((cleaned.entries, cleaned.kinds["text"].bytes), (1, 35));
    assert_eq!(cache.stat().unwrap().unwrap().entries, 0);
    assert!(kept.join("abcdef").exists() && folder.path().join("v1/text/notes").exists());
    assert!(folder.path().join("README").exists());
    cache.put(TEXT, &Key::of(&[]), b"one");
    assert!(cache.get(TEXT, &Key::of(&[])).is_some(), "it works after that");
}

#[test]
fn a_folder_that_is_no_cache_is_not_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path(), MOST_BYTES);
    let looks_alike = folder.path().join("v1/text/aa");
    fs::create_dir_all(&looks_alike).unwrap();
    fs::write(looks_alike.join("abcdef"), b"precious").unwrap();
    assert!(matches!(cache.clean(), Err(NotACache::Foreign(_))));
    assert!(looks_alike.join("abcdef").exists());
}

#[test]
fn a_folder_that_is_not_there_is_an_empty_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(&folder.path().join("none"), 5);
    let stat = cache.clean().unwrap().unwrap();
    assert_eq!((stat.entries, stat.bytes, stat.most_bytes), (0, 0, 5));
}

#[test]
fn others_may_read_entries_as_far_as_the_umask_lets_them() {
    let (folder, cache) = cache();
    cache.put(TEXT, &Key::of(&[]), b"one");
    let made = fs::metadata(folder.path().join("new/v1/CACHEDIR.TAG")).unwrap();
    let entry = fs::metadata(&entries(folder.path())[0]).unwrap();
    assert_eq!(entry.permissions().mode(), made.permissions().mode());
}
