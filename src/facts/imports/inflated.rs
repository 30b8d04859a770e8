//! The compressed string tables of extension modules.
//!
//! Cython keeps all names of a module in one table: 3.2 in a zlib stream (RFC 1950), 3.3 in an LZSS
//! stream of its own without any header, both in the read-only data.

use memchr::memchr_iter;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Most bytes that one table may hold; real ones are far below.
const MOST_BYTES: usize = 16 << 20;
/// Most streams that are read to the end in one file, so that a hostile file cannot take long.
const MOST_TABLES: usize = 64;
/// Fewest bytes of a table worth searching.
const FEWEST_BYTES: usize = 64;
/// What is inflated at first: enough to tell a stream from noise.
const FIRST_BYTES: usize = 32 << 10;
/// Most bytes that are read and written for each byte that is searched, for streams that fail at their end too.
/// The names of modules become some ten times as long.
const MOST_RATIO: usize = 32;

/// Whether these are the constants of a module that Cython compiled and that shows none of the names
/// that all of them hold, packed or not: how its table is packed is not known then.
pub fn hides_names(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
    has(CYTHON) && !has(b"__test__")
}

/// Unpacks every table that begins in these bytes, and hands each to `found`.
pub fn each_table(bytes: &[u8], mut found: impl FnMut(&[u8])) {
    each_zlib(bytes, &mut found);
    each_lzss(bytes, &mut found);
}

/// What every module that Cython compiled holds: the name of the module that they share types by.
const CYTHON: &[u8] = b"_cython_3";

/// Unpacks every LZSS stream that begins with text. A stream does not tell where it ends: what is no
/// text any more ends it.
fn each_lzss(bytes: &[u8], found: &mut impl FnMut(&[u8])) {
    if memchr::memmem::find(bytes, CYTHON).is_none() {
        return;
    }
    let mut table = Vec::new();
    let (mut next, mut tables) = (0, 0);
    for (at, first) in bytes.windows(4).enumerate() {
        // Nothing can be referred to at first: the first items are bytes as they are.
        let begins = first[0] & 0b111 == 0b111 && first[1..].iter().all(is_text);
        if !begins || at < next || tables == MOST_TABLES {
            continue;
        }
        unpack(&bytes[at..], &mut table, FEWEST_UNPACKED);
        if table.len() >= FEWEST_UNPACKED {
            next = at + unpack(&bytes[at..], &mut table, MOST_BYTES);
            tables += 1;
            found(&table);
        }
    }
}

/// Fewest bytes of an LZSS table: what unpacks to less is noise.
const FEWEST_UNPACKED: usize = 128;
/// How many bytes at a time are looked at, whether they are text.
const SAMPLE: usize = 128;

