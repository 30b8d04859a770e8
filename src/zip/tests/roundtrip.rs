//! What we write reads back the same by the `zip` crate, by Python, by unzip and by ourselves.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::deflate::{Compression, Deflater};
use super::super::reader::{Kind, Reader};
use super::super::writer::{Header, Timestamp, Writer};
use super::{Item, file, hex, open, python, unzip_accepts, written};

type Package = BTreeMap<String, Item>;

/// Packages of up to 12 entries: names with all kinds of characters, contents that deflate and
/// that do not, empty folders; no file is another's folder.
fn packages() -> impl Strategy<Value = Package> {
    let part = "[a-zA-Z0-9_ .\\-+é漢😀]{1,8}"
        .prop_filter("a plain part", |part| part != "." && part != "..");
    let path = prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"));
    let contents = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..300),
        ("[a-f ]{1,20}", 1..200_usize).prop_map(|(text, times)| text.repeat(times).into_bytes()),
    ];
    let item = prop_oneof![
        1 => Just(Item::Folder),
        6 => (any::<bool>(), contents).prop_map(|(run, contents)| Item::File {
            mode: if run { 0o755 } else { 0o644 },
            contents,
        }),
    ];
    prop::collection::btree_map(path, item, 0..12).prop_map(|paths| {
        let inside =
            |folder: &str| paths.keys().any(|path| path.starts_with(&format!("{folder}/")));
        let lone = paths.iter().filter(|(path, _)| !inside(path));
        lone.map(|(path, item)| match item {
            Item::Folder => (format!("{path}/"), Item::Folder),
            Item::File { .. } => (path.clone(), item.clone()),
        })
        .collect()
    })
}

/// A package's zip.
fn zip_of(package: &Package) -> Vec<u8> {
    let items: Vec<_> = package.iter().map(|(name, item)| (name.as_str(), item.clone())).collect();
    written(&items)
}

/// One line per entry: name, mode, contents. What Python has to print too.
fn listing(package: &Package) -> String {
    let line = |(name, item): (&String, &Item)| match item {
        Item::File { mode, contents } => {
            format!("{} {mode:o} {}\n", hex(name.as_bytes()), hex(contents))
        }
        Item::Folder => format!("{} 755 \n", hex(name.as_bytes())),
    };
    package.iter().map(line).collect()
}

/// Prints the listing of every `*.zip` in a folder, and holds the headers against our rules.
const LIST: &str = "
import pathlib, sys, zipfile
for path in sorted(pathlib.Path(sys.argv[1]).glob('*.zip')):
    with zipfile.ZipFile(path) as z:
        for i in z.infolist():
            kind = 0o040000 if i.is_dir() else 0o100000
            assert i.external_attr >> 16 & 0o170000 == kind, i
            assert (i.create_system, i.create_version, i.extract_version) == (3, 20, 20), i
            assert i.flag_bits == (0 if i.filename.isascii() else 0x800), i
            assert i.extra == b'' and i.comment == b'' and i.internal_attr == 0, i
            assert i.date_time == (1980, 1, 1, 0, 0, 0), i
            assert i.compress_type == 0 or i.compress_type == 8 and i.compress_size < i.file_size, i
            mode = i.external_attr >> 16 & 0o7777
            print(i.filename.encode().hex(), '%o' % mode, z.read(i).hex())
    print('end of', path.name)
";

#[test]
fn python_and_unzip_read_the_same() {
    let mut runner = TestRunner::deterministic();
    let strategy = packages();
    let directory = tempfile::tempdir().unwrap();
    let mut expected = String::new();
    for number in 0..60 {
        let package = strategy.new_tree(&mut runner).unwrap().current();
        let path = directory.path().join(format!("{number:03}.zip"));
        std::fs::write(&path, zip_of(&package)).unwrap();
        if !package.is_empty() {
            unzip_accepts(&path); // it calls an empty zip an error
        }
        expected.push_str(&listing(&package));
        expected.push_str(&format!("end of {number:03}.zip\n"));
    }
    assert!(expected.len() > 20_000, "the packages are too small to prove anything");
    assert_eq!(python(LIST, directory.path()), expected);
}

/// The package as the `zip` crate reads it.
fn by_zip_crate(bytes: &[u8]) -> Package {
    let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut package = Package::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mode = entry.unix_mode().unwrap();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        let item = if name.ends_with('/') {
            assert_eq!((mode, contents.len()), (0o040_755, 0));
            Item::Folder
        } else {
            Item::File { mode: mode & 0o7777, contents }
        };
        assert_eq!(package.insert(name, item), None);
    }
    package
}

