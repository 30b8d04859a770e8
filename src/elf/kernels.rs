//! The kernels of processors that never run them, overwritten with traps.
//!
//! A library built for many processors (OpenBLAS with `DYNAMIC_ARCH`) holds the same functions once for
//! each: `dgemm_kernel_HASWELL`, `dgemm_kernel_NEHALEM`. It calls them through a table for each
//! processor (`gotoblas_HASWELL`), and chooses one of the tables when it is loaded. What is known of the choice is the
//! caller's: which tables are never chosen. Here a function goes where only those tables lead to it.
//!
//! A function stays where anything else leads to it, however indirectly: a relocation outside of the
//! tables, an address in data, code that runs ([`references`]), an entry point, another symbol at the same
//! address; and so does one whose size is not told. Nothing moves and no header changes. A trap
//! deflates to next to nothing, and a function that is called all the same ends the process at once
//! (SIGTRAP) instead of going on with wrong numbers.

mod arm;
mod file;
mod nodes;
mod references;
pub(super) mod x86;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use memchr::memmem;

use super::raw::{self, Header};
use file::{File, Relocation, STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, Symbol};
use nodes::Nodes;
use references::Borders;

/// How the names of the tables begin.
const TABLE: &[u8] = b"gotoblas_";
/// How the library tells its version.
const VERSION: &[u8] = b"OpenBLAS ";
/// Most bytes of a version.
const LONGEST_NUMBER: usize = 32;
/// `int3`
const TRAP_X86: [u8; 1] = [0xcc];
/// `brk #0`
const TRAP_ARM: [u8; 4] = [0x00, 0x00, 0x20, 0xd4];

/// What is known of how versions of the library choose.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// From this version on, up to that of the next newer choice.
    pub since: (u32, u32, u32),
    /// The processors whose tables are never chosen.
    pub never: &'a [&'a str],
    /// The processors whose tables must be there: where one is not, another may stand in for it.
    pub given: &'a [&'a str],
}

/// Why a file keeps its bytes. None of these is an error of the file's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No such table is in it.
    #[error("it holds no kernels of several processors")]
    NotOne,
    /// No little-endian ELF64 shared object of a known machine.
    #[error("neither a shared object for x86-64 nor one for aarch64")]
    Kind,
    /// Something that must be read cannot be.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    /// Nothing is known of how it chooses.
    #[error("it does not tell a version of which it is known how it chooses kernels")]
    Version,
    /// A table that must be there is not.
    #[error("it has no kernels for {0}, and others may stand in for them")]
    Missing(String),
    /// Two tables are one.
    #[error("the tables of two processors are one")]
    Shared,
    /// Everything is reached.
    #[error("it holds no kernels that only other processors would run")]
    NothingToClear,
    /// The result did not pass the check; please report this.
    #[error("invariant failed: {0}")]
    Invariant(&'static str),
}

/// The functions that go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Where, in the file; ascending and disjoint.
    pub ranges: Vec<Range<usize>>,
    /// How many functions of such processors there are.
    pub found: usize,
    /// How many of them stay, because something else leads to them.
    pub kept: usize,
    trap: &'static [u8],
}

impl Dead {
    /// How many bytes they have.
    pub fn bytes(&self) -> u64 {
        self.ranges.iter().map(|range| range.len() as u64).sum()
    }

    /// Writes traps over the functions of the file in which they were found.
    pub fn overwrite(&self, bytes: &mut [u8]) {
        for range in &self.ranges {
            let traps = self.trap.iter().cycle();
            bytes[range.clone()].iter_mut().zip(traps).for_each(|(byte, trap)| *byte = *trap);
        }
    }
}

