//! Joins deflate streams (RFC 1951) into one, so that one large file can be deflated by many.
//!
//! A stream ends with the block whose first bit is set. Where that block begins only its bits tell, one
//! code after another; they are read here as a decoder would, and nothing is written.

/// Codes are at most this many bits long (RFC 1951, 3.2.7).
const MAX_BITS: usize = 15;
/// In this order the lengths of the codes for code lengths are written (3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The most bits that a length and its distance take together, with those that follow their codes.
const MOST_AT_ONCE: u32 = 15 + 5 + 15 + 13;

/// A stream that others are appended to.
#[derive(Default)]
pub struct Joined {
    bytes: Vec<u8>,
}

impl Joined {
    /// The most bytes that are added between two streams.
    pub const SEAM: usize = 5;

    /// Room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// Appends a whole stream that is not the last; `None` where it is not sound.
    ///
    /// Its last block no longer ends the stream, and an empty stored block (3.2.4) fills up the byte.
    pub fn push(&mut self, stream: &[u8]) -> Option<()> {
        let Ends { last_block, end } = ends(stream)?;
        let start = self.bytes.len();
        self.bytes.extend_from_slice(stream);
        self.bytes[start + last_block / 8] &= !(1 << (last_block % 8));
        // Three bits of its header, all zeros like those that fill up the last byte. Whatever stands there goes.
        if !end.is_multiple_of(8) {
            self.bytes[start + end / 8] &= (1 << (end % 8)) - 1;
        }
        self.bytes.resize(start + (end + 3).div_ceil(8), 0);
        self.bytes.extend_from_slice(&[0, 0, 0xFF, 0xFF]);
        Some(())
    }

    /// Appends the last stream, whatever it is.
    #[must_use]
    pub fn finish(mut self, stream: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(stream);
        self.bytes
    }
}

/// Where a stream ends, in bits from its beginning.
#[derive(Debug, PartialEq, Eq)]
struct Ends {
    /// The first bit of its last block.
    last_block: usize,
    /// The bit behind its last.
    end: usize,
}

/// Walks a stream that ends with its last byte.
fn ends(stream: &[u8]) -> Option<Ends> {
    let mut bits = Bits { bytes: stream, at: 0, held: 0, count: 0 };
    let (mut codes, mut distances) = (Table::default(), Table::default());
    loop {
        let last_block = bits.position();
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => {
                codes.fill(&fixed_lengths(), of_code)?;
                distances.fill(&[5; 30], of_distance)?;
                skip_codes(&mut bits, &codes, &distances)?;
            }
            2 => {
                let (lengths, count) = dynamic_lengths(&mut bits)?;
                codes.fill(&lengths[..count], of_code)?;
                distances.fill(&lengths[count..], of_distance)?;
                skip_codes(&mut bits, &codes, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            let end = bits.position();
            return (end.div_ceil(8) == stream.len()).then_some(Ends { last_block, end });
        }
    }
}

/// The lengths of codes that are not written down (3.2.6).
fn fixed_lengths() -> [u8; 288] {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    lengths
}

/// The lengths of literals' and lengths' codes, then of distances' (3.2.7); and how many are the first.
fn dynamic_lengths(bits: &mut Bits<'_>) -> Option<(Vec<u8>, usize)> {
    let count = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let written = bits.take(4)? as usize + 4;
    let mut of_lengths = [0; 19];
    for place in &ORDER[..written] {
        of_lengths[*place] = bits.take(3)? as u8;
    }
    let mut table = Table::default();
    // What follows is read apart, for it says something.
    table.fill(&of_lengths, |symbol| Some((symbol as u16, 0)))?;
    let all = count + distances;
    let mut lengths = Vec::with_capacity(all);
    while lengths.len() < all {
        bits.refill();
        let (length, times) = match table.next(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times as usize));
    }
    (lengths.len() == all).then_some((lengths, count))
}

/// Walks a block's codes up to the one that ends it.
fn skip_codes(bits: &mut Bits<'_>, codes: &Table, distances: &Table) -> Option<()> {
    loop {
        if bits.count < MOST_AT_ONCE {
            bits.refill();
        }
        match codes.next(bits)? {
            LITERAL => {}
            LENGTH => drop(distances.next(bits)?),
            _ => return Some(()),
        }
    }
}

const LITERAL: u16 = 0;
const LENGTH: u16 = 1;
const END: u16 = 2;

/// What a code of literals and lengths is, and how many bits follow it (3.2.5).
fn of_code(symbol: usize) -> Option<(u16, usize)> {
    match symbol {
        0..=255 => Some((LITERAL, 0)),
        256 => Some((END, 0)),
        257..=264 | 285 => Some((LENGTH, 0)),
        265..=284 => Some((LENGTH, (symbol - 261) / 4)),
        _ => None,
    }
}

/// The same of a distance's code.
fn of_distance(symbol: usize) -> Option<(u16, usize)> {
    match symbol {
        0..=3 => Some((LENGTH, 0)),
        4..=29 => Some((LENGTH, symbol / 2 - 1)),
        _ => None,
    }
}

/// A stream, read bit by bit, the lowest of each byte first.
struct Bits<'s> {
    bytes: &'s [u8],
    /// The next byte to be held.
    at: usize,
    held: u64,
    /// How many bits are held.
    count: u32,
}

