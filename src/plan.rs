//! One decision per file, each with its reason.

mod contradictions;
mod evidence;
mod generated;
mod globs;
mod handlers;
mod kernels;
pub mod layers;
mod prose;
mod provided;
mod selected;
pub mod sourceless;
mod twins;
mod warnings;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::facts::imports::{self, EntryPoints, ImportGraph, Wanted};
use crate::facts::observed::Observed;
use crate::facts::owners::DistId;
use crate::facts::reach::{Reach, Step};
use crate::options::{Glob, Level, Options};
use crate::progress::Progress;
use crate::rules::table::Rule;
use crate::rules::{self, Change, Guarded, Proposal};
use crate::tree::{Contents, FileId, FileMap, Tree};
use layers::Placement;

pub use contradictions::contradictions;
pub use generated::{Generated, Of};

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// It ships as it is.
    Keep,
    /// It ships changed.
    Change(Change),
    /// It does not ship.
    Drop,
}

/// Why a decision fell.
#[derive(Clone, Debug)]
pub enum Because {
    /// No rule has anything against it.
    NoRule,
    /// The user said keep.
    KeepOption(Arc<Glob>),
    /// The user said drop.
    DropOption(Arc<Glob>),
    /// A run asked for it.
    Restored(String),
    /// A rule with all the evidence it needs.
    Rule(&'static Rule),
    /// A rule proposed to take it away, and there is doubt.
    Doubt(&'static Rule, Why),
}

/// Files that stay because a run of what a build made asked for them, each with what asked.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The files.
    pub files: BTreeMap<FileId, String>,
    /// What asked for sources as they were, where a result without docstrings and comments, or with
    /// bytecode in their place, failed.
    pub sources: Option<String>,
    /// What asked for the kernels of other processors, where a result without them failed.
    pub kernels: Option<String>,
}

/// Why a file stays although a rule proposed otherwise.
#[derive(Clone, Debug)]
pub enum Why {
    /// Something kept leads to it.
    Reached(Step),
    /// Its content is not what RECORD says: somebody changed it.
    Modified,
    /// The rule's own reason.
    Guarded(String),
}

/// The decision on one file.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What becomes of it.
    pub action: Action,
    /// Why.
    pub because: Because,
}

/// Files that stay on doubt, together.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The rule that proposed to take them away.
    pub rule: &'static Rule,
    /// What it is: the path of the folder or file.
    pub what: String,
    /// The files.
    pub files: Vec<FileId>,
    /// Why they stay.
    pub why: Why,
}

/// Everything that is decided about a build before bytes are made.
#[derive(Debug)]
pub struct Plan {
    /// One decision a file.
    pub decisions: FileMap<Decision>,
    /// Files that slim writes itself.
    pub generated: Vec<Generated>,
    /// The bytecode that ships in place of a source.
    pub compiled: BTreeMap<FileId, Vec<u8>>,
    /// Where each file goes.
    pub placement: Placement,
    /// By which chain each file that was looked for is reached.
    pub reach: Reach,
    /// What stays on doubt.
    pub doubts: Vec<Doubt>,
    /// What the user should know, a sentence each.
    pub warnings: Vec<String>,
    /// The distributions that are left to Lambda's runtime, with their versions.
    pub left_to_runtime: Vec<String>,
}

impl Plan {
    /// Whether a file ships.
    pub fn ships(&self, id: FileId) -> bool {
        self.decisions[id].action != Action::Drop
    }
}

/// What a build at level max must say as long as nothing ran what it wrote.
const UNPROVEN: &str = "level max rests on static analysis and facts, and no run has proven this \
                        result: try it before you deploy it";

