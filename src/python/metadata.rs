//! METADATA: the core metadata of a distribution, read and cut down.
//!
//! Follows the core metadata specification (PyPA, PEP 566, PEP 639): an e-mail header block
//! (RFC 822), read the way Python's `email.parser` reads it, and a body that holds the
//! description.

use serde::{Deserialize, Serialize};

use super::text;

/// The fields of a METADATA (or PKG-INFO) file that slim asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// `Name`, as written (see [`super::dist::normalize`]).
    pub name: Option<String>,
    /// `Version`, as written.
    pub version: Option<String>,
    /// Every `Requires-Dist`, in order, folded lines joined by one blank.
    pub requires_dist: Vec<String>,
    /// Every `License-File` (PEP 639), in order.
    pub license_files: Vec<String>,
    /// `License-Expression` (PEP 639), an SPDX expression.
    pub license_expression: Option<String>,
    /// The first line of `License` that says something; setuptools' placeholder `UNKNOWN` is
    /// `None`.
    pub license: Option<String>,
    /// Every `Classifier` that speaks of a licence, in order.
    pub license_classifiers: Vec<String>,
}

/// Reads METADATA or PKG-INFO.
///
/// Takes LF, CRLF and CR line ends, a byte order mark, and Latin-1 where the file is no UTF-8.
/// Of a field given twice the first counts, as for `email.message.Message.__getitem__`. Never
/// fails: what is not there is `None` or empty.
#[must_use]
pub fn parse(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    for field in header_fields(bytes) {
        let once = |slot: &mut Option<String>| {
            slot.get_or_insert_with(|| field.value());
        };
        match field.lower_name().as_str() {
            "name" => once(&mut metadata.name),
            "version" => once(&mut metadata.version),
            "license-expression" => once(&mut metadata.license_expression),
            "requires-dist" => metadata.requires_dist.push(field.value()),
            "license-file" => metadata.license_files.push(field.value()),
            "classifier" => {
                let value = field.value();
                if value.starts_with("License ::") {
                    metadata.license_classifiers.push(value);
                }
            }
            "license" if metadata.license.is_none() => metadata.license = field.first_line(),
            _ => {}
        }
    }
    metadata
}

/// Cuts METADATA down to what `importlib.metadata` users ask for.
///
/// Every header line stays byte for byte, except the whole `Description` header and the
/// continuation lines of a multi-line `License`, whose first line stays. The body goes, and so
/// do lines that the e-mail parser passes over. Input without both a `Metadata-Version` and a `Name` header is no METADATA and comes back
/// unchanged. The result is never larger; it ends with a newline, unless the input lacked one and
/// nothing else could go.
#[must_use]
pub fn reduce(bytes: &[u8]) -> Vec<u8> {
    let fields = header_fields(bytes);
    let has = |name: &str| fields.iter().any(|field| field.is(name));
    if !has("metadata-version") || !has("name") {
        return bytes.to_vec();
    }
    let mut reduced = Vec::with_capacity(bytes.len());
    if bytes.starts_with(text::BOM) {
        reduced.extend_from_slice(text::BOM);
    }
    for field in &fields {
        reduced.extend_from_slice(field.reduced());
    }
    if !reduced.ends_with(b"\n") && !reduced.ends_with(b"\r") && reduced.len() < bytes.len() {
        reduced.push(b'\n');
    }
    reduced
}

/// One header with its continuation lines, or a run of lines that the e-mail parser skips.
struct Field<'a> {
    /// What stands before the colon; empty for lines that are no header.
    name: &'a [u8],
    /// The whole header: all its lines with their ends.
    lines: &'a [u8],
    /// Where the first line ends, its line end included.
    first_end: usize,
}

impl Field<'_> {
    fn lower_name(&self) -> String {
        text::decode(self.name).to_ascii_lowercase()
    }

    fn is(&self, lower_name: &str) -> bool {
        self.name.eq_ignore_ascii_case(lower_name.as_bytes())
    }

    /// The value without the line ends: folded lines are joined by one blank.
    fn value(&self) -> String {
        let value = text::decode(self.lines.get(self.name.len() + 1..).unwrap_or_default());
        let parts: Vec<&str> =
            value.lines().flat_map(|line| line.split('\r')).map(str::trim).collect();
        parts.join(" ").trim().to_owned()
    }

    /// The first line of the value that is not blank, `UNKNOWN` being none.
    fn first_line(&self) -> Option<String> {
        let value = text::decode(self.lines.get(self.name.len() + 1..).unwrap_or_default());
        let line = value.split(['\r', '\n']).map(str::trim).find(|line| !line.is_empty())?;
        (line != "UNKNOWN").then(|| line.to_owned())
    }

    /// What of the header stays.
    fn reduced(&self) -> &[u8] {
        if self.name.is_empty() || self.is("description") {
            &[]
        } else if self.is("license") {
            &self.lines[..self.first_end]
        } else {
            self.lines
        }
    }
}

/// The header block, as `email.feedparser` delimits it: up to the first line that is neither a
/// header nor a continuation, which is most often the empty one.
fn header_fields(bytes: &[u8]) -> Vec<Field<'_>> {
    let bytes = bytes.strip_prefix(text::BOM).unwrap_or(bytes);
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in lines(bytes) {
        let Some(kind) = kind(line) else { break };
        let continues = kind == Kind::Continuation && at > 0;
        let name = match kind {
            Kind::Header { name_len } => &line[..name_len],
            Kind::Continuation | Kind::Skipped => &[],
        };
        if continues && let Some(last) = fields.last_mut() {
            last.lines = &bytes[start..at + line.len()];
        } else {
            start = at;
            fields.push(Field { name, lines: line, first_end: line.len() });
        }
        at += line.len();
    }
    fields
}

#[derive(PartialEq, Eq)]
enum Kind {
    Header {
        name_len: usize,
    },
    Continuation,
    /// `From …` or a colon without a name: the e-mail parser notes a defect and goes on.
    Skipped,
}

/// What `email.feedparser.headerRE` makes of a line: `^(From |[\041-\071\073-\176]*:|[\t ])`.
/// `None` ends the header block.
fn kind(line: &[u8]) -> Option<Kind> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Some(Kind::Continuation);
    }
    if line.starts_with(b"From ") {
        return Some(Kind::Skipped);
    }
    let name_len = line.iter().position(|&byte| byte == b':')?;
    if !line[..name_len].iter().all(|byte| (0x21..=0x7e).contains(byte)) {
        return None;
    }
    Some(if name_len == 0 { Kind::Skipped } else { Kind::Header { name_len } })
}

/// The lines of `bytes` with their ends; LF, CRLF and CR end a line.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = match memchr::memchr2(b'\r', b'\n', rest) {
            None => rest.len(),
            Some(at) if rest[at..].starts_with(b"\r\n") => at + 2,
            Some(at) => at + 1,
        };
        let (line, behind) = rest.split_at(end);
        rest = behind;
        Some(line)
    })
}

#[cfg(test)]
mod tests;
