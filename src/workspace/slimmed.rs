//! One function of a workspace, decided: what of it ships, and as what.
//!
//! It names paths and hashes, no files of a tree, so that a cache can hold it and a build can go on
//! from it without looking into the package again.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::owners::DistId;
use crate::pack::licenses::{self, Licenses};
use crate::plan::layers::{self, Place, components};
use crate::plan::{Action, Because, Of, Plan};
use crate::python::metadata::Metadata;
use crate::report::{self, Amount, Doubt};
use crate::rules::Tier;
use crate::scan::Scanned;
use crate::target::Target;
use crate::tree::{FileId, FileMap, Kind, PackageId, Tree};
use crate::verify::subject;

/// One function, decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slimmed {
    /// What it is for.
    pub target: Target,
    /// The level that it was decided at, by name.
    pub level: String,
    /// What was found.
    pub before: Amount,
    /// How many symbolic links were followed.
    pub links_followed: usize,
    /// What was found of the user's own code.
    pub own: Amount,
    /// What moves together; the user's code is in none.
    pub groups: Vec<Group>,
    /// The distributions.
    pub distributions: Vec<Distribution>,
    /// What ships.
    pub entries: Vec<Entry>,
    /// What rules left out.
    pub saved: Vec<Saved>,
    /// What stays on doubt.
    pub doubts: Vec<Doubt>,
    /// The files that do, each once.
    pub on_doubt: Amount,
    /// What the user should know, a sentence each.
    pub warnings: Vec<String>,
    /// The licence texts that the zips do not hold.
    pub licenses: Licenses,
    /// The modules whose import a proof compares.
    pub modules: Vec<String>,
    /// The distributions of which nothing ships, by normalized name.
    pub left_out: Vec<String>,
}

/// Distributions that move together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Their normalized names, in order.
    pub names: Vec<String>,
    /// Their versions, in the order of the names.
    pub versions: Vec<String>,
    /// A hash of what was found of them, but for what goes whatever the program does.
    pub found: Digest,
    /// Whether no shared object is among them.
    pub pure: bool,
}

/// One distribution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Distribution {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The group that it moves with.
    pub group: usize,
    /// What was found.
    pub before: Amount,
    /// What it says of itself.
    pub metadata: Metadata,
}

/// One file that ships.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its path in a function's zip.
    pub path: String,
    /// Its path in a layer's zip.
    pub layer_path: String,
    /// The distribution that it travels with; `None` for the user's.
    pub of: Option<usize>,
    /// The group that it moves with; `None` for what stays in the function.
    pub group: Option<usize>,
    /// What its bytes are.
    pub source: Source,
    /// Bytes that were found of it; of what slim made, bytes that ship.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
    /// The rule that changes it, as tier and id.
    pub rule: Option<(String, String)>,
}

/// What the bytes of an entry are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A file of the package, with what is done to it.
    File(Digest, Action),
    /// Bytes that slim made.
    Made(Vec<u8>),
    /// A folder with nothing in it.
    Folder,
}

/// What a rule, or the user's word, left out of a distribution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// The distribution; `None` for the user's code.
    pub of: Option<usize>,
    /// The rule's tier and id.
    pub rule: (String, String),
    /// What was left out.
    pub amount: Amount,
    /// The same, by path below the import root, each with its size in bytes.
    pub files: Vec<(String, u64)>,
}

impl Slimmed {
    /// What was decided about the one package of a tree.
    ///
    /// # Errors
    /// When a licence text cannot be read.
    pub fn of(
        scanned: &Scanned,
        facts: &Facts,
        plan: &Plan,
        digests: &FileMap<Digest>,
        level: &str,
        modules: Vec<String>,
    ) -> Result<Self> {
        let tree = &scanned.tree;
        let groups = Groups::of(tree, facts, plan, digests);
        let (mut own, mut before) = (Amount::default(), Amount::default());
        let mut distributions: Vec<Distribution> = facts
            .owners
            .distributions()
            .map(|(id, dist)| Distribution {
                name: dist.name.clone(),
                version: dist.version.clone(),
                group: groups.of_dist(id),
                before: Amount::default(),
                metadata: dist.metadata.clone(),
            })
            .collect();
        for (id, file) in tree.files() {
            before.add(file.size);
            match facts.owners.owner(id).travels_with() {
                Some(dist) => distributions[dist.0 as usize].before.add(file.size),
                None => own.add(file.size),
            }
        }
        Ok(Self {
            target: facts.target,
            level: level.to_owned(),
            before,
            links_followed: tree.packages().map(|(_, package)| package.links_followed).sum(),
            own,
            entries: entries(tree, facts, plan, digests, &groups),
            saved: saved(tree, facts, plan),
            doubts: report::planned_doubts(tree, facts, plan),
            on_doubt: report::all_on_doubt(tree, plan, []),
            warnings: plan.warnings.clone(),
            licenses: licenses::texts(tree, scanned, facts, plan)?,
            modules,
            left_out: subject::left_out(tree, facts, plan, PackageId(0)),
            groups: groups.all,
            distributions,
        })
    }

    /// Whose each path of a group is, by number; what none of its distributions has here is the first's.
    pub fn of_group(&self, group: usize) -> impl Fn(&str) -> Option<usize> + '_ {
        let of_it = self.entries.iter().filter(move |entry| entry.group == Some(group));
        let of: BTreeMap<&str, usize> =
            of_it.filter_map(|entry| Some((entry.path.as_str(), entry.of?))).collect();
        let any = self.distributions.iter().position(|dist| dist.group == group);
        move |path| of.get(path).copied().or(any)
    }
}

