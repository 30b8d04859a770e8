//! Every file of the packages, and what became of it.

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::Result;
use rayon::prelude::*;

use super::explain::{NOTHING_AGAINST, grounds};
use super::{counted_under, led};
use crate::facts::Facts;
use crate::facts::owners::DistId;
use crate::pack::{Packed, Shipped};
use crate::plan::layers::Place;
use crate::plan::{Action, Because, Of, Plan};
use crate::progress::Progress;
use crate::tree::{Contents, FileId, FileMap, Kind, Tree};
use crate::zip::deflate::{Compression, Deflater};

/// Every file of the packages, and what became of it.
#[derive(Debug, Default)]
pub struct Files {
    /// The files: those that were found, then those that slim made.
    pub files: Vec<File>,
    /// The reasons, each once.
    pub texts: Vec<String>,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// The package (a function, in a workspace) that holds it.
    pub package: String,
    /// The distribution that it travels with, as name and version; None for the user's.
    pub distribution: Option<(String, String)>,
    /// Its path below the import root.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
    /// The rule that decided or proposed, or the user's option.
    pub rule: Option<String>,
    /// Bytes that were found.
    pub before: u64,
    /// What these take in a zip of the same compression; None where that was not worked out.
    pub before_zipped: Option<u64>,
    /// Bytes that ship.
    pub after: u64,
    /// What these take in the zip.
    pub after_zipped: u64,
    /// The zip that it ships in, by number in the report; None when it does not.
    pub zip: Option<usize>,
    /// The reason with its evidence, by number in `texts`.
    pub because: Vec<usize>,
    /// What leads to it: the sentence, and the file that does, by number.
    pub led: Option<(String, usize)>,
    /// How much of what leads to it belongs to the reason.
    pub chain: Chain,
}

/// How much of the chain that leads to a file belongs to the reason of its decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// All of it.
    Whole,
    /// All but the first step.
    AfterFirst,
    /// None of it.
    #[default]
    Nothing,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ships as it is.
    Kept,
    /// Other bytes ship in its place.
    Changed,
    /// It does not ship.
    Dropped,
    /// The layer has it from another package.
    Shared,
    /// slim made it.
    Made,
}

/// What every file is and what became of it; files that do not ship as they are get deflated as they were
/// found, to tell what they would take.
///
/// # Errors
/// When a file cannot be read.
pub fn find(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    packed: &Packed,
    compression: Compression,
    progress: &dyn Progress,
) -> Result<Files> {
    let mut shipped: FileMap<Option<&Shipped>> = FileMap::filled(tree, None);
    for one in &packed.shipped {
        if let Some(file) = one.file {
            shipped[file] = Some(one);
        }
    }
    let finder = Finder { tree, facts, plan, packed, shipped, texts: RefCell::default() };
    let zipped = finder.zipped_before(contents, compression, progress)?;
    let shipping = finder.shipping();
    let mut files: Vec<File> =
        tree.ids().map(|id| finder.found(id, &shipping, zipped[id])).collect();
    let made = packed.shipped.iter().filter(|one| one.generated.is_some());
    files.extend(made.map(|one| finder.made(one)));
    Ok(Files { files, texts: finder.texts.into_inner().list })
}

/// Texts, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: String) -> usize {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        self.list.push(text.clone());
        self.numbers.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }
}

struct Finder<'a> {
    tree: &'a Tree,
    facts: &'a Facts,
    plan: &'a Plan,
    packed: &'a Packed,
    shipped: FileMap<Option<&'a Shipped>>,
    texts: RefCell<Texts>,
}

