//! The tables of the page, for readers without scripts and for paper too.

use super::super::numbers::{count, mb, percent};
use super::super::{Distribution, Report};
use super::escaped;
use crate::rules::table;

/// The zips, the distributions, the rules.
pub(super) fn all(out: &mut String, report: &Report) {
    let zips = report.zips.iter().map(|zip| {
        vec![
            zip.file.clone(),
            mb(zip.bytes),
            mb(zip.unzipped_bytes),
            count(zip.entries),
            zip.sha256_base64.clone(),
        ]
    });
    let head = ["zip", "zipped", "unzipped", "entries", "CodeSha256"];
    table(out, "zips", "Zips", &head, zips.collect());
    let several = report.functions.len() > 1;
    let mut rows: Vec<&Distribution> = report.distributions.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.before.bytes));
    let rows = rows.iter().map(|row| distribution(row, several));
    let head = ["distribution", "before", "after", "saved", "zipped", "what went"];
    table(out, "distributions", "Distributions", &head, rows.collect());
    let mut rules: Vec<_> = report.rules.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.bytes));
    let rules = rules.iter().map(|rule| {
        let what = table::RULES.iter().find(|known| known.id == rule.id);
        let what = what.map(|known| known.what.to_owned()).unwrap_or_default();
        vec![rule.id.clone(), mb(rule.bytes), count(rule.files), rule.tier.clone(), what]
    });
    table(
        out,
        "rules",
        "Rules",
        &["rule", "saved", "files", "tier", "what it takes"],
        rules.collect(),
    );
}

fn distribution(row: &Distribution, several: bool) -> Vec<String> {
    let package = if several { format!("{}: ", row.package) } else { String::new() };
    let saved: u64 = row.saved.values().sum();
    let mut went: Vec<(&String, &u64)> = row.saved.iter().collect();
    went.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    let went: Vec<String> =
        went.into_iter().map(|(rule, bytes)| format!("{rule} {}", mb(*bytes))).collect();
    vec![
        format!("{package}{} {}", row.name, row.version).trim_end().to_owned(),
        mb(row.before.bytes),
        if row.place == "shared" { "in layer".to_owned() } else { mb(row.after.bytes) },
        percent(saved, row.before.bytes),
        mb(row.after.zipped_bytes),
        went.join(", "),
    ]
}

/// Rows that a table shows before it is unfolded.
const ROWS: usize = 30;

/// The first column names the row; what looks like a number stands on the right.
fn table(out: &mut String, id: &str, title: &str, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let fold = rows.len() > ROWS;
    let (open, close) = match fold {
        true => (format!("<details>\n<summary>{title} ({})</summary>", rows.len()), "</details>\n"),
        false => (format!("<h2>{title}</h2>"), ""),
    };
    out.push_str(&format!(
        "<section id=\"{id}\">\n{open}\n<div class=\"scroll\"><table>\n<thead><tr>"
    ));
    head.iter().for_each(|name| out.push_str(&format!("<th scope=\"col\">{name}</th>")));
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let number =
                cell.starts_with(|letter: char| letter.is_ascii_digit()) && cell.len() < 12;
            match (column, number) {
                (0, _) => out.push_str(&format!("<th scope=\"row\">{}</th>", escaped(cell))),
                (_, true) => out.push_str(&format!("<td class=\"n\">{}</td>", escaped(cell))),
                (_, false) => out.push_str(&format!("<td>{}</td>", escaped(cell))),
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str(&format!("</tbody>\n</table></div>\n{close}</section>\n"));
}
