//! Names as Python reads them: in the form NFKC.
//!
//! "All identifiers are converted into the normal form NFKC while parsing" (language reference, 2.3);
//! strings stay as they are written, and so do keywords: one in another spelling is a name.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::Unparsed;
use super::tokens::{Kind, Tokens};

/// The keywords of Python 3.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// The same source with every name in the form NFKC, on the same lines.
///
/// # Errors
/// [`Unparsed::KeywordName`] where that would make a keyword of a name.
pub(super) fn normalized(text: Cow<'_, str>) -> Result<Cow<'_, str>, Unparsed> {
    if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return Ok(text);
    }
    let mut tokens = Tokens::of(&text);
    let (mut new, mut kept) = (String::new(), 0);
    // What is no token is told by who reads on.
    while let Ok(Some(token)) = tokens.next() {
        let word = &text[token.start..token.end];
        if token.kind != Kind::Name || word.is_ascii() {
            continue;
        }
        let name: String = word.nfkc().collect();
        if KEYWORDS.contains(&name.as_str()) {
            return Err(Unparsed::KeywordName);
        }
        // What becomes anything else was no name: U+037A is a space and an iota.
        if name != word && is_name(&name) {
            new += &text[kept..token.start];
            new += &name;
            kept = token.end;
        }
    }
    if kept == 0 {
        return Ok(text);
    }
    new += &text[kept..];
    Ok(Cow::Owned(new))
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c == '_' || c.is_ascii_alphanumeric() || !c.is_ascii();
    name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit())
}
