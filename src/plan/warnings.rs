//! What the user should know before the zips are used.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::layers::Placement;
use super::{Action, Decision};
use crate::facts::Facts;
use crate::facts::content::{Content, arch};
use crate::facts::owners::Owner;
use crate::failure::nearest;
use crate::options::Options;
use crate::python::dist;
use crate::python::tags::ModuleFile;
use crate::target::Arch;
use crate::tree::{Contents, FileId, FileMap, Kind, PackageId, Tree, file_name};

/// Largest file of the user's that is searched for what breaks a layer, in bytes.
const LARGEST_SCRIPT: u64 = 4_000_000;

/// Every warning, in a fixed order.
///
/// # Errors
/// When a file of the user's cannot be read.
pub(super) fn all(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
    decisions: &FileMap<Decision>,
    placement: &Placement,
) -> Result<Vec<String>> {
    let mut warnings = no_metadata(tree, facts);
    warnings.extend(environments(tree, decisions));
    warnings.extend(unheld(facts, options));
    warnings.extend(foreign(tree, facts, decisions));
    warnings.extend(unmet(tree, facts, decisions));
    warnings.extend(placement.conflicts.iter().cloned());
    if placement.has_layer() {
        warnings.extend(against_layers(tree, contents, facts)?);
    }
    Ok(warnings)
}

fn no_metadata(tree: &Tree, facts: &Facts) -> Vec<String> {
    let mut warnings = Vec::new();
    for (id, package) in tree.packages() {
        if facts.owners.distributions().all(|(_, dist)| dist.package != id) {
            let bytes: u64 = tree
                .files()
                .filter(|(_, file)| file.package == id)
                .map(|(_, file)| file.size)
                .sum();
            let (name, mb) = (&package.name, bytes as f64 / 1e6);
            warnings.push(match asks_for(tree, id) {
                Some(file) => format!(
                    "{name} is a source checkout: nothing that {file} asks for is installed in it, and all \
                     its {mb:.1} MB count as your code; make the package in a folder of its own: {}, then \
                     copy your code into it",
                    installed(file)
                ),
                None => format!(
                    "{name} holds no dist-info: all its {mb:.1} MB count as your code, and only shared objects are slimmed; \
                     install with pip or uv and keep the .dist-info folders"
                ),
            });
        }
    }
    warnings
}

/// Files that say what a project needs, the surest first.
const ASKING: [&str; 5] =
    ["requirements.txt", "pyproject.toml", "setup.py", "Pipfile", "setup.cfg"];

/// The file of a package that says what is to be installed.
fn asks_for(tree: &Tree, package: PackageId) -> Option<&'static str> {
    ASKING.into_iter().find(|name| tree.find_import(package, name).is_some())
}

/// The command that installs what a file asks for.
fn installed(file: &str) -> String {
    match file {
        "requirements.txt" => "pip install --target package -r requirements.txt".to_owned(),
        "pyproject.toml" => "uv pip install --target package -r pyproject.toml".to_owned(),
        "Pipfile" => "pipenv requirements > requirements.txt and pip install --target package -r \
                      requirements.txt"
            .to_owned(),
        _ => "pip install --target package .".to_owned(),
    }
}

/// Virtual environments (PEP 405) that lie in a package.
fn environments(tree: &Tree, decisions: &FileMap<Decision>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (id, _) in tree.files().filter(|(id, _)| decisions[*id].action != Action::Drop) {
        let path = tree.import_path(id).unwrap_or_default();
        if let Some(folder) = path.strip_suffix("/pyvenv.cfg") {
            warnings.push(format!(
                "{folder} is a virtual environment, which nothing on Lambda imports from: leave it out with \
                 --drop {folder}"
            ));
        }
    }
    warnings
}

/// Tables of the configuration that speak of distributions which no package holds.
fn unheld(facts: &Facts, options: &Options) -> Vec<String> {
    let held: BTreeSet<String> =
        facts.owners.distributions().map(|(_, dist)| dist.normalized()).collect();
    let globs = options
        .keep
        .iter()
        .chain(&options.drop)
        .filter_map(|glob| Some((glob.file.as_ref()?, "dist", glob.distribution.as_ref()?)));
    let known = options
        .facts
        .iter()
        .filter_map(|known| Some((known.file.as_ref()?, "facts", &known.distribution)));
    let spoken: BTreeSet<_> = globs.chain(known).collect();
    let unheld = spoken.into_iter().filter(|(_, _, name)| !held.contains(&dist::normalize(name)));
    let told = unheld.map(|(file, table, name)| {
        let meant = nearest(&dist::normalize(name), held.iter().map(String::as_str))
            .map_or(String::new(), |meant| format!(" (did you mean {meant}?)"));
        format!("[{table}.{name}] in {file} decides nothing: no package holds {name}{meant}")
    });
    told.collect()
}

