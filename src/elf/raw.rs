//! Reads the fixed-size records of an ELF file: file header, program headers, section headers.
//!
//! Both classes and both byte orders are read, every access is bounds-checked, nothing is copied
//! but the records themselves. Field names are those of the gABI without their prefix.

/// `e_ident[EI_MAG0..=EI_MAG3]`
pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// Size of the ELF64 file header in bytes.
pub(super) const HEADER_SIZE: u64 = 64;
/// Size of an ELF64 program header in bytes.
pub(super) const SEGMENT_SIZE: u64 = 56;
/// Size of an ELF64 section header in bytes.
pub(super) const SECTION_SIZE: u64 = 64;

pub(super) const PT_LOAD: u32 = 1;
pub(super) const PT_DYNAMIC: u32 = 2;
pub(super) const PT_INTERP: u32 = 3;

pub(super) const ET_REL: u16 = 1;
pub(super) const ET_EXEC: u16 = 2;
pub(super) const ET_DYN: u16 = 3;
pub(super) const ET_CORE: u16 = 4;

pub(super) const EM_X86_64: u16 = 62;
pub(super) const EM_AARCH64: u16 = 183;

pub(super) const SHT_NULL: u32 = 0;
pub(super) const SHT_PROGBITS: u32 = 1;
pub(super) const SHT_STRTAB: u32 = 3;
pub(super) const SHT_RELA: u32 = 4;
pub(super) const SHT_NOBITS: u32 = 8;
pub(super) const SHT_REL: u32 = 9;
pub(super) const SHF_ALLOC: u64 = 0x2;
pub(super) const SHF_EXECINSTR: u64 = 0x4;
pub(super) const SHF_INFO_LINK: u64 = 0x40;

pub(super) const DT_NULL: u64 = 0;
pub(super) const DT_NEEDED: u64 = 1;
pub(super) const DT_HASH: u64 = 4;
pub(super) const DT_STRTAB: u64 = 5;
pub(super) const DT_SYMTAB: u64 = 6;
pub(super) const DT_RELA: u64 = 7;
pub(super) const DT_STRSZ: u64 = 10;
pub(super) const DT_INIT: u64 = 12;
pub(super) const DT_FINI: u64 = 13;
pub(super) const DT_SONAME: u64 = 14;
pub(super) const DT_RPATH: u64 = 15;
pub(super) const DT_REL: u64 = 17;
pub(super) const DT_JMPREL: u64 = 23;
pub(super) const DT_INIT_ARRAY: u64 = 25;
pub(super) const DT_FINI_ARRAY: u64 = 26;
pub(super) const DT_RUNPATH: u64 = 29;
pub(super) const DT_RELR: u64 = 36;
pub(super) const DT_GNU_HASH: u64 = 0x6fff_fef5;
pub(super) const DT_VERSYM: u64 = 0x6fff_fff0;
pub(super) const DT_VERDEF: u64 = 0x6fff_fffc;
pub(super) const DT_VERNEED: u64 = 0x6fff_fffe;
pub(super) const DT_VERNEEDNUM: u64 = 0x6fff_ffff;

/// Why a file could not be read as ELF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The first four bytes are not `7f 45 4c 46`.
    #[error("not an ELF file")]
    NotElf,
    /// `EI_CLASS` or `EI_DATA` holds a value the gABI does not define.
    #[error("unknown ELF class {class} or byte order {order}")]
    Identification {
        /// `e_ident[EI_CLASS]`
        class: u8,
        /// `e_ident[EI_DATA]`
        order: u8,
    },
    /// A record reaches past the end of the file.
    #[error("truncated: the {what} at byte {at} does not fit into {length} bytes")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it starts, a file offset in bytes.
        at: u64,
        /// How long the file is, in bytes.
        length: u64,
    },
    /// A table has an entry size the class does not allow.
    #[error("the {what} has entries of {actual} bytes, expected {expected}")]
    EntrySize {
        /// Which table.
        what: &'static str,
        /// The size the gABI prescribes, in bytes.
        expected: u64,
        /// The size the file states, in bytes.
        actual: u64,
    },
    /// A virtual address lies in no `PT_LOAD`'s file range.
    #[error("the {what} at address {address:#x} lies in no segment")]
    Unmapped {
        /// What the address stands for.
        what: &'static str,
        /// The virtual address.
        address: u64,
    },
    /// A table is longer than any real file's, or a string has no end.
    #[error("the {what} has no end")]
    Endless {
        /// Which table or string.
        what: &'static str,
    },
}