/// The groups, and which files and distributions are in which.
struct Groups {
    all: Vec<Group>,
    by_file: FileMap<Option<usize>>,
    by_dist: BTreeMap<DistId, usize>,
}

impl Groups {
    fn of(tree: &Tree, facts: &Facts, plan: &Plan, digests: &FileMap<Digest>) -> Self {
        let mut groups = Self {
            all: Vec::new(),
            by_file: FileMap::filled(tree, None),
            by_dist: BTreeMap::new(),
        };
        for part in components(tree, facts).into_iter().filter(|part| part.has_distribution) {
            let number = groups.all.len();
            let dists = part.distributions.iter().map(|id| facts.owners.distribution(*id));
            let mut names: Vec<(String, String)> =
                dists.map(|dist| (dist.normalized(), dist.version.clone())).collect();
            names.sort();
            let (names, versions) = names.into_iter().unzip();
            let pure = !part.files.iter().any(|id| matches!(facts.content[*id], Content::Elf(_)));
            let found = found(tree, plan, digests, &part.files);
            groups.all.push(Group { names, versions, found, pure });
            part.files.iter().for_each(|id| groups.by_file[*id] = Some(number));
            groups.by_dist.extend(part.distributions.iter().map(|id| (*id, number)));
        }
        // One of which no file was found moves alone.
        for (id, dist) in facts.owners.distributions() {
            groups.by_dist.entry(id).or_insert_with(|| {
                groups.all.push(Group {
                    names: vec![dist.normalized()],
                    versions: vec![dist.version.clone()],
                    found: Digest::of(&[]),
                    pure: true,
                });
                groups.all.len() - 1
            });
        }
        groups
    }

    fn of_dist(&self, dist: DistId) -> usize {
        self.by_dist[&dist]
    }
}

/// A hash of paths, modes and contents, but for what is left out of every program.
fn found(tree: &Tree, plan: &Plan, digests: &FileMap<Digest>, files: &[FileId]) -> Digest {
    let counts = |id: &&FileId| match &plan.decisions[**id].because {
        Because::Rule(rule) => rule.tier != Tier::Certain || plan.ships(**id),
        _ => true,
    };
    let mut text = Vec::new();
    for id in files.iter().filter(counts) {
        let file = tree.file(*id);
        text.extend_from_slice(file.path.as_str().as_bytes());
        text.extend_from_slice(&[
            0,
            u8::from(file.executable),
            u8::from(file.kind == Kind::Regular),
        ]);
        text.extend_from_slice(digests[*id].as_bytes());
    }
    Digest::of(&text)
}

fn entries(
    tree: &Tree,
    facts: &Facts,
    plan: &Plan,
    digests: &FileMap<Digest>,
    groups: &Groups,
) -> Vec<Entry> {
    let paths = |id: FileId| {
        let own = Place::Function(tree.file(id).package);
        [own, Place::Layer].map(|place| layers::zip_path(tree, facts, id, place))
    };
    let of = |id: FileId| facts.owners.owner(id).travels_with().map(|dist| dist.0 as usize);
    let mut all: Vec<Entry> = Vec::new();
    for (id, file) in tree.files().filter(|(id, _)| plan.ships(*id)) {
        let [mut path, mut layer_path] = paths(id);
        let decision = &plan.decisions[id];
        let source = match (file.kind, plan.compiled.get(&id)) {
            (Kind::EmptyFolder, _) => Source::Folder,
            (Kind::Regular, Some(bytecode)) => {
                // PEP 3147: bytecode without a source stands where that would.
                path.push('c');
                layer_path.push('c');
                Source::Made(bytecode.clone())
            }
            (Kind::Regular, None) => Source::File(digests[id], decision.action),
        };
        let rule = match &decision.because {
            Because::Rule(rule) | Because::Doubt(rule, _) => {
                Some((rule.tier.name().to_owned(), rule.id.to_owned()))
            }
            _ => None,
        };
        let (of, group) = (of(id), groups.by_file[id]);
        let (size, executable) = (file.size, file.executable);
        all.push(Entry { path, layer_path, of, group, source, size, executable, rule });
    }
    for file in &plan.generated {
        let (of, group) = match file.of {
            Of::Dist(dist) => (Some(dist.0 as usize), Some(groups.of_dist(dist))),
            Of::Source(source) => (of(source), groups.by_file[source]),
        };
        let layer_path =
            layers::generated_path(tree, facts, PackageId(0), &file.import_path, Place::Layer);
        all.push(Entry {
            path: file.import_path.clone(),
            layer_path,
            of,
            group,
            size: file.bytes.len() as u64,
            source: Source::Made(file.bytes.clone()),
            executable: false,
            rule: None,
        });
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn saved(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<Saved> {
    let mut all: BTreeMap<(Option<usize>, (&str, &str)), Saved> = BTreeMap::new();
    for (id, file) in tree.files().filter(|(id, _)| !plan.ships(*id)) {
        let Some(rule) = report::counted_under(&plan.decisions[id].because) else { continue };
        let of = facts.owners.owner(id).travels_with().map(|dist| dist.0 as usize);
        let saved = all.entry((of, rule)).or_insert_with(|| Saved {
            of,
            rule: (rule.0.to_owned(), rule.1.to_owned()),
            amount: Amount::default(),
            files: Vec::new(),
        });
        saved.amount.add(file.size);
        let path = tree.import_path(id).unwrap_or(file.path.as_str());
        saved.files.push((path.to_owned(), file.size));
    }
    all.into_values().collect()
}
