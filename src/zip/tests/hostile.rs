//! Zips that lie: each is refused for what it is, and none makes the reader panic or hang.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::deflate::InflateError;
use super::super::names::NameProblem;
use super::super::reader::{Kind, Member, ReadError, Reader};
use super::raw::{Raw, deflated, entry, link, zip, zip_counting};
use super::{Item, file, open, python, written};

/// The error that opening these entries gives.
fn refused(entries: &[Raw]) -> ReadError {
    open(&zip(entries)).expect_err("a hostile zip")
}

/// The error that opening, or else reading the only entry, gives.
fn unreadable(entry: Raw) -> ReadError {
    open(&zip(&[entry])).and_then(|reader| reader.read(0)).expect_err("a hostile zip")
}

/// The members of a zip of these entries.
fn members(entries: &[Raw]) -> Vec<Member> {
    open(&zip(entries)).unwrap().members().to_vec()
}

/// Asserts that a value, shown on failure, is of a shape.
macro_rules! assert_is {
    ($value:expr, $($shape:tt)+) => {{
        let value = $value;
        assert!(matches!(&value, $($shape)+), "{value:?}");
    }};
}

#[test]
fn true_entries_are_read() {
    let reader = open(&zip(&[
        deflated("lib/b.py", &b"print()\n".repeat(100)),
        entry("lib/a", b"text"),
        Raw { mode: 0o040_755, ..entry("empty/", b"") },
        link("lib/link", "../lib/a"),
        entry("./top", b""),
        Raw { mode: 0o040_755, ..entry("./", b"") },
    ]))
    .unwrap();
    let listed: Vec<_> =
        reader.members().iter().map(|m| (m.name.as_str(), m.mode, m.raw_size)).collect();
    assert_eq!(
        listed,
        [
            ("empty", Some(0o755), 0),
            ("lib/a", Some(0o644), 4),
            ("lib/b.py", Some(0o644), 800),
            ("lib/link", Some(0o777), 8),
            ("top", Some(0o644), 0),
        ]
    );
    assert_eq!(reader.members()[0].kind, Kind::Directory);
    assert_eq!(reader.members()[3].kind, Kind::Symlink { target: "../lib/a".to_owned() });
    assert_eq!(reader.read(2).unwrap(), b"print()\n".repeat(100));
    assert_eq!(reader.read(3).unwrap(), b"../lib/a");
    assert_eq!(reader.read(0).unwrap(), b"");
    assert_is!(reader.read(5).unwrap_err(), ReadError::Index(5));
}

#[test]
fn names() {
    for (name, problem) in [
        ("../a", NameProblem::Parent),
        ("a/../../b", NameProblem::Parent),
        ("a/..", NameProblem::Parent),
        ("/etc/passwd", NameProblem::Absolute),
        ("a\\b", NameProblem::Backslash),
        ("a\0.py", NameProblem::Nul),
        ("", NameProblem::Empty),
    ] {
        let error = refused(&[entry("ok", b""), entry(name, b"")]);
        assert!(
            matches!(&error, ReadError::Name { problem: found, .. } if *found == problem),
            "{name}: {error}"
        );
    }
    let error = refused(&[entry("src\\app.py", b"")]);
    assert_eq!(
        error.to_string(),
        "bad name of entry `src\\app.py`: it has a backslash, which old \
         Windows tools write where a zip needs `/`; \
         make the zip again with PowerShell 7, 7-Zip or `python -m zipfile -c`"
    );
}

#[test]
fn names_that_are_no_known_text() {
    assert_is!(
        refused(&[entry(b"\xff", b"")]),
        ReadError::Name { problem: NameProblem::Encoding, .. }
    );
    let windows = |name: &[u8]| Raw { flags: 0, made_by: 0x0014, ..entry(name, b"") };
    for unmarked in [
        windows(b"caf\x82"),
        windows("café".as_bytes()),
        Raw { flags: 0, ..entry(b"caf\x82", b"") },
    ] {
        assert_is!(refused(&[unmarked]), ReadError::Name { problem: NameProblem::Encoding, .. });
    }
    assert_eq!(members(&[windows(b"cafe")])[0].name, "cafe");
    assert_eq!(members(&[entry("café", b"")])[0].name, "café");
    // As `zip -r` on Linux.
    assert_eq!(members(&[Raw { flags: 0, ..entry("café", b"") }])[0].name, "café");

    // No mark, but the name in UTF-8 as an extra field (APPNOTE 4.6.9).
    let mut extra = b"\x75\x70\x0a\x00\x01".to_vec();
    extra.extend(crc32fast::hash(b"caf\x82").to_le_bytes());
    extra.extend("café".as_bytes());
    assert_eq!(members(&[Raw { extra, ..windows(b"caf\x82") }])[0].name, "café");
}

