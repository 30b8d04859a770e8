//! What must hold between a file and its slimmed form, told by other people's ELF readers.

use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;
use object::read::elf::{ElfFile64, ElfSection64};
use object::{LittleEndian, Object as _, ObjectSection as _};

use crate::elf::pages::Pages;
use crate::elf::strip::{KeepReason, SectionHeaders, strip_for};

/// Slims with minimal section headers and checks the result.
pub fn slim(bytes: &[u8]) -> Vec<u8> {
    slim_to(bytes, SectionHeaders::Minimal)
}

/// Slims and checks the result; panics where the file is kept.
pub fn slim_to(bytes: &[u8], headers: SectionHeaders) -> Vec<u8> {
    slim_for(bytes, headers, Pages::AsLinked)
}

/// Slims for some pages and checks the result; panics where the file is kept.
pub fn slim_for(bytes: &[u8], headers: SectionHeaders, pages: Pages) -> Vec<u8> {
    let slim = strip_for(bytes, headers, pages).unwrap_or_else(|reason| panic!("kept: {reason}"));
    assert_sound(bytes, &slim.bytes, headers, pages);
    slim.bytes
}

/// Everything that [`strip_for`] promises of a result.
pub fn assert_sound(before: &[u8], after: &[u8], headers: SectionHeaders, pages: Pages) {
    assert!(after.len() < before.len(), "not smaller");
    let again = |bytes: &[u8]| strip_for(bytes, headers, pages).map(|slim| slim.bytes);
    assert_eq!(again(before).as_deref(), Ok(after), "not deterministic");
    assert_eq!(again(after), Err(KeepReason::NothingToGain), "a second pass changes it");
    assert_same_image(before, after, pages);
    assert_same_sections(before, after);
}

/// The mapped bytes with the fields zeroed that may differ, and where they go.
fn image(bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let elf = Elf::parse(bytes).unwrap();
    let mut masked = bytes.to_vec();
    masked[32..48].fill(0);
    masked[58..64].fill(0);
    for index in 0..elf.program_headers.len() {
        let at = usize::try_from(elf.header.e_phoff).unwrap() + 56 * index;
        masked[at + 8..at + 16].fill(0);
        masked[at + 48..at + 56].fill(0);
    }
    let loads = elf.program_headers.iter().filter(|header| header.p_type == PT_LOAD);
    let content = |header: &goblin::elf::ProgramHeader| {
        (header.p_vaddr, header.p_memsz, masked[header.file_range()].to_vec())
    };
    loads.map(content).collect()
}

fn assert_same_image(before: &[u8], after: &[u8], pages: Pages) {
    let (old, new) = (Elf::parse(before).unwrap(), Elf::parse(after).unwrap());
    for (a, b) in old.program_headers.iter().zip(&new.program_headers) {
        let may_be_lower = pages == Pages::Of4KiB && a.p_type == PT_LOAD && b.p_align == 4096;
        let p_align = if may_be_lower { a.p_align.max(4096) } else { b.p_align };
        let moved = goblin::elf::ProgramHeader { p_offset: a.p_offset, p_align, ..b.clone() };
        assert_eq!(*a, moved, "more than p_offset differs");
        assert!(b.p_offset + b.p_filesz <= after.len() as u64, "a segment leaves the file");
        if b.p_type == PT_LOAD {
            let distance = b.p_vaddr.wrapping_sub(b.p_offset);
            assert_eq!(distance % b.p_align.max(4096), 0, "misaligned");
        }
    }
    assert_eq!(old.program_headers.len(), new.program_headers.len());
    assert!(image(before) == image(after), "the mapped bytes differ");
    assert_eq!(old.libraries, new.libraries);
    assert_eq!(old.soname, new.soname);
    assert_eq!(old.dynsyms.len(), new.dynsyms.len());
}

/// Name, type, flags, address, size, alignment, bytes.
type MappedSection = (String, u32, u64, u64, u64, u64, Vec<u8>);

/// The mapped sections of a file.
fn sections(bytes: &[u8]) -> Vec<MappedSection> {
    let file = ElfFile64::<LittleEndian>::parse(bytes).unwrap();
    let flags = |section: &ElfSection64<'_, '_, LittleEndian>| {
        section.elf_section_header().sh_flags.get(LittleEndian).0
    };
    let facts = |section: ElfSection64<'_, '_, LittleEndian>| {
        let header = section.elf_section_header();
        let kind = header.sh_type.get(LittleEndian).0;
        let name = section.name().unwrap().to_owned();
        let data = section.data().unwrap().to_vec();
        let (address, size, align) = (section.address(), section.size(), section.align());
        (name, kind, flags(&section), address, size, align, data)
    };
    file.sections().filter(|section| flags(section) & 2 != 0).map(facts).collect()
}

/// How far each mapped section's place is from the start of the segment that holds its address.
fn distances(bytes: &[u8]) -> Vec<Option<i128>> {
    let elf = Elf::parse(bytes).unwrap();
    let loads = || elf.program_headers.iter().filter(|header| header.p_type == PT_LOAD);
    let distance = |section: &goblin::elf::SectionHeader| {
        let load = loads().find(|load| load.vm_range().contains(&(section.sh_addr as usize)))?;
        Some(i128::from(section.sh_offset) - i128::from(load.p_offset))
    };
    let mapped = elf.section_headers.iter().filter(|section| section.sh_flags & 2 != 0);
    mapped.filter(|section| section.sh_size > 0).map(distance).collect()
}

fn assert_same_sections(before: &[u8], after: &[u8]) {
    let new = Elf::parse(after).unwrap();
    if new.header.e_shnum == 0 {
        assert_eq!((new.header.e_shoff, new.header.e_shstrndx), (0, 0));
        return;
    }
    assert_eq!(sections(before), sections(after));
    assert_eq!(distances(before), distances(after), "a section leaves its segment");
    assert_eq!(new.header.e_shoff % 8, 0, "the table is not aligned");
    let name = |elf: &Elf<'_>, index: u32| {
        let section = &elf.section_headers[usize::try_from(index).unwrap()];
        elf.shdr_strtab.get_at(section.sh_name).unwrap().to_owned()
    };
    let old = Elf::parse(before).unwrap();
    let links = |elf: &Elf<'_>| {
        let mapped = elf.section_headers.iter().filter(|section| section.sh_flags & 2 != 0);
        mapped.map(|section| name(elf, section.sh_link)).collect::<Vec<_>>()
    };
    assert_eq!(links(&old), links(&new), "sh_link points elsewhere");
    assert_eq!(name(&new, u32::from(new.header.e_shnum) - 1), ".shstrtab");
}
