//! Instructions of A64 as far as they matter: which address one names.
//!
//! Arm Architecture Reference Manual for A-profile, C4.1 (the encodings of A64) and C6.2. Every
//! instruction is a word of four bytes at an address that is a multiple of four.

use super::references::Flow;

/// How many instructions behind an ADRP what uses its page is looked for.
const AHEAD: usize = 16;

/// What one instruction names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// No address.
    Nothing,
    /// This one.
    Address(u64),
    /// Something in these 4096 bytes, most likely at these addresses; where there is none, anywhere.
    Page(u64, Vec<u64>),
}

/// The words of four bytes each that `code` begins with.
pub(super) fn words(code: &[u8]) -> impl Iterator<Item = u32> {
    code.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// Whether it takes those behind it to tell what an instruction names: ADRP.
pub(super) fn looks_ahead(word: u32) -> bool {
    word & 0x9f00_0000 == 0x9000_0000
}

/// The instruction at `at`, the first of `code`.
pub(super) fn named(code: &[u8], at: u64) -> Named {
    let Some(word) = words(code).next() else { return Named::Nothing };
    let to = |distance: i64| Named::Address(at.wrapping_add_signed(distance));
    let field = |from: u32, bits: u32| signed(word >> from, bits);
    match word {
        // B, BL
        _ if word & 0x7c00_0000 == 0x1400_0000 => to(field(0, 26) * 4),
        // B.cond and BC.cond, CBZ and CBNZ
        _ if word & 0xff00_0000 == 0x5400_0000 || word & 0x7e00_0000 == 0x3400_0000 => {
            to(field(5, 19) * 4)
        }
        // TBZ, TBNZ
        _ if word & 0x7e00_0000 == 0x3600_0000 => to(field(5, 14) * 4),
        // LDR and PRFM (literal)
        _ if word & 0x3b00_0000 == 0x1800_0000 => to(field(5, 19) * 4),
        // ADR
        _ if word & 0x9f00_0000 == 0x1000_0000 => to(field(5, 19) * 4 + i64::from(word >> 29 & 3)),
        _ if looks_ahead(word) => {
            let pages = field(5, 19) * 4 + i64::from(word >> 29 & 3);
            let page = (at & !0xfff).wrapping_add_signed(pages << 12);
            Named::Page(page, uses(&code[4..], word & 31, page))
        }
        _ => Named::Nothing,
    }
}

/// The lower `bits` as a number with a sign.
fn signed(word: u32, bits: u32) -> i64 {
    let shift = 64 - bits;
    ((u64::from(word) << shift) as i64) >> shift
}

/// The addresses that the next instructions make of a page in a register.
fn uses(code: &[u8], register: u32, page: u64) -> Vec<u64> {
    let near = words(code).take(AHEAD).filter(|word| word >> 5 & 31 == register);
    near.filter_map(offset).map(|offset| page.wrapping_add(offset)).collect()
}

/// What an ADD (immediate), or a load or store with an unsigned offset, adds to its base.
fn offset(word: u32) -> Option<u64> {
    let number = u64::from(word >> 10 & 0xfff);
    if word & 0x7f80_0000 == 0x1100_0000 {
        let shift = if word >> 22 & 1 == 1 { 12 } else { 0 };
        return Some(number << shift);
    }
    let is_vector = word >> 26 & 1 == 1;
    let scale = match word >> 30 {
        0 if is_vector && word >> 23 & 1 == 1 => 4,
        size => size,
    };
    (word & 0x3b00_0000 == 0x3900_0000).then(|| number << scale)
}

/// What runs after an instruction.
pub(super) fn flow(word: u32) -> Flow {
    match word {
        // NOP and the other hints, BTI among them
        _ if word & 0xffff_f01f == 0xd503_201f => Flow::Padding,
        // B; BR, RET and the like, but for BLR; BRK; UDF
        _ if word & 0xfc00_0000 == 0x1400_0000 => Flow::Away,
        _ if word & 0xfe00_0000 == 0xd600_0000 && word >> 21 & 15 != 1 && word >> 21 & 15 != 9 => {
            Flow::Away
        }
        _ if word & 0xffe0_001f == 0xd420_0000 || word & 0xffff_0000 == 0 => Flow::Away,
        _ => Flow::On,
    }
}

/// Whether `code` begins as a procedure linkage table jumps through a slot: ADRP x16, LDR x17,
/// ADD x16, BR x17. The slot, where that stands at `at`.
pub(super) fn stub(code: &[u8], at: u64) -> Option<u64> {
    let mut four = words(code);
    let (adrp, ldr, add, br) = (four.next()?, four.next()?, four.next()?, four.next()?);
    let is_it = adrp & 0x9f00_001f == 0x9000_0010
        && ldr & 0xffc0_03ff == 0xf940_0211
        && add & 0xffc0_03ff == 0x9100_0210
        && br == 0xd61f_0220;
    match named(code, at) {
        Named::Page(page, _) if is_it => Some(page.wrapping_add(offset(ldr)?)),
        _ => None,
    }
}

/// BTI c, with which a stub may begin.
pub(super) const BTI_C: u32 = 0xd503_245f;
