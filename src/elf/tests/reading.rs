//! What is read agrees with goblin, also where goblin cannot read it.

use goblin::elf::Elf;

use super::fixtures::{
    Bench, half, long, patch, redirect, roomy, segment, tiny, without_section_headers,
};
use super::oracle::slim_to;
use crate::elf::inspect::{Machine, Malformed, SharedObject, VersionNeed, inspect, is_elf, mapped};
use crate::elf::strip::SectionHeaders;

/// What goblin reads, in our words.
fn expected(bytes: &[u8]) -> SharedObject {
    let elf = Elf::parse(bytes).unwrap();
    let text = |offset: usize| elf.dynstrtab.get_at(offset).unwrap().to_owned();
    let mut version_needs = Vec::new();
    for need in elf.verneed.iter().flatten() {
        for version in need.iter() {
            version_needs.push(VersionNeed {
                library: text(need.vn_file),
                version: text(version.vna_name),
                weak: version.vna_flags & 2 != 0,
            });
        }
    }
    let folders = elf.rpaths.iter().chain(&elf.runpaths).flat_map(|path| path.split(':'));
    SharedObject {
        bits64: elf.is_64,
        little_endian: elf.little_endian,
        machine: match elf.header.e_machine {
            62 => Machine::X86_64,
            183 => Machine::Aarch64,
            other => Machine::Other(other),
        },
        kind: elf.header.e_type,
        soname: elf.soname.map(str::to_owned),
        needed: elf.libraries.iter().map(|&name| name.to_owned()).collect(),
        runpath: folders.filter(|folder| !folder.is_empty()).map(str::to_owned).collect(),
        version_needs,
        interpreter: elf.interpreter.is_some(),
    }
}

/// Agrees with goblin, and reads the same without section headers and after slimming.
fn assert_agrees(bytes: &[u8]) -> SharedObject {
    let object = inspect(bytes).unwrap();
    assert_eq!(object, expected(bytes));
    assert_eq!(inspect(&without_section_headers(bytes)).unwrap(), object);
    for headers in [SectionHeaders::Minimal, SectionHeaders::Drop] {
        assert_eq!(inspect(&slim_to(bytes, headers)).unwrap(), object);
    }
    object
}

#[test]
fn libraries_agree_with_goblin() {
    let bench = Bench::new();
    let rpath = "-Wl,-rpath,$ORIGIN/../x.libs:/opt/lib";
    let object = assert_agrees(&bench.library(&[
        "-Wl,-soname,libx.so.3",
        rpath,
        "-lm",
        "-Wl,--no-as-needed",
        "-lm",
    ]));
    assert_eq!(object.soname.as_deref(), Some("libx.so.3"));
    assert_eq!(object.runpath, ["$ORIGIN/../x.libs", "/opt/lib"]);
    assert!(object.needed.contains(&"libm.so.6".to_owned()));
    assert!(object.version_needs.iter().any(|need| need.library == "libc.so.6" && !need.weak));
    assert_agrees(&bench.library(&["-Wl,-rpath,/old", "-Wl,--disable-new-dtags"]));
    bench.run("patchelf", &["--set-rpath", &"x".repeat(3000), "library.so"]);
    assert_agrees(&bench.read("library.so"));
    assert!(!assert_agrees(&tiny(&bench)).interpreter);
}

#[test]
fn programs_have_an_interpreter() {
    let bench = Bench::new();
    let bytes = bench.gcc("program", "int main(void) { return 0; }", &["-g", "-pie", "-fPIE"]);
    assert!(assert_agrees(&bytes).interpreter);
}

#[test]
fn versions_newer_than_the_host_and_weak_ones() {
    let bench = Bench::new();
    bench.write("map", "GLIBC_2.38 { *; };");
    let stub =
        ["-shared", "-fPIC", "-nostdlib", "-Wl,--version-script=map", "-Wl,-soname,libc.so.6"];
    bench.gcc("stub.so", "int f(void) { return 1; }", &stub);
    let user = ["-g", "-shared", "-fPIC", "-nostdlib", "stub.so"];
    let mut bytes = bench.gcc("user.so", "int f(void); int g(void) { return f(); }", &user);
    let need = assert_agrees(&bytes).version_needs;
    let (library, version) = ("libc.so.6".to_owned(), "GLIBC_2.38".to_owned());
    assert_eq!(need, [VersionNeed { library, version, weak: false }]);
    let elf = Elf::parse(&bytes).unwrap();
    let section = elf.section_headers.iter().find(|s| s.sh_type == 0x6fff_fffe).unwrap();
    let flags = usize::try_from(section.sh_offset).unwrap() + 16 + 4;
    patch(&mut bytes, flags, &[2, 0]);
    assert!(assert_agrees(&bytes).version_needs[0].weak);
}

#[test]
fn musl_shows_in_what_is_needed() {
    let bench = Bench::new();
    let stub = ["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.musl-x86_64.so.1"];
    bench.gcc("stub.so", "int f(void) { return 1; }", &stub);
    let user = ["-g", "-shared", "-fPIC", "-nostdlib", "stub.so"];
    let bytes = bench.gcc("user.so", "int f(void); int g(void) { return f(); }", &user);
    assert_eq!(assert_agrees(&bytes).needed, ["libc.musl-x86_64.so.1"]);
}

