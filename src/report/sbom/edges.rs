//! What needs what: the application its functions' zips, these their layers and what lies in them, a
//! distribution those that it requires, as far as they ship where it can see them.

use std::collections::{BTreeMap, BTreeSet};

use super::APPLICATION;
use super::form::Dependency;
use crate::python::dist;
use crate::python::marker::Environment;
use crate::python::requirement::Requirement;
use crate::report::bundled::Bundled;
use crate::report::{Function, Report};
use crate::target::{Arch, Target};

/// Every component with what it needs, in the order of references.
pub(super) fn of(report: &Report, references: &[String]) -> Vec<Dependency> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    edges.insert(APPLICATION, first_zips(&report.functions));
    for zip in &report.zips {
        edges.insert(&zip.file, BTreeSet::new());
    }
    for function in &report.functions {
        if let Some(own) = &function.file {
            edges.entry(own).or_default().extend(function.layers.iter().map(String::as_str));
        }
    }
    for (one, reference) in report.bundled.iter().zip(references) {
        edges.entry(&one.zip).or_default().insert(reference);
    }
    let required = Required::of(report).settled();
    for (needed, reference) in required.iter().zip(references) {
        let needed = needed.iter().map(|at| references[*at].as_str());
        edges.insert(reference, needed.collect());
    }
    let told = |(of, needed): (&str, BTreeSet<&str>)| Dependency {
        of: of.to_owned(),
        depends_on: needed.into_iter().map(str::to_owned).collect(),
    };
    edges.into_iter().map(told).collect()
}

/// The functions' own zips; the layers of those that have none.
fn first_zips(functions: &[Function]) -> BTreeSet<&str> {
    functions.iter().flat_map(first_of).map(String::as_str).collect()
}

fn first_of(function: &Function) -> &[String] {
    match &function.file {
        Some(own) => std::slice::from_ref(own),
        None => &function.layers,
    }
}

/// Who requires whom, by the number of the distribution.
struct Required<'r> {
    bundled: &'r [Bundled],
    requirements: Vec<Vec<Requirement>>,
    by_name: BTreeMap<String, Vec<usize>>,
    by_zip: BTreeMap<&'r str, Having<'r>>,
}

/// The functions that have a zip, and the Pythons that they run under.
#[derive(Default)]
struct Having<'r> {
    functions: Vec<&'r Function>,
    environments: BTreeSet<Environment>,
}

impl<'r> Required<'r> {
    fn of(report: &'r Report) -> Self {
        let mut by_zip: BTreeMap<&str, Having<'_>> = BTreeMap::new();
        for function in &report.functions {
            let environment = environment(function.target.unwrap_or(report.target));
            for zip in function.file.iter().chain(&function.layers) {
                let having = by_zip.entry(zip).or_default();
                having.functions.push(function);
                having.environments.insert(environment);
            }
        }
        let bundled = &report.bundled[..];
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, one) in bundled.iter().enumerate() {
            by_name.entry(dist::normalize(&one.name)).or_default().push(at);
        }
        let requirements = |one: &Bundled| {
            let texts = one.metadata.requires_dist.iter();
            texts.filter_map(|text| Requirement::parse(text)).collect()
        };
        let requirements = bundled.iter().map(requirements).collect();
        Self { bundled, requirements, by_name, by_zip }
    }

    /// Until no distribution asks for an extra that was not asked for before.
    fn settled(&self) -> Vec<BTreeSet<usize>> {
        let mut extras: Vec<BTreeSet<String>> = vec![BTreeSet::new(); self.bundled.len()];
        loop {
            let mut needed = vec![BTreeSet::new(); self.bundled.len()];
            let mut more = false;
            for (at, requirements) in self.requirements.iter().enumerate() {
                let asked = extras[at].clone();
                for requirement in requirements.iter().filter(|one| self.counts(at, one, &asked)) {
                    for to in self.found(at, &requirement.name) {
                        let before = extras[to].len();
                        extras[to].extend(requirement.extras.iter().cloned());
                        more |= extras[to].len() > before;
                        // `a[all]` may require `a[x]`.
                        needed[at].extend(Some(to).filter(|to| *to != at));
                    }
                }
            }
            if !more {
                return needed;
            }
        }
    }

    fn counts(&self, at: usize, requirement: &Requirement, extras: &BTreeSet<String>) -> bool {
        let asked = || extras.iter().map(String::as_str);
        let mut environments = self.having(at).into_iter().flat_map(|having| &having.environments);
        environments.any(|one| requirement.may_count(*one, asked()))
    }

    /// Who has a distribution.
    fn having(&self, at: usize) -> Option<&Having<'r>> {
        self.by_zip.get(self.bundled[at].zip.as_str())
    }

    /// Those of a name that functions have which have this distribution: in the function's own zip, which
    /// Python looks into first, or else in its layers.
    fn found(&self, at: usize, name: &str) -> BTreeSet<usize> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let mut found = BTreeSet::new();
        let having = self.having(at).filter(|_| !all.is_empty());
        for function in having.into_iter().flat_map(|having| &having.functions) {
            let zip = |to: &usize| &self.bundled[*to].zip;
            let is_own = |to: &usize| function.file.as_ref() == Some(zip(to));
            match all.iter().any(is_own) {
                true => found.extend(all.iter().copied().filter(is_own)),
                false => found.extend(all.iter().filter(|to| function.layers.contains(zip(to)))),
            }
        }
        found
    }
}

/// The environment that markers are asked about.
fn environment(target: Target) -> Environment {
    let machine = match target.arch {
        Arch::X86_64 => "x86_64",
        Arch::Arm64 => "aarch64",
    };
    Environment { minor: target.python.minor(), machine }
}
