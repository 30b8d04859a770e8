//! What is left alone, and why.

use super::fixtures::{
    Bench, half, long, patch, roomy, segment, text, tiny, without_section_headers,
};
use super::oracle::{slim, slim_to};
use crate::elf::strip::{KeepReason, SectionHeaders, strip};

fn kept(bytes: &[u8]) -> KeepReason {
    let drop = strip(bytes, SectionHeaders::Drop).unwrap_err();
    assert_eq!(strip(bytes, SectionHeaders::Minimal), Err(drop.clone()));
    drop
}

#[test]
fn what_is_no_elf_file() {
    for bytes in [
        &b""[..],
        b"\x7f",
        b"\x7fEL",
        b"/* GNU ld script */ GROUP ( libfoo.so.1 )",
        b"\xcf\xfa\xed\xfe\x07\x00\x00\x01",
        b"MZ\x90\x00",
        b"!<arch>\n",
    ] {
        assert_eq!(kept(bytes), KeepReason::NotElf);
    }
    assert_eq!(kept(b"\x7fELF"), KeepReason::Damaged("the file header"));
}

#[test]
fn other_classes_orders_machines_and_kinds() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let with = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        patch(&mut bytes, at, value);
        kept(&bytes)
    };
    assert_eq!(with(4, &[1]), KeepReason::Class);
    assert_eq!(with(5, &[2]), KeepReason::Class);
    assert_eq!(with(5, &[9]), KeepReason::Damaged("the file header"));
    assert_eq!(with(18, &[243, 0]), KeepReason::Machine(243));
    assert_eq!(with(16, &[1, 0]), KeepReason::Kind("relocatable object"));
    assert_eq!(with(16, &[2, 0]), KeepReason::Kind("program at a fixed address"));
    assert_eq!(with(16, &[4, 0]), KeepReason::Kind("core dump"));
    assert_eq!(with(16, &[0, 0]), KeepReason::Kind("unknown kind of ELF file"));
}

#[test]
fn compiled_objects_and_fixed_programs() {
    let bench = Bench::new();
    let object = bench.gcc("part.o", "int x;", &["-g", "-c"]);
    assert_eq!(kept(&object), KeepReason::Kind("relocatable object"));
    let program = bench.gcc("program", "int main(void) { return 0; }", &["-no-pie", "-fno-pie"]);
    assert_eq!(kept(&program), KeepReason::Kind("program at a fixed address"));
}

#[test]
fn a_detached_debug_file() {
    let bench = Bench::new();
    bench.library(&[]);
    bench.run("objcopy", &["--only-keep-debug", "library.so", "library.debug"]);
    assert_eq!(kept(&bench.read("library.debug")), KeepReason::DebugFile);
}

#[test]
fn an_unknown_section() {
    let bench = Bench::new();
    tiny(&bench);
    bench.write("payload", "a whole program");
    bench.run("objcopy", &["--add-section", "pydata=payload", "tiny.so", "one-file"]);
    assert_eq!(kept(&bench.read("one-file")), KeepReason::UnknownSection("pydata".into()));
    bench.run("objcopy", &["--add-section", ".note.x=payload", "tiny.so", "noted"]);
    slim(&bench.read("noted"));
    let relocated = bench.library(&["-Wl,--emit-relocs"]);
    assert!(
        matches!(kept(&relocated), KeepReason::UnknownSection(name) if name.starts_with(".rela."))
    );
}

#[test]
fn a_section_of_every_known_name_goes() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let least = slim(&bytes);
    bench.write("payload", "x".repeat(999));
    for name in [
        ".comment",
        ".gdb_index",
        ".debug_x",
        ".zdebug_x",
        ".gnu_debuglink",
        ".gnu_debugdata",
        ".gnu.build.attributes.hot",
        ".annobin.notes",
        ".note.stapsdt",
        ".stab",
        ".stabstr",
    ] {
        let section = format!("{name}=payload");
        bench.run("objcopy", &["-R", name, "--add-section", &section, "tiny.so", "more.so"]);
        assert_eq!(slim(&bench.read("more.so")), least, "{name}");
    }
    for name in [".gnu.lto_x", ".ARM.attributes", ".SUNW_ctf", ".rustc", ".shstrtab2", ".symtabx"] {
        let section = format!("{name}=payload");
        bench.run("objcopy", &["--add-section", &section, "tiny.so", "more.so"]);
        assert_eq!(kept(&bench.read("more.so")), KeepReason::UnknownSection(name.into()));
    }
}

