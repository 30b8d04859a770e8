//! What of a package is to be run, and which dropped files a failed run asks for.

use std::collections::BTreeMap;

use super::wants::{Want, What};
use crate::digest::Digest;
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::names::module_name;
use crate::facts::owners::DistId;
use crate::facts::reach::Reach;
use crate::options::{Handler, Options, Proving};
use crate::plan::{Because, Plan, Restored};
use crate::python::dist;
use crate::rules::Tier;
use crate::tree::{Contents, FileId, PackageId, Tree, file_name, parent};
use anyhow::Result;
use rayon::prelude::*;

use super::trial::{Event, Job};

/// Names of folders and files of tests, whose modules are nobody's to import.
const TESTS: [&str; 4] = ["tests", "test", "testing", "conftest.py"];

/// The packages that hold handlers, each with its own.
pub fn handlers(tree: &Tree, options: &Options) -> Vec<(PackageId, Vec<Handler>)> {
    let of = |package: PackageId| -> Vec<Handler> {
        let holds = |handler: &&Handler| {
            let is_it = |path: &str| module_name(path).is_some_and(|name| name == handler.module);
            let mut files = tree.files().filter(|(_, file)| file.package == package);
            files.any(|(id, _)| tree.import_path(id).is_some_and(is_it))
        };
        options.handlers.iter().filter(holds).cloned().collect()
    };
    let all = tree.packages().map(|(id, _)| (id, of(id)));
    all.filter(|(_, handlers)| !handlers.is_empty()).collect()
}

/// What is to be run of a package.
pub fn job(
    handlers: &[Handler],
    modules: Vec<String>,
    events: &[Event],
    proving: &Proving,
    minor: u8,
) -> Job {
    Job {
        handlers: handlers.iter().map(ToString::to_string).collect(),
        events: events.to_vec(),
        modules,
        seconds: proving.seconds,
        memory: proving.memory,
        runtime_packages: proving.runtime_packages.as_ref().and_then(|p| p.canonicalize().ok()),
        environment: proving.environment.clone(),
        python: format!("3.{minor}"),
        run: 0,
        metadata: true,
        left_out: Vec::new(),
        elsewhere: Vec::new(),
    }
}

/// The modules of a package whose import is compared: those that ship and are reached, or all that
/// ship; but none that is run as a program, or a test's.
pub fn modules(
    tree: &Tree,
    facts: &Facts,
    plan: &Plan,
    reached: Option<&Reach>,
    package: PackageId,
) -> Vec<String> {
    let counts = |id: &FileId| {
        tree.file(*id).package == package
            && plan.ships(*id)
            && reached.is_none_or(|reach| reach.reaches(*id))
            && matches!(facts.content[*id], Content::Source | Content::Elf(_))
    };
    let name = |id: FileId| {
        let path = tree.import_path(id)?;
        let is_test = path.split('/').any(|part| TESTS.contains(&part))
            || file_name(path).starts_with("test_")
            || matches!(file_name(path), "__main__.py" | "setup.py");
        let name = module_name(path).filter(|_| !is_test)?;
        let is_name =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        name.split('/').all(is_name).then(|| name.replace('/', "."))
    };
    let mut found: Vec<String> = tree.ids().filter(counts).filter_map(name).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The distributions of a package of which nothing ships, by normalized name.
pub fn left_out(tree: &Tree, facts: &Facts, plan: &Plan, package: PackageId) -> Vec<String> {
    let ships =
        |of: DistId| tree.ids().any(|id| plan.ships(id) && facts.owners.brought_by(id) == Some(of));
    let here = facts.owners.distributions().filter(|(_, dist)| dist.package == package);
    here.filter(|(id, _)| !ships(*id)).map(|(_, dist)| dist.normalized()).collect()
}

/// The distributions of the other packages, by normalized name.
pub fn elsewhere(facts: &Facts, package: PackageId) -> Vec<String> {
    let others = facts.owners.distributions().filter(|(_, dist)| dist.package != package);
    others.map(|(_, dist)| dist.normalized()).collect()
}

/// A hash of a package: of every path with its content, and whether it may be executed.
///
/// # Errors
/// When a file cannot be read.
pub fn content_key(tree: &Tree, contents: &dyn Contents, package: PackageId) -> Result<Vec<u8>> {
    let files: Vec<FileId> = tree.ids().filter(|id| tree.file(*id).package == package).collect();
    let hashes: Result<Vec<blake3::Hash>> = files
        .par_iter()
        .map(|id| match tree.file(*id).kind {
            crate::tree::Kind::EmptyFolder => Ok(blake3::hash(&[])),
            crate::tree::Kind::Regular => contents.hash(*id),
        })
        .collect();
    let hashes: BTreeMap<FileId, Digest> = files
        .into_iter()
        .zip(hashes?.into_iter().map(|hash| Digest::from_bytes(*hash.as_bytes())))
        .collect();
    Ok(key_of(tree, package, |id| hashes[&id]))
}

/// The same hash where those of the contents are known.
pub fn key_of(tree: &Tree, package: PackageId, hash: impl Fn(FileId) -> Digest) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    for (id, file) in tree.files().filter(|(_, file)| file.package == package) {
        let path = file.path.as_str();
        hasher.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes());
        hasher.update(hash(id).as_bytes()).update(&[u8::from(file.executable)]);
    }
    hasher.finalize().as_bytes().to_vec()
}

