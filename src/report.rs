//! What was saved, where, and why.
//!
//! Numbers are here, in bytes; words are in the writers.

pub mod budgets;
pub mod bundled;
pub mod bytecode;
pub mod cache;
pub mod changed;
pub mod coldstart;
pub mod diff;
pub mod doubts;
pub mod duplicates;
pub mod explain;
pub mod files;
pub mod github;
pub mod html;
pub mod inspect;
pub mod json;
pub mod layers;
mod ledger;
pub mod markdown;
pub mod money;
pub mod next;
pub mod notes;
pub mod numbers;
pub mod proof;
pub mod reached;
pub mod sbom;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use bytecode::Bytecode;
use ledger::Ledger;
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::facts::imports::How;
use crate::facts::reach::Step;
use crate::measure::money::InitCost;
use crate::options::Options;
use crate::pack::{Archive, Packed, Role};
use crate::plan::{Action, Because, Plan, Why};
use crate::rules;
use crate::target::{DIRECT_UPLOAD_LIMIT, Target};
use crate::tree::{FileId, Tree};
use crate::verify::Proof;

/// The version of the JSON form; fields are only added within one.
pub const SCHEMA_VERSION: u32 = 1;

/// What was saved, where, and why.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub schema_version: u32,
    /// slim's own version.
    pub tool: Tool,
    /// What the zips are for.
    pub target: Target,
    /// The level that was asked for.
    pub level: &'static str,
    /// The configuration that was read, as it was typed; null where there is none.
    pub config: Option<String>,
    /// The rules that the configuration turns off, by name.
    pub rules_off: Vec<String>,
    /// The pages, in bytes, that the kernel must have; null: whatever the files were linked for.
    pub page_size: Option<u64>,
    /// What was written: `zip`, or `dir` for trees; `zips` then tells of the zips that would hold them.
    pub layout: &'static str,
    /// The folder of a layer that the distributions of flat packages go into.
    pub layer_prefix: String,
    /// What was found, in all packages together.
    pub before: Amount,
    /// What ships, in all zips together.
    pub after: Shipped,
    /// How many symbolic links were followed and their targets copied in.
    pub links_followed: usize,
    /// Every zip that was written.
    pub zips: Vec<Zip>,
    /// Every function with its layers, against Lambda's limits.
    pub functions: Vec<Function>,
    /// Every distribution, and the user's code, of every package.
    pub distributions: Vec<Distribution>,
    /// Every rule that did something.
    pub rules: Vec<RuleTotal>,
    /// What stays on doubt.
    pub doubts: Vec<Doubt>,
    /// The same together, where a file counts once however many rules proposed to change it.
    pub on_doubt: Amount,
    /// Files that ship more than once in a zip, and libraries under several names.
    pub duplicates: Vec<duplicates::Group>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Limits and budgets that do not hold.
    pub exceeded: Vec<String>,
    /// Every limit and budget, of every function.
    #[serde(skip)]
    pub budgets: Vec<budgets::Budget>,
    /// How the functions of a workspace share layers; null for packages that were named.
    pub layers: Option<layers::Layers>,
    /// What differs from the baseline; null where none was named.
    pub growth: Option<diff::Changes>,
    /// What compiled Python costs, or what it costs to do without.
    pub bytecode: Option<Bytecode>,
    /// Whether the result runs as the package did; null where nobody asked.
    pub proof: Option<Proof>,
    /// The handlers that were named, else functions that look like one.
    #[serde(skip)]
    pub handlers: Vec<String>,
    /// What the INIT costs that the proof measured; null where it did not. It stands in `timings` too.
    #[serde(skip)]
    pub init_cost: Option<InitCost>,
    /// Names of the zips that differ from those of the build before; null where none were written.
    #[serde(skip)]
    pub changed: Option<Vec<String>>,
    /// Which distributions lie in which zip.
    #[serde(skip)]
    pub bundled: Vec<bundled::Bundled>,
    /// Every file and what became of it, where that was asked for.
    #[serde(skip)]
    pub files: Option<files::Files>,
    /// Seconds per stage; the only part that differs from run to run.
    pub timings: BTreeMap<String, f64>,
}

/// Who wrote the report.
#[derive(Debug, Serialize)]
pub struct Tool {
    /// `slim`
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Some files.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
}

impl Amount {
    /// Counts one file more.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Some files as they ship.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Shipped {
    /// How many.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// What they take in the zips, in bytes; headers count in the total only.
    pub zipped_bytes: u64,
}

