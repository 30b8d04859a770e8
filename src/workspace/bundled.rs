//! Which distributions of a workspace lie in which zip.

use std::collections::BTreeMap;

use super::items::Item;
use super::slimmed::Distribution;
use super::told::Told;
use crate::python::dist;
use crate::report::bundled::{Bundled, Bundles};

/// What lies in the functions' zips and in the layers.
pub(super) fn of(told: &Told<'_>) -> Vec<Bundled> {
    let mut bundles = Bundles::default();
    for (number, item) in told.items.iter().enumerate() {
        // Functions may need other files of it: in a layer lies what all of them need.
        let mut by_zip: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for user in item.users.keys() {
            by_zip.entry(told.zip_of(number, *user)).or_default().push(*user);
        }
        for (zip, users) in by_zip {
            let owners = owners(told, item, &users);
            for entry in &item.entries {
                let Some(dist) = owners.get(entry.path.as_str()) else { continue };
                let part = told.numbers.of(&entry.source).map(|part| told.parts.part(part));
                let sizes = part.map_or((0, 0), |part| (part.raw_size, part.packed_size));
                let found = || (dist.metadata.clone(), dist.before);
                bundles.add((&dist.name, &dist.version, &zip), sizes, found);
            }
        }
    }
    bundles.all()
}

/// Whose the files of an item are, by path, as those of its users say that have it in one zip.
fn owners<'d>(
    told: &'d Told<'_>,
    item: &Item,
    users: &[usize],
) -> BTreeMap<&'d str, &'d Distribution> {
    let mut owners = BTreeMap::new();
    for user in users {
        let slimmed = &told.decided[*user].slimmed;
        let group = item.users.get(user).copied();
        for entry in slimmed.entries.iter().filter(|entry| entry.group == group) {
            let Some(dist) = entry.of.map(|of| &slimmed.distributions[of]) else { continue };
            // The user's files in its folders ship without it.
            if !slimmed.left_out.contains(&dist::normalize(&dist.name)) {
                owners.entry(entry.path.as_str()).or_insert(dist);
            }
        }
    }
    owners
}
