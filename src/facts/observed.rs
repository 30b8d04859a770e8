//! What runs of a package were seen to open: a trace, as `slim trace` writes it.
//!
//! A trace speaks of the files of distributions that are the same now as when it was made, and of
//! nobody else's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::owners::{DistId, Owner, Owners};
use crate::failure::Failure;
use crate::options::{Level, Options};
use crate::target::Target;
use crate::tree::{FileId, FileMap, PackageId, Tree, file_name, parent};

/// The version of the form of [`Trace`].
pub const SCHEMA_VERSION: u32 = 1;

/// What runs were seen to open, as it is written to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was run, a line each.
    pub runs: BTreeSet<String>,
    /// What was seen of each package, by its name.
    pub packages: BTreeMap<String, Opened>,
}

/// What was seen of one package: paths below its root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The target that it was run for, such as `python3.12 x86_64`.
    pub target: String,
    /// The distributions that it held, with their versions and a digest of their files' names and
    /// sizes.
    pub distributions: BTreeMap<String, String>,
    /// The files that were opened, or run as programs.
    pub opened: BTreeSet<String>,
    /// The shared objects that were mapped.
    pub mapped: BTreeSet<String>,
    /// The files that were asked for, such as by `stat`.
    pub asked: BTreeSet<String>,
}

impl Trace {
    /// Reads a file that `slim trace` wrote.
    ///
    /// # Errors
    /// A usage [`Failure`] where it is none.
    pub fn read(path: &Path) -> Result<Self> {
        let told = |why: String| {
            Failure::usage(format!("failed to read trace {}: {why}", path.display()))
                .hint("a trace is a file that `slim trace` wrote")
        };
        let bytes = fs::read(path).map_err(|error| told(error.to_string()))?;
        let trace: Self =
            serde_json::from_slice(&bytes).map_err(|error| told(format!("it is none: {error}")))?;
        match trace.schema_version {
            SCHEMA_VERSION => Ok(trace),
            other => Err(told(format!("its schema_version is {other}")).into()),
        }
    }

    /// Adds what other runs were seen to open.
    ///
    /// # Errors
    /// The name of a package whose distributions are others there.
    pub fn add(&mut self, other: Self) -> Result<(), String> {
        self.schema_version = SCHEMA_VERSION;
        self.runs.extend(other.runs);
        for (name, seen) in other.packages {
            let own = self.packages.entry(name.clone()).or_insert_with(|| Opened {
                target: seen.target.clone(),
                distributions: seen.distributions.clone(),
                ..Opened::default()
            });
            if (&own.target, &own.distributions) != (&seen.target, &seen.distributions) {
                return Err(name);
            }
            own.opened.extend(seen.opened);
            own.mapped.extend(seen.mapped);
            own.asked.extend(seen.asked);
        }
        Ok(())
    }
}

/// The distributions of a package with their versions and a digest of what files they have, by
/// normalized name: a file that was not there could not be opened.
pub fn versions(tree: &Tree, owners: &Owners, package: PackageId) -> BTreeMap<String, String> {
    let mut digests: BTreeMap<DistId, blake3::Hasher> = BTreeMap::new();
    for (id, file) in tree.files().filter(|(_, file)| file.package == package) {
        let path = tree.import_path(id).unwrap_or(file.path.as_str());
        if let Some(dist) = owners.brought_by(id).filter(|_| !path.ends_with(".pyc")) {
            let digest = digests.entry(dist).or_default();
            digest.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes());
            digest.update(&file.size.to_le_bytes());
        }
    }
    let here = owners.distributions().filter(|(_, dist)| dist.package == package);
    let told = here.map(|(id, dist)| {
        let digest = digests.get(&id).map(|digest| digest.finalize().to_hex()[..16].to_owned());
        let told = format!("{} {}", dist.version, digest.unwrap_or_default());
        (dist.normalized(), told.trim_end().to_owned())
    });
    told.collect()
}

/// What is known of each file from runs.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Files that were opened, mapped or asked for.
    seen: FileMap<bool>,
    /// Files that were run: opened, and a distribution's that is the same now.
    ran: FileMap<bool>,
    /// Files of which it counts that they were not opened.
    judged: FileMap<bool>,
}

