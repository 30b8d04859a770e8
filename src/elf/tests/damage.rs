//! Damaged and hostile files: never a panic, never a hang, never a wrong result.

use std::ops::Range;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use goblin::elf::{Elf, ProgramHeader};

use super::fixtures::{Bench, half, long, patch, redirect, roomy, segment, tiny, wide};
use super::oracle::{assert_sound, slim};
use crate::elf::inspect::{Malformed, described_in, dynamic_in, inspect};
use crate::elf::pages::Pages;
use crate::elf::parts;
use crate::elf::strip::{KeepReason, SectionHeaders, strip, strip_for};

static TINY: LazyLock<Vec<u8>> = LazyLock::new(|| tiny(&Bench::new()));
/// For aarch64, linked for pages of 64 KiB.
static WIDE: LazyLock<Vec<u8>> = LazyLock::new(|| wide(&Bench::new()));
/// After three patchelf runs: more segments, in another order than the sections.
static EDITED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let bench = Bench::new();
    tiny(&bench);
    for round in 1..=3 {
        bench.run("patchelf", &["--set-rpath", &"x".repeat(5000 * round), "tiny.so"]);
    }
    bench.read("tiny.so")
});

/// How much of a file is read first.
const HEAD: usize = 1024;

const BOTH: [SectionHeaders; 2] = [SectionHeaders::Minimal, SectionHeaders::Drop];

/// Every way to slim a file.
const WAYS: [(SectionHeaders, Pages); 4] = [
    (SectionHeaders::Minimal, Pages::AsLinked),
    (SectionHeaders::Drop, Pages::AsLinked),
    (SectionHeaders::Minimal, Pages::Of4KiB),
    (SectionHeaders::Drop, Pages::Of4KiB),
];

#[test]
fn truncated_at_every_sixteenth() {
    for bytes in [&*TINY, &*EDITED, &*WIDE] {
        for part in 0..16 {
            let cut = &bytes[..bytes.len() * part / 16];
            for headers in BOTH {
                assert!(strip(cut, headers).is_err(), "{part}/16");
            }
            let _ = inspect(cut);
        }
    }
}

#[test]
fn every_byte_of_the_headers_set_to_extremes() {
    for bytes in [&*TINY, &*WIDE] {
        extremes_of(bytes);
    }
}

fn extremes_of(bytes: &[u8]) {
    let programs = 64 + 56 * usize::from(half(bytes, 56));
    let sections = usize::try_from(long(bytes, 40)).unwrap();
    for at in (0..programs).chain(sections..bytes.len()) {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = bytes.to_vec();
            bytes[at] = value;
            assert_unharmed(&bytes);
        }
    }
}

/// The file with only those bytes that reading it in steps takes, noise elsewhere.
fn read_in_steps(
    bytes: &[u8],
    first: impl Fn(&[u8], usize) -> Vec<Range<usize>>,
    second: impl Fn(&[u8]) -> Vec<Range<usize>>,
) -> Vec<u8> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let mut read = vec![0xa5; bytes.len()];
    read[..head.len()].copy_from_slice(head);
    for range in first(head, bytes.len()) {
        read[range.clone()].copy_from_slice(&bytes[range]);
    }
    for range in second(&read) {
        read[range.clone()].copy_from_slice(&bytes[range]);
    }
    read
}

fn needed(bytes: &[u8]) -> Vec<u8> {
    read_in_steps(bytes, parts::tables, |read| parts::without(read, 1))
}

fn looked_at(bytes: &[u8]) -> Vec<u8> {
    read_in_steps(bytes, dynamic_in, described_in)
}

#[test]
fn what_goes_is_not_read() {
    let bytes = &*TINY;
    let read = needed(bytes);
    let left = read.iter().zip(bytes).filter(|(a, b)| a != b).count();
    assert!(left > 500, "only {left} bytes were spared");
    let looked_at = looked_at(bytes);
    let left = looked_at.iter().zip(bytes).filter(|(a, b)| a != b).count();
    assert!(left > bytes.len() / 4, "only {left} bytes were spared");
}

