//! The kernels of other processors: what is found lies in the file, and clearing it changes nothing else.

use lambda_slim::elf::kernels::{self, Choice};
use lambda_slim::target::{Arch, cores};

/// Whatever the bytes, nothing panics, and what is cleared was told.
pub fn holds(bytes: &[u8]) {
    kernels::asked_for(bytes);
    for range in kernels::names(bytes) {
        assert!(range.start < range.end && range.end <= bytes.len());
    }
    for arch in [Arch::X86_64, Arch::Arm64] {
        let choices = cores::of(arch).iter().map(|known| Choice {
            since: known.since,
            never: known.never,
            given: known.given,
        });
        is_cleared(bytes, &choices.collect::<Vec<_>>());
    }
}

fn is_cleared(bytes: &[u8], choices: &[Choice<'_>]) {
    let Ok(dead) = kernels::find(bytes, choices) else { return };
    let mut cleared = bytes.to_vec();
    dead.overwrite(&mut cleared);
    assert_eq!(
        kernels::find(&cleared, choices).as_ref(),
        Ok(&dead),
        "clearing hides what was found"
    );
    let mut end = 0;
    for range in &dead.ranges {
        assert!(end <= range.start && range.start < range.end);
        assert!(bytes[end..range.start] == cleared[end..range.start], "more was cleared");
        end = range.end;
    }
    assert!(bytes[end..] == cleared[end..], "more was cleared");
}