#[test]
fn an_appended_payload() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let with = |tail: &[u8]| [&bytes, tail].concat();
    assert_eq!(slim(&with(&[0])), slim(&bytes), "newer patchelf writes one zero");
    assert_eq!(slim(&with(&[0; 15])), slim(&bytes));
    assert_eq!(kept(&with(&[0; 16])), KeepReason::Appended(16));
    assert_eq!(kept(&with(b"PK\x05\x06 an archive")), KeepReason::Appended(15));
    let bare = without_section_headers(&bytes);
    assert_eq!(kept(&[&bare, &b"payload"[..]].concat()), KeepReason::Appended(7));
}

#[test]
fn a_payload_that_patchelf_has_buried() {
    let bench = Bench::new();
    let mut bytes = bench.library(&[]);
    bytes.extend([b'p'; 40_000]);
    bench.write("library.so", bytes);
    bench.run("patchelf", &["--set-rpath", &"x".repeat(3000), "library.so"]);
    let reason = kept(&bench.read("library.so"));
    assert!(matches!(reason, KeepReason::Unexplained(40_000..)), "{reason}");
}

#[test]
fn bytes_between_segments_that_nothing_explains() {
    let bench = Bench::new();
    let mut bytes = without_section_headers(&bench.library(&["-Wl,-z,separate-code"]));
    let first = segment(&bytes, 1, 0);
    let hole = usize::try_from(long(&bytes, first + 8) + long(&bytes, first + 32)).unwrap();
    patch(&mut bytes, hole, &[0xff; 3]);
    assert_eq!(kept(&bytes), KeepReason::Unexplained(3));
}

#[test]
fn segments_that_the_loader_refuses() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let with = |n: usize, field: usize, value: u64| {
        let mut bytes = bytes.clone();
        let at = segment(&bytes, 1, n) + field;
        patch(&mut bytes, at, &value.to_le_bytes());
        kept(&bytes)
    };
    let (first, second) = (segment(&bytes, 1, 0), segment(&bytes, 1, 1));
    assert_eq!(with(1, 48, 0x20_0000), KeepReason::Misaligned);
    assert_eq!(with(1, 48, 0x800), KeepReason::Misaligned, "no whole page");
    assert_eq!(with(1, 48, 0x3000), KeepReason::Misaligned, "no power of two");
    assert_eq!(with(1, 48, 0), KeepReason::Misaligned);
    assert_eq!(with(1, 16, long(&bytes, second + 16) + 8), KeepReason::Misaligned);
    let over = long(&bytes, second + 8) - long(&bytes, first + 8) + 1;
    let mut both = bytes.clone();
    patch(&mut both, first + 32, &over.to_le_bytes());
    patch(&mut both, first + 40, &over.to_le_bytes());
    assert_eq!(kept(&both), KeepReason::Overlap);
    let over = long(&bytes, second + 16) - long(&bytes, first + 16) + 1;
    assert_eq!(with(0, 40, over), KeepReason::Overlap, "in memory");
    let size = KeepReason::Damaged("a PT_LOAD has an impossible size");
    assert_eq!(with(0, 32, u64::MAX), size);
    assert_eq!(with(1, 40, u64::MAX), size);
    let end = KeepReason::Damaged("a PT_LOAD reaches past the end of the file");
    let mut both = bytes.clone();
    patch(&mut both, second + 32, &(1_u64 << 40).to_le_bytes());
    patch(&mut both, second + 40, &(1_u64 << 40).to_le_bytes());
    assert_eq!(kept(&both), end);
}

