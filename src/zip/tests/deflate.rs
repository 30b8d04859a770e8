//! What is packed unpacks to the same by an inflater that is not libdeflate's.

use std::borrow::Cow;

use proptest::prelude::*;

use super::super::deflate::{Compression, Deflater, InflateError, Method, Packed, inflate};

const QUICK: [Compression; 3] = [Compression::Fast, Compression::Default, Compression::Max];
const ALL: [Compression; 4] =
    [Compression::Fast, Compression::Default, Compression::Max, Compression::Extreme];

/// Unpacks by miniz_oxide, and checks all that `packed` says about itself.
fn check(raw: &[u8], packed: &Packed<'_>) {
    assert_eq!(packed.raw_size, raw.len() as u64);
    assert_eq!(packed.crc32, bitwise_crc32(raw));
    match packed.method {
        Method::Stored => assert!(matches!(packed.data, Cow::Borrowed(data) if data == raw)),
        Method::Deflated => {
            assert!(packed.data.len() < raw.len());
            let inflated = miniz_oxide::inflate::decompress_to_vec(&packed.data).unwrap();
            assert!(inflated == raw, "inflates to something else");
            assert!(inflate(&packed.data, packed.raw_size).unwrap() == raw);
        }
    }
}

/// CRC-32 as the specification (APPNOTE 4.4.7) words it.
fn bitwise_crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// Bytes that do not repeat (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..length).map(next).collect()
}

/// Text with some repetition, as source code has.
fn text(length: usize) -> Vec<u8> {
    let words = noise(length)
        .into_iter()
        .flat_map(|byte| format!("def f{}():\n    ", byte % 61).into_bytes());
    words.take(length).collect()
}

#[test]
fn empty_and_noise_are_stored() {
    for compression in ALL {
        let mut deflater = Deflater::new(compression);
        for raw in [noise(0), noise(1), noise(4000), noise(600_000)] {
            let packed = deflater.pack(&raw);
            assert_eq!(packed.method, Method::Stored);
            check(&raw, &packed);
        }
    }
}

#[test]
fn both_sides_of_the_scratch_limit() {
    for compression in QUICK {
        let mut deflater = Deflater::new(compression);
        for length in [2, 100, 262_143, 262_144, 262_145, 1_000_000] {
            let raw = text(length);
            check(&raw, &deflater.pack(&raw));
        }
    }
}

#[test]
fn large_results_do_not_keep_their_room() {
    let raw = text(3_000_000);
    let Cow::Owned(data) = Deflater::new(Compression::Default).pack(&raw).data else {
        panic!("text is deflated");
    };
    assert!(data.capacity() < data.len() + 4096, "{} for {}", data.capacity(), data.len());
}

#[test]
fn levels_are_in_the_order_of_their_names() {
    let raw = text(400_000);
    let [fast, default, max, extreme] = ALL.map(|level| Deflater::new(level).pack(&raw).data.len());
    assert!(fast > default && default > max && max > extreme, "{fast} {default} {max} {extreme}");
}

#[test]
fn a_level_is_its_libdeflate_number() {
    let raw = text(100_000);
    for (compression, level) in ALL.into_iter().zip([1, 7, 12]) {
        let level = libdeflater::CompressionLvl::new(level).unwrap();
        let mut compressor = libdeflater::Compressor::new(level);
        let mut out = vec![0; compressor.deflate_compress_bound(raw.len())];
        let length = compressor.deflate_compress(&raw, &mut out).unwrap();
        assert_eq!(*Deflater::new(compression).pack(&raw).data, out[..length]);
    }
}

