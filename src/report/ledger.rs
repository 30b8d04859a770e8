//! What each distribution and each rule comes to.

use std::collections::BTreeMap;

use super::{Distribution, USERS, counted_under, row};
use crate::facts::Facts;
use crate::facts::owners::DistId;
use crate::pack::Packed;
use crate::plan::layers::Place;
use crate::plan::{Of, Plan};
use crate::rules::table::{OTHER_KERNELS, PAGE_SIZE};
use crate::tree::{FileId, Tree};

/// Counts per distribution and per rule.
pub(super) struct Ledger {
    rows: BTreeMap<(u16, Option<DistId>), Distribution>,
    pub(super) rules: BTreeMap<(&'static str, &'static str), Saved>,
}

/// What one rule saved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saved {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) zipped_bytes: u64,
}

impl Ledger {
    pub(super) fn new(tree: &Tree, facts: &Facts, plan: &Plan) -> Self {
        let mut rows = BTreeMap::new();
        for (id, dist) in facts.owners.distributions() {
            let place = match plan.placement.place_of_dist(id) {
                Place::Function(_) => "function",
                Place::Layer => "layer",
                Place::SharedAlready => "shared",
            };
            let package = tree.package(dist.package).name.clone();
            let row = row(&dist.name, &dist.version, package, place);
            rows.insert((dist.package.0, Some(id)), row);
        }
        for (id, package) in tree.packages() {
            rows.insert((id.0, None), row(USERS, "", package.name.clone(), "function"));
        }
        Self { rows, rules: BTreeMap::new() }
    }

    fn row(&mut self, tree: &Tree, facts: &Facts, file: FileId) -> Option<&mut Distribution> {
        let dist = facts.owners.owner(file).travels_with();
        self.rows.get_mut(&(tree.file(file).package.0, dist))
    }

    pub(super) fn count_before(&mut self, tree: &Tree, facts: &Facts) {
        for (id, file) in tree.files() {
            if let Some(row) = self.row(tree, facts, id) {
                row.before.add(file.size);
            }
        }
    }

    pub(super) fn count_after(&mut self, tree: &Tree, facts: &Facts, plan: &Plan, packed: &Packed) {
        for (id, file) in tree.files().filter(|(id, _)| !plan.ships(*id)) {
            self.save(tree, facts, plan, id, file.size);
        }
        for shipped in &packed.shipped {
            if let Some(file) = shipped.file {
                let saved = tree.file(file).size.saturating_sub(shipped.bytes);
                if let Some(row) = self.row(tree, facts, file) {
                    row.after.add(shipped.bytes, shipped.packed_bytes);
                }
                if saved > shipped.by_pages {
                    self.save(tree, facts, plan, file, saved - shipped.by_pages);
                }
                if shipped.by_pages > 0 {
                    let rule = (PAGE_SIZE.tier.name(), PAGE_SIZE.id);
                    self.add(tree, facts, file, rule, shipped.by_pages);
                }
                if shipped.kernels.bytes > 0 {
                    let rule = (OTHER_KERNELS.tier.name(), OTHER_KERNELS.id);
                    let total = self.rules.entry(rule).or_default();
                    total.files += 1;
                    total.zipped_bytes += shipped.kernels.zipped_bytes;
                }
            } else if let Some(generated) = shipped.generated.map(|number| &plan.generated[number])
            {
                let row = match generated.of {
                    Of::Dist(dist) => {
                        let package = facts.owners.distribution(dist).package;
                        self.rows.get_mut(&(package.0, Some(dist)))
                    }
                    Of::Source(source) => self.row(tree, facts, source),
                };
                if let Some(row) = row {
                    row.after.add(shipped.bytes, shipped.packed_bytes);
                }
            }
        }
    }

    fn save(&mut self, tree: &Tree, facts: &Facts, plan: &Plan, file: FileId, bytes: u64) {
        if let Some(rule) = counted_under(&plan.decisions[file].because) {
            self.add(tree, facts, file, rule, bytes);
        }
    }

    fn add(
        &mut self,
        tree: &Tree,
        facts: &Facts,
        file: FileId,
        (tier, id): (&'static str, &'static str),
        bytes: u64,
    ) {
        let total = self.rules.entry((tier, id)).or_default();
        total.files += 1;
        total.bytes += bytes;
        if let Some(row) = self.row(tree, facts, file) {
            *row.saved.entry(id.to_owned()).or_default() += bytes;
        }
    }

    /// The rows that hold anything, largest first within their package.
    pub(super) fn distributions(&mut self) -> Vec<Distribution> {
        let rows = std::mem::take(&mut self.rows);
        let mut rows: Vec<_> = rows.into_iter().filter(|(_, row)| row.before.files > 0).collect();
        rows.sort_by(|((a, _), x), ((b, _), y)| {
            (a, std::cmp::Reverse(x.before.bytes), &x.name).cmp(&(
                b,
                std::cmp::Reverse(y.before.bytes),
                &y.name,
            ))
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }
}