/// The string tables of a file of which [`is_one`] is asked, once its tables of headers are there.
pub fn names(bytes: &[u8]) -> Vec<Range<usize>> {
    let sections = Header::read(bytes).ok().and_then(|header| header.sections(bytes));
    let strings = sections.into_iter().flatten().filter(|section| section.kind == raw::SHT_STRTAB);
    let place = |section: raw::Section| {
        let end = usize::try_from(section.file_end()?).ok()?.min(bytes.len());
        let start = usize::try_from(section.offset).ok()?;
        (start < end).then_some(start..end)
    };
    strings.filter_map(place).collect()
}

/// Whether a file may be such a library; its string tables suffice.
pub fn is_one(bytes: &[u8]) -> bool {
    let holds = |range: Range<usize>| memmem::find(&bytes[range], TABLE).is_some();
    names(bytes).into_iter().any(holds)
}

/// The names that a file asks other files for; none where they cannot be read.
pub fn asked_for(bytes: &[u8]) -> Vec<String> {
    let names = File::read(bytes).ok().and_then(|file| file.undefined().ok()).unwrap_or_default();
    names.into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// Whether a name is that of a function of one of these processors: `x_NEHALEM`, `x_NEHALEM64_`, and
/// with what compilers append to parts of functions (`x_NEHALEM.cold`).
pub fn is_of(name: &[u8], processors: &[&str]) -> bool {
    let name = name.split(|byte| *byte == b'.').next().unwrap_or(name);
    let name = name.strip_suffix(b"64_").unwrap_or(name);
    let is_of = |processor: &&str| {
        name.strip_suffix(processor.as_bytes()).is_some_and(|rest| rest.ends_with(b"_"))
    };
    processors.iter().any(is_of)
}

/// Finds the functions that only tables lead to that are never chosen, by what is known of the
/// library's version: the last of `choices`, which ascend, that is not newer. Deterministic; overwriting
/// them changes nothing of what is found.
///
/// # Errors
/// A [`Refusal`]: the caller keeps the bytes.
pub fn find(bytes: &[u8], choices: &[Choice<'_>]) -> Result<Dead, Refusal> {
    if !is_one(bytes) {
        return Err(Refusal::NotOne);
    }
    let file = File::read(bytes)?;
    let symbols = file.symbols()?;
    let version = version(&file).ok_or(Refusal::Version)?;
    let choice = choices.iter().rfind(|choice| choice.since <= version).ok_or(Refusal::Version)?;
    let tables = Tables::of(&symbols, choice)?;
    let code = file.mapped(true);
    let is_arm = file.machine == raw::EM_AARCH64;
    if is_arm && code.iter().any(|(start, _)| start % 4 != 0) {
        return Err(Refusal::Unreadable("the code"));
    }
    let kernels = kernels(&file, &symbols, &tables.never, if is_arm { 4 } else { 1 });
    let found = kernels.len();
    let dead = unreached(&file, &symbols, &tables, kernels, &code, is_arm)?;
    if dead.is_empty() {
        return Err(Refusal::NothingToClear);
    }
    let places = dead.iter().map(|range| Some(file.place(range)?.1));
    let mut ranges: Vec<Range<usize>> =
        places.collect::<Option<_>>().ok_or(Refusal::Unreadable("the code"))?;
    ranges.sort_unstable_by_key(|range| range.start);
    let trap: &[u8] = if is_arm { &TRAP_ARM } else { &TRAP_X86 };
    let dead = Dead { ranges, found, kept: found - dead.len(), trap };
    let tables: Option<Vec<Range<usize>>> = file
        .tables()?
        .iter()
        .filter(|table| !table.is_empty())
        .map(|table| Some(file.place(table)?.1))
        .collect();
    sound(bytes, &dead, &tables.ok_or(Refusal::Unreadable("the relocations"))?)?;
    Ok(dead)
}

/// The one version that the library's constants tell.
fn version(file: &File<'_>) -> Option<(u32, u32, u32)> {
    let mut found = None;
    for (_, data) in [file.mapped(false), file.mapped(true)].concat() {
        for at in memmem::find_iter(data, VERSION) {
            let text = &data[at + VERSION.len()..];
            let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.');
            let text = std::str::from_utf8(&text[..end.unwrap_or(0).min(LONGEST_NUMBER)]).ok()?;
            let mut numbers = text.split('.').map(|number| number.parse().ok());
            let mut next = || numbers.next().flatten();
            let (Some(a), Some(b), Some(c)) = (next(), next(), next()) else { continue };
            if *found.get_or_insert((a, b, c)) != (a, b, c) {
                return None;
            }
        }
    }
    found
}

/// Whether something like a version stands in these bytes, or reaches into them.
fn may_tell_version(bytes: &[u8], range: &Range<usize>) -> bool {
    let reach = VERSION.len() + LONGEST_NUMBER;
    let end = range.end.saturating_add(VERSION.len()).min(bytes.len());
    memmem::find(&bytes[range.start.saturating_sub(reach)..end], VERSION).is_some()
}

/// The tables that matter.
struct Tables<'a> {
    /// The processors whose tables are there and never chosen.
    never: Vec<&'a str>,
    /// The addresses of these.
    ranges: Vec<Range<u64>>,
}

impl<'a> Tables<'a> {
    fn of(symbols: &[Symbol<'_>], choice: &Choice<'a>) -> Result<Self, Refusal> {
        let is_table = |symbol: &&Symbol<'_>| symbol.kind == STT_OBJECT && symbol.size > 0;
        let named = symbols.iter().filter(is_table);
        let named = named.filter_map(|symbol| Some((symbol.name.strip_prefix(TABLE)?, symbol)));
        let named: BTreeMap<&[u8], &Symbol<'_>> = named.collect();
        let table = |processor: &&&str| named.contains_key(processor.as_bytes());
        if let Some(missing) = choice.given.iter().find(|given| !table(given)) {
            return Err(Refusal::Missing((*missing).to_owned()));
        }
        let never: Vec<&str> = choice.never.iter().filter(table).copied().collect();
        let range = |symbol: &Symbol<'_>| symbol.address..symbol.end();
        let ranges: Vec<Range<u64>> =
            never.iter().map(|processor| range(named[processor.as_bytes()])).collect();
        let is_other = |name: &[u8]| !never.iter().any(|never| never.as_bytes() == name);
        let others = named.iter().filter(|(name, _)| is_other(name)).map(|(_, other)| other);
        for other in others {
            if ranges.iter().any(|range| range.start < other.end() && other.address < range.end) {
                return Err(Refusal::Shared);
            }
        }
        match never.is_empty() {
            true => Err(Refusal::NothingToClear),
            false => Ok(Self { never, ranges }),
        }
    }

    fn hold(&self, address: u64) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }
}

/// The functions of these processors that nothing else is the name of: ascending, disjoint, a multiple
/// of `unit` bytes from one on.
fn kernels(
    file: &File<'_>,
    symbols: &[Symbol<'_>],
    processors: &[&str],
    unit: u64,
) -> Vec<Range<u64>> {
    let is_kernel = |symbol: &Symbol<'_>| {
        symbol.kind == STT_FUNC && symbol.size > 0 && is_of(symbol.name, processors)
    };
    // What is exported can be found by its name, whatever it is.
    let is_function = |symbol: &&Symbol<'_>| {
        let matters = matches!(symbol.kind, STT_FUNC | STT_GNU_IFUNC) || symbol.exported;
        matters && !is_kernel(symbol)
    };
    let mut others: Vec<Range<u64>> =
        symbols.iter().filter(is_function).map(|s| s.address..s.end().max(s.address + 1)).collect();
    others.sort_unstable_by_key(|range| range.start);
    let mut last = 0;
    let ends: Vec<u64> = others
        .iter()
        .map(|range| {
            last = range.end.max(last);
            last
        })
        .collect();
    let is_alone = |range: &Range<u64>| {
        let before = others.partition_point(|other| other.start < range.end);
        before == 0 || ends[before - 1] <= range.start
    };
    let mut found: Vec<Range<u64>> = symbols
        .iter()
        .filter(|symbol| is_kernel(symbol))
        .map(|symbol| symbol.address..symbol.end())
        .filter(|range| range.start % unit == 0 && range.end % unit == 0)
        .filter(|range| file.place(range).is_some_and(|(code, _)| code))
        .collect();
    found.sort_unstable_by_key(|range| (range.start, range.end));
    found.dedup();
    joined(found).into_iter().filter(is_alone).collect()
}

