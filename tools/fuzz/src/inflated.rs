//! The packed string tables of extension modules: what is there is found, and a hostile file cannot take long.

use lambda_slim::facts::imports::inflated::{each_table, hides_names};
use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::Pieces;

/// Most bytes that all tables may hold for each byte that is searched.
const MOST_RATIO: usize = 120;

/// Whatever the bytes, nothing panics or takes long, and a table that was put there is found.
pub fn holds(bytes: &[u8]) {
    hides_names(bytes);
    let (mut tables, mut total) = (0, 0);
    each_table(bytes, |table| {
        assert!(!table.is_empty());
        tables += 1;
        total += table.len();
    });
    assert!(
        tables <= 128 && total <= MOST_RATIO * bytes.len() + (32 << 10),
        "{tables} tables of {total} bytes"
    );
    let mut pieces = Pieces(bytes);
    // `x` begins a stream.
    let noise: Vec<u8> = pieces.counted().iter().map(|byte| byte & !0b1000).collect();
    let text = pieces.0;
    if text.len() >= 64 {
        let packed = compress_to_vec_zlib(text, 6);
        let mut found = false;
        each_table(&[&noise[..], &packed, &noise].concat(), |table| found |= table == text);
        assert!(found, "a table is not found");
    }
}
