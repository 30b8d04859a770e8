//! What a shared object needs and offers, read the way the loader reads it.
//!
//! Only program headers are followed (`PT_DYNAMIC`, addresses through `PT_LOAD`), so a file
//! without section headers answers the same. A few kilobytes of the file are touched.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::raw::{self, Header, Segment, Words};

pub use super::raw::Malformed;

/// More entries than this in one table is not a real file (the largest seen has a few hundred).
const MOST_ENTRIES: u64 = 65_536;
/// Longest sum of all strings of one file, in bytes.
const MOST_TEXT: usize = 1 << 20;
/// Longest table of version needs that is read, in bytes (the largest seen has a few hundred).
const MOST_NEEDS: usize = 65_536;
/// `VER_FLG_WEAK`: the version may be missing at run time.
const VERSION_IS_WEAK: u16 = 0x2;

/// The instruction set of a file (`e_machine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Machine {
    /// `EM_X86_64`, Lambda's `x86_64`
    X86_64,
    /// `EM_AARCH64`, Lambda's `arm64`
    Aarch64,
    /// Any other number of the gABI's list.
    Other(u16),
}

/// One symbol version that must be found in a library, e.g. `GLIBC_2.34` in `libc.so.6`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionNeed {
    /// The library, as in `DT_NEEDED`.
    pub library: String,
    /// The version's name.
    pub version: String,
    /// `VER_FLG_WEAK`: the loader accepts that it is missing.
    pub weak: bool,
}

/// What the headers and the dynamic section of one file say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedObject {
    /// ELF64 (`true`) or ELF32.
    pub bits64: bool,
    /// Byte order of the file.
    pub little_endian: bool,
    /// `e_machine`
    pub machine: Machine,
    /// `e_type`: 1 relocatable, 2 executable, 3 shared object or PIE, 4 core.
    pub kind: u16,
    /// `DT_SONAME`
    pub soname: Option<String>,
    /// `DT_NEEDED`, in the file's order.
    pub needed: Vec<String>,
    /// The folders of `DT_RPATH` and `DT_RUNPATH`, `$ORIGIN` unexpanded, without empty ones.
    pub runpath: Vec<String>,
    /// `DT_VERNEED`, in the file's order.
    pub version_needs: Vec<VersionNeed>,
    /// There is a `PT_INTERP`: the file is a program, not a library.
    pub interpreter: bool,
}

/// Whether `bytes` begin with the ELF magic number; the first four bytes suffice.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(raw::MAGIC)
}

/// Reads what the loader would read of the whole file `bytes`. A file without a dynamic section
/// gives empty lists.
///
/// Specification: gABI chapters 4 and 5; LSB 5.0 core, "Symbol Versioning", for `DT_VERNEED`.
///
/// # Errors
/// [`Malformed`] where a record leaves the file or a table has no end. An error says nothing
/// about whether the loader takes the file.
pub fn inspect(bytes: &[u8]) -> Result<SharedObject, Malformed> {
    let header = Header::read(bytes)?;
    let segments = header.segments(bytes)?;
    let mut object = SharedObject {
        bits64: header.bits64,
        little_endian: header.little_endian,
        machine: match header.machine {
            raw::EM_X86_64 => Machine::X86_64,
            raw::EM_AARCH64 => Machine::Aarch64,
            other => Machine::Other(other),
        },
        kind: header.kind,
        soname: None,
        needed: Vec::new(),
        runpath: Vec::new(),
        version_needs: Vec::new(),
        interpreter: segments.iter().any(|segment| segment.kind == raw::PT_INTERP),
    };
    let image = Image { words: header.words(bytes), bits64: header.bits64, segments: &segments };
    let dynamic = segments.iter().find(|s| s.kind == raw::PT_DYNAMIC && s.filesz > 0);
    if let Some(dynamic) = dynamic {
        let table = Dynamic::read(&image, dynamic)?;
        table.describe(&image, &mut object)?;
    }
    Ok(object)
}

