//! What a reader of GitHub Flavored Markdown makes of a page.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn events(page: &str) -> Vec<Event<'_>> {
    Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect()
}

/// The text that is seen, comments and tags left out and entities resolved.
pub(super) fn shown(page: &str) -> String {
    let mut out = String::new();
    for event in events(page) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}

/// The cells of every row of every table.
pub(super) fn cells(page: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut inside = false;
    for event in events(page) {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => {
                rows.last_mut().unwrap().push(String::new());
                inside = true;
            }
            Event::End(TagEnd::TableCell) => inside = false,
            Event::Text(text) | Event::Code(text) if inside => {
                rows.last_mut().unwrap().last_mut().unwrap().push_str(&text)
            }
            _ => {}
        }
    }
    rows
}

/// Folds open and close in turn, and every line that looks like a row is one of a table, with as many
/// cells as its head (GitHub drops what is too many and fills up what is too few without a word).
#[track_caller]
pub(super) fn well_formed(page: &str) {
    let mut depth = 0;
    for event in events(page) {
        let (Event::Html(html) | Event::InlineHtml(html)) = event else { continue };
        depth += html.matches("<details>").count();
        depth -= html.matches("</details>").count();
        assert!(depth <= 1, "{page}");
    }
    assert_eq!(depth, 0, "{page}");
    let written = page
        .lines()
        .filter(|line| line.starts_with('|') && !line.contains("---|") && !line.contains("--:|"));
    let bars: Vec<usize> = written.map(|line| line.matches('|').count() - 1).collect();
    let read: Vec<usize> = cells(page).iter().map(Vec::len).collect();
    assert_eq!(bars, read, "{page}");
}
