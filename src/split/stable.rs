//! The layers of the previous split, as far as they go on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::problem::Problem;
use super::shelves::Shelves;
use super::{Change, Function, Item, Previous, PreviousItem, PreviousLayer};

/// Why a layer of the previous split is not what it was, by its place there; empty where it is.
pub(super) type Changes = Vec<Vec<Change>>;

/// Adds the layers of the previous split, with what lies in them now, and attaches them: first
/// where they were attached, then wherever they save bytes.
pub(super) fn go_on(
    functions: &[Function],
    items: &[Item],
    problem: &Problem,
    previous: &Previous,
    shelves: &mut Shelves<'_>,
) -> Changes {
    let now = Now::of(functions, items, problem, previous);
    let mut changes = Vec::new();
    let mut order: Vec<usize> = (0..previous.layers.len()).collect();
    order.sort_by(|a, b| previous.layers[*a].name.cmp(&previous.layers[*b].name));
    for layer in &previous.layers {
        let at = shelves.add();
        shelves.shelves[at].previous = Some(changes.len());
        changes.push(now.fill(layer, shelves, at));
        shelves.shelves[at].open = !changes[at].is_empty();
    }
    for at in &order {
        let mut attached: Vec<usize> = previous.layers[*at]
            .functions
            .iter()
            .filter_map(|name| now.functions.get(name.as_str()).copied())
            .collect();
        attached.sort_unstable();
        for function in attached {
            if helps(problem, shelves, function, *at) && shelves.may_attach(function, *at) {
                shelves.attach(function, *at);
            }
        }
    }
    for function in 0..problem.functions() {
        attach_what_saves(problem, shelves, function, &order);
    }
    changes
}

/// Whether the layer holds anything that the function needs.
fn helps(problem: &Problem, shelves: &Shelves<'_>, function: usize, at: usize) -> bool {
    shelves.shelves[at].items.iter().any(|item| problem.items[item].users.contains(function))
}

/// Attaches the layer that saves the function the most, as long as one saves anything.
fn attach_what_saves(
    problem: &Problem,
    shelves: &mut Shelves<'_>,
    function: usize,
    order: &[usize],
) {
    loop {
        let saves = |at: &usize| -> (u64, Reverse<usize>) {
            let held = shelves.shelves[*at].items.iter();
            let (needed, leaked): (Vec<usize>, Vec<usize>) = held
                .filter(|item| !shelves.sees(function, *item))
                .partition(|item| problem.items[*item].users.contains(function));
            (needed.iter().map(|item| problem.items[*item].zipped).sum(), Reverse(leaked.len()))
        };
        let may = order.iter().filter(|at| shelves.may_attach(function, **at));
        // Of equals the first by name.
        let best = may.rev().map(|at| (saves(at), *at)).max_by_key(|(saves, _)| *saves);
        let Some((_, at)) = best.filter(|((bytes, _), _)| *bytes > 0) else { return };
        shelves.attach(function, at);
    }
}

/// What there is now, to be found by what it was called.
struct Now<'a> {
    problem: &'a Problem,
    functions: BTreeMap<&'a str, usize>,
    named: BTreeMap<&'a str, Vec<usize>>,
    items: Vec<&'a Item>,
    /// What lay in the layers: names with digests.
    was: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Now<'a> {
    fn of(
        functions: &'a [Function],
        items: &'a [Item],
        problem: &'a Problem,
        previous: &'a Previous,
    ) -> Self {
        let were = previous.layers.iter().flat_map(|layer| &layer.items);
        let order = problem.function_order.iter().enumerate();
        let items: Vec<&Item> = problem.item_order.iter().map(|at| &items[*at]).collect();
        let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            if !item.users.is_empty() && item.shareable {
                named.entry(item.name.as_str()).or_default().push(at);
            }
        }
        Self {
            problem,
            functions: order.map(|(at, place)| (functions[*place].name.as_str(), at)).collect(),
            named,
            items,
            was: were.map(|item| (item.name.as_str(), item.digest.as_str())).collect(),
        }
    }

    /// Puts into a layer what lies in it now, and tells what is not as it was.
    fn fill(&self, layer: &PreviousLayer, shelves: &mut Shelves<'_>, at: usize) -> Vec<Change> {
        let mut olds: Vec<&PreviousItem> = layer.items.iter().collect();
        // What is as it was comes first, so that nothing that is not takes its place.
        olds.sort_by_key(|old| (self.same(old).is_none(), *old));
        let mut changes = Vec::new();
        for old in olds {
            let found = self.same(old).or_else(|| self.newer(old, layer));
            match found.filter(|item| shelves.may_put(*item, at)) {
                None => changes.push(Change::Gone(old.clone())),
                Some(new) => {
                    shelves.put(new, at);
                    if self.items[new].digest != old.digest {
                        let new = self.problem.item_order[new];
                        changes.push(Change::Replaced { old: old.clone(), new });
                    }
                }
            }
        }
        changes.sort();
        changes
    }

    fn same(&self, old: &PreviousItem) -> Option<usize> {
        let variants = self.named.get(old.name.as_str())?;
        variants.iter().copied().find(|item| self.items[*item].digest == old.digest)
    }

    /// The variant that most of the layer's functions need now; one that lay in no layer rather than
    /// another's.
    fn newer(&self, old: &PreviousItem, layer: &PreviousLayer) -> Option<usize> {
        let users = |item: usize| {
            let attached =
                layer.functions.iter().filter_map(|name| self.functions.get(name.as_str()));
            attached.filter(|function| self.problem.items[item].users.contains(**function)).count()
        };
        let variants = self.named.get(old.name.as_str())?;
        let is_new = |item: usize| !self.was.contains(&self.key(item));
        let counted = variants.iter().map(|item| (users(*item), Reverse(*item)));
        let needed = counted.filter(|(users, _)| *users > 0);
        let best = needed.max_by_key(|(users, at)| (is_new(at.0), *users, *at));
        best.map(|(_, Reverse(item))| item)
    }

    fn key(&self, item: usize) -> (&str, &str) {
        (&self.items[item].name, &self.items[item].digest)
    }
}