/// Bytes with a byte order: the one place where numbers are decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub data: &'a [u8],
    pub little_endian: bool,
}

impl<'a> Words<'a> {
    fn array<const N: usize>(self, at: u64) -> Option<[u8; N]> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(N)?;
        self.data.get(start..end)?.try_into().ok()
    }

    /// The 16-bit number at byte `at`; `None` past the end.
    pub fn half(self, at: u64) -> Option<u16> {
        let raw = self.array(at)?;
        Some(if self.little_endian { u16::from_le_bytes(raw) } else { u16::from_be_bytes(raw) })
    }

    /// The 32-bit number at byte `at`; `None` past the end.
    pub fn word(self, at: u64) -> Option<u32> {
        let raw = self.array(at)?;
        Some(if self.little_endian { u32::from_le_bytes(raw) } else { u32::from_be_bytes(raw) })
    }

    /// The 64-bit number at byte `at`; `None` past the end.
    pub fn long(self, at: u64) -> Option<u64> {
        let raw = self.array(at)?;
        Some(if self.little_endian { u64::from_le_bytes(raw) } else { u64::from_be_bytes(raw) })
    }

    /// The address-sized number at byte `at`: 64 bits in ELF64, 32 in ELF32.
    pub fn address(self, at: u64, bits64: bool) -> Option<u64> {
        if bits64 { self.long(at) } else { self.word(at).map(u64::from) }
    }
}

/// The file header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub bits64: bool,
    pub little_endian: bool,
    pub kind: u16,
    pub machine: u16,
    pub phoff: u64,
    pub shoff: u64,
    pub phentsize: u16,
    pub phnum: u16,
    pub shentsize: u16,
    pub shnum: u16,
    pub shstrndx: u16,
}

impl Header {
    /// Reads the file header (gABI, "ELF Header").
    ///
    /// # Errors
    /// [`Malformed::NotElf`], [`Malformed::Identification`] or [`Malformed::Truncated`].
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        if !bytes.starts_with(MAGIC) {
            return Err(Malformed::NotElf);
        }
        let length = bytes.len() as u64;
        let truncated = Malformed::Truncated { what: "file header", at: 0, length };
        let (Some(&class), Some(&order)) = (bytes.get(4), bytes.get(5)) else {
            return Err(truncated);
        };
        if !matches!((class, order), (1 | 2, 1 | 2)) {
            return Err(Malformed::Identification { class, order });
        }
        let words = Words { data: bytes, little_endian: order == 1 };
        Self::fields(words, class == 2).ok_or(truncated)
    }

    fn fields(words: Words<'_>, bits64: bool) -> Option<Self> {
        let (phoff, shoff, sizes) = if bits64 { (32, 40, 54) } else { (28, 32, 42) };
        Some(Self {
            bits64,
            little_endian: words.little_endian,
            kind: words.half(16)?,
            machine: words.half(18)?,
            phoff: words.address(phoff, bits64)?,
            shoff: words.address(shoff, bits64)?,
            phentsize: words.half(sizes)?,
            phnum: words.half(sizes + 2)?,
            shentsize: words.half(sizes + 4)?,
            shnum: words.half(sizes + 6)?,
            shstrndx: words.half(sizes + 8)?,
        })
    }

    /// The file's bytes with the byte order its header states.
    pub fn words<'a>(&self, bytes: &'a [u8]) -> Words<'a> {
        Words { data: bytes, little_endian: self.little_endian }
    }

    /// Reads all program headers, at most 65,535 (`PN_XNUM` is not followed).
    ///
    /// # Errors
    /// [`Malformed::EntrySize`] or [`Malformed::Truncated`].
    pub fn segments(&self, bytes: &[u8]) -> Result<Vec<Segment>, Malformed> {
        let expected = if self.bits64 { SEGMENT_SIZE } else { 32 };
        let actual = u64::from(self.phentsize);
        if self.phnum > 0 && actual != expected {
            return Err(Malformed::EntrySize { what: "program header table", expected, actual });
        }
        let words = self.words(bytes);
        let read = |index: u16| {
            let at = self.phoff.checked_add(u64::from(index) * expected)?;
            Segment::read(words, at, self.bits64)
        };
        (0..self.phnum).map(read).collect::<Option<Vec<_>>>().ok_or(Malformed::Truncated {
            what: "program header table",
            at: self.phoff,
            length: bytes.len() as u64,
        })
    }

    /// Reads all ELF64 section headers; `None` where the table leaves the file.
    pub fn sections(&self, bytes: &[u8]) -> Option<Vec<Section>> {
        let words = self.words(bytes);
        let read = |index: u16| {
            let at = self.shoff.checked_add(u64::from(index) * SECTION_SIZE)?;
            Section::read(words, at)
        };
        (0..self.shnum).map(read).collect()
    }
}

