//! A workspace divided over machines: each makes the parts of some functions, and keeps them in a cache
//! that all share; whoever builds the whole then finds them there.

use serde::Serialize;

use crate::options::workspace::{Share, Workspace};
use crate::scan::Scanned;

/// The functions of one share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shard {
    /// Which share it is.
    pub share: Share,
    /// Their names.
    pub functions: Vec<String>,
    /// Bytes of their packages, which is what the work goes with.
    pub bytes: u64,
}

/// Shares of about the same size: the largest function first, each into the smallest share so far.
pub(super) fn shards(workspace: &Workspace, scanned: &[Scanned], of: usize) -> Vec<Shard> {
    let mut functions: Vec<(u64, &str)> = workspace
        .functions
        .iter()
        .zip(scanned)
        .map(|(function, scanned)| (scanned.tree.bytes(), function.name.as_str()))
        .collect();
    functions.sort_by_key(|(bytes, name)| (std::cmp::Reverse(*bytes), *name));
    let mut shards: Vec<Shard> = (1..=of)
        .map(|number| Shard { share: Share { number, of }, functions: Vec::new(), bytes: 0 })
        .collect();
    for (bytes, name) in functions {
        let smallest = shards.iter_mut().min_by_key(|shard| (shard.bytes, shard.share.number));
        if let Some(shard) = smallest {
            shard.functions.push(name.to_owned());
            shard.bytes += bytes;
        }
    }
    shards.iter_mut().for_each(|shard| shard.functions.sort());
    shards
}

/// What was made of one share.
#[derive(Debug, Serialize)]
pub struct Made {
    /// The share.
    #[serde(flatten)]
    pub shard: Shard,
    /// How many parts of zips are in the cache now.
    pub parts: usize,
    /// What they take there, in bytes.
    pub zipped_bytes: u64,
}

impl Made {
    /// What was made, in a line.
    pub fn render(&self) -> String {
        let Shard { share, functions, .. } = &self.shard;
        format!(
            "share {} of {} ({}): {} parts of zips in the cache, {}\n",
            share.number,
            share.of,
            functions.join(", "),
            self.parts,
            crate::report::numbers::mb(self.zipped_bytes)
        )
    }
}

/// The shares, each with the line that makes it.
pub fn render(shards: &[Shard]) -> String {
    let mut out = String::new();
    for shard in shards {
        let Share { number, of } = shard.share;
        let names = match shard.functions.is_empty() {
            true => "nothing".to_owned(),
            false => shard.functions.join(", "),
        };
        let size = crate::report::numbers::mb(shard.bytes);
        out.push_str(&format!("slim build --shard {number}/{of}  # {names}: {size}\n"));
    }
    out.push_str("slim build  # then, with the same --cache: finds all of it there\n");
    out
}
