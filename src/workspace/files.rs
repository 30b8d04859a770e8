//! Every file of a workspace's functions, and what became of it; why, only as far as its rule tells: the
//! chains that lead to files are not kept.

use std::collections::{BTreeMap, BTreeSet};

use super::slimmed::{Entry, Source};
use super::told::Told;
use crate::report::files::{Chain, Fate, File, Files};
use crate::rules::table;

impl Told<'_> {
    /// Every file, function by function; what lies in a layer counts for the first function that needs it.
    pub(super) fn files(&self) -> Files {
        let mut texts = Texts::default();
        let mut files = Vec::new();
        for number in 0..self.decided.len() {
            let from = files.len();
            self.own(number, &mut files, &mut texts);
            self.of_items(number, &mut files, &mut texts);
            let found = |file: &&File| file.fate != Fate::Made;
            let there: BTreeSet<String> =
                files[from..].iter().filter(found).map(|file| file.path.clone()).collect();
            self.gone(number, &there, &mut files, &mut texts);
        }
        Files { files, texts: texts.list }
    }

    /// What ships in the function's own zip without being an item.
    fn own(&self, function: usize, files: &mut Vec<File>, texts: &mut Texts) {
        let slimmed = &self.decided[function].slimmed;
        let zip = self.placed.of_functions[function].first().copied();
        let own = slimmed.entries.iter().filter(|entry| entry.group.is_none());
        files.extend(own.map(|entry| self.ships(function, entry, entry.of, zip, texts)));
    }

    /// What it has of the items, in its zip or in a layer.
    fn of_items(&self, function: usize, files: &mut Vec<File>, texts: &mut Texts) {
        let slimmed = &self.decided[function].slimmed;
        for (number, item) in self.items.iter().enumerate() {
            let Some(group) = item.users.get(&function) else { continue };
            let counts = self.counts_for(number, function);
            let name = self.zip_of(number, function);
            let zip = self.archives.iter().position(|archive| archive.file == name);
            let of = slimmed.of_group(*group);
            for entry in &item.entries {
                let mut file = self.ships(function, entry, of(&entry.path), zip, texts);
                if !counts && file.fate == Fate::Made {
                    continue;
                }
                if !counts {
                    (file.fate, file.after, file.after_zipped) = (Fate::Shared, 0, 0);
                }
                files.push(file);
            }
        }
    }

    /// What it leaves out and no other function brings.
    fn gone(
        &self,
        function: usize,
        there: &BTreeSet<String>,
        files: &mut Vec<File>,
        texts: &mut Texts,
    ) {
        for saved in &self.decided[function].slimmed.saved {
            for (path, bytes) in saved.files.iter().filter(|(path, _)| !there.contains(path)) {
                let mut file = self.file(function, saved.of, path, *bytes);
                file.fate = Fate::Dropped;
                file.because = texts.of_rule(&saved.rule.1);
                file.rule = Some(saved.rule.1.clone());
                files.push(file);
            }
        }
    }

    fn ships(
        &self,
        function: usize,
        entry: &Entry,
        of: Option<usize>,
        zip: Option<usize>,
        texts: &mut Texts,
    ) -> File {
        let mut file = self.file(function, of, &entry.path, entry.size);
        file.zip = zip;
        let part = self.numbers.of(&entry.source).map(|number| self.parts.part(number));
        if let Some(part) = part {
            (file.after, file.after_zipped) = (part.raw_size, part.packed_size);
        }
        let overwritten = part.is_some_and(|part| part.by_kernels > 0);
        match &entry.source {
            Source::Made(_) if entry.rule.is_none() => {
                (file.fate, file.before, file.before_zipped) = (Fate::Made, 0, Some(0));
            }
            _ if file.after != file.before || overwritten => {
                file.fate = Fate::Changed;
                file.rule = entry.rule.as_ref().map(|(_, id)| id.clone());
                file.because = file.rule.iter().flat_map(|id| texts.of_rule(id)).collect();
            }
            _ => file.before_zipped = Some(file.after_zipped),
        }
        file
    }

    /// A file of a function, which is kept as far as is known yet.
    fn file(&self, function: usize, of: Option<usize>, path: &str, before: u64) -> File {
        let dist = of.map(|of| &self.decided[function].slimmed.distributions[of]);
        File {
            package: self.name(function).to_owned(),
            distribution: dist.map(|dist| (dist.name.clone(), dist.version.clone())),
            path: path.to_owned(),
            fate: Fate::Kept,
            rule: None,
            before,
            before_zipped: None,
            after: 0,
            after_zipped: 0,
            zip: None,
            because: Vec::new(),
            led: None,
            chain: Chain::Nothing,
        }
    }
}

/// Texts, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    of_rules: BTreeMap<String, Vec<usize>>,
}

impl Texts {
    /// What a rule takes, and why that is safe.
    fn of_rule(&mut self, id: &str) -> Vec<usize> {
        if let Some(known) = self.of_rules.get(id) {
            return known.clone();
        }
        let rule = table::RULES.iter().find(|rule| rule.id == id);
        let told = rule.map(|rule| [rule.what, rule.why_safe]);
        let numbers: Vec<usize> = (self.list.len()..).take(told.iter().flatten().count()).collect();
        self.list.extend(told.into_iter().flatten().map(str::to_owned));
        self.of_rules.insert(id.to_owned(), numbers.clone());
        numbers
    }
}
