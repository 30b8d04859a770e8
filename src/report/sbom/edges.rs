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
    by_zip: BTreeMap<&'r str, Seen<'r>>,
}

/// What the functions that have a zip have in common with it.
#[derive(Default)]
struct Seen<'r> {
    /// The Pythons that they run under.
    environments: BTreeSet<Environment>,
    /// All zips that they have.
    zips: BTreeSet<&'r str>,
}

impl<'r> Required<'r> {
    fn of(report: &'r Report) -> Self {
        let mut by_zip: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
        for function in &report.functions {
            let zips = || function.file.iter().chain(&function.layers).map(String::as_str);
            for zip in zips() {
                let seen = by_zip.entry(zip).or_default();
                seen.environments.insert(environment(function.target.unwrap_or(report.target)));
                seen.zips.extend(zips());
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
                        let wanted = requirement.extras.iter().cloned();
                        more |= wanted.fold(false, |more, extra| extras[to].insert(extra) || more);
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
        let Some(seen) = self.by_zip.get(self.bundled[at].zip.as_str()) else { return false };
        let asked = || extras.iter().map(String::as_str);
        seen.environments.iter().any(|one| requirement.may_count(*one, asked()))
    }

    /// Those of this name in the same zip; else those that a function has beside it.
    fn found(&self, at: usize, name: &str) -> Vec<usize> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let zip = self.bundled[at].zip.as_str();
        let in_zip = |to: &usize| self.bundled[*to].zip == zip;
        if all.iter().any(in_zip) {
            return all.iter().copied().filter(in_zip).collect();
        }
        let Some(seen) = self.by_zip.get(zip) else { return Vec::new() };
        let is_seen = |to: &usize| seen.zips.contains(self.bundled[*to].zip.as_str());
        all.iter().copied().filter(is_seen).collect()
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