impl Observed {
    /// Reads traces; nothing where there are none.
    ///
    /// # Errors
    /// A usage [`Failure`] where one is none, or speaks of no package that is here.
    pub(super) fn gather(
        tree: &Tree,
        owners: &Owners,
        target: Target,
        options: &Options,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Self>> {
        if options.traces.is_empty() {
            return Ok(None);
        }
        if options.level != Level::Max {
            return Err(Failure::usage("failed to use --trace: it counts at level max alone")
                .hint("add --level max, or leave --trace out")
                .into());
        }
        let mut all = Trace::default();
        for file in &options.traces {
            let trace = Trace::read(file)?;
            let is_here = |name: &&String| {
                tree.packages().count() == 1 && trace.packages.len() == 1
                    || tree.packages().any(|(_, package)| package.name == **name)
            };
            let told = target.to_string();
            if let Some(other) = trace.packages.values().find(|opened| opened.target != told) {
                return Err(Failure::usage(format!(
                    "failed to use trace {}: it was made for {}, and this is for {told}",
                    file.display(),
                    other.target
                ))
                .hint("trace again, on a machine that runs the target's code")
                .into());
            }
            let Some(name) = trace.packages.keys().find(|name| !is_here(name)) else {
                all.add(trace).map_err(|name| differ(file, &name))?;
                continue;
            };
            return Err(Failure::usage(format!(
                "failed to use trace {}: it is of a package {name}, which is not here",
                file.display()
            ))
            .hint("trace the package that is built: slim trace PACKAGE")
            .into());
        }
        let mut observed = Self {
            seen: FileMap::filled(tree, false),
            ran: FileMap::filled(tree, false),
            judged: FileMap::filled(tree, false),
        };
        for (id, package) in tree.packages() {
            let only = all.packages.values().next().filter(|_| tree.packages().count() == 1);
            let Some(opened) = all.packages.get(&package.name).or(only) else { continue };
            observed.apply(tree, owners, id, opened, warnings);
        }
        Ok(Some(observed))
    }

    fn apply(
        &mut self,
        tree: &Tree,
        owners: &Owners,
        package: PackageId,
        trace: &Opened,
        warnings: &mut Vec<String>,
    ) {
        let here = versions(tree, owners, package);
        let same = |name: &String| trace.distributions.get(name) == here.get(name);
        let others: Vec<&str> = here.keys().filter(|n| !same(n)).map(String::as_str).collect();
        if !others.is_empty() {
            warnings.push(format!(
                "the trace saw other files of {}: it does not count there; trace again",
                others.join(", ")
            ));
        }
        for id in tree.ids().filter(|id| tree.file(*id).package == package) {
            if let Owner::Distribution(dist) = owners.owner(id) {
                self.judged[id] = same(&owners.distribution(dist).normalized());
            }
        }
        let used = trace.opened.iter().chain(&trace.mapped);
        for path in used {
            let source = source_of(path).and_then(|source| tree.find(package, &source));
            for id in tree.find(package, path).into_iter().chain(source) {
                self.seen[id] = true;
                self.ran[id] = self.judged[id];
            }
        }
        for id in trace.asked.iter().filter_map(|path| tree.find(package, path)) {
            self.seen[id] = true;
        }
    }

    /// Whether a run opened, mapped or asked for a file.
    pub fn saw(&self, id: FileId) -> bool {
        self.seen[id]
    }

    /// Whether a run executed a file, and the trace counts for it.
    pub fn ran(&self, id: FileId) -> bool {
        self.ran[id]
    }

    /// Whether no run asked for a file that it would have seen.
    pub fn missed(&self, id: FileId) -> bool {
        self.judged[id] && !self.seen[id]
    }
}

/// Two traces of one package that hold other versions.
pub fn differ(file: &Path, package: &str) -> Failure {
    Failure::usage(format!(
        "failed to use trace {}: of {package} it saw other files, or another target, than the runs before",
        file.display()
    ))
    .hint("remove the old trace and trace again")
}

/// The source whose bytecode this is: `a/__pycache__/b.cpython-312.pyc` is of `a/b.py`.
fn source_of(path: &str) -> Option<String> {
    let (folder, name) = (parent(path), file_name(path).strip_suffix(".pyc")?);
    if file_name(folder) != "__pycache__" {
        return None;
    }
    let (module, _) = name.split_once('.')?;
    let below = parent(folder);
    let slash = if below.is_empty() { "" } else { "/" };
    Some(format!("{below}{slash}{module}.py"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_stands_for_its_source() {
        let source = |path| source_of(path);
        assert_eq!(source("a/__pycache__/b.cpython-312.pyc").as_deref(), Some("a/b.py"));
        assert_eq!(source("__pycache__/b.cpython-312.opt-1.pyc").as_deref(), Some("b.py"));
        assert_eq!(source("a/b.pyc"), None);
        assert_eq!(source("a/b.py"), None);
    }

    #[test]
    fn traces_of_other_versions_are_not_added() {
        let trace = |version: &str, path: &str| {
            let opened = Opened {
                distributions: BTreeMap::from([("a".to_owned(), version.to_owned())]),
                opened: BTreeSet::from([path.to_owned()]),
                ..Opened::default()
            };
            let packages = BTreeMap::from([("pkg".to_owned(), opened)]);
            Trace { schema_version: 1, runs: BTreeSet::new(), packages }
        };
        let mut all = trace("1", "a.py");
        all.add(trace("1", "b.py")).unwrap();
        assert_eq!(all.packages["pkg"].opened.len(), 2);
        assert_eq!(all.add(trace("2", "c.py")), Err("pkg".to_owned()));
    }
}
