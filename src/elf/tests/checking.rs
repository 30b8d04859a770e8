//! The check finds what a faulty rewriter would do.

use super::fixtures::{Bench, half, long, overrun, patch, segment, tiny};
use super::oracle::slim;
use crate::elf::check::verify;
use crate::elf::pages::Pages;

/// A file, its slimmed form, and the latter changed on purpose.
struct Forgery {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Forgery {
    fn new() -> Self {
        Self::of(tiny(&Bench::new()))
    }

    fn of(before: Vec<u8>) -> Self {
        let after = slim(&before);
        verify(&before, &after, Pages::AsLinked).unwrap();
        Self { before, after }
    }

    fn verdict(&self, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), &'static str> {
        let mut after = self.after.clone();
        change(&mut after);
        verify(&self.before, &after, Pages::AsLinked)
    }
}

#[test]
fn one_flipped_bit_anywhere() {
    let forgery = Forgery::new();
    let loads = (0..2).map(|n| segment(&forgery.after, 1, n));
    let range = |at: usize| {
        let start = long(&forgery.after, at + 8);
        (start, start + long(&forgery.after, at + 32))
    };
    let ranges: Vec<_> = loads.map(range).collect();
    let strings = ranges.iter().map(|range| range.1).max().unwrap();
    let table = long(&forgery.after, 40);
    for at in 0..forgery.after.len() {
        let place = at as u64;
        let mapped = ranges.iter().any(|&(start, end)| start <= place && place < end);
        // Free are the names' unused ends, the null header, the last header, the entry size, and
        // where a segment or section without bytes would be.
        let headers = (table + 64..forgery.after.len() as u64 - 64).contains(&place);
        let stack = segment(&forgery.after, 0x6474_e551, 0) + 8;
        let bss = forgery.after.len() - 2 * 64 + 24;
        let own = [(58, 60), (stack, stack + 8), (bss, bss + 8)];
        let own = own.iter().any(|&(start, end)| (start..end).contains(&at));
        if (mapped || headers) && !own {
            let verdict = forgery.verdict(|after| after[at] ^= 0x40);
            assert!(verdict.is_err(), "byte {at} of {} (names at {strings})", forgery.after.len());
        }
    }
}

#[test]
fn a_segment_moved_by_less_than_its_alignment() {
    let forgery = Forgery::new();
    let at = segment(&forgery.after, 1, 1) + 8;
    for step in [8_u64, 4096, 0x1_0000] {
        let moved = long(&forgery.after, at) + step;
        let verdict = forgery.verdict(|after| {
            patch(after, at, &moved.to_le_bytes());
            after.splice(100..100, std::iter::empty());
        });
        assert!(verdict.is_err(), "{step}");
    }
    let verdict = forgery.verdict(|after| patch(after, at, &8_u64.to_le_bytes()));
    assert_eq!(verdict, Err("p_offset is congruent to p_vaddr"));
}

#[test]
fn a_result_that_is_cut_or_grown() {
    let forgery = Forgery::new();
    let grown = forgery.before.len();
    assert_eq!(forgery.verdict(|after| after.resize(grown, 0)), Err("the result is smaller"));
    for length in 0..forgery.after.len() {
        assert!(forgery.verdict(|after| after.truncate(length)).is_err(), "{length}");
    }
}

#[test]
fn one_program_header_less() {
    let forgery = Forgery::new();
    let count = half(&forgery.after, 56) - 1;
    assert!(forgery.verdict(|after| patch(after, 56, &count.to_le_bytes())).is_err());
}

#[test]
fn segments_that_change_places() {
    let forgery = Forgery::new();
    let (first, second) = (segment(&forgery.after, 1, 0), segment(&forgery.after, 1, 1));
    let offset = long(&forgery.after, first + 8);
    let verdict = forgery.verdict(|after| patch(after, second + 8, &offset.to_le_bytes()));
    assert!(verdict.is_err());
}

#[test]
fn a_program_header_outside_the_mapped_bytes() {
    let forgery = Forgery::of(overrun(&Bench::new()));
    let table = usize::try_from(long(&forgery.after, 32)).unwrap();
    let last = table + 56 * usize::from(half(&forgery.after, 56) - 1);
    for field in (0..8).chain(16..56) {
        let verdict = forgery.verdict(|after| after[last + field] ^= 1);
        assert_eq!(verdict, Err("only p_offset differs"), "{field}");
    }
    let verdict = forgery.verdict(|after| after[last + 8] ^= 8);
    assert!(verdict.is_err());
}
