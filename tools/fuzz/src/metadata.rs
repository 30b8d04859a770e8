//! What distributions say of themselves: METADATA, RECORD, WHEEL, entry points, names, scripts.

use lambda_slim::python::dist::{classify, dist_info_name, entry_points, normalize, top_level};
use lambda_slim::python::metadata::{Metadata, parse, reduce};
use lambda_slim::python::record;
use lambda_slim::python::scripts::portable_shebang;
use lambda_slim::python::tags::{ModuleFile, cache_tag_version, wheel_tags};

/// Whatever the bytes, nothing panics; what is cut down says the same, and what is written reads the same.
pub fn holds(bytes: &[u8]) {
    reduced(bytes);
    recorded(bytes);
    for point in entry_points(bytes) {
        assert!(!point.module.is_empty(), "{point:?}");
    }
    let tags = wheel_tags(bytes);
    assert!(tags.len() <= 1_000);
    for tag in tags.iter().filter(|tag| tag.is_pure()) {
        assert_eq!(tag.tag().arch, None);
    }
    if let Some(portable) = portable_shebang(bytes) {
        assert_eq!(portable_shebang(&portable), None, "a second pass changes it");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        names(text);
        text.lines().for_each(names);
    }
}

fn reduced(bytes: &[u8]) {
    let once = reduce(bytes);
    assert!(once.len() <= bytes.len(), "larger");
    assert_eq!(reduce(&once), once, "a second pass changes it");
    // Of a licence of many lines the first stays, which may be empty.
    let asked = |bytes: &[u8]| Metadata { license: None, ..parse(bytes) };
    assert_eq!(asked(bytes), asked(&once));
}

fn recorded(bytes: &[u8]) {
    let rows = record::parse(bytes);
    let mut paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    top_level(paths.iter().copied());
    paths.sort_unstable();
    paths.dedup();
    // At the beginning of a file it is no text.
    if paths.first().is_some_and(|path| path.starts_with('\u{feff}')) {
        return;
    }
    let written = record::write(paths.iter().copied());
    let again = record::parse(&written);
    assert_eq!(paths, again.iter().map(|row| row.path.as_str()).collect::<Vec<_>>());
}

fn names(name: &str) {
    let normal = normalize(name);
    assert_eq!(normalize(&normal), normal);
    let _ = classify(name);
    let _ = cache_tag_version(name);
    if let Some((name, _)) = dist_info_name(name) {
        assert!(!name.is_empty());
    }
    if let Some(module) = ModuleFile::parse(name) {
        assert!(!module.stem.is_empty() && name.starts_with(module.stem));
    }
}
