//! Files for kernels with pages of 4 KiB only: as small as they get, and what is left alone.

use super::fixtures::{
    Bench, LIBRARY, half, long, patch, segment, text, wide, without_section_headers,
};
use super::oracle::{slim_for, slim_to};
use crate::elf::check::verify;
use crate::elf::pages::Pages;
use crate::elf::strip::{SectionHeaders, strip_for};

const COMPILER: &str = "aarch64-linux-gnu-gcc";
const RUNNER: [&str; 3] = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"];
const WIDE: &str = "-Wl,-z,max-page-size=0x10000";
const BOTH: [SectionHeaders; 2] = [SectionHeaders::Minimal, SectionHeaders::Drop];

fn library(bench: &Bench, more: &[&str]) -> Vec<u8> {
    bench.compile(COMPILER, "library.so", LIBRARY, &[&["-g", "-shared", "-fPIC"], more].concat())
}

/// `p_align` of every `PT_LOAD`.
fn alignments(bytes: &[u8]) -> Vec<u64> {
    let loads = (0..half(bytes, 56)).map(|index| 64 + 56 * usize::from(index));
    let loads = loads.filter(|&at| bytes[at..at + 4] == 1_u32.to_le_bytes());
    loads.map(|at| long(bytes, at + 48)).collect()
}

/// The file is slimmed as it is without the option.
fn assert_left(bytes: &[u8]) {
    for headers in BOTH {
        let slim = strip_for(bytes, headers, Pages::Of4KiB);
        assert_eq!(slim, strip_for(bytes, headers, Pages::AsLinked));
        let Ok(slim) = slim else { continue };
        assert_eq!((alignments(&slim.bytes), slim.by_pages), (alignments(bytes), 0));
    }
}

#[test]
fn libraries_of_aarch64_load_the_same_under_qemu() {
    let bench = Bench::new();
    for more in [&[WIDE][..], &[WIDE, "-Wl,-z,separate-code"], &[WIDE, "-Wl,-z,now", "-O2"]] {
        let bytes = library(&bench, more);
        let expected = bench.load_with(COMPILER, &RUNNER, &bytes);
        assert!(expected.starts_with("41 5 7 0 onetwothree"), "{expected}");
        for headers in BOTH {
            let linked = slim_to(&bytes, headers);
            let slim = slim_for(&bytes, headers, Pages::Of4KiB);
            assert!(slim.len() + 0x8000 < linked.len(), "{} of {}", slim.len(), linked.len());
            assert!(alignments(&slim).iter().all(|align| *align == 4096));
            assert_eq!(bench.load_with(COMPILER, &RUNNER, &slim), expected, "{more:?}");
        }
    }
}

