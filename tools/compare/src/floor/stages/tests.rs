use std::path::Path;
use std::sync::Mutex;

use super::*;

fn text(lines: usize) -> String {
    (0..lines).map(|n| format!("name_{n} = {}\n", n * 7919 % 1000)).collect()
}

#[test]
fn every_stage_sees_its_files_and_costs_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tree, shipped) = (folder.path().join("tree"), folder.path().join("shipped"));
    for path in [tree.join("deep"), shipped.join("0")] {
        fs::create_dir_all(path).expect("a folder");
    }
    fs::write(tree.join("deep/a.py"), text(100_000)).expect("writes");
    fs::write(tree.join("empty.py"), "").expect("writes");
    fs::write(tree.join("latin.py"), b"# \xE9").expect("writes");
    fs::write(tree.join("libx.so.1"), text(1_000_000)).expect("writes");
    fs::write(tree.join("not-shipped.txt"), "x").expect("writes");
    fs::write(shipped.join("0/a.py"), "x = 1").expect("writes");
    fs::write(shipped.join("0/data.txt"), text(200_000)).expect("writes");
    let stages = measure(&tree, &shipped).expect("measures");
    assert_eq!(stages.sources, Amount { files: 3, bytes: text(100_000).len() as u64 + 3 });
    assert_eq!(stages.libraries, Amount { files: 1, bytes: text(1_000_000).len() as u64 });
    assert_eq!(stages.shipped, Amount { files: 2, bytes: text(200_000).len() as u64 + 5 });
    assert!(stages.cpu_s.each().iter().all(|(_, seconds)| *seconds > 0.0), "{stages:?}");
    assert!(stages.cpu_s.deflate > stages.cpu_s.crc, "{stages:?}");
}

#[test]
fn shared_objects_by_name() {
    let all = ["a.so", "b.cpython-312-x86_64-linux-gnu.so", "libc.so.6", "libd.so.1.2.3"];
    assert!(all.iter().all(|name| is_library(Path::new(name))));
    let none = ["a.py", "some-named.parquet", "a.so.txt", "a.sop", "so", "a.son"];
    assert!(!none.iter().any(|name| is_library(Path::new(name))));
}

#[test]
fn batches_are_bounded_and_lose_nothing() {
    let found = |bytes| Found { path: PathBuf::new(), bytes };
    let files: Vec<Found> = [3, 3, 9, 1, 1, 4].map(found).into();
    let sizes: Vec<Vec<u64>> = batches(&files, 5)
        .iter()
        .map(|batch| batch.iter().map(|file| file.bytes).collect())
        .collect();
    assert_eq!(sizes, [vec![3], vec![3], vec![9], vec![1, 1], vec![4]]);
    assert!(batches(&[], 5).is_empty());
}

#[test]
fn every_item_is_worked_on_once_and_a_failure_is_told() {
    let items: Vec<u32> = (0..1000).collect();
    let seen = Mutex::new(Vec::new());
    on_threads(&items, &mut [(), (), ()], |(), item| {
        seen.lock().expect("no panic").push(*item);
        Ok(())
    })
    .expect("works");
    let mut seen = seen.into_inner().expect("no panic");
    seen.sort_unstable();
    assert_eq!(seen, items);
    on_threads(&items, &mut [(), (), ()], |(), item| {
        anyhow::ensure!(*item != 500, "no");
        Ok(())
    })
    .expect_err("fails");
}

#[test]
fn runs_as_strings_finds_them() {
    assert_eq!(runs(b"abc\0abcd\0abcdefgh\x7fabcd"), 3);
    assert_eq!(runs(b""), 0);
}
