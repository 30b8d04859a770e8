//! What becomes of the layers that are there already.

use super::{Workspace, function, shown};
use crate::split::{Change, Layer, Previous, Split, Standing, lock};

/// Three functions with two layers: `x` for all, `y` and `z` for the first two.
fn deployed() -> (Workspace, Previous) {
    let workspace = Workspace::of(
        3,
        &[("x", 50, &[0, 1, 2]), ("y", 40, &[0, 1]), ("z", 7, &[0, 1]), ("lone", 5, &[2])],
    );
    let split = workspace.split(None);
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c", "layer-y: y z for a b"]);
    let previous = workspace.locked(&split);
    (workspace, previous)
}

fn layer<'a>(split: &'a Split, name: &str) -> &'a Layer {
    split.layers.iter().find(|layer| layer.name == name).unwrap()
}

#[test]
fn nothing_changed_nothing_changes() {
    let (workspace, previous) = deployed();
    let split = workspace.split(Some(&previous));
    assert!(split.layers.iter().all(|layer| layer.standing == Standing::Kept));
    assert_eq!(workspace.locked(&split), previous);
}

#[test]
fn a_new_function_attaches_what_is_there() {
    let (mut workspace, previous) = deployed();
    workspace.functions.insert(0, function("0"));
    for item in &mut workspace.items {
        item.users.iter_mut().for_each(|user| *user += 1);
        item.fits = vec![0, 1, 2, 3];
    }
    workspace.items[0].users.insert(0, 0);
    workspace.items[3].users.insert(0, 0);
    let split = workspace.split(Some(&previous));
    assert_eq!(
        shown(&workspace, &split),
        ["layer-lone: lone for 0 c", "layer-x: x for 0 a b c", "layer-y: y z for a b"]
    );
    assert_eq!(layer(&split, "layer-x").standing, Standing::Kept);
    assert_eq!(layer(&split, "layer-y").standing, Standing::Kept);
    assert_eq!(layer(&split, "layer-lone").standing, Standing::New);
}

#[test]
fn a_better_split_is_not_made_at_the_cost_of_a_layer() {
    // Anew, y and z would be apart; the layer stays, and the third function sees z.
    let (mut workspace, previous) = deployed();
    workspace.items[1].users.push(2);
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c", "layer-y: y z for a b c"]);
    assert!(split.layers.iter().all(|layer| layer.standing == Standing::Kept));
    assert_eq!(split.leaks, [vec![], vec![], vec![2]]);
    assert_eq!(workspace.split(None).leaks, [vec![], vec![], vec![]] as [Vec<usize>; 3]);
}

#[test]
fn a_bump_changes_its_layer_alone() {
    let (mut workspace, previous) = deployed();
    workspace.bump(1);
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c", "layer-y: y z for a b"]);
    assert_eq!(layer(&split, "layer-x").standing, Standing::Kept);
    let old = previous.layers[1].items[0].clone();
    let changed = Standing::Changed(vec![Change::Replaced { old, new: 1 }]);
    assert_eq!(layer(&split, "layer-y").standing, changed);
}

#[test]
fn what_comes_with_a_bump_goes_into_the_layer_that_changes_anyway() {
    let (mut workspace, previous) = deployed();
    workspace.bump(1);
    let mut new = workspace.items[2].clone();
    new.name = "new".to_owned();
    new.digest = "new 1".to_owned();
    workspace.items.push(new);
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c", "layer-y: new y z for a b"]);
    let Standing::Changed(changes) = &layer(&split, "layer-y").standing else { panic!() };
    assert!(changes.contains(&Change::Added(4)), "{changes:?}");
}

#[test]
fn a_bump_for_some_leaves_the_layer_to_the_others() {
    let (mut workspace, previous) = deployed();
    let mut newer = workspace.items[0].clone();
    workspace.items[0].users = vec![0, 1];
    newer.users = vec![2];
    newer.version = "2".to_owned();
    newer.digest = "x 2".to_owned();
    newer.clashes = vec![0];
    workspace.items.push(newer);
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b", "layer-y: y z for a b"]);
    assert!(split.layers.iter().all(|layer| layer.standing == Standing::Kept));
    assert_eq!(split.copies[2], [3, 4]);
}

