//! What leads to what: kernels, the slots that hold their addresses and the stubs that jump through
//! these.

use std::ops::Range;

/// A kernel, slot or stub by its number.
pub(super) type Node = u32;

/// Runs of addresses of which none overlaps another, and who leads to which.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    ranges: Vec<Range<u64>>,
    /// Who leads to whom; `None` is what surely runs or is read.
    edges: Vec<(Option<Node>, Node)>,
}

impl Nodes {
    /// `ranges` ascend and are disjoint.
    pub fn new(ranges: Vec<Range<u64>>) -> Self {
        Self { ranges, edges: Vec::new() }
    }

    /// All addresses from the first node to the last.
    pub fn span(&self) -> Range<u64> {
        match (self.ranges.first(), self.ranges.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Where nodes begin, ascending.
    pub fn beginnings(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().map(|range| range.start)
    }

    /// The node that holds an address.
    pub fn at(&self, address: u64) -> Option<Node> {
        let next = self.ranges.partition_point(|range| range.start <= address);
        let number = next.checked_sub(1)?;
        (address < self.ranges[number].end).then_some(number as Node)
    }

    /// The node that begins at an address.
    pub fn beginning(&self, address: u64) -> Option<Node> {
        let found = self.ranges.binary_search_by_key(&address, |range| range.start);
        found.ok().map(|number| number as Node)
    }

    /// The nodes that share an address with `range`.
    pub fn within(&self, range: Range<u64>) -> Range<Node> {
        let start = self.ranges.partition_point(|node| node.end <= range.start);
        let end = self.ranges.partition_point(|node| node.start < range.end);
        start as Node..(end.max(start)) as Node
    }

    /// `from` leads to `to`.
    pub fn add(&mut self, from: Option<Node>, to: Node) {
        if from != Some(to) && self.edges.last() != Some(&(from, to)) {
            self.edges.push((from, to));
        }
    }

    /// Which nodes are reached from what surely runs.
    pub fn reached(mut self) -> (Vec<Range<u64>>, Vec<bool>) {
        self.edges.sort_unstable();
        self.edges.dedup();
        let mut reached = vec![false; self.ranges.len()];
        let mut waiting: Vec<Option<Node>> = vec![None];
        while let Some(from) = waiting.pop() {
            let first = self.edges.partition_point(|(other, _)| *other < from);
            for (_, to) in self.edges[first..].iter().take_while(|(other, _)| *other == from) {
                if !std::mem::replace(&mut reached[*to as usize], true) {
                    waiting.push(Some(*to));
                }
            }
        }
        (self.ranges, reached)
    }
}