/// Whatever the outcome, it is a sound one.
fn assert_unharmed(bytes: &[u8]) {
    let before = inspect(bytes);
    assert_eq!(inspect(&looked_at(bytes)), before, "what inspect reads");
    let stripped_from = needed(bytes);
    for way in WAYS {
        let stripped = strip_for(bytes, way.0, way.1);
        assert_eq!(strip_for(&stripped_from, way.0, way.1), stripped, "what strip reads");
        match stripped {
            Ok(slim) => {
                assert_promises(bytes, &slim.bytes, way);
                assert_eq!(inspect(&slim.bytes), before);
            }
            Err(KeepReason::Invariant(which)) => panic!("the rewriter broke: {which}"),
            Err(_) => {}
        }
    }
}

/// The promises that hold even where other readers refuse the file.
fn assert_promises(bytes: &[u8], slim: &[u8], (headers, pages): (SectionHeaders, Pages)) {
    assert!(slim.len() < bytes.len());
    let again = |bytes: &[u8]| strip_for(bytes, headers, pages).map(|slim| slim.bytes);
    assert_eq!(again(bytes).as_deref(), Ok(slim));
    assert_eq!(again(slim), Err(KeepReason::NothingToGain));
    crate::elf::check::verify(bytes, slim, pages).unwrap();
}

/// A place in the headers or the dynamic section, and what to write there.
#[derive(Debug, Clone)]
struct Edit {
    place: prop::sample::Index,
    width: usize,
    value: u64,
}

fn edit(length: u64) -> impl Strategy<Value = Edit> {
    let value = prop_oneof![
        any::<u64>(),
        0..=16_u64,
        (0..=16_u64).prop_map(|below| u64::MAX - below),
        (0..64_u32).prop_map(|shift| 1 << shift),
        0..=length + 64,
        (0..=length / 4096).prop_map(|page| page * 4096),
    ];
    (any::<prop::sample::Index>(), prop::sample::select(vec![1, 2, 4, 8]), value)
        .prop_map(|(place, width, value)| Edit { place, width, value })
}

/// Byte positions worth an edit: file header, program headers, section headers, dynamic section.
fn places(bytes: &[u8]) -> Vec<usize> {
    let programs = usize::try_from(long(bytes, 32)).unwrap();
    let sections = usize::try_from(long(bytes, 40)).unwrap();
    let dynamic = usize::try_from(long(bytes, segment(bytes, 2, 0) + 8)).unwrap();
    let whole = |start: usize, length: usize| (start..start + length).step_by(4);
    whole(16, 48)
        .chain(whole(programs, 56 * usize::from(half(bytes, 56))))
        .chain(whole(sections, 64 * usize::from(half(bytes, 60))))
        .chain(whole(dynamic, 256))
        .filter(|&at| at + 8 <= bytes.len())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_headers(
        source in 0..3_usize,
        edits in prop::collection::vec(edit(TINY.len() as u64), 1..6),
    ) {
        let source = [&*TINY, &*EDITED, &*WIDE][source];
        let places = places(source);
        let mut bytes = source.clone();
        for edit in edits {
            let at = places[edit.place.index(places.len())];
            patch(&mut bytes, at, &edit.value.to_le_bytes()[..edit.width]);
        }
        assert_unharmed(&bytes);
    }

    #[test]
    fn random_bytes_behind_the_magic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_unharmed(&[b"\x7fELF\x02\x01\x01".as_slice(), &tail].concat());
    }
}

#[test]
fn the_unmutated_fixtures_are_slimmed() {
    for bytes in [&*TINY, &*EDITED, &*WIDE] {
        for (headers, pages) in WAYS {
            let result = strip_for(bytes, headers, pages).unwrap();
            assert_sound(bytes, &result.bytes, headers, pages);
            assert_eq!(result.by_pages > 0, pages == Pages::Of4KiB && *bytes == *WIDE);
        }
    }
}

/// Appends a section header table of `count` entries made by `entry`, names and all.
fn with_sections(names: &[u8], count: u16, entry: impl Fn(u16) -> [u8; 64]) -> Vec<u8> {
    let mut bytes = slim(&TINY);
    let strings = bytes.len() as u64;
    bytes.extend_from_slice(names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let table = bytes.len() as u64;
    bytes.extend([0; 64]);
    for index in 1..count - 1 {
        bytes.extend(entry(index));
    }
    let mut last = [0; 64];
    patch(&mut last, 4, &3_u32.to_le_bytes());
    patch(&mut last, 24, &strings.to_le_bytes());
    patch(&mut last, 32, &(names.len() as u64).to_le_bytes());
    let comment = names.windows(9).position(|window| window == b".comment\0").unwrap();
    patch(&mut last, 0, &u32::try_from(comment).unwrap().to_le_bytes());
    bytes.extend(last);
    patch(&mut bytes, 40, &table.to_le_bytes());
    patch(&mut bytes, 60, &count.to_le_bytes());
    patch(&mut bytes, 62, &(count - 1).to_le_bytes());
    bytes
}

fn assert_quick<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    result
}

