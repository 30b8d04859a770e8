//! What a shared object says of its addresses: segments, symbols, relocations.

use std::collections::HashMap;
use std::ops::Range;

use super::Refusal;
use crate::elf::raw::{self, Header, Section, Segment, Words};

/// Longest name of a symbol that is looked at, in bytes.
const LONGEST: usize = 256;
/// Size of a symbol and of a relocation with addend, in bytes.
const ENTRY: u64 = 24;
/// More symbols or relocations than this is no real library.
const MOST_ENTRIES: u64 = 4_000_000;
/// More program headers than this is no real file (the largest seen has 20).
const MOST_SEGMENTS: usize = 512;
/// No address of a program is higher (x86-64 and aarch64 with four levels of pages have 48 bits).
const HIGHEST: u64 = 1 << 48;
const PF_X: u32 = 1;

/// A symbol that the file defines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol<'a> {
    /// At most [`LONGEST`] bytes of it.
    pub name: &'a [u8],
    /// `ST_TYPE`
    pub kind: u8,
    pub address: u64,
    /// In bytes.
    pub size: u64,
    /// Whether others may find it by its name.
    pub exported: bool,
}

pub(super) const STT_OBJECT: u8 = 1;
pub(super) const STT_FUNC: u8 = 2;
pub(super) const STT_GNU_IFUNC: u8 = 10;
const STT_TLS: u8 = 6;

impl Symbol<'_> {
    pub fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }
}

/// Where the loader writes an address, and which.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relocation {
    pub place: u64,
    pub target: u64,
    /// Whether the place is a slot of the global offset table, which only code reads.
    pub slot: bool,
}

/// A file, by addresses.
pub(super) struct File<'a> {
    pub words: Words<'a>,
    pub machine: u16,
    segments: Vec<Segment>,
    sections: Vec<Section>,
    dynamic: HashMap<u64, u64>,
    entry: u64,
}

