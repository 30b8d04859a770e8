//! Which code leads to which kernel.
//!
//! On x86-64 code is read twice. Once instruction by instruction, beginning anew at every symbol: there
//! any address inside a kernel counts. And once from every single byte, whatever stands there: there
//! the beginning of a kernel counts, so that no call is missed where data lies between instructions
//! (to count all addresses there would save four in ten kernels by coincidence). On aarch64 every
//! word is an instruction or nothing.
//!
//! Where a kernel begins an instruction does: what is read before it never looks at bytes behind that
//! wall, so that it reads the same once the kernel is overwritten.

use std::ops::Range;

use super::nodes::{Node, Nodes};
use super::{arm, x86};

/// What runs after an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::elf) enum Flow {
    /// The next one, and this one does something.
    On,
    /// The next one, and this one only fills room.
    Padding,
    /// Something else.
    Away,
    /// What the word at its target points to.
    Through,
}

/// A segment with code: its address and bytes.
pub(super) type Code<'a> = (u64, &'a [u8]);

/// How many bytes a stub of the procedure linkage table takes and is aligned to on x86-64.
const STUB: u64 = 16;

/// The stubs that jump through one of `slots`, outside of what symbols name.
pub(super) fn stubs(
    code: &[Code<'_>],
    borders: &Borders,
    slots: &Nodes,
    is_named: &dyn Fn(u64) -> bool,
    is_arm: bool,
) -> Vec<Range<u64>> {
    let mut found = Vec::new();
    for (start, bytes) in code {
        match is_arm {
            true => arm_stubs(*start, bytes, borders, slots, &mut found),
            false => sweep(*start, bytes, borders, &mut |at, instruction| {
                let target = instruction
                    .target
                    .map(|distance| (at + instruction.length as u64).wrapping_add_signed(distance));
                let is_one = instruction.flow == Flow::Through && !is_named(at);
                if is_one && target.is_some_and(|target| slots.at(target).is_some()) {
                    let block = at / STUB * STUB;
                    found.push(block..block + STUB);
                }
            }),
        }
    }
    found.sort_unstable_by_key(|range| range.start);
    found.dedup();
    found
}

fn arm_stubs(
    start: u64,
    code: &[u8],
    borders: &Borders,
    slots: &Nodes,
    found: &mut Vec<Range<u64>>,
) {
    let mut before = None;
    for ((index, word), at) in arm::words(code).enumerate().zip((start..).step_by(4)) {
        let visible = arm_view(borders, at, word, &code[4 * index..]);
        let slot = arm::stub(visible, at);
        if slot.is_some_and(|slot| slots.at(slot).is_some()) {
            let mark = if before == Some(arm::BTI_C) { 4 } else { 0 };
            found.push(at - mark..at + 16);
        }
        before = Some(word);
    }
}

/// What of `code` may be looked at to tell what `word` names, its first.
fn arm_view<'c>(borders: &Borders, at: u64, word: u32, code: &'c [u8]) -> &'c [u8] {
    if arm::looks_ahead(word) { borders.before_wall(at, code) } else { code }
}

/// Adds what code leads to.
pub(super) fn add(code: &[Code<'_>], borders: &Borders, nodes: &mut Nodes, is_arm: bool) {
    for (start, bytes) in code {
        if is_arm {
            arm_references(*start, bytes, borders, nodes);
        } else {
            instructions(*start, bytes, borders, nodes);
            every_byte(*start, bytes, borders, nodes);
        }
    }
}

/// Where instructions begin for sure.
pub(super) struct Borders {
    /// Where symbols say that something begins or ends, ascending.
    pub starts: Vec<u64>,
    /// Those where kernels begin.
    pub walls: Vec<u64>,
}

impl Borders {
    /// What of `code`, which begins at `at`, lies before the next wall.
    fn before_wall<'c>(&self, at: u64, code: &'c [u8]) -> &'c [u8] {
        let next = self.walls.partition_point(|wall| *wall <= at);
        match self.walls.get(next) {
            Some(wall) if *wall - at < code.len() as u64 => &code[..(*wall - at) as usize],
            _ => code,
        }
    }

    /// Whether a wall stands between two bytes.
    fn part(&self, first: u64, last: u64) -> bool {
        let next = self.walls.partition_point(|wall| *wall <= first);
        self.walls.get(next).is_some_and(|wall| *wall <= last)
    }
}

