//! Input that nobody made by accident: refused or survived, never a panic.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::faults::patient::measured;
use crate::package::{Dist, Package};
use crate::support::{Dice, Run, command, compiled, slim, unzip};

/// One entry of a zip, with whatever its headers claim.
#[derive(Clone)]
struct Raw {
    name: Vec<u8>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    /// CRC-32 and sizes of packed and unpacked data, as claimed.
    claims: (u32, u32, u32),
    /// `st_mode`, with the entry made on Unix.
    mode: u32,
}

fn raw(name: impl AsRef<[u8]>, data: &[u8]) -> Raw {
    let mut crc = libdeflater::Crc::new();
    crc.update(data);
    let claims = (crc.sum(), data.len() as u32, data.len() as u32);
    let name = name.as_ref().to_vec();
    Raw { name, data: data.to_vec(), method: 0, flags: 0x800, claims, mode: 0o100_644 }
}

fn link(name: &str, target: &str) -> Raw {
    Raw { mode: 0o120_777, ..raw(name, target.as_bytes()) }
}

/// A zip of these entries; the end record counts `extra` more than there are.
fn zip_of(entries: &[Raw], extra: i32) -> Vec<u8> {
    let (mut zip, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = zip.len() as u32;
        let mut fields = Vec::new();
        for value in [20, entry.flags, entry.method, 0, 0x21] {
            fields.extend(value.to_le_bytes());
        }
        for value in [entry.claims.0, entry.claims.1, entry.claims.2] {
            fields.extend(value.to_le_bytes());
        }
        fields.extend((entry.name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        zip.extend(b"PK\x03\x04");
        zip.extend(&fields);
        zip.extend(&entry.name);
        zip.extend(&entry.data);
        central.extend(b"PK\x01\x02\x14\x03");
        central.extend(&fields);
        central.extend([0; 6]); // comment, disk, internal attributes
        central.extend((entry.mode << 16).to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(&entry.name);
    }
    let (start, size) = (zip.len() as u32, central.len() as u32);
    let count = (entries.len() as i32 + extra) as u16;
    zip.extend(central);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    zip.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    zip.extend([0, 0]);
    zip
}

/// Builds a zip; how it went, and whether anything was written.
fn build_zip(bytes: &[u8]) -> (Run, bool) {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("app.zip"), bytes).unwrap();
    let run = slim(&["build", &at("app.zip"), "-o", &at("out")]);
    assert!(!home.path().join("evil").exists() && !Path::new("/tmp/slim-evil").exists());
    (run, Path::new(&at("out")).exists())
}

#[track_caller]
fn refused(entries: &[Raw], words: &str) {
    let entries = [entries, &[raw("app.py", b"")]].concat();
    let (run, wrote) = build_zip(&zip_of(&entries, 0));
    assert_eq!((run.code, wrote), (3, false), "{words}: {}{}", run.out, run.err);
    let mut lines = run.err.lines();
    let error = lines.next().unwrap();
    assert!(error.starts_with("error: ") && error.contains(words), "{words} in {}", run.err);
    assert!(lines.all(|line| line.starts_with("hint: ")), "one error, one line: {}", run.err);
}

#[test]
fn the_zip_maker_makes_sound_zips() {
    let (run, _) = build_zip(&zip_of(&[raw("app.py", b"x = 1\n"), link("b.py", "app.py")], 0));
    assert!(run.ok().says(&["function.zip:", "2 entries"]));
}

#[test]
fn names_that_leave_the_zip() {
    for name in ["../evil", "a/../../evil", "..", "a/.."] {
        refused(&[raw(name, b"x")], "`..`");
    }
    refused(&[raw("/tmp/slim-evil", b"x")], "outside of the package");
    refused(&[raw("..\\evil", b"x")], "backslash");
    refused(&[raw("a\0b", b"x")], "NUL");
    refused(&[raw("", b"x")], "empty");
    refused(&[raw("n".repeat(4_096), b"x")], "Linux cannot unpack");
    refused(&[raw("n".repeat(256), b"x")], "Linux cannot unpack");
    refused(&[raw("n/".repeat(2_048) + "x.py", b"x")], "Linux cannot unpack");
    refused(&[raw(b"caf\xe9.py", b"x")], "");
    refused(&[Raw { flags: 0, mode: 0, ..raw(b"caf\xe9.py", b"x") }], "");
}

#[test]
fn links_that_leave_the_zip() {
    for target in ["/etc/passwd", "../../etc/passwd", "a/../../evil", ""] {
        refused(&[link("x.py", target)], "leaves the package");
    }
    refused(&[link("up", ".."), link("deep", "up/up/etc")], "leaves the package");
    refused(&[raw("d/a.py", b""), link("d/up", "../.."), raw("x", b"")], "leaves the package");
    refused(&[link("one", "two"), link("two", "one")], "one");
    refused(&[link("d", "e"), raw("d/x.py", b"")], "d");
}

#[test]
fn names_that_come_twice() {
    refused(&[raw("a.py", b"1"), raw("a.py", b"2")], "a.py");
    refused(&[raw("a", b"1"), raw("a/", b"")], "a");
    refused(&[raw("a", b"1"), raw("a/b", b"2")], "a");
    refused(&[raw("./a", b"1"), raw("a", b"2")], "a");
    let dirs = zip_of(&[raw("d/", b""), raw("d/a", b""), raw("app.py", b"")], 0);
    assert_eq!(build_zip(&dirs).0.code, 0, "a folder beside what is in it is usual");
}

#[test]
fn sizes_that_lie() {
    let packed = libdeflate(b"x = 1\n");
    let claim = |method, claims| Raw { method, claims, ..raw("a.py", &packed) };
    let crc = raw("a", b"x = 1\n").claims.0;
    let long = packed.len() as u32;
    assert_eq!(build_zip(&zip_of(&[claim(8, (crc, long, 6))], 0)).0.code, 0, "the truth passes");
    for claims in
        [(crc, long, u32::MAX - 1), (crc, long, 4_000_000), (crc, long, 5), (crc, long, 7)]
    {
        refused(&[claim(8, claims)], "a.py");
    }
    refused(&[claim(8, (crc ^ 1, long, 6))], "a.py");
    refused(&[claim(8, (crc, 1_000_000, 6))], "");
    refused(&[claim(0, (crc, long, long + 1))], "a.py");
    refused(&[claim(93, (crc, long, 6))], "a.py");
    refused(&[Raw { flags: 0x801, ..raw("a.py", b"x") }], "encrypted");
    refused(&[Raw { mode: 0o010_644, ..raw("pipe", b"") }], "pipe");
    for extra in [-1, 1, 5000] {
        let zip = zip_of(&[raw("a.py", b"x"), raw("b.py", b"y")], extra);
        assert_eq!(build_zip(&zip).0.code, 3, "an end record that counts {extra} more");
    }
}

#[test]
fn a_bomb_costs_no_memory() {
    let zeros = libdeflate(&vec![0; 50_000_000]);
    let crc = 0;
    let claims = (crc, zeros.len() as u32, u32::MAX - 10);
    let bomb: Vec<Raw> =
        (0..20).map(|n| Raw { method: 8, claims, ..raw(format!("b{n}"), &zeros) }).collect();
    refused(&bomb, "");
    let modest = (crc, zeros.len() as u32, 50_000_000);
    refused(&[Raw { method: 8, claims: modest, ..raw("b", &zeros) }], "b");
}

fn libdeflate(bytes: &[u8]) -> Vec<u8> {
    let mut deflater = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
    let mut packed = vec![0; deflater.deflate_compress_bound(bytes.len())];
    let length = deflater.deflate_compress(bytes, &mut packed).unwrap();
    packed.truncate(length);
    packed
}

#[test]
fn zips_cut_or_changed_anywhere() {
    let good = zip_of(&[raw("a.py", b"x = 1\n"), link("b.py", "a.py"), raw("d/", b"")], 0);
    let mut dice = Dice(7);
    for length in (0..good.len()).step_by(7) {
        let (run, wrote) = build_zip(&good[..length]);
        assert!(run.code == 3 && !wrote, "{length}: {}", run.err);
    }
    for _ in 0..150 {
        let mut bad = good.clone();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(bad.len());
            bad[at] = dice.roll(256) as u8;
        }
        let (run, wrote) = build_zip(&bad);
        assert!(run.code == 0 || run.code == 3 && !wrote, "{}: {}", run.code, run.err);
    }
}

#[test]
fn broken_shared_objects() {
    let good = compiled("gcc", "int f(void) { return 1; }", &["-shared", "-fPIC"]);
    let mut alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    let mut dice = Dice(11);
    let mut variants: Vec<Vec<u8>> = (0..64)
        .chain((64..good.len()).step_by(211))
        .map(|length| good[..length].to_vec())
        .collect();
    for _ in 0..300 {
        let mut bad = good.clone();
        for _ in 0..=dice.roll(4) {
            // Mostly in the headers, where it hurts.
            let at = if dice.roll(4) > 0 { dice.roll(1_024) } else { dice.roll(good.len()) };
            bad[at] = [0, 1, 0x7F, 0xFF, dice.roll(256) as u8][dice.roll(5)];
        }
        variants.push(bad);
    }
    for (number, bytes) in variants.iter().enumerate() {
        alpha = alpha.file(&format!("alpha/b{number}.so"), bytes);
    }
    let package = Package::new("app").install(&alpha);
    let built = package.build(&["--verbose"]);
    let layer = built.zip("layer.zip");
    for (number, bytes) in variants.iter().enumerate() {
        let shipped = &layer[&format!("python/alpha/b{number}.so")].bytes;
        assert!(shipped.len() <= bytes.len(), "b{number}.so grew");
        let header = bytes.len().min(4);
        assert_eq!(shipped[..header], bytes[..header], "b{number}.so");
    }
    let cut = layer["python/alpha/b63.so"].bytes.clone();
    assert_eq!(cut, good[..63], "a broken file keeps its bytes");
    slim(&["inspect", package.path()]).ok();
}

/// Where the fields of ELF-64 lie, with their bytes: the file's header, a segment's, a section's.
const FIELDS: [&[(usize, usize)]; 3] = [
    &[
        (4, 1),
        (5, 1),
        (6, 1),
        (7, 1),
        (16, 2),
        (18, 2),
        (20, 4),
        (24, 8),
        (32, 8),
        (40, 8),
        (48, 4),
        (52, 2),
        (54, 2),
        (56, 2),
        (58, 2),
        (60, 2),
        (62, 2),
    ],
    &[(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8)],
    &[(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8)],
];

#[test]
fn every_field_of_a_shared_object_at_its_extremes() {
    let good = compiled("gcc", "int f(void) { return 1; }", &["-shared", "-fPIC"]);
    let word = |at: usize| {
        usize::try_from(u64::from_le_bytes(good[at..at + 8].try_into().unwrap())).unwrap()
    };
    let count = |at: usize| usize::from(u16::from_le_bytes([good[at], good[at + 1]]));
    let tables = [(0, 64, 1), (word(32), 56, count(56)), (word(40), 64, count(60))];
    let mut alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    let mut variants = Vec::new();
    for ((start, entry, entries), fields) in tables.into_iter().zip(FIELDS) {
        for (number, (at, length)) in (0..entries).flat_map(|n| fields.iter().map(move |f| (n, *f)))
        {
            // 0, 1, the largest with and without a sign, one that leaves the file just so, 24 GB.
            for value in [0, 1, u64::MAX, u64::MAX >> 1, good.len() as u64 + 1, 24_000_000_000] {
                let mut bad = good.clone();
                let place = start + number * entry + at;
                bad[place..place + length].copy_from_slice(&value.to_le_bytes()[..length]);
                variants.push(bad);
            }
        }
    }
    assert!(variants.len() > 1_500, "{}", variants.len());
    for (number, bytes) in variants.iter().enumerate() {
        alpha = alpha.file(&format!("alpha/b{number}.so"), bytes);
    }
    let package = Package::new("app").install(&alpha);
    let mut build = command();
    build.args(["build", package.path(), "-q", "--no-verify", "-o", &package.home("out")]);
    let (run, _, peak) = measured(&mut build, Duration::from_secs(30));
    run.ok();
    assert!(peak < 400, "{peak} MB");
    let layer = unzip(Path::new(&package.home("out/layer.zip")));
    for (number, bytes) in variants.iter().enumerate() {
        let shipped = &layer[&format!("python/alpha/b{number}.so")].bytes;
        assert!(shipped.len() <= bytes.len() && shipped[..16] == bytes[..16], "b{number}.so");
    }
}

#[test]
fn record_claims_the_users_code() {
    let thief = Dist::new("thief", "1")
        .file("thief.py", "")
        .row("app.py,,")
        .row("tests/test_app.py,sha256=AAAA,3")
        .row("/etc/passwd,,")
        .row("alpha/__init__.py,,");
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", "x = 1\n");
    let package = Package::new("app")
        .with("app.py", "import alpha\n")
        .with("tests/test_app.py", "import app\n")
        .install(&alpha)
        .install(&thief);
    let built = package.build(&[]);
    assert_eq!(built.bytes("app.py").unwrap(), b"import alpha\n", "it ships, wherever");
    assert_eq!(built.bytes("alpha/__init__.py").unwrap(), b"x = 1\n");
    assert!(built.warnings().contains("which is outside the package: ignored"));
    assert!(built.warnings().contains("claimed by alpha and by thief"), "{}", built.warnings());
}

#[test]
fn sources_that_break_parsers() {
    let many = |text: &str, times: usize| text.repeat(times);
    let sources: Vec<Vec<u8>> = vec![
        format!("x = {}{}\n", many("[", 3_000), many("]", 3_000)).into(),
        format!("x = {}{}\n", many("(", 100_000), many(")", 100_000)).into(),
        format!("x = {}\n", many("[", 50_000)).into(),
        format!("x = {}1\n", many("-", 100_000)).into(),
        format!("x = 1{}\n", many(" + 1", 100_000)).into(),
        format!("x = a{}\n", many(".b", 100_000)).into(),
        format!("x = a{}\n", many("()", 50_000)).into(),
        format!("x = {}1\n", many("lambda: ", 50_000)).into(),
        format!("x = {}1{}\n", many("f'{", 2_000), many("}'", 2_000)).into(),
        (0..300).map(|n| format!("{}if 1:\n", many(" ", n))).collect::<String>().into(),
        format!("{}x\n", many("if 1:\n x\nel", 20_000)).into(),
        format!("{}\n", many("@a\n", 50_000)).into(),
        many("é = 'tests'\n", 3).into(),
        b"x = 'tests'\0\n".to_vec(),
        b"# coding: klingon\nfrom .tests import x\n".to_vec(),
        b"\xff\xfe\0x".to_vec(),
        b"\xef\xbb\xbf\xef\xbb\xbffrom .tests import x".to_vec(),
        b"from .tests import x\r\rfrom . import \x0c tests".to_vec(),
        b"print 'python two', `tests`\n".to_vec(),
        many("\\\n", 100_000).into(),
        many("'", 99_999).into(),
        b"match tests:\n case [[[]]]: pass\n".to_vec(),
    ];
    let mut alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/util.py", "");
    for (number, source) in sources.iter().enumerate() {
        let named = [b"import alpha.tests\nimport importlib.metadata as m\nm.files\n", &source[..]];
        alpha = alpha.file(&format!("alpha/odd{number}.py"), named.concat());
    }
    let package = Package::new("app").install(&alpha);
    let built = package.build(&["-j1"]);
    assert!(built.ships("alpha/tests/util.py"), "what cannot be read names what it may name");
    for (number, source) in sources.iter().enumerate() {
        let shipped = built.bytes(&format!("alpha/odd{number}.py")).unwrap();
        assert!(shipped.ends_with(source), "odd{number}.py");
    }
    let alone = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    let deep = [b"from .tests import x\n", &sources[0][..]].concat();
    let alone = alone.file("alpha/deep.py", deep).file("alpha/tests/__init__.py", "");
    let package = Package::new("app").install(&alone);
    let told = package.explain("alpha/tests/__init__.py", &[]);
    assert!(told.contains("may be named by alpha/deep.py"), "{told}");
}

#[test]
fn metadata_that_is_none() {
    let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let texts = ["\0\0", "\u{feff}", "Name", ":\n:\n", "Name: \nVersion:\n\n", nested.as_str()];
    for text in texts {
        let odd = Dist::new("odd", "1")
            .file("odd/__init__.py", "")
            .info("entry_points.txt", format!("[a]\n{text}\n= b\na = \n[]\nx=y:z[\n").as_str())
            .info("top_level.txt", text)
            .info("direct_url.json", text)
            .info("WHEEL", text)
            .info("namespace_packages.txt", text);
        let package = Package::new("app").install(&odd).with("odd-1.dist-info/METADATA", text);
        package.build(&[]);
        slim(&["inspect", package.path()]).ok();
    }
    for folder in [".dist-info", "-.dist-info", "--1-.dist-info", ".egg-info", "é-1.dist-info"] {
        let package =
            Package::new("app").with("app.py", "").with(&format!("{folder}/METADATA"), "x");
        assert!(package.build(&[]).ships("app.py"), "{folder}");
    }
    let file = Package::new("app").with("app.py", "").with("odd-1.dist-info", "a file");
    assert!(file.build(&[]).ships("odd-1.dist-info"));
}

#[test]
fn bytecode_and_libraries_that_are_none() {
    let mut dice = Dice(3);
    let mut alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    let heads: [&[u8]; 6] =
        [b"MZ", b"!<arch>\n", b"\xCF\xFA\xED\xFE", b"\x7fELF", b"\xCB\r\r\n", b""];
    for number in 0..200 {
        let noise: Vec<u8> = (0..dice.roll(600)).map(|_| dice.roll(256) as u8).collect();
        let bytes = [heads[number % 6], &noise].concat();
        let suffix = ["pyc", "so", "pyd", "a", "py", "dll", "pyi"][number % 7];
        alpha = alpha.file(&format!("alpha/x{number}.{suffix}"), bytes);
    }
    let mut pe = vec![0xFF; 128];
    pe[..2].copy_from_slice(b"MZ");
    Package::new("app").install(&alpha.file("alpha/pe.pyd", pe)).build(&[]);
}

#[test]
fn paths_at_the_limits() {
    let deep = "d/".repeat(900) + "x.py";
    let long = "n".repeat(250) + ".py";
    let built = Package::new("app").with(&long, "").with("a.py", "");
    let target = built.root.join("d/".repeat(100));
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("x.py"), "").unwrap();
    assert_eq!(built.build(&[]).names("function.zip").len(), 3);
    let (run, _) = build_zip(&zip_of(&[raw(&deep, b"")], 0));
    assert!(run.ok().says(&["function.zip:", "1 entry"]));
    let globs = ["*".repeat(300), "{".to_owned() + &"a,".repeat(2_000) + "}", "[!".to_owned()];
    for glob in globs {
        assert_eq!(
            built.try_build(&["--drop", &glob]).code,
            if glob.starts_with('*') { 0 } else { 2 }
        );
    }
}