/// One byte less is smaller, as many is not: both sides of the limit are met.
#[test]
fn one_byte_smaller_is_deflated() {
    let mut deflater = Deflater::new(Compression::Default);
    let level = libdeflater::CompressionLvl::new(7).unwrap();
    let mut ample = libdeflater::Compressor::new(level);
    let mut gains = std::collections::BTreeSet::new();
    for (noisy, run) in (0..50).flat_map(|noisy| (1..30).map(move |run| (noisy, run))) {
        let raw = [noise(noisy), vec![0; run]].concat();
        let mut out = vec![0; ample.deflate_compress_bound(raw.len())];
        let best = ample.deflate_compress(&raw, &mut out).unwrap();
        gains.insert(raw.len().saturating_sub(best));
        assert_eq!(deflater.pack(&raw).method == Method::Deflated, best < raw.len());
    }
    assert!(gains.contains(&0) && gains.contains(&1), "{gains:?}");
}

#[test]
fn inflates_what_grows_a_thousandfold() {
    let raw = vec![7; 10_000_000];
    let packed = Deflater::new(Compression::Max).pack(&raw);
    assert!(packed.data.len() < 11_000);
    assert!(inflate(&packed.data, packed.raw_size).unwrap() == raw);
    assert_eq!(inflate(&packed.data, 9_999_999), Err(InflateError::Longer(9_999_999)));
    let out = inflate(&packed.data, u64::from(u32::MAX)).unwrap();
    assert_eq!(out.len(), raw.len());
    assert!(out.capacity() <= 4 * raw.len());
}

proptest! {
    /// Any bytes: what miniz_oxide inflates, we do, and the same. (libdeflate takes some that
    /// miniz_oxide refuses for an incomplete code; a wrong CRC shows these.)
    #[test]
    fn inflates_as_another_does(
        mut stream in prop::collection::vec(any::<u8>(), 0..60),
        mutate in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        if let Some((place, value)) = mutate {
            let raw = stream.repeat(3);
            stream = miniz_oxide::deflate::compress_to_vec(&raw, 9);
            let place = place.index(stream.len());
            stream[place] = value;
        }
        if let Ok(theirs) = miniz_oxide::inflate::decompress_to_vec_with_limit(&stream, 50_000) {
            prop_assert_eq!(inflate(&stream, 50_000), Ok(theirs));
        }
    }

    /// Repetitive bytes of any length, where "just smaller" and "just not" both occur: what is
    /// given with tight room is what is given with ample room.
    #[test]
    fn packs_and_inflates(
        raw in prop::collection::vec(0_u8..6, 0..300),
        noisy in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut deflater = Deflater::new(Compression::Max);
        let mixed = [&raw[..], &noisy].concat();
        for input in [&raw, &noisy, &mixed] {
            let packed = deflater.pack(input);
            check(input, &packed);
            let mut ample = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
            let mut out = vec![0; ample.deflate_compress_bound(input.len())];
            let best = ample.deflate_compress(input, &mut out).unwrap();
            prop_assert_eq!(packed.method == Method::Deflated, best < input.len());
            prop_assert_eq!(packed.data.len(), best.min(input.len()));
        }
    }

    /// What was packed before leaves no trace.
    #[test]
    fn a_used_deflater_gives_the_same(
        before in prop::collection::vec(0_u8..9, 0..5000),
        raw in prop::collection::vec(0_u8..9, 0..5000),
    ) {
        let mut used = Deflater::new(Compression::Default);
        used.pack(&before);
        prop_assert_eq!(used.pack(&raw), Deflater::new(Compression::Default).pack(&raw));
    }
}

#[test]
fn a_large_file_is_the_same_whoever_deflates_its_pieces() {
    // More than one piece, and a part of one; the end does not become smaller.
    let raw = [text(33 << 20), noise(2_000_000)].concat();
    let pack = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Deflater::new(Compression::Fast).pack(&raw).data.into_owned())
    };
    let (alone, several) = (pack(1), pack(3));
    assert!(alone == several);
    assert!(miniz_oxide::inflate::decompress_to_vec(&alone).unwrap() == raw);
    assert!(inflate(&alone, raw.len() as u64).unwrap() == raw);
    // Its own pieces are no smaller: it stays as it is.
    let raw = noise(33 << 20);
    assert_eq!(Deflater::new(Compression::Fast).pack(&raw).method, Method::Stored);
}
