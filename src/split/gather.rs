//! Layers for what the functions still carry in copies.
//!
//! Every set of functions that carry the same items would be a layer of its own. Where a function
//! would attach too many, two of its layers become one, or it goes without one, whatever costs least,
//! until no function has too many.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::problem::Problem;
use super::set::Set;
use super::shelves::Shelves;

/// How many unzipped bytes of leaks are as bad as one more zipped byte; 0 where they only break ties.
/// Leaks take room that later layers need, so that some bytes may be well spent on fewer of them.
pub(super) const PRICES: [u64; 4] = [0, 16, 4, 1];

/// Adds layers for what at least two functions carry in copies and have slots for; gives how much
/// that took, in items and functions looked at.
pub(super) fn gather(problem: &Problem, shelves: &mut Shelves<'_>, price: u64) -> usize {
    let mut gathering = Gathering::of(problem, shelves, price);
    let mut looked = problem.sharable.len();
    gathering.run(&mut looked);
    for group in gathering.groups.into_iter().filter(|group| group.alive) {
        if group.functions.len() < 2 {
            continue;
        }
        let at = shelves.add();
        group.items.iter().for_each(|item| shelves.put(item, at));
        for function in group.functions.iter() {
            if shelves.may_attach(function, at) {
                shelves.attach(function, at);
            }
        }
        if shelves.shelves[at].functions.len() < 2 {
            shelves.clear(at);
        }
    }
    looked
}

/// What would be one layer.
struct Group {
    alive: bool,
    items: Set,
    functions: Set,
    may: Set,
    enemies: Set,
    zipped: u64,
    unzipped: u64,
    count: u64,
    /// By function: what of it the function needs and gets nowhere else.
    needed: Vec<Needed>,
}

#[derive(Clone, Copy, Default)]
struct Needed {
    zipped: u64,
    unzipped: u64,
    count: u64,
}

/// A step towards fewer layers per function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Merge(usize, usize),
    Without(usize, usize),
}

/// Zipped bytes with the price of the leaks, leaks, unzipped bytes of the leaks.
type Score = (i64, i64, i64);

struct Gathering<'a, 'b> {
    problem: &'a Problem,
    shelves: &'a Shelves<'b>,
    price: u64,
    groups: Vec<Group>,
    /// By function: unzipped bytes with what the groups bring.
    used: Vec<u64>,
    /// By function: the groups it attaches.
    attached: Vec<Vec<usize>>,
    free: Vec<usize>,
    steps: BinaryHeap<Reverse<(Score, Step)>>,
}

