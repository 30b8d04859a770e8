//! The compressed string tables of extension modules.
//!
//! Cython 3.2 and later keep all names of a module in one zlib stream (RFC 1950) in the read-only
//! data.

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

/// Inflates every zlib stream that begins in these bytes, and hands each to `found`.
pub(super) fn each_table(bytes: &[u8], mut found: impl FnMut(&[u8])) {
    let mut inflater = Box::new(DecompressorOxide::new());
    let mut table = vec![0; FIRST_BYTES];
    let (mut next, mut tables) = (0, 0);
    for at in memchr_iter(0x78, bytes) {
        // RFC 1950: the two header bytes are a multiple of 31; no preset dictionary.
        let flags = bytes.get(at + 1).copied().unwrap_or(0);
        let header = (0x7800 | u16::from(flags)).is_multiple_of(31) && flags & 0x20 == 0;
        if at < next || !header || tables == MOST_TABLES {
            continue;
        }
        if let Some((taken, length)) = inflate(&mut inflater, &bytes[at..], &mut table) {
            next = at + taken;
            tables += 1;
            found(&table[..length]);
        }
    }
}

/// Inflates the stream that begins here into `table`, which grows as needed: how many bytes it
/// took and gave. None for what is no stream, fails its checksum, or is too short or too long.
fn inflate(
    inflater: &mut DecompressorOxide,
    bytes: &[u8],
    table: &mut Vec<u8>,
) -> Option<(usize, usize)> {
    const FLAGS: u32 = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    inflater.init();
    let (mut taken, mut given) = (0, 0);
    loop {
        let (status, read, written) = decompress(inflater, &bytes[taken..], table, given, FLAGS);
        taken += read;
        given += written;
        match status {
            TINFLStatus::Done => return (given >= FEWEST_BYTES).then_some((taken, given)),
            TINFLStatus::HasMoreOutput if table.len() < MOST_BYTES => {
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

    #[test]
    fn noise_is_no_table() {
        each_table(&b"x\x9cx\xdax\x01x\x5e".repeat(5_000), |_| {
            panic!("noise was taken for a table")
        });
    }
}
