//! Why one file is kept, changed or dropped.

use anyhow::Result;
use serde::Serialize;

use super::files::Chain;
use super::numbers::files;
use super::{led, verb, why};
use crate::facts::Facts;
use crate::facts::asked::{Asked, What, asked};
use crate::facts::names::module_name;
use crate::facts::owners::Owner;
use crate::plan::layers::{self, Place};
use crate::plan::{Action, Because, Doubt, Plan};
use crate::python::dist;
use crate::rules::table::{BYTECODE_ONLY, OTHER_KERNELS, PAGE_SIZE};
use crate::rules::{Change, Tier};
use crate::transform;
use crate::tree::{Contents, FileId, Tree, file_name};
use crate::zip::deflate::Compression;

/// The answer for one file.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The file's path below the import root.
    pub path: String,
    /// Its size in bytes, as found.
    pub bytes: u64,
    /// Who brought it.
    pub owner: String,
    /// `kept`, `changed` or `dropped`.
    pub decision: &'static str,
    /// The rule that decided or proposed, if any.
    pub rule: Option<&'static str>,
    /// The reason with its evidence, a sentence each.
    pub because: Vec<String>,
    /// The bytes that ship; null when it does not, or as bytecode, which is made by a build.
    pub ships_bytes: Option<u64>,
    /// Where it ships, as `layer.zip:python/…`; null when it does not.
    pub ships_as: Option<String>,
}

/// Explains the decision on each of these files. What would be changed is changed, to tell whether
/// it gains anything.
///
/// # Errors
/// When such a file cannot be read.
pub fn explain(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    files: &[FileId],
) -> Result<Vec<Explanation>> {
    let in_metadata = |file: &FileId| facts.owners.in_metadata(tree, *file).is_some();
    let asked = match files.iter().any(in_metadata) {
        true => {
            let ships: Vec<FileId> = tree.ids().filter(|file| plan.ships(*file)).collect();
            asked(tree, contents, facts, &ships)?
        }
        false => Vec::new(),
    };
    let explain = |file: &FileId| {
        let mut answer = one(tree, contents, facts, plan, *file)?;
        answer.because.extend(needs(tree, contents, facts, &asked, *file)?);
        Ok(answer)
    };
    files.iter().map(explain).collect()
}

/// Most calls that are told of one file.
const MOST_ASKED: usize = 5;

/// Who asks for what a metadata file holds: the distribution's own data, or its entry points.
fn needs(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    asked: &[Asked],
    file: FileId,
) -> Result<Vec<String>> {
    let Some((id, name)) = facts.owners.in_metadata(tree, file) else { return Ok(Vec::new()) };
    let own = facts.owners.distribution(id).normalized();
    let (mut sure, mut may): (Vec<String>, Vec<String>) = Default::default();
    let groups: Vec<String> = match name {
        "METADATA" | "PKG-INFO" => Vec::new(),
        "entry_points.txt" => {
            let points = dist::entry_points(&contents.read(file)?);
            points.into_iter().map(|point| point.group).collect()
        }
        _ => return Ok(Vec::new()),
    };
    for Asked { by, line, call, what } in asked {
        let at = format!("{call}() at {}:{line}", tree.shown(*by));
        match what {
            What::Group(group) if groups.contains(group) => {
                sure.push(format!("its group {group} is asked for by {at}"));
            }
            What::Groups if !groups.is_empty() => {
                may.push(format!("its groups may be asked for by {at}"));
            }
            What::Distribution(name) if groups.is_empty() && *name == own => {
                sure.push(format!("asked for by {at}"));
            }
            What::Some if groups.is_empty() => {
                may.push(format!("may be asked for by {at}, whose argument is computed"));
            }
            What::All if groups.is_empty() => {
                may.push(format!("asked for, with all others, by {at}"));
            }
            _ => {}
        }
    }
    sure.append(&mut may);
    let more = sure.len().saturating_sub(MOST_ASKED);
    sure.truncate(MOST_ASKED);
    if more > 0 {
        sure.push(format!("and by {more} further calls"));
    }
    if sure.is_empty() {
        sure.push("no call that ships asks for it".to_owned());
    }
    Ok(sure)
}