#[test]
fn the_loader_lists_what_is_linked() {
    let bench = Bench::new();
    let lower = library(&bench, &[WIDE, "-Wl,-soname,liblower.so"]);
    bench.write("liblower.so", slim_for(&lower, SectionHeaders::Drop, Pages::Of4KiB));
    let upper = library(&bench, &[WIDE, "-Wl,--no-as-needed,-rpath,$ORIGIN", "liblower.so"]);
    let upper = slim_for(&upper, SectionHeaders::Minimal, Pages::Of4KiB);
    let path = bench.write("upper.so", upper);
    let list = [&RUNNER[1..], &["/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "--list"]];
    let said = bench.run(RUNNER[0], &[&list.concat()[..], &[text(&path)]].concat());
    assert!(said.contains("liblower.so =>") || said.contains("/liblower.so ("), "{said}");
}

#[test]
fn a_program_runs() {
    let bench = Bench::new();
    let source = "#include <stdio.h>\nint main(void) { puts(\"alive\"); return 0; }";
    let bytes = bench.compile(COMPILER, "program", source, &["-g", "-pie", "-fPIE", WIDE]);
    bench.run("cp", &["program", "slim"]);
    let path = bench.write("slim", slim_for(&bytes, SectionHeaders::Drop, Pages::Of4KiB));
    assert_eq!(bench.run(RUNNER[0], &[&RUNNER[1..], &[text(&path)]].concat()), "alive\n");
}

#[test]
fn what_it_gains_is_told() {
    let bytes = wide(&Bench::new());
    for headers in BOTH {
        let slim = strip_for(&bytes, headers, Pages::Of4KiB).unwrap();
        let linked = slim_to(&bytes, headers).len() as u64;
        assert_eq!(slim.by_pages, linked - slim.bytes.len() as u64);
        let slim = strip_for(&slim_to(&bytes, headers), headers, Pages::Of4KiB);
        // Without section headers nothing tells that no alignment is needed in memory.
        assert_eq!(slim.is_ok(), headers == SectionHeaders::Minimal);
        assert!(slim.is_err() || slim.is_ok_and(|s| s.by_pages == linked - s.bytes.len() as u64));
    }
}

#[test]
fn what_may_need_its_alignment_is_left() {
    let bench = Bench::new();
    let source = format!("{LIBRARY}\n__attribute__((aligned(65536))) char far[9] = \"far\";");
    let flags = ["-g", "-shared", "-fPIC", WIDE];
    assert_left(&bench.compile(COMPILER, "far.so", &source, &flags));
    assert_left(&without_section_headers(&library(&bench, &[WIDE])));
    assert_left(&library(&bench, &["-Wl,-z,max-page-size=0x1000"]));
    assert_left(&bench.library(&[WIDE]));
}

#[test]
fn segments_that_share_a_page_are_left() {
    let bench = Bench::new();
    let mut bytes = wide(&bench);
    let (first, second) = (segment(&bytes, 1, 0), segment(&bytes, 1, 1));
    let end = long(&bytes, second + 16) / 4096 * 4096 + 1;
    patch(&mut bytes, first + 40, &end.to_le_bytes());
    assert_left(&bytes);
    patch(&mut bytes, first + 40, &(end - 1).to_le_bytes());
    let slim = strip_for(&bytes, SectionHeaders::Drop, Pages::Of4KiB).unwrap();
    assert!(slim.by_pages > 0);
    patch(&mut bytes, first + 40, &end.to_le_bytes());
    let mut forged = slim.bytes;
    patch(&mut forged, first + 40, &end.to_le_bytes());
    let shared = Err("no two PT_LOADs share a page");
    assert_eq!(verify(&bytes, &forged, Pages::Of4KiB), shared);
}

#[test]
fn a_lower_alignment_is_checked() {
    let bytes = wide(&Bench::new());
    let slim = slim_for(&bytes, SectionHeaders::Minimal, Pages::Of4KiB);
    verify(&bytes, &slim, Pages::Of4KiB).unwrap();
    let asked = Err("p_align is lower only where it was asked for");
    assert_eq!(verify(&bytes, &slim, Pages::AsLinked), asked);
    let with = |at: usize, value: u64| {
        let mut slim = slim.clone();
        patch(&mut slim, at, &value.to_le_bytes());
        verify(&bytes, &slim, Pages::Of4KiB)
    };
    let load = segment(&slim, 1, 1) + 48;
    for align in [0, 1, 2048, 8192, 0x2_0000, u64::MAX] {
        assert_eq!(with(load, align), Err("only p_offset differs"), "{align}");
    }
    let dynamic = segment(&slim, 2, 0) + 48;
    assert_eq!(with(dynamic, 4096), Err("only p_offset differs"));
    assert!(with(load, 0x1_0000).is_err(), "p_offset fits 4 KiB only");
    let mut other = [bytes.clone(), slim.clone()];
    other.iter_mut().for_each(|file| patch(file, 18, &[62, 0]));
    assert_eq!(verify(&other[0], &other[1], Pages::Of4KiB), asked, "x86-64");
    let mut wider = bytes.clone();
    let sections = usize::try_from(long(&bytes, 40)).unwrap();
    patch(&mut wider, sections + 64 + 48, &8192_u64.to_le_bytes());
    let needed = Err("no section needs more than a page");
    assert_eq!(verify(&wider, &slim, Pages::Of4KiB), needed);
}
