//! The smallest file that loads the same: drops what the loader never maps.
//!
//! GNU strip and llvm-strip derive segment offsets from the section table and so break files
//! that patchelf has edited (37 and 192 of 912 measured); eu-strip only truncates and misses
//! what lies between segments. Here nothing virtual changes: mapped bytes are copied as they
//! are and only moved down in the file, so that of all program header fields `p_offset` alone
//! differs (and `p_align` of `PT_LOAD`s where that is asked for, see [`super::pages`]). What symbols and debug data served (backtraces, probes, profilers' native frames)
//! is lost; unwinding (`.eh_frame`) is mapped and stays.

use super::check;
use super::layout::Layout;
use super::pages::{self, Pages};
use super::raw::{self, Header, Segment};
use super::sections::{Sections, Table};
use crate::memory::room;

/// Bytes behind everything known that patchelf may have written: fewer than this, all zero.
const STRAY_ZEROS: u64 = 16;
/// Bytes between segments that no header explains: patchelf leaves one outdated section header
/// table there (at most 2,225 bytes in 1,228 files measured); more may be a payload.
const STALE_TABLE: u64 = 16_384;

/// How much of the section header table the result has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionHeaders {
    /// The mapped sections and their names: gdb, py-spy and a later patchelf still work.
    Minimal,
    /// None, as far as nobody looks up a section by name in the file; the loader needs none.
    Drop,
}

