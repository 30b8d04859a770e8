//! What compiled Python costs, or what it costs to do without.

use std::collections::BTreeSet;

use serde::Serialize;

use super::numbers::{count, mb};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::options;
use crate::pack::Packed;
use crate::plan::{Of, Plan};
use crate::tree::{FileId, Tree};

/// Seconds that CPython 3.12 takes to compile a megabyte of source, on one thread of a server's
/// processor; Lambda gives one at 1,769 MB of memory. Measured over the sources of three packages,
/// 0.25 to 0.27.
const SECONDS_PER_MB: f64 = 0.26;

/// What bytecode takes in a zip for each byte of source: 0.41 to 0.51 over the same.
const ZIPPED_PER_BYTE: f64 = 0.45;

/// The bytecode of what a cold start imports.
#[derive(Debug, Serialize)]
pub struct Bytecode {
    /// `none`, `hash` or `only`.
    pub mode: &'static str,
    /// Whether a run told which modules are imported; else they are all that ship.
    pub observed: bool,
    /// The sources that are imported.
    pub modules: u64,
    /// Their bytes.
    pub source_bytes: u64,
    /// The sources in whose place their bytecode ships.
    pub instead: u64,
    /// The sources of distributions that ship all the same.
    pub sources_left: u64,
    /// Those of them that no run imports: their bytecode would take no less in the zip.
    pub sources_unimported: u64,
    /// Bytes of bytecode that ship.
    pub bytes: u64,
    /// What those take in the zips.
    pub zipped_bytes: u64,
}

impl Bytecode {
    /// Counts them; `imported` is what a run was seen to import.
    pub fn of(
        tree: &Tree,
        facts: &Facts,
        plan: &Plan,
        packed: &Packed,
        options: &options::Options,
        imported: Option<&BTreeSet<FileId>>,
    ) -> Self {
        let made = |shipped: &&crate::pack::Shipped| {
            let generated = shipped.generated.map(|number| plan.generated[number].of);
            let instead = shipped.file.is_some_and(|id| plan.compiled.contains_key(&id));
            instead || matches!(generated, Some(Of::Source(_)))
        };
        let is_imported = |id: &FileId| imported.is_none_or(|imported| imported.contains(id));
        let counts = |id: &FileId| {
            plan.ships(*id) && matches!(facts.content[*id], Content::Source) && is_imported(id)
        };
        let is_left = |id: &FileId| {
            plan.ships(*id)
                && matches!(facts.content[*id], Content::Source)
                && facts.owners.brought_by(*id).is_some()
                && !plan.compiled.contains_key(id)
        };
        let sources = || tree.ids().filter(counts);
        Self {
            mode: match options.bytecode {
                options::Bytecode::None => "none",
                options::Bytecode::Hash => "hash",
                options::Bytecode::Only => "only",
            },
            observed: imported.is_some(),
            modules: sources().count() as u64,
            source_bytes: sources().map(|id| tree.file(id).size).sum(),
            instead: plan.compiled.len() as u64,
            sources_left: tree.ids().filter(is_left).count() as u64,
            sources_unimported: tree.ids().filter(|id| is_left(id) && !is_imported(id)).count()
                as u64,
            bytes: packed.shipped.iter().filter(made).map(|shipped| shipped.bytes).sum(),
            zipped_bytes: packed.shipped.iter().filter(made).map(|s| s.packed_bytes).sum(),
        }
    }

    /// The one line for people; nothing where there is no source.
    pub fn told(&self) -> Option<String> {
        let (modules, source) = (count(self.modules), mb(self.source_bytes));
        if self.modules == 0 {
            return None;
        }
        if self.mode != "none" {
            let (bytes, zipped) = (mb(self.bytes), mb(self.zipped_bytes));
            let instead = match self.mode {
                "only" => {
                    let unimported = match self.sources_unimported {
                        0 => String::new(),
                        some => format!(", {} that no run imports stay without", count(some)),
                    };
                    format!(
                        "; in place of {} sources of distributions, {} stay beside it (-v lists \
                         why){unimported}",
                        count(self.instead),
                        count(self.sources_left - self.sources_unimported)
                    )
                }
                _ => String::new(),
            };
            let made = match self.mode {
                "only" => "bytecode".to_owned(),
                _ => format!("bytecode of {modules} modules"),
            };
            return Some(format!("{made}: {bytes}, {zipped} zipped{instead}"));
        }
        let seconds = self.source_bytes as f64 / 1e6 * SECONDS_PER_MB;
        let more = mb((self.source_bytes as f64 * ZIPPED_PER_BYTE) as u64);
        let most = if self.observed { "" } else { "up to " };
        Some(format!(
            "no bytecode: each cold start compiles {most}{modules} modules ({source}), about \
             {seconds:.1} s at 1,769 MB of memory; --bytecode hash would add about {more} zipped"
        ))
    }
}
