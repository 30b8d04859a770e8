//! Instructions of x86-64 as far as they matter: how long one is, and which address it names.
//!
//! Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: chapter 2 (prefixes, ModRM,
//! VEX, EVEX) and appendix A (opcode maps); AMD64 Architecture Programmer's Manual, volume 3, for XOP,
//! 3DNow! and SSE4a. Operands are not looked at beyond that.

use super::references::Flow;

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::elf) struct Instruction {
    /// How many bytes it takes.
    pub length: usize,
    /// The address that it names, as the distance from its end.
    pub target: Option<i64>,
    /// What runs after it.
    pub flow: Flow,
}

/// A byte that is no instruction: what runs into it runs on, for all that is known.
pub(super) const UNKNOWN: Instruction =
    Instruction { length: 1, target: None, flow: Flow::Padding };

/// What stands behind the opcode.
#[derive(Clone, Copy, Default)]
struct Form {
    modrm: bool,
    /// Bytes of constants.
    immediate: usize,
    /// Bytes of a distance to the target.
    branch: usize,
}

/// No instruction takes more bytes.
pub(in crate::elf) const LONGEST: usize = 15;

const NOTHING: Form = Form { modrm: false, immediate: 0, branch: 0 };
const MODRM: Form = Form { modrm: true, ..NOTHING };

const fn immediate(bytes: usize) -> Form {
    Form { immediate: bytes, ..NOTHING }
}

const fn modrm_and(bytes: usize) -> Form {
    Form { modrm: true, immediate: bytes, branch: 0 }
}

const fn branch(bytes: usize) -> Form {
    Form { branch: bytes, ..NOTHING }
}

/// The instruction that `code` begins with; `None` where it is none, or leaves `code`.
pub(in crate::elf) fn decode(code: &[u8]) -> Option<Instruction> {
    let mut prefixes = Prefixes::default();
    let mut at = 0;
    loop {
        match *code.get(at)? {
            0x66 => prefixes = Prefixes { rex: 0, size: true, ..prefixes },
            0x67 => prefixes = Prefixes { rex: 0, address: true, ..prefixes },
            0xf2 => prefixes = Prefixes { rex: 0, repeat: true, ..prefixes },
            0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0xf0 | 0xf3 => prefixes.rex = 0,
            rex @ 0x40..=0x4f => prefixes.rex = rex,
            _ => break,
        }
        at += 1;
        if at >= LONGEST {
            return None;
        }
    }
    let (map, opcode, at) = opcode(code, at, prefixes.rex)?;
    let form = match map {
        0 => one_byte(opcode, code.get(at).copied(), prefixes)?,
        1 => two_bytes(opcode, prefixes)?,
        VEX if opcode == 0x77 => NOTHING,
        VEX if matches!(opcode, 0x70..=0x73 | 0xc2 | 0xc4..=0xc6) => modrm_and(1),
        3 | XOP_8 => modrm_and(1),
        XOP_10 => modrm_and(4),
        _ => MODRM,
    };
    finish(code, at, map, opcode, form)
}

/// What `code` may be the beginning of, whatever follows: an instruction that is [cut](decode) where `code` ends.
pub(in crate::elf) fn cut_off(code: &[u8]) -> Option<Instruction> {
    let mut longer = [1; 2 * LONGEST];
    longer.get_mut(..code.len())?.copy_from_slice(code);
    let is_cut = decode(&longer).is_some_and(|whole| whole.length > code.len());
    is_cut.then_some(Instruction { length: code.len(), target: None, flow: Flow::On })
}

/// The first map under VEX and EVEX, where nearly everything has a ModRM byte.
const VEX: u8 = 0x10;
const XOP_8: u8 = 0x18;
const XOP_10: u8 = 0x1a;

#[derive(Clone, Copy, Default)]
struct Prefixes {
    rex: u8,
    size: bool,
    address: bool,
    repeat: bool,
}

impl Prefixes {
    fn wide(self) -> bool {
        self.rex & 8 != 0
    }

    /// Bytes of a constant that grows with the operands, but not to eight.
    fn constant(self) -> usize {
        if self.size && !self.wide() { 2 } else { 4 }
    }
}

/// The opcode map, the opcode and where its operands begin, from behind the prefixes on.
fn opcode(code: &[u8], at: usize, rex: u8) -> Option<(u8, u8, usize)> {
    let byte = |ahead: usize| code.get(at + ahead).copied();
    let vex = |map: u8| if map == 1 { VEX } else { map };
    Some(match byte(0)? {
        0x0f => match byte(1)? {
            0x38 => (2, byte(2)?, at + 3),
            0x3a => (3, byte(2)?, at + 3),
            opcode => (1, opcode, at + 2),
        },
        0xc5 if rex == 0 => (VEX, byte(2)?, at + 3),
        0xc4 if rex == 0 => match byte(1)? & 0x1f {
            map @ 1..=7 => (vex(map), byte(3)?, at + 4),
            _ => return None,
        },
        0x62 if rex == 0 => match byte(1)? & 7 {
            0 => return None,
            map => (vex(map), byte(4)?, at + 5),
        },
        0x8f if byte(1)? & 0x1f >= 8 => match byte(1)? & 0x1f {
            8 => (XOP_8, byte(3)?, at + 4),
            9 => (9, byte(3)?, at + 4),
            10 => (XOP_10, byte(3)?, at + 4),
            _ => return None,
        },
        opcode => (0, opcode, at + 1),
    })
}

