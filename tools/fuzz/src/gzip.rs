//! gzip and deflate: what is packed unpacks, here and by flate2, joined to other streams too, and no claim takes more
//! room than it is worth.

use std::io::Read;

use flate2::read::{DeflateDecoder, DeflateEncoder, GzDecoder};
use lambda_slim::zip::deflate::{Compression, Deflater, Method, inflate};
use lambda_slim::zip::gzip::{pack, unpack};
use lambda_slim::zip::joined::Joined;

/// Where RFC 1952 has the flags, and that of a checksum of the header.
const FLAGS: usize = 3;
const FHCRC: u8 = 1 << 1;

/// Whatever the bytes, nothing panics, and both readers agree.
pub fn holds(bytes: &[u8]) {
    if let Some(content) = unpack(bytes) {
        let theirs = read(GzDecoder::new(bytes));
        // The checksum of the header is looked at by flate2 alone, not by libdeflate or Python's gzip.
        if theirs.is_some() || bytes[FLAGS] & FHCRC == 0 {
            assert_eq!(theirs, Some(content), "flate2 unpacks something else");
        }
    }
    for claimed in [0, bytes.len() as u64, 64 << 10] {
        if let Ok(content) = inflate(bytes, claimed) {
            assert!(content.len() as u64 <= claimed, "more than was claimed");
            // libdeflate takes codes that are not used up, flate2 does not.
            if let Some(theirs) = read(DeflateDecoder::new(bytes)) {
                assert_eq!(theirs, content, "flate2 inflates otherwise");
            }
        }
    }
    joins(bytes);
    for compression in [Compression::Fast, Compression::Default, Compression::Max] {
        if let Some(file) = pack(bytes, compression) {
            assert_eq!(unpack(&file).as_deref(), Some(bytes));
            assert_eq!(read(GzDecoder::new(&file[..])).as_deref(), Some(bytes));
        }
        let mut deflater = Deflater::new(compression);
        let packed = deflater.pack(bytes);
        if packed.method == Method::Deflated {
            assert!(packed.data.len() < bytes.len(), "not smaller");
            assert_eq!(inflate(&packed.data, packed.raw_size).as_deref(), Ok(bytes));
        }
    }
}

/// Pieces that were deflated apart, joined, are one stream; and so is any stream that another follows.
fn joins(bytes: &[u8]) {
    let size = (bytes.len() / 3).max(1);
    let mut joined = Joined::default();
    for (number, piece) in bytes.chunks(size).enumerate() {
        // Stored, quick and thorough.
        let stream = deflated(piece, [0, 1, 9][number % 3]);
        joined.push(&stream).expect("a sound stream");
    }
    let whole = joined.finish(&deflated(b"the last", 6));
    assert_eq!(read(DeflateDecoder::new(&whole[..])), Some([bytes, b"the last"].concat()));

    let mut joined = Joined::default();
    if joined.push(bytes).is_some()
        && let Some(content) = read(DeflateDecoder::new(bytes))
    {
        let whole = joined.finish(&deflated(b"the last", 6));
        assert_eq!(
            read(DeflateDecoder::new(&whole[..])),
            Some([&content, &b"the last"[..]].concat())
        );
    }
}

fn deflated(bytes: &[u8], level: u32) -> Vec<u8> {
    read(DeflateEncoder::new(bytes, flate2::Compression::new(level)))
        .expect("memory is no place to fail")
}

fn read(mut from: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    from.read_to_end(&mut content).ok()?;
    Some(content)
}
