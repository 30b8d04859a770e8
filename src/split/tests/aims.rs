//! Each aim alone, and each against the next.

use super::{Workspace, shown};
use crate::split::Limits;

#[test]
fn each_set_of_sharers_has_its_layer() {
    let workspace = Workspace::of(
        3,
        &[
            ("boto3", 100, &[0, 1, 2]),
            ("jinja2", 20, &[0, 1]),
            ("six", 1, &[0, 1, 2]),
            ("lone", 9, &[2]),
        ],
    );
    let split = workspace.split(None);
    assert_eq!(
        shown(&workspace, &split),
        ["layer-boto3: boto3 six for a b c", "layer-jinja2: jinja2 for a b"]
    );
    assert_eq!(split.total, split.lower_bound);
    assert!(split.exact);
    assert!(split.leaks.iter().all(Vec::is_empty));
    assert_eq!(split.copies, [vec![], vec![], vec![3]]);
    let saves: Vec<u64> = split.layers.iter().map(|layer| layer.saves).collect();
    assert_eq!(saves, [202, 20]);
}

#[test]
fn leaks_are_taken_where_slots_are_few_and_told() {
    let items: &[(&str, u64, &[usize])] = &[("x", 50, &[0, 1, 2]), ("y", 40, &[0, 1])];
    let workspace = Workspace::of(3, items).layers(1);
    let split = workspace.split(None);
    assert_eq!(shown(&workspace, &split), ["layer-x: x y for a b c"]);
    assert_eq!(split.leaks, [vec![], vec![], vec![1]]);
    assert_eq!(split.total, split.lower_bound);
}

#[test]
fn no_layer_holds_what_does_not_fit_or_clashes() {
    let items: &[(&str, u64, &[usize])] = &[("x", 50, &[0, 1, 2]), ("y", 60, &[0, 1])];
    let mut workspace = Workspace::of(3, items).layers(1);
    workspace.items[1].fits = vec![0, 1];
    let split = workspace.split(None);
    assert_eq!(split.total, 30 + 50 * 2 + 60, "the third function carries x itself");
    assert!(split.leaks.iter().all(Vec::is_empty));
    let items: &[(&str, u64, &[usize])] =
        &[("x", 50, &[0, 1, 2]), ("y", 60, &[0, 1]), ("y", 61, &[2])];
    let workspace = Workspace::of(3, items).layers(1).clash(1, 2);
    assert_eq!(workspace.split(None).total, 30 + 50 * 2 + 60 + 61);
}

#[test]
fn what_may_not_lie_in_a_layer_is_carried() {
    let mut workspace = Workspace::of(2, &[("x", 50, &[0, 1])]);
    workspace.items[0].shareable = false;
    let split = workspace.split(None);
    assert!(split.layers.is_empty());
    assert_eq!(split.copies, [[0], [0]]);
    assert_eq!((split.total, split.lower_bound), (120, 70));
}

#[test]
fn leaks_never_exceed_the_limit() {
    // The third function would take 30 + 150 + 180.
    let items: &[(&str, u64, &[usize])] = &[("x", 50, &[0, 1, 2]), ("y", 60, &[0, 1])];
    let workspace = Workspace::of(3, items).layers(1).unzipped(360);
    assert_eq!(workspace.split(None).total, 30 + 50 + 60);
    let workspace = Workspace::of(3, items).layers(1).unzipped(359);
    let split = workspace.split(None);
    assert_eq!(split.too_large, [0, 1], "they need as much");
    assert_eq!(split.total, 30 + 50 * 2 + 60);
}

#[test]
fn a_function_that_cannot_fit_is_named_and_sees_nothing_more() {
    let items: &[(&str, u64, &[usize])] = &[("x", 50, &[0, 1, 2]), ("y", 60, &[0, 1])];
    let workspace = Workspace::of(3, items).layers(1).unzipped(179);
    let split = workspace.split(None);
    assert_eq!(split.too_large, [0, 1, 2]);
    assert!(split.leaks.iter().all(Vec::is_empty));
    assert_eq!(split.total, 30 + 50 * 2 + 60, "it is still the best there is");
}

#[test]
fn a_leak_weighs_more_than_a_layer_and_less_than_bytes() {
    // With two slots the exact groups cost as much as one layer: no leak.
    let items: &[(&str, u64, &[usize])] = &[("x", 50, &[0, 1, 2]), ("y", 40, &[0, 1])];
    let split = Workspace::of(3, items).layers(2).split(None);
    assert_eq!((split.layers.len(), split.total), (2, split.lower_bound));
    assert!(split.leaks.iter().all(Vec::is_empty));
}

#[test]
fn large_zips_are_divided_where_slots_are_free() {
    let items: &[(&str, u64, &[usize])] =
        &[("x", 60, &[0, 1]), ("y", 50, &[0, 1]), ("v", 70, &[0]), ("w", 30, &[0])];
    let split = Workspace::of(2, items).zip(100).split(None);
    assert!(split.layers.iter().all(|layer| layer.amount.zipped <= 100), "{:?}", split.layers);
    assert!(split.zips.iter().all(|zip| zip.zipped <= 100), "{:?}", split.zips);
    assert_eq!(split.total, split.lower_bound);
    assert_eq!(split.layers.len(), 3);
    // With one slot it stays as it is.
    let split = Workspace::of(2, items).zip(100).layers(1).split(None);
    assert_eq!(split.layers.len(), 1);
    assert_eq!(split.total, split.lower_bound);
}

#[test]
fn no_layers_where_none_may_be() {
    let split = Workspace::of(2, &[("x", 50, &[0, 1])]).layers(0).split(None);
    assert!(split.layers.is_empty());
    assert!(split.exact, "there is no other split");
}

#[test]
fn of_equals_the_order_of_names_decides() {
    // Each two share as much, and each can attach one layer.
    let workspace = Workspace::of(3, &[("x", 50, &[0, 1]), ("y", 50, &[1, 2]), ("z", 50, &[0, 2])]);
    let mut workspace = workspace.layers(1).unzipped(330);
    workspace.items.iter_mut().for_each(|item| item.fits.clone_from(&item.users));
    let first = shown(&workspace, &workspace.split(None));
    assert_eq!(first.len(), 1);
    let mut turned = workspace.clone();
    turned.functions.rotate_left(1);
    turned.items.rotate_left(1);
    for item in &mut turned.items {
        for list in [&mut item.users, &mut item.fits] {
            list.iter_mut().for_each(|at| *at = (*at + 2) % 3);
        }
    }
    assert_eq!(shown(&turned, &turned.split(None)), first);
}

#[test]
fn names_are_plain_and_differ() {
    let items: &[(&str, u64, &[usize])] =
        &[("Ruamel.Yaml+x", 50, &[0, 1]), ("ruamel.yaml", 40, &[1, 2]), ("___", 3, &[0, 2])];
    let workspace = Workspace::of(3, items);
    let split = workspace.split(None);
    let names: Vec<&str> = split.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["layer-ruamel-yaml", "layer-ruamel-yaml-2", "layer-shared"]);
}

#[test]
fn the_limits_are_those_of_lambda() {
    let limits = Limits::default();
    assert_eq!((limits.layers, limits.unzipped, limits.zip), (5, 262_144_000, 52_428_800));
}

#[test]
fn nothing_is_split_into_nothing() {
    let split = Workspace::of(0, &[]).split(None);
    assert_eq!((split.layers.len(), split.total), (0, 0));
    let split = Workspace::of(1, &[("nobody", 5, &[])]).split(None);
    assert_eq!((split.layers.len(), split.total, split.lower_bound), (0, 10, 10));
}
