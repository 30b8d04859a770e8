//! Layers for what the functions still carry in copies, the one that saves the most first.
//!
//! Each is made for a set of functions: all that two of them carry and all of them may see goes in,
//! as far as there is room, whatever other layers hold it too. Where slots are few this finds what
//! uniting layers does not: one large layer for each of some kinds of functions.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::problem::Problem;
use super::set::Set;
use super::shelves::Shelves;

/// Sets of functions whose pairs are looked at too.
const MOST_PAIRED: usize = 24;

/// What makes one layer better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// What it saves.
    Bytes,
    /// What it saves for each slot that it takes.
    BytesPerSlot,
}

/// Adds layers as long as one saves anything; gives how much that took, in items looked at.
pub(super) fn cover(problem: &Problem, shelves: &mut Shelves<'_>, by: By) -> usize {
    let sets = candidates(problem, shelves);
    let mut looked = 0;
    let mut value = |shelves: &Shelves<'_>, at: usize| -> Option<(u64, usize)> {
        looked += problem.sharable.len();
        let content = content(problem, shelves, &sets[at])?;
        looked += content.items.len() * content.functions.len();
        Some(match by {
            By::Bytes => (content.saves, content.functions.len()),
            By::BytesPerSlot => {
                (content.saves * 64 / content.functions.len() as u64, content.functions.len())
            }
        })
    };
    let valued = (0..sets.len()).filter_map(|at| Some((value(shelves, at)?, Reverse(at))));
    let mut heap: BinaryHeap<((u64, usize), Reverse<usize>)> = valued.collect();
    while let Some((before, Reverse(at))) = heap.pop() {
        let Some(now) = value(shelves, at) else { continue };
        if now < before {
            heap.push((now, Reverse(at)));
        } else if let Some(content) = content(problem, shelves, &sets[at]) {
            let new = shelves.add();
            content.functions.iter().for_each(|function| shelves.attach(*function, new));
            for item in content.items {
                if shelves.may_put(item, new) {
                    shelves.put(item, new);
                }
            }
        }
    }
    looked
}

/// Those that carry the same item, and where these are few what two of them have in common and come to
/// together.
fn candidates(problem: &Problem, shelves: &Shelves<'_>) -> Vec<Set> {
    let mut sets: BTreeSet<Set> = BTreeSet::new();
    for item in problem.sharable.iter().copied() {
        let thing = &problem.items[item];
        let carries = |user: &usize| {
            shelves.free(*user) > 0 && thing.may.contains(*user) && !shelves.sees(*user, item)
        };
        let users = Set::of(problem.functions(), thing.users.iter().filter(carries));
        if users.len() > 1 {
            sets.insert(users);
        }
    }
    let single: Vec<Set> = sets.iter().cloned().collect();
    if single.len() <= MOST_PAIRED {
        for (at, one) in single.iter().enumerate() {
            for other in &single[at + 1..] {
                let (mut both, mut either) = (one.clone(), one.clone());
                both.keep(other);
                either.add(other);
                sets.extend([both, either].into_iter().filter(|set| set.len() > 1));
            }
        }
    }
    sets.into_iter().collect()
}

/// What a layer for some functions would hold.
struct Content {
    functions: Vec<usize>,
    items: Vec<usize>,
    saves: u64,
}

/// None where it would save nothing.
fn content(problem: &Problem, shelves: &Shelves<'_>, set: &Set) -> Option<Content> {
    let functions: Vec<usize> = set.iter().filter(|at| shelves.free(*at) > 0).collect();
    if functions.len() < 2 {
        return None;
    }
    let all = Set::of(problem.functions(), functions.iter().copied());
    let mut found: Vec<(u64, u64, usize)> = Vec::new();
    for item in problem.sharable.iter().copied() {
        let thing = &problem.items[item];
        if !all.is_within(&thing.may) || thing.users.shared(&all) < 2 {
            continue;
        }
        let carries = |at: &&usize| thing.users.contains(**at) && !shelves.sees(**at, item);
        let carriers = functions.iter().filter(carries).count() as u64;
        if carriers > 1 {
            let leaks = (functions.len() as u64 - carriers) * thing.unzipped;
            found.push((thing.zipped * (carriers - 1), leaks, item));
        }
    }
    // The most bytes for what is seen without need first: a/b > c/d where a*d > c*b.
    found.sort_by(|(saves, leaks, item), (others, other_leaks, other)| {
        let product = |saves: u64, leaks: u64| u128::from(saves) * u128::from(leaks + 1);
        product(*others, *leaks).cmp(&product(*saves, *other_leaks)).then(item.cmp(other))
    });
    let room = |at: &usize| problem.cap[*at] - shelves.used(*at);
    let mut rooms: Vec<u64> = functions.iter().map(room).collect();
    let mut content = Content { functions, items: Vec::new(), saves: 0 };
    for (saves, leaks, item) in found {
        let thing = &problem.items[item];
        let leaks_to =
            |at: usize| leaks > 0 && (!thing.users.contains(at) || shelves.sees(at, item));
        let mut pairs = rooms.iter().zip(&content.functions);
        let fits = pairs.all(|(room, at)| *room >= thing.unzipped || !leaks_to(*at));
        if fits && !content.items.iter().any(|other| thing.enemies.contains(*other)) {
            for (room, at) in rooms.iter_mut().zip(&content.functions) {
                *room -= if leaks_to(*at) { thing.unzipped } else { 0 };
            }
            content.items.push(item);
            content.saves += saves;
        }
    }
    (content.saves > 0).then_some(content)
}