/// Decides about every file; what was restored stays, whatever rules say.
///
/// # Errors
/// When a file cannot be read, or a glob of the user's matches nothing.
pub fn make(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
    restored: &Restored,
    progress: &dyn Progress,
) -> Result<Plan> {
    let mut draft = Draft::new(tree, facts, options)?;
    draft.restore(restored);
    let provided = match options.exclude_runtime
        && !options.rules_off.contains(rules::table::RUNTIME_PROVIDED.id)
    {
        true => provided::leave(&mut draft, contents, progress)?,
        false => provided::Provided::default(),
    };
    let handlers = handlers::find(tree, contents, facts, options)?;
    let mut found = rules::propose(tree, facts, options);
    draft.drop_certain(&found.proposals);
    twins::without_first(&draft, options, &mut found);
    let candidates = named(&found.proposals);
    let points = entry_points(options.level);
    let traced = traced(facts, options);
    let modified = |files: &[FileId]| imports::modified(contents, tree, facts, files);
    draft.keep_modified(&modified(&draft.to_check(&found.proposals))?, &found.proposals);
    let settled = loop {
        let mut decided = draft.clone();
        let graph = ImportGraph::new(tree, contents, facts, &wanted(&candidates), points)?;
        progress.begin("searching", tree.bytes());
        let settled = evidence::settle(
            &mut decided,
            &candidates,
            &handlers,
            &graph,
            traced,
            |files, reached| graph.edges(files, reached, progress),
        )?;
        progress.end();
        selected::apply(&mut decided, &settled, options.level);
        // Most of what could go stays: only what goes is held against RECORD.
        let somebodys = modified(&decided.dropped_since(&draft))?;
        if somebodys.is_empty() {
            draft = decided;
            break settled;
        }
        for file in somebodys {
            if let Because::Rule(rule) = decided.decisions[file].because {
                draft.keep_of_somebody(file, rule);
            }
        }
    };
    twins::tell(&mut draft);
    if options.level == Level::Max {
        selected::blank(&mut draft, contents, &handlers)?;
        prose::apply(&mut draft, contents, &options.rules_off, restored.sources.as_ref())?;
    }
    draft.change(&found.proposals);
    if options.level == Level::Max {
        kernels::apply(&mut draft, contents, options, restored.kernels.as_ref())?;
    }
    draft.guard(&found.guarded);
    provided.say(&mut draft);
    let decisions = draft.decisions;
    let placement = layers::place(tree, contents, facts, options, &decisions)?;
    let generated = generated::make(tree, facts, &decisions, &placement, &settled.record_readers);
    let mut warnings = facts.warnings.clone();
    warnings.extend(provided.warnings);
    if options.level == Level::Max && options.proving.is_none() {
        warnings.push(UNPROVEN.to_owned());
    }
    warnings.extend(warnings::all(tree, contents, facts, options, &decisions, &placement)?);
    Ok(Plan {
        decisions,
        generated,
        compiled: BTreeMap::new(),
        placement,
        reach: settled.reach,
        doubts: draft.doubts,
        warnings,
        left_to_runtime: provided.left,
    })
}

/// Whether every handler is there, as far as the code tells.
///
/// # Errors
/// A usage [`crate::failure::Failure`] for the first that is not.
pub fn check_handlers(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
) -> Result<()> {
    handlers::find(tree, contents, facts, options).map(drop)
}

/// Functions of the user's code that look like handlers, as `module.function`, the likeliest first.
pub fn likely_handlers(tree: &Tree, contents: &dyn Contents, facts: &Facts) -> Vec<String> {
    handlers::candidates(tree, contents, facts)
}

/// What the handlers alone reach, the rest of the user's code left aside.
///
/// # Errors
/// As [`make`].
pub fn from_handlers(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Reach> {
    let handlers = handlers::find(tree, contents, facts, options)?;
    let graph = ImportGraph::new(tree, contents, facts, &[], EntryPoints::AskedFor)?.whole();
    evidence::follow(tree, &handlers, &graph, progress)
}

/// The proposals that depend on what names their files.
fn named(proposals: &[Proposal]) -> Vec<&Proposal> {
    proposals.iter().filter(|proposal| proposal.named.is_some()).collect()
}

/// What runs were seen to open, where it counts.
fn traced<'f>(facts: &'f Facts, options: &Options) -> Option<&'f Observed> {
    let is_on = !options.rules_off.contains(rules::table::UNOPENED.id);
    facts.observed.as_ref().filter(|_| options.level == Level::Max && is_on)
}

fn entry_points(level: Level) -> EntryPoints {
    match level {
        Level::Safe | Level::Standard => EntryPoints::All,
        Level::Max => EntryPoints::AskedFor,
    }
}

fn wanted(candidates: &[&Proposal]) -> Vec<Wanted> {
    let wanted = |proposal: &&Proposal| {
        let named = proposal.named.clone()?;
        let files = proposal.files.clone();
        Some(Wanted { package: named.package, path: named.path, form: named.form, files })
    };
    candidates.iter().filter_map(wanted).collect()
}

/// The decisions while they are being made.
#[derive(Clone)]
struct Draft<'t> {
    tree: &'t Tree,
    facts: &'t Facts,
    decisions: FileMap<Decision>,
    /// Files whose decision no rule may change any more.
    pinned: FileMap<bool>,
    doubts: Vec<Doubt>,
}