impl Shipped {
    /// Counts one file more.
    pub fn add(&mut self, bytes: u64, zipped_bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
        self.zipped_bytes += zipped_bytes;
    }
}

/// One zip.
#[derive(Debug, Serialize)]
pub struct Zip {
    /// Its file name in the output folder.
    pub file: String,
    /// `function` or `layer`.
    pub role: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Bytes of its entries unzipped.
    pub unzipped_bytes: u64,
    /// How many entries it has.
    pub entries: u64,
    /// SHA-256, in hex.
    pub sha256: String,
    /// SHA-256, in base64: Lambda's `CodeSha256`.
    pub sha256_base64: String,
}

/// One function with its layers.
#[derive(Debug, Serialize)]
pub struct Function {
    /// The package's name.
    pub name: String,
    /// What it is for, in a workspace; null else: the report's own.
    pub target: Option<Target>,
    /// Its zip; null when it holds no code of its own.
    pub file: Option<String>,
    /// Its layers' zips.
    pub layers: Vec<String>,
    /// Bytes of function and layers unzipped.
    pub unzipped_bytes: u64,
    /// Bytes of function and layers zipped.
    pub zipped_bytes: u64,
    /// In a workspace: distributions that it carries itself though they lie in a layer too.
    pub copies: Vec<String>,
    /// In a workspace: distributions that it can import from its layers without need.
    pub leaks: Vec<String>,
}

/// One distribution of one package, or its user's code.
#[derive(Debug, Serialize)]
pub struct Distribution {
    /// Its name; `(your code)` for what no distribution brought.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The package that held it.
    pub package: String,
    /// `function`, `layer` or `shared` (the layer has it from another package).
    pub place: &'static str,
    /// The zip that it lies in.
    pub zip: String,
    /// What was found.
    pub before: Amount,
    /// What ships.
    pub after: Shipped,
    /// Bytes saved, by rule (or `--drop`, or `drop` of the configuration).
    pub saved: BTreeMap<String, u64>,
}

/// What one rule did.
#[derive(Debug, Serialize)]
pub struct RuleTotal {
    /// The rule.
    pub id: String,
    /// Its tier; `option` for what the user said.
    pub tier: String,
    /// Files that it dropped or changed.
    pub files: u64,
    /// Bytes that it saved.
    pub bytes: u64,
    /// About how many bytes it saved in the zips alone, where the files stay as large as they were;
    /// not told where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub zipped_bytes: u64,
}

fn is_none(bytes: &u64) -> bool {
    *bytes == 0
}

/// What stays on doubt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Doubt {
    /// The rule that proposed to take it away.
    pub rule: String,
    /// What it is.
    pub what: String,
    /// The distribution that it belongs to; null for the user's.
    pub distribution: Option<String>,
    /// How many files.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Why it stays.
    pub why: String,
}

/// The key under which bytes that `--drop` saved are counted.
const DROP_OPTION: &str = "--drop";
/// The key under which bytes that `drop` of the configuration saved are counted.
const DROP_CONFIG: &str = "config:drop";
/// The name under which the user's code is counted.
pub(crate) const USERS: &str = "(your code)";

impl Report {
    /// Counts everything once.
    pub fn of(
        tree: &Tree,
        facts: &Facts,
        plan: &Plan,
        packed: &Packed,
        options: &Options,
        proof: Option<Proof>,
        timings: BTreeMap<String, f64>,
    ) -> Self {
        let mut ledger = Ledger::new(tree, facts, plan);
        ledger.count_before(tree, facts);
        ledger.count_after(tree, facts, plan, packed);
        let zips: Vec<Zip> = packed.archives.iter().map(zip).collect();
        let functions = functions(tree, packed);
        let mut after = Shipped::default();
        for zip in &zips {
            after.files += zip.entries;
            after.bytes += zip.unzipped_bytes;
            after.zipped_bytes += zip.bytes;
        }
        let mut distributions = ledger.distributions();
        for row in &mut distributions {
            let own = functions.iter().find(|function| function.name == row.package);
            row.zip = match (row.place, own) {
                ("function", Some(own)) => own.file.clone().unwrap_or_default(),
                (_, Some(own)) => own.layers.first().cloned().unwrap_or_default(),
                (_, None) => String::new(),
            };
        }
        let rules = ledger.rules;
        let budgets: Vec<budgets::Budget> = functions
            .iter()
            .flat_map(|function| budgets::of(function, &distributions, options))
            .collect();
        Self {
            layer_prefix: facts.layer_root.clone(),
            before: Amount { files: tree.len() as u64, bytes: tree.bytes() },
            after,
            links_followed: tree.packages().map(|(_, package)| package.links_followed).sum(),
            exceeded: budgets::exceeded(&budgets),
            budgets,
            doubts: doubts(tree, facts, plan, packed),
            on_doubt: on_doubt(tree, plan, packed),
            warnings: warnings(plan, packed),
            zips,
            functions,
            distributions,
            rules: rules
                .into_iter()
                .map(|((tier, id), saved)| RuleTotal {
                    id: id.to_owned(),
                    tier: tier.to_owned(),
                    files: saved.files,
                    bytes: saved.bytes,
                    zipped_bytes: saved.zipped_bytes,
                })
                .collect(),
            proof,
            bundled: bundled::of(tree, facts, plan, packed),
            timings,
            ..Self::empty(facts.target, options)
        }
    }

