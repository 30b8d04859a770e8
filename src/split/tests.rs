//! The aims of the split, one by one; what always holds; and the best that any search finds.

mod aims;
mod exhaustive;
mod made;
mod properties;
mod stability;

use super::{Amount, Function, Item, Limits, Previous, Split};

/// A workspace under test.
#[derive(Clone, Debug)]
struct Workspace {
    functions: Vec<Function>,
    items: Vec<Item>,
    limits: Limits,
}

impl Workspace {
    /// Functions `a`, `b`, … with ten bytes of their own; every item fits everywhere.
    fn of(functions: usize, items: &[(&str, u64, &[usize])]) -> Self {
        let item = |(name, size, users): &(&str, u64, &[usize])| Item {
            name: (*name).to_owned(),
            version: "1".to_owned(),
            digest: format!("{name} 1"),
            amount: Amount { zipped: *size, unzipped: *size * 3 },
            users: users.to_vec(),
            fits: (0..functions).collect(),
            clashes: Vec::new(),
            shareable: true,
        };
        Self {
            functions: (0..functions).map(|number| function(&letter(number))).collect(),
            items: items.iter().map(item).collect(),
            limits: Limits { layers: 5, unzipped: 1_000_000, zip: 1_000_000 },
        }
    }

    fn layers(mut self, layers: usize) -> Self {
        self.limits.layers = layers;
        self
    }

    fn unzipped(mut self, unzipped: u64) -> Self {
        self.limits.unzipped = unzipped;
        self
    }

    fn zip(mut self, zip: u64) -> Self {
        self.limits.zip = zip;
        self
    }

    fn clash(mut self, one: usize, other: usize) -> Self {
        self.items[one].clashes.push(other);
        self
    }

    fn bump(&mut self, item: usize) {
        self.items[item].version = "2".to_owned();
        self.items[item].digest = "bumped".to_owned();
    }

    fn split(&self, previous: Option<&Previous>) -> Split {
        let split = super::split(&self.functions, &self.items, &self.limits, previous);
        self.check(&split);
        split
    }

    /// Holds a split against what must be true of each; shares nothing with what made it.
    fn check(&self, split: &Split) {
        let mut total = 0;
        for (at, function) in self.functions.iter().enumerate() {
            let attached: Vec<_> =
                split.layers.iter().filter(|layer| layer.functions.contains(&at)).collect();
            assert!(attached.len() <= self.limits.layers, "{}: too many layers", function.name);
            let needs = |item: &usize| self.items[*item].users.contains(&at);
            let visible: Vec<usize> =
                attached.iter().flat_map(|layer| layer.items.iter().copied()).collect();
            let copies = &split.copies[at];
            for item in 0..self.items.len() {
                let has = visible.contains(&item) as usize + copies.contains(&item) as usize;
                assert!(!needs(&item) || has == 1, "{} of {}: {has}", item, function.name);
                assert!(needs(&item) || !copies.contains(&item));
            }
            for item in &visible {
                let found = &self.items[*item];
                assert!(found.shareable);
                assert!(needs(item) || found.fits.contains(&at), "{item} does not fit {at}");
                for other in visible.iter().chain(copies) {
                    let clash =
                        found.clashes.contains(other) || self.items[*other].clashes.contains(item);
                    assert!(!clash, "{item} and {other} clash in {}", function.name);
                }
            }
            let mut leaks: Vec<usize> = visible.into_iter().filter(|item| !needs(item)).collect();
            leaks.sort_unstable();
            leaks.dedup();
            let mut told = split.leaks[at].clone();
            told.sort_unstable();
            assert_eq!(told, leaks, "leaks of {}", function.name);
            let carried: Amount = copies.iter().map(|item| self.items[*item].amount).sum();
            let zip = function.own + carried;
            assert_eq!(split.zips[at], zip);
            let unzipped =
                zip.unzipped + attached.iter().map(|layer| layer.amount.unzipped).sum::<u64>();
            assert_eq!(split.unzipped[at], unzipped);
            let needed: u64 = function.own.unzipped
                + (0..self.items.len())
                    .filter(needs)
                    .map(|item| self.items[item].amount.unzipped)
                    .sum::<u64>();
            assert_eq!(split.too_large.contains(&at), needed > self.limits.unzipped);
            assert!(unzipped <= self.limits.unzipped.max(needed), "{} is too large", function.name);
            total += zip.zipped;
        }
        for layer in &split.layers {
            assert!(layer.name.starts_with("layer-"));
            assert!(!layer.items.is_empty() && !layer.functions.is_empty(), "{layer:?}");
            let amount: Amount = layer.items.iter().map(|item| self.items[*item].amount).sum();
            assert_eq!(amount, layer.amount);
            total += amount.zipped;
        }
        let mut names: Vec<&str> = split.layers.iter().map(|layer| layer.name.as_str()).collect();
        names.dedup();
        assert_eq!(names.len(), split.layers.len(), "two layers of one name");
        assert_eq!(split.total, total);
        assert!(split.total >= split.lower_bound);
    }

    /// What slim.lock would hold of a split.
    fn locked(&self, split: &Split) -> Previous {
        split.locked(&self.functions, &self.items)
    }
}

fn function(name: &str) -> Function {
    Function { name: name.to_owned(), own: Amount { zipped: 10, unzipped: 30 } }
}

fn letter(number: usize) -> String {
    char::from(b'a' + number as u8).to_string()
}

/// The layers as text: what lies in each, and who attaches it.
fn shown(workspace: &Workspace, split: &Split) -> Vec<String> {
    let layer = |layer: &super::Layer| {
        let mut items: Vec<&str> =
            layer.items.iter().map(|item| workspace.items[*item].name.as_str()).collect();
        let mut functions: Vec<&str> =
            layer.functions.iter().map(|at| workspace.functions[*at].name.as_str()).collect();
        items.sort_unstable();
        functions.sort_unstable();
        format!("{}: {} for {}", layer.name, items.join(" "), functions.join(" "))
    };
    split.layers.iter().map(layer).collect()
}
