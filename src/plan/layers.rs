//! Which files share a layer.
//!
//! What cannot be divided over function and layer moves together: distributions that share a
//! regular package or an old-style namespace, and shared objects that need one another.

pub mod components;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use super::{Action, Decision, Generated, Of};
use crate::facts::Facts;
use crate::facts::owners::{DistId, Owner};
use crate::options::{LayerPolicy, Options};
use crate::tree::{Contents, FileId, FileMap, Kind, Layout, PackageId, Tree};
pub use components::{Component, components};

/// The folder of a layer that every Python looks into.
const PYTHON: &str = "python";

/// Where a file ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this package's function zip.
    Function(PackageId),
    /// In the layer.
    Layer,
    /// The layer holds the same bytes from another package.
    SharedAlready,
}

/// Where everything ships.
#[derive(Debug)]
pub struct Placement {
    by_file: FileMap<Place>,
    by_dist: BTreeMap<DistId, Place>,
    /// What stays in the functions although the policy wanted it in the layer, a sentence each.
    pub conflicts: Vec<String>,
}

impl Placement {
    /// Where a file ships.
    pub fn place(&self, file: FileId) -> Place {
        self.by_file[file]
    }

    /// Where a distribution's metadata ships.
    pub fn place_of_dist(&self, dist: DistId) -> Place {
        self.by_dist.get(&dist).copied().unwrap_or(Place::Layer)
    }

    /// Whether a distribution's own copy ships.
    pub fn ships_dist(&self, dist: DistId) -> bool {
        self.place_of_dist(dist) != Place::SharedAlready
    }

    /// Whether anything ships in the layer.
    pub fn has_layer(&self) -> bool {
        self.by_file.iter().any(|(_, place)| *place == Place::Layer)
    }
}

/// The path of a file in the zip of its place.
pub fn zip_path(tree: &Tree, facts: &Facts, file: FileId, place: Place) -> String {
    let path = tree.file(file).path.as_str();
    let import_path = tree.import_path(file);
    match (place, &tree.package(tree.file(file).package).layout) {
        (Place::Function(_), _) => import_path.unwrap_or(path).to_owned(),
        (_, Layout::Layer(_)) => path.to_owned(),
        (_, Layout::Flat) if path.starts_with("lib/") && is_scheme_data(facts, file, path) => {
            path.to_owned()
        }
        // Scripts lie beside lib, not among the modules, in the installation scheme too.
        (_, Layout::Flat) if path.starts_with("bin/") && is_scheme_data(facts, file, path) => {
            format!("python/{path}")
        }
        (_, Layout::Flat) => format!("{}/{path}", facts.layer_root),
    }
}

/// The path of a file in RECORD: relative to the folder that holds the distribution's metadata.
pub(super) fn recorded_path<'a>(
    tree: &'a Tree,
    facts: &Facts,
    placement: &Placement,
    file: FileId,
) -> Option<Cow<'a, str>> {
    let import_path = tree.import_path(file)?;
    let place = placement.place(file);
    let is_flat = tree.package(tree.file(file).package).layout == Layout::Flat;
    if !is_flat || place != Place::Layer || facts.layer_root == PYTHON {
        return Some(Cow::Borrowed(import_path));
    }
    let path = zip_path(tree, facts, file, place);
    let (from, to): (Vec<&str>, Vec<&str>) =
        (facts.layer_root.split('/').collect(), path.split('/').collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    Some(Cow::Owned("../".repeat(from.len() - common) + &to[common..].join("/")))
}

/// The place of a generated file, and its path in the zip of that place.
pub fn of_generated(
    tree: &Tree,
    facts: &Facts,
    placement: &Placement,
    file: &Generated,
) -> (Place, String) {
    let (place, package) = match file.of {
        Of::Dist(dist) => (placement.place_of_dist(dist), facts.owners.distribution(dist).package),
        Of::Source(source) => (placement.place(source), tree.file(source).package),
    };
    (place, generated_path(tree, facts, package, &file.import_path, place))
}

/// The path of a generated file in the zip of its place.
pub fn generated_path(
    tree: &Tree,
    facts: &Facts,
    package: PackageId,
    import_path: &str,
    place: Place,
) -> String {
    match (place, &tree.package(package).layout) {
        (Place::Function(_), _) => import_path.to_owned(),
        (_, Layout::Layer(prefix)) => format!("{prefix}/{import_path}"),
        (_, Layout::Flat) => format!("{}/{import_path}", facts.layer_root),
    }
}