/// Where the dynamic section of a file of `size` bytes lies that begins with `head`: the first of two
/// steps to all that [`inspect`] reads. The whole file where the head cannot tell.
pub fn dynamic_in(head: &[u8], size: usize) -> Vec<Range<usize>> {
    let whole = || vec![Range { start: 0, end: size }];
    let Ok(segments) = Header::read(head).and_then(|header| header.segments(head)) else {
        return whole();
    };
    let dynamic = segments.iter().find(|s| s.kind == raw::PT_DYNAMIC && s.filesz > 0);
    let Some(dynamic) = dynamic else { return Vec::new() };
    let place = place(&segments, dynamic.vaddr, dynamic.filesz, size);
    place.map_or_else(whole, |place| vec![place])
}

/// What the dynamic section leads to, as far as [`inspect`] reads it: the strings and the version
/// needs. `bytes` holds the head of the file and what [`dynamic_in`] told.
pub fn described_in(bytes: &[u8]) -> Vec<Range<usize>> {
    let read = || {
        let header = Header::read(bytes).ok()?;
        let segments = header.segments(bytes).ok()?;
        let image =
            Image { words: header.words(bytes), bits64: header.bits64, segments: &segments };
        let dynamic = segments.iter().find(|s| s.kind == raw::PT_DYNAMIC && s.filesz > 0)?;
        let table = Dynamic::read(&image, dynamic).ok()?;
        let size = bytes.len();
        let strings = table.strings_size.unwrap_or(u64::MAX);
        let strings = table.strings.map(|at| place(&segments, at, strings, size));
        let needs = table.version_needs.map(|at| place(&segments, at, MOST_NEEDS as u64, size));
        strings.into_iter().chain(needs).collect::<Option<Vec<_>>>()
    };
    read().unwrap_or_else(|| vec![Range { start: 0, end: bytes.len() }])
}

/// The file range of at most `length` bytes from an address on, within the segment that maps it.
fn place(segments: &[Segment], address: u64, length: u64, size: usize) -> Option<Range<usize>> {
    let holds = |s: &&Segment| {
        s.kind == raw::PT_LOAD && address.checked_sub(s.vaddr).is_some_and(|d| d < s.filesz)
    };
    let segment = segments.iter().find(holds)?;
    let start = segment.offset.checked_add(address - segment.vaddr)?;
    let end = segment.file_end()?.min(start.saturating_add(length));
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    (start <= end && end <= size).then_some(start..end)
}

/// The parts of the file that the loader maps into memory: the file ranges of the `PT_LOAD`
/// segments, ascending, ranges that share bytes joined into one, so that no byte is named twice;
/// the whole file where its headers cannot be read.
pub fn mapped(bytes: &[u8]) -> Vec<Range<usize>> {
    mapped_in(bytes, bytes.len())
}

/// As [`mapped`], from the beginning of a file of this size.
fn mapped_in(head: &[u8], size: usize) -> Vec<Range<usize>> {
    let mut ranges = load_ranges(head, size).unwrap_or_default();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len().max(1));
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    if joined.is_empty() {
        joined.push(0..size);
    }
    joined
}

/// The mapped parts of the file that can hold constants, as [`mapped`]: without the executable
/// segments, where there is a segment that is neither executable nor writable (linkers put
/// constants there, or else beside the code).
pub fn constants(bytes: &[u8]) -> Vec<Range<usize>> {
    constants_in(bytes, bytes.len())
}

/// As [`constants`], from the beginning of a file of this size: the whole file where its program
/// headers lie further behind.
pub fn constants_in(head: &[u8], size: usize) -> Vec<Range<usize>> {
    let all = mapped_in(head, size);
    let Ok(segments) = Header::read(head).and_then(|header| header.segments(head)) else {
        return all;
    };
    let loads = || segments.iter().filter(|segment| segment.kind == raw::PT_LOAD);
    let (executable, writable) = (1, 2);
    if !loads().any(|s| s.filesz > 0 && s.flags & (executable | writable) == 0) {
        return all;
    }
    let is_code = |range: &Range<usize>| {
        let (start, size) = (range.start as u64, (range.end - range.start) as u64);
        loads().any(|s| s.flags & executable != 0 && s.offset == start && s.filesz == size)
    };
    all.into_iter().filter(|range| !is_code(range)).collect()
}

