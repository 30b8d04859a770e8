//! Text as Python sees it: lenient decoding, `str.splitlines`, `str.strip`.

/// The UTF-8 byte order mark.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Decodes `bytes` as UTF-8, and as Latin-1 where they are no UTF-8; a byte order mark goes.
///
/// The packaging specifications ask for UTF-8; distributions older than them hold Latin-1.
pub(super) fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), str::to_owned)
}

/// Decodes `bytes` as ISO 8859-1: every byte is the code point of the same number.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Whether Python's `str.isspace` holds for `c`: Unicode white space and the four separators
/// U+001C to U+001F.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Python's `str.strip()`.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The lines of Python's `str.splitlines()`, without their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = rest.find(is_line_end) else {
            return Some(std::mem::take(&mut rest));
        };
        let line = &rest[..end];
        let behind = &rest[end..];
        let width = match behind.strip_prefix("\r\n") {
            Some(_) => 2,
            None => behind.chars().next().map_or(0, char::len_utf8),
        };
        rest = &behind[width..];
        Some(line)
    })
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\x0b' | '\x0c' | '\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}
