//! Compares a rewritten file with its original: the invariants that make it load the same.
//!
//! Nothing of the rewriting is used here but the record reader; every fact is taken from the
//! two files.

use super::pages::Pages;
use super::raw::{self, Header, Section, Segment, Words};

type Verdict = Result<(), &'static str>;

/// Bytes of the file header that may differ: `e_phoff`, `e_shoff`; `e_shentsize` to the end.
const HEADER_CHANGES: [(u64, u64); 2] = [(32, 48), (58, 64)];

/// The entries of the dynamic section that hold the address of a table or of code.
const POINTERS: [u64; 15] = [
    raw::DT_HASH,
    raw::DT_STRTAB,
    raw::DT_SYMTAB,
    raw::DT_RELA,
    raw::DT_INIT,
    raw::DT_FINI,
    raw::DT_REL,
    raw::DT_JMPREL,
    raw::DT_INIT_ARRAY,
    raw::DT_FINI_ARRAY,
    raw::DT_RELR,
    raw::DT_GNU_HASH,
    raw::DT_VERSYM,
    raw::DT_VERDEF,
    raw::DT_VERNEED,
];

/// Checks `after`, made for `pages`, against `before`. One pass over the mapped bytes, no large allocation.
///
/// # Errors
/// The first invariant that does not hold, as a short noun phrase.
pub(super) fn verify(before: &[u8], after: &[u8], pages: Pages) -> Verdict {
    require(after.len() < before.len(), "the result is smaller")?;
    let old = Side::read(before).ok_or("the input has headers")?;
    let new = Side::read(after).ok_or("the result has headers")?;
    same_headers(&old, &new, pages)?;
    let loads = pair_loads(&old, &new)?;
    placed(&loads, &new)?;
    same_bytes(&loads, &old, &new)?;
    same_places(&old, &new, &loads)?;
    require(tables_resolve(&new), "the dynamic tables resolve")?;
    same_sections(&old, &new)
}

fn require(holds: bool, invariant: &'static str) -> Verdict {
    if holds { Ok(()) } else { Err(invariant) }
}

/// One of the two files.
struct Side<'a> {
    words: Words<'a>,
    header: Header,
    segments: Vec<Segment>,
}

impl<'a> Side<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let header = Header::read(bytes).ok()?;
        let segments = header.segments(bytes).ok()?;
        Some(Self { words: header.words(bytes), header, segments })
    }

    fn bytes(&self, start: u64, end: u64) -> Option<&'a [u8]> {
        self.words.data.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

/// A `PT_LOAD` before and after.
type Pair<'a> = (&'a Segment, &'a Segment);

/// The file header but for the places of tables, and every program header but for `p_offset`, and
/// `p_align` where it may be lower.
fn same_headers(old: &Side<'_>, new: &Side<'_>, pages: Pages) -> Verdict {
    let kept = [(0, 32), (48, 58)];
    let same = kept.iter().all(|&(start, end)| old.bytes(start, end) == new.bytes(start, end));
    require(same, "the file header is the same")?;
    require(old.segments.len() == new.segments.len(), "the number of program headers is the same")?;
    let same = |(a, b): (&Segment, &Segment)| {
        let align = if is_lower((a, b)) { a.align } else { b.align };
        *a == Segment { offset: a.offset, align, ..b.clone() }
    };
    require(old.segments.iter().zip(&new.segments).all(same), "only p_offset differs")?;
    match old.segments.iter().zip(&new.segments).any(is_lower) {
        true => may_be_lower(old, pages),
        false => Ok(()),
    }
}

/// Whether a `PT_LOAD` asks for pages of 4 KiB where it asked for larger ones.
fn is_lower((a, b): Pair<'_>) -> bool {
    a.kind == raw::PT_LOAD && b.align == 4096 && a.align > 4096
}

/// Only where it was asked for, on aarch64, and where nothing in memory needs more: no section is
/// aligned to more than a page, and no page belongs to two segments.
fn may_be_lower(old: &Side<'_>, pages: Pages) -> Verdict {
    let asked = pages == Pages::Of4KiB && old.header.machine == raw::EM_AARCH64;
    require(asked, "p_align is lower only where it was asked for")?;
    let sections = old.header.sections(old.words.data).ok_or("section headers tell alignments")?;
    let mut mapped = sections.iter().filter(|section| section.allocated()).peekable();
    require(mapped.peek().is_some(), "section headers tell alignments")?;
    require(mapped.all(|section| section.addralign <= 4096), "no section needs more than a page")?;
    let mut loads: Vec<&Segment> =
        old.segments.iter().filter(|segment| segment.kind == raw::PT_LOAD).collect();
    loads.sort_by_key(|load| load.vaddr);
    let end = |load: &Segment| Some(load.vaddr.checked_add(load.memsz)?.div_ceil(4096));
    let apart = |pair: &[&Segment]| end(pair[0]).is_some_and(|page| page <= pair[1].vaddr / 4096);
    require(loads.windows(2).all(apart), "no two PT_LOADs share a page")
}