    /// A report that says what was asked for, and of nothing what came of it.
    pub(crate) fn empty(target: Target, options: &Options) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "slim", version: env!("CARGO_PKG_VERSION") },
            target,
            level: options.level.name(),
            config: options.config.clone(),
            rules_off: options.rules_off.iter().cloned().collect(),
            page_size: rules::small_pages(options).then_some(4096),
            layout: options.layout.name(),
            layer_prefix: String::new(),
            before: Amount::default(),
            after: Shipped::default(),
            links_followed: 0,
            zips: Vec::new(),
            functions: Vec::new(),
            distributions: Vec::new(),
            rules: Vec::new(),
            doubts: Vec::new(),
            on_doubt: Amount::default(),
            duplicates: Vec::new(),
            warnings: Vec::new(),
            exceeded: Vec::new(),
            budgets: Vec::new(),
            layers: None,
            growth: None,
            bytecode: None,
            proof: None,
            handlers: options.handlers.iter().map(ToString::to_string).collect(),
            init_cost: None,
            changed: None,
            bundled: Vec::new(),
            files: None,
            timings: BTreeMap::new(),
        }
    }
}

/// The tier and the id under which what a decision saves is counted; `None` for what saves nothing.
pub fn counted_under(because: &Because) -> Option<(&'static str, &'static str)> {
    match because {
        Because::Rule(rule) | Because::Doubt(rule, _) => Some((rule.tier.name(), rule.id)),
        Because::DropOption(glob) if glob.file.is_some() => Some(("option", DROP_CONFIG)),
        Because::DropOption(_) => Some(("option", DROP_OPTION)),
        Because::NoRule | Because::KeepOption(_) | Because::Restored(_) => None,
    }
}

/// A row with nothing counted yet.
pub(crate) fn row(name: &str, version: &str, package: String, place: &'static str) -> Distribution {
    Distribution {
        name: name.to_owned(),
        version: version.to_owned(),
        package,
        place,
        zip: String::new(),
        before: Amount::default(),
        after: Shipped::default(),
        saved: BTreeMap::new(),
    }
}

/// What is told of a zip.
pub(crate) fn zip(archive: &Archive) -> Zip {
    Zip {
        file: archive.file.clone(),
        role: match archive.role {
            Role::Function(_) => "function",
            Role::Layer(_) => "layer",
        },
        bytes: archive.bytes,
        unzipped_bytes: archive.unzipped_bytes,
        entries: archive.entries,
        sha256: numbers::hex(&archive.sha256),
        sha256_base64: numbers::base64(&archive.sha256),
    }
}

fn functions(tree: &Tree, packed: &Packed) -> Vec<Function> {
    let layers: Vec<_> =
        packed.archives.iter().filter(|archive| matches!(archive.role, Role::Layer(_))).collect();
    let function = |(id, package): (_, &crate::tree::Package)| {
        let own = packed.archives.iter().find(|archive| archive.role == Role::Function(id));
        let all = || own.into_iter().chain(layers.iter().copied());
        Function {
            name: package.name.clone(),
            target: None,
            copies: Vec::new(),
            leaks: Vec::new(),
            file: own.map(|archive| archive.file.clone()),
            layers: layers.iter().map(|archive| archive.file.clone()).collect(),
            unzipped_bytes: all().map(|archive| archive.unzipped_bytes).sum(),
            zipped_bytes: all().map(|archive| archive.bytes).sum(),
        }
    };
    tree.packages().map(function).collect()
}