fn is_text(byte: &u8) -> bool {
    matches!(*byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Unpacks the stream that begins here as far as it gives text, and at least `most` bytes where it
/// gives more; how many bytes that took.
///
/// Eight items follow a byte of flags, its lowest bit first: where the bit is set a byte as it is,
/// else a reference to bytes before, in two bytes or three (the upper bits of both say which), its
/// offset counted from the end of what is referred to.
fn unpack(bytes: &[u8], table: &mut Vec<u8>, most: usize) -> usize {
    table.clear();
    let mut at = 0;
    let mut looked = 0;
    while let Some(flags) = bytes.get(at) {
        at += 1;
        for bit in 0..8 {
            let taken = if flags >> bit & 1 == 1 {
                bytes.get(at).map(|byte| {
                    table.push(*byte);
                    1
                })
            } else {
                refer(&bytes[at.min(bytes.len())..], table)
            };
            match taken {
                Some(taken) => at += taken,
                None => return at,
            }
        }
        if table.len() >= looked + SAMPLE {
            let sample = &table[looked..];
            // Line tables and docstrings of other tongues stand among the names.
            if sample.iter().filter(|byte| is_text(byte)).count() * 2 < sample.len() {
                table.truncate(looked);
                return at;
            }
            looked = table.len();
        }
        if table.len() > most {
            return at;
        }
    }
    at
}

/// Copies what a reference names; how many bytes the reference has.
fn refer(bytes: &[u8], table: &mut Vec<u8>) -> Option<usize> {
    let (low, high) = (usize::from(*bytes.first()?), usize::from(*bytes.get(1)?));
    let (behind, length, taken) = if low < 0x80 {
        (low, high, 2)
    } else if high < 0x80 {
        (0x80 + (high << 2 & 0x180 | low & 0x7F), high & 0x1F, 2)
    } else {
        (0x80 + ((high & 0x7F) << 7 | low & 0x7F), usize::from(*bytes.get(2)?), 3)
    };
    let length = length + 3;
    let start = table.len().checked_sub(behind + length)?;
    table.extend_from_within(start..start + length);
    Some(taken)
}

/// Inflates every zlib stream that begins in these bytes, and hands each to `found`.
fn each_zlib(bytes: &[u8], found: &mut impl FnMut(&[u8])) {
    let mut inflater = Box::new(DecompressorOxide::new());
    let mut table = vec![0; FIRST_BYTES];
    let (mut next, mut tables) = (0, 0);
    let mut left = FIRST_BYTES + MOST_RATIO * bytes.len();
    for at in memchr_iter(0x78, bytes) {
        // RFC 1950: the two header bytes are a multiple of 31; no preset dictionary.
        let flags = bytes.get(at + 1).copied().unwrap_or(0);
        let header = (0x7800 | u16::from(flags)).is_multiple_of(31) && flags & 0x20 == 0;
        if at < next || !header || tables == MOST_TABLES || left == 0 {
            continue;
        }
        if let Some((taken, length)) = inflate(&mut inflater, &bytes[at..], &mut table, &mut left) {
            next = at + taken;
            tables += 1;
            found(&table[..length]);
        }
    }
}

/// Inflates the stream that begins here into `table`, which grows as needed: how many bytes it
/// took and gave. None for what is no stream, fails its checksum, is too short or too long, or gives
/// more than is `left`; what it took and gave is taken from that.
fn inflate(
    inflater: &mut DecompressorOxide,
    bytes: &[u8],
    table: &mut Vec<u8>,
    left: &mut usize,
) -> Option<(usize, usize)> {
    const FLAGS: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    inflater.init();
    let (mut taken, mut given) = (0, 0);
    loop {
        let (status, read, written) = decompress(inflater, &bytes[taken..], table, given, FLAGS);
        taken += read;
        given += written;
        *left = left.saturating_sub(read + written);
        match status {
            TINFLStatus::Done => return (given >= FEWEST_BYTES).then_some((taken, given)),
            TINFLStatus::HasMoreOutput if table.len() < MOST_BYTES && *left > 0 => {
                table.resize(table.len() * 2, 0)
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec_zlib;

    #[test]
    fn a_table_among_other_bytes_is_found() {
        let text = b"numpy.testing scipy.sparse.csgraph._validation ".repeat(9);
        let mut bytes = b"\x7fELF x\x9c x\x01 xxxx".to_vec();
        bytes.extend(compress_to_vec_zlib(&text, 9));
        bytes.extend(b"behind x\xda");
        let mut found = Vec::new();
        each_table(&bytes, |table| found.push(table.to_vec()));
        assert_eq!(found, [text]);
    }

    /// The stream of a text: literals, and references to the farthest place in reach.
    fn lzss(text: &[u8]) -> Vec<u8> {
        let (mut stream, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let flags = stream.len();
            stream.push(0);
            for bit in 0..8 {
                let ends = (3..=at.min(16_000)).find(|behind| {
                    let end = at + 3 - behind;
                    at + 3 <= text.len()
                        && end >= 3
                        && end <= at
                        && text[end - 3..end] == text[at..at + 3]
                });
                let Some(behind) = ends.map(|behind| behind - 3) else {
                    if let Some(byte) = text.get(at) {
                        stream[flags] |= 1 << bit;
                        stream.push(*byte);
                        at += 1;
                    }
                    continue;
                };
                match behind {
                    0..0x80 => stream.extend([behind as u8, 0]),
                    0x80..0x280 => {
                        let offset = behind - 0x80;
                        stream.extend([0x80 | offset as u8 & 0x7F, (offset >> 2) as u8 & 0x60]);
                    }
                    _ => {
                        let offset = behind - 0x80;
                        let high = 0x80 | (offset >> 7) as u8;
                        stream.extend([0x80 | offset as u8 & 0x7F, high, 0]);
                    }
                }
                at += 3;
            }
        }
        stream
    }

    #[test]
    fn an_lzss_table_among_other_bytes_is_found() {
        let words: String = (0..400).map(|n| format!("name{n}_of_{}", n * 7919 % 1000)).collect();
        let text = format!("{words}pyarrow.vendored.version{words}").into_bytes();
        let packed = lzss(&text);
        assert!(packed.len() < text.len());
        let mut bytes = b"\0_cython_3_3_1\0\xFF\x01\x02\x03\xFF\xFF\0".to_vec();
        bytes.extend(packed);
        bytes.extend([0; 64]);
        let mut found = Vec::new();
        each_table(&bytes, |table| found.push(table.to_vec()));
        assert!(
            found.iter().any(|table| table.starts_with(&text[..text.len() - 300])),
            "{found:?}"
        );
    }

    #[test]
    fn what_fails_at_its_end_takes_no_longer() {
        let mut stream = compress_to_vec_zlib(&vec![0; MOST_BYTES - 1], 9);
        let last = stream.len() - 1;
        stream[last] ^= 1;
        let hostile = stream.repeat(1_500);
        let started = std::time::Instant::now();
        each_table(&hostile, |_| panic!("a stream with a wrong checksum is no table"));
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }

    #[test]
    fn noise_is_no_table() {
        each_table(&b"_cython_3\xffabcdefgh\x00\x7f\xff".repeat(5_000), |_| {
            panic!("noise was taken for a table")
        });
        each_table(&b"x\x9cx\xdax\x01x\x5e".repeat(5_000), |_| {
            panic!("noise was taken for a table")
        });
    }
}
