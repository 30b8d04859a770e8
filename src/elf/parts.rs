//! Which bytes of a file [`super::strip`] looks at, so that what goes need not be read.
//!
//! Half the bytes of a large wheel's libraries can be symbols and debug data. Two steps tell what
//! is left: the head of the file names its tables, the tables name the sections that nobody maps.

use std::ops::Range;

use super::raw::{self, Header, Section};

/// Sections of fewer bytes are read with what lies around them: a call costs as much.
const WORTH_A_CALL: u64 = 16_384;

/// The tables of a file of `size` bytes that begins with `head`: program and section headers. The
/// whole file where the head cannot be read.
pub fn tables(head: &[u8], size: usize) -> Vec<Range<usize>> {
    let Ok(header) = Header::read(head) else { return whole(size) };
    let table = |at: u64, entry: u16, count: u16| {
        clipped(at, at.saturating_add(u64::from(entry) * u64::from(count)), size)
    };
    vec![
        table(header.phoff, header.phentsize, header.phnum),
        table(header.shoff, header.shentsize, header.shnum),
    ]
}

/// Everything else of the file that matters once its [`tables`] are there (anything may stand
/// elsewhere in `bytes`): all but the contents of sections that are neither mapped nor hold names.
pub fn parts(bytes: &[u8]) -> Vec<Range<usize>> {
    without(bytes, WORTH_A_CALL)
}

/// As [`parts`]; sections of fewer than `least` bytes stay.
pub(super) fn without(bytes: &[u8], least: u64) -> Vec<Range<usize>> {
    let size = bytes.len();
    let Some(gone) = gone(bytes, least) else { return whole(size) };
    let mut left = Vec::new();
    let mut cursor = 0;
    for range in gone {
        if cursor < range.start {
            left.push(cursor..range.start);
        }
        cursor = cursor.max(range.end);
    }
    if cursor < size {
        left.push(cursor..size);
    }
    left
}

/// The parts that do not matter, ascending; `None` where the tables cannot be read.
fn gone(bytes: &[u8], least: u64) -> Option<Vec<Range<usize>>> {
    let header = Header::read(bytes).ok().filter(|header| header.bits64)?;
    let segments = header.segments(bytes).ok()?;
    let sections = header.sections(bytes)?;
    let tables = tables(bytes, bytes.len());
    let mut kept: Vec<(u64, u64)> =
        tables.iter().map(|range| (range.start as u64, range.end as u64)).collect();
    kept.push((0, raw::HEADER_SIZE));
    for segment in segments.iter().filter(|segment| segment.filesz > 0) {
        kept.push((segment.offset, segment.file_end()?));
    }
    let names = usize::from(header.shstrndx);
    let goes = |(index, section): &(usize, &Section)| {
        !section.allocated() && section.has_content() && *index != names
    };
    for (_, section) in sections.iter().enumerate().filter(|found| !goes(found)) {
        if section.has_content() {
            kept.push((section.offset, section.file_end()?));
        }
    }
    let mut gone = Vec::new();
    for (_, section) in sections.iter().enumerate().filter(goes) {
        let (start, end) = (section.offset, section.file_end()?);
        let is_apart = kept.iter().all(|(from, to)| *to <= start || end <= *from);
        if is_apart && section.size >= least {
            gone.push(clipped(start, end, bytes.len()));
        }
    }
    gone.sort_unstable_by_key(|range| (range.start, range.end));
    Some(gone)
}

fn clipped(start: u64, end: u64, size: usize) -> Range<usize> {
    let inside = |at: u64| usize::try_from(at).map_or(size, |at| at.min(size));
    inside(start)..inside(end).max(inside(start))
}

fn whole(size: usize) -> Vec<Range<usize>> {
    vec![Range { start: 0, end: size }]
}