fn pair_loads<'a>(old: &'a Side<'_>, new: &'a Side<'_>) -> Result<Vec<Pair<'a>>, &'static str> {
    let both = old.segments.iter().zip(&new.segments);
    let mut loads: Vec<Pair<'a>> = both.filter(|(a, _)| a.kind == raw::PT_LOAD).collect();
    require(!loads.is_empty(), "there is a PT_LOAD")?;
    require(loads.iter().all(|(a, _)| a.file_end().is_some()), "a PT_LOAD has an end")?;
    loads.sort_by_key(|(_, b)| (b.offset, b.filesz));
    let ordered = loads.is_sorted_by_key(|(a, _)| (a.offset, a.filesz));
    require(ordered, "the PT_LOADs keep their order in the file")?;
    Ok(loads)
}

/// Congruent modulo `p_align` and 4096, inside the file, disjoint.
fn placed(loads: &[Pair<'_>], new: &Side<'_>) -> Verdict {
    let length = new.words.data.len() as u64;
    let mut cursor = 0;
    for (_, load) in loads {
        let distance = i128::from(load.vaddr) - i128::from(load.offset);
        let congruent = load.align > 0 && distance % i128::from(load.align) == 0;
        require(congruent && distance % 4096 == 0, "p_offset is congruent to p_vaddr")?;
        require(load.offset >= cursor, "the PT_LOADs do not overlap")?;
        cursor = load.offset.checked_add(load.filesz).ok_or("the PT_LOADs are inside the file")?;
        require(cursor <= length, "the PT_LOADs are inside the file")?;
    }
    Ok(())
}

/// Every mapped byte but those of the fields that may differ; what stands in `p_offset` and `p_align`
/// is checked by itself.
fn same_bytes(loads: &[Pair<'_>], old: &Side<'_>, new: &Side<'_>) -> Verdict {
    let fields = (0..u64::from(old.header.phnum)).flat_map(|index| {
        let at = old.header.phoff + index * raw::SEGMENT_SIZE;
        [(at + 8, at + 16), (at + 48, at + 56)]
    });
    let mut masks: Vec<(u64, u64)> = HEADER_CHANGES.into_iter().chain(fields).collect();
    masks.sort_unstable();
    for (a, b) in loads {
        let end = a.offset + a.filesz;
        let mut at = a.offset;
        for &(from, to) in masks.iter().filter(|mask| mask.0 < end && mask.1 > a.offset) {
            equal_range(old, new, (a, b), (at, from.max(at)))?;
            at = at.max(to).min(end);
        }
        equal_range(old, new, (a, b), (at, end))?;
    }
    Ok(())
}

/// The bytes `range` of the old file against those at the same distance in the new segment.
fn equal_range(old: &Side<'_>, new: &Side<'_>, load: Pair<'_>, range: (u64, u64)) -> Verdict {
    let (start, end) = range;
    let (from, to) = (start - load.0.offset, end - load.0.offset);
    let before = old.bytes(start, end).ok_or("the input holds its segments")?;
    let after = new.bytes(load.1.offset + from, load.1.offset + to);
    require(after == Some(before), "the mapped bytes are the same")
}

/// The program header table and every other segment keep their place in the `PT_LOAD` around
/// them; one without bytes points into the file.
fn same_places(old: &Side<'_>, new: &Side<'_>, loads: &[Pair<'_>]) -> Verdict {
    let shift = |offset: u64| {
        let holds = |(a, _): &&Pair<'_>| a.offset <= offset && offset < a.offset + a.filesz;
        let load = loads.iter().find(holds)?;
        load.0.offset.checked_sub(load.1.offset)
    };
    let moved = |a: u64, b: u64| shift(a).is_some() && a.checked_sub(b) == shift(a);
    require(moved(old.header.phoff, new.header.phoff), "the program header table keeps its place")?;
    for (a, b) in old.segments.iter().zip(&new.segments) {
        let inside = b.file_end().is_some_and(|end| end <= new.words.data.len() as u64);
        require(inside, "every segment is inside the file")?;
        let same = a.filesz == 0 || moved(a.offset, b.offset);
        require(same, "every segment keeps its place in its PT_LOAD")?;
    }
    Ok(())
}

/// Whether the dynamic section and the tables that it names lie in mapped memory.
pub(super) fn dynamic_resolves(bytes: &[u8]) -> bool {
    Side::read(bytes).is_some_and(|side| tables_resolve(&side))
}

fn tables_resolve(side: &Side<'_>) -> bool {
    let size = u64::from(side.header.phnum) * raw::SEGMENT_SIZE;
    let programs = side.header.phoff..side.header.phoff.saturating_add(size);
    let mapped = |address: u64| {
        let load = load_of(side, address)?;
        let offset = load.offset.checked_add(address - load.vaddr)?;
        // No table lies in the headers, whose bytes change.
        (offset >= raw::HEADER_SIZE && !programs.contains(&offset)).then_some(offset)
    };
    let dynamic = side.segments.iter().find(|segment| segment.kind == raw::PT_DYNAMIC);
    let Some(dynamic) = dynamic.filter(|dynamic| mapped(dynamic.vaddr) == Some(dynamic.offset))
    else {
        return false;
    };
    let range = dynamic.file_end().and_then(|end| side.bytes(dynamic.offset, end));
    let words = Words { data: range.unwrap_or_default(), little_endian: true };
    let entry = |at: u64| words.long(at).zip(words.long(at.checked_add(8)?));
    (0..dynamic.filesz)
        .step_by(16)
        .map_while(entry)
        .take_while(|&(tag, _)| tag != raw::DT_NULL)
        .all(|(tag, value)| !POINTERS.contains(&tag) || mapped(value).is_some())
}

/// The `PT_LOAD` whose memory holds `address`.
fn load_of<'a>(side: &'a Side<'_>, address: u64) -> Option<&'a Segment> {
    side.segments.iter().find(|segment| {
        let distance = address.checked_sub(segment.vaddr);
        segment.kind == raw::PT_LOAD && distance.is_some_and(|distance| distance < segment.memsz)
    })
}

/// The new file has no section headers, or those of the mapped sections and a string table.
fn same_sections(old: &Side<'_>, new: &Side<'_>) -> Verdict {
    if new.header.shnum == 0 {
        return require(new.header.shoff == 0, "no section headers means no table");
    }
    let before = old.header.sections(old.words.data).ok_or("the input has section headers")?;
    let after = new.header.sections(new.words.data).ok_or("the section headers are in the file")?;
    let expected = before.iter().filter(|section| section.allocated()).count() + 2;
    require(after.len() == expected, "the number of section headers")?;
    let kept = before.iter().filter(|section| section.allocated());
    for (a, b) in kept.zip(&after[1..]) {
        let same =
            Section { name: a.name, offset: a.offset, link: a.link, info: a.info, ..b.clone() };
        require(*a == same, "a section header keeps its fields")?;
        require(
            !a.has_content() || consistent(a, old) == consistent(b, new),
            "a section keeps its segment",
        )?;
        require(same_link(a.link, b.link, &before, &after), "sh_link")?;
        let info = if a.info_is_index() {
            same_link(a.info, b.info, &before, &after)
        } else {
            a.info == b.info
        };
        require(info, "sh_info")?;
        require(name(old, &before, a) == name(new, &after, b), "a section keeps its name")?;
    }
    Ok(())
}

/// The segment whose file range and addresses both hold the section at the same distance.
fn consistent(section: &Section, side: &Side<'_>) -> Option<usize> {
    side.segments.iter().position(|segment| {
        let distance = section.offset.checked_sub(segment.offset);
        segment.kind == raw::PT_LOAD
            && distance.is_some()
            && distance == section.addr.checked_sub(segment.vaddr)
            && section.file_end().zip(segment.file_end()).is_some_and(|(a, b)| a <= b)
    })
}

/// Whether two indices mean the same section; the index of one that went is 0.
fn same_link(a: u32, b: u32, before: &[Section], after: &[Section]) -> bool {
    let target = |index: u32, table: &[Section]| {
        let section = table.get(usize::try_from(index).ok()?)?;
        let identity = (section.kind, section.addr, section.size, section.flags);
        section.allocated().then_some(identity)
    };
    match target(a, before) {
        None => b == 0,
        section => target(b, after) == section,
    }
}

/// The name of a section, at most 256 bytes of it.
fn name<'a>(side: &Side<'a>, sections: &[Section], section: &Section) -> Option<&'a [u8]> {
    let table = sections.get(usize::from(side.header.shstrndx))?;
    let start = table.offset.checked_add(u64::from(section.name))?;
    let bytes = side.bytes(start, table.file_end()?)?;
    bytes[..bytes.len().min(256)].split(|&byte| byte == 0).next()
}
