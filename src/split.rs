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

mod cover;
mod exact;
mod gather;
mod improve;
pub mod lock;
mod problem;
mod set;
mod shelves;
mod stable;
#[cfg(test)]
mod tests;
mod told;
mod upload;

use cover::By;
use improve::Way;
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
    let problem = Problem::new(functions, items, *limits);
    let mut start = Shelves::new(&problem);
    let nothing = Previous::default();
    let previous = previous.unwrap_or(&nothing);
    let changes = stable::go_on(functions, items, &problem, previous, &mut start);
    let mut best = gathered(&problem, &start);
    let mut searched = false;
    if previous.layers.is_empty() {
        let (better, complete) = exact::search(&problem, &best);
        best = better.unwrap_or(best);
        searched = complete;
    }
    upload::divide(&problem, &mut best);
    told::Teller { functions, items, problem: &problem, previous, changes }.tell(&best, searched)
}

/// How much may be tried after the first layers are made, in items looked at; some tenths of a second.
const MOST_WORK: u64 = 40_000_000;
/// Functions times items above which only the way is gone that is best and fastest there.
const SMALL: usize = 100_000;

/// The best of what comes of all ways to make layers, each made better as far as that takes no time.
fn gathered<'a>(problem: &'a Problem, start: &Shelves<'a>) -> Shelves<'a> {
    let best_of_large = Way::Cover(By::Bytes);
    let small = problem.functions() * problem.items.len() <= SMALL;
    let ways = match small {
        true => gather::PRICES
            .map(Way::Gather)
            .into_iter()
            .chain([best_of_large, Way::Cover(By::BytesPerSlot)])
            .collect(),
        false => vec![best_of_large],
    };
    let again = if small { vec![Way::Gather(0), best_of_large] } else { vec![best_of_large] };
    let make = |way: Way| {
        let mut shelves = start.clone();
        way.make(problem, &mut shelves);
        shelves
    };
    let mut tries: Vec<Shelves<'_>> = ways.into_iter().map(make).collect();
    tries.sort_by_key(Shelves::cost);
    let mut best = start.clone();
    let work = if small { MOST_WORK } else { MOST_WORK / 4 };
    for (at, mut shelves) in tries.into_iter().enumerate() {
        // The more a try begins with, the less it is worth.
        improve::improve(problem, &mut shelves, &again, work >> (2 * at));
        if shelves.cost() < best.cost() {
            best = shelves;
        }
    }
    best
}

impl Split {
    /// What the next split must know of this one.
    pub fn locked(&self, functions: &[Function], items: &[Item]) -> Previous {
        let layer = |layer: &Layer| {
            let item = |at: &usize| PreviousItem {
                name: items[*at].name.clone(),
                version: items[*at].version.clone(),
                digest: items[*at].digest.clone(),
            };
            let mut held: Vec<PreviousItem> = layer.items.iter().map(item).collect();
            let mut attached: Vec<String> =
                layer.functions.iter().map(|at| functions[*at].name.clone()).collect();
            held.sort();
            attached.sort();
            PreviousLayer { name: layer.name.clone(), items: held, functions: attached }
        };
        Previous { layers: self.layers.iter().map(layer).collect() }
    }
}
