//! Names and sentences as they must stand in Markdown, so that they read as they are.
//!
//! GitHub Flavored Markdown 0.29: a `|` ends a cell of a table even in a code span, an entity does not; and no
//! entity or escaped character is ever taken for structure. GitHub itself makes links of `@name` and `#1`.

/// Most characters of a name.
const MOST_OF_A_NAME: usize = 120;
/// Most characters of a sentence.
const MOST_OF_A_SENTENCE: usize = 1_000;

/// A name, shown as code.
pub(super) fn code(name: &str) -> String {
    let name = one_line(name, MOST_OF_A_NAME);
    let is_plain = |c: char| !matches!(c, '`' | '|' | '\\' | '<' | '>' | '&');
    match name.as_str() {
        "" => String::new(),
        name if name.chars().all(is_plain) => format!("`{name}`"),
        name => format!("<code>{}</code>", name.chars().map(entity).collect::<String>()),
    }
}

/// A sentence, shown as text.
pub(super) fn text(sentence: &str) -> String {
    let sentence = one_line(sentence, MOST_OF_A_SENTENCE);
    let mut out = String::new();
    let mut rest = sentence.chars().peekable();
    let number = sentence.trim_start_matches(|c: char| c.is_ascii_digit());
    let mut digits = sentence.len() - number.len();
    let item = number.starts_with(['.', ')']);
    while let Some(c) = rest.next() {
        let begins = out.is_empty();
        // Between letters it is never emphasis.
        let joins = out.ends_with(char::is_alphanumeric)
            && rest.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '|' | '<' | '>' | '&' => out.push_str(&entity(c)),
            '_' if joins => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '!' => out.extend(['\\', c]),
            '-' | '+' | '=' if begins => out.extend(['\\', c]),
            '.' | ')' if item && digits == 0 => {
                out.extend(['\\', c]);
                digits = usize::MAX;
            }
            '#' if rest.peek().is_none_or(|next| !next.is_ascii_digit()) => out.push_str("\\#"),
            // Nothing that GitHub would make a link of; a comment is not shown.
            '@' | '#' => out.extend([&c.to_string(), "<!-- -->"]),
            c => out.push(c),
        }
        if c.is_ascii_digit() {
            digits = digits.saturating_sub(1);
        }
    }
    out
}

/// What can stand in the comment that marks a report: no `--`, and nothing that ends it.
pub(super) fn marker(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || " ._,/-".contains(c) { c } else { '_' };
    let mut out = String::new();
    for c in name.chars().map(plain) {
        if !(c == '-' && out.ends_with('-')) {
            out.push(c);
        }
    }
    out.trim_matches([' ', '-']).to_owned()
}

/// A character that can mean nothing.
fn entity(c: char) -> String {
    let means_something = c.is_ascii_punctuation() && !"./,:-()".contains(c);
    if means_something { format!("&#{};", u32::from(c)) } else { c.to_string() }
}

/// Without line ends, control characters and doubled spaces; cut where it is long.
fn one_line(text: &str, most: usize) -> String {
    let seen: String =
        text.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c }).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Characters that show a line otherwise than it is: directions, joiners, the mark of byte order.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cells, shown};
    use super::*;
    use proptest::prelude::*;

    /// Texts made of what means something to Markdown, to HTML and to GitHub.
    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            r"[|<>&`*_\[\]~$!\\#@=+.(){}:\-]{1,4}",
            "[a-z0-9 ]{0,4}",
            Just("</details>".to_owned()),
            Just("<!--".to_owned()),
            Just("-->".to_owned()),
            Just("\r\n\n- ".to_owned()),
            Just("1. ".to_owned()),
            Just("&amp;".to_owned()),
            Just("||\\|".to_owned()),
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_was_said(said in nasty()) {
            let seen = one_line(&said, MOST_OF_A_NAME);
            for made in [text(&seen), code(&seen)] {
                prop_assert_eq!(shown(&format!("- {made}\n")), seen.trim(), "{:?}", made);
                prop_assert_eq!(shown(&format!("{made}\n")), seen.trim(), "{:?}", made);
                let table = format!("| a | b |\n|---|---|\n| {made} | {made} |\n");
                prop_assert_eq!(cells(&table), vec![vec!["a".to_owned(), "b".to_owned()], vec![seen.clone(); 2]]);
            }
        }

        #[test]
        fn a_marker_is_one_comment(said in any::<String>()) {
            let made = marker(&said);
            prop_assert!(!made.contains("--") && !made.contains('>') && !made.contains('\n'), "{}", made);
        }
    }

    #[test]
    fn names_and_sentences() {
        assert_eq!(code("__init__.py"), "`__init__.py`");
        assert_eq!(code("a|b`"), "<code>a&#124;b&#96;</code>");
        assert_eq!(
            text("kept: a_b <c> by @you, see #12"),
            r"kept: a_b &#60;c&#62; by @<!-- -->you, see #<!-- -->12"
        );
        assert_eq!(text("__init__ of _x"), r"\_\_init\_\_ of \_x");
        assert_eq!(text("- x\n2. y"), r"\- x 2. y");
        assert_eq!(text("12. y"), r"12\. y");
        assert_eq!(marker("a-->b--c"), "a-_b-c");
        assert!(text(&"x".repeat(2_000)).ends_with("x…"));
    }
}
