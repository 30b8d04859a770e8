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
    /// Whether it does when a function is called, not with the import of the file.
    pub deferred: bool,
}

impl From<&Edge> for Step {
    fn from(edge: &Edge) -> Self {
        Self { by: edge.from, line: edge.line, how: edge.how, deferred: edge.deferred }
    }
}

/// What roots reach.
#[derive(Clone, Debug)]
pub struct Reach {
    reached: FileMap<bool>,
    steps: FileMap<Option<Step>>,
}

impl Reach {
    /// Nothing is reached by any step.
    pub fn none(tree: &Tree) -> Self {
        Self { reached: FileMap::filled(tree, false), steps: FileMap::filled(tree, None) }
    }

    /// Whether a file is a root, gone, or reached.
    pub fn reaches(&self, file: FileId) -> bool {
        self.reached[file]
    }

    /// Reaches what comes with a file.
    fn bring(
        &mut self,
        file: FileId,
        along: &impl Fn(FileId, &mut dyn FnMut(FileId)),
        next: &mut Vec<FileId>,
    ) {
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            along(file, &mut |with| {
                if !std::mem::replace(&mut self.reached[with], true) {
                    self.steps[with] =
                        Some(Step { by: file, line: None, how: How::Along, deferred: false });
                    next.push(with);
                    open.push(with);
                }
            });
        }
    }

    /// What is reached when these edges count too.
    ///
    /// # Errors
    /// Those of `edges`.
    pub fn further(
        &self,
        more: &[Edge],
        edges: impl FnMut(&[FileId], &FileMap<bool>) -> Result<Vec<Edge>>,
        along: &impl Fn(FileId, &mut dyn FnMut(FileId)),
    ) -> Result<Self> {
        let mut reach = self.clone();
        let mut front = Vec::new();
        reach.take(more, &mut front, along);
        reach.advance(front, edges, along)?;
        Ok(reach)
    }

    fn take(
        &mut self,
        edges: &[Edge],
        next: &mut Vec<FileId>,
        along: &impl Fn(FileId, &mut dyn FnMut(FileId)),
    ) {
        for edge in edges {
            if std::mem::replace(&mut self.reached[edge.to], true) {
                continue;
            }
            self.steps[edge.to] = Some(Step::from(edge));
            next.push(edge.to);
            self.bring(edge.to, along, next);
        }
        next.sort_unstable();
    }

    fn advance(
        &mut self,
        mut front: Vec<FileId>,
        mut edges: impl FnMut(&[FileId], &FileMap<bool>) -> Result<Vec<Edge>>,
        along: &impl Fn(FileId, &mut dyn FnMut(FileId)),
    ) -> Result<()> {
        while !front.is_empty() {
            let mut next = Vec::new();
            self.take(&edges(&front, &self.reached)?, &mut next, along);
            front = next;
        }
        Ok(())
    }

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

/// Follows edges from `roots` until nothing new is reached; what is `gone` is never entered. `edges`
/// gives those of the files asked about, in their order; the flags tell what is reached already.
/// `along` gives what comes with a file that is reached.
///
/// # Errors
/// Those of `edges`.
pub fn reach(
    tree: &Tree,
    roots: &[FileId],
    gone: &[FileId],
    edges: impl FnMut(&[FileId], &FileMap<bool>) -> Result<Vec<Edge>>,
    along: &impl Fn(FileId, &mut dyn FnMut(FileId)),
) -> Result<Reach> {
    let mut reach = Reach::none(tree);
    for file in roots.iter().chain(gone) {
        reach.reached[*file] = true;
    }
    let mut front = roots.to_vec();
    for root in roots {
        reach.bring(*root, along, &mut front);
    }
    reach.advance(front, edges, along)?;
    Ok(reach)
}