#[test]
fn what_nobody_needs_goes_and_a_layer_that_is_empty_too() {
    let (mut workspace, previous) = deployed();
    workspace.items[2].users.clear();
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c", "layer-y: y for a b"]);
    let gone = Change::Gone(previous.layers[1].items[1].clone());
    assert_eq!(layer(&split, "layer-y").standing, Standing::Changed(vec![gone]));
    workspace.items[1].users.clear();
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b c"]);
    assert_eq!(split.gone, ["layer-y"]);
}

#[test]
fn a_function_that_goes_changes_no_layer_that_others_need() {
    let (mut workspace, previous) = deployed();
    workspace.functions.pop();
    for item in &mut workspace.items {
        item.users.retain(|user| *user < 2);
        item.fits.retain(|user| *user < 2);
    }
    let split = workspace.split(Some(&previous));
    assert_eq!(shown(&workspace, &split), ["layer-x: x for a b", "layer-y: y z for a b"]);
    assert!(split.layers.iter().all(|layer| layer.standing == Standing::Kept));
}

#[test]
fn a_layer_of_one_function_stays() {
    let items: &[(&str, u64, &[usize])] = &[("v", 70, &[0]), ("w", 30, &[0]), ("u", 20, &[0])];
    let workspace = Workspace::of(1, items).zip(100);
    let split = workspace.split(None);
    assert_eq!(shown(&workspace, &split), ["layer-v: v for a"]);
    let previous = workspace.locked(&split);
    let wide = workspace.zip(1_000);
    let split = wide.split(Some(&previous));
    assert_eq!(split.layers[0].standing, Standing::Kept);
}

#[test]
fn the_lock_reads_what_it_wrote() {
    let (workspace, mut previous) = deployed();
    previous.layers[0].items[0].version = "1\"\\\n\u{7f}ü".to_owned();
    let text = lock::write(&previous);
    assert_eq!(lock::read("slim.lock", &text).unwrap(), previous);
    let mut turned = previous.clone();
    turned.layers.reverse();
    turned.layers.iter_mut().for_each(|layer| layer.items.reverse());
    assert_eq!(lock::write(&turned), text);
    let (_, previous) = deployed();
    drop(workspace);
    assert_eq!(
        lock::write(&previous).split_once("\nversion").unwrap().1,
        " = 1\n\n[[layer]]\nname = \"layer-x\"\nfunctions = [\"a\", \"b\", \"c\"]\nitems = [\n    { name = \
         \"x\", version = \"1\", digest = \"x 1\" },\n]\n\n[[layer]]\nname = \"layer-y\"\nfunctions = [\"a\", \
         \"b\"]\nitems = [\n    { name = \"y\", version = \"1\", digest = \"y 1\" },\n    { name = \"z\", \
         version = \"1\", digest = \"z 1\" },\n]\n"
    );
}

#[test]
fn a_damaged_lock_is_refused_with_the_next_step() {
    let (_, previous) = deployed();
    let text = lock::write(&previous);
    let told = |text: &str| {
        let failure = lock::read("slim.lock", text).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.next_step().unwrap().contains("--replan"));
        failure.to_string()
    };
    let version = told(&text.replace("version = 1\n", "version = 2\n"));
    assert_eq!(
        version,
        "failed to read slim.lock: it is of version 2, and this slim knows version 1"
    );
    assert!(told("").contains("version"));
    assert!(
        told(&text[..text.len() - 30]).contains("line 1"),
        "{}",
        told(&text[..text.len() - 30])
    );
    assert!(told(&text.replace("digest", "digests")).contains("line"));
    assert!(told(&text.replace("layer-y", "layer-x")).contains("two layers are called layer-x"));
    assert!(told(&text.replace("layer-y", "../y")).contains("no layer is called"));
}