fn one(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    file: FileId,
) -> Result<Explanation> {
    let decision = &plan.decisions[file];
    let bytes = tree.file(file).size;
    let owner = match facts.owners.owner(file) {
        Owner::User => "your code: no distribution's RECORD lists it".to_owned(),
        Owner::Distribution(id) => named(facts, id),
        Owner::Guest(id) => format!("your code, inside a package of {}", named(facts, id)),
    };
    let package = tree.file(file).package;
    let ships = |id: &FileId| tree.file(*id).package == package && plan.ships(*id);
    let count = tree.ids().filter(ships).count() as u64;
    let (rule, mut because, follows) = grounds(tree, facts, plan, file, count);
    because.extend(chain(tree, plan, file).into_iter().skip(match follows {
        Chain::Whole => 0,
        Chain::AfterFirst => 1,
        Chain::Nothing => usize::MAX,
    }));
    if because.is_empty() {
        because.push(NOTHING_AGAINST.to_owned());
    }
    because.extend(stays_beside(tree, plan, file));
    let (mut verb, mut ships_bytes) = (verb(decision.action), Some(bytes));
    match decision.action {
        Action::Drop | Action::Change(Change::Compiled) => ships_bytes = None,
        Action::Keep => {}
        Action::Change(_) => {
            let raw = contents.read(file)?;
            let payload = transform::apply(decision.action, contents, file, Compression::Default)?;
            if payload.bytes == raw {
                verb = "kept";
                let nothing = || "the rule finds nothing to take away".to_owned();
                because =
                    vec![payload.doubt.as_ref().map_or_else(nothing, |doubt| doubt.why.clone())];
                because.extend(chain(tree, plan, file));
            }
            if payload.by_pages > 0 {
                let less = format!("{} bytes of it by the rule {}", payload.by_pages, PAGE_SIZE.id);
                because.extend([less, PAGE_SIZE.why_safe.to_owned()]);
            }
            if payload.kernels.bytes > 0 {
                let (bytes, zipped) = (payload.kernels.bytes, payload.kernels.zipped_bytes);
                because.push(format!(
                    "{bytes} bytes of code overwritten by the rule {}, about {zipped} fewer in the zip",
                    OTHER_KERNELS.id
                ));
                because.extend([OTHER_KERNELS.why_safe, OTHER_KERNELS.unless].map(str::to_owned));
            } else if let Some(doubt) = payload.doubt.filter(|doubt| doubt.rule == &OTHER_KERNELS) {
                because.push(format!("left alone by the rule {}: {}", doubt.rule.id, doubt.why));
            }
            ships_bytes = Some(payload.bytes.len() as u64);
        }
    }
    Ok(Explanation {
        path: tree.import_path(file).unwrap_or(tree.file(file).path.as_str()).to_owned(),
        bytes,
        owner,
        decision: verb,
        rule,
        because,
        ships_bytes,
        ships_as: ships_as(tree, facts, plan, file),
    })
}

fn named(facts: &Facts, id: crate::facts::owners::DistId) -> String {
    let dist = facts.owners.distribution(id);
    format!("{} {}", dist.name, dist.version)
}

/// What is told of a file that no rule proposed and nothing leads to.
pub(super) const NOTHING_AGAINST: &str = "no rule has anything against it";

/// The rule that decided, and its reason without the chain that leads to the file; `ships` is how many
/// files of the package do.
pub(super) fn grounds(
    tree: &Tree,
    facts: &Facts,
    plan: &Plan,
    file: FileId,
    ships: u64,
) -> (Option<&'static str>, Vec<String>, Chain) {
    match &plan.decisions[file].because {
        Because::NoRule => (None, Vec::new(), Chain::Whole),
        Because::KeepOption(glob) => {
            (None, vec![format!("{} says so", glob.told("keep"))], Chain::Nothing)
        }
        Because::DropOption(glob) => {
            (None, vec![format!("{} says so", glob.told("drop"))], Chain::Nothing)
        }
        Because::Restored(asked_by) => {
            (None, vec![format!("put back: {asked_by}")], Chain::Nothing)
        }
        Because::Rule(rule) => {
            let told = [rule.what.to_owned(), rule.why_safe.to_owned()];
            let by_evidence = rule.tier != Tier::Certain && !rule.is_fact() && !plan.ships(file);
            let looked = by_evidence.then(|| looked_for(tree, facts, file, ships));
            let told = told.into_iter().chain(looked).chain(twins(tree, facts, plan, file));
            (Some(rule.id), told.collect(), Chain::Whole)
        }
        Because::Doubt(rule, doubt) => {
            let told = [format!("the rule would take it away: {}", rule.what), why(tree, doubt)];
            (Some(rule.id), told.to_vec(), Chain::AfterFirst)
        }
    }
}

