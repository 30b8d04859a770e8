//! Entries that no zip for Lambda can hold, for they are larger than all that it unpacks.
//!
//! They are stored: to deflate them would take minutes, and what holds them is laid out as a tree for an
//! image, or refused. A file that ships as it is goes from disk to disk and is never held in memory.

use std::io::{self, Read};

use anyhow::{Context, Result};

use crate::failure::Failure;
use crate::plan::Action;
use crate::target::UNZIPPED_LIMIT;
use crate::tree::{Contents, FileId};
use crate::zip::deflate::{Deflater, Packed};

/// Bytes that are held of such a file at one time.
const PIECE: usize = 1 << 20;

/// Packs an entry that is in memory: deflated, unless it is one of them.
pub(super) fn pack<'b>(deflater: &mut Deflater, bytes: &'b [u8]) -> Packed<'b> {
    match bytes.len() as u64 > UNZIPPED_LIMIT {
        true => Packed::stored(bytes),
        false => deflater.pack(bytes),
    }
}

/// Whether a file of so many bytes, to which this is done, goes from disk to disk.
pub(super) fn is_passed_on(bytes: u64, action: Action) -> bool {
    bytes > UNZIPPED_LIMIT && action == Action::Keep
}

/// CRC-32 of a file's contents.
pub(super) fn checksum(contents: &dyn Contents, id: FileId) -> Result<u32> {
    let mut reader = Passed::open(contents, id)?;
    let mut piece = vec![0; PIECE];
    while reader.read(&mut piece).context("failed to read a large file")? > 0 {}
    Ok(reader.crc32())
}

/// A file on its way into a zip.
pub(super) struct Passed<'c> {
    reader: Box<dyn Read + 'c>,
    crc32: crc32fast::Hasher,
}

impl<'c> Passed<'c> {
    pub(super) fn open(contents: &'c dyn Contents, id: FileId) -> Result<Self> {
        Ok(Self { reader: contents.open(id)?, crc32: crc32fast::Hasher::new() })
    }

    /// CRC-32 of what was read so far.
    pub(super) fn crc32(&self) -> u32 {
        self.crc32.clone().finalize()
    }

    /// Whether it was what its header says.
    ///
    /// # Errors
    /// A [`Failure`] when it was written meanwhile.
    pub(super) fn expect(&self, crc32: u32, name: &str) -> Result<()> {
        if self.crc32() == crc32 {
            return Ok(());
        }
        let message = format!("failed to read {name}: it changed while slim was running");
        Err(Failure::io(message).hint("let the install finish before slim starts").into())
    }
}

impl Read for Passed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.crc32.update(&buffer[..read]);
        Ok(read)
    }
}