fn one_byte(opcode: u8, next: Option<u8>, prefixes: Prefixes) -> Option<Form> {
    let tests = next.is_some_and(|modrm| modrm >> 3 & 7 < 2);
    Some(match opcode {
        0x06 | 0x07 | 0x0e | 0x16 | 0x17 | 0x1e | 0x1f | 0x27 | 0x2f | 0x37 | 0x3f => return None,
        0x60..=0x62 | 0x82 | 0x9a | 0xc4 | 0xc5 | 0xce | 0xd4..=0xd6 | 0xea => return None,
        0x00..=0x3f if opcode & 7 < 4 => MODRM,
        0x00..=0x3f if opcode & 7 == 4 => immediate(1),
        0x00..=0x3f => immediate(prefixes.constant()),
        0x63 | 0x84..=0x8f | 0xd0..=0xd3 | 0xd8..=0xdf | 0xfe | 0xff => MODRM,
        0x68 | 0xa9 => immediate(prefixes.constant()),
        0x69 | 0x81 => modrm_and(prefixes.constant()),
        0x6a | 0xa8 | 0xb0..=0xb7 | 0xcd | 0xe4..=0xe7 => immediate(1),
        0x6b | 0x80 | 0x83 | 0xc0 | 0xc1 | 0xc6 => modrm_and(1),
        0x70..=0x7f | 0xe0..=0xe3 | 0xeb => branch(1),
        0xa0..=0xa3 => immediate(if prefixes.address { 4 } else { 8 }),
        0xb8..=0xbf if prefixes.wide() => immediate(8),
        0xb8..=0xbf => immediate(prefixes.constant()),
        0xc2 | 0xca => immediate(2),
        // XBEGIN
        0xc7 if next == Some(0xf8) => Form { modrm: true, ..branch(prefixes.constant()) },
        0xc7 => modrm_and(prefixes.constant()),
        0xc8 => immediate(3),
        0xe8 | 0xe9 => branch(4),
        0xf6 if tests => modrm_and(1),
        0xf7 if tests => modrm_and(prefixes.constant()),
        0xf6 | 0xf7 => MODRM,
        _ => NOTHING,
    })
}

fn two_bytes(opcode: u8, prefixes: Prefixes) -> Option<Form> {
    Some(match opcode {
        0x04 | 0x0a | 0x0c | 0x24..=0x27 | 0x36 | 0x39 | 0x3b..=0x3f => return None,
        0x05..=0x09 | 0x0b | 0x0e | 0x30..=0x37 | 0x77 | 0xa0..=0xa2 | 0xa8..=0xaa => NOTHING,
        0xc8..=0xcf => NOTHING,
        0x0f | 0x70..=0x73 | 0xa4 | 0xac | 0xba | 0xc2 | 0xc4..=0xc6 => modrm_and(1),
        // EXTRQ and INSERTQ
        0x78 if prefixes.size || prefixes.repeat => modrm_and(2),
        0x80..=0x8f => branch(4),
        _ => MODRM,
    })
}

/// Reads what stands behind the opcode.
fn finish(code: &[u8], at: usize, map: u8, opcode: u8, form: Form) -> Option<Instruction> {
    let mut at = at;
    let mut relative = None;
    let modrm = if form.modrm { *code.get(at)? } else { 0 };
    if form.modrm {
        at += 1;
        let (mode, base) = (modrm >> 6, modrm & 7);
        // Moves to and from control and debug registers take no memory.
        let registers = mode == 3 || map == 1 && matches!(opcode, 0x20..=0x23);
        if !registers {
            let mut base = base;
            let is_indexed = base == 4;
            if is_indexed {
                base = code.get(at)? & 7;
                at += 1;
            }
            match mode {
                0 if base == 5 => {
                    relative = (!is_indexed).then_some(long(code, at)?);
                    at += 4;
                }
                1 => at += 1,
                2 => at += 4,
                _ => {}
            }
        }
    }
    at += form.immediate;
    let branches = match form.branch {
        1 => Some(i64::from(*code.get(at)? as i8)),
        4 => Some(long(code, at)?),
        _ => None,
    };
    at += form.branch;
    let whole = at <= code.len() && at <= LONGEST;
    let flow = flow(map, opcode, modrm);
    whole.then_some(Instruction { length: at, target: branches.or(relative), flow })
}

fn long(code: &[u8], at: usize) -> Option<i64> {
    let bytes = code.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(i64::from(i32::from_le_bytes(bytes)))
}

fn flow(map: u8, opcode: u8, modrm: u8) -> Flow {
    match (map, opcode, modrm >> 3 & 7) {
        (0, 0x90, _) | (1, 0x1e..=0x1f, _) => Flow::Padding,
        (0, 0xff, 4) if modrm & 0xc7 == 5 => Flow::Through,
        (0, 0xff, 4 | 5) | (1, 0x0b, _) => Flow::Away,
        (0, 0xc2 | 0xc3 | 0xca..=0xcc | 0xcf | 0xe9 | 0xeb | 0xf4, _) => Flow::Away,
        _ => Flow::On,
    }
}
