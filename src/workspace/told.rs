//! The report of a workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::bundled;
use super::decided::Decided;
use super::items::Item;
use super::placed::{self, Numbers, Placed};
use super::slimmed::Entry;
use crate::options::workspace::Workspace;
use crate::pack::Archive;
use crate::pack::parts::Parts;
use crate::report::layers::{Conflict, Layer, Layers, Shared};
use crate::report::{self, Amount, Distribution, Doubt, Report, RuleTotal, Shipped, budgets};
use crate::rules::table::{OTHER_KERNELS, PAGE_SIZE};
use crate::split::{Change, PreviousItem, Split, Standing};
use crate::verify::Proof;

/// All that is told of.
pub(super) struct Told<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) decided: &'a [Decided],
    pub(super) items: &'a [Item],
    pub(super) split: &'a Split,
    pub(super) placed: &'a Placed,
    pub(super) numbers: &'a Numbers,
    pub(super) parts: &'a Parts<'a>,
    pub(super) archives: &'a [Archive],
}

type Rules = BTreeMap<(String, String), Shipped>;

impl Told<'_> {
    /// The report.
    pub(super) fn report(&self, proof: Option<Proof>, timings: BTreeMap<String, f64>) -> Report {
        let (mut before, mut on_doubt, mut links) = (Amount::default(), Amount::default(), 0);
        let (mut distributions, mut rules, mut doubts) = (Vec::new(), Rules::new(), Vec::new());
        let mut warnings: Vec<String> = Vec::new();
        for number in 0..self.decided.len() {
            let (name, slimmed) = (self.name(number), &self.decided[number].slimmed);
            before.files += slimmed.before.files;
            before.bytes += slimmed.before.bytes;
            on_doubt.files += slimmed.on_doubt.files;
            on_doubt.bytes += slimmed.on_doubt.bytes;
            links += slimmed.links_followed;
            distributions.extend(self.rows(number, &mut rules));
            let own = |text: &String| format!("{name}:{text}");
            doubts.extend(
                slimmed
                    .doubts
                    .iter()
                    .map(|doubt| Doubt { what: own(&doubt.what), ..doubt.clone() }),
            );
            doubts.extend(self.elf_doubts(number));
            warnings.extend(slimmed.warnings.iter().map(|text| format!("{name}: {text}")));
        }
        doubts.sort_by(|a, b| (&a.rule, &a.what).cmp(&(&b.rule, &b.what)));
        let zips: Vec<report::Zip> = self.archives.iter().map(report::zip).collect();
        warnings.extend(report::zip_warnings(self.archives));
        let mut after = Shipped::default();
        for zip in &zips {
            after.files += zip.entries;
            after.bytes += zip.unzipped_bytes;
            after.zipped_bytes += zip.bytes;
        }
        let functions: Vec<report::Function> =
            (0..self.decided.len()).map(|number| self.function(number)).collect();
        let budgets: Vec<budgets::Budget> = functions
            .iter()
            .zip(&self.workspace.functions)
            .flat_map(|(function, asked)| budgets::of(function, &distributions, &asked.options))
            .collect();
        let asked = &self.workspace.options;
        Report {
            before,
            after,
            links_followed: links,
            exceeded: budgets::exceeded(&budgets),
            budgets,
            zips,
            functions,
            distributions,
            rules: rules
                .into_iter()
                .map(|((tier, id), amount)| RuleTotal {
                    id,
                    tier,
                    files: amount.files,
                    bytes: amount.bytes,
                    zipped_bytes: amount.zipped_bytes,
                })
                .collect(),
            doubts,
            on_doubt,
            warnings,
            layer_prefix: asked.layer_prefix.folder(self.decided[0].slimmed.target.python),
            layers: Some(self.layers()),
            proof,
            files: asked.every_file.then(|| self.files()),
            bundled: bundled::of(self),
            timings,
            ..Report::empty(self.decided[0].slimmed.target, asked)
        }
    }

    pub(super) fn name(&self, number: usize) -> &str {
        &self.workspace.functions[number].name
    }

    /// Whether what ships of an item counts for this function: what lies in a layer does for the first of
    /// those that have it there.
    pub(super) fn counts_for(&self, item: usize, function: usize) -> bool {
        let layer = Placed::layer_of(self.split, item, function);
        let has = |user: &&usize| Placed::layer_of(self.split, item, **user) == layer;
        layer.is_none() || self.items[item].users.keys().find(has) == Some(&function)
    }

    /// Where an item lies for a function: its own zip, or a layer's.
    pub(super) fn zip_of(&self, item: usize, function: usize) -> String {
        match Placed::layer_of(self.split, item, function) {
            Some(layer) => format!("{}.zip", self.split.layers[layer].name),
            None => format!("{}.zip", self.name(function)),
        }
    }

    /// A row for each distribution of a function and for its own code; what lies in a layer is
    /// counted for the first function that needs it.
    fn rows(&self, function: usize, rules: &mut Rules) -> Vec<Distribution> {
        let slimmed = &self.decided[function].slimmed;
        let name = self.name(function);
        let mut all: Vec<Distribution> = slimmed
            .distributions
            .iter()
            .map(|dist| report::row(&dist.name, &dist.version, name.to_owned(), "function"))
            .collect();
        all.push(report::row(report::USERS, "", name.to_owned(), "function"));
        let own = all.len() - 1;
        for (row, dist) in all.iter_mut().zip(&slimmed.distributions) {
            row.before = dist.before;
        }
        all[own].before = slimmed.own;
        all.iter_mut().for_each(|row| row.zip = format!("{name}.zip"));
        for saved in &slimmed.saved {
            let row = &mut all[saved.of.unwrap_or(own)];
            *row.saved.entry(saved.rule.1.clone()).or_default() += saved.amount.bytes;
            let total = rules.entry(saved.rule.clone()).or_default();
            total.files += saved.amount.files;
            total.bytes += saved.amount.bytes;
        }
        let mut count = |entry: &Entry, of: Option<usize>| {
            let row = &mut all[of.unwrap_or(own)];
            let Some(part) = self.numbers.of(&entry.source).map(|number| self.parts.part(number))
            else {
                return row.after.add(0, 0);
            };
            row.after.add(part.raw_size, part.packed_size);
            if part.by_kernels > 0 {
                let rule = (OTHER_KERNELS.tier.name().to_owned(), OTHER_KERNELS.id.to_owned());
                rules.entry(rule).or_default().add(0, part.by_kernels);
            }
            let saved = entry.size.saturating_sub(part.raw_size);
            let by_pages = part.by_pages.min(saved);
            let page_size = (PAGE_SIZE.tier.name().to_owned(), PAGE_SIZE.id.to_owned());
            let by = [(entry.rule.clone(), saved - by_pages), (Some(page_size), by_pages)];
            for (rule, bytes) in by.into_iter().filter(|(_, bytes)| *bytes > 0) {
                let Some(rule) = rule else { continue };
                *row.saved.entry(rule.1.clone()).or_default() += bytes;
                rules.entry(rule).or_default().add(bytes, 0);
            }
        };
        slimmed.entries.iter().filter(|one| one.group.is_none()).for_each(|one| count(one, one.of));
        let mut placed: Vec<(usize, &'static str, String)> = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            let Some(group) = item.users.get(&function) else { continue };
            let layer = Placed::layer_of(self.split, number, function);
            let first = self.counts_for(number, function);
            if first {
                let of = slimmed.of_group(*group);
                item.entries.iter().for_each(|entry| count(entry, of(&entry.path)));
            }
            let place = match (layer, first) {
                (None, _) => "function",
                (Some(_), true) => "layer",
                (Some(_), false) => "shared",
            };
            placed.push((*group, place, self.zip_of(number, function)));
        }
        for (group, place, zip) in placed {
            let of_group = |(_, dist): &(usize, &super::slimmed::Distribution)| dist.group == group;
            for (row, _) in slimmed.distributions.iter().enumerate().filter(of_group) {
                all[row].place = place;
                all[row].zip.clone_from(&zip);
            }
        }
        all.retain(|row| row.before.files > 0);
        all.sort_by(|a, b| (b.before.bytes, &a.name).cmp(&(a.before.bytes, &b.name)));
        all
    }

    /// The libraries of a function that stay as they are for a doubt that only slimming them showed.
    fn elf_doubts(&self, function: usize) -> Vec<Doubt> {
        let entries = self.decided[function].slimmed.entries.iter();
        let doubts = entries.filter_map(|entry| {
            let part = self.parts.part(self.numbers.of(&entry.source)?);
            let (rule, why) = part.doubt.clone()?;
            Some(Doubt {
                rule,
                what: format!("{}:{}", self.name(function), entry.path),
                distribution: entry
                    .of
                    .map(|of| self.decided[function].slimmed.distributions[of].name.clone()),
                files: 1,
                bytes: entry.size,
                why,
            })
        });
        doubts.collect()
    }

    fn function(&self, number: usize) -> report::Function {
        let zips: Vec<&Archive> =
            self.placed.of_functions[number].iter().map(|zip| &self.archives[*zip]).collect();
        let told = |items: &[usize]| -> Vec<String> {
            items.iter().map(|item| self.items[*item].name.clone()).collect()
        };
        let shared =
            |item: &&usize| self.split.layers.iter().any(|layer| layer.items.contains(*item));
        let copies: Vec<usize> = self.split.copies[number].iter().filter(shared).copied().collect();
        report::Function {
            name: self.name(number).to_owned(),
            target: Some(self.decided[number].slimmed.target),
            file: Some(zips[0].file.clone()),
            layers: zips[1..].iter().map(|zip| zip.file.clone()).collect(),
            unzipped_bytes: zips.iter().map(|zip| zip.unzipped_bytes).sum(),
            zipped_bytes: zips.iter().map(|zip| zip.bytes).sum(),
            copies: told(&copies),
            leaks: told(&self.split.leaks[number]),
        }
    }

    fn layers(&self) -> Layers {
        let layers = self.split.layers.iter().map(|layer| {
            let mut distributions: Vec<Shared> = layer
                .items
                .iter()
                .map(|item| {
                    let item = &self.items[*item];
                    let amount = placed::amount(&item.entries, self.parts, self.numbers);
                    Shared {
                        name: item.name.clone(),
                        version: item.version(),
                        bytes: amount.unzipped,
                        zipped_bytes: amount.zipped,
                    }
                })
                .collect();
            distributions.sort_by(|a, b| (b.zipped_bytes, &a.name).cmp(&(a.zipped_bytes, &b.name)));
            let (standing, changes) = match &layer.standing {
                Standing::New => ("new", Vec::new()),
                Standing::Kept => ("kept", Vec::new()),
                Standing::Changed(changes) => {
                    ("changed", changes.iter().map(|change| self.change(change)).collect())
                }
            };
            Layer {
                file: format!("{}.zip", layer.name),
                distributions,
                functions: layer.functions.iter().map(|one| self.name(*one).to_owned()).collect(),
                saves_bytes: layer.saves,
                standing,
                changes,
            }
        });
        Layers {
            layers: layers.collect(),
            zipped_bytes: self.archives.iter().map(|archive| archive.bytes).sum(),
            lower_bound_bytes: self.split.lower_bound,
            exact: self.split.exact,
            conflicts: self.conflicts(),
            gone: self.split.gone.clone(),
        }
    }

    fn change(&self, change: &Change) -> String {
        let told = |old: &PreviousItem| format!("{} {}", old.name, old.version);
        match change {
            Change::Replaced { old, new } if old.version == self.items[*new].version() => {
                format!("{}: other bytes of it ship", told(old))
            }
            Change::Replaced { old, new } => {
                format!("{} is now {}", told(old), self.items[*new].version())
            }
            Change::Gone(old) => format!("{}: no function needs it from here any more", told(old)),
            Change::Added(new) => {
                format!("{} {} is new in it", self.items[*new].name, self.items[*new].version())
            }
        }
    }

    /// Names of which functions for one target have different variants.
    fn conflicts(&self) -> Vec<Conflict> {
        let mut by_name: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        self.items.iter().for_each(|item| by_name.entry(&item.name).or_default().push(item));
        by_name
            .into_iter()
            .filter(|(_, variants)| variants.len() > 1)
            .map(|(name, variants)| Conflict {
                name: name.to_owned(),
                variants: variants
                    .iter()
                    .map(|item| {
                        let names: BTreeSet<&str> =
                            item.users.keys().map(|user| self.name(*user)).collect();
                        (item.version(), names.into_iter().map(str::to_owned).collect())
                    })
                    .collect(),
            })
            .collect()
    }
}
