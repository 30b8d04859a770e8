//! The bytes the writer writes, and the entries it refuses.

use std::io::{self, Read};

use super::super::deflate::Method;
use super::super::names::NameProblem;
use super::super::writer::{Header, Timestamp, WriteError, Writer};
use super::{Item, file, hex, python, written};

/// A header of a stored file.
fn stored(name: &str, size: u64) -> Header<'_> {
    Header {
        name,
        mode: 0o644,
        method: Method::Stored,
        crc32: 0,
        raw_size: size,
        packed_size: size,
    }
}

/// A writer of 1980 that keeps nothing.
fn sink() -> Writer<io::Sink> {
    Writer::new(io::sink(), Timestamp::default())
}

#[test]
fn every_byte_of_a_small_zip() {
    let bytes = written(&[
        ("a", file(b"hi")),
        ("b/", Item::Folder),
        ("é", Item::File { mode: 0o755, contents: vec![b'x'; 100] }),
    ]);
    let expected = [
        // a: 2.0, no flags, stored, 00:00, 1980-01-01, crc, 2, 2, name 1, extra 0
        "504b0304 1400 0000 0000 0000 2100 ac2a93d8 02000000 02000000 0100 0000 61 6869",
        "504b0304 1400 0000 0000 0000 2100 00000000 00000000 00000000 0200 0000 622f",
        "504b0304 1400 0008 0800 0000 2100 8f5d0e5e 06000000 64000000 0200 0000 c3a9 aba8a03d0000",
        // as above behind 2.0 unix; no comment, disk 0, internal 0, external, offset
        "504b0102 1403 1400 0000 0000 0000 2100 ac2a93d8 02000000 02000000 0100 0000",
        "0000 0000 0000 0000a481 00000000 61",
        "504b0102 1403 1400 0000 0000 0000 2100 00000000 00000000 00000000 0200 0000",
        "0000 0000 0000 1000ed41 21000000 622f",
        "504b0102 1403 1400 0008 0800 0000 2100 8f5d0e5e 06000000 64000000 0200 0000",
        "0000 0000 0000 0000ed81 41000000 c3a9",
        // disks, 3 entries, size and offset of the directory, no comment
        "504b0506 0000 0000 0300 0300 8f000000 67000000 0000",
    ];
    assert_eq!(hex(&bytes), expected.concat().replace(' ', ""));
}

