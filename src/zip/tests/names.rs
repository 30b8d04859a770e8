//! The rules on names, and where links lead.

use proptest::prelude::*;

use super::super::names::{NameProblem, check, read, resolve_link, shown, tree_order};

#[test]
fn names_are_made_plain() {
    for (raw, path, folder) in [
        ("a", "a", false),
        ("a/b.py", "a/b.py", false),
        ("a/", "a", true),
        ("./a//b/", "a/b", true),
        ("a/.", "a", true),
        ("./", "", true),
        (".", "", true),
        ("..a/b../...", "..a/b../...", false),
        ("a:b*?", "a:b*?", false),
    ] {
        let plain = read(raw.as_bytes(), false).unwrap();
        assert_eq!((plain.path.as_str(), plain.folder), (path, folder), "{raw}");
    }
    assert_eq!(read("é".as_bytes(), true).unwrap().path, "é");
}

#[test]
fn bad_names_are_refused_by_reader_and_writer() {
    for (name, problem) in [
        ("", NameProblem::Empty),
        ("/a", NameProblem::Absolute),
        ("/", NameProblem::Absolute),
        ("..", NameProblem::Parent),
        ("a/../b", NameProblem::Parent),
        ("a/..", NameProblem::Parent),
        ("a\0", NameProblem::Nul),
    ] {
        assert_eq!(read(name.as_bytes(), true), Err(problem), "{name:?}");
        assert_eq!(check(name), Err(problem), "{name:?}");
    }
}

#[test]
fn the_reader_wants_text_and_no_backslash() {
    assert_eq!(read(b"a\\b", true), Err(NameProblem::Backslash));
    assert_eq!(read("é".as_bytes(), false), Err(NameProblem::Encoding));
    assert_eq!(read(b"\xff", true), Err(NameProblem::Encoding));
    assert!(NameProblem::Backslash.to_string().contains("old Windows tools"));
}

#[test]
fn the_writer_wants_plain_names() {
    assert_eq!(check("a\\b"), Ok(()));
    for name in ["a/", "a//b", "./a", "a/./b", "."] {
        assert_eq!(check(name), Err(NameProblem::Component), "{name}");
    }
    assert_eq!(check(&"a".repeat(65_535)), Ok(()));
    assert_eq!(check(&"a".repeat(65_536)), Err(NameProblem::TooLong));
}

#[test]
fn links_are_followed_by_their_text() {
    for (link, target, path) in [
        ("a", "b", Some("b")),
        ("a", ".", Some("")),
        ("lib/a.so", "a.so.1", Some("lib/a.so.1")),
        ("lib/a.so", "../b/./a.so.1", Some("b/a.so.1")),
        ("lib/a.so", "../lib/../x/", Some("x")),
        ("lib/a", "..", Some("")),
        ("lib/a", "../..", None),
        ("lib/a", "../../lib/b", None),
        ("a", "..", None),
        ("a", "b/../../a", None),
        ("a", "/etc/passwd", None),
        ("a", "", None),
        ("a", "b\0", None),
    ] {
        assert_eq!(resolve_link(link, target).as_deref(), path, "{link} -> {target}");
    }
}

#[test]
fn shown_names_cannot_act_on_a_terminal() {
    assert_eq!(shown(b"a\x1b[2J\nb\xff"), "a\\u{1b}[2J\\nb\u{fffd}");
    assert_eq!(shown("é".as_bytes()), "é");
    assert_eq!(shown(&[b'a'; 300]).chars().count(), 201);
}

proptest! {
    /// In tree order, what lies in `a` comes right after `a`.
    #[test]
    fn tree_order_keeps_folders_together(mut paths in prop::collection::vec("[ab!/\u{1}]{1,5}", 3..12)) {
        paths.sort_by(|a, b| tree_order(a, b));
        paths.dedup();
        for (place, folder) in paths.iter().enumerate() {
            let inside = |path: &String| path.starts_with(&format!("{folder}/"));
            let last = paths.iter().rposition(inside).unwrap_or(place);
            prop_assert!(paths[place + 1..=last].iter().all(inside), "{:?}", paths);
        }
    }
}
