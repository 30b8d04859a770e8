//! How many bytes may be in flight at once, and where they go when they are dropped.

use std::sync::{Condvar, Mutex, PoisonError};

/// Buffers of more bytes are worth a system call each.
const LARGE: usize = 4 << 20;
/// More than glibc's malloc ever keeps for later of what is dropped (mallopt(3), `M_MMAP_THRESHOLD`).
const NEVER_KEPT: usize = (32 << 20) + 4096;

/// How much room to ask for where so many bytes are held for a while.
///
/// A large buffer gets more than it needs, so that its pages go back to the system when it is dropped:
/// of what is smaller, malloc keeps up to 64 MiB for each thread. Pages that nobody writes take nothing.
pub fn room(bytes: usize) -> usize {
    if bytes < LARGE { bytes } else { bytes.max(NEVER_KEPT) }
}

/// A bound on the bytes that parallel workers hold together.
///
/// A request above the whole bound is granted when nobody else holds anything, so one huge file
/// is worked on alone instead of never.
pub struct Budget {
    bound: u64,
    now: Mutex<Now>,
    freed: Condvar,
}

#[derive(Default)]
struct Now {
    held: u64,
    /// How many threads wait: waking costs a system call even where nobody does.
    waiting: usize,
}

/// Bytes that a worker holds; given back when dropped.
pub struct Held<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// A bound of `bytes`.
    pub fn new(bytes: u64) -> Self {
        Self { bound: bytes, now: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits until `bytes` fit under the bound, and holds them.
    ///
    /// A thread that holds bytes must not ask for more: two such threads would wait for each
    /// other.
    pub fn hold(&self, bytes: u64) -> Held<'_> {
        let bytes = bytes.min(self.bound);
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        while now.held + bytes > self.bound {
            now.waiting += 1;
            now = self.freed.wait(now).unwrap_or_else(PoisonError::into_inner);
            now.waiting -= 1;
        }
        now.held += bytes;
        Held { budget: self, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut now = self.budget.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.held -= self.bytes;
        if now.waiting > 0 {
            self.budget.freed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_than_the_bound_and_a_giant_passes_alone() {
        let budget = Budget::new(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [60, 60, 40, 1_000, 10] {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let _held = budget.hold(bytes);
                        let sum = now.fetch_add(bytes.min(100), Ordering::SeqCst) + bytes.min(100);
                        most.fetch_max(sum, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(bytes.min(100), Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
    }
}
