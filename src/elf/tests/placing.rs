//! Layouts that no linker writes but the format allows.

use crate::elf::layout::Layout;
use crate::elf::raw::{Header, PT_LOAD, Segment};

fn header(phoff: u64, phnum: u16) -> Header {
    Header {
        bits64: true,
        little_endian: true,
        kind: 3,
        machine: 62,
        phoff,
        shoff: 0,
        phentsize: 56,
        phnum,
        shentsize: 64,
        shnum: 0,
        shstrndx: 0,
    }
}

fn load(offset: u64, filesz: u64, vaddr: u64, align: u64) -> Segment {
    let (kind, flags, paddr, memsz) = (PT_LOAD, 6, vaddr, filesz.max(16));
    Segment { kind, flags, offset, vaddr, paddr, filesz, memsz, align }
}

/// Where the blocks go, as (from, to).
fn moves(layout: &Layout) -> Vec<(u64, u64)> {
    layout.blocks.iter().map(|block| (block.start, block.to)).collect()
}

#[test]
fn a_table_that_joins_two_segments_of_different_alignment() {
    let segments = [
        load(0, 0x100, 0, 4096),
        load(0x5_8f00, 0x100, 0x5_8f00, 4096),
        load(0x5_9010, 0x100, 0x6_9010, 0x1_0000),
    ];
    let layout = Layout::new(&header(0x5_8ff8, 3), &segments, 0x9_0000).unwrap();
    assert_eq!(moves(&layout), [(0, 0), (0x5_8f00, 0x8f00)]);
    assert_eq!(layout.end, 0x9110);
}

#[test]
fn a_segment_without_bytes_keeps_its_page_inside_the_file() {
    let segments =
        [load(0, 0x300, 0, 4096), load(0x5200, 0, 0x8200, 4096), load(0x9000, 8, 0x9000, 4096)];
    let layout = Layout::new(&header(64, 3), &segments, 0x1_0000).unwrap();
    assert_eq!(moves(&layout), [(0, 0), (0x5200, 0x1200), (0x9000, 0x2000)]);
    let segments = [load(0, 0x300, 0, 4096), load(0x5200, 0, 0x8200, 4096)];
    let layout = Layout::new(&header(64, 2), &segments, 0x1_0000).unwrap();
    assert_eq!(layout.end, 0x1200, "the loader maps this page and clears what is left of it");
}

#[test]
fn offsets_in_holes_and_behind_everything() {
    let segments = [load(0, 0x300, 0, 4096), load(0x5000, 0x10, 0x5000, 4096)];
    let layout = Layout::new(&header(64, 2), &segments, 0x1_0000).unwrap();
    assert_eq!(layout.moved(0x5008), 0x1008);
    assert_eq!(layout.moved(0x400), 0x300);
    assert_eq!(layout.moved(u64::MAX), 0x1010);
    assert_eq!(layout.moved_beyond(0x5020), 0x1020);
    assert!(layout.holds(0x5000, 0x5010) && !layout.holds(0x5000, 0x5011));
    assert!(!layout.holds(0x300, 0x301) && !layout.holds(0x2f0, 0x301));
}