/// The file ranges of the `PT_LOAD`s as they stand; `None` where one leaves the file.
fn load_ranges(head: &[u8], size: usize) -> Option<Vec<Range<usize>>> {
    let segments = Header::read(head).and_then(|header| header.segments(head)).ok()?;
    let range = |segment: &Segment| {
        let start = usize::try_from(segment.offset).ok()?;
        let end = usize::try_from(segment.file_end()?).ok()?;
        (end <= size).then_some(start..end)
    };
    segments.iter().filter(|segment| segment.kind == raw::PT_LOAD).map(range).collect()
}

/// The file as the loader sees it: addresses instead of offsets.
struct Image<'a> {
    words: Words<'a>,
    bits64: bool,
    segments: &'a [Segment],
}

impl<'a> Image<'a> {
    /// The file's bytes from `address` to the end of the segment that maps it.
    fn from(&self, address: u64, what: &'static str) -> Result<Words<'a>, Malformed> {
        let unmapped = Malformed::Unmapped { what, address };
        let holds = |s: &&Segment| {
            s.kind == raw::PT_LOAD && address.checked_sub(s.vaddr).is_some_and(|d| d < s.filesz)
        };
        let segment = self.segments.iter().find(holds).ok_or(unmapped)?;
        let at = segment.offset.checked_add(address - segment.vaddr);
        let slice = at.zip(segment.file_end()).and_then(|(start, end)| {
            self.words.data.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        });
        let length = self.words.data.len() as u64;
        let data = slice.ok_or(Malformed::Truncated { what, at: segment.offset, length })?;
        Ok(Words { data, ..self.words })
    }
}

/// The entries of the dynamic section that this file's readers ask for; strings as offsets.
#[derive(Default)]
struct Dynamic {
    strings: Option<u64>,
    strings_size: Option<u64>,
    soname: Option<u64>,
    needed: Vec<u64>,
    runpath: Vec<u64>,
    version_needs: Option<u64>,
    version_need_count: Option<u64>,
}

impl Dynamic {
    fn read(image: &Image<'_>, segment: &Segment) -> Result<Self, Malformed> {
        const WHAT: &str = "dynamic section";
        let words = image.from(segment.vaddr, WHAT)?;
        let width = if image.bits64 { 8 } else { 4 };
        let mut table = Self::default();
        for index in 0..(segment.filesz / (2 * width)) {
            if index == MOST_ENTRIES {
                return Err(Malformed::Endless { what: WHAT });
            }
            let at = index * 2 * width;
            let entry =
                words.address(at, image.bits64).zip(words.address(at + width, image.bits64));
            match entry {
                None | Some((raw::DT_NULL, _)) => break,
                Some((tag, value)) => table.note(tag, value),
            }
        }
        Ok(table)
    }

    fn note(&mut self, tag: u64, value: u64) {
        match tag {
            raw::DT_STRTAB => self.strings = Some(value),
            raw::DT_STRSZ => self.strings_size = Some(value),
            raw::DT_SONAME => self.soname = Some(value),
            raw::DT_NEEDED => self.needed.push(value),
            raw::DT_RPATH | raw::DT_RUNPATH => self.runpath.push(value),
            raw::DT_VERNEED => self.version_needs = Some(value),
            raw::DT_VERNEEDNUM => self.version_need_count = Some(value),
            _ => {}
        }
    }

    fn describe(&self, image: &Image<'_>, object: &mut SharedObject) -> Result<(), Malformed> {
        let mut strings = Strings::read(image, self)?;
        object.soname = self.soname.map(|at| strings.text(at)).transpose()?;
        object.needed = self.needed.iter().map(|&at| strings.text(at)).collect::<Result<_, _>>()?;
        for &at in &self.runpath {
            let folders = strings.text(at)?;
            let folders = folders.split(':').filter(|folder| !folder.is_empty());
            object.runpath.extend(folders.map(str::to_owned));
        }
        if let Some(address) = self.version_needs {
            let mut words = image.from(address, "version needs")?;
            words.data = &words.data[..words.data.len().min(MOST_NEEDS)];
            let libraries = self.version_need_count.unwrap_or(MOST_ENTRIES);
            object.version_needs = version_needs(words, libraries, &mut strings)?;
        }
        Ok(())
    }
}

/// The dynamic string table, with a bound on how much is taken from it.
struct Strings<'a> {
    data: &'a [u8],
    left: usize,
}

