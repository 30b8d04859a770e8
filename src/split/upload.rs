//! Zips small enough to be uploaded directly, where that costs no bytes: a layer is divided, or what
//! a function carries goes into a layer of its own.

use std::cmp::Reverse;

use super::problem::Problem;
use super::shelves::Shelves;

/// Divides new layers and function zips that are above the limit for one zip, as far as slots are free.
pub(super) fn divide(problem: &Problem, shelves: &mut Shelves<'_>) {
    for at in 0..shelves.shelves.len() {
        let shelf = &shelves.shelves[at];
        if shelf.is_live() && shelf.previous.is_none() && shelf.zipped > problem.limits.zip {
            divide_layer(problem, shelves, at);
        }
    }
    for function in 0..problem.functions() {
        divide_function(problem, shelves, function);
    }
}

/// Into as few layers as hold all of it, where each function has the slots for them.
fn divide_layer(problem: &Problem, shelves: &mut Shelves<'_>, at: usize) {
    let shelf = &shelves.shelves[at];
    let functions: Vec<usize> = shelf.functions.iter().collect();
    let free = functions.iter().map(|function| shelves.free(*function)).min().unwrap_or(0);
    let parts = parts(problem, shelf.items.iter().collect(), u64::MAX);
    let small = |part: &Part| part.zipped <= problem.limits.zip;
    if parts.len() > free + 1 || !parts.iter().all(small) {
        return;
    }
    for part in &parts[1..] {
        let new = shelves.add();
        functions.iter().for_each(|function| shelves.attach(*function, new));
        for item in &part.items {
            shelves.take(*item, at);
            shelves.put(*item, new);
        }
    }
}

/// As much as must go, in as few layers as hold it; nothing where the zip stays too large.
fn divide_function(problem: &Problem, shelves: &mut Shelves<'_>, function: usize) {
    let items = &problem.items;
    let copies: Vec<usize> = shelves.copies(function).collect();
    let zipped = problem.own[function] + copies.iter().map(|item| items[*item].zipped).sum::<u64>();
    let excess = zipped.saturating_sub(problem.limits.zip);
    let may = |item: &usize| {
        let thing = &items[*item];
        thing.shareable && thing.may.contains(function) && thing.zipped <= problem.limits.zip
    };
    if excess == 0 {
        return;
    }
    let parts = parts(problem, copies.into_iter().filter(may).collect(), excess);
    let moved: u64 = parts.iter().map(|part| part.zipped).sum();
    if moved < excess || parts.len() > shelves.free(function) {
        return;
    }
    for part in parts {
        let new = shelves.add();
        part.items.iter().for_each(|item| shelves.put(*item, new));
        shelves.attach(function, new);
    }
}

#[derive(Default)]
struct Part {
    zipped: u64,
    items: Vec<usize>,
}

/// Items in parts of at most the limit for a zip, the largest first, until they come to so many
/// bytes.
fn parts(problem: &Problem, mut items: Vec<usize>, bytes: u64) -> Vec<Part> {
    items.sort_by_key(|item| (Reverse(problem.items[*item].zipped), *item));
    let mut parts: Vec<Part> = Vec::new();
    let mut taken = 0;
    for item in items {
        if taken >= bytes {
            break;
        }
        let zipped = problem.items[item].zipped;
        taken += zipped;
        let room = parts.iter().position(|part| part.zipped + zipped <= problem.limits.zip);
        let at = room.unwrap_or_else(|| {
            parts.push(Part::default());
            parts.len() - 1
        });
        parts[at].zipped += zipped;
        parts[at].items.push(item);
    }
    parts
}
