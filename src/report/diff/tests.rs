//! Reports held against each other, made by hand.

use serde_json::{Value, json};

use super::past::Past;
use super::{Changes, What};
use crate::options::Growth;

fn report(rows: Value, functions: Value) -> Past {
    let value = json!({
        "schema_version": 1, "tool": {"name": "slim", "version": "0.1.0"},
        "target": {"python": "3.12", "arch": "x86_64"}, "level": "standard",
        "after": {"files": 3, "bytes": 30, "zipped_bytes": 20},
        "zips": [], "functions": functions, "distributions": rows, "rules": [],
    });
    Past::parse(value.to_string().as_bytes()).unwrap()
}

fn row(name: &str, package: &str, place: &str, zipped: u64) -> Value {
    let sizes = json!({"files": 1, "bytes": 2 * zipped, "zipped_bytes": zipped});
    json!({
        "name": name, "version": "1", "package": package, "place": place,
        "before": {"files": 1, "bytes": 2 * zipped}, "after": sizes, "saved": {},
    })
}

fn functions(all: &[(&str, u64)]) -> Value {
    let one = |(name, bytes): &(&str, u64)| json!({"name": name, "zipped_bytes": bytes});
    all.iter().map(one).collect()
}

#[test]
fn one_function_on_each_side_is_matched_whatever_its_name() {
    let a = report(json!([row("x", "pkg", "layer", 10)]), functions(&[("pkg", 100)]));
    let b = report(json!([row("X", "pkg-2", "function", 15)]), functions(&[("pkg-2", 103)]));
    let changes = Changes::since(a, b);
    assert_eq!(changes.distributions.len(), 1, "x is X, and in the layer or not the same");
    let grown = &changes.distributions[0];
    assert_eq!((grown.what, grown.growth(), grown.package.as_deref()), (What::Grew, 5, None));
    assert_eq!(grown.why.last().unwrap(), "from layer to function");
    assert_eq!(changes.exceeded(Growth::Percent(3.0)), Vec::<String>::new());
    assert_eq!(changes.exceeded(Growth::Percent(2.9)).len(), 1);
}

#[test]
fn a_layer_that_several_share_is_counted_once_and_blamed_for_each() {
    let rows = |zipped| {
        json!([
            row("x", "a", "layer", zipped),
            row("x", "b", "shared", 0),
            row("y", "a", "function", 2 * zipped)
        ])
    };
    let (a, b) = (functions(&[("a", 10), ("b", 10)]), functions(&[("a", 50), ("b", 30), ("c", 9)]));
    let changes = Changes::since(report(rows(10), a), report(rows(30), b));
    let named = |function| -> Vec<String> {
        changes.to_blame(function).iter().map(|change| change.named()).collect()
    };
    assert_eq!(named(Some("a")), ["a: y 1", "layer: x 1"]);
    assert_eq!(named(Some("b")), ["layer: x 1"]);
    assert_eq!(named(None).len(), 2);
    assert_eq!(changes.exceeded(Growth::Bytes(20)).len(), 1, "b grew by 20, and c is new");
}

#[test]
fn reports_that_cannot_be_read_say_why() {
    let wrong = |text: &str| Past::parse(text.as_bytes()).unwrap_err();
    assert!(wrong("nonsense").starts_with("it is no report of slim: "));
    assert!(wrong("3").starts_with("it is no report of slim: "));
    assert!(wrong(r#"{"tool": {"name": "other"}}"#).starts_with("it is no report of slim: "));
    let later = wrong(r#"{"tool": {"name": "slim"}, "schema_version": 2}"#);
    assert_eq!(later, "its schema_version is 2, and this slim reads 1");
    let none = wrong(r#"{"tool": {"name": "slim"}}"#);
    assert_eq!(none, "its schema_version is null, and this slim reads 1");
    let short = wrong(r#"{"tool": {"name": "slim"}, "schema_version": 1}"#);
    assert!(short.starts_with("it is no report of slim: "), "{short}");
}