/// The package as our reader reads it.
fn by_reader(reader: &Reader) -> Package {
    let item = |(index, member): (usize, &super::super::reader::Member)| match &member.kind {
        Kind::Directory => (format!("{}/", member.name), Item::Folder),
        Kind::File => {
            let contents = reader.read(index).unwrap();
            assert_eq!(contents.len() as u64, member.raw_size);
            (member.name.clone(), Item::File { mode: member.mode.unwrap(), contents })
        }
        Kind::Symlink { .. } => panic!("we write no links"),
    };
    assert!(reader.members().is_sorted_by(|a, b| a.name < b.name));
    reader.members().iter().enumerate().map(item).collect()
}

/// Gives its bytes one at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

/// Takes its bytes seven at a time, and knows whether the last were flushed.
struct Narrow {
    bytes: Vec<u8>,
    flushed: bool,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = &bytes[..bytes.len().min(7)];
        self.bytes.extend_from_slice(taken);
        self.flushed = false;
        Ok(taken.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

/// The package's zip, with data that trickles into a narrow output.
fn trickled(package: &Package) -> Vec<u8> {
    let mut deflater = Deflater::new(Compression::Default);
    let mut writer =
        Writer::new(Narrow { bytes: Vec::new(), flushed: false }, Timestamp::default());
    for (name, item) in package {
        let Item::File { mode, contents } = item else {
            writer.directory(name).unwrap();
            continue;
        };
        let packed = deflater.pack(contents);
        let header = Header {
            name,
            mode: *mode,
            method: packed.method,
            crc32: packed.crc32,
            raw_size: packed.raw_size,
            packed_size: packed.data.len() as u64,
        };
        writer.file(&header, &mut Trickle(&packed.data)).unwrap();
    }
    let (narrow, _) = writer.finish().unwrap();
    assert!(narrow.flushed);
    narrow.bytes
}

proptest! {
    #[test]
    fn the_zip_crate_and_our_reader_read_the_same(package in packages()) {
        let bytes = zip_of(&package);
        prop_assert_eq!(&by_zip_crate(&bytes), &package);
        prop_assert_eq!(&by_reader(&open(&bytes).unwrap()), &package);
    }

    /// The bytes hang on what is in the package, not on how it comes and goes.
    #[test]
    fn the_bytes_are_always_the_same(package in packages()) {
        prop_assert_eq!(zip_of(&package), trickled(&package));
    }

    /// Two bytes of header data per byte of name, 76 for the rest (facts/zip.md).
    #[test]
    fn the_overhead_is_fixed(package in packages()) {
        let data: usize = package.values().map(|item| match item {
            Item::File { contents, .. } => Deflater::new(Compression::Default).pack(contents).data.len(),
            Item::Folder => 0,
        }).sum();
        let headers: usize = package.keys().map(|name| 76 + 2 * name.len()).sum();
        prop_assert_eq!(zip_of(&package).len(), data + headers + 22);
    }
}

/// A zip of so many empty files, at a path.
fn many(count: u32, path: &Path) -> bool {
    let out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut writer = Writer::new(out, Timestamp::default());
    let mut deflater = Deflater::new(Compression::Default);
    for number in 0..count {
        writer.packed(&format!("{number:06}"), 0o644, &deflater.pack(b"")).unwrap();
    }
    let (_, summary) = writer.finish().unwrap();
    assert_eq!(summary.entries, u64::from(count));
    assert_eq!(summary.bytes, std::fs::metadata(path).unwrap().len());
    summary.zip64
}

#[test]
fn many_entries_need_a_zip64_end_record() {
    let count = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    infos = z.infolist()
    assert all(i.extract_version == 20 and i.create_version == 20 and i.extra == b'' for i in infos)
    print(len(infos), infos[-1].filename, int(b'PK\\x06\\x06' in z.fp.read() or open(sys.argv[1], 'rb').read().count(b'PK\\x06\\x06')))
";
    let directory = tempfile::tempdir().unwrap();
    for (entries, zip64) in [(65_535, false), (65_536, true), (70_000, true)] {
        let path = directory.path().join("many.zip");
        assert_eq!(many(entries, &path), zip64);
        let said = python(count, &path);
        assert_eq!(said, format!("{entries} {:06} {}\n", entries - 1, u8::from(zip64)));
        unzip_accepts(&path);
        let archive = ::zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(archive.len(), entries as usize);
        let reader = Reader::open(&path).unwrap();
        assert_eq!(reader.members().len(), entries as usize);
        assert_eq!(reader.read(entries as usize - 1).unwrap(), b"");
    }
}

#[test]
fn many_threads_read_from_one_reader() {
    let contents: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 5000 * usize::from(n)]).collect();
    let names: Vec<String> = (0..40).map(|n| format!("f{n:02}")).collect();
    let items: Vec<_> =
        names.iter().map(String::as_str).zip(contents.iter().map(|raw| file(raw))).collect();
    let reader = open(&written(&items)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (index, expected) in contents.iter().enumerate() {
                    assert!(reader.read(index).unwrap() == *expected);
                }
            });
        }
    });
}
