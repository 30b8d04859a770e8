//! Engine: which layers the functions of a workspace share, and what lies in them.
//!
//! It knows functions, items (distributions that move together) and bytes. An item lies in layers, in
//! the zips of functions that need it, or both: a function gets it from a layer that it attaches, or
//! carries its own copy.
//!
//! The aims, the weightiest first:
//!
//! 1. *Fit.* A function attaches at most [`Limits::layers`] layers, and with them stays within
//!    [`Limits::unzipped`]. Without layers a function is as small as it can be, so only one whose own
//!    needs are above the limit cannot fit ([`Split::too_large`]); it then sees nothing it does not need.
//! 2. *Stability.* A layer of the previous split changes only when an item of it did: then the new
//!    version takes the old one's place, and what nobody needs any more goes. All else that is new goes
//!    into new layers, into layers that change anyway, or into the functions' own zips.
//! 3. *Least bytes*: every layer once and every function's zip.
//! 4. *Zips of at most [`Limits::zip`]*, where that costs no bytes and slots are free.
//! 5. *Fewest leaks*, counted as pairs of a function and an item that it can import without need: items
//!    are grouped by the exact set of those that need them, unless that costs bytes.
//! 6. *Fewest layers.*
//!
//! Leaks weigh more than layers: a layer costs a line in a template, while what a function sees
//! without need can change what it does (`try: import x`).

pub mod lock;
mod problem;
mod set;
mod shelves;

use problem::Problem;
use shelves::Shelves;

use crate::target::{DIRECT_UPLOAD_LIMIT, UNZIPPED_LIMIT};

/// How many layers a function may attach on Lambda.
pub const MOST_LAYERS: usize = 5;

/// Bytes in a zip, and what they come to unzipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Compressed.
    pub zipped: u64,
    /// As Lambda counts them against its limit.
    pub unzipped: u64,
}

impl std::ops::Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { zipped: self.zipped + other.zipped, unzipped: self.unzipped + other.unzipped }
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, amount| sum + amount)
    }
}

/// A function of the workspace.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, unlike any other's.
    pub name: String,
    /// The user's code, which is always in the function's zip.
    pub own: Amount,
}

/// One variant (version, content, target) of distributions that move together.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is called in every version, such as `boto3` or `numpy+scipy`.
    pub name: String,
    /// Its version, to tell.
    pub version: String,
    /// The digest of what ships of it.
    pub digest: String,
    /// What it takes.
    pub amount: Amount,
    /// The functions that need it, by their place.
    pub users: Vec<usize>,
    /// The functions that it may come into the import path of; those that need it may always.
    pub fits: Vec<usize>,
    /// The items that no function may see beside it, by their place: other variants, equal paths.
    pub clashes: Vec<usize>,
    /// Whether it may lie in a layer.
    pub shareable: bool,
}

/// How much fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Layers that a function may attach.
    pub layers: usize,
    /// Unzipped bytes of a function with its layers.
    pub unzipped: u64,
    /// Zipped bytes that a zip should not be above.
    pub zip: u64,
}

impl Default for Limits {
    /// Lambda's.
    fn default() -> Self {
        Self { layers: MOST_LAYERS, unzipped: UNZIPPED_LIMIT, zip: DIRECT_UPLOAD_LIMIT }
    }
}

/// The split that is deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previous {
    /// Its layers.
    pub layers: Vec<PreviousLayer>,
}

/// A layer that is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousLayer {
    /// Its name.
    pub name: String,
    /// What lies in it.
    pub items: Vec<PreviousItem>,
    /// The functions that attach it, by name.
    pub functions: Vec<String>,
}

/// What lies in a layer that is deployed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PreviousItem {
    /// As [`Item::name`].
    pub name: String,
    /// As [`Item::version`].
    pub version: String,
    /// As [`Item::digest`].
    pub digest: String,
}

/// A layer of the split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name, which begins with `layer-`: that of the previous split, else after its largest item.
    pub name: String,
    /// The items in it, by their place.
    pub items: Vec<usize>,
    /// The functions that attach it, by their place.
    pub functions: Vec<usize>,
    /// What it takes.
    pub amount: Amount,
    /// Zipped bytes that there would be more if its functions carried their own copies.
    pub saves: u64,
    /// What became of it since the previous split.
    pub standing: Standing,
}

/// What became of a layer since the previous split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was not there.
    New,
    /// It holds the same bytes.
    Kept,
    /// It holds other bytes.
    Changed(Vec<Change>),
}

/// Why a layer changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// An item took the place of an older one of its name.
    Replaced {
        /// What was there.
        old: PreviousItem,
        /// What is there now, by its place.
        new: usize,
    },
    /// No function needs it any more.
    Gone(PreviousItem),
    /// It came into a layer that changed anyway.
    Added(usize),
}