#[test]
fn names_that_come_twice() {
    let error = refused(&[entry("a", b"1"), entry("b", b"2"), entry("b", b"3"), entry("c", b"4")]);
    assert_is!(&error, ReadError::Duplicate(name) if name == "b");
    for twin in ["a/", "./a", "a//"] {
        let error = refused(&[entry("a", b""), entry(twin, b"")]);
        assert_is!(&error, ReadError::Duplicate(name) if name == "a");
    }
}

#[test]
fn files_used_as_folders() {
    let error =
        refused(&[entry("a.py", b""), entry("a", b""), entry("a-b", b""), entry("a/b", b"")]);
    assert_is!(&error, ReadError::NoFolder { folder, inside } if folder == "a" && inside == "a/b");
    let error = refused(&[entry("x", b""), link("l", "x"), entry("l/y/z", b"")]);
    assert_is!(&error, ReadError::NoFolder { folder, .. } if folder == "l");
    members(&[entry("a/", b""), entry("a/b", b""), entry("ab", b"")]);
}

#[test]
fn encrypted_entries() {
    for flags in [0x0801, 0x0841, 0x2800] {
        assert_is!(
            refused(&[Raw { flags, ..entry("a", b"123456789012") }]),
            ReadError::Encrypted(_)
        );
    }
}

#[test]
fn unknown_methods() {
    for method in [1, 6, 9, 12, 14, 93, 95, 98, 99, 0xffff] {
        assert_is!(refused(&[Raw { method, ..entry("a", b"data") }]), ReadError::Method { .. });
    }
    let error = refused(&[Raw { method: 14, ..entry("a", b"data") }]).to_string();
    assert!(
        error.starts_with("entry `a` is compressed by a method other than deflate (Lzma)"),
        "{error}"
    );
}

#[test]
fn overlapping_entries() {
    let same = [entry("a", b"data"), Raw { offset: Some(0), ..entry("b", b"data") }];
    assert_is!(refused(&same), ReadError::Overlap { .. });

    // The second header lies in the data of the first.
    let inner = zip(&[entry("b", b"data")]);
    let quoted = [entry("a", &inner), Raw { offset: Some(31), ..entry("b", b"data") }];
    let error = refused(&quoted);
    assert_is!(&error, ReadError::Overlap { first, second } if first == "a" && second == "b");

    // The data reaches into the central directory.
    let long = Raw { packed_size: 60, raw_size: 60, ..entry("a", b"data") };
    assert_is!(refused(&[long]), ReadError::Overrun(name) if name == "a");
}

#[test]
fn sizes_that_cannot_be() {
    let bomb = Raw { raw_size: 1 << 31, ..deflated("a", &[0; 1000]) };
    assert_is!(refused(&[bomb]), ReadError::Ratio { .. });
    let stored = Raw { raw_size: 5, ..entry("a", b"data") };
    assert_is!(refused(&[stored]), ReadError::Ratio { packed: 4, claimed: 5, .. });
    // The best that deflate can do is no bomb.
    let best = deflated("a", &vec![0; 3_000_000]);
    assert!(best.raw_size / best.packed_size > 1000);
    assert_eq!(members(&[best])[0].raw_size, 3_000_000);
}

#[test]
fn too_much_in_total() {
    let large = |name: &str| Raw { raw_size: u32::MAX - 1, ..deflated(name, &vec![7; 1 << 22]) };
    let mut packed = large("a");
    packed.data.resize(4 << 20, 0);
    packed.packed_size = 4 << 20;
    let second = Raw { name: b"b".to_vec(), ..packed.clone() };
    members(&[packed.clone()]);
    assert_is!(refused(&[packed, second]), ReadError::Total { claimed } if *claimed == 2 * (u64::from(u32::MAX) - 1));
}

#[test]
fn contents_of_another_size_than_claimed() {
    let contents = b"some text ".repeat(50);
    for raw_size in [0, 1, 499] {
        let more = Raw { raw_size, ..deflated("a", &contents) };
        let claimed = u64::from(raw_size);
        assert_is!(unreadable(more), ReadError::Inflate { problem: InflateError::Longer(n), .. } if *n == claimed);
    }
    let fewer = Raw { raw_size: 501, ..deflated("a", &contents) };
    assert_is!(unreadable(fewer), ReadError::Size { claimed: 501, found: 500, .. });
}