/// Why a file keeps its bytes. None of these is an error of the file's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeepReason {
    /// No ELF magic number.
    #[error("not an ELF file")]
    NotElf,
    /// ELF32 or big-endian.
    #[error("not ELF64 little-endian")]
    Class,
    /// `e_machine` is none of Lambda's.
    #[error("neither x86-64 nor aarch64 (machine {0})")]
    Machine(u16),
    /// `e_type` is not `ET_DYN`.
    #[error("{0}")]
    Kind(&'static str),
    /// A header contradicts the file or the specification.
    #[error("damaged: {0}")]
    Damaged(&'static str),
    /// Its mapped sections hold no bytes.
    #[error("detached debug file")]
    DebugFile,
    /// `p_offset` and `p_vaddr` of a `PT_LOAD` differ modulo `p_align`, or that is no page size.
    #[error("misaligned PT_LOAD (the loader on Lambda will refuse it)")]
    Misaligned,
    /// Two `PT_LOAD`s share bytes or addresses, or their addresses do not ascend.
    #[error("overlapping or unordered PT_LOADs")]
    Overlap,
    /// A program header of this `p_type` has bytes outside all `PT_LOAD`s.
    #[error("segment of type {0:#x} is not mapped")]
    UnmappedSegment(u32),
    /// An unmapped section with content that is not on the list of removable ones.
    #[error("section `{0}` is not mapped and not known")]
    UnknownSection(String),
    /// Bytes behind everything that the headers name.
    #[error("appended payload of {0} bytes")]
    Appended(u64),
    /// Bytes between segments that no header names.
    #[error("{0} bytes belong to no segment and no section")]
    Unexplained(u64),
    /// The result would not be smaller.
    #[error("nothing to gain")]
    NothingToGain,
    /// The result did not pass the check against the input; please report this.
    #[error("invariant failed: {0}")]
    Invariant(&'static str),
}

/// A file without what the loader never maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slimmed {
    /// The file, strictly smaller than it was.
    pub bytes: Vec<u8>,
    /// How many bytes fewer it has because it is for pages of 4 KiB only; 0: it loads wherever it did.
    pub by_pages: u64,
}

/// As [`strip_for`], for the kernels that the file was linked for.
///
/// # Errors
/// A [`KeepReason`]: the caller keeps the input bytes.
pub fn strip(bytes: &[u8], headers: SectionHeaders) -> Result<Vec<u8>, KeepReason> {
    Ok(strip_for(bytes, headers, Pages::AsLinked)?.bytes)
}

/// Returns the file without what the loader never maps, strictly smaller than `bytes`, checked
/// against `bytes`. Deterministic, and a second pass over the result finds nothing to gain.
///
/// The caller excludes what a name tells: files with a `.hmac`, `.chk`, `.sha256` or `.sig`
/// beside them, and `fips.so`, whose bytes are hashed at run time.
///
/// Memory: one output buffer of exactly the output's size. Specification: gABI chapters 4 and 5.
///
/// # Errors
/// A [`KeepReason`]: the caller keeps the input bytes.
pub fn strip_for(
    bytes: &[u8],
    headers: SectionHeaders,
    pages: Pages,
) -> Result<Slimmed, KeepReason> {
    let header = acceptable(bytes)?;
    let segments =
        header.segments(bytes).map_err(|_| KeepReason::Damaged("the program header table"))?;
    let sections = Sections::read(&header, bytes)?;
    let length = bytes.len() as u64;
    let linked = Layout::new(&header, &segments, length)?;
    if !check::dynamic_resolves(bytes) {
        return Err(KeepReason::Damaged("no dynamic section, or one that does not resolve"));
    }
    explained(bytes, &header, &sections, &linked)?;
    let (segments, layout) = match pages {
        Pages::AsLinked => None,
        Pages::Of4KiB => closer(&header, &segments, &sections, &linked, length),
    }
    .unwrap_or((segments, linked.clone()));
    let wanted = headers == SectionHeaders::Minimal || sections.looked_up_by_name();
    let table = match wanted && !sections.is_empty() {
        true => Some(sections.minimal(&layout, layout.end)?),
        false => None,
    };
    drop(sections);
    let output = write(bytes, &header, &segments, &layout, table.as_ref())?;
    check::verify(bytes, &output, pages).map_err(KeepReason::Invariant)?;
    // Without fewer pages the file would be no larger than it was.
    let whole = (places(&linked, table.as_ref()).2).min(length);
    Ok(Slimmed { by_pages: whole.saturating_sub(output.len() as u64), bytes: output })
}

/// The segments and their places for pages of 4 KiB, where that takes fewer bytes.
fn closer(
    header: &Header,
    segments: &[Segment],
    sections: &Sections<'_>,
    linked: &Layout,
    length: u64,
) -> Option<(Vec<Segment>, Layout)> {
    let segments = pages::capped(header, segments, sections)?;
    let layout = Layout::new(header, &segments, length).ok()?;
    (layout.end < linked.end).then_some((segments, layout))
}

/// The header of a file that this module knows how to rewrite.
fn acceptable(bytes: &[u8]) -> Result<Header, KeepReason> {
    let header = Header::read(bytes).map_err(|error| match error {
        raw::Malformed::NotElf => KeepReason::NotElf,
        _ => KeepReason::Damaged("the file header"),
    })?;
    if !header.bits64 || !header.little_endian {
        return Err(KeepReason::Class);
    }
    match header.kind {
        raw::ET_DYN => {}
        raw::ET_REL => return Err(KeepReason::Kind("relocatable object")),
        raw::ET_EXEC => return Err(KeepReason::Kind("program at a fixed address")),
        raw::ET_CORE => return Err(KeepReason::Kind("core dump")),
        _ => return Err(KeepReason::Kind("unknown kind of ELF file")),
    }
    match header.machine {
        raw::EM_X86_64 | raw::EM_AARCH64 => Ok(header),
        other => Err(KeepReason::Machine(other)),
    }
}

/// Whether headers account for every byte that goes, so that none is somebody's payload.
fn explained(
    bytes: &[u8],
    header: &Header,
    sections: &Sections<'_>,
    layout: &Layout,
) -> Result<(), KeepReason> {
    let mut known: Vec<(u64, u64)> = layout.blocks.iter().map(|b| (b.start, b.end)).collect();
    known.extend(sections.ranges(header));
    known.sort_unstable();
    let limit = if sections.is_empty() { 0 } else { STALE_TABLE };
    let mut cursor = 0;
    for (start, end) in known {
        let unexplained = without_zeros(slice(bytes, cursor, start)).len() as u64;
        if unexplained > limit {
            return Err(KeepReason::Unexplained(unexplained));
        }
        cursor = cursor.max(end);
    }
    let rest = slice(bytes, cursor, bytes.len() as u64);
    let length = rest.len() as u64;
    let stray = length < STRAY_ZEROS && without_zeros(rest).is_empty();
    if stray { Ok(()) } else { Err(KeepReason::Appended(length)) }
}

/// The bytes from the first to the last that is not zero.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let filled = |byte: &u8| *byte != 0;
    let start = bytes.iter().position(filled).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(filled).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// `bytes[start..end]`, cut to what exists.
fn slice(bytes: &[u8], start: u64, end: u64) -> &[u8] {
    let length = bytes.len();
    let end = usize::try_from(end).map_or(length, |end| end.min(length));
    let start = usize::try_from(start).map_or(end, |start| start.min(end));
    &bytes[start..end]
}

/// Writes the blocks, then the section names and headers, if any.
fn write(
    bytes: &[u8],
    header: &Header,
    segments: &[Segment],
    layout: &Layout,
    table: Option<&Table>,
) -> Result<Vec<u8>, KeepReason> {
    let (shoff, shnum, total) = places(layout, table);
    if total >= bytes.len() as u64 {
        return Err(KeepReason::NothingToGain);
    }
    let capacity = usize::try_from(total).map_err(|_| KeepReason::NothingToGain)?;
    let mut output = Vec::with_capacity(room(capacity));
    for block in &layout.blocks {
        pad(&mut output, block.to);
        output.extend_from_slice(slice(bytes, block.start, block.end));
    }
    if let Some(table) = table {
        output.extend_from_slice(&table.strings);
        pad(&mut output, shoff);
        output.extend(table.headers.iter().flatten());
    }
    let shnum = u16::try_from(shnum).map_err(|_| KeepReason::Damaged("too many sections"))?;
    put_header(&mut output, layout.moved(header.phoff), shoff, shnum);
    put_segments(&mut output, layout.moved(header.phoff), segments, layout);
    Ok(output)
}

/// Where the section headers stand behind a layout, how many there are, and where the file ends.
fn places(layout: &Layout, table: Option<&Table>) -> (u64, u64, u64) {
    let Some(table) = table else { return (0, 0, layout.end) };
    let shoff = (layout.end + table.strings.len() as u64).next_multiple_of(8);
    let shnum = table.headers.len() as u64;
    (shoff, shnum, shoff + shnum * raw::SECTION_SIZE)
}

/// Fills with zeros up to offset `to`.
fn pad(output: &mut Vec<u8>, to: u64) {
    if let Ok(to) = usize::try_from(to) {
        output.resize(to.max(output.len()), 0);
    }
}

/// Overwrites `output` at offset `at`; the check finds a value that did not fit.
fn put(output: &mut [u8], at: u64, value: &[u8]) {
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let end = start.saturating_add(value.len());
    if let Some(place) = output.get_mut(start..end) {
        place.copy_from_slice(value);
    }
}

/// `e_phoff`, `e_shoff`, `e_shentsize`, `e_shnum` and `e_shstrndx`, which is the last section.
fn put_header(output: &mut [u8], phoff: u64, shoff: u64, shnum: u16) {
    put(output, 32, &phoff.to_le_bytes());
    put(output, 40, &shoff.to_le_bytes());
    put(output, 58, &(raw::SECTION_SIZE as u16).to_le_bytes());
    put(output, 60, &shnum.to_le_bytes());
    put(output, 62, &shnum.saturating_sub(1).to_le_bytes());
}

/// `p_offset` and `p_align` of every program header.
fn put_segments(output: &mut [u8], phoff: u64, segments: &[Segment], layout: &Layout) {
    for (segment, at) in segments.iter().zip((phoff..).step_by(raw::SEGMENT_SIZE as usize)) {
        put(output, at + 8, &layout.moved(segment.offset).to_le_bytes());
        put(output, at + 48, &segment.align.to_le_bytes());
    }
}