impl<'a, 'b> Gathering<'a, 'b> {
    fn of(problem: &'a Problem, shelves: &'a Shelves<'b>, price: u64) -> Self {
        let functions = problem.functions();
        let free: Vec<usize> = (0..functions).map(|function| shelves.free(function)).collect();
        let mut sharers: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for item in problem.sharable.iter().copied() {
            let thing = &problem.items[item];
            let carries = |user: &usize| {
                free[*user] > 0 && thing.may.contains(*user) && !shelves.sees(*user, item)
            };
            let users: Vec<usize> = thing.users.iter().filter(carries).collect();
            if users.len() > 1 {
                sharers.entry(users).or_default().push(item);
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        for (users, items) in sharers {
            // Items that clash cannot share a layer, even where their users are the same by mistake.
            for apart in without_clashes(problem, items) {
                groups.push(Group::of(problem, shelves, &users, &apart));
            }
        }
        let mut attached = vec![Vec::new(); functions];
        for (at, group) in groups.iter().enumerate() {
            group.functions.iter().for_each(|function| attached[function].push(at));
        }
        let used = (0..functions).map(|function| shelves.used(function)).collect();
        let steps = BinaryHeap::new();
        let mut gathering = Self { problem, shelves, price, groups, used, attached, free, steps };
        gathering.refuse_clashes();
        gathering
    }

    /// A layer that holds what clashes with what a function sees is not for that function.
    fn refuse_clashes(&mut self) {
        for at in 0..self.groups.len() {
            let clashing: Vec<usize> = self.groups[at]
                .functions
                .iter()
                .filter(|function| self.clashes(*function, at, at))
                .collect();
            clashing.into_iter().for_each(|function| self.leave(function, at));
        }
    }

    fn run(&mut self, looked: &mut usize) {
        let mut pairs = std::collections::BTreeSet::new();
        for function in self.crowded() {
            for (place, one) in self.attached[function].iter().enumerate() {
                let others = &self.attached[function][place + 1..];
                pairs.extend(others.iter().map(|other| (*one.min(other), *one.max(other))));
            }
        }
        *looked += pairs.len() * 8;
        pairs.into_iter().for_each(|(one, other)| self.offer(Step::Merge(one, other)));
        for function in self.crowded() {
            for at in self.attached[function].clone() {
                self.offer(Step::Without(function, at));
            }
        }
        while let Some(Reverse((score, step))) = self.steps.pop() {
            *looked += 8;
            match self.score(step) {
                Some(now) if now <= score => self.take(step),
                Some(now) => self.steps.push(Reverse((now, step))),
                None => {}
            }
        }
    }

    fn crowded(&self) -> Vec<usize> {
        (0..self.free.len()).filter(|function| self.is_crowded(*function)).collect()
    }

    fn is_crowded(&self, function: usize) -> bool {
        self.attached[function].len() > self.free[function]
    }

    fn offer(&mut self, step: Step) {
        if let Some(score) = self.score(step) {
            self.steps.push(Reverse((score, step)));
        }
    }

    /// What a step costs; None where it cannot be taken or helps nobody.
    fn score(&self, step: Step) -> Option<Score> {
        match step {
            Step::Without(function, at) => {
                let group = &self.groups[at];
                let helps =
                    group.alive && group.functions.contains(function) && self.is_crowded(function);
                let needed = group.needed[function];
                let leaks = (group.unzipped - needed.unzipped) as i64;
                // Of two, the other one carries its copies too, and the layer is no more.
                let last = group.functions.iter().find(|other| *other != function);
                let last = last.filter(|_| group.functions.len() == 2);
                let gone =
                    last.map_or(0, |last| group.needed[last].zipped as i64 - group.zipped as i64);
                helps.then(|| {
                    let bytes = needed.zipped as i64 + gone;
                    let count = (group.count - needed.count) as i64;
                    (self.priced(bytes, -leaks), -count, -leaks)
                })
            }
            Step::Merge(one, other) => self.score_merge(one, other),
        }
    }

    fn priced(&self, bytes: i64, leaks: i64) -> i64 {
        match self.price {
            0 => bytes,
            price => bytes + leaks / price as i64,
        }
    }

    fn score_merge(&self, one: usize, other: usize) -> Option<Score> {
        let (a, b) = (&self.groups[one], &self.groups[other]);
        if !a.alive || !b.alive || a.items.meets(&b.enemies) {
            return None;
        }
        let mut helps = false;
        let (mut bytes, mut count, mut leaks, mut stay) = (0_i64, 0_i64, 0_i64, 0);
        for function in union(&a.functions, &b.functions).iter() {
            let (in_a, in_b) = (a.functions.contains(function), b.functions.contains(function));
            let (need_a, need_b) = (a.needed[function], b.needed[function]);
            helps |= in_a && in_b && self.is_crowded(function);
            if self.takes(function, one, other) {
                stay += 1;
                let (group, need) = if in_a { (b, need_b) } else { (a, need_a) };
                if !(in_a && in_b) {
                    bytes -= need.zipped as i64;
                    count += (group.count - need.count) as i64;
                    leaks += (group.unzipped - need.unzipped) as i64;
                }
                continue;
            }
            for (group, need) in [(in_a, a, need_a), (in_b, b, need_b)]
                .into_iter()
                .filter_map(|(within, group, need)| within.then_some((group, need)))
            {
                bytes += need.zipped as i64;
                count -= (group.count - need.count) as i64;
                leaks -= (group.unzipped - need.unzipped) as i64;
            }
        }
        (helps && stay > 1).then(|| (self.priced(bytes, leaks), count, leaks))
    }

    /// Whether a function of one of them may attach both as one layer.
    fn takes(&self, function: usize, one: usize, other: usize) -> bool {
        let new = match self.groups[one].functions.contains(function) {
            false => one,
            true if self.groups[other].functions.contains(function) => return true,
            true => other,
        };
        let group = &self.groups[new];
        let more = group.unzipped - group.needed[function].unzipped;
        group.may.contains(function)
            && self.used[function] + more <= self.problem.cap[function]
            && !self.clashes(function, new, one + other - new)
    }

    /// Whether the function sees what clashes with the group, by another layer.
    fn clashes(&self, function: usize, at: usize, aside: usize) -> bool {
        let enemies = &self.groups[at].enemies;
        if enemies.is_empty() {
            return false;
        }
        let others =
            self.attached[function].iter().filter(|other| **other != aside && **other != at);
        enemies.iter().any(|enemy| self.shelves.sees(function, enemy))
            || others.into_iter().any(|other| self.groups[*other].items.meets(enemies))
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Without(function, at) => {
                self.leave(function, at);
                if self.groups[at].functions.len() < 2 {
                    let rest: Vec<usize> = self.groups[at].functions.iter().collect();
                    rest.into_iter().for_each(|function| self.leave(function, at));
                    self.groups[at].alive = false;
                }
            }
            Step::Merge(one, other) => self.merge(one, other),
        }
    }

    fn leave(&mut self, function: usize, at: usize) {
        let group = &mut self.groups[at];
        group.functions.remove(function);
        self.used[function] -= group.unzipped - group.needed[function].unzipped;
        self.attached[function].retain(|attached| *attached != at);
    }

    fn merge(&mut self, one: usize, other: usize) {
        let all = union(&self.groups[one].functions, &self.groups[other].functions);
        let staying: Vec<usize> =
            all.iter().filter(|function| self.takes(*function, one, other)).collect();
        for at in [one, other] {
            let attached: Vec<usize> = self.groups[at].functions.iter().collect();
            attached.into_iter().for_each(|function| self.leave(function, at));
            self.groups[at].alive = false;
        }
        let merged = self.groups[one].merged(&self.groups[other], &staying);
        let new = self.groups.len();
        for function in staying {
            self.used[function] += merged.unzipped - merged.needed[function].unzipped;
            self.attached[function].push(new);
        }
        let mut partners = std::collections::BTreeSet::new();
        for function in merged.functions.iter().filter(|function| self.is_crowded(*function)) {
            partners.extend(self.attached[function].iter().copied().filter(|at| *at != new));
        }
        let crowded: Vec<usize> =
            merged.functions.iter().filter(|function| self.is_crowded(*function)).collect();
        self.groups.push(merged);
        partners.into_iter().for_each(|partner| self.offer(Step::Merge(partner, new)));
        crowded.into_iter().for_each(|function| self.offer(Step::Without(function, new)));
    }
}

impl Group {
    fn of(problem: &Problem, shelves: &Shelves<'_>, users: &[usize], items: &[usize]) -> Self {
        let mut may = Set::of(problem.functions(), 0..problem.functions());
        let mut enemies = Set::empty(problem.items.len());
        let mut needed = vec![Needed::default(); problem.functions()];
        for item in items {
            let thing = &problem.items[*item];
            may.keep(&thing.may);
            enemies.add(&thing.enemies);
            for user in thing.users.iter().filter(|user| !shelves.sees(*user, *item)) {
                needed[user].zipped += thing.zipped;
                needed[user].unzipped += thing.unzipped;
                needed[user].count += 1;
            }
        }
        Self {
            alive: true,
            items: Set::of(problem.items.len(), items.iter().copied()),
            functions: Set::of(problem.functions(), users.iter().copied()),
            may,
            enemies,
            zipped: items.iter().map(|item| problem.items[*item].zipped).sum(),
            unzipped: items.iter().map(|item| problem.items[*item].unzipped).sum(),
            count: items.len() as u64,
            needed,
        }
    }

