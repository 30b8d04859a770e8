//! What some roots reach, and by which chain.
//!
//! Roots are given, never chosen here. Breadth first, so that the chain to a file is a shortest one;
//! files and edges in order, so that it is always the same one.

use anyhow::Result;

use super::imports::{Edge, How};
use crate::tree::{FileId, FileMap, Tree};

/// The step by which a file was first reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The file that leads here.
    pub by: FileId,
    /// The line, where it has lines.
    pub line: Option<u32>,
    /// How it leads here.
    pub how: How,
}

/// What roots reach.
#[derive(Clone, Debug)]
pub struct Reach {
    reached: FileMap<bool>,
    steps: FileMap<Option<Step>>,
}

impl Reach {
    /// The step that first led to a file; `None` for roots and for what is not reached.
    pub fn step(&self, file: FileId) -> Option<&Step> {
        self.steps[file].as_ref()
    }

    /// The files that led here, from a root to the step before this file.
    pub fn chain(&self, file: FileId) -> Vec<&Step> {
        let mut chain: Vec<&Step> =
            std::iter::successors(self.step(file), |s| self.step(s.by)).collect();
        chain.reverse();
        chain
    }
}

/// Follows edges from `roots` until nothing new is reached; what is `gone` is never entered. `edges` gives those of the files asked
/// about, in their order; the flags tell what is reached already. `along` gives what comes with a
/// file that is reached.
///
/// # Errors
/// Those of `edges`.
pub fn reach<'a>(
    tree: &Tree,
    roots: &[FileId],
    gone: &[FileId],
    mut edges: impl FnMut(&[FileId], &FileMap<bool>) -> Result<Vec<Edge>>,
    along: impl Fn(FileId) -> &'a [FileId],
) -> Result<Reach> {
    let mut reach =
        Reach { reached: FileMap::filled(tree, false), steps: FileMap::filled(tree, None) };
    for file in roots.iter().chain(gone) {
        reach.reached[*file] = true;
    }
    let mut front = roots.to_vec();
    while !front.is_empty() {
        let mut next = Vec::new();
        for edge in edges(&front, &reach.reached)? {
            if std::mem::replace(&mut reach.reached[edge.to], true) {
                continue;
            }
            reach.steps[edge.to] = Some(Step { by: edge.from, line: edge.line, how: edge.how });
            next.push(edge.to);
            for with in along(edge.to) {
                if !std::mem::replace(&mut reach.reached[*with], true) {
                    let step = Step { by: edge.to, line: None, how: How::Along };
                    reach.steps[*with] = Some(step);
                    next.push(*with);
                }
            }
        }
        next.sort_unstable();
        front = next;
    }
    Ok(reach)
}