#[test]
fn tables_out_of_place() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let with = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        patch(&mut bytes, at, value);
        kept(&bytes)
    };
    let programs = KeepReason::Damaged("the program header table");
    assert_eq!(with(32, &u64::MAX.to_le_bytes()), programs);
    assert_eq!(with(32, &(bytes.len() as u64).to_le_bytes()), programs);
    assert_eq!(with(54, &[32, 0]), programs);
    assert_eq!(with(56, &[0xff, 0xff]), programs);
    assert_eq!(with(56, &[0, 0]), KeepReason::Damaged("no PT_LOAD"));
    let sections = KeepReason::Damaged("the section header table");
    assert_eq!(with(60, &[0, 0]), sections, "e_shnum 0 with a table");
    assert_eq!(with(40, &u64::MAX.to_le_bytes()), sections);
    assert_eq!(with(58, &[40, 0]), sections);
    assert_eq!(with(62, &[0xff, 0xff]), KeepReason::Damaged("the section names"));
    let first = KeepReason::Damaged("the first section header");
    assert_eq!(with(long(&bytes, 40) as usize + 4, &[1]), first);
}

#[test]
fn a_program_header_table_elsewhere() {
    let bench = Bench::new();
    let (bytes, room) = roomy(&bench, &[]);
    let count = usize::from(half(&bytes, 56));
    let table = bytes[64..64 + 56 * count].to_vec();
    let with = |place: usize, count: u16| {
        let mut bytes = bytes.clone();
        patch(&mut bytes, place, &table);
        patch(&mut bytes, 32, &(place as u64).to_le_bytes());
        patch(&mut bytes, 56, &count.to_le_bytes());
        bytes
    };
    let unmapped = KeepReason::Damaged("the program header table is not mapped");
    let behind = usize::try_from(long(&bytes, 40)).unwrap() - 2000;
    assert_eq!(kept(&with(behind, half(&bytes, 56))), unmapped);
    let inside = room.next_multiple_of(8);
    slim(&with(inside, half(&bytes, 56)));
    slim(&with(inside, 512));
    let many = KeepReason::Damaged("more program headers than any real file");
    assert_eq!(kept(&with(inside, 513)), many);
}

#[test]
fn a_section_name_longer_than_any_real_one() {
    let bench = Bench::new();
    tiny(&bench);
    for (length, expected) in [(255, true), (256, false)] {
        let name = format!(".note{}", "e".repeat(length - 5));
        bench.run("objcopy", &["--rename-section", &format!(".comment={name}"), "tiny.so", "long"]);
        let result = strip(&bench.read("long"), SectionHeaders::Minimal);
        assert_eq!(result.is_ok(), expected, "{length}: {:?}", result.err());
    }
}

#[test]
fn segments_outside_the_mapped_bytes() {
    let bench = Bench::new();
    let mut bytes = tiny(&bench);
    let note = segment(&bytes, 4, 0);
    let place = bytes.len() as u64 - 64;
    patch(&mut bytes, note + 8, &place.to_le_bytes());
    assert_eq!(kept(&bytes), KeepReason::UnmappedSegment(4));
}

#[test]
fn a_section_looked_up_by_name_keeps_the_table() {
    let bench = Bench::new();
    let source = "__attribute__((section(\".qtmetadata\"), used)) const char m[] = \"QTMETADATA\";";
    let bytes = bench.gcc("plugin.so", source, &["-g", "-shared", "-fPIC", "-nostdlib"]);
    let dropped = slim_to(&bytes, SectionHeaders::Drop);
    assert_eq!(dropped, slim_to(&bytes, SectionHeaders::Minimal));
    assert_ne!(half(&dropped, 60), 0);
    let path = bench.write("slim.so", &dropped);
    assert!(bench.run("readelf", &["-SW", text(&path)]).contains(".qtmetadata"));
}

#[test]
fn what_is_stripped_already() {
    let bench = Bench::new();
    let bytes = tiny(&bench);
    let slim = slim_to(&bytes, SectionHeaders::Drop);
    assert_eq!(kept(&slim), KeepReason::NothingToGain);
    assert_eq!(KeepReason::NothingToGain.to_string(), "nothing to gain");
}