/// Ranges that overlap, as one.
fn joined(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The kernels to which nothing leads but the tables.
fn unreached(
    file: &File<'_>,
    symbols: &[Symbol<'_>],
    tables: &Tables<'_>,
    kernels: Vec<Range<u64>>,
    code: &[(u64, &[u8])],
    is_arm: bool,
) -> Result<Vec<Range<u64>>, Refusal> {
    let relocations = file.relocations()?;
    let alone = Nodes::new(kernels.clone());
    let is_slot =
        |relocation: &&Relocation| relocation.slot && alone.at(relocation.target).is_some();
    let slots: HashMap<u64, u64> =
        relocations.iter().filter(is_slot).map(|slot| (slot.place, slot.target)).collect();
    let mut places: Vec<Range<u64>> = slots.keys().map(|place| *place..place + 8).collect();
    places.sort_unstable_by_key(|place| place.start);
    let borders = Borders { starts: starts(symbols), walls: alone.beginnings().collect() };
    let functions = functions(symbols);
    let is_named = |address: u64| functions.at(address).is_some();
    let of_slots = Nodes::new(joined(places.clone()));
    let stubs = references::stubs(code, &borders, &of_slots, &is_named, is_arm);
    let mut all = [kernels, places, stubs].concat();
    all.sort_unstable_by_key(|range| (range.start, range.end));
    if all.windows(2).any(|pair| pair[1].start < pair[0].end) {
        return Err(Refusal::Unreadable("the table of slots"));
    }
    let mut nodes = Nodes::new(all);
    for relocation in relocations.iter().filter(|found| !tables.hold(found.place)) {
        let from = slots.contains_key(&relocation.place).then(|| nodes.at(relocation.place));
        if let Some(to) = nodes.at(relocation.target) {
            nodes.add(from.flatten(), to);
        }
    }
    let entries: Vec<u64> = file.entries().collect();
    for to in entries.into_iter().filter_map(|entry| nodes.at(entry)).collect::<Vec<_>>() {
        nodes.add(None, to);
    }
    add_words(file, tables, &slots, &mut nodes)?;
    references::add(code, &borders, &mut nodes, is_arm);
    let (ranges, reached) = nodes.reached();
    let dead = ranges
        .into_iter()
        .zip(reached)
        .filter(|(range, reached)| !reached && alone.at(range.start).is_some());
    Ok(dead.map(|(range, _)| range).collect())
}

/// Words of data that are the address of something in a kernel.
fn add_words(
    file: &File<'_>,
    tables: &Tables<'_>,
    slots: &HashMap<u64, u64>,
    nodes: &mut Nodes,
) -> Result<(), Refusal> {
    let mut skipped = [file.tables()?, tables.ranges.clone()].concat();
    skipped.sort_unstable_by_key(|range| (range.start, range.end));
    let skipped = Nodes::new(joined(skipped));
    let span = nodes.span();
    for (start, data) in file.mapped(false) {
        let first = (start.next_multiple_of(8) - start) as usize;
        let words = data.get(first..).unwrap_or_default().chunks_exact(8);
        for (word, place) in words.zip((start + first as u64..).step_by(8)) {
            let value = word.try_into().map_or(0, u64::from_le_bytes);
            if !span.contains(&value) || skipped.at(place).is_some() || slots.contains_key(&place) {
                continue;
            }
            if let Some(to) = nodes.at(value) {
                nodes.add(None, to);
            }
        }
    }
    Ok(())
}

/// Where symbols say that something begins or ends, ascending.
fn starts(symbols: &[Symbol<'_>]) -> Vec<u64> {
    let mut starts: Vec<u64> =
        symbols.iter().flat_map(|symbol| [symbol.address, symbol.end()]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// The addresses that belong to functions.
fn functions(symbols: &[Symbol<'_>]) -> Nodes {
    let is_one = |symbol: &&Symbol<'_>| symbol.kind == STT_FUNC && symbol.size > 0;
    let mut ranges: Vec<Range<u64>> =
        symbols.iter().filter(is_one).map(|symbol| symbol.address..symbol.end()).collect();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    Nodes::new(joined(ranges))
}

/// What is overwritten lies in one executable segment and in nothing that the loader reads, `tables` among
/// it, each byte in one range; every other fact is taken from the headers anew.
fn sound(bytes: &[u8], dead: &Dead, tables: &[Range<usize>]) -> Result<(), Refusal> {
    let require = |holds: bool, what| if holds { Ok(()) } else { Err(Refusal::Invariant(what)) };
    let header = Header::read(bytes).map_err(|_| Refusal::Unreadable("the file header"))?;
    let segments =
        header.segments(bytes).map_err(|_| Refusal::Unreadable("the program headers"))?;
    let sections = header.sections(bytes).ok_or(Refusal::Unreadable("the section headers"))?;
    let table = |at: u64, count: u16, size: u64| (at, at.saturating_add(u64::from(count) * size));
    let mut others = vec![
        (0, raw::HEADER_SIZE),
        table(header.phoff, header.phnum, raw::SEGMENT_SIZE),
        table(header.shoff, header.shnum, raw::SECTION_SIZE),
    ];
    let is_code = |segment: &&raw::Segment| segment.kind == raw::PT_LOAD && segment.flags & 1 != 0;
    let is_other = |segment: &&raw::Segment| !is_code(segment) && segment.filesz > 0;
    for segment in segments.iter().filter(is_other) {
        others.push((segment.offset, segment.file_end().unwrap_or(u64::MAX)));
    }
    let is_text = |section: &&raw::Section| {
        section.kind == raw::SHT_PROGBITS && section.flags & raw::SHF_EXECINSTR != 0
    };
    for section in sections.iter().filter(|section| section.has_content() && !is_text(section)) {
        others.push((section.offset, section.file_end().unwrap_or(u64::MAX)));
    }
    others.extend(tables.iter().map(|table| (table.start as u64, table.end as u64)));
    let mut others: Vec<Range<u64>> = others.into_iter().map(|(from, to)| from..to).collect();
    others.retain(|range| range.start < range.end);
    others.sort_unstable_by_key(|range| (range.start, range.end));
    let others = Nodes::new(joined(others));
    let mut cursor = 0;
    for range in &dead.ranges {
        let (start, end) = (range.start as u64, range.end as u64);
        require(cursor <= start && start < end, "the ranges ascend and are disjoint")?;
        cursor = end;
        require(!may_tell_version(bytes, range), "the version can be told afterwards")?;
        let reaches = |segment: &raw::Segment| segment.file_end().unwrap_or(u64::MAX) > start;
        let touches = |segment: &&raw::Segment| segment.offset < end && reaches(segment);
        let mut touched = segments.iter().filter(is_code).filter(touches);
        let holds = |segment: &raw::Segment| {
            segment.offset <= start && segment.file_end().is_some_and(|last| end <= last)
        };
        require(touched.next().is_some_and(holds), "only code is overwritten")?;
        require(touched.next().is_none(), "code that is overwritten is mapped once")?;
        let apart = others.within(start..end).is_empty();
        require(apart, "no header, table or data is overwritten")?;
    }
    Ok(())
}
