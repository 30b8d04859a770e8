//! What holds of every workspace.

use proptest::prelude::*;

use super::made::{self, Dice};
use super::{Workspace, function};
use crate::split::{Previous, Split, Standing};

fn workspaces() -> impl Strategy<Value = Workspace> {
    (any::<u64>(), 2_u64..12, 2_u64..24).prop_map(|(seed, functions, items)| {
        let mut workspace = made::workspace(seed, functions, items);
        // Layers as many as a real workspace has, now and then.
        workspace.limits.layers = (seed % 5 + 1) as usize;
        workspace
    })
}

/// Layers with what is in them and who attaches them, by name.
fn layers(workspace: &Workspace, split: &Split) -> Previous {
    workspace.locked(split)
}

/// The same workspace with functions and items in another order.
fn shuffled(workspace: &Workspace, seed: u64) -> Workspace {
    let mut dice = Dice(seed);
    let mut order = |count: usize| {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_cached_key(|_| dice.below(1 << 40));
        order
    };
    let (functions, items) = (order(workspace.functions.len()), order(workspace.items.len()));
    let place = |order: &[usize], at: &usize| order.iter().position(|old| old == at).unwrap();
    let item = |old: &usize| {
        let mut item = workspace.items[*old].clone();
        item.users = item.users.iter().map(|at| place(&functions, at)).collect();
        item.fits = item.fits.iter().map(|at| place(&functions, at)).collect();
        item.clashes = item.clashes.iter().map(|at| place(&items, at)).collect();
        item
    };
    Workspace {
        items: items.iter().map(item).collect(),
        functions: functions.iter().map(|old| workspace.functions[*old].clone()).collect(),
        limits: workspace.limits,
    }
}

/// The names of the layers that are not as they were.
fn touched(split: &Split) -> Vec<&str> {
    let touched =
        split.layers.iter().filter(|layer| matches!(layer.standing, Standing::Changed(_)));
    touched.map(|layer| layer.name.as_str()).collect()
}

/// Every layer of before that is there still holds what it held.
fn same_content(before: &Previous, after: &Previous) -> bool {
    before
        .layers
        .iter()
        .all(|old| after.layers.iter().all(|new| new.name != old.name || new.items == old.items))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_what_is_handed_in_has_no_say(workspace in workspaces(), seed in any::<u64>()) {
        let turned = shuffled(&workspace, seed);
        let (one, other) = (workspace.split(None), turned.split(None));
        prop_assert_eq!(layers(&workspace, &one), layers(&turned, &other));
        prop_assert_eq!(one.total, other.total);
    }

    #[test]
    fn a_second_split_of_the_same_changes_nothing(workspace in workspaces()) {
        let first = workspace.split(None);
        let previous = workspace.locked(&first);
        let second = workspace.split(Some(&previous));
        prop_assert!(touched(&second).is_empty());
        prop_assert!(second.gone.is_empty());
        prop_assert!(second.total <= first.total);
        prop_assert!(same_content(&previous, &workspace.locked(&second)));
    }

    #[test]
    fn a_new_function_changes_no_layer(workspace in workspaces(), seed in any::<u64>()) {
        let first = workspace.split(None);
        let previous = workspace.locked(&first);
        let mut grown = workspace.clone();
        let mut dice = Dice(seed);
        let new = grown.functions.len();
        // Its name is first or last.
        grown.functions.push(function(if seed % 2 == 0 { "0" } else { "zz" }));
        for at in 0..grown.items.len() {
            let taken = grown.items[at].clashes.iter().any(|other| grown.items[*other].users.contains(&new));
            if dice.below(3) > 0 {
                grown.items[at].fits.push(new);
                if dice.below(2) > 0 && !taken {
                    grown.items[at].users.push(new);
                }
            }
        }
        let second = grown.split(Some(&previous));
        prop_assert!(touched(&second).is_empty());
        prop_assert!(second.gone.is_empty());
        prop_assert!(same_content(&previous, &grown.locked(&second)));
    }

    #[test]
    fn a_bump_changes_exactly_the_layers_that_hold_it(workspace in workspaces(), seed in any::<u64>()) {
        let first = workspace.split(None);
        let previous = workspace.locked(&first);
        let mut bumped = workspace.clone();
        let item = (seed % bumped.items.len() as u64) as usize;
        bumped.bump(item);
        let second = bumped.split(Some(&previous));
        let holding: Vec<&str> = first
            .layers
            .iter()
            .filter(|layer| layer.items.contains(&item))
            .map(|layer| layer.name.as_str())
            .collect();
        prop_assert_eq!(touched(&second), holding);
        prop_assert!(second.gone.is_empty());
        prop_assert!(second.total <= first.total);
    }

    #[test]
    fn a_function_that_goes_changes_only_what_it_alone_needed(workspace in workspaces(), seed in any::<u64>()) {
        let first = workspace.split(None);
        let previous = workspace.locked(&first);
        let going = (seed % workspace.functions.len() as u64) as usize;
        let mut rest = workspace.clone();
        rest.functions.remove(going);
        for item in &mut rest.items {
            for list in [&mut item.users, &mut item.fits] {
                list.retain(|at| *at != going);
                list.iter_mut().filter(|at| **at > going).for_each(|at| *at -= 1);
            }
        }
        let second = rest.split(Some(&previous));
        let unused = |layer: &&crate::split::Layer| {
            layer.items.iter().any(|item| rest.items[*item].users.is_empty())
        };
        let expected: Vec<&str> =
            first.layers.iter().filter(unused).map(|layer| layer.name.as_str()).collect();
        for name in touched(&second) {
            prop_assert!(expected.contains(&name), "{}", name);
        }
    }
}