impl Bits<'_> {
    fn position(&self) -> usize {
        self.at * 8 - self.count as usize
    }

    /// Holds as many bits as there is room for.
    fn refill(&mut self) {
        if let Some(next) = self.bytes.get(self.at..self.at + 8) {
            let word = u64::from_le_bytes(next.try_into().unwrap_or_default());
            let more = (63 - self.count) / 8;
            self.held |= word << self.count;
            self.at += more as usize;
            self.count += more * 8;
            // What is beyond those is read again.
            self.held &= (1 << self.count) - 1;
            return;
        }
        while self.count <= 56
            && let Some(byte) = self.bytes.get(self.at)
        {
            self.held |= u64::from(*byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    /// The next bits, at most 16.
    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.refill();
        }
        let bits = self.held & ((1 << count) - 1);
        self.drop(count)?;
        Some(bits as u32)
    }

    fn drop(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.held >>= count;
        Some(())
    }

    /// A stored block: its length stands behind the byte that is begun.
    fn skip_stored(&mut self) -> Option<()> {
        self.drop(self.count % 8)?;
        let length = self.take(16)?;
        let complement = self.take(16)?;
        if length != !complement & 0xFFFF {
            return None;
        }
        self.at = self.position() / 8 + length as usize;
        (self.held, self.count) = (0, 0);
        (self.at <= self.bytes.len()).then_some(())
    }
}

/// Codes by the bits that begin with them: what they are and, in the lowest five bits, how many they take
/// with those that follow; 0 where no code begins so.
#[derive(Default)]
struct Table {
    entries: Vec<u16>,
    mask: u64,
}

impl Table {
    /// Fills it with the canonical codes of these lengths (3.2.2); `what` tells what a symbol is, and how
    /// many bits follow its code.
    fn fill(&mut self, lengths: &[u8], what: fn(usize) -> Option<(u16, usize)>) -> Option<()> {
        let longest = usize::from(*lengths.iter().max()?);
        if longest > MAX_BITS {
            return None;
        }
        let size = 1 << longest;
        self.entries.clear();
        self.entries.resize(size, 0);
        self.mask = size as u64 - 1;
        let mut code = 0_usize;
        for length in 1..=longest {
            for (symbol, _) in
                lengths.iter().enumerate().filter(|(_, of)| usize::from(**of) == length)
            {
                if code >> length != 0 {
                    return None;
                }
                let first = code.reverse_bits() >> (usize::BITS as usize - length);
                let entry =
                    what(symbol).map_or(0, |(what, more)| what << 5 | (length + more) as u16);
                for place in (first..size).step_by(1 << length) {
                    self.entries[place] = entry;
                }
                code += 1;
            }
            code <<= 1;
        }
        Some(())
    }

    /// What comes next, which is dropped; enough bits must be held.
    fn next(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let entry = *self.entries.get((bits.held & self.mask) as usize)?;
        match entry & 31 {
            0 => None,
            length => bits.drop(u32::from(length)).map(|()| entry >> 5),
        }
    }
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor};
    use proptest::prelude::*;

    use super::*;
    use crate::zip::deflate::inflate;

    fn deflated(raw: &[u8], level: i32) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut out = vec![0; compressor.deflate_compress_bound(raw.len())];
        let written = compressor.deflate_compress(raw, &mut out).unwrap();
        out.truncate(written);
        out
    }

    /// All pieces, deflated apart, joined and inflated by two others.
    fn through(pieces: &[Vec<u8>], level: i32) {
        let (last, first) = pieces.split_last().unwrap();
        let mut joined = Joined::default();
        for piece in first {
            let (before, stream) = (joined.bytes.len(), deflated(piece, level));
            joined.push(&stream).expect("a sound stream");
            assert!(joined.bytes.len() <= before + stream.len() + Joined::SEAM);
        }
        let stream = joined.finish(&deflated(last, level));
        let raw = pieces.concat();
        assert_eq!(inflate(&stream, raw.len() as u64).unwrap(), raw);
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(&stream).unwrap(), raw);
    }

    /// Bytes of every kind: repeated, of few values, of text, of none.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let noise = prop::collection::vec(any::<u8>(), 0..3_000);
        let few = prop::collection::vec(prop::sample::select(b"abcdefgh \n".to_vec()), 0..40_000);
        let run = (any::<u8>(), 0_usize..100_000).prop_map(|(byte, times)| vec![byte; times]);
        let twice = prop::collection::vec(any::<u8>(), 0..2_000).prop_map(|one| one.repeat(9));
        prop_oneof![noise, few, run, twice]
    }

    proptest! {
        #[test]
        fn joined_streams_hold_what_each_held(
            pieces in prop::collection::vec(piece(), 1..5),
            level in 0..=12,
        ) {
            through(&pieces, level);
        }

        #[test]
        fn nothing_that_is_no_stream_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = ends(&bytes);
        }

        #[test]
        fn damaged_streams_do_not_panic(raw in piece(), at in any::<prop::sample::Index>(), by in 1_u8..) {
            let mut stream = deflated(&raw, 7);
            let at = at.index(stream.len());
            stream[at] ^= by;
            let _ = ends(&stream);
        }
    }

    #[test]
    fn bits_behind_the_end_do_not_matter() {
        let mut seen = false;
        for length in 0..120 {
            let raw = &b"abcd".repeat(30)[..length];
            let mut stream = deflated(raw, 7);
            let end = ends(&stream).unwrap().end;
            if !end.is_multiple_of(8) {
                seen = true;
                *stream.last_mut().unwrap() |= !((1 << (end % 8)) - 1);
            }
            let mut joined = Joined::default();
            joined.push(&stream).unwrap();
            let whole = joined.finish(&deflated(b"last", 7));
            assert_eq!(inflate(&whole, 999).unwrap(), [raw, b"last"].concat());
        }
        assert!(seen, "there are such bits");
    }

    #[test]
    fn what_follows_a_stream_is_seen() {
        let mut stream = deflated(b"abcabcabc", 7);
        assert!(ends(&stream).is_some());
        stream.push(0);
        assert_eq!(ends(&stream), None);
        assert_eq!(ends(&[]), None);
    }
}
