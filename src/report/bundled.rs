//! Which distributions lie in which zip, with what they say of themselves.

use std::collections::BTreeMap;

use super::{Amount, Shipped};
use crate::facts::Facts;
use crate::facts::owners::DistId;
use crate::pack::{Packed, Role};
use crate::plan::{Of, Plan};
use crate::python::dist;
use crate::python::metadata::Metadata;
use crate::tree::Tree;

/// A distribution in a zip, of which at least one file ships there.
#[derive(Clone, Debug)]
pub struct Bundled {
    /// Its name as METADATA writes it.
    pub name: String,
    /// Its version; empty where nothing tells.
    pub version: String,
    /// The zip.
    pub zip: String,
    /// What it says of itself.
    pub metadata: Metadata,
    /// What was found of it.
    pub before: Amount,
    /// What ships of it there.
    pub after: Shipped,
}

/// Distributions by normalized name, version and zip.
#[derive(Debug, Default)]
pub struct Bundles(BTreeMap<(String, String, String), Bundled>);

impl Bundles {
    /// Counts one file that ships of a distribution in a zip; `found` tells what is known of it.
    pub fn add(
        &mut self,
        (name, version, zip): (&str, &str, &str),
        (bytes, zipped_bytes): (u64, u64),
        found: impl FnOnce() -> (Metadata, Amount),
    ) {
        let key = (dist::normalize(name), version.to_owned(), zip.to_owned());
        let bundled = self.0.entry(key).or_insert_with(|| {
            let (metadata, before) = found();
            let [name, version, zip] = [name, version, zip].map(str::to_owned);
            Bundled { name, version, zip, metadata, before, after: Shipped::default() }
        });
        bundled.after.add(bytes, zipped_bytes);
    }

    /// All of them, in the order of names, versions and zips.
    pub fn all(self) -> Vec<Bundled> {
        self.0.into_values().collect()
    }
}

/// What lies in the zips of packages. A file that only travels with a distribution is none of its own.
pub fn of(tree: &Tree, facts: &Facts, plan: &Plan, packed: &Packed) -> Vec<Bundled> {
    let mut before: BTreeMap<DistId, Amount> = BTreeMap::new();
    for (id, file) in tree.files() {
        if let Some(dist) = facts.owners.brought_by(id) {
            before.entry(dist).or_default().add(file.size);
        }
    }
    let zips: BTreeMap<Role, &str> =
        packed.archives.iter().map(|archive| (archive.role, archive.file.as_str())).collect();
    let mut bundles = Bundles::default();
    for shipped in &packed.shipped {
        let generated = shipped.generated.map(|number| plan.generated[number].of);
        let dist = match (shipped.file, generated) {
            (Some(file), _) | (None, Some(Of::Source(file))) => facts.owners.brought_by(file),
            (None, Some(Of::Dist(dist))) => Some(dist),
            (None, None) => None,
        };
        let (Some(id), Some(zip)) = (dist, zips.get(&shipped.role)) else { continue };
        let dist = facts.owners.distribution(id);
        let found = || (dist.metadata.clone(), before.get(&id).copied().unwrap_or_default());
        let sizes = (shipped.bytes, shipped.packed_bytes);
        bundles.add((&dist.name, &dist.version, zip), sizes, found);
    }
    bundles.all()
}
