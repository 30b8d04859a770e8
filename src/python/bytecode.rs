//! Bytecode: the header of a `.pyc` file, the names in `__pycache__`, one form for each body.

pub mod marshal;

use serde::{Deserialize, Serialize};

/// The magic numbers of CPython's releases: `importlib.util.MAGIC_NUMBER`, its first two bytes.
const MAGIC_NUMBERS: [(u16, (u8, u8)); 9] = [
    (3379, (3, 6)),
    (3394, (3, 7)),
    (3413, (3, 8)),
    (3425, (3, 9)),
    (3439, (3, 10)),
    (3495, (3, 11)),
    (3531, (3, 12)),
    (3571, (3, 13)),
    (3627, (3, 14)),
];

/// How Python decides whether a `.pyc` still belongs to its source (PEP 552).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// By the source's modification time and size.
    Timestamp,
    /// By a hash of the source, compared at every import.
    CheckedHash,
    /// Not at all: the holder of the file vouches for it.
    UncheckedHash,
}

/// The header of a `.pyc` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The CPython release whose magic number it bears; `None` for pre-releases and other
    /// implementations.
    pub python: Option<(u8, u8)>,
    /// How it is checked against its source.
    pub kind: Kind,
}

/// Reads the header of a `.pyc` file (PEP 552): 16 bytes, 12 in Python 3.6, which knows
/// timestamps only.
///
/// `None` where there is none: a file too short, without the CR LF behind the magic number, or
/// with flags that PEP 552 does not define (Python refuses these too).
#[must_use]
pub fn header(bytes: &[u8]) -> Option<Header> {
    let &[low, high, b'\r', b'\n', ref rest @ ..] = bytes else { return None };
    let magic = u16::from_le_bytes([low, high]);
    let known = MAGIC_NUMBERS.iter().find(|(number, _)| *number == magic);
    let python = known.map(|&(_, python)| python);
    if python == Some((3, 6)) {
        return (rest.len() >= 8).then_some(Header { python, kind: Kind::Timestamp });
    }
    let (flags, rest) = rest.split_first_chunk()?;
    let kind = match u32::from_le_bytes(*flags) {
        0b00 => Kind::Timestamp,
        0b01 => Kind::UncheckedHash,
        0b11 => Kind::CheckedHash,
        _ => return None,
    };
    (rest.len() >= 8).then_some(Header { python, kind })
}

/// The stem and the cache tag of a file name in `__pycache__` (PEP 3147, PEP 488):
/// `six.cpython-312.opt-1.pyc` is `six` and `cpython-312`.
///
/// The source is the stem with `.py`. Where a tool put its own name into the tag
/// (`test_a.cpython-312-pytest-8.3.4.pyc`), it is part of the tag. `None` for other names.
#[must_use]
pub fn pycache_name(file_name: &str) -> Option<(&str, &str)> {
    let name = file_name.strip_suffix(".pyc")?;
    let name = match name.rsplit_once('.') {
        Some((name, level)) if level.starts_with("opt-") => name,
        _ => name,
    };
    let implementations = [".cpython-", ".pypy", ".graalpy", ".jython"];
    let known = implementations.iter().filter_map(|start| name.rfind(start)).max();
    let dot = known.or_else(|| name.rfind('.'))?;
    let (stem, tag) = (&name[..dot], &name[dot + 1..]);
    (!stem.is_empty() && !tag.is_empty()).then_some((stem, tag))
}

#[cfg(test)]
mod tests;