/// What stays on doubt as it was planned.
pub fn planned_doubts(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<Doubt> {
    let size = |files: &[FileId]| files.iter().map(|file| tree.file(*file).size).sum();
    let told = plan.doubts.iter().map(|doubt| Doubt {
        rule: doubt.rule.id.to_owned(),
        what: doubt.what.clone(),
        distribution: doubt.files.first().and_then(|file| of_distribution(facts, *file)),
        files: doubt.files.len() as u64,
        bytes: size(&doubt.files),
        why: why(tree, &doubt.why),
    });
    told.collect()
}

fn of_distribution(facts: &Facts, file: FileId) -> Option<String> {
    let dist = facts.owners.owner(file).travels_with()?;
    Some(facts.owners.distribution(dist).name.clone())
}

fn doubts(tree: &Tree, facts: &Facts, plan: &Plan, packed: &Packed) -> Vec<Doubt> {
    let mut doubts = planned_doubts(tree, facts, plan);
    for shipped in &packed.shipped {
        if let (Some(doubt), Some(file)) = (&shipped.doubt, shipped.file) {
            doubts.push(Doubt {
                rule: doubt.rule.id.to_owned(),
                what: tree.shown(file),
                distribution: of_distribution(facts, file),
                files: 1,
                bytes: tree.file(file).size,
                why: doubt.why.clone(),
            });
        }
    }
    doubts.sort_by(|a, b| (&a.rule, &a.what).cmp(&(&b.rule, &b.what)));
    doubts
}

fn on_doubt(tree: &Tree, plan: &Plan, packed: &Packed) -> Amount {
    let made = packed.shipped.iter().filter(|shipped| shipped.doubt.is_some());
    all_on_doubt(tree, plan, made.filter_map(|made| made.file))
}

/// Every file that stays on doubt as it was planned, and `more`, each once.
pub fn all_on_doubt(tree: &Tree, plan: &Plan, more: impl IntoIterator<Item = FileId>) -> Amount {
    let planned = plan.doubts.iter().flat_map(|doubt| doubt.files.iter().copied());
    let files: BTreeSet<FileId> = planned.chain(more).collect();
    let mut amount = Amount::default();
    files.into_iter().for_each(|file| amount.add(tree.file(file).size));
    amount
}

/// Why something stays on doubt, in words.
pub fn why(tree: &Tree, why: &Why) -> String {
    match why {
        Why::Reached(step) => led(tree, step),
        Why::Modified => "its content is not what RECORD says: somebody changed it".to_owned(),
        Why::Guarded(reason) => reason.clone(),
    }
}

/// How something is led to, in words.
pub fn led(tree: &Tree, step: &Step) -> String {
    let by = tree.shown(step.by);
    let line = step.line.map_or(String::new(), |line| format!(":{line}"));
    match step.how {
        How::Import => format!("imported by {by}{line}"),
        How::Literal => format!("named in a string at {by}{line}"),
        How::Prefix => format!("may be named by the string that begins at {by}{line}"),
        How::Walked => format!("looked for by {by}{line}, which lists modules"),
        How::Unresolved => format!("may be run by {by}{line}, which imports a computed name"),
        How::EntryPoint => format!("an entry point of the group asked for at {by}{line}"),
        How::Unparsed => format!("may be named by {by}, which is no Python that slim can read"),
        How::SharedObject | How::Data => format!("named in {by}"),
        How::Needed => format!("linked by {by}"),
        How::Fact => format!("needed where {by}{line} is: a fact"),
        How::Along => format!("belongs to {by}"),
    }
}

fn warnings(plan: &Plan, packed: &Packed) -> Vec<String> {
    let mut warnings = plan.warnings.clone();
    warnings.extend(zip_warnings(&packed.archives));
    warnings
}

/// What the user should know of zips, a sentence each.
pub(crate) fn zip_warnings(archives: &[Archive]) -> Vec<String> {
    let large = archives.iter().filter(|archive| archive.bytes > DIRECT_UPLOAD_LIMIT);
    let large = large.map(|archive| {
        format!(
            "{} is {}, over the 52.4 MB of a direct upload: pass it to Lambda through S3",
            archive.file,
            numbers::mb(archive.bytes)
        )
    });
    let many = archives.iter().filter(|archive| archive.zip64).map(|archive| {
        format!("{} has over 65,535 entries: some tools cannot read it", archive.file)
    });
    large.chain(many).collect()
}

/// What a decision does to a file, as a word for reports.
pub(crate) fn verb(action: Action) -> &'static str {
    match action {
        Action::Keep => "kept",
        Action::Change(_) => "changed",
        Action::Drop => "dropped",
    }
}
