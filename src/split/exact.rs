//! The best split of a small workspace: every one is looked at, or known to be no better.
//!
//! Layers that the same functions attach can be one, so a layer is a set of functions. Items are
//! placed one after the other, each in no layer, in one, or in several that each give it to at least two
//! of its users for the first time (one that gives it to a single one is no better than a copy).
//! What the placed ones cost, with the least that the others can, bounds what comes of it.

use super::problem::Problem;
use super::set::Set;
use super::shelves::{Cost, Shelves};

/// More functions are not searched.
const MOST_FUNCTIONS: usize = 6;
/// Nodes after which the search gives up.
const MOST_NODES: u64 = 200_000;

/// The best split where it is better than `best`, and whether the search came to its end.
pub(super) fn search<'a>(problem: &'a Problem, best: &Shelves<'a>) -> (Option<Shelves<'a>>, bool) {
    if problem.functions() > MOST_FUNCTIONS {
        return (None, false);
    }
    let mut items: Vec<usize> = problem.sharable.clone();
    items.sort_by_key(|item| {
        let thing = &problem.items[*item];
        (std::cmp::Reverse(thing.zipped * (thing.users.len() as u64 - 1)), *item)
    });
    let spared = |item: &usize| {
        let thing = &problem.items[*item];
        (thing.users.shared(&thing.may) as u64 - 1) * thing.zipped
    };
    // What the items from each place on can save at the most.
    let mut savings = vec![0; items.len() + 1];
    for (at, item) in items.iter().enumerate().rev() {
        savings[at] = savings[at + 1] + spared(item);
    }
    let mut search = Search {
        problem,
        items,
        savings,
        shelves: Shelves::new(problem),
        opened: vec![None; 1 << problem.functions()],
        best: None,
        cost: best.cost(),
        nodes: 0,
    };
    search.place(0);
    (search.best, search.nodes < MOST_NODES)
}

struct Search<'a> {
    problem: &'a Problem,
    items: Vec<usize>,
    savings: Vec<u64>,
    shelves: Shelves<'a>,
    /// By set of functions (a bit each): the layer that they attach.
    opened: Vec<Option<usize>>,
    best: Option<Shelves<'a>>,
    cost: Cost,
    nodes: u64,
}

impl Search<'_> {
    /// Places the items from this place on.
    fn place(&mut self, at: usize) {
        self.nodes += 1;
        let (total, leaks, layers) = self.shelves.cost();
        if self.nodes >= MOST_NODES || (total - self.savings[at], leaks, layers) >= self.cost {
            return;
        }
        let Some(item) = self.items.get(at).copied() else {
            self.cost = self.shelves.cost();
            self.best = Some(self.shelves.clone());
            return;
        };
        self.try_layers(at, item, 0);
        self.place(at + 1);
    }

    /// Tries every layer from this set of functions on.
    fn try_layers(&mut self, at: usize, item: usize, from: usize) {
        let thing = &self.problem.items[item];
        for mask in from..self.opened.len() {
            let functions = (0..self.problem.functions()).filter(|bit| mask >> bit & 1 == 1);
            let functions = Set::of(self.problem.functions(), functions);
            let gives = |user: &usize| functions.contains(*user) && !self.shelves.sees(*user, item);
            if thing.users.iter().filter(gives).count() < 2 || !functions.is_within(&thing.may) {
                continue;
            }
            let opened = self.opened[mask];
            let Some(shelf) = opened.or_else(|| self.open(&functions)) else { continue };
            self.opened[mask] = Some(shelf);
            if self.shelves.may_put(item, shelf) {
                self.shelves.put(item, shelf);
                self.try_layers(at, item, mask + 1);
                self.place(at + 1);
                self.shelves.take(item, shelf);
            }
            if opened.is_none() {
                self.opened[mask] = None;
                self.shelves.clear(shelf);
                self.shelves.shelves.pop();
            }
        }
    }

    /// A new layer for these functions, where all of them have a slot.
    fn open(&mut self, functions: &Set) -> Option<usize> {
        if functions.iter().any(|function| self.shelves.free(function) == 0) {
            return None;
        }
        let shelf = self.shelves.add();
        functions.iter().for_each(|function| self.shelves.attach(function, shelf));
        Some(shelf)
    }
}