/// Shows every instruction with its address, and each byte that is none; reading begins anew wherever
/// something begins or ends.
fn sweep(start: u64, code: &[u8], borders: &Borders, show: &mut dyn FnMut(u64, x86::Instruction)) {
    let starts = &borders.starts;
    let mut next = starts.partition_point(|symbol| *symbol <= start);
    let mut wall = borders.walls.partition_point(|wall| *wall <= start);
    let mut at = 0;
    while at < code.len() {
        while borders.walls.get(wall).is_some_and(|wall| *wall <= start + at as u64) {
            wall += 1;
        }
        let read = match borders.walls.get(wall).map(|wall| (*wall - start) as usize) {
            Some(wall) if wall < (at + x86::LONGEST).min(code.len()) => {
                x86::decode(&code[at..wall]).or_else(|| x86::cut_off(&code[at..wall]))
            }
            _ => x86::decode(&code[at..]),
        };
        let instruction = read.unwrap_or(x86::UNKNOWN);
        let from = start + at as u64;
        show(from, instruction);
        while starts.get(next).is_some_and(|symbol| *symbol <= from) {
            next += 1;
        }
        at = match starts.get(next) {
            Some(symbol) if *symbol < from + instruction.length as u64 => {
                (*symbol - start) as usize
            }
            _ => at + instruction.length,
        };
    }
}

/// Any address inside a node, from instructions in order; and where one runs on into a node.
fn instructions(start: u64, code: &[u8], borders: &Borders, nodes: &mut Nodes) {
    let mut edges = Vec::new();
    let mut walk = Walk { nodes, owner: None, from: None, flow: Flow::Away };
    sweep(start, code, borders, &mut |at, instruction| {
        let owner = walk.step(at, instruction.flow, &mut edges);
        let end = at + instruction.length as u64;
        let target = instruction.target.map(|distance| end.wrapping_add_signed(distance));
        if let Some(to) = target.and_then(|target| walk.nodes.at(target)) {
            edges.push((owner, to));
        }
    });
    edges.into_iter().for_each(|(from, to)| nodes.add(from, to));
}

/// Where in the nodes the reading is, and how the last instruction ended that did anything.
struct Walk<'n> {
    nodes: &'n Nodes,
    owner: Option<Node>,
    /// Where that instruction stands.
    from: Option<Node>,
    flow: Flow,
}

impl Walk<'_> {
    /// The node of an instruction; an edge where the one before it runs on into the node.
    fn step(&mut self, at: u64, flow: Flow, edges: &mut Vec<(Option<Node>, Node)>) -> Option<Node> {
        let owner = self.nodes.at(at);
        if let Some(entered) = owner.filter(|_| owner != self.owner && self.flow == Flow::On) {
            edges.push((self.from, entered));
        }
        self.owner = owner;
        if flow != Flow::Padding {
            (self.from, self.flow) = (owner, flow);
        }
        owner
    }
}

/// The beginnings of nodes, wherever in the code something reads as a reference to one.
fn every_byte(start: u64, code: &[u8], borders: &Borders, nodes: &mut Nodes) {
    let span = nodes.span();
    for (index, four) in code.windows(4).enumerate().skip(1) {
        let before = code[index - 1];
        let is_call = matches!(before, 0xe8 | 0xe9);
        let is_jump = before & 0xf0 == 0x80 && index > 1 && code[index - 2] == 0x0f;
        // ModRM of an operand by the distance from the instruction's end.
        let is_operand = before & 0xc7 == 5;
        if !(is_call || is_jump || is_operand) {
            continue;
        }
        let distance = i32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        let end = start + index as u64 + 4;
        let target = end.wrapping_add_signed(i64::from(distance));
        if target.wrapping_add(4) < span.start || target >= span.end {
            continue;
        }
        if borders.part(end - 5, end - 1) {
            continue;
        }
        // A constant of so many bytes may follow an operand.
        let behind: &[u64] = if is_operand { &[0, 1, 2, 4] } else { &[0] };
        for more in behind {
            if let Some(to) = nodes.beginning(target.wrapping_add(*more)) {
                nodes.add(nodes.at(end - 5), to);
            }
        }
    }
}

/// Any address inside a node. Where it cannot be told which address of a page is meant, every node
/// of the page is.
fn arm_references(start: u64, code: &[u8], borders: &Borders, nodes: &mut Nodes) {
    let mut edges = Vec::new();
    let span = nodes.span();
    let mut walk = Walk { nodes, owner: None, from: None, flow: Flow::Away };
    for ((index, word), at) in arm::words(code).enumerate().zip((start..).step_by(4)) {
        let owner = walk.step(at, arm::flow(word), &mut edges);
        let visible = arm_view(borders, at, word, &code[4 * index..]);
        if let Some(slot) = arm::stub(visible, at) {
            // What stands behind a stub has a page of its own in the same register.
            edges.extend(walk.nodes.at(slot).map(|to| (owner, to)));
            continue;
        }
        match arm::named(visible, at) {
            arm::Named::Nothing => {}
            arm::Named::Address(target) => {
                edges.extend(walk.nodes.at(target).map(|to| (owner, to)));
            }
            arm::Named::Page(page, _) if page >= span.end => {}
            arm::Named::Page(page, near) if near.is_empty() => {
                let nodes = walk.nodes.within(page..page.saturating_add(4096));
                edges.extend(nodes.map(|to| (owner, to)));
            }
            arm::Named::Page(_, near) => {
                let named = near.into_iter().filter_map(|target| walk.nodes.at(target));
                edges.extend(named.map(|to| (owner, to)));
            }
        }
    }
    edges.into_iter().for_each(|(from, to)| nodes.add(from, to));
}
