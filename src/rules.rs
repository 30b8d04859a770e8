//! What may go, and why that is safe.
//!
//! A rule only proposes; the plan decides with the evidence. What each rule is, stands in
//! [`table`]; what it finds in a package, in the room of its subject.

mod binaries;
mod bytecode;
mod category;
mod data;
mod litter;
mod metadata;
mod sources;
pub mod table;
mod unreached;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::facts::Facts;
use crate::facts::imports::Form;
use crate::options::{Level, Options};
use crate::python::prose::Prose;
use crate::target::Arch;
use crate::tree::{FileId, PackageId, Tree, file_name, parent};
use table::Rule;

/// How much must be known before a rule may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// True of every program.
    Certain,
    /// True when nothing that is kept names it.
    Checked,
    /// True as far as static analysis sees from the handlers.
    Bold,
}

impl Tier {
    /// The tier's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Checked => "checked",
            Self::Bold => "bold",
        }
    }

    /// The weakest level that admits the tier.
    pub fn level(self) -> Level {
        match self {
            Self::Certain => Level::Safe,
            Self::Checked => Level::Standard,
            Self::Bold => Level::Max,
        }
    }
}

/// What a rule would do to files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Change {
    /// Leave them out.
    Drop,
    /// Leave out what the loader never maps.
    StripElf(Strip),
    /// Leave out the prose.
    ReduceMetadata,
    /// Name the interpreter so that it is found on Lambda.
    PortableShebang,
    /// Leave out the white space of JSON, also inside gzip, which is compressed again; and make the
    /// strings of this key empty.
    Json(Option<JsonKey>),
    /// Leave docstrings and comments out of a source.
    Prose(Prose),
    /// Ship the bytecode of a source in its place.
    Compiled,
}

impl Change {
    /// Whether only bytes go that the loader never maps.
    pub fn is_strip(self) -> bool {
        matches!(self, Self::StripElf(_))
    }
}

/// A key of JSON. There are few of them, and each is kept once for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct JsonKey(&'static str);

impl JsonKey {
    /// The key with this text.
    pub fn new(text: String) -> Self {
        static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(text.as_str()) {
            return Self(known);
        }
        let text: &'static str = text.leak();
        all.insert(text);
        Self(text)
    }

    /// Its text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl<'de> serde::Deserialize<'de> for JsonKey {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

/// How far a shared object is stripped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Strip {
    /// The section headers go too.
    pub bare: bool,
    /// It need not load with pages of more than 4 KiB.
    pub small_pages: bool,
    /// The target, where the kernels go that only other processors would run.
    pub kernels: Option<Arch>,
}

impl Strip {
    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self {
            bare: self.bare && other.bare,
            small_pages: self.small_pages && other.small_pages,
            kernels: self.kernels.filter(|_| self.kernels == other.kernels),
        }
    }
}

/// What one rule would do to the files that stand or fall together.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The rule.
    pub rule: &'static Rule,
    /// What it would do.
    pub change: Change,
    /// The files, in order.
    pub files: Vec<FileId>,
    /// How the files would be named, none of which anything kept may do; None where the rule needs
    /// no such evidence.
    pub named: Option<Named>,
}

/// By what the files of a proposal would be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The package they lie in.
    pub package: PackageId,
    /// The import path: a folder or a file.
    pub path: String,
    /// By what.
    pub form: Form,
}

/// A file that a rule looks at and leaves alone for a reason of its own.
#[derive(Clone, Debug)]
pub struct Guarded {
    /// The rule.
    pub rule: &'static Rule,
    /// The file.
    pub file: FileId,
    /// Why it stays.
    pub why: String,
}

/// Everything that the rules have to say about a package.
#[derive(Debug, Default)]
pub struct Proposals {
    /// What may change.
    pub proposals: Vec<Proposal>,
    /// What stays on doubt.
    pub guarded: Vec<Guarded>,
}

impl Proposals {
    fn add(&mut self, rule: &'static Rule, change: Change, file: FileId) {
        self.proposals.push(Proposal { rule, change, files: vec![file], named: None });
    }

    fn guard(&mut self, rule: &'static Rule, file: FileId, why: impl Into<String>) {
        self.guarded.push(Guarded { rule, file, why: why.into() });
    }
}

/// What every rule that the level admits and that is not off proposes, in the order of the table.
pub fn propose(tree: &Tree, facts: &Facts, options: &Options) -> Proposals {
    let (level, off) = (options.level, &options.rules_off);
    let mut found = Proposals::default();
    binaries::propose(tree, facts, &mut found);
    bytecode::propose(tree, facts, &mut found);
    litter::propose(tree, facts, &mut found);
    metadata::propose(tree, facts, &mut found);
    category::propose(tree, facts, &mut found);
    sources::propose(tree, facts, &mut found);
    data::propose(tree, facts, &mut found);
    if level == Level::Max {
        let twins = !off.contains(table::DUPLICATE_LIBRARY.id);
        unreached::propose(tree, facts, twins, &mut found);
    }
    found.proposals.retain(|proposal| !off.contains(proposal.rule.id));
    found.guarded.retain(|guarded| !off.contains(guarded.rule.id));
    let bare = level == Level::Max && !off.contains(table::SECTION_HEADERS.id);
    let small_pages = small_pages(options);
    for proposal in found.proposals.iter_mut().filter(|proposal| proposal.change.is_strip()) {
        proposal.change = Change::StripElf(Strip { bare, small_pages, kernels: None });
        if bare {
            proposal.rule = &table::SECTION_HEADERS;
        }
    }
    found.proposals.retain(|proposal| proposal.rule.tier.level() <= level);
    found.guarded.retain(|guarded| guarded.rule.tier.level() <= level);
    found
}

/// Whether shared objects need not load with pages of more than 4 KiB.
pub fn small_pages(options: &Options) -> bool {
    options.small_pages && !options.rules_off.contains(table::PAGE_SIZE.id)
}

/// The files that distributions brought and that are no metadata, with their import paths.
fn brought<'a>(
    tree: &'a Tree,
    facts: &'a Facts,
) -> impl Iterator<Item = (FileId, PackageId, &'a str)> {
    let brought = tree.ids().filter(|id| facts.owners.brought_by(*id).is_some());
    brought.filter_map(|id| {
        let path = tree.import_path(id)?;
        let in_metadata = facts.owners.in_metadata(tree, id).is_some();
        (!in_metadata).then_some((id, tree.file(id).package, path))
    })
}

/// Whether a file is one that makes its folder a place to import from.
fn is_module(path: &str) -> bool {
    let name = file_name(path);
    name.ends_with(".py") || crate::python::tags::ModuleFile::parse(name).is_some()
}

/// The folders that hold modules, the import root among them.
fn package_folders(tree: &Tree) -> std::collections::HashSet<(PackageId, &str)> {
    let modules = tree.ids().filter_map(|id| Some((tree.file(id).package, tree.import_path(id)?)));
    let mut folders: std::collections::HashSet<(PackageId, &str)> = modules
        .filter(|(_, path)| is_module(path))
        .map(|(package, path)| (package, parent(path)))
        .collect();
    folders.extend(tree.packages().map(|(id, _)| (id, "")));
    folders
}