#[test]
fn other_classes_and_byte_orders() {
    let bench = Bench::new();
    let source = "int f(void) { return 1; }";
    let common = ["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libf.so", "-Wl,-rpath,/a:/b"];
    for (flag, bits64, little_endian) in [
        ("-march=armv8-a", true, true),
        ("-mbig-endian", true, false),
        ("-mabi=ilp32", false, true),
    ] {
        let flags = [&common[..], &[flag]].concat();
        let bytes = bench.compile("aarch64-linux-gnu-gcc", "f.so", source, &flags);
        let object = inspect(&bytes).unwrap();
        assert_eq!(object, expected(&bytes), "{flag}");
        assert_eq!((object.bits64, object.little_endian), (bits64, little_endian));
        assert_eq!((object.machine, object.kind), (Machine::Aarch64, 3));
        assert_eq!(object.soname.as_deref(), Some("libf.so"));
        assert_eq!(object.runpath, ["/a", "/b"]);
    }
}

#[test]
fn a_header_alone_tells_the_machine() {
    let mut header = vec![0; 52];
    patch(&mut header, 0, b"\x7fELF\x01\x02\x01");
    patch(&mut header, 16, &[0, 3, 0, 20]);
    let object = inspect(&header).unwrap();
    assert_eq!((object.machine, object.kind, object.bits64), (Machine::Other(20), 3, false));
}

#[test]
fn an_object_file_has_empty_lists() {
    let bench = Bench::new();
    let object = inspect(&bench.gcc("part.o", "int x;", &["-c"])).unwrap();
    assert_eq!((object.kind, object.needed.len(), object.soname), (1, 0, None));
}

#[test]
fn what_is_no_elf_file() {
    assert!(is_elf(b"\x7fELF") && !is_elf(b"\x7fEL") && !is_elf(b"MZ"));
    assert_eq!(inspect(b""), Err(Malformed::NotElf));
    assert_eq!(inspect(b"!<arch>\n"), Err(Malformed::NotElf));
    assert_eq!(inspect(b"\x7fELF\x03\x01"), Err(Malformed::Identification { class: 3, order: 1 }));
    assert!(matches!(inspect(b"\x7fELF\x02\x01"), Err(Malformed::Truncated { .. })));
}

#[test]
fn strings_outside_their_table() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let with = |tag: u64, value: u64| {
        let mut bytes = bytes.clone();
        redirect(&mut bytes, tag, value);
        inspect(&bytes)
    };
    assert!(matches!(with(14, u64::MAX), Err(Malformed::Truncated { .. })));
    assert!(matches!(with(10, 1), Err(Malformed::Truncated { length: 1, .. })), "DT_STRSZ");
    assert!(matches!(with(5, u64::MAX), Err(Malformed::Unmapped { address: u64::MAX, .. })));
}

#[test]
fn the_mapped_parts_are_the_loads() {
    let bench = Bench::new();
    let bytes = bench.library(&["-Wl,-z,separate-code"]);
    let elf = Elf::parse(&bytes).unwrap();
    let loads = elf.program_headers.iter().filter(|header| header.p_type == 1);
    assert_eq!(mapped(&bytes), loads.map(|load| load.file_range()).collect::<Vec<_>>());
    let whole = |bytes: &[u8]| vec![std::ops::Range { start: 0, end: bytes.len() }];
    assert_eq!(mapped(b"MZ"), whole(b"MZ"));
    assert_eq!(mapped(&bytes[..bytes.len() / 16]), whole(&bytes[..bytes.len() / 16]));
    let mut outside = bytes.clone();
    let load = segment(&bytes, 1, 0);
    patch(&mut outside, load + 32, &u64::MAX.to_le_bytes());
    assert_eq!(mapped(&outside), whole(&outside));
}

#[test]
fn no_byte_is_mapped_twice() {
    let bench = Bench::new();
    let (mut bytes, room) = roomy(&bench, &[]);
    let load = segment(&bytes, 1, 0);
    let header = bytes[load..load + 56].to_vec();
    let table = room.next_multiple_of(8);
    for index in 0..30_000 {
        patch(&mut bytes, table + 56 * index, &header);
        patch(&mut bytes, table + 56 * index + 32, &(bytes_of(index)).to_le_bytes());
    }
    patch(&mut bytes, 32, &(table as u64).to_le_bytes());
    patch(&mut bytes, 56, &30_000_u16.to_le_bytes());
    assert_eq!((half(&bytes, 56), long(&bytes, 32)), (30_000, table as u64));
    assert_eq!(mapped(&bytes), [std::ops::Range { start: 0, end: 1_029_999 }]);
}

/// Sizes that differ, so that no two of the overlapping segments are the same.
fn bytes_of(index: usize) -> u64 {
    1_000_000 + index as u64
}
