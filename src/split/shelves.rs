//! Layers in the making: which items lie in them, which functions attach them, and what that
//! comes to.

use super::problem::Problem;
use super::set::Set;

/// A layer in the making.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) items: Set,
    pub(super) functions: Set,
    pub(super) zipped: u64,
    pub(super) unzipped: u64,
    /// The layer of the previous split that it goes on.
    pub(super) previous: Option<usize>,
    /// Whether items may be put on it: it is new, or changes anyway.
    pub(super) open: bool,
}

/// What a split costs, the weightiest first: bytes of all zips, items that are seen without need,
/// layers.
pub(super) type Cost = (u64, u64, usize);

/// Layers in the making, with their sums kept up to date.
#[derive(Clone, Debug)]
pub(super) struct Shelves<'a> {
    problem: &'a Problem,
    pub(super) shelves: Vec<Shelf>,
    /// How many attached layers hold an item: by function, then by item.
    seen: Vec<u8>,
    slots: Vec<usize>,
    used: Vec<u64>,
    total: u64,
    leaks: u64,
}

impl<'a> Shelves<'a> {
    /// No layer: every function carries what it needs.
    pub(super) fn new(problem: &'a Problem) -> Self {
        let copies = problem.items.iter().map(|item| item.zipped * item.users.len() as u64);
        Self {
            problem,
            shelves: Vec::new(),
            seen: vec![0; problem.functions() * problem.items.len()],
            slots: vec![0; problem.functions()],
            used: problem.needs.clone(),
            total: problem.own.iter().sum::<u64>() + copies.sum::<u64>(),
            leaks: 0,
        }
    }

    pub(super) fn cost(&self) -> Cost {
        let layers = self.shelves.iter().filter(|shelf| shelf.is_live()).count();
        (self.total, self.leaks, layers)
    }

    /// How many layers a function can still attach.
    pub(super) fn free(&self, function: usize) -> usize {
        self.problem.limits.layers.saturating_sub(self.slots[function])
    }

    /// Unzipped bytes of a function with all its layers.
    pub(super) fn used(&self, function: usize) -> u64 {
        self.used[function]
    }

    /// How many of the layers that the function attaches hold the item.
    pub(super) fn layers_with(&self, function: usize, item: usize) -> u8 {
        self.seen[function * self.problem.items.len() + item]
    }

    /// Whether one of the layers that the function attaches holds the item.
    pub(super) fn sees(&self, function: usize, item: usize) -> bool {
        self.layers_with(function, item) > 0
    }

