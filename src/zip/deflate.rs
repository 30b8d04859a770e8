//! Deflates one file in memory, or keeps it stored when deflate does not make it smaller; and
//! inflates it, with no more memory than what comes out is worth.

use std::borrow::Cow;

use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};
use rayon::prelude::*;

use super::joined::Joined;
use crate::memory::room;

/// Inputs up to this many bytes are deflated into a buffer that is kept, larger ones into a
/// fresh one, as few are so large that the buffer should be.
const SCRATCH: usize = 16 << 20;

/// Inputs of more bytes are deflated in pieces, which idle threads take: one such file would keep the
/// others waiting. How they are cut depends on nothing else, so that the bytes do not.
const LARGEST_WHOLE: usize = 32 << 20;
/// Bytes of a piece: what a piece loses, not seeing the 32 KiB before it, is nothing beside them.
const PIECE: usize = 8 << 20;

/// How many bytes one packed byte gets room for before it is known what it becomes.
const EAGER_RATIO: u64 = 16;

/// How hard to compress; the libdeflate levels were chosen by measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// libdeflate 1: for a build that is only looked at.
    Fast,
    /// libdeflate 7: smaller than `zip -9` at a sixth of its time.
    Default,
    /// libdeflate 12: smaller than `7z -mx=9` at a third of its time.
    Max,
    /// For each file the smaller of libdeflate 12 and zopfli, which takes some thirty times as long.
    Extreme,
}

impl Compression {
    /// The libdeflate level.
    const fn level(self) -> i32 {
        match self {
            Self::Fast => 1,
            Self::Default => 7,
            Self::Max | Self::Extreme => 12,
        }
    }
}

/// How an entry's bytes lie in the zip (APPNOTE 4.4.5). Lambda takes these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Method 0: the raw bytes.
    Stored,
    /// Method 8: a raw deflate stream (RFC 1951).
    Deflated,
}

impl Method {
    /// The number in the header's compression method field.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// One file's bytes as they go into the zip, with what its header must say about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed<'a> {
    /// How `data` is encoded.
    pub method: Method,
    /// CRC-32 of the raw bytes (APPNOTE 4.4.7).
    pub crc32: u32,
    /// Length of the raw bytes.
    pub raw_size: u64,
    /// The encoded bytes: borrowed when stored, and always shorter than the raw ones when deflated.
    pub data: Cow<'a, [u8]>,
}

impl<'a> Packed<'a> {
    /// `raw` as it is.
    #[must_use]
    pub fn stored(raw: &'a [u8]) -> Self {
        let crc32 = crc32fast::hash(raw);
        let (method, data) = (Method::Stored, Cow::Borrowed(raw));
        Self { method, crc32, raw_size: raw.len() as u64, data }
    }
}

/// A compressor to be used again and again by one thread. It holds 1 to 10 MB, depending on
/// the level. The same input gives the same output, whatever was packed before.
pub struct Deflater {
    compressor: Compressor,
    level: CompressionLvl,
    scratch: Vec<u8>,
    tries_zopfli: bool,
}

impl Deflater {
    /// A compressor for one level.
    ///
    /// # Panics
    /// When the machine has no memory for it.
    #[must_use]
    pub fn new(compression: Compression) -> Self {
        let level =
            CompressionLvl::new(compression.level()).expect("libdeflate has levels 1 to 12");
        let tries_zopfli = compression == Compression::Extreme;
        // Zeroed pages take no memory until they are written.
        let (compressor, scratch) = (Compressor::new(level), vec![0; room(SCRATCH)]);
        Self { compressor, level, scratch, tries_zopfli }
    }

