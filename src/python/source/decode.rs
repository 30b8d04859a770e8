//! Source bytes to text, by the rules of PEP 263.

use std::borrow::Cow;

use super::super::text::{BOM, latin1};
use super::Unparsed;

/// The source as text; borrowed where it is UTF-8.
pub(in crate::python) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Unparsed> {
    let (source, has_bom) = match bytes.strip_prefix(BOM) {
        Some(source) => (source, true),
        None => (bytes, false),
    };
    let encoding = match declaration(source) {
        None => Encoding::Utf8,
        Some(name) => Encoding::named(name)
            .filter(|encoding| !has_bom || matches!(encoding, Encoding::Utf8))
            .ok_or_else(|| Unparsed::UnknownEncoding(latin1(name)))?,
    };
    encoding.decode(source)
}

enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Cp1252,
}

impl Encoding {
    /// The encoding of a name, with the aliases of Python's `encodings.aliases` in use.
    fn named(name: &[u8]) -> Option<Self> {
        let name: String = latin1(name).to_ascii_lowercase().replace('_', "-");
        Some(match name.as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "utf-8-unix" | "utf-8-dos"
            | "utf-8-mac" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1"
            | "iso-8859-1-unix" | "latin-1-unix" | "8859" | "cp819" => Self::Latin1,
            "cp1252" | "windows-1252" | "1252" => Self::Cp1252,
            _ => return None,
        })
    }

    fn decode(self, source: &[u8]) -> Result<Cow<'_, str>, Unparsed> {
        let utf8 =
            |refused| std::str::from_utf8(source).map_err(|_| Unparsed::NotInEncoding(refused));
        Ok(match self {
            Self::Utf8 => Cow::Borrowed(utf8("UTF-8")?),
            Self::Ascii if source.is_ascii() => Cow::Borrowed(utf8("ASCII")?),
            Self::Ascii => return Err(Unparsed::NotInEncoding("ASCII")),
            Self::Latin1 => Cow::Owned(latin1(source)),
            Self::Cp1252 => {
                let text: Option<String> = source.iter().map(|&byte| cp1252(byte)).collect();
                Cow::Owned(text.ok_or(Unparsed::NotInEncoding("CP1252"))?)
            }
        })
    }
}

/// The encoding name that the source declares: in a comment by itself on line 1, or on line 2
/// below a blank line or a comment.
pub(in crate::python) fn declaration(source: &[u8]) -> Option<&[u8]> {
    let mut rest = source;
    for _ in 0..2 {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let is_blank = |&byte: &u8| matches!(byte, b' ' | b'\t' | b'\x0c');
        let start = rest[..end].iter().position(|byte| !is_blank(byte)).unwrap_or(end);
        let line = &rest[start..end];
        if let Some(name) = declared(line) {
            return Some(name);
        }
        if !line.is_empty() && !line.starts_with(b"#") {
            return None;
        }
        let behind = &rest[end..];
        rest = behind.strip_prefix(b"\r\n").or_else(|| behind.get(1..)).unwrap_or_default();
    }
    None
}

/// PEP 263: `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`.
fn declared(line: &[u8]) -> Option<&[u8]> {
    let comment = line.strip_prefix(b"#")?;
    memchr::memmem::find_iter(comment, b"coding").find_map(|at| {
        let behind = &comment[at + b"coding".len()..];
        let [b':' | b'=', value @ ..] = behind else { return None };
        let start = value.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        let value = &value[start..];
        let is_name =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let end = value.iter().position(|byte| !is_name(byte)).unwrap_or(value.len());
        (end > 0).then(|| &value[..end])
    })
}

/// Windows code page 1252; `None` for the five bytes it leaves undefined.
fn cp1252(byte: u8) -> Option<char> {
    /// The characters of 0x80 to 0x9f; the rest is Latin-1.
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => Some(HIGH[usize::from(byte - 0x80)]).filter(|&c| c != '\0'),
        _ => Some(char::from(byte)),
    }
}