    /// The items that a function carries itself.
    pub(super) fn copies(&self, function: usize) -> impl Iterator<Item = usize> + '_ {
        let needed = move |item: &usize| self.problem.items[*item].users.contains(function);
        let all = (0..self.problem.items.len()).filter(needed);
        all.filter(move |item| !self.sees(function, *item))
    }

    /// The items that a function sees without need.
    pub(super) fn leaks(&self, function: usize) -> impl Iterator<Item = usize> + '_ {
        let needed = move |item: usize| self.problem.items[item].users.contains(function);
        (0..self.problem.items.len())
            .filter(move |item| self.sees(function, *item) && !needed(*item))
    }

    /// How much it is to copy this, in items looked at.
    pub(super) fn size(&self) -> usize {
        self.seen.len() / 16 + self.shelves.len() * 4
    }

    /// A new layer without items and functions.
    pub(super) fn add(&mut self) -> usize {
        self.shelves.push(Shelf {
            items: Set::empty(self.problem.items.len()),
            functions: Set::empty(self.problem.functions()),
            zipped: 0,
            unzipped: 0,
            previous: None,
            open: true,
        });
        self.shelves.len() - 1
    }

    /// Whether a function may attach a layer: a slot is free, all of it may be seen there, and the
    /// bytes stay within the limit.
    pub(super) fn may_attach(&self, function: usize, at: usize) -> bool {
        let shelf = &self.shelves[at];
        let items = &self.problem.items;
        if shelf.functions.contains(function) || self.free(function) == 0 {
            return false;
        }
        let mut used = self.used[function] + shelf.unzipped;
        for item in shelf.items.iter() {
            let thing = &items[item];
            let clashes = || thing.enemies.iter().any(|enemy| self.sees(function, enemy));
            if !thing.may.contains(function) || clashes() {
                return false;
            }
            if thing.users.contains(function) && !self.sees(function, item) {
                used -= thing.unzipped;
            }
        }
        used <= self.problem.cap[function]
    }

    pub(super) fn attach(&mut self, function: usize, at: usize) {
        let width = self.problem.items.len();
        let shelf = &mut self.shelves[at];
        if shelf.functions.is_empty() {
            self.total += shelf.zipped;
        }
        shelf.functions.insert(function);
        self.slots[function] += 1;
        self.used[function] += shelf.unzipped;
        for item in shelf.items.iter() {
            let seen = &mut self.seen[function * width + item];
            *seen += 1;
            if *seen > 1 {
                continue;
            }
            let thing = &self.problem.items[item];
            if thing.users.contains(function) {
                self.total -= thing.zipped;
                self.used[function] -= thing.unzipped;
            } else {
                self.leaks += 1;
            }
        }
    }

    pub(super) fn detach(&mut self, function: usize, at: usize) {
        let width = self.problem.items.len();
        let shelf = &mut self.shelves[at];
        shelf.functions.remove(function);
        if shelf.functions.is_empty() {
            self.total -= shelf.zipped;
        }
        self.slots[function] -= 1;
        for item in shelf.items.iter() {
            let seen = &mut self.seen[function * width + item];
            *seen -= 1;
            if *seen > 0 {
                continue;
            }
            let thing = &self.problem.items[item];
            if thing.users.contains(function) {
                self.total += thing.zipped;
                self.used[function] += thing.unzipped;
            } else {
                self.leaks -= 1;
            }
        }
        self.used[function] -= shelf.unzipped;
    }

    /// Nobody attaches the layer any more; what lay in a new one is taken out.
    pub(super) fn clear(&mut self, at: usize) {
        let functions: Vec<usize> = self.shelves[at].functions.iter().collect();
        functions.into_iter().for_each(|function| self.detach(function, at));
        if self.shelves[at].previous.is_none() {
            let items: Vec<usize> = self.shelves[at].items.iter().collect();
            items.into_iter().for_each(|item| self.take(item, at));
        }
    }

    /// Whether an item may lie in a layer, as far as the functions are concerned that attach it.
    pub(super) fn may_put(&self, item: usize, at: usize) -> bool {
        let shelf = &self.shelves[at];
        let thing = &self.problem.items[item];
        let may = shelf.open
            && thing.shareable
            && !shelf.items.contains(item)
            && shelf.functions.is_within(&thing.may)
            && !shelf.items.meets(&thing.enemies);
        may && shelf.functions.iter().all(|function| {
            let carried = thing.users.contains(function) && !self.sees(function, item);
            let more = if carried { 0 } else { thing.unzipped };
            self.used[function] + more <= self.problem.cap[function]
                && !thing.enemies.iter().any(|enemy| self.sees(function, enemy))
        })
    }

    pub(super) fn put(&mut self, item: usize, at: usize) {
        let width = self.problem.items.len();
        let thing = &self.problem.items[item];
        let shelf = &mut self.shelves[at];
        shelf.items.insert(item);
        shelf.zipped += thing.zipped;
        shelf.unzipped += thing.unzipped;
        if !shelf.functions.is_empty() {
            self.total += thing.zipped;
        }
        for function in shelf.functions.iter() {
            let seen = &mut self.seen[function * width + item];
            *seen += 1;
            self.used[function] += thing.unzipped;
            if *seen > 1 {
                continue;
            }
            if thing.users.contains(function) {
                self.total -= thing.zipped;
                self.used[function] -= thing.unzipped;
            } else {
                self.leaks += 1;
            }
        }
    }

    pub(super) fn take(&mut self, item: usize, at: usize) {
        let width = self.problem.items.len();
        let thing = &self.problem.items[item];
        let shelf = &mut self.shelves[at];
        shelf.items.remove(item);
        shelf.zipped -= thing.zipped;
        shelf.unzipped -= thing.unzipped;
        if !shelf.functions.is_empty() {
            self.total -= thing.zipped;
        }
        for function in shelf.functions.iter() {
            let seen = &mut self.seen[function * width + item];
            *seen -= 1;
            if *seen == 0 && thing.users.contains(function) {
                self.total += thing.zipped;
                self.used[function] += thing.unzipped;
            } else if *seen == 0 {
                self.leaks -= 1;
            }
            self.used[function] -= thing.unzipped;
        }
    }
}

impl Shelf {
    /// Whether it may be attached: it is a layer, or one of the previous split.
    pub(super) fn is_ready(&self) -> bool {
        !self.items.is_empty() && (self.previous.is_some() || !self.functions.is_empty())
    }

    /// Whether it is a layer: something lies in it and somebody attaches it.
    pub(super) fn is_live(&self) -> bool {
        !self.functions.is_empty() && !self.items.is_empty()
    }
}
