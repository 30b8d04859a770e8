//! RECORD: the list of the files a distribution has installed, read and written.
//!
//! Follows the binary distribution format and "Recording installed projects" (PyPA, PEP 376,
//! PEP 427): CSV as Python's `csv.reader` reads it in its default dialect.

use super::text;

/// One file of a RECORD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The path as written: relative to the folder that holds dist-info, `/` between its parts;
    /// absolute paths and `..` occur.
    pub path: String,
    /// The SHA-256 of the content, where the row gives one (`sha256=`, URL-safe base64).
    pub sha256: Option<[u8; 32]>,
    /// The size of the content in bytes, where the row gives one.
    pub size: Option<u64>,
}

/// Reads a RECORD; rows in their order, duplicates included.
///
/// Never fails: blank lines, rows without a path and rows of more than three fields are skipped;
/// a hash of another algorithm or a size that is no number is `None`. Bytes that are no UTF-8 are
/// read as Latin-1, field by field.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<Row> {
    let bytes = bytes.strip_prefix(text::BOM).unwrap_or(bytes);
    Csv { rest: bytes }.filter_map(|fields| row(&fields)).collect()
}

/// Writes a RECORD that names `paths`, sorted, each once, without hashes and sizes.
///
/// The caller includes RECORD itself. Fields are quoted as Python's `csv.writer` does it
/// (`QUOTE_MINIMAL`), lines end in LF.
#[must_use]
pub fn write<'a>(paths: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut paths: Vec<&str> = paths.into_iter().collect();
    paths.sort_unstable();
    paths.dedup();
    let mut record = String::new();
    for path in paths {
        push_field(&mut record, path);
        record.push_str(",,\n");
    }
    record.into_bytes()
}

fn push_field(record: &mut String, field: &str) {
    if !field.contains([',', '"', '\r', '\n']) {
        record.push_str(field);
        return;
    }
    record.push('"');
    record.push_str(&field.replace('"', "\"\""));
    record.push('"');
}

fn row(fields: &[Vec<u8>]) -> Option<Row> {
    let (path, hash, size) = match fields {
        [path] => (path, None, None),
        [path, hash] => (path, Some(hash), None),
        [path, hash, size] => (path, Some(hash), Some(size)),
        _ => return None,
    };
    if path.is_empty() {
        return None;
    }
    Some(Row {
        path: field_text(path),
        sha256: hash.and_then(|hash| sha256(hash)),
        size: size.and_then(|size| std::str::from_utf8(size).ok()?.trim().parse().ok()),
    })
}

fn field_text(field: &[u8]) -> String {
    std::str::from_utf8(field).map_or_else(|_| text::latin1(field), str::to_owned)
}

/// The digest in `sha256=<URL-safe base64 without padding>`; padding and the standard alphabet
/// are taken too.
fn sha256(field: &[u8]) -> Option<[u8; 32]> {
    let equals = field.iter().position(|&byte| byte == b'=')?;
    if !field[..equals].eq_ignore_ascii_case(b"sha256") {
        return None;
    }
    let digits = field[equals + 1..].trim_ascii_end();
    let digits = &digits[..digits.iter().position(|&byte| byte == b'=').unwrap_or(digits.len())];
    if digits.len() != 43 {
        return None;
    }
    let mut digest = [0; 32];
    let mut bits = 0_u32;
    let mut count = 0;
    let mut filled = digest.iter_mut();
    for &digit in digits {
        bits = (bits << 6) | u32::from(sextet(digit)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            *filled.next()? = (bits >> count).to_le_bytes()[0];
        }
    }
    Some(digest)
}

fn sextet(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    })
}

/// Python's `csv.reader` in its default dialect (not strict) over a file opened with
/// `newline=''`; blank lines are passed over.
struct Csv<'a> {
    rest: &'a [u8],
}

impl Iterator for Csv<'_> {
    type Item = Vec<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let mut fields = vec![self.field()];
        while let [b',', rest @ ..] = self.rest {
            self.rest = rest;
            fields.push(self.field());
        }
        Some(fields)
    }
}

impl Csv<'_> {
    /// Takes one field, up to the comma or line end behind it.
    fn field(&mut self) -> Vec<u8> {
        let mut field = Vec::new();
        if let [b'"', rest @ ..] = self.rest {
            self.rest = rest;
            self.quoted(&mut field);
        }
        let end = memchr::memchr3(b',', b'\r', b'\n', self.rest).unwrap_or(self.rest.len());
        let (bare, rest) = self.rest.split_at(end);
        field.extend_from_slice(bare);
        self.rest = rest;
        field
    }

    /// Takes what stands up to the closing quote, and the quote; to the end of input without one.
    fn quoted(&mut self, field: &mut Vec<u8>) {
        loop {
            let end = memchr::memchr(b'"', self.rest).unwrap_or(self.rest.len());
            field.extend_from_slice(&self.rest[..end]);
            match &self.rest[end..] {
                [b'"', b'"', rest @ ..] => {
                    field.push(b'"');
                    self.rest = rest;
                }
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return;
                }
                rest => {
                    self.rest = rest;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