impl<'a> Strings<'a> {
    fn read(image: &Image<'a>, table: &Dynamic) -> Result<Self, Malformed> {
        let Some(address) = table.strings else {
            return Ok(Self { data: &[], left: MOST_TEXT });
        };
        let data = image.from(address, "string table")?.data;
        let size = table.strings_size.and_then(|size| usize::try_from(size).ok());
        let data = &data[..size.unwrap_or(data.len()).min(data.len())];
        Ok(Self { data, left: MOST_TEXT })
    }

    /// The string at offset `at`; bytes that are not UTF-8 become U+FFFD.
    fn text(&mut self, at: u64) -> Result<String, Malformed> {
        const WHAT: &str = "string table";
        let truncated = Malformed::Truncated { what: WHAT, at, length: self.data.len() as u64 };
        let rest = usize::try_from(at).ok().and_then(|at| self.data.get(at..)).ok_or(truncated)?;
        let rest = &rest[..rest.len().min(self.left)];
        let endless = Malformed::Endless { what: WHAT };
        let end = rest.iter().position(|&byte| byte == 0).ok_or(endless)?;
        self.left -= end;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }
}

/// Walks `Elfxx_Verneed` and their `Elfxx_Vernaux`; both have the same form in ELF32 and ELF64.
fn version_needs(
    words: Words<'_>,
    libraries: u64,
    strings: &mut Strings<'_>,
) -> Result<Vec<VersionNeed>, Malformed> {
    const WHAT: &str = "version needs";
    let mut needs = Vec::new();
    let mut visits = 0..MOST_ENTRIES;
    let mut at = 0_u64;
    for _ in 0..libraries {
        visits.next().ok_or(Malformed::Endless { what: WHAT })?;
        let need = Need::read(words, at)?;
        let mut aux = at.saturating_add(need.aux);
        for _ in 0..need.versions {
            visits.next().ok_or(Malformed::Endless { what: WHAT })?;
            let (version, weak, next) = version(words, aux)?;
            let (library, version) = (strings.text(need.library)?, strings.text(version)?);
            needs.push(VersionNeed { library, version, weak });
            match next {
                0 => break,
                next => aux = aux.saturating_add(next),
            }
        }
        match need.next {
            0 => break,
            next => at = at.saturating_add(next),
        }
    }
    Ok(needs)
}

/// `Elfxx_Verneed`
struct Need {
    versions: u16,
    library: u64,
    aux: u64,
    next: u64,
}

impl Need {
    fn read(words: Words<'_>, at: u64) -> Result<Self, Malformed> {
        let field = |index: u64| words.word(at.checked_add(index)?).map(u64::from);
        let read = || {
            let versions = words.half(at.checked_add(2)?)?;
            Some(Self { versions, library: field(4)?, aux: field(8)?, next: field(12)? })
        };
        let length = words.data.len() as u64;
        read().ok_or(Malformed::Truncated { what: "version needs", at, length })
    }
}

/// `Elfxx_Vernaux`: the name's offset, whether it is weak, the distance to the next one.
fn version(words: Words<'_>, at: u64) -> Result<(u64, bool, u64), Malformed> {
    let read = || {
        let flags = words.half(at.checked_add(4)?)?;
        let name = words.word(at.checked_add(8)?)?;
        let next = words.word(at.checked_add(12)?)?;
        Some((u64::from(name), flags & VERSION_IS_WEAK != 0, u64::from(next)))
    };
    let length = words.data.len() as u64;
    read().ok_or(Malformed::Truncated { what: "version needs", at, length })
}
