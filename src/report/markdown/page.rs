//! A page that is written from top to bottom and knows how much still fits.

/// Most bytes of a page: a comment on GitHub holds 65,536 characters, and a bot may add some.
const MOST: usize = 60_000;
/// Bytes that are kept for what closes a page.
const CLOSING: usize = 1_000;
/// Most rows of a table or list, and most entries of a folded one.
const MOST_ROWS: usize = 200;

/// On which side the cells of a column stand.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
}

/// A table: its columns, then its rows.
pub(super) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one; what begins with `>` is the head of a column of numbers.
    pub(super) fn new(heads: &[&'static str]) -> Self {
        let column = |head: &&'static str| match head.strip_prefix('>') {
            Some(head) => (head, Side::Right),
            None => (*head, Side::Left),
        };
        Self { columns: heads.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row of finished Markdown.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// How many rows it has.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn head(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let rule = self.columns.iter().map(|(_, side)| match side {
            Side::Left => "---",
            Side::Right => "--:",
        });
        format!("{}|{}|\n", line(&names), rule.collect::<Vec<_>>().join("|"))
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The page as far as it is written.
pub(super) struct Page {
    out: String,
    cut: bool,
}

impl Page {
    /// A page with the comment by which a bot finds it.
    pub(super) fn new(marker: &str) -> Self {
        let name = super::escape::marker(marker);
        let mut end = name.len().min(MOST / 10);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        Self { out: format!("<!-- lambda-slim: {} -->\n\n", &name[..end]), cut: false }
    }

    /// Whether `bytes` more fit; from the first that do not on the page tells that it is cut.
    fn fits(&mut self, bytes: usize) -> bool {
        let fits = self.out.len() + bytes + CLOSING <= MOST;
        self.cut |= !fits;
        fits
    }

    /// A paragraph or a heading.
    pub(super) fn paragraph(&mut self, text: &str) {
        if self.fits(text.len() + 2) {
            self.out.push_str(text);
            self.out.push_str("\n\n");
        }
    }

    /// A list of finished Markdown.
    pub(super) fn list(&mut self, items: &[String]) {
        let told = self.lines(items.iter().map(|item| format!("- {item}\n")));
        if told > 0 {
            self.out.push('\n');
        }
        self.missing(items.len() - told);
    }

    /// A table; one without rows is left out.
    pub(super) fn table(&mut self, table: &Table) {
        let head = table.head();
        let first = table.rows.first().map_or(0, |row| line(row).len());
        if table.is_empty() || !self.fits(head.len() + first) {
            return;
        }
        self.out.push_str(&head);
        let told = self.lines(table.rows.iter().map(|row| line(row)));
        self.out.push('\n');
        self.missing(table.rows.len() - told);
    }

    /// Writes the lines that fit; how many.
    fn lines(&mut self, lines: impl Iterator<Item = String>) -> usize {
        let mut told = 0;
        for line in lines.take(MOST_ROWS) {
            if !self.fits(line.len()) {
                break;
            }
            self.out.push_str(&line);
            told += 1;
        }
        told
    }

    fn missing(&mut self, rows: usize) {
        if rows > 0 {
            self.paragraph(&format!("and {rows} more, which `--format json` lists"));
        }
    }

    /// What is shown on a click; `summary` is text without any markup.
    pub(super) fn details(&mut self, summary: &str, inner: impl FnOnce(&mut Self)) {
        // An empty fold says nothing.
        if !self.fits(summary.len() + 600) {
            return;
        }
        self.out.push_str(&format!("<details>\n<summary>{summary}</summary>\n\n"));
        inner(self);
        self.out.push_str("</details>\n\n");
    }

    /// The whole page.
    pub(super) fn finish(mut self) -> String {
        if self.cut {
            self.out.push_str(
                "**This report is cut here**: a comment on GitHub holds 65,536 characters. `--format json` has \
                 all of it.\n",
            );
        }
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        self.out.push('\n');
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cells, well_formed};
    use super::*;

    #[test]
    fn a_page_that_is_full_is_whole_all_the_same() {
        let mut page = Page::new("full");
        for _ in 0..50 {
            let mut table = Table::new(&["name", ">bytes"]);
            (0..300).for_each(|n| table.row([format!("`name{n}`"), "1".repeat(40)]));
            page.details("many", |page| page.table(&table));
            page.list(&vec!["item".repeat(20); 10]);
            page.paragraph(&"word ".repeat(100));
        }
        let page = page.finish();
        assert!(page.len() <= MOST && page.len() > MOST / 2, "{}", page.len());
        assert!(page.contains("and 100 more, which `--format json` lists"), "{page}");
        assert!(page.trim_end().ends_with("`--format json` has all of it."), "{page}");
        well_formed(&page);
    }

    #[test]
    fn rows_have_as_many_cells_as_the_head() {
        let mut table = Table::new(&["a", ">b", "c"]);
        table.row(["1".to_owned()]);
        let mut page = Page::new("x--><b>");
        page.table(&table);
        let page = page.finish();
        assert_eq!(page.lines().next(), Some("<!-- lambda-slim: x-__b_ -->"));
        assert_eq!(cells(&page)[1], ["1", "", ""]);
        assert!(page.contains("|---|--:|---|"), "{page}");
    }
}
