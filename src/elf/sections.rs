//! Which sections go, which stay, and the section header table that is left.
//!
//! What the loader maps stays, byte for byte. Of the rest only sections on the list go; a
//! section that is neither mapped nor known may be somebody's payload (PyInstaller keeps a
//! whole program in `pydata`), so the file is left alone.

use std::collections::HashMap;

use super::layout::Layout;
use super::raw::{self, Header, Section};
use super::strip::KeepReason;

/// Longest section name in bytes; linkers write far shorter ones.
const LONGEST_NAME: usize = 255;
/// Names of sections that the loader does not map and nobody misses at run time.
const KNOWN: [&str; 5] = [".comment", ".gdb_index", ".shstrtab", ".strtab", ".symtab"];
/// The same as beginnings of names; a `.` or the end of the name follows in effect.
const KNOWN_FAMILIES: [&str; 7] =
    [".annobin", ".debug", ".gnu.build.attributes", ".gnu_debug", ".note", ".stab", ".zdebug"];
/// Sections that a library finds by name in its own file: Qt reads its plugins' metadata so.
const LOOKED_UP_BY_NAME: [&str; 2] = [".note.qt.metadata", ".qtmetadata"];
/// Names the string table of section names has in our output.
const OWN_NAME: &[u8] = b".shstrtab";

/// The section headers of a file that may be slimmed.
#[derive(Debug)]
pub(super) struct Sections<'a> {
    all: Vec<Section>,
    names: Vec<&'a [u8]>,
}

impl<'a> Sections<'a> {
    /// Reads the table; a file without one gives none.
    ///
    /// # Errors
    /// The reason to leave the file alone: a damaged table, an unknown section, a debug file.
    pub fn read(header: &Header, bytes: &'a [u8]) -> Result<Self, KeepReason> {
        if header.shoff == 0 && header.shnum == 0 {
            return Ok(Self { all: Vec::new(), names: Vec::new() });
        }
        let damaged = KeepReason::Damaged("the section header table");
        if u64::from(header.shentsize) != raw::SECTION_SIZE || header.shnum == 0 {
            return Err(damaged);
        }
        let all = header.sections(bytes).ok_or(damaged)?;
        // Index 0 means no section (`SHN_UNDEF`), so that nothing may stand there.
        if all.first().is_some_and(|first| first.kind != raw::SHT_NULL) {
            return Err(KeepReason::Damaged("the first section header"));
        }
        let names = names(header, &all, bytes).ok_or(KeepReason::Damaged("the section names"))?;
        let sections = Self { all, names };
        sections.judge(bytes.len() as u64)?;
        Ok(sections)
    }

    /// Whether the file has no section headers.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether dropping the table would hide a section that others look up by name.
    pub fn looked_up_by_name(&self) -> bool {
        let named = |name: &&[u8]| LOOKED_UP_BY_NAME.iter().any(|known| known.as_bytes() == *name);
        self.names.iter().any(named)
    }

    /// The largest alignment that a mapped section asks for; `None` where there is none to tell.
    pub fn widest(&self) -> Option<u64> {
        let mapped = self.all.iter().filter(|section| section.allocated());
        mapped.map(|section| section.addralign).max()
    }

    /// The file ranges, as (start, end), of every section with bytes and of the table itself.
    pub fn ranges(&self, header: &Header) -> impl Iterator<Item = (u64, u64)> {
        let filled = self.all.iter().filter(|section| section.has_content());
        let ranges = filled.filter_map(|section| Some((section.offset, section.file_end()?)));
        let size = u64::from(header.shnum) * raw::SECTION_SIZE;
        ranges.chain([(header.shoff, header.shoff.saturating_add(size))])
    }

    fn judge(&self, length: u64) -> Result<(), KeepReason> {
        for (section, name) in self.all.iter().zip(&self.names) {
            let inside = section.file_end().is_some_and(|end| end <= length);
            if section.has_content() && !inside {
                return Err(KeepReason::Damaged("a section reaches past the end of the file"));
            }
            if section.allocated() && section.kind == raw::SHT_NOBITS && emptied(section, name) {
                return Err(KeepReason::DebugFile);
            }
            if !section.allocated() && section.has_content() && !removable(name) {
                return Err(KeepReason::UnknownSection(printable(name)));
            }
        }
        Ok(())
    }