/// Where every item ships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The layers, by name.
    pub layers: Vec<Layer>,
    /// By function: the items that its own zip holds.
    pub copies: Vec<Vec<usize>>,
    /// By function: the items that it can import without need.
    pub leaks: Vec<Vec<usize>>,
    /// By function: what its own zip takes.
    pub zips: Vec<Amount>,
    /// By function: unzipped bytes with all its layers.
    pub unzipped: Vec<u64>,
    /// The functions whose own needs are above the limit.
    pub too_large: Vec<usize>,
    /// The layers of the previous split that are no more, by name.
    pub gone: Vec<String>,
    /// Zipped bytes of all zips.
    pub total: u64,
    /// Every item that is needed once and every function's own: no split takes less.
    pub lower_bound: u64,
    /// Whether it is known that no split takes fewer bytes (with the previous layers as they are).
    pub exact: bool,
}

/// Splits the items over layers and functions by the aims above.
///
/// Items that nobody needs ship nowhere. The result does not depend on the order of functions and
/// items.
pub fn split(
    functions: &[Function],
    items: &[Item],
    limits: &Limits,
    previous: Option<&Previous>,
) -> Split {
    let _ = previous;
    let problem = Problem::new(functions, items, *limits);
    let mut shelves = Shelves::new(&problem);
    exact_groups(&problem, &mut shelves);
    told(functions, items, &problem, &shelves)
}

/// A layer for every set of functions that need the same items, the most bytes saved first.
fn exact_groups(problem: &Problem, shelves: &mut Shelves<'_>) {
    let mut groups: std::collections::BTreeMap<Vec<usize>, Vec<usize>> = Default::default();
    for item in problem.sharable() {
        groups.entry(problem.items[item].users.iter().collect()).or_default().push(item);
    }
    let saved = |(users, items): &(Vec<usize>, Vec<usize>)| {
        let bytes: u64 = items.iter().map(|item| problem.items[*item].zipped).sum();
        std::cmp::Reverse(bytes * (users.len() as u64 - 1))
    };
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(saved);
    for (users, items) in groups {
        let at = shelves.add();
        for item in items {
            if shelves.may_put(item, at) {
                shelves.put(item, at);
            }
        }
        let users: Vec<usize> =
            users.into_iter().filter(|user| shelves.may_attach(*user, at)).collect();
        if users.len() > 1 {
            users.into_iter().for_each(|user| shelves.attach(user, at));
        }
    }
}

fn told(functions: &[Function], items: &[Item], problem: &Problem, shelves: &Shelves<'_>) -> Split {
    let outer = |order: &[usize], inner: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
        inner.map(|at| order[at]).collect()
    };
    let mut copies = vec![Vec::new(); functions.len()];
    let mut leaks = vec![Vec::new(); functions.len()];
    for (at, function) in problem.function_order.iter().enumerate() {
        copies[*function] = outer(&problem.item_order, &mut shelves.copies(at));
        leaks[*function] = outer(&problem.item_order, &mut shelves.leaks(at));
    }
    let mut layers: Vec<Layer> = Vec::new();
    for shelf in shelves.shelves.iter().filter(|shelf| shelf.is_live()) {
        let held = outer(&problem.item_order, &mut shelf.items.iter());
        layers.push(Layer {
            name: format!("layer-{}", layers.len()),
            functions: outer(&problem.function_order, &mut shelf.functions.iter()),
            amount: held.iter().map(|item| items[*item].amount).sum(),
            items: held,
            saves: 0,
            standing: Standing::New,
        });
    }
    let carried = |copies: &[usize]| copies.iter().map(|item| items[*item].amount).sum::<Amount>();
    let zips: Vec<Amount> =
        functions.iter().zip(&copies).map(|(one, copies)| one.own + carried(copies)).collect();
    let mut unzipped: Vec<u64> = zips.iter().map(|zip| zip.unzipped).collect();
    for layer in &layers {
        layer.functions.iter().for_each(|function| unzipped[*function] += layer.amount.unzipped);
    }
    let total = zips.iter().map(|zip| zip.zipped).sum::<u64>()
        + layers.iter().map(|layer| layer.amount.zipped).sum::<u64>();
    let is_too_large = |at: &usize| problem.needs[*at] > problem.limits.unzipped;
    Split {
        layers,
        copies,
        leaks,
        zips,
        unzipped,
        too_large: outer(&problem.function_order, &mut (0..functions.len()).filter(is_too_large)),
        gone: Vec::new(),
        total,
        lower_bound: problem.lower_bound(),
        exact: total == problem.lower_bound(),
    }
}