impl<'t> Draft<'t> {
    /// Every file kept, but for what the user's own globs say.
    fn new(tree: &'t Tree, facts: &'t Facts, options: &Options) -> Result<Self> {
        let kept = Decision { action: Action::Keep, because: Because::NoRule };
        let mut draft = Self {
            tree,
            facts,
            decisions: FileMap::filled(tree, kept),
            pinned: FileMap::filled(tree, false),
            doubts: Vec::new(),
        };
        for (id, glob) in globs::matched("drop", tree, facts, &options.drop)? {
            draft.pin(id, Action::Drop, Because::DropOption(glob));
        }
        for (id, glob) in globs::matched("keep", tree, facts, &options.keep)? {
            draft.pin(id, Action::Keep, Because::KeepOption(glob));
        }
        Ok(draft)
    }

    fn restore(&mut self, restored: &Restored) {
        for (id, asked_by) in &restored.files {
            if !self.pinned[*id] {
                self.pin(*id, Action::Keep, Because::Restored(asked_by.clone()));
            }
        }
    }

    fn pin(&mut self, id: FileId, action: Action, because: Because) {
        self.pinned[id] = true;
        self.decisions[id] = Decision { action, because };
    }

    fn is_gone(&self, id: FileId) -> bool {
        self.decisions[id].action == Action::Drop
    }

    /// The distribution that brought a file.
    fn owner(&self, id: FileId) -> Option<DistId> {
        self.facts.owners.brought_by(id)
    }

    fn drop_certain(&mut self, proposals: &[Proposal]) {
        for proposal in proposals.iter().filter(|p| p.change == Change::Drop && p.named.is_none()) {
            for file in &proposal.files {
                if !self.pinned[*file] && !self.is_gone(*file) {
                    self.decisions[*file] =
                        Decision { action: Action::Drop, because: Because::Rule(proposal.rule) };
                }
            }
        }
    }

    /// The files whose content must be what RECORD says before a rule may act, in order, but for what
    /// evidence decides. What the loader never maps of a shared object may go from anybody's.
    fn to_check(&self, proposals: &[Proposal]) -> Vec<FileId> {
        let acts = |proposal: &&Proposal| !proposal.change.is_strip() && proposal.named.is_none();
        let acting = proposals.iter().filter(acts);
        let mut files: Vec<FileId> =
            acting.flat_map(|proposal| proposal.files.iter().copied()).collect();
        files.retain(|file| !self.pinned[*file]);
        files.sort_unstable();
        files.dedup();
        files
    }

    /// The files that are dropped and were not, in order.
    fn dropped_since(&self, before: &Self) -> Vec<FileId> {
        self.tree.ids().filter(|id| self.is_gone(*id) && !before.is_gone(*id)).collect()
    }

    fn keep_modified(&mut self, modified: &[FileId], proposals: &[Proposal]) {
        for proposal in proposals.iter().filter(|proposal| !proposal.change.is_strip()) {
            for file in proposal.files.iter().filter(|file| modified.binary_search(file).is_ok()) {
                if !self.pinned[*file] {
                    self.keep_of_somebody(*file, proposal.rule);
                }
            }
        }
    }

    /// Keeps a file whose content is not what RECORD says.
    fn keep_of_somebody(&mut self, file: FileId, rule: &'static Rule) {
        self.doubt(rule, self.tree.shown(file), vec![file], &Why::Modified);
        self.pin(file, Action::Keep, Because::Doubt(rule, Why::Modified));
    }

    fn change(&mut self, proposals: &[Proposal]) {
        for proposal in proposals.iter().filter(|proposal| proposal.change != Change::Drop) {
            for file in &proposal.files {
                if self.decisions[*file].action == Action::Keep && !self.is_kept_whole(*file) {
                    let because = Because::Rule(proposal.rule);
                    self.decisions[*file] =
                        Decision { action: Action::Change(proposal.change), because };
                }
            }
        }
    }

    /// Whether not even the unmapped bytes of the file may go.
    fn is_kept_whole(&self, id: FileId) -> bool {
        let may_shrink = |because: &Because| {
            matches!(because, Because::Doubt(_, Why::Reached(_)) | Because::Restored(_))
        };
        self.pinned[id] && !may_shrink(&self.decisions[id].because)
    }

    fn guard(&mut self, guarded: &[Guarded]) {
        for guarded in guarded
            .iter()
            .filter(|guarded| !self.is_gone(guarded.file))
            .cloned()
            .collect::<Vec<_>>()
        {
            let why = Why::Guarded(guarded.why);
            if matches!(self.decisions[guarded.file].because, Because::NoRule) {
                self.decisions[guarded.file].because = Because::Doubt(guarded.rule, why.clone());
            }
            self.doubt(guarded.rule, self.tree.shown(guarded.file), vec![guarded.file], &why);
        }
    }

    fn doubt(&mut self, rule: &'static Rule, what: String, files: Vec<FileId>, why: &Why) {
        self.doubts.push(Doubt { rule, what, files, why: why.clone() });
    }
}