#[test]
fn damaged_contents() {
    let wrong_crc = Raw { crc32: 1, ..entry("a", b"data") };
    assert_is!(unreadable(wrong_crc), ReadError::Checksum(name) if name == "a");
    let no_deflate = Raw { method: 8, ..entry("a", b"\xff\xff\xff\xff") };
    assert_is!(unreadable(no_deflate), ReadError::Inflate { problem: InflateError::Unsound, .. });
    let mut cut = deflated("a", &b"some text ".repeat(50));
    cut.packed_size -= 3;
    assert_is!(unreadable(cut), ReadError::Inflate { problem: InflateError::Unsound, .. });
    let mut no_header = zip(&[entry("a", b"data")]);
    no_header[0] = 0;
    assert_is!(open(&no_header).unwrap_err(), ReadError::LocalHeader { .. });
}

/// An entry that claims 4 GB and has 4 MB does not get 4 GB of memory, used or not.
#[test]
fn memory_grows_with_what_comes_out() {
    let mut large = Raw { raw_size: u32::MAX - 1, ..deflated("a", b"little") };
    large.data.resize(4 << 20, 0);
    large.packed_size = 4 << 20;
    let before = reserved();
    assert_is!(unreadable(large), ReadError::Size { found: 6, .. });
    assert!(reserved() < before + (2 << 30));
}

/// The largest address space that this process has had so far, in bytes.
fn reserved() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn links() {
    for target in ["..", "../x", "../../etc/passwd", "/etc/passwd", "a/../../x", "", "a\0"] {
        let error = refused(&[link("l", target)]);
        assert!(
            matches!(&error, ReadError::LinkLeaves { entry, .. } if entry == "l"),
            "{target}: {error}"
        );
    }
    assert_is!(refused(&[link("a/b", "../../x")]), ReadError::LinkLeaves { .. });
    members(&[link("a/b", "../x"), link("a/c", "../a/./b"), link("l", &"x".repeat(4096))]);
    assert_is!(refused(&[link("l", &"x".repeat(4097))]), ReadError::LinkText(_));
    let no_text = Raw { mode: 0o120_777, ..entry("l", b"\xff") };
    assert_is!(refused(&[no_text]), ReadError::LinkText(_));
    let bomb = Raw { mode: 0o120_777, ..deflated("l", &[b'x'; 4097]) };
    assert_is!(refused(&[bomb]), ReadError::LinkText(_));
}

#[test]
fn special_files_and_odd_folders() {
    for mode in [0o010_644, 0o020_644, 0o060_644, 0o140_644] {
        assert_is!(refused(&[Raw { mode, ..entry("a", b"") }]), ReadError::Special { .. });
    }
    assert_is!(refused(&[entry("a/", b"data")]), ReadError::FolderData(_));
    assert_is!(
        refused(&[Raw { mode: 0o040_755, ..entry("a", b"data") }]),
        ReadError::FolderData(_)
    );
    let folder = Raw { mode: 0o040_755, ..entry("a", b"") };
    assert_eq!(members(&[folder])[0].kind, Kind::Directory);
}

#[test]
fn modes_are_taken_from_unix_only() {
    let mode = |made_by, mode| members(&[Raw { made_by, mode, ..entry("a", b"") }])[0].mode;
    assert_eq!(mode(0x0314, 0o100_755), Some(0o755));
    assert_eq!(mode(0x1314, 0o104_711), Some(0o4711));
    assert_eq!(mode(0x0314, 0o600), Some(0o600));
    assert_eq!(mode(0x0314, 0), None);
    assert_eq!(mode(0x0014, 0o100_755), None);
    assert_eq!(mode(0x0a14, 0o100_755), None);
}

#[test]
fn counts_that_wrapped() {
    let entries = [entry("a", b""), entry("b", b""), entry("c", b"")];
    let error = open(&zip_counting(&entries, 2)).unwrap_err();
    assert_is!(error, ReadError::Count { found: 3, listed: 2 });
    assert_is!(open(&zip_counting(&entries, 4)).unwrap_err(), ReadError::Archive(_));
}

#[test]
fn what_is_no_zip() {
    for bytes in [&b""[..], b"PK", b"not a zip at all", &[0; 10_000], b"PK\x03\x04"] {
        assert_is!(open(bytes).unwrap_err(), ReadError::Archive(_));
    }
    let sound = zip(&[entry("a", b"data")]);
    for length in 0..sound.len() {
        assert!(open(&sound[..length]).is_err(), "cut to {length} bytes");
    }
    let directory = tempfile::tempdir().unwrap();
    assert_is!(Reader::open(directory.path()).unwrap_err(), ReadError::NotRegular);
    assert_is!(Reader::open(&directory.path().join("none.zip")).unwrap_err(), ReadError::Io(_));
    let fifo = directory.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert_is!(Reader::open(&fifo).unwrap_err(), ReadError::NotRegular);
}