/// A program header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub kind: u32,
    pub flags: u32,
    pub offset: u64,
    pub vaddr: u64,
    pub paddr: u64,
    pub filesz: u64,
    pub memsz: u64,
    pub align: u64,
}

impl Segment {
    fn read(words: Words<'_>, at: u64, bits64: bool) -> Option<Self> {
        let size = if bits64 { SEGMENT_SIZE } else { 32 };
        at.checked_add(size)?;
        let width = if bits64 { 8 } else { 4 };
        let (flags, first) = if bits64 { (at + 4, at + 8) } else { (at + 24, at + 4) };
        let address = |index: u64| words.address(first + index * width, bits64);
        Some(Self {
            kind: words.word(at)?,
            flags: words.word(flags)?,
            offset: address(0)?,
            vaddr: address(1)?,
            paddr: address(2)?,
            filesz: address(3)?,
            memsz: address(4)?,
            align: if bits64 { address(5)? } else { u64::from(words.word(at + 28)?) },
        })
    }

    /// Where the segment's bytes end in the file; `None` on overflow.
    pub fn file_end(&self) -> Option<u64> {
        self.offset.checked_add(self.filesz)
    }
}

/// An ELF64 section header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub name: u32,
    pub kind: u32,
    pub flags: u64,
    pub addr: u64,
    pub offset: u64,
    pub size: u64,
    pub link: u32,
    pub info: u32,
    pub addralign: u64,
    pub entsize: u64,
}

impl Section {
    fn read(words: Words<'_>, at: u64) -> Option<Self> {
        at.checked_add(SECTION_SIZE)?;
        Some(Self {
            name: words.word(at)?,
            kind: words.word(at + 4)?,
            flags: words.long(at + 8)?,
            addr: words.long(at + 16)?,
            offset: words.long(at + 24)?,
            size: words.long(at + 32)?,
            link: words.word(at + 40)?,
            info: words.word(at + 44)?,
            addralign: words.long(at + 48)?,
            entsize: words.long(at + 56)?,
        })
    }

    /// Whether the loader maps the section.
    pub fn allocated(&self) -> bool {
        self.kind != SHT_NULL && self.flags & SHF_ALLOC != 0
    }

    /// Whether the section holds bytes in the file.
    pub fn has_content(&self) -> bool {
        !matches!(self.kind, SHT_NULL | SHT_NOBITS) && self.size > 0
    }

    /// Whether `sh_info` is the index of a section (gABI, "sh_link and sh_info Interpretation").
    pub fn info_is_index(&self) -> bool {
        matches!(self.kind, SHT_REL | SHT_RELA) || self.flags & SHF_INFO_LINK != 0
    }

    /// Where the section's bytes end in the file; `None` on overflow.
    pub fn file_end(&self) -> Option<u64> {
        self.offset.checked_add(self.size)
    }

    /// The header as it stands in a little-endian file.
    pub fn to_bytes(&self) -> [u8; SECTION_SIZE as usize] {
        let mut raw = [0; SECTION_SIZE as usize];
        raw[0..4].copy_from_slice(&self.name.to_le_bytes());
        raw[4..8].copy_from_slice(&self.kind.to_le_bytes());
        raw[8..16].copy_from_slice(&self.flags.to_le_bytes());
        raw[16..24].copy_from_slice(&self.addr.to_le_bytes());
        raw[24..32].copy_from_slice(&self.offset.to_le_bytes());
        raw[32..40].copy_from_slice(&self.size.to_le_bytes());
        raw[40..44].copy_from_slice(&self.link.to_le_bytes());
        raw[44..48].copy_from_slice(&self.info.to_le_bytes());
        raw[48..56].copy_from_slice(&self.addralign.to_le_bytes());
        raw[56..64].copy_from_slice(&self.entsize.to_le_bytes());
        raw
    }
}
