//! Bytes of a file where they matter, in buffers that are lent again and again.
//!
//! A fresh buffer costs a page fault for every 4 KiB that is read into it, as much as the reading.

use std::ops::{Deref, Range};
use std::sync::{Mutex, PoisonError};

use crate::memory::room;

/// What held more bytes is not kept for the next file.
const LARGEST_KEPT: usize = 16 << 20;
/// The least that a buffer holds, in bytes, so that many files fit into it.
const SMALLEST: usize = 4 << 20;

/// The bytes of a file where they matter, zeros elsewhere.
pub enum Sparse<'p> {
    /// All that was read.
    Whole(Vec<u8>),
    /// As long as the file.
    Gaps(Lent<'p>),
}

impl Deref for Sparse<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Gaps(lent) => &lent.bytes[..lent.size],
        }
    }
}

/// Buffers that nobody uses now, all zeros.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// A buffer of `size` zeros.
    pub fn lend(&self, size: usize) -> Lent<'_> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // Zeroed pages take no memory until they are written.
        let anew = || vec![0; room(size.max(SMALLEST))];
        let bytes = spare.filter(|bytes| bytes.len() >= size).unwrap_or_else(anew);
        Lent { bytes, size, written: Vec::new(), pool: self }
    }
}

/// A buffer in use; goes back to the pool when dropped.
pub struct Lent<'p> {
    bytes: Vec<u8>,
    size: usize,
    written: Vec<Range<usize>>,
    pool: &'p Pool,
}

impl Lent<'_> {
    /// The place of some bytes, to be written.
    pub fn place(&mut self, range: Range<usize>) -> &mut [u8] {
        self.written.push(range.clone());
        &mut self.bytes[..self.size][range]
    }
}

impl Deref for Lent<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.size > LARGEST_KEPT {
            return;
        }
        for range in self.written.drain(..) {
            self.bytes[range].fill(0);
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_zeros_again() {
        let pool = Pool::default();
        let mut first = pool.lend(10_000);
        first.place(5_000..5_003).copy_from_slice(b"abc");
        assert_eq!(&Sparse::Gaps(first)[4_999..5_004], b"\0abc\0");
        let again = pool.lend(SMALLEST);
        assert_eq!(again.len(), SMALLEST);
        assert!(again.iter().all(|byte| *byte == 0));
        assert!(pool.0.lock().unwrap().is_empty(), "one buffer served both");
    }

    #[test]
    fn giants_are_not_kept() {
        let pool = Pool::default();
        drop(pool.lend(LARGEST_KEPT + 1));
        assert!(pool.0.lock().unwrap().is_empty());
    }
}