/// What people have: zips by Python and Info-ZIP, with data descriptors, with bytes in front.
#[test]
fn common_zips_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let script = "
import io, os, sys, zipfile
os.chdir(sys.argv[1])
os.makedirs('src/empty')
open('src/café.py', 'w').write('print()' * 100)
os.symlink('café.py', 'src/link')
with zipfile.ZipFile('python.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.write('src'), z.write('src/empty'), z.write('src/café.py')
class Pipe(io.RawIOBase):
    def __init__(self, f): self.f = f
    def writable(self): return True
    def write(self, b): return self.f.write(b)
with open('pipe.zip', 'wb') as f, zipfile.ZipFile(Pipe(f), 'w', zipfile.ZIP_DEFLATED) as z:
    z.write('src'), z.write('src/empty'), z.write('src/café.py')
with open('prefixed.zip', 'wb') as f:
    f.write(b'#!/usr/bin/env python3\\n' + open('python.zip', 'rb').read())
with zipfile.ZipFile('large.zip', 'w') as z:
    with z.open('src/café.py', 'w', force_zip64=True) as f: f.write(b'print()' * 100)
assert os.system('zip -qry info.zip src') == 0
assert os.system('cat python.zip | zip -q - src/* > streamed.zip') == 0
";
    python(script, directory.path());
    let info = Reader::open(&directory.path().join("info.zip")).unwrap();
    assert!(
        info.members().iter().any(|m| m.kind == Kind::Symlink { target: "café.py".to_owned() })
    );
    for name in ["python", "pipe", "prefixed", "large", "info", "streamed"] {
        let reader = Reader::open(&directory.path().join(name).with_extension("zip")).expect(name);
        let found = reader.members().iter().position(|member| member.name == "src/café.py");
        assert_eq!(reader.read(found.expect(name)).unwrap(), b"print()".repeat(100), "{name}");
        assert!(reader.members().iter().all(|member| member.name != "src/"), "{name}");
    }
}

/// Opens and reads all; what comes of it does not matter, but that it comes, and soon.
fn survives(bytes: &[u8]) -> bool {
    let started = Instant::now();
    let opened = open(bytes);
    if let Ok(reader) = &opened {
        for (index, member) in reader.members().iter().enumerate() {
            if let Ok(contents) = reader.read(index) {
                assert_eq!(contents.len() as u64, member.raw_size);
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(10));
    opened.is_ok()
}

/// A zip with something of everything.
fn sample() -> Vec<u8> {
    zip(&[
        deflated("lib/b.py", &b"print()\n".repeat(20)),
        entry("lib/a", b"text"),
        Raw { mode: 0o040_755, ..entry("empty/", b"") },
        link("lib/link", "../lib/a"),
    ])
}

#[test]
fn every_byte_can_be_wrong() {
    let sample = sample();
    assert!(survives(&sample));
    let mut survived = 0;
    for place in 0..sample.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff, sample[place] ^ 1, sample[place].wrapping_add(1)] {
            let mut bytes = sample.clone();
            bytes[place] = value;
            survived += usize::from(survives(&bytes));
        }
    }
    assert!((1..sample.len() * 7).contains(&survived), "both happen, refusing and reading");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn mutated_zips_do_no_harm(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        splice in any::<prop::sample::Index>(),
        how in 0..4,
    ) {
        let mut bytes = sample();
        for (place, value) in edits {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if how == 1 {
            bytes.truncate(cut.index(bytes.len()));
        } else if how == 2 {
            let part = bytes[cut.index(bytes.len())..].to_vec();
            let at = splice.index(bytes.len());
            bytes.splice(at..at, part);
        }
        survives(&bytes);
    }

    #[test]
    fn noise_around_signatures_does_no_harm(parts in prop::collection::vec(
        prop_oneof![
            Just(b"PK\x03\x04".to_vec()), Just(b"PK\x01\x02".to_vec()), Just(b"PK\x05\x06".to_vec()),
            Just(b"PK\x06\x06".to_vec()), Just(b"PK\x06\x07".to_vec()), Just(vec![0; 18]), Just(vec![0xff; 8]),
            prop::collection::vec(any::<u8>(), 0..40),
        ],
        0..40,
    )) {
        survives(&parts.concat());
    }
}

/// A megabyte of end records, each of which could be the true one.
#[test]
fn many_end_records_do_not_hang() {
    survives(&b"PK\x05\x06".repeat(300_000));
    survives(&b"PK\x01\x02".repeat(300_000));
    let mut ends = written(&[("a", file(b"x")), ("b/", Item::Folder)]);
    let end = ends[ends.len() - 22..].to_vec();
    ends.extend(end.repeat(30_000));
    survives(&ends);
}
