//! How long it takes to split a workspace into layers.

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use lambda_slim::split::{Amount, Function, Item, Limits, split};

fn main() {
    divan::main();
}

/// A workspace of so many functions and items.
struct Workspace {
    functions: Vec<Function>,
    items: Vec<Item>,
}

static SMALL: LazyLock<Workspace> = LazyLock::new(|| made(12, 120));
static LARGE: LazyLock<Workspace> = LazyLock::new(|| made(300, 2_000));

/// Some items in common, stacks of items that some functions share, and a few that are anybody's.
fn made(functions: usize, items: usize) -> Workspace {
    let mut state = 7_u64;
    let mut below = |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let stacks = (functions as u64 / 8).max(3);
    let amount = |zipped: u64| Amount { zipped, unzipped: zipped * 3 };
    let mut item = |number: usize| Item {
        name: format!("distribution-{number}"),
        version: "1".to_owned(),
        digest: number.to_string(),
        amount: amount(
            1_000 + [200_000, 200_000, 2_000_000, 20_000_000][below(4) as usize] / (1 + below(9)),
        ),
        users: Vec::new(),
        fits: (0..functions).collect(),
        clashes: Vec::new(),
        shareable: true,
    };
    let mut items: Vec<Item> = (0..items).map(&mut item).collect();
    let mut room = vec![200_000_000_u64; functions];
    for (function, room) in room.iter_mut().enumerate() {
        let own = below(stacks);
        for (number, item) in items.iter_mut().enumerate() {
            let chance = match number as u64 {
                number if number.is_multiple_of(40) => 60,
                number if number % stacks == own => 30,
                _ => 1,
            };
            if below(100) < chance && item.amount.unzipped < *room {
                *room -= item.amount.unzipped;
                item.users.push(function);
            }
        }
    }
    let function = |number| Function { name: format!("function-{number:03}"), own: amount(20_000) };
    Workspace { functions: (0..functions).map(function).collect(), items }
}

#[divan::bench(args = ["12 x 120", "300 x 2000"], sample_count = 10)]
fn anew(bencher: Bencher<'_, '_>, size: &str) {
    let Workspace { functions, items } = if size.starts_with("12") { &*SMALL } else { &*LARGE };
    bencher.bench(|| split(black_box(functions), black_box(items), &Limits::default(), None));
}

/// With the layers of the same workspace there.
#[divan::bench(sample_count = 10)]
fn again(bencher: Bencher<'_, '_>) {
    let Workspace { functions, items } = &*LARGE;
    let previous = split(functions, items, &Limits::default(), None).locked(functions, items);
    bencher.bench(|| split(black_box(functions), items, &Limits::default(), Some(&previous)));
}