#[test]
fn many_sections_with_long_names_that_overlap() {
    let names = [&vec![b'n'; 60_000][..], b"\0.comment\0"].concat();
    let bytes = with_sections(&names, 65_000, |index| {
        let mut entry = [0; 64];
        let name = 60_000 - u32::from(index) % 256;
        patch(&mut entry, 0, &name.to_le_bytes());
        patch(&mut entry, 4, &1_u32.to_le_bytes());
        patch(&mut entry, 8, &2_u64.to_le_bytes());
        entry
    });
    assert_quick(|| assert_unharmed(&bytes));
}

#[test]
fn many_sections_over_the_whole_file() {
    let bytes = with_sections(b"\0.comment\0", 65_000, |_| {
        let mut entry = [0; 64];
        patch(&mut entry, 0, &1_u32.to_le_bytes());
        patch(&mut entry, 4, &1_u32.to_le_bytes());
        patch(&mut entry, 32, &4096_u64.to_le_bytes());
        entry
    });
    assert_quick(|| assert_unharmed(&bytes));
    let slim = strip(&bytes, SectionHeaders::Drop).unwrap();
    assert!(slim.len() < TINY.len());
}

/// A library whose version needs are `libraries` records that all share one chain of `versions`;
/// every name is the file's soname of `name` bytes.
fn with_version_needs(libraries: u32, versions: u32, name: usize) -> Vec<u8> {
    let bench = Bench::new();
    let soname = "n".repeat(name);
    let (mut bytes, room) = roomy(&bench, &[&format!("-Wl,-soname,{soname}")]);
    let strings = bytes.windows(name + 1).position(|w| w == format!("{soname}\0").as_bytes());
    let loads = Elf::parse(&bytes).unwrap().program_headers;
    let address = |place: usize| {
        let holds = |load: &&ProgramHeader| load.p_type == 1 && load.file_range().contains(&place);
        let load = loads.iter().find(holds).unwrap();
        place as u64 - load.p_offset + load.p_vaddr
    };
    let (strings, room_address) = (address(strings.unwrap()), address(room));
    redirect(&mut bytes, 5, strings);
    redirect(&mut bytes, 10, name as u64 + 1);
    for tag in [1, 14] {
        redirect(&mut bytes, tag, 0);
    }
    redirect(&mut bytes, 0x6fff_fffe, room_address);
    redirect(&mut bytes, 0x6fff_ffff, u64::from(libraries));
    for index in 0..libraries {
        let record = [0xffff_0001, 0, 16 * (libraries - index), 16];
        put_words(&mut bytes, room + 16 * index as usize, record);
    }
    for index in libraries..libraries + versions {
        put_words(&mut bytes, room + 16 * index as usize, [0, 0, 0, 16]);
    }
    bytes
}

fn put_words(bytes: &mut [u8], at: usize, words: [u32; 4]) {
    for (index, word) in words.into_iter().enumerate() {
        patch(bytes, at + 4 * index, &word.to_le_bytes());
    }
}

#[test]
fn version_needs_that_multiply() {
    let few = inspect(&with_version_needs(1, 3, 9)).unwrap();
    assert!(few.version_needs.len() > 3);
    let many = with_version_needs(2000, 2000, 1);
    let endless = Err(Malformed::Endless { what: "version needs" });
    assert_eq!(assert_quick(|| inspect(&many)), endless);
    let long = with_version_needs(1, 3000, 5000);
    let endless = Err(Malformed::Endless { what: "string table" });
    assert_eq!(assert_quick(|| inspect(&long)), endless);
    let beyond = with_version_needs(1, 60_000, 1);
    let truncated = assert_quick(|| inspect(&beyond));
    assert!(matches!(truncated, Err(Malformed::Truncated { what: "version needs", .. })));
}
