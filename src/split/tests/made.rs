//! Workspaces made at random, the same for the same seed.

use super::{Workspace, function, letter};
use crate::split::{Amount, Item, Limits};

/// SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    pub(super) fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }
}

/// Two targets, items that fit one or both, pairs of variants that clash, limits that bite.
pub(super) fn workspace(seed: u64, most_functions: u64, most_items: u64) -> Workspace {
    let mut dice = Dice(seed);
    let functions = dice.range(most_functions / 2 + 1, most_functions) as usize;
    let count = dice.range(most_items / 2, most_items) as usize;
    let targets: Vec<u64> = (0..functions).map(|_| dice.below(4) / 3).collect();
    let mut items: Vec<Item> = Vec::new();
    for number in 0..count {
        let zipped = dice.range(1, 100);
        // One in three is pure; one in five is another variant of the item before.
        let pure = dice.below(3) == 0;
        let target = targets[dice.below(functions as u64) as usize];
        let fits: Vec<usize> = (0..functions).filter(|at| pure || targets[*at] == target).collect();
        let variant = number > 0 && dice.below(5) == 0;
        let taken: Vec<usize> = if variant { items[number - 1].users.clone() } else { Vec::new() };
        let often = dice.range(1, 3);
        let users = fits
            .iter()
            .copied()
            .filter(|at| !taken.contains(at) && dice.below(4) <= often)
            .collect();
        let name = if variant { items[number - 1].name.clone() } else { format!("i{number}") };
        items.push(Item {
            version: number.to_string(),
            digest: format!("{name} {number}"),
            name,
            amount: Amount { zipped, unzipped: zipped * dice.range(2, 4) },
            users,
            fits,
            clashes: if variant { vec![number - 1] } else { Vec::new() },
            shareable: dice.below(12) > 0,
        });
    }
    let mut workspace = Workspace {
        functions: (0..functions).map(|number| function(&letter(number))).collect(),
        items,
        limits: Limits::default(),
    };
    let needs = |at: usize| -> u64 {
        let needed = workspace.items.iter().filter(|item| item.users.contains(&at));
        30 + needed.map(|item| item.amount.unzipped).sum::<u64>()
    };
    let most = (0..functions).map(needs).max().unwrap_or(0);
    workspace.limits = Limits {
        layers: [1, 1, 1, 2, 2, 3][dice.below(6) as usize],
        unzipped: most * dice.range(95, 125) / 100,
        zip: dice.range(80, 300),
    };
    workspace
}
