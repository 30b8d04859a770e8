//! Reports for programs.

use serde::Serialize;

/// Any of it on one line.
pub fn line(part: &impl Serialize) -> String {
    serde_json::to_string(part)
        .expect("reports hold only numbers, strings and maps with string keys")
}

/// Any report as indented JSON with a line end.
pub fn render(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report)
        .expect("reports hold only numbers, strings and maps with string keys");
    text.push('\n');
    text
}
