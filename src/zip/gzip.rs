//! Files of one gzip member (RFC 1952).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::deflate::{Compression, Deflater, Method};

/// How every such file begins.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Most bytes that one byte of a deflate stream can become (RFC 1951: 258 for two bits, and a little).
const MOST_RATIO: usize = 1_100;

/// Largest content that is unpacked, in bytes.
const MOST_BYTES: u32 = 32 << 20;

/// What a file holds; `None` where it is not one sound member, its checksum does not hold, or it claims
/// more than 32 MiB.
#[must_use]
pub fn unpack(file: &[u8]) -> Option<Vec<u8>> {
    let [0x1f, 0x8b, 8, flags, ..] = *file else { return None };
    let mut at = 10_usize;
    let text_end = |at: usize| Some(at + file.get(at..)?.iter().position(|byte| *byte == 0)? + 1);
    if flags & 0b100 != 0 {
        let length = file.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for has in [0b1000, 0b1_0000] {
        if flags & has != 0 {
            at = text_end(at)?;
        }
    }
    at += usize::from(flags & 0b10);
    // Bits that the specification reserves.
    if flags & 0b1110_0000 != 0 {
        return None;
    }
    let (body, end) = file.get(at..)?.split_last_chunk::<8>()?;
    let [crc, size] =
        [&end[..4], &end[4..]].map(|four| four.try_into().map_or(0, u32::from_le_bytes));
    // A claim that deflate cannot keep is not given room for.
    if size > MOST_BYTES || size as usize / MOST_RATIO > body.len() {
        return None;
    }
    let mut content = vec![0; size as usize];
    let mut inflater = Box::new(DecompressorOxide::new());
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, written) = decompress(&mut inflater, body, &mut content, 0, flags);
    let is_one = status == TINFLStatus::Done && read == body.len() && written == content.len();
    (is_one && crc32fast::hash(&content) == crc).then_some(content)
}

/// A file of this content, with a header that tells nothing of time, name or system. `None` where
/// deflate makes it no smaller.
#[must_use]
pub fn pack(content: &[u8], compression: Compression) -> Option<Vec<u8>> {
    let mut deflater = Deflater::new(compression);
    let packed = deflater.pack(content);
    if packed.method != Method::Deflated {
        return None;
    }
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    file.extend_from_slice(&packed.data);
    file.extend_from_slice(&packed.crc32.to_le_bytes());
    file.extend_from_slice(&u32::try_from(content.len()).ok()?.to_le_bytes());
    Some(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_unpacks(content in prop::collection::vec(0_u8..4, 0..2_000)) {
            if let Some(file) = pack(&content, Compression::Default) {
                prop_assert_eq!(unpack(&file), Some(content));
                prop_assert_eq!(unpack(&[&file[..], &file].concat()), None, "two members");
                prop_assert_eq!(unpack(&file[..file.len() - 1]), None);
            }
        }

        #[test]
        fn nothing_panics(mut file in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpack(&file);
            if file.len() > 3 {
                file[..3].copy_from_slice(&[0x1f, 0x8b, 8]);
                let _ = unpack(&file);
            }
        }
    }

    #[test]
    fn names_and_comments_are_passed_over() {
        let content = b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let plain = pack(content, Compression::Max).unwrap();
        let mut named = plain.clone();
        named[3] = 0b1_1110;
        named.splice(10..10, *b"\x03\0xyzname\0comment\0\x01\x02");
        assert_eq!(unpack(&named).as_deref(), Some(&content[..]));
        named[3] = 0b1000_0000;
        assert_eq!(unpack(&named), None);
    }
}