    /// Packs `raw` by deflate where that is smaller, else as it is.
    pub fn pack<'a>(&mut self, raw: &'a [u8]) -> Packed<'a> {
        let stored = Packed::stored(raw);
        match self.deflate(raw) {
            Some(deflated) => {
                Packed { method: Method::Deflated, data: Cow::Owned(deflated), ..stored }
            }
            None => stored,
        }
    }

    /// The deflate stream of `raw`, or None where it would not be smaller.
    fn deflate(&mut self, raw: &[u8]) -> Option<Vec<u8>> {
        let quick = self.deflate_quickly(raw);
        if !self.tries_zopfli {
            return quick;
        }
        let most = quick.as_ref().map_or(raw.len(), Vec::len);
        let mut slow = Vec::with_capacity(most);
        let options = zopfli::Options::default();
        // Writing to memory cannot fail; if it did, the other stream is as good.
        let written = zopfli::compress(options, zopfli::Format::Deflate, raw, &mut slow);
        if written.is_ok() && slow.len() < most { Some(slow) } else { quick }
    }

    /// The stream by libdeflate, or None where it would not be smaller. The output gets one
    /// byte less room than the input has, so that "does not fit" means "is not smaller".
    fn deflate_quickly(&mut self, raw: &[u8]) -> Option<Vec<u8>> {
        let most = raw.len().checked_sub(1)?;
        if raw.len() <= SCRATCH {
            let out = &mut self.scratch[..most];
            let written = self.compressor.deflate_compress(raw, out).ok()?;
            let mut packed = Vec::with_capacity(room(written));
            packed.extend_from_slice(&out[..written]);
            return Some(packed);
        }
        if raw.len() > LARGEST_WHOLE
            && let Some(joined) = in_pieces(raw, self.level)
        {
            return Some(joined).filter(|joined| joined.len() <= most);
        }
        let mut out = vec![0; room(most)];
        let written = self.compressor.deflate_compress(raw, &mut out[..most]).ok()?;
        out.truncate(written);
        Some(out)
    }
}

/// One stream of pieces that were deflated apart; `None` where one cannot be joined.
fn in_pieces(raw: &[u8], level: CompressionLvl) -> Option<Vec<u8>> {
    let deflated = |compressor: &mut Compressor, piece: &[u8]| {
        let mut out = vec![0; room(compressor.deflate_compress_bound(piece.len()))];
        let written = compressor.deflate_compress(piece, &mut out).ok()?;
        out.truncate(written);
        Some(out)
    };
    let pieces = raw.par_chunks(PIECE).with_max_len(1);
    let streams: Option<Vec<Vec<u8>>> =
        pieces.map_init(|| Compressor::new(level), deflated).collect();
    let mut streams = streams?;
    let last = streams.pop()?;
    let all: usize = streams.iter().map(|stream| stream.len() + Joined::SEAM).sum();
    let mut joined = Joined::with_capacity(room(all + last.len()));
    streams.iter().try_for_each(|stream| joined.push(stream))?;
    Some(joined.finish(&last))
}

/// Why a deflate stream cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// The stream breaks the rules, or ends too early.
    #[error("it is no sound deflate stream")]
    Unsound,
    /// There is more in the stream than was asked for.
    #[error("it unpacks to more than the {0} bytes it claims")]
    Longer(u64),
}

/// Unpacks a raw deflate stream (RFC 1951) that claims to hold `claimed` bytes; what comes out
/// may be shorter. Bytes behind the end of the stream are let be. As the claim may be a lie, no
/// more room is taken than 16 times the stream's length, or four times what comes out.
///
/// # Errors
/// An unsound stream, or one that holds more than `claimed` bytes.
pub fn inflate(packed: &[u8], claimed: u64) -> Result<Vec<u8>, InflateError> {
    let mut decompressor = Decompressor::new();
    let mut room = claimed.min((packed.len() as u64).saturating_mul(EAGER_RATIO));
    loop {
        let mut out = vec![0; usize::try_from(room).map_err(|_| InflateError::Longer(claimed))?];
        match decompressor.deflate_decompress(packed, &mut out) {
            Ok(length) => {
                out.truncate(length);
                return Ok(out);
            }
            Err(DecompressionError::BadData) => return Err(InflateError::Unsound),
            Err(DecompressionError::InsufficientSpace) if room == claimed => {
                return Err(InflateError::Longer(claimed));
            }
            Err(DecompressionError::InsufficientSpace) => {
                room = claimed.min(room.saturating_mul(4))
            }
        }
    }
}
