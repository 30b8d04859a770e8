//! What fuzzing found once, and a few files of each kind, held against the oracles.

use std::path::Path;

type Oracle = fn(&[u8]);

/// Every target with its oracle.
const TARGETS: [(&str, Oracle); 14] = [
    ("bytecode", fuzz::bytecode::holds),
    ("config", fuzz::config::holds),
    ("elf", fuzz::elf::holds),
    ("gzip", fuzz::gzip::holds),
    ("inflated", fuzz::inflated::holds),
    ("json", fuzz::json::holds),
    ("kernels", fuzz::kernels::holds),
    ("metadata", fuzz::metadata::holds),
    ("outline", fuzz::outline::holds),
    ("package", fuzz::package::holds),
    ("prose", fuzz::prose::holds),
    ("report", fuzz::report::holds),
    ("zip_read", fuzz::zip_read::holds),
    ("zip_write", fuzz::zip_write::holds),
];

/// The names of what lies in a folder of this package.
fn names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_found_once_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let folders = names("regressions");
    for (target, holds) in TARGETS {
        assert!(folders.iter().any(|folder| folder == target), "no regressions/{target}");
        for name in names(&format!("regressions/{target}")) {
            println!("{target}/{name}");
            let bytes = std::fs::read(root.join(target).join(&name)).unwrap();
            assert!(bytes.len() <= 10_000, "regressions/{target}/{name} is too large");
            holds(&bytes);
        }
    }
    assert_eq!(folders.len(), TARGETS.len(), "a folder is no target's");
}

#[test]
fn every_target_has_its_oracle() {
    let targets = names("fuzz_targets");
    let oracles: Vec<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(targets, oracles);
}