/// Whether a wheel brought the file into the installation scheme's `lib` or `bin`: it belongs on
/// LD_LIBRARY_PATH, or beside that, and not among the modules.
fn is_scheme_data(facts: &Facts, file: FileId, path: &str) -> bool {
    facts.owners.brought_by(file).is_some_and(|dist| {
        let recorded = &facts.owners.distribution(dist).recorded;
        recorded
            .iter()
            .any(|entry| entry.starts_with("../") && entry.trim_start_matches("../") == path)
    })
}

/// Places every file by the policy.
///
/// # Errors
/// When a file cannot be read for comparison.
pub(super) fn place(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
    decisions: &FileMap<Decision>,
) -> Result<Placement> {
    let functions = tree.ids().map(|id| Place::Function(tree.file(id).package)).collect();
    let mut placement = Placement {
        by_file: FileMap::from_values(functions),
        by_dist: BTreeMap::new(),
        conflicts: Vec::new(),
    };
    let ships = |id: &FileId| decisions[*id].action != Action::Drop;
    let all = components(tree, facts);
    let several = tree.packages().count() > 1;
    match options.layer {
        LayerPolicy::All if !several => {
            let may = |part: &&Component| {
                let name = |id: &DistId| facts.owners.distribution(*id).normalized();
                let only = options.layer_only.as_ref();
                only.is_none_or(|only| {
                    part.distributions.iter().map(name).all(|n| only.contains(&n))
                })
            };
            all.iter().filter(may).for_each(|part| placement.put(part, Place::Layer))
        }
        LayerPolicy::All => place_union(tree, contents, facts, &all, decisions, &mut placement)?,
        LayerPolicy::Shared if several => {
            place_shared(tree, contents, facts, &all, decisions, &mut placement)?
        }
        LayerPolicy::Shared | LayerPolicy::None => {}
    }
    place_layer_trees(tree, contents, options, decisions, &mut placement)?;
    // A distribution is placed where its files are; one without files stays with its package.
    for (id, dist) in facts.owners.distributions() {
        let own = tree.ids().find(|file| facts.owners.brought_by(*file) == Some(id) && ships(file));
        let place = own.map_or(Place::Function(dist.package), |file| placement.by_file[file]);
        placement.by_dist.insert(id, place);
    }
    Ok(placement)
}

impl Placement {
    fn put(&mut self, part: &Component, place: Place) {
        if part.has_distribution {
            for file in &part.files {
                self.by_file[*file] = place;
            }
        }
    }
}

/// What lies beside the import root of a layer tree can only ship in the layer; so does all of
/// it, unless the functions are to hold everything. Where two packages have other bytes at one
/// path, the second's stay in its function.
fn place_layer_trees(
    tree: &Tree,
    contents: &dyn Contents,
    options: &Options,
    decisions: &FileMap<Decision>,
    placement: &mut Placement,
) -> Result<()> {
    let several = tree.packages().count() > 1;
    let mut there: HashMap<&str, FileId> = HashMap::new();
    for id in tree.ids().filter(|id| decisions[*id].action != Action::Drop) {
        let file = tree.file(id);
        let path = file.path.as_str();
        let beside = tree.import_path(id).is_none();
        let whole = options.layer == LayerPolicy::All && !several;
        if !matches!(tree.package(file.package).layout, Layout::Layer(_)) || !(beside || whole) {
            continue;
        }
        placement.by_file[id] = match there.get(path) {
            None => {
                there.insert(path, id);
                Place::Layer
            }
            Some(first) if is_same(tree, contents, *first, id)? => Place::SharedAlready,
            Some(_) => {
                placement.conflicts.push(format!(
                    "{path} differs from package to package and stays in its function"
                ));
                Place::Function(file.package)
            }
        };
    }
    Ok(())
}

fn is_same(tree: &Tree, contents: &dyn Contents, one: FileId, other: FileId) -> Result<bool> {
    let (a, b) = (tree.file(one), tree.file(other));
    if (a.kind, a.size, a.executable) != (b.kind, b.size, b.executable) {
        return Ok(false);
    }
    Ok(a.kind == Kind::EmptyFolder || contents.read(one)? == contents.read(other)?)
}