fn foreign(tree: &Tree, facts: &Facts, decisions: &FileMap<Decision>) -> Vec<String> {
    let mut by_dist: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut macos, mut windows) = (false, false);
    for (id, content) in facts.content.iter() {
        let name = file_name(tree.file(id).path.as_str());
        let module = ModuleFile::parse(name);
        let elsewhere = match content {
            Content::Elf(object) => arch(object) != Some(facts.target.arch),
            Content::MachO | Content::Portable { managed: false } => module.is_some(),
            _ => false,
        };
        if elsewhere && decisions[id].action != Action::Drop {
            macos |= matches!(content, Content::MachO);
            windows |= matches!(content, Content::Portable { .. });
            by_dist.entry(owner_name(facts, id)).or_default().push(tree.shown(id));
        }
    }
    let target = facts.target;
    let mut told: Vec<String> = by_dist
        .into_iter()
        .map(|(dist, files)| format!("{dist}: {} will not load on {target}", counted(&files)))
        .collect();
    let system = [(macos, "macOS"), (windows, "Windows")].into_iter().find(|(is_it, _)| *is_it);
    if let Some((_, system)) = system {
        let arch = match target.arch {
            Arch::X86_64 => "x86_64",
            Arch::Arm64 => "aarch64",
        };
        told.push(format!(
            "installed for {system}, not for Lambda: pip install --target package --only-binary=:all: \
             --python-version {} --platform manylinux2014_{arch} -r requirements.txt",
            target.python
        ));
    }
    told
}

fn unmet(tree: &Tree, facts: &Facts, decisions: &FileMap<Decision>) -> Vec<String> {
    let mut by_want: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for unmet in facts.links.unmet(&facts.content, facts.target) {
        let for_target = match &facts.content[unmet.file] {
            Content::Elf(object) => arch(object) == Some(facts.target.arch),
            _ => false,
        };
        if for_target && decisions[unmet.file].action != Action::Drop {
            let key = (owner_name(facts, unmet.file), unmet.wants);
            by_want.entry(key).or_default().push(tree.shown(unmet.file));
        }
    }
    let (major, minor) = facts.target.glibc();
    let python = facts.target.python;
    let told = by_want.into_iter().map(|((dist, wants), files)| {
        let files = counted(&files);
        if wants.starts_with("GLIBC") {
            format!("{dist}: {files} needs {wants}; Lambda's Python {python} has glibc {major}.{minor}: install a wheel built for an older system")
        } else {
            format!("{dist}: {files} needs {wants}, which neither the package nor Lambda's Python {python} holds")
        }
    });
    told.collect()
}

fn owner_name(facts: &Facts, id: FileId) -> String {
    match facts.owners.owner(id).travels_with() {
        Some(dist) => {
            let dist = facts.owners.distribution(dist);
            format!("{} {}", dist.name, dist.version)
        }
        None => "your code".to_owned(),
    }
}

fn counted(files: &[String]) -> String {
    match files {
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        [] => String::new(),
    }
}

/// Lines of the user's that take the layer off the path, or look for its content beside the code.
fn against_layers(tree: &Tree, contents: &dyn Contents, facts: &Facts) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let tops: Vec<String> = facts
        .owners
        .distributions()
        .flat_map(|(_, dist)| {
            crate::python::dist::top_level(dist.recorded.iter().map(String::as_str))
        })
        .map(|top| format!("/var/task/{top}"))
        .collect();
    for (id, file) in tree.files() {
        let script = matches!(facts.content[id], Content::Source | Content::Other);
        let own = facts.owners.owner(id) == Owner::User && file.size <= LARGEST_SCRIPT;
        if !own || !script || file.kind != Kind::Regular {
            continue;
        }
        let bytes = contents.read(id)?;
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'))
        {
            let sets = line.contains("PYTHONPATH") && line.contains('=');
            if sets || tops.iter().any(|top| names_path(line, top)) {
                let what = if sets {
                    "sets PYTHONPATH, which takes /opt/python off the path"
                } else {
                    "looks below /var/task for what is in the layer"
                };
                warnings.push(format!(
                    "{}:{} {what}: pass --layer none if it does so on Lambda",
                    tree.shown(id),
                    number + 1
                ));
            }
        }
    }
    Ok(warnings)
}

fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let next = line[at + path.len()..].chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}
