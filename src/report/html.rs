//! The report as a page to look at.

use super::Report;

/// The page: one file that needs nothing else.
pub fn render(report: &Report) -> String {
    format!("<!doctype html><title>slim {}</title>", report.tool.version)
}
