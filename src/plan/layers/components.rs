//! What cannot be divided over function and layer.

use std::collections::{BTreeMap, HashMap};

use super::node;
use crate::facts::Facts;
use crate::facts::owners::{DistId, ancestors};
use crate::python::tags::ModuleFile;
use crate::tree::{FileId, PackageId, Tree, file_name, parent};

/// Files that must ship in one place.
pub struct Component {
    /// Its distributions, in order.
    pub distributions: Vec<DistId>,
    /// Whether there are any: else it is the user's code alone.
    pub has_distribution: bool,
    /// All its files, in order.
    pub files: Vec<FileId>,
}

/// Something that moves as one: a distribution, or a top-level entry of the user's code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Node<'a> {
    Dist(DistId),
    Users(PackageId, &'a str),
}

/// The components of all packages, by their first file.
pub fn components(tree: &Tree, facts: &Facts) -> Vec<Component> {
    let mut groups = Groups::default();
    let nodes: Vec<Node<'_>> = tree.ids().map(|id| node_of(tree, facts, id)).collect();
    let node = |id: FileId| nodes[id.0 as usize];
    tree.ids().for_each(|id| groups.add(node(id)));
    join_regular_packages(tree, &node, &mut groups);
    join_namespaces(tree, facts, &mut groups);
    for (needs, needed) in &facts.links.edges {
        groups.join(node(*needs), node(*needed));
    }
    let mut files: BTreeMap<usize, Vec<FileId>> = BTreeMap::new();
    for id in tree.ids() {
        files.entry(groups.root(node(id))).or_default().push(id);
    }
    let mut all: Vec<Component> =
        files.into_values().map(|files| component(files, &node)).collect();
    all.sort_by_key(|part| part.files[0]);
    all
}

fn component<'a>(files: Vec<FileId>, node: &impl Fn(FileId) -> Node<'a>) -> Component {
    let dists = files.iter().filter_map(|file| match node(*file) {
        Node::Dist(id) => Some(id),
        Node::Users(..) => None,
    });
    let mut distributions: Vec<DistId> = dists.collect();
    distributions.sort_unstable();
    distributions.dedup();
    Component { has_distribution: !distributions.is_empty(), distributions, files }
}

fn node_of<'a>(tree: &'a Tree, facts: &Facts, id: FileId) -> Node<'a> {
    let path = tree.import_path(id).unwrap_or(tree.file(id).path.as_str());
    match node(facts.owners.owner(id)) {
        Some(dist) => Node::Dist(dist),
        None => Node::Users(tree.file(id).package, path.split('/').next().unwrap_or(path)),
    }
}

/// A regular package (one with an `__init__`) has one `__path__` entry: all below it moves with it.
fn join_regular_packages<'a>(
    tree: &'a Tree,
    node: &impl Fn(FileId) -> Node<'a>,
    groups: &mut Groups<'a>,
) {
    let mut regular: HashMap<(PackageId, &str), FileId> = HashMap::new();
    for id in tree.ids() {
        let Some(path) = tree.import_path(id) else { continue };
        let name = file_name(path);
        let extension = || ModuleFile::parse(name).is_some_and(|module| module.stem == "__init__");
        if matches!(name, "__init__.py" | "__init__.pyc") || extension() {
            regular.insert((tree.file(id).package, parent(path)), id);
        }
    }
    for id in tree.ids() {
        let Some(path) = tree.import_path(id) else { continue };
        for folder in ancestors(path) {
            if let Some(init) = regular.get(&(tree.file(id).package, folder)) {
                groups.join(node(id), node(*init));
            }
        }
    }
}

/// Distributions that declare the same old-style namespace (`namespace_packages.txt`), or bring
/// a `-nspkg.pth`, whose code names a folder beside it.
fn join_namespaces(tree: &Tree, facts: &Facts, groups: &mut Groups<'_>) {
    let mut first: HashMap<(PackageId, String), DistId> = HashMap::new();
    for id in tree.ids() {
        let (Some(path), Some(dist)) = (tree.import_path(id), facts.owners.brought_by(id)) else {
            continue;
        };
        let declares = file_name(path) == "namespace_packages.txt"
            && facts.owners.in_metadata(tree, id).is_some();
        if !declares && !path.ends_with("-nspkg.pth") {
            continue;
        }
        let recorded = &facts.owners.distribution(dist).recorded;
        let tops = recorded.iter().filter_map(|path| path.split_once('/')).map(|(top, _)| top);
        for top in tops.filter(|top| !top.contains('.')) {
            let there = *first.entry((tree.file(id).package, top.to_owned())).or_insert(dist);
            groups.join(Node::Dist(dist), Node::Dist(there));
        }
    }
}

/// Disjoint sets of nodes.
#[derive(Default)]
struct Groups<'a> {
    numbers: HashMap<Node<'a>, usize>,
    above: Vec<usize>,
}

impl<'a> Groups<'a> {
    fn add(&mut self, node: Node<'a>) {
        let next = self.above.len();
        if *self.numbers.entry(node).or_insert(next) == next {
            self.above.push(next);
        }
    }

    fn root(&mut self, node: Node<'a>) -> usize {
        self.add(node);
        let mut at = self.numbers[&node];
        while self.above[at] != at {
            self.above[at] = self.above[self.above[at]];
            at = self.above[at];
        }
        at
    }

    fn join(&mut self, one: Node<'a>, other: Node<'a>) {
        let (one, other) = (self.root(one), self.root(other));
        self.above[one.max(other)] = one.min(other);
    }
}