/// The components that at least two packages hold in the same bytes go into the layer once.
fn place_shared(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    all: &[Component],
    decisions: &FileMap<Decision>,
    placement: &mut Placement,
) -> Result<()> {
    let prints = fingerprints(tree, contents, facts, all, decisions)?;
    let mut holders: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
    for (number, print) in
        prints.iter().enumerate().filter(|(number, _)| all[*number].has_distribution)
    {
        holders.entry(print).or_default().push(number);
    }
    let mut layer = LayerPaths::default();
    for (number, part) in all.iter().enumerate().filter(|(_, part)| part.has_distribution) {
        let same = &holders[&prints[number]];
        if same.len() < 2 {
            continue;
        }
        if same[0] != number {
            if placement.by_file[all[same[0]].files[0]] == Place::Layer {
                placement.put(part, Place::SharedAlready);
            }
        } else if layer.take(&prints[number]) {
            placement.put(part, Place::Layer);
        } else {
            placement.conflicts.push(conflict(facts, part));
        }
    }
    Ok(())
}

/// Every component goes into the layer once, but those that differ from package to package.
fn place_union(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    all: &[Component],
    decisions: &FileMap<Decision>,
    placement: &mut Placement,
) -> Result<()> {
    let prints = fingerprints(tree, contents, facts, all, decisions)?;
    let mut versions: HashMap<String, Vec<&Fingerprint>> = HashMap::new();
    for (part, print) in all.iter().zip(&prints) {
        for dist in &part.distributions {
            let prints = versions.entry(facts.owners.distribution(*dist).normalized()).or_default();
            if !prints.contains(&print) {
                prints.push(print);
            }
        }
    }
    let differs = |part: &Component| {
        let names =
            part.distributions.iter().map(|dist| facts.owners.distribution(*dist).normalized());
        names.into_iter().any(|name| versions[&name].len() > 1)
    };
    let mut layer = LayerPaths::default();
    let mut placed: HashMap<&Fingerprint, ()> = HashMap::new();
    for (part, print) in all.iter().zip(&prints).filter(|(part, _)| part.has_distribution) {
        if placed.contains_key(print) {
            placement.put(part, Place::SharedAlready);
        } else if !differs(part) && layer.take(print) {
            placed.insert(print, ());
            placement.put(part, Place::Layer);
        } else {
            placement.conflicts.push(conflict(facts, part));
        }
    }
    Ok(())
}

fn conflict(facts: &Facts, part: &Component) -> String {
    let names: Vec<&str> = part
        .distributions
        .iter()
        .map(|dist| facts.owners.distribution(*dist).name.as_str())
        .collect();
    format!("{} differs from package to package and stays in its function", names.join(", "))
}

/// The paths of the layer and what stands there, so that no two components want the same path
/// with other bytes.
#[derive(Default)]
struct LayerPaths(HashMap<String, [u8; 32]>);

impl LayerPaths {
    fn take(&mut self, print: &Fingerprint) -> bool {
        let free =
            |(path, hash): &(String, [u8; 32])| self.0.get(path).is_none_or(|there| there == hash);
        let fits = print.iter().all(free);
        if fits {
            self.0.extend(print.iter().cloned());
        }
        fits
    }
}

/// What ships of a component: the layer paths with a hash of mode, change and content.
type Fingerprint = Vec<(String, [u8; 32])>;

fn fingerprints(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    all: &[Component],
    decisions: &FileMap<Decision>,
) -> Result<Vec<Fingerprint>> {
    use rayon::prelude::*;
    // Only what another package also holds is worth reading.
    let mut holders: HashMap<Vec<String>, usize> = HashMap::new();
    let names = |part: &Component| -> Vec<String> {
        part.distributions
            .iter()
            .map(|dist| facts.owners.distribution(*dist).normalized())
            .collect()
    };
    for part in all {
        *holders.entry(names(part)).or_default() += 1;
    }
    let budget = crate::memory::Budget::new(crate::facts::IN_FLIGHT);
    all.par_iter()
        .map(|part| {
            let alone = holders[&names(part)] < 2;
            let shipped = part.files.iter().filter(|file| decisions[**file].action != Action::Drop);
            let mut print = Fingerprint::new();
            for file in shipped {
                let found = tree.file(*file);
                let _held = budget.hold(found.size);
                let mut hasher = blake3::Hasher::new();
                hasher.update(
                    format!("{:?} {} ", decisions[*file].action, found.executable).as_bytes(),
                );
                if found.kind == Kind::Regular && !alone {
                    hasher.update(&contents.read(*file)?);
                } else if alone {
                    hasher.update(&found.package.0.to_le_bytes());
                }
                print.push((
                    zip_path(tree, facts, *file, Place::Layer),
                    *hasher.finalize().as_bytes(),
                ));
            }
            print.sort();
            Ok(print)
        })
        .collect()
}

/// The distribution that a file's owner makes it travel with.
fn node(owner: Owner) -> Option<DistId> {
    owner.travels_with()
}