    /// The table to write: the mapped sections and the string table of their names, which begins
    /// at output offset `at`.
    ///
    /// # Errors
    /// The reason to leave the file alone: a section that its segment does not hold, or a link
    /// to a section that does not exist.
    pub fn minimal(&self, layout: &Layout, at: u64) -> Result<Table, KeepReason> {
        let kept: Vec<usize> = (0..self.all.len()).filter(|&i| self.all[i].allocated()).collect();
        let mut strings = kept.iter().map(|&i| self.names[i]).collect::<Vec<_>>();
        strings.push(OWN_NAME);
        let (strings, offsets) = string_table(&strings);
        let mut headers = vec![[0; raw::SECTION_SIZE as usize]];
        let links = Links::new(&kept, self.all.len());
        for &index in &kept {
            let old = &self.all[index];
            let name = offsets.get(self.names[index]).copied().unwrap_or(0);
            headers.push(moved(old, name, layout, &links)?.to_bytes());
        }
        let name = offsets.get(OWN_NAME).copied().unwrap_or(0);
        headers.push(own(name, at, strings.len() as u64).to_bytes());
        Ok(Table { strings, headers })
    }
}

/// A section header table with its strings, ready to be written.
#[derive(Debug)]
pub(super) struct Table {
    /// Contents of `.shstrtab`.
    pub strings: Vec<u8>,
    /// The headers: null, the mapped sections, `.shstrtab`.
    pub headers: Vec<[u8; raw::SECTION_SIZE as usize]>,
}

/// New section indices by old ones; 0 (`SHN_UNDEF`) for a section that goes.
struct Links(Vec<u32>);

impl Links {
    fn new(kept: &[usize], count: usize) -> Self {
        let mut new = vec![0; count];
        for (position, &old) in (1_u32..).zip(kept) {
            new[old] = position;
        }
        Self(new)
    }

    fn follow(&self, old: u32) -> Result<u32, KeepReason> {
        let new = usize::try_from(old).ok().and_then(|old| self.0.get(old));
        new.copied().ok_or(KeepReason::Damaged("a section links to one that does not exist"))
    }
}

/// One kept header at its new place.
fn moved(old: &Section, name: u32, layout: &Layout, links: &Links) -> Result<Section, KeepReason> {
    let offset = if old.has_content() {
        if !old.file_end().is_some_and(|end| layout.holds(old.offset, end)) {
            return Err(KeepReason::Damaged("an allocated section lies in no segment"));
        }
        layout.moved(old.offset)
    } else if old.kind == raw::SHT_NOBITS {
        layout.moved_beyond(old.offset)
    } else {
        layout.moved(old.offset)
    };
    let info = if old.info_is_index() { links.follow(old.info)? } else { old.info };
    Ok(Section { name, offset, link: links.follow(old.link)?, info, ..old.clone() })
}

/// The header of `.shstrtab`.
fn own(name: u32, offset: u64, size: u64) -> Section {
    Section {
        name,
        kind: raw::SHT_STRTAB,
        flags: 0,
        addr: 0,
        offset,
        size,
        link: 0,
        info: 0,
        addralign: 1,
        entsize: 0,
    }
}

/// The name of every section; `None` where one leaves the string table or has no end.
fn names<'a>(header: &Header, all: &[Section], bytes: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let table: &[u8] = match header.shstrndx {
        0 => b"\0",
        index => {
            let table = all.get(usize::from(index)).filter(|table| table.has_content())?;
            bytes.get(
                usize::try_from(table.offset).ok()?..usize::try_from(table.file_end()?).ok()?,
            )?
        }
    };
    let name = |section: &Section| {
        let rest = table.get(usize::try_from(section.name).ok()?..)?;
        let rest = &rest[..rest.len().min(LONGEST_NAME + 1)];
        Some(&rest[..rest.iter().position(|&byte| byte == 0)?])
    };
    all.iter().map(name).collect()
}

/// Whether an unmapped section of this name goes.
fn removable(name: &[u8]) -> bool {
    KNOWN.iter().any(|known| known.as_bytes() == name)
        || KNOWN_FAMILIES.iter().any(|family| name.starts_with(family.as_bytes()))
}

/// Whether a section without bytes should have some: `objcopy --only-keep-debug` leaves such.
fn emptied(section: &Section, name: &[u8]) -> bool {
    section.flags & raw::SHF_EXECINSTR != 0
        || [&b".dynamic"[..], b".dynsym", b".dynstr", b".rodata", b".text"].contains(&name)
}

/// A name as a sentence can hold it.
fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}

/// Lays out names in a string table, a name that ends another sharing its bytes; also returns
/// each name's offset. The result depends on the set of names only.
fn string_table<'a>(names: &[&'a [u8]]) -> (Vec<u8>, HashMap<&'a [u8], u32>) {
    let mut sorted = names.to_vec();
    sorted.sort_unstable_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
    sorted.dedup();
    let mut table = vec![0];
    let mut offsets = HashMap::with_capacity(sorted.len());
    let mut last: &[u8] = b"";
    for name in sorted.into_iter().filter(|name| !name.is_empty()) {
        if !last.ends_with(name) {
            table.extend_from_slice(name);
            table.push(0);
            last = name;
        }
        // At most 65,536 names of 255 bytes: far below 4 GiB.
        let offset = table.len() - 1 - name.len();
        offsets.insert(name, u32::try_from(offset).unwrap_or(0));
    }
    (table, offsets)
}