#[test]
fn an_empty_zip_is_its_end_record() {
    assert_eq!(written(&[]), [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
}

#[test]
fn all_entries_carry_the_timestamp() {
    let stamp = Timestamp::from_unix(1_700_000_001); // 2023-11-14 22:13:21
    let mut writer = Writer::new(Vec::new(), stamp);
    writer.file(&stored("a", 0), &mut io::empty()).unwrap();
    writer.directory("b").unwrap();
    let (bytes, _) = writer.finish().unwrap();
    let (time, date) = ((22 << 11) + (13 << 5) + 10, ((2023 - 1980) << 9) + (11 << 5) + 14);
    let expected = [time, date].map(u16::to_le_bytes).concat();
    let found = bytes.windows(4).filter(|window| **window == expected).count();
    assert_eq!(found, 4);
}

#[test]
fn timestamps_are_clamped() {
    let first = Timestamp::default();
    for early in [0, 1, 315_532_799, 315_532_800, 315_532_801] {
        assert_eq!(Timestamp::from_unix(early), first);
    }
    assert_ne!(Timestamp::from_unix(315_532_802), first);
    let last = Timestamp::from_unix(4_354_819_198);
    for late in [4_354_819_199, 4_354_819_200, u64::MAX] {
        assert_eq!(Timestamp::from_unix(late), last);
    }
    assert_ne!(Timestamp::from_unix(4_354_819_197), last);
}

/// Every day of the range, each at another time of day, as Python says it.
#[test]
fn timestamps_are_pythons() {
    let step = 86_400 + 977;
    let times: Vec<u64> = (315_532_800..=4_354_819_198_u64).step_by(step).collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("times.zip");
    let mut writer = Writer::new(Vec::new(), Timestamp::default());
    for time in &times {
        // One zip per time would be 46,000 of them: take the fields out of each.
        let mut one = Writer::new(Vec::new(), Timestamp::from_unix(*time));
        one.directory("d").unwrap();
        let (bytes, _) = one.finish().unwrap();
        writer.file(&stored(&format!("{time:010}"), 4), &mut &bytes[10..14]).unwrap();
    }
    std::fs::write(&path, writer.finish().unwrap().0).unwrap();
    let script = "
import datetime, sys
data = open(sys.argv[1], 'rb').read()
at = 0
while data[at:at + 4] == b'PK\\x03\\x04':
    seconds, field = int(data[at + 30:at + 40]), data[at + 40:at + 44]
    at += 44
    t = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    time = t.second // 2 | t.minute << 5 | t.hour << 11
    date = t.day | t.month << 5 | t.year - 1980 << 9
    assert field == time.to_bytes(2, 'little') + date.to_bytes(2, 'little'), t
    last = t
print(last.year)
";
    assert_eq!(python(script, &path), "2107\n");
}

#[test]
fn modes_are_cut_to_permissions() {
    let mut writer = Writer::new(Vec::new(), Timestamp::default());
    let header = Header { mode: 0o104_755, ..stored("a", 0) };
    writer.file(&header, &mut io::empty()).unwrap();
    let (bytes, _) = writer.finish().unwrap();
    let external = &bytes[31 + 38..31 + 42];
    assert_eq!(external, (0o100_755_u32 << 16).to_le_bytes());
}

#[test]
fn the_central_directory_is_sorted_by_bytes() {
    let mut writer = Writer::new(Vec::new(), Timestamp::default());
    for name in ["é", "b", "a/b", "a.b", "B", "a"] {
        writer.file(&stored(name, 0), &mut io::empty()).unwrap();
    }
    writer.directory("a.").unwrap(); // "a./" > "a.b"
    let (bytes, summary) = writer.finish().unwrap();
    assert_eq!(summary.entries, 7);
    let names = |magic: &[u8], at: usize, fixed: usize| -> Vec<String> {
        let starts = bytes.windows(4).enumerate().filter(|(_, four)| *four == magic);
        let name = |(start, _): (usize, &[u8])| {
            let length = usize::from(bytes[start + at]);
            String::from_utf8_lossy(&bytes[start + fixed..][..length]).into_owned()
        };
        starts.map(name).collect()
    };
    assert_eq!(names(b"PK\x03\x04", 26, 30), ["é", "b", "a/b", "a.b", "B", "a", "a./"]);
    assert_eq!(names(b"PK\x01\x02", 28, 46), ["B", "a", "a./", "a.b", "a/b", "b", "é"]);
}

#[test]
fn names_must_be_unique() {
    for (first, between) in [("a", "b"), ("b", "a"), ("é", "z")] {
        let mut writer = sink();
        for name in [first, between, first] {
            writer.file(&stored(name, 0), &mut io::empty()).unwrap();
        }
        let error = writer.finish().unwrap_err();
        assert!(matches!(&error, WriteError::Twice { name } if name == first), "{error}");
    }
    let mut writer = sink();
    writer.directory("a").unwrap();
    writer.directory("a/").unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Twice { .. })));
}

#[test]
fn bad_names_are_refused() {
    let mut writer = sink();
    for name in ["", "/a", "../a", "a/..", "a//b", "./a", "a\0b", "a/", &"n".repeat(65_536)] {
        let error = writer.file(&stored(name, 0), &mut io::empty()).unwrap_err();
        assert!(matches!(error, WriteError::Name { .. }), "{name}: {error}");
    }
    for name in ["", "/", "a//", "..", &"n".repeat(65_535)] {
        let error = writer.directory(name).unwrap_err();
        assert!(matches!(error, WriteError::Name { .. }), "{name}: {error}");
    }
    let error = writer.directory(&"n".repeat(65_535)).unwrap_err();
    assert!(matches!(error, WriteError::Name { problem: NameProblem::TooLong, .. }));
    assert!(error.to_string().len() < 400, "{error}");
    writer.directory(&"n".repeat(65_534)).unwrap();
    writer.file(&stored(&"o".repeat(65_535), 0), &mut io::empty()).unwrap();
    assert_eq!(writer.finish().unwrap().1.bytes, 2 * (2 * 65_535 + 76) + 22);
}