/// The dropped files of a package that a failed run asks for, each with what asked for it.
pub fn missing(
    tree: &Tree,
    facts: &Facts,
    plan: &Plan,
    package: PackageId,
    wants: &[Want],
) -> Vec<(FileId, String)> {
    let dropped: Vec<FileId> =
        tree.ids().filter(|id| tree.file(*id).package == package && !plan.ships(*id)).collect();
    let mut found: BTreeMap<FileId, String> = BTreeMap::new();
    for want in wants {
        let answers = |id: &&FileId| answers(tree, facts, **id, &want.what);
        for id in dropped.iter().filter(answers) {
            found.entry(*id).or_insert_with(|| want.asked_by.clone());
        }
    }
    found.into_iter().collect()
}

/// The dropped files of a package among those that it opened as it was, for a failure that names
/// none. What goes whatever the program does is no matter.
pub fn opened(
    tree: &Tree,
    plan: &Plan,
    package: PackageId,
    opened: &[String],
) -> Vec<(FileId, String)> {
    let counts = |id: &FileId| match &plan.decisions[*id].because {
        Because::Rule(rule) => rule.tier != Tier::Certain || rule.is_fact(),
        _ => true,
    };
    let found = opened.iter().filter_map(|path| tree.find(package, path));
    let dropped = found.filter(|id| !plan.ships(*id)).filter(counts);
    dropped.map(|id| (id, "the package as it was opens it".to_owned())).collect()
}

fn answers(tree: &Tree, facts: &Facts, id: FileId, what: &What) -> bool {
    let Some(path) = tree.import_path(id) else { return false };
    match what {
        What::Module(name) => {
            let own = module_name(path);
            own.is_some_and(|own| own == name)
                || file_name(path).starts_with("__init__.") && parent(path) == name
        }
        What::File(wanted) => {
            let wanted = wanted.trim_end_matches(['/', ':']);
            wanted.strip_suffix(path).is_some_and(|before| before.ends_with('/'))
                || is_below_wanted(wanted, path)
        }
        What::Library(name) => file_name(path) == name,
        // What is told of a distribution does not need its RECORD.
        What::Distribution(name) => facts.owners.in_metadata(tree, id).is_some_and(|(of, file)| {
            file != "RECORD" && facts.owners.distribution(of).normalized() == dist::normalize(name)
        }),
    }
}

/// Whether a wanted path is a folder of the import root that holds the file.
fn is_below_wanted(wanted: &str, path: &str) -> bool {
    let folder = parent(path);
    !folder.is_empty() && folder.contains('/') && wanted.ends_with(&format!("/{folder}"))
}

/// Those of missing files that a rule dropped: what the user dropped stays out.
pub fn restorable(plan: &Plan, missing: &[(FileId, String)]) -> Restored {
    let by_rule = |id: &FileId| matches!(plan.decisions[*id].because, Because::Rule(_));
    let files = missing.iter().filter(|(id, _)| by_rule(id)).cloned();
    Restored { files: files.collect(), sources: None, kernels: None }
}
