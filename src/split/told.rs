//! The split as its reader wants it: by the places that functions and items were handed in at, with
//! names.

use std::collections::BTreeSet;

use super::problem::Problem;
use super::shelves::{Shelf, Shelves};
use super::stable::Changes;
use super::{Amount, Change, Function, Item, Layer, Previous, Split, Standing};

/// Letters of a layer's name that come from its largest item.
const LONGEST_NAME: usize = 40;

/// What was handed in, and what became of it.
pub(super) struct Teller<'a> {
    pub(super) functions: &'a [Function],
    pub(super) items: &'a [Item],
    pub(super) problem: &'a Problem,
    pub(super) previous: &'a Previous,
    pub(super) changes: Changes,
}

impl Teller<'_> {
    /// All of the split.
    pub(super) fn tell(&self, shelves: &Shelves<'_>, searched: bool) -> Split {
        let (functions, problem) = (self.functions, self.problem);
        let mut copies = vec![Vec::new(); functions.len()];
        let mut leaks = vec![Vec::new(); functions.len()];
        let mut unzipped = vec![0; functions.len()];
        for (at, function) in problem.function_order.iter().enumerate() {
            copies[*function] = self.items(shelves.copies(at));
            leaks[*function] = self.items(shelves.leaks(at));
            unzipped[*function] = shelves.used(at);
        }
        let carried = |copies: &Vec<usize>| -> Amount {
            copies.iter().map(|item| self.items[*item].amount).sum()
        };
        let zips: Vec<Amount> =
            functions.iter().zip(&copies).map(|(one, copies)| one.own + carried(copies)).collect();
        let layers = self.layers(shelves);
        let total = zips.iter().map(|zip| zip.zipped).sum::<u64>()
            + layers.iter().map(|layer| layer.amount.zipped).sum::<u64>();
        let names: BTreeSet<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        let previous = self.previous.layers.iter().map(|layer| layer.name.clone());
        let mut gone: Vec<String> =
            previous.filter(|name| !names.contains(name.as_str())).collect();
        gone.sort();
        let is_too_large = |at: &usize| problem.needs[*at] > problem.limits.unzipped;
        let too_large = (0..functions.len()).filter(is_too_large);
        Split {
            too_large: too_large.map(|at| problem.function_order[at]).collect(),
            layers,
            copies,
            leaks,
            zips,
            unzipped,
            gone,
            total,
            lower_bound: problem.lower_bound(),
            exact: searched || total == problem.lower_bound(),
        }
    }

    fn items(&self, items: impl Iterator<Item = usize>) -> Vec<usize> {
        items.map(|item| self.problem.item_order[item]).collect()
    }

    fn layers(&self, shelves: &Shelves<'_>) -> Vec<Layer> {
        let live = shelves.shelves.iter().filter(|shelf| shelf.is_live());
        let (old, mut new): (Vec<&Shelf>, Vec<&Shelf>) =
            live.partition(|shelf| shelf.previous.is_some());
        let mut layers: Vec<Layer> =
            old.into_iter().map(|shelf| self.old(shelves, shelf)).collect();
        new.sort_by(|a, b| b.zipped.cmp(&a.zipped).then_with(|| a.items.cmp(&b.items)));
        let mut names: BTreeSet<String> = layers.iter().map(|layer| layer.name.clone()).collect();
        for shelf in new {
            let name = self.name(shelf, &names);
            names.insert(name.clone());
            layers.push(self.layer(shelves, shelf, name, Standing::New));
        }
        layers.sort_by(|a, b| a.name.cmp(&b.name));
        layers
    }

    /// A layer that goes on.
    fn old(&self, shelves: &Shelves<'_>, shelf: &Shelf) -> Layer {
        let at = shelf.previous.unwrap_or_default();
        let before = &self.previous.layers[at];
        let mut changes = self.changes[at].clone();
        if !changes.is_empty() {
            let replaced: Vec<usize> = changes.iter().filter_map(Change::new_item).collect();
            let was = |item: &usize| {
                let item = &self.items[*item];
                before.items.iter().any(|old| old.name == item.name && old.digest == item.digest)
            };
            let held = self.items(shelf.items.iter());
            let added = held.into_iter().filter(|item| !was(item) && !replaced.contains(item));
            changes.extend(added.map(Change::Added));
        }
        let standing = if changes.is_empty() { Standing::Kept } else { Standing::Changed(changes) };
        self.layer(shelves, shelf, before.name.clone(), standing)
    }

    fn layer(
        &self,
        shelves: &Shelves<'_>,
        shelf: &Shelf,
        name: String,
        standing: Standing,
    ) -> Layer {
        let saved = |item: usize| {
            let thing = &self.problem.items[item];
            let only_here = |user: &usize| {
                shelf.functions.contains(*user) && shelves.layers_with(*user, item) == 1
            };
            thing.zipped * thing.users.iter().filter(only_here).count() as u64
        };
        let functions = shelf.functions.iter().map(|at| self.problem.function_order[at]);
        Layer {
            name,
            items: self.items(shelf.items.iter()),
            functions: functions.collect(),
            amount: Amount { zipped: shelf.zipped, unzipped: shelf.unzipped },
            saves: shelf.items.iter().map(saved).sum::<u64>().saturating_sub(shelf.zipped),
            standing,
        }
    }

    /// After the largest item, with a number where that name is taken.
    fn name(&self, shelf: &Shelf, taken: &BTreeSet<String>) -> String {
        let size = |item: &usize| (self.problem.items[*item].zipped, std::cmp::Reverse(*item));
        let largest = shelf.items.iter().max_by_key(size);
        let largest = largest.map_or("", |item| &self.items[self.problem.item_order[item]].name);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let first = largest.split('+').next().unwrap_or_default();
        let text: String = first.chars().take(LONGEST_NAME).map(plain).collect();
        let name = match text.trim_matches('-') {
            "" => "layer-shared".to_owned(),
            text => format!("layer-{text}"),
        };
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !taken.contains(name))
            .unwrap_or(name)
    }
}

impl Change {
    /// The item that came into the layer.
    pub fn new_item(&self) -> Option<usize> {
        match self {
            Self::Replaced { new, .. } | Self::Added(new) => Some(*new),
            Self::Gone(_) => None,
        }
    }
}
