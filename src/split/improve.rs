//! A split made better by steps that each make it better, until none does or the work is too much.

use std::collections::BTreeMap;

use super::cover::{By, cover};
use super::gather::gather;
use super::problem::Problem;
use super::shelves::Shelves;

/// How new layers are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From those that share exactly, at a price for leaks.
    Gather(u64),
    /// The one that saves the most first.
    Cover(By),
}

impl Way {
    /// Adds layers for what the functions carry in copies; gives how much that took.
    pub(super) fn make(self, problem: &Problem, shelves: &mut Shelves<'_>) -> usize {
        match self {
            Self::Gather(price) => gather(problem, shelves, price),
            Self::Cover(by) => cover(problem, shelves, by),
        }
    }
}

/// Improves a split; `ways` are those that new layers are made in.
pub(super) fn improve(problem: &Problem, shelves: &mut Shelves<'_>, ways: &[Way], mut work: u64) {
    unite(shelves);
    loop {
        let before = shelves.cost();
        while settle(problem, shelves, &mut work) && work > 0 {}
        join(shelves, &mut work);
        unite(shelves);
        remake(problem, shelves, ways, &mut work);
        unite(shelves);
        if shelves.cost() >= before || work == 0 {
            return;
        }
    }
}

/// New layers that the same functions attach become one.
fn unite(shelves: &mut Shelves<'_>) {
    let mut first: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for at in 0..shelves.shelves.len() {
        let shelf = &shelves.shelves[at];
        if !shelf.is_live() || shelf.previous.is_some() {
            continue;
        }
        let functions: Vec<usize> = shelf.functions.iter().collect();
        let Some(one) = first.get(&functions).copied() else {
            first.insert(functions, at);
            continue;
        };
        let items: Vec<usize> = shelf.items.iter().collect();
        shelves.clear(at);
        // What the first holds too was there twice.
        for item in items {
            if !shelves.sees(functions[0], item) {
                shelves.put(item, one);
            }
        }
    }
    shelves.shelves.retain(|shelf| shelf.is_live() || shelf.previous.is_some());
}

/// One pass of single steps: a function attaches or leaves a layer, an item goes into it or out.
/// Whether any was taken.
fn settle(problem: &Problem, shelves: &mut Shelves<'_>, work: &mut u64) -> bool {
    let mut better = false;
    for at in 0..shelves.shelves.len() {
        for function in 0..problem.functions() {
            spend(work, 4 + shelves.shelves[at].items.len());
            better |= settle_function(shelves, function, at);
        }
        if !shelves.shelves[at].open || shelves.shelves[at].functions.is_empty() {
            continue;
        }
        let goes_on = shelves.shelves[at].previous.is_some();
        for item in problem.sharable.iter().copied() {
            spend(work, 1);
            if !shelves.shelves[at].items.contains(item) {
                better |= put_in(problem, shelves, item, at, work);
            } else if !goes_on {
                spend(work, problem.functions());
                better |= kept(
                    shelves,
                    |shelves| shelves.take(item, at),
                    |shelves| {
                        shelves.put(item, at);
                    },
                );
            }
        }
        if *work == 0 {
            break;
        }
    }
    better
}

fn spend(work: &mut u64, items: usize) {
    *work = work.saturating_sub(items as u64);
}