/// Why a source ships although its bytecode could in its place.
fn stays_beside(tree: &Tree, plan: &Plan, file: FileId) -> Option<String> {
    let is_it = |doubt: &&Doubt| doubt.rule.id == BYTECODE_ONLY.id && doubt.files.contains(&file);
    let doubt = plan.doubts.iter().find(is_it).filter(|_| plan.ships(file))?;
    let why = why(tree, &doubt.why);
    Some(format!("ships beside its bytecode [{}]: {why}", BYTECODE_ONLY.id))
}

/// The names under which a library still ships that goes under this one.
fn twins(tree: &Tree, facts: &Facts, plan: &Plan, file: FileId) -> Option<String> {
    let ships = |twin: &&FileId| plan.ships(**twin) && **twin != file && !plan.ships(file);
    let twins = facts.twins.names(file).iter().filter(ships);
    let twins: Vec<String> = twins.map(|twin| tree.shown(*twin)).collect();
    (!twins.is_empty()).then(|| format!("the same bytes ship as {}", twins.join(" and ")))
}

/// What would have kept a file, and where it was looked for.
fn looked_for(tree: &Tree, facts: &Facts, file: FileId, ships: u64) -> String {
    let count = files(ships);
    let path = tree.import_path(file).unwrap_or(tree.file(file).path.as_str());
    let is_library = !facts.twins.names(file).is_empty();
    let name = match module_name(path).filter(|_| !is_library) {
        Some(name) => format!("the module {}", name.replace('/', ".")),
        None => format!("the name {}", file_name(path)),
    };
    format!("looked for in the {count} that ship, and not found: {name}")
}

/// The steps that lead to a file, from the last to the root.
fn chain(tree: &Tree, plan: &Plan, file: FileId) -> Vec<String> {
    let mut steps = plan.reach.chain(file);
    steps.reverse();
    steps.into_iter().map(|step| led(tree, step)).collect()
}

fn ships_as(tree: &Tree, facts: &Facts, plan: &Plan, file: FileId) -> Option<String> {
    if plan.decisions[file].action == Action::Drop {
        return None;
    }
    let place = plan.placement.place(file);
    let path = layers::zip_path(tree, facts, file, place);
    let is_compiled = plan.decisions[file].action == Action::Change(Change::Compiled);
    // PEP 3147: bytecode without a source stands where that would.
    let path = if is_compiled { path + "c" } else { path };
    Some(match place {
        Place::Function(_) => format!("function: {path}"),
        Place::Layer | Place::SharedAlready => format!("layer: {path}"),
    })
}

/// The explanations for people.
pub fn render(explanations: &[Explanation]) -> String {
    let mut out = String::new();
    for answer in explanations {
        let rule = answer.rule.map_or(String::new(), |rule| format!(" [{rule}]"));
        let bytes = match answer.ships_bytes {
            Some(less) if less != answer.bytes => format!("{} of {} bytes", less, answer.bytes),
            _ => format!("{} bytes", answer.bytes),
        };
        out.push_str(&format!("{}: {}{rule}, {bytes}\n", answer.path, answer.decision));
        out.push_str(&format!("  from: {}\n", answer.owner));
        for reason in &answer.because {
            out.push_str(&format!("  because: {reason}\n"));
        }
        if let Some(place) = &answer.ships_as {
            out.push_str(&format!("  ships as: {place}\n"));
        }
    }
    out
}