    fn merged(&self, other: &Self, functions: &[usize]) -> Self {
        let sum = |(one, other): (&Needed, &Needed)| Needed {
            zipped: one.zipped + other.zipped,
            unzipped: one.unzipped + other.unzipped,
            count: one.count + other.count,
        };
        let mut may = self.may.clone();
        may.keep(&other.may);
        let mut staying = self.functions.clone();
        staying.subtract(&self.functions);
        functions.iter().for_each(|function| staying.insert(*function));
        Self {
            alive: true,
            items: union(&self.items, &other.items),
            functions: staying,
            may,
            enemies: union(&self.enemies, &other.enemies),
            zipped: self.zipped + other.zipped,
            unzipped: self.unzipped + other.unzipped,
            count: self.count + other.count,
            needed: self.needed.iter().zip(&other.needed).map(sum).collect(),
        }
    }
}

fn union(one: &Set, other: &Set) -> Set {
    let mut union = one.clone();
    union.add(other);
    union
}

/// The items in as few parts as come about when each joins the first where it clashes with nothing.
fn without_clashes(problem: &Problem, items: Vec<usize>) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for item in items {
        let enemies = &problem.items[item].enemies;
        let free = |part: &&mut Vec<usize>| !part.iter().any(|other| enemies.contains(*other));
        match parts.iter_mut().find(free) {
            Some(part) => part.push(item),
            None => parts.push(vec![item]),
        }
    }
    parts
}
