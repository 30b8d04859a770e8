//! The report as a page to look at: one file that needs nothing else, with the package as a treemap.
//!
//! What the page says of the whole is written here, so that it is there without scripts and on paper;
//! `html/page.js` draws the map from [`data`], and takes no word or number but from it.

mod data;
mod tables;

use super::Report;
use super::diff::words;
use super::numbers::{mb, percent, size};
use super::proof::sentence;
use crate::target::{DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT};
use crate::verify::Status;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
const MAP: &str = include_str!("html/map.html");

/// The page.
pub fn render(report: &Report) -> String {
    let mut body = String::new();
    header(&mut body, report);
    limits(&mut body, report);
    body.push_str(MAP);
    notices(&mut body, report);
    tables::all(&mut body, report);
    let title = format!("slim: {}, level {}", report.target, report.level);
    // `</script>` in a string would end the script.
    let data = data::render(report).replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(&title)
    )
}

/// A text as it stands in HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn header(out: &mut String, report: &Report) {
    let (before, after) = (report.before.bytes, report.after.bytes);
    let saved = before.saturating_sub(after);
    let config = report.config.as_ref().map_or(String::new(), |file| format!(", {file}"));
    let told = format!("{} {}", report.tool.name, report.tool.version);
    let asked = format!("{}, level {}{config}", report.target, report.level);
    out.push_str(&format!(
        "<header>\n<h1>{} <small>{}</small></h1>\n\
         <p class=\"sum\"><span><b id=\"before\">{}</b> as it was</span> <span><b id=\"after\">{}</b> unzipped \
         <i>({} less)</i></span> <span><b id=\"zipped\">{}</b> zipped</span></p>\n",
        escaped(&told),
        escaped(&asked),
        mb(before),
        mb(after),
        percent(saved, before),
        mb(report.after.zipped_bytes),
    ));
    if let Some(proof) = &report.proof {
        let class = match proof.status {
            Status::Proven => "good",
            Status::Weak | Status::NotRun => "so-so",
            Status::Failed => "bad",
        };
        out.push_str(&format!("<p class=\"{class}\">{}</p>\n", escaped(&sentence(proof))));
    }
    out.push_str("</header>\n");
}

/// Bars that stand in sight; the others are folded.
const BARS: usize = 6;

/// A bar for each function, unzipped against Lambda's limit, and for each zip against a direct upload; what
/// is nearest to its limit comes first.
fn limits(out: &mut String, report: &Report) {
    out.push_str("<section aria-label=\"Limits\" class=\"limits\">\n");
    let functions = report.functions.iter().map(|function| {
        let with = match &function.layers[..] {
            [] => String::new(),
            [layer] => format!(" with {layer}"),
            layers => format!(" with {} layers", layers.len()),
        };
        let name = format!("{}{with}", function.file.as_deref().unwrap_or(&function.name));
        (name, function.layers.join(", "), function.unzipped_bytes, UNZIPPED_LIMIT, "unzipped")
    });
    let zips = report.zips.iter().map(|zip| {
        let what = "zipped for a direct upload";
        (zip.file.clone(), String::new(), zip.bytes, DIRECT_UPLOAD_LIMIT, what)
    });
    let mut bars: Vec<_> = functions.chain(zips).collect();
    if bars.len() > BARS {
        bars.sort_by_key(|(_, _, bytes, limit, _)| std::cmp::Reverse(bytes * 1_000_000 / limit));
    }
    let mut bars = bars
        .into_iter()
        .map(|(name, title, bytes, limit, what)| bar(&name, &title, bytes, limit, what));
    out.extend(bars.by_ref().take(BARS));
    let folded: Vec<String> = bars.collect();
    if !folded.is_empty() {
        out.push_str(&format!("<details><summary>{} more</summary>\n", folded.len()));
        out.extend(folded);
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn bar(name: &str, title: &str, bytes: u64, limit: u64, what: &str) -> String {
    let share = bytes as f64 / limit as f64 * 100.0;
    let over = if bytes > limit { " over" } else { "" };
    format!(
        "<div class=\"limit{over}\"><span title=\"{}\">{}</span><span class=\"bar\"><i style=\"width:{:.1}%\"></i></span>\
         <span>{} of {} {what} ({})</span></div>\n",
        escaped(title),
        escaped(name),
        share.min(100.0),
        size(bytes),
        mb(limit),
        percent(bytes, limit),
    )
}

/// What the user should know, and what differs from the baseline.
fn notices(out: &mut String, report: &Report) {
    let list = |out: &mut String, class: &str, title: &str, lines: &[String]| {
        if lines.is_empty() {
            return;
        }
        out.push_str(&format!("<section class=\"{class}\">\n<h2>{title}</h2>\n<ul>\n"));
        lines.iter().for_each(|line| out.push_str(&format!("<li>{}</li>\n", escaped(line))));
        out.push_str("</ul>\n</section>\n");
    };
    list(out, "bad", "Over the limit", &report.exceeded);
    list(out, "so-so", "Warnings", &report.warnings);
    if let Some(changes) = &report.growth {
        let mut lines = vec![words::sum(changes)];
        lines.extend(words::lines(changes, true));
        list(out, "growth", "Since the baseline", &lines);
    }
}
