//! The ELF slimmer: what it makes is smaller, final, and the same to another reader.

use std::ops::Range;

use lambda_slim::elf::inspect;
use lambda_slim::elf::pages::Pages;
use lambda_slim::elf::parts;
use lambda_slim::elf::strip::{KeepReason, SectionHeaders, strip_for};
use lambda_slim::facts::content;
use lambda_slim::tree::HEAD;
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile64, ProgramHeader, SectionHeader};
use object::{LittleEndian as Little, Object, ObjectSymbol};

/// A way in which a part of a file is asked for.
type Step = fn(&[u8], usize) -> Vec<Range<usize>>;

/// Whatever the bytes, nothing panics, and what is slimmed is sound.
pub fn holds(bytes: &[u8]) {
    ranges_are_sound(bytes);
    let whole = format!("{:?}", content::look("x.so", bytes));
    let seen = parts_of(bytes, [content::parts, content::more_parts]);
    assert_eq!(
        whole,
        format!("{:?}", content::look("x.so", &seen)),
        "parts do not suffice to look"
    );
    let mattering = parts_of(bytes, [parts::tables, |bytes, _| parts::parts(bytes)]);
    for headers in [SectionHeaders::Minimal, SectionHeaders::Drop] {
        for pages in [Pages::AsLinked, Pages::Of4KiB] {
            let slim = strip_for(bytes, headers, pages);
            assert_eq!(slim, strip_for(&mattering, headers, pages), "parts do not suffice");
            if let Ok(slim) = slim {
                assert!(slim.bytes.len() < bytes.len(), "not smaller");
                let again = strip_for(&slim.bytes, headers, pages);
                assert_eq!(again, Err(KeepReason::NothingToGain), "a second pass changes it");
                loads_the_same(bytes, &slim.bytes);
            }
        }
    }
}

fn ranges_are_sound(bytes: &[u8]) {
    for ranges in [inspect::mapped(bytes), inspect::constants(bytes)] {
        let mut end = 0;
        for range in ranges {
            assert!(end <= range.start && range.start <= range.end && range.end <= bytes.len());
            end = range.end;
        }
    }
}

/// The bytes where these steps find that they matter, and noise elsewhere.
fn parts_of(bytes: &[u8], steps: [Step; 2]) -> Vec<u8> {
    let mut there = vec![0xA5; bytes.len()];
    let head = bytes.len().min(HEAD);
    there[..head].copy_from_slice(&bytes[..head]);
    for (number, step) in steps.into_iter().enumerate() {
        let known = if number == 0 { &bytes[..head] } else { &there[..] };
        for range in step(known, bytes.len()) {
            there[range.clone()].copy_from_slice(&bytes[range]);
        }
    }
    there
}

/// Compares two files as the `object` crate reads them, where it reads the first at all.
fn loads_the_same(before: &[u8], after: &[u8]) {
    let alone = mapped_alone(before);
    let Ok(old) = ElfFile64::<Little>::parse(&*alone) else { return };
    let new = ElfFile64::<Little>::parse(after).expect("a result that another reader takes");
    assert!(image(&old, before) == image(&new, after), "the mapped bytes differ");
    if new.elf_section_table().is_empty() {
        return;
    }
    let sections = old.elf_section_table();
    let dynamic = sections.iter().find(|s| s.sh_type(Little) == object::elf::SHT_DYNSYM);
    // Fields of headers that a lying section calls symbols or names may change.
    let is_apart = |section: &&Section| {
        let names = sections.iter().nth(section.sh_link(Little) as usize);
        ![Some(*section), names].into_iter().flatten().any(|part| is_among_headers(&old, part))
    };
    if dynamic.filter(is_apart).is_some() {
        assert_eq!(symbols(&old), symbols(&new), "the dynamic symbols differ");
    }
}

/// The file whose header table knows the mapped sections alone, and their names: readers take what comes first,
/// mapped or not, and judge what nobody maps.
fn mapped_alone(bytes: &[u8]) -> Vec<u8> {
    let mut alone = bytes.to_vec();
    let number = |at: usize, size: usize| {
        let field = bytes.get(at..at + size).unwrap_or_default();
        field.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, count, names) = (number(40, 8), number(60, 2), number(62, 2));
    if table.checked_add(count * 64).is_none_or(|end| end > bytes.len()) {
        return alone;
    }
    let is_mapped = |index: usize| number(table + index * 64 + 8, 8) & 2 != 0;
    for at in (0..count).map(|index| table + index * 64) {
        let index = (at - table) / 64;
        if index != names && !is_mapped(index) {
            alone[at + 4..at + 8].fill(0);
        }
        // SHF_INFO_LINK, and relocations.
        let links = number(at + 8, 8) & 0x40 != 0 || matches!(number(at + 4, 4), 4 | 9);
        for field in [Some(at + 40), links.then_some(at + 44)].into_iter().flatten() {
            let to = number(field, 4);
            if to >= count || !is_mapped(to) {
                alone[field..field + 4].fill(0);
            }
        }
    }
    alone
}

type Section = object::elf::SectionHeader64<Little>;

/// Whether a section reaches into the file header or a table of headers, wherever those stand.
fn is_among_headers(file: &ElfFile64<'_, Little>, section: &Section) -> bool {
    let (start, size) = (section.sh_offset(Little), section.sh_size(Little));
    let header = file.elf_header();
    let headers = [
        (0, 64),
        (header.e_phoff.get(Little), 56 * file.elf_program_headers().len() as u64),
        (header.e_shoff.get(Little), 64 * u64::from(header.e_shnum.get(Little))),
    ];
    headers.iter().any(|(at, bytes)| start < at + bytes && *at < start.saturating_add(size))
}

/// Address, size in memory and contents of each segment, without the fields that may differ.
fn image(file: &ElfFile64<'_, Little>, bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut masked = bytes.to_vec();
    masked[32..48].fill(0);
    masked[58..64].fill(0);
    let table = usize::try_from(file.elf_header().e_phoff.get(Little)).unwrap();
    let headers = file.elf_program_headers();
    for at in (table..).step_by(56).take(headers.len()) {
        masked[at + 8..at + 16].fill(0);
        masked[at + 48..at + 56].fill(0);
    }
    let loads = headers.iter().filter(|header| header.p_type(Little) == PT_LOAD);
    let segment = |header: &object::elf::ProgramHeader64<Little>| {
        let (start, size) = header.file_range(Little);
        let (start, size) = (usize::try_from(start).unwrap(), usize::try_from(size).unwrap());
        (header.p_vaddr(Little), header.p_memsz(Little), masked[start..start + size].to_vec())
    };
    loads.map(segment).collect()
}

/// Name, address, size and whether it is defined here.
fn symbols(file: &ElfFile64<'_, Little>) -> Vec<(Option<Vec<u8>>, u64, u64, bool)> {
    let name = |symbol: &object::read::elf::ElfSymbol64<'_, '_, Little>| {
        symbol.name_bytes().ok().map(<[u8]>::to_vec)
    };
    let facts = |symbol: object::read::elf::ElfSymbol64<'_, '_, Little>| {
        (name(&symbol), symbol.address(), symbol.size(), symbol.is_undefined())
    };
    file.dynamic_symbols().map(facts).collect()
}