/// Takes a step, and takes it back where it makes nothing better.
fn kept<'a>(
    shelves: &mut Shelves<'a>,
    step: impl FnOnce(&mut Shelves<'a>),
    back: impl FnOnce(&mut Shelves<'a>),
) -> bool {
    let before = shelves.cost();
    step(shelves);
    let better = shelves.cost() < before;
    if !better {
        back(shelves);
    }
    better
}

/// Layers that go on are attached and left for bytes alone: a layer fewer is a deploy more.
fn settle_function(shelves: &mut Shelves<'_>, function: usize, at: usize) -> bool {
    let before = shelves.cost();
    let attached = shelves.shelves[at].functions.contains(function);
    if attached {
        shelves.detach(function, at);
    } else if shelves.shelves[at].is_ready() && shelves.may_attach(function, at) {
        shelves.attach(function, at);
    } else {
        return false;
    }
    let after = shelves.cost();
    let better = match shelves.shelves[at].previous {
        Some(_) => after.0 < before.0,
        None => after < before,
    };
    match (better, attached) {
        (true, _) => {}
        (false, true) => shelves.attach(function, at),
        (false, false) => shelves.detach(function, at),
    }
    better
}

/// An item comes into a layer, from another one that need not hold it then.
fn put_in(
    problem: &Problem,
    shelves: &mut Shelves<'_>,
    item: usize,
    at: usize,
    work: &mut u64,
) -> bool {
    // Worth nothing where none of its users attaches the layer.
    if !problem.items[item].users.meets(&shelves.shelves[at].functions) {
        return false;
    }
    spend(work, problem.functions() / 8 + shelves.shelves.len() * 2);
    let before = shelves.cost();
    let holds = |(from, shelf): (usize, &super::shelves::Shelf)| {
        (shelf.previous.is_none() && shelf.items.contains(item)).then_some(from)
    };
    let held: Vec<usize> = shelves.shelves.iter().enumerate().filter_map(holds).collect();
    if shelves.may_put(item, at) {
        shelves.put(item, at);
        if shelves.cost() < before {
            return true;
        }
        shelves.take(item, at);
    }
    for from in held {
        shelves.take(item, from);
        if shelves.may_put(item, at) {
            shelves.put(item, at);
            if shelves.cost() < before {
                return true;
            }
            shelves.take(item, at);
        }
        shelves.put(item, from);
    }
    false
}

/// What lies in one new layer goes into another, with those that attach it, as far as both may.
fn join(shelves: &mut Shelves<'_>, work: &mut u64) {
    let count = shelves.shelves.len();
    for (one, other) in (0..count).flat_map(|one| (0..count).map(move |other| (one, other))) {
        let (to, from) = (&shelves.shelves[one], &shelves.shelves[other]);
        if one == other || !to.open || !to.is_live() || !from.is_live() || from.previous.is_some() {
            continue;
        }
        spend(work, shelves.size());
        if *work == 0 {
            return;
        }
        let items: Vec<usize> = from.items.iter().collect();
        let functions: Vec<usize> = from.functions.iter().collect();
        let mut trial = shelves.clone();
        trial.clear(other);
        for item in items {
            if trial.may_put(item, one) {
                trial.put(item, one);
            }
        }
        for function in functions {
            if trial.may_attach(function, one) {
                trial.attach(function, one);
            }
        }
        if trial.cost() < shelves.cost() {
            *shelves = trial;
        }
    }
}

/// One or two new layers are taken apart and what they held is gathered anew.
fn remake(problem: &Problem, shelves: &mut Shelves<'_>, ways: &[Way], work: &mut u64) {
    for (one, other) in pairs(shelves) {
        for way in ways {
            if *work == 0 {
                return;
            }
            let mut trial = shelves.clone();
            trial.clear(one);
            trial.clear(other);
            spend(work, way.make(problem, &mut trial));
            let mut few = (problem.functions() * problem.items.len()) as u64 * 8;
            let allowed = few;
            settle(problem, &mut trial, &mut few);
            spend(work, (allowed - few) as usize + trial.size());
            if trial.cost() < shelves.cost() {
                *shelves = trial;
            }
        }
    }
}

/// The layers that may be taken apart: each alone, and any two that a function attaches both.
fn pairs(shelves: &Shelves<'_>) -> Vec<(usize, usize)> {
    let new =
        |at: &usize| shelves.shelves[*at].previous.is_none() && shelves.shelves[*at].is_live();
    let all: Vec<usize> = (0..shelves.shelves.len()).filter(new).collect();
    let mut pairs: Vec<(usize, usize)> = all.iter().map(|at| (*at, *at)).collect();
    for (place, one) in all.iter().enumerate() {
        let functions = &shelves.shelves[*one].functions;
        let meet = |other: &&usize| functions.meets(&shelves.shelves[**other].functions);
        pairs.extend(all[place + 1..].iter().filter(meet).map(|other| (*one, *other)));
    }
    pairs
}
