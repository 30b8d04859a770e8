//! The report for a pull request.

use super::Report;
use super::numbers::mb;

/// The whole report.
pub fn render(report: &Report) -> String {
    format!("slim: {} became {}\n", mb(report.before.bytes), mb(report.after.bytes))
}