impl<'a> File<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let header = Header::read(bytes).map_err(|_| Refusal::Unreadable("the file header"))?;
        let known = matches!(header.machine, raw::EM_X86_64 | raw::EM_AARCH64);
        if !header.bits64 || !header.little_endian || header.kind != raw::ET_DYN || !known {
            return Err(Refusal::Kind);
        }
        let segments =
            header.segments(bytes).map_err(|_| Refusal::Unreadable("the program headers"))?;
        let too_high = |load: &Segment| load.vaddr.max(load.memsz).max(load.offset) > HIGHEST;
        if segments.iter().any(too_high) || segments.len() > MOST_SEGMENTS {
            return Err(Refusal::Unreadable("the program headers"));
        }
        let sections = header.sections(bytes).ok_or(Refusal::Unreadable("the section headers"))?;
        let words = header.words(bytes);
        let mut file = Self {
            words,
            machine: header.machine,
            segments,
            sections,
            dynamic: HashMap::new(),
            entry: words.long(24).unwrap_or(0),
        };
        file.dynamic = file.dynamic().ok_or(Refusal::Unreadable("the dynamic section"))?;
        Ok(file)
    }

    fn dynamic(&self) -> Option<HashMap<u64, u64>> {
        let segment = self.segments.iter().find(|segment| segment.kind == raw::PT_DYNAMIC)?;
        let data = self.slice(segment.offset, segment.filesz)?;
        let words = Words { data, ..self.words };
        let entry = |at: u64| words.long(at).zip(words.long(at.checked_add(8)?));
        let entries = (0..segment.filesz).step_by(16).map_while(entry);
        Some(entries.take_while(|(tag, _)| *tag != raw::DT_NULL).collect())
    }

    fn slice(&self, offset: u64, size: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(offset).ok()?;
        self.words.data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
    }

    fn loads(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|s| s.kind == raw::PT_LOAD && s.filesz > 0)
    }

    /// The segments with code, and the others, each with its address and bytes.
    pub fn mapped(&self, executable: bool) -> Vec<(u64, &'a [u8])> {
        let wanted = self.loads().filter(|load| (load.flags & PF_X != 0) == executable);
        wanted
            .filter_map(|load| Some((load.vaddr, self.slice(load.offset, load.filesz)?)))
            .collect()
    }

    /// The one segment that maps these addresses from the file: whether it holds code, and their place
    /// in the file.
    pub fn place(&self, addresses: &Range<u64>) -> Option<(bool, Range<usize>)> {
        let touches = |load: &&Segment| {
            load.vaddr < addresses.end
                && load.vaddr.checked_add(load.memsz).is_some_and(|end| addresses.start < end)
        };
        let mut loads = self.loads().filter(touches);
        let load = loads.next().filter(|load| load.vaddr <= addresses.start)?;
        let inside = addresses.end - load.vaddr <= load.filesz && loads.next().is_none();
        let start = usize::try_from(load.offset.checked_add(addresses.start - load.vaddr)?).ok()?;
        let end = start.checked_add(usize::try_from(addresses.end - addresses.start).ok()?)?;
        (inside && end <= self.words.data.len()).then_some((load.flags & PF_X != 0, start..end))
    }

    /// The bytes from an address on, at most `size`, as far as one segment maps them.
    fn at(&self, address: u64, size: u64) -> Option<&'a [u8]> {
        let (_, place) = self.place(&(address..address.checked_add(size)?))?;
        self.words.data.get(place)
    }

    /// Every symbol that the file defines, those of the loader's table first.
    pub fn symbols(&self) -> Result<Vec<Symbol<'a>>, Refusal> {
        let unreadable = Refusal::Unreadable("the symbols");
        let table = self.dynamic_symbols()?;
        let mut symbols = Vec::new();
        self.defined(table, true, &mut symbols).ok_or(unreadable.clone())?;
        for table in self.sections.iter().filter(|section| section.kind == SHT_SYMTAB) {
            self.defined(table, false, &mut symbols).ok_or(unreadable.clone())?;
        }
        Ok(symbols)
    }

    /// The loader's table of symbols: section headers tell how long it is.
    fn dynamic_symbols(&self) -> Result<&Section, Refusal> {
        let address = self.dynamic.get(&raw::DT_SYMTAB);
        let is_it = |section: &&Section| {
            section.kind == SHT_DYNSYM
                && Some(&section.addr) == address
                && self.at(section.addr, section.size) == self.slice(section.offset, section.size)
        };
        self.sections.iter().find(is_it).ok_or(Refusal::Unreadable("the loader's symbols"))
    }

    /// The strings that a table of symbols refers to.
    fn names_of(&self, table: &Section) -> Option<&'a [u8]> {
        let strings = self.sections.get(usize::try_from(table.link).ok()?)?;
        if strings.kind != raw::SHT_STRTAB {
            return None;
        }
        self.slice(strings.offset, strings.size)
    }

    fn defined(&self, table: &Section, exported: bool, to: &mut Vec<Symbol<'a>>) -> Option<()> {
        let names = self.names_of(table)?;
        let words = Words { data: self.slice(table.offset, table.size)?, ..self.words };
        for at in (0..count(table.size)? * ENTRY).step_by(ENTRY as usize) {
            let info = *words.data.get(usize::try_from(at).ok()? + 4)?;
            let kind = info & 15;
            if words.half(at + 6)? == 0 || kind == STT_TLS {
                continue;
            }
            let name = name(names, words.word(at)?)?;
            let (address, size) = (words.long(at + 8)?, words.long(at + 16)?);
            // An absolute number, and nothing of the file.
            if address > HIGHEST {
                continue;
            }
            to.push(Symbol { name, kind, address, size, exported });
        }
        Some(())
    }

    /// Every address that the loader writes, as far as the file itself tells which; an entry whose
    /// meaning is not known counts as one that may be anything near.
    pub fn relocations(&self) -> Result<Vec<Relocation>, Refusal> {
        let unreadable = Refusal::Unreadable("the relocations");
        if self.dynamic.contains_key(&raw::DT_REL) || self.dynamic.contains_key(&raw::DT_RELR) {
            return Err(Refusal::Unreadable("relocations without addends"));
        }
        let symbols = self.slots_of_symbols().ok_or(unreadable.clone())?;
        let mut found = Vec::new();
        for table in self.relocation_tables().ok_or(unreadable.clone())? {
            let words = Words {
                data: self.at(table.start, table.end - table.start).ok_or(unreadable.clone())?,
                ..self.words
            };
            for at in (0..table.end - table.start).step_by(ENTRY as usize) {
                let entry = self.relocation(words, at, &symbols).ok_or(unreadable.clone())?;
                found.extend(entry);
            }
        }
        Ok(found)
    }

    /// One entry (`Elf64_Rela`); nothing where it is another file's address.
    fn relocation(&self, words: Words<'_>, at: u64, symbols: &[u64]) -> Option<Option<Relocation>> {
        let (place, info, addend) = (words.long(at)?, words.long(at + 8)?, words.long(at + 16)?);
        if place > HIGHEST {
            return None;
        }
        let symbol = match usize::try_from(info >> 32).ok()? {
            0 => 0,
            // 0 where it is not defined here.
            number => match *symbols.get(number)? {
                0 => return Some(None),
                address => address,
            },
        };
        let slots: [u64; 2] = match self.machine {
            raw::EM_X86_64 => [6, 7],
            _ => [1025, 1026],
        };
        let slot = slots.contains(&(info & 0xffff_ffff));
        Some(Some(Relocation { place, target: symbol.wrapping_add(addend), slot }))
    }

    /// The addresses of the loader's symbols by their numbers.
    fn slots_of_symbols(&self) -> Option<Vec<u64>> {
        let table = self.dynamic_symbols().ok()?;
        let words = Words { data: self.slice(table.offset, table.size)?, ..self.words };
        let entries = (0..count(table.size)? * ENTRY).step_by(ENTRY as usize);
        let address =
            |at: u64| Some(if words.half(at + 6)? == 0 { 0 } else { words.long(at + 8)? });
        entries.map(address).collect()
    }

    /// The addresses of the tables of relocations (`DT_RELA`, `DT_JMPREL`).
    fn relocation_tables(&self) -> Option<Vec<Range<u64>>> {
        let mut tables = Vec::new();
        for (at, size) in [(raw::DT_RELA, DT_RELASZ), (raw::DT_JMPREL, DT_PLTRELSZ)] {
            let Some(start) = self.dynamic.get(&at).copied() else { continue };
            let size = *self.dynamic.get(&size)?;
            let size = count(size)? * ENTRY;
            tables.push(start..start.checked_add(size)?);
        }
        let rela = *self.dynamic.get(&DT_PLTREL).unwrap_or(&raw::DT_RELA) == raw::DT_RELA;
        rela.then_some(tables)
    }

    /// The names of what the file asks other files for.
    pub fn undefined(&self) -> Result<Vec<&'a [u8]>, Refusal> {
        let unreadable = Refusal::Unreadable("the symbols");
        let table = self.dynamic_symbols()?;
        let read = || {
            let names = self.names_of(table)?;
            let words = Words { data: self.slice(table.offset, table.size)?, ..self.words };
            let entries = (0..count(table.size)? * ENTRY).step_by(ENTRY as usize);
            let missing = entries.filter(|at| words.half(at + 6) == Some(0));
            missing.map(|at| name(names, words.word(at)?)).collect::<Option<Vec<_>>>()
        };
        read().ok_or(unreadable)
    }

    /// The addresses that the loader or the kernel jumps to.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        let tags = [raw::DT_INIT, raw::DT_FINI];
        let told = tags.into_iter().filter_map(|tag| self.dynamic.get(&tag).copied());
        told.chain([self.entry])
    }

    /// Where words lie that hold addresses of code and that nobody reads who would jump there: symbols
    /// and relocations.
    pub fn tables(&self) -> Result<Vec<Range<u64>>, Refusal> {
        let unreadable = Refusal::Unreadable("the relocations");
        let mut tables = self.relocation_tables().ok_or(unreadable)?;
        let symbols = self.dynamic_symbols()?;
        tables.push(symbols.addr..symbols.addr.saturating_add(symbols.size));
        Ok(tables)
    }
}

/// At most [`LONGEST`] bytes of the name at `at`.
fn name(names: &[u8], at: u32) -> Option<&[u8]> {
    let name = names.get(usize::try_from(at).ok()?..)?;
    let name = &name[..name.len().min(LONGEST)];
    name.split(|byte| *byte == 0).next()
}

/// How many entries a table of so many bytes has.
fn count(size: u64) -> Option<u64> {
    Some(size / ENTRY).filter(|count| *count <= MOST_ENTRIES)
}

const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const DT_PLTRELSZ: u64 = 2;
const DT_RELASZ: u64 = 8;
const DT_PLTREL: u64 = 20;