#[test]
fn files_of_four_gigabytes_are_refused() {
    let mut writer = sink();
    for (raw, packed) in [(1 << 32, 10), (u64::from(u32::MAX), 10), (u64::MAX, 10), (10, u64::MAX)]
    {
        let header = Header {
            method: Method::Deflated,
            raw_size: raw,
            packed_size: packed,
            ..stored("big", 0)
        };
        let error = writer.file(&header, &mut io::empty()).unwrap_err();
        assert!(matches!(&error, WriteError::FileSize { name, .. } if name == "big"), "{error}");
    }
    let header = Header {
        method: Method::Deflated,
        raw_size: u64::from(u32::MAX) - 1,
        packed_size: 2,
        ..stored("big", 0)
    };
    writer.file(&header, &mut &b"\x03\0"[..]).unwrap();
}

/// The last byte before 4 GiB can be taken, the next cannot, and the error names who wanted it.
#[test]
fn zips_of_four_gigabytes_are_refused() {
    let mut writer = sink();
    let half = 1 << 31;
    writer.file(&stored("a", half), &mut io::repeat(0)).unwrap();
    let rest = u64::from(u32::MAX) - half - 31 - 31;
    let error = writer.file(&stored("b", rest), &mut io::repeat(0)).unwrap_err();
    assert!(matches!(&error, WriteError::ZipSize { name } if name == "b"), "{error}");
    writer.file(&stored("b", rest - 1), &mut io::repeat(0)).unwrap();
    let error = writer.directory("c").unwrap_err();
    assert!(matches!(&error, WriteError::ZipSize { name } if name == "c/"), "{error}");
    let (_, summary) = writer.finish().unwrap();
    assert_eq!(summary.bytes, u64::from(u32::MAX) - 1 + 2 * 47 + 22);
    assert!(!summary.zip64);
}

#[test]
fn stored_sizes_must_agree() {
    let header = Header { raw_size: 3, ..stored("a", 2) };
    let error = sink().file(&header, &mut io::empty()).unwrap_err();
    assert!(matches!(error, WriteError::StoredSize { packed: 2, raw: 3, .. }), "{error}");
}

#[test]
fn short_data_spoils_the_zip() {
    let mut writer = sink();
    let error = writer.file(&stored("a", 3), &mut &b"xy"[..]).unwrap_err();
    assert!(
        matches!(&error, WriteError::Short { name, expected: 3, found: 2 } if name == "a"),
        "{error}"
    );
    assert!(matches!(writer.directory("b"), Err(WriteError::Broken)));
    assert!(matches!(writer.file(&stored("b", 0), &mut io::empty()), Err(WriteError::Broken)));
    assert!(matches!(writer.finish(), Err(WriteError::Broken)));
}

#[test]
fn a_full_disk_spoils_the_zip() {
    let mut room = [0; 40];
    let mut writer = Writer::new(&mut room[..], Timestamp::default());
    let error = writer.file(&stored("a", 100), &mut io::repeat(0)).unwrap_err();
    assert!(matches!(error, WriteError::Io(_)), "{error}");
    assert!(matches!(writer.finish(), Err(WriteError::Broken)));
}

#[test]
fn no_more_than_the_packed_size_is_taken() {
    let mut data = &b"xyz"[..];
    sink().file(&stored("a", 2), &mut data).unwrap();
    let mut left = String::new();
    data.read_to_string(&mut left).unwrap();
    assert_eq!(left, "z");
}