impl Finder<'_> {
    /// How many files of each package ship.
    fn shipping(&self) -> Vec<u64> {
        let mut counts = vec![0; self.tree.packages().count()];
        for (_, file) in self.tree.files().filter(|(id, _)| self.plan.ships(*id)) {
            counts[usize::from(file.package.0)] += 1;
        }
        counts
    }

    /// What each file would take in a zip as it was found.
    fn zipped_before(
        &self,
        contents: &dyn Contents,
        compression: Compression,
        progress: &dyn Progress,
    ) -> Result<FileMap<u64>> {
        let ids: Vec<FileId> = self.tree.ids().collect();
        let as_found = |id: FileId| {
            let same = self.plan.decisions[id].action == Action::Keep;
            self.shipped[id].filter(|_| same).map(|one| one.packed_bytes)
        };
        // The slowest level takes minutes, and nobody ships these.
        let compression = match compression {
            Compression::Extreme => Compression::Max,
            other => other,
        };
        let to_deflate = ids.iter().filter(|id| as_found(**id).is_none());
        progress.begin("measuring", to_deflate.map(|id| self.tree.file(*id).size).sum());
        // Borrowed apart: texts are not for many threads.
        let (tree, packed): (&Tree, Vec<Option<u64>>) =
            (self.tree, ids.iter().map(|id| as_found(*id)).collect());
        let sizes: Result<Vec<u64>> = ids
            .par_iter()
            .zip(packed)
            .map_init(
                || Deflater::new(compression),
                |deflater, (id, known)| match known {
                    Some(bytes) => Ok(bytes),
                    None if tree.file(*id).kind == Kind::EmptyFolder => Ok(0),
                    None => {
                        let bytes = deflater.pack(&contents.read(*id)?).data.len() as u64;
                        progress.advance(tree.file(*id).size);
                        Ok(bytes)
                    }
                },
            )
            .collect();
        progress.end();
        let mut zipped = FileMap::filled(self.tree, 0);
        for (id, bytes) in ids.into_iter().zip(sizes?) {
            zipped[id] = bytes;
        }
        Ok(zipped)
    }

    fn found(&self, id: FileId, shipping: &[u64], before_zipped: u64) -> File {
        let (tree, plan) = (self.tree, self.plan);
        let (file, decision, shipped) = (tree.file(id), &plan.decisions[id], self.shipped[id]);
        let (after, after_zipped) = shipped.map_or((0, 0), |one| (one.bytes, one.packed_bytes));
        let fate = match decision.action {
            Action::Drop => Fate::Dropped,
            _ if plan.placement.place(id) == Place::SharedAlready => Fate::Shared,
            Action::Keep => Fate::Kept,
            Action::Change(_) if after == file.size && shipped.is_some_and(is_as_found) => {
                Fate::Kept
            }
            Action::Change(_) => Fate::Changed,
        };
        let led = plan.reach.step(id).map(|step| (led(tree, step), step.by.0 as usize));
        let ships = shipping[usize::from(file.package.0)];
        let (_, mut because, chain) = grounds(tree, self.facts, plan, id, ships);
        because.extend(shipped.and_then(|one| one.doubt.as_ref()).map(|doubt| doubt.why.clone()));
        if because.is_empty() && led.is_none() {
            because.push(NOTHING_AGAINST.to_owned());
        }
        // What a rule looked at and left as it is counts for none.
        let rule = match (&decision.because, fate) {
            (Because::Rule(_), Fate::Kept | Fate::Shared) => None,
            (because, _) => counted_under(because).map(|(_, id)| id.to_owned()),
        };
        File {
            package: tree.package(file.package).name.clone(),
            distribution: self.distribution(self.facts.owners.owner(id).travels_with()),
            path: tree.import_path(id).unwrap_or(file.path.as_str()).to_owned(),
            fate,
            rule,
            before: file.size,
            before_zipped: Some(before_zipped),
            after,
            after_zipped,
            zip: shipped.and_then(|one| self.zip(one)),
            because: self.numbers(because),
            led,
            chain,
        }
    }

    /// A file that slim wrote.
    fn made(&self, one: &Shipped) -> File {
        let generated = &self.plan.generated[one.generated.unwrap_or_default()];
        let (package, dist, because) = match generated.of {
            Of::Dist(dist) => {
                let package = self.facts.owners.distribution(dist).package;
                (package, Some(dist), "made by slim: what importlib.metadata reads of it")
            }
            Of::Source(source) => {
                let dist = self.facts.owners.owner(source).travels_with();
                (self.tree.file(source).package, dist, "made by slim: bytecode of the source")
            }
        };
        File {
            package: self.tree.package(package).name.clone(),
            distribution: self.distribution(dist),
            path: generated.import_path.clone(),
            fate: Fate::Made,
            rule: None,
            before: 0,
            before_zipped: Some(0),
            after: one.bytes,
            after_zipped: one.packed_bytes,
            zip: self.zip(one),
            because: self.numbers(vec![because.to_owned()]),
            led: None,
            chain: Chain::Nothing,
        }
    }

    fn distribution(&self, id: Option<DistId>) -> Option<(String, String)> {
        let dist = self.facts.owners.distribution(id?);
        Some((dist.name.clone(), dist.version.clone()))
    }

    fn zip(&self, one: &Shipped) -> Option<usize> {
        self.packed.archives.iter().position(|archive| archive.role == one.role)
    }

    fn numbers(&self, texts: Vec<String>) -> Vec<usize> {
        let mut known = self.texts.borrow_mut();
        texts.into_iter().map(|text| known.number(text)).collect()
    }
}

/// Whether nothing of it was overwritten in place.
fn is_as_found(one: &Shipped) -> bool {
    one.kernels.bytes == 0 && one.by_pages == 0
}
