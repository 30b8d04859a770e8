//! Reports of before: read or refused, and compared with themselves and with others.

use std::sync::LazyLock;

use lambda_slim::options::Growth;
use lambda_slim::report::diff::past::Past;
use lambda_slim::report::diff::{Changes, words};

/// A report that others are compared with.
const OTHER: &str = include_str!("report.json");

static OTHERS: LazyLock<Past> =
    LazyLock::new(|| Past::parse(OTHER.as_bytes()).expect("a report of slim's"));

/// Whatever the text, nothing panics, and a report does not differ from itself.
pub fn holds(text: &[u8]) {
    let past = match Past::parse(text) {
        Ok(past) => past,
        Err(why) => return assert!(!why.is_empty()),
    };
    let none = Changes::since(past.clone(), past.clone());
    assert!(none.settings.is_empty() && none.zips.is_empty() && none.rules.is_empty(), "{none:?}");
    told(&none);
    told(&Changes::since(OTHERS.clone(), past.clone()));
    told(&Changes::since(past, OTHERS.clone()));
}

fn told(changes: &Changes) {
    assert!(!words::sum(changes).is_empty());
    words::lines(changes, true);
    words::lines(changes, false);
    serde_json::to_string(changes).expect("JSON");
    for most in [Growth::Percent(5.0), Growth::Bytes(u64::MAX)] {
        changes.exceeded(most);
    }
    changes.to_blame(None);
}
