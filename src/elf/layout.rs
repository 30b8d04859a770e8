//! Where every mapped byte of a file goes once the unmapped ones are gone.
//!
//! The file is cut into blocks, runs of bytes that move as one: the file header, the program
//! header table and every `PT_LOAD`'s file range; ranges that touch the same bytes are one block.
//! The table counts by itself because after many patchelf runs it overruns the `p_filesz` of
//! the segment it lies in, and the loader still reads it through that segment's last page.
//! Each block moves down to the first offset that keeps `p_offset` congruent to `p_vaddr`
//! modulo `p_align` (gABI, "Program Loading").

use super::pages::PAGE;
use super::raw::{self, Header, Segment};
use super::strip::KeepReason;

/// More program headers than this is no real file (the largest seen has 20).
const MOST_SEGMENTS: usize = 512;

/// Bytes that move as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// First byte in the input.
    pub start: u64,
    /// End in the input; equal to `start` for a segment without file bytes.
    pub end: u64,
    /// What the new start must stay congruent modulo, a power of two.
    align: u64,
    /// First byte in the output, at most `start`.
    pub to: u64,
}

/// All blocks of a file, ascending and disjoint both before and after.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub blocks: Vec<Block>,
    /// End of the last block in the output.
    pub end: u64,
}

impl Layout {
    /// Lays out a file of `length` bytes; sizes and offsets are bytes.
    ///
    /// # Errors
    /// The reason to leave the file alone.
    pub fn new(header: &Header, segments: &[Segment], length: u64) -> Result<Self, KeepReason> {
        if segments.len() > MOST_SEGMENTS {
            return Err(KeepReason::Damaged("more program headers than any real file"));
        }
        let loads = loads(segments, length)?;
        let table = table(header, &loads, length)?;
        let mut blocks = merge(&loads, table);
        let end = place(&mut blocks);
        let layout = Self { blocks, end };
        let strange = |s: &&Segment| {
            s.filesz > 0 && !s.file_end().is_some_and(|end| layout.holds(s.offset, end))
        };
        match segments.iter().find(strange) {
            Some(segment) => Err(KeepReason::UnmappedSegment(segment.kind)),
            None => Ok(layout),
        }
    }

    /// The last block that starts at or before `offset`; the first one always starts at 0.
    fn block(&self, offset: u64) -> &Block {
        let next = self.blocks.partition_point(|block| block.start <= offset);
        &self.blocks[next.saturating_sub(1)]
    }

    /// Whether one block holds all input bytes from `start` to `end`.
    pub fn holds(&self, start: u64, end: u64) -> bool {
        let block = self.block(start);
        block.start <= start && end <= block.end
    }

    /// The output offset of the input offset of something that has bytes or none; an offset in a
    /// hole becomes the end of the block before the hole.
    pub fn moved(&self, offset: u64) -> u64 {
        let block = self.block(offset);
        block.to + (offset.min(block.end) - block.start)
    }

    /// The output offset that keeps the distance to the block before it, even behind its end:
    /// `sh_offset` of a section without bytes says where they would be.
    pub fn moved_beyond(&self, offset: u64) -> u64 {
        let block = self.block(offset);
        offset - (block.start - block.to)
    }
}

/// The `PT_LOAD`s in file order, checked one by one and against each other.
fn loads(segments: &[Segment], length: u64) -> Result<Vec<&Segment>, KeepReason> {
    let mut loads: Vec<&Segment> =
        segments.iter().filter(|segment| segment.kind == raw::PT_LOAD).collect();
    if loads.is_empty() {
        return Err(KeepReason::Damaged("no PT_LOAD"));
    }
    for load in &loads {
        sound(load, length)?;
    }
    if !loads.iter().zip(loads.iter().skip(1)).all(|(a, b)| a.vaddr + a.memsz <= b.vaddr) {
        return Err(KeepReason::Overlap);
    }
    loads.sort_by_key(|load| (load.offset, load.filesz));
    if !loads.iter().zip(loads.iter().skip(1)).all(|(a, b)| a.offset + a.filesz <= b.offset) {
        return Err(KeepReason::Overlap);
    }
    Ok(loads)
}

/// What the loader asks of one `PT_LOAD`.
fn sound(load: &Segment, length: u64) -> Result<(), KeepReason> {
    if load.vaddr.checked_add(load.memsz).is_none() || load.filesz > load.memsz {
        return Err(KeepReason::Damaged("a PT_LOAD has an impossible size"));
    }
    if load.file_end().is_none_or(|end| end > length) {
        return Err(KeepReason::Damaged("a PT_LOAD reaches past the end of the file"));
    }
    let congruent = load.vaddr.wrapping_sub(load.offset) & load.align.wrapping_sub(1) == 0;
    // The loader refuses less than a page.
    if !load.align.is_power_of_two() || load.align < PAGE || !congruent {
        return Err(KeepReason::Misaligned);
    }
    Ok(())
}

/// The range of the program header table, which must begin in a mapped segment.
fn table(header: &Header, loads: &[&Segment], length: u64) -> Result<(u64, u64), KeepReason> {
    let start = header.phoff;
    let end = start.checked_add(u64::from(header.phnum) * raw::SEGMENT_SIZE);
    let Some(end) = end.filter(|&end| end <= length) else {
        return Err(KeepReason::Damaged("the program header table leaves the file"));
    };
    let mapped = |load: &&&Segment| load.offset <= start && start < load.offset + load.filesz;
    match loads.iter().find(mapped) {
        Some(_) if start >= raw::HEADER_SIZE => Ok((start, end)),
        _ => Err(KeepReason::Damaged("the program header table is not mapped")),
    }
}

/// Joins overlapping ranges; `loads` ascend.
fn merge(loads: &[&Segment], table: (u64, u64)) -> Vec<Block> {
    let mut ranges: Vec<(u64, u64, u64)> =
        loads.iter().map(|load| (load.offset, load.offset + load.filesz, load.align)).collect();
    ranges.push((0, raw::HEADER_SIZE, 1));
    ranges.push((table.0, table.1, 1));
    ranges.sort_unstable();
    let mut blocks: Vec<Block> = Vec::with_capacity(ranges.len());
    for (start, end, align) in ranges {
        match blocks.last_mut() {
            Some(last) if start < last.end => {
                last.end = last.end.max(end);
                last.align = last.align.max(align);
            }
            _ => blocks.push(Block { start, end, align, to: start }),
        }
    }
    blocks
}

/// Moves each block as far down as its alignment allows; returns the end of the last.
fn place(blocks: &mut [Block]) -> u64 {
    let mut cursor = 0;
    for block in blocks {
        // `cursor` never overtakes `start`: every block before this one moved down or stayed.
        block.to = cursor + ((block.start - cursor) & (block.align - 1));
        cursor = block.to + (block.end - block.start);
    }
    cursor
}
