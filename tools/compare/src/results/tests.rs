use std::fs::File;
use std::time::{Duration, SystemTime};

use super::Results;
use crate::contest::Outcome;
use crate::peers::Peer;

fn peer(name: &str) -> &'static Peer {
    Peer::named(name).expect("is a peer")
}

#[test]
fn what_was_measured_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = Results::new(Some(folder.path()), folder.path(), Some(5));
    results.put("app", peer("zip-9"), &Outcome::Slow(5)).expect("writes");
    assert!(matches!(results.get("app", peer("zip-9")), Some(Outcome::Slow(5))));
    assert!(results.get("other", peer("zip-9")).is_none());
    assert!(results.get("app", peer("recipe")).is_none());
}

#[test]
fn what_could_not_be_measured_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = Results::new(Some(folder.path()), folder.path(), Some(5));
    results.put("app", peer("zip-9"), &Outcome::Skipped("no zip".into())).expect("does nothing");
    assert!(results.get("app", peer("zip-9")).is_none());
}

#[test]
fn what_took_too_long_is_tried_again_with_more_patience() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = |patience| Results::new(Some(folder.path()), folder.path(), patience);
    results(Some(5)).put("app", peer("zip-9"), &Outcome::Slow(5)).expect("writes");
    assert!(results(Some(4)).get("app", peer("zip-9")).is_some());
    assert!(results(Some(6)).get("app", peer("zip-9")).is_none());
    assert!(results(None).get("app", peer("zip-9")).is_none());
}

#[test]
fn a_new_slim_is_measured_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let slim = folder.path().join("slim-binary");
    let built = File::create(&slim).expect("creates");
    let results = Results::new(Some(folder.path()), &slim, Some(5));
    for name in ["slim", "slim-proven", "zip-9"] {
        results.put("app", peer(name), &Outcome::Slow(5)).expect("writes");
        assert!(results.get("app", peer(name)).is_some(), "{name}");
    }
    built.set_modified(SystemTime::now() + Duration::from_secs(60)).expect("sets");
    assert!(results.get("app", peer("slim")).is_none());
    assert!(results.get("app", peer("slim-proven")).is_none());
    assert!(results.get("app", peer("zip-9")).is_some());
}
