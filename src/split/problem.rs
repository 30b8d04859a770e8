//! The functions and items in an order of their own, with what may stand where worked out once.

use super::set::Set;
use super::{Function, Item, Limits};

/// What is to be split. Functions are in the order of their names, items in the order of name,
/// version and digest, so that no result depends on the order in which they were handed in.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) items: Vec<Thing>,
    /// The place of each function in what was handed in.
    pub(super) function_order: Vec<usize>,
    /// The place of each item in what was handed in.
    pub(super) item_order: Vec<usize>,
    pub(super) limits: Limits,
    /// Unzipped bytes of each function without anything it does not need.
    pub(super) needs: Vec<u64>,
    /// Unzipped bytes that each function and its layers may take: the limit, or its needs where
    /// these alone are above it.
    pub(super) cap: Vec<u64>,
    /// Zipped bytes of each function without any item.
    pub(super) own: Vec<u64>,
    /// The items that may be worth a place in a layer that several attach.
    pub(super) sharable: Vec<usize>,
}

/// An item as the search sees it.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) zipped: u64,
    pub(super) unzipped: u64,
    pub(super) users: Set,
    /// The functions that may see it: it fits, and they need nothing that it clashes with.
    pub(super) may: Set,
    /// The items that no function may see beside it.
    pub(super) enemies: Set,
    pub(super) shareable: bool,
}

impl Problem {
    pub(super) fn new(functions: &[Function], items: &[Item], limits: Limits) -> Self {
        let mut function_order: Vec<usize> = (0..functions.len()).collect();
        function_order.sort_by(|a, b| functions[*a].name.cmp(&functions[*b].name));
        let functions_at = inverse(&function_order);
        let mut item_order: Vec<usize> = (0..items.len()).collect();
        let named = |users: &[usize]| users.iter().map(|user| functions_at[*user]).min();
        item_order.sort_by_cached_key(|at| {
            let item = &items[*at];
            (item.name.as_str(), item.version.as_str(), item.digest.as_str(), named(&item.users))
        });
        let items_at = inverse(&item_order);
        let sets = |numbers: &[usize]| {
            Set::of(functions.len(), numbers.iter().map(|number| functions_at[*number]))
        };
        let mut enemies = vec![Set::empty(items.len()); items.len()];
        for (at, item) in items.iter().enumerate() {
            for clash in &item.clashes {
                enemies[items_at[at]].insert(items_at[*clash]);
                enemies[items_at[*clash]].insert(items_at[at]);
            }
        }
        let thing = |(at, enemies): (usize, Set)| {
            let item = &items[item_order[at]];
            let mut may = sets(&item.fits);
            let users = sets(&item.users);
            may.add(&users);
            for enemy in enemies.iter() {
                may.subtract(&sets(&items[item_order[enemy]].users));
            }
            Thing {
                zipped: item.amount.zipped,
                unzipped: item.amount.unzipped,
                users,
                may,
                enemies,
                shareable: item.shareable,
            }
        };
        let things: Vec<Thing> = enemies.into_iter().enumerate().map(thing).collect();
        let own = |at: &usize| functions[*at].own;
        let mut needs: Vec<u64> = function_order.iter().map(|at| own(at).unzipped).collect();
        for thing in &things {
            thing.users.iter().for_each(|user| needs[user] += thing.unzipped);
        }
        let cap = needs.iter().map(|needs| limits.unzipped.max(*needs)).collect();
        let own = function_order.iter().map(|at| own(at).zipped).collect();
        let wanted = |at: &usize| {
            let thing = &things[*at];
            thing.shareable && thing.users.shared(&thing.may) > 1
        };
        let sharable = (0..things.len()).filter(wanted).collect();
        Self { sharable, items: things, function_order, item_order, limits, needs, cap, own }
    }

    pub(super) fn functions(&self) -> usize {
        self.own.len()
    }

    /// Every item that somebody needs once, and every function's own: no split takes less.
    pub(super) fn lower_bound(&self) -> u64 {
        let used = self.items.iter().filter(|item| !item.users.is_empty());
        self.own.iter().sum::<u64>() + used.map(|item| item.zipped).sum::<u64>()
    }
}

/// Where each number stands in an order.
fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, number)| places[*number] = place);
    places
}
