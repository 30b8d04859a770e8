//! What is true of each file.

pub mod asked;
pub mod content;
pub mod imports;
pub mod kept;
pub mod kernels;
pub mod known;
pub mod links;
pub mod names;
pub mod observed;
pub mod owners;
pub mod reach;
pub mod readers;
pub mod twins;

use std::sync::Arc;

use anyhow::Result;
use rayon::prelude::*;

use crate::cache;
use crate::fact::Known;
use crate::memory::Budget;
use crate::options::Options;
use crate::progress::Progress;
use crate::target::Target;
use crate::tree::{Contents, FileMap, Kind, Tree};
use content::Content;
use kept::Kept;
use links::LinkGraph;
use observed::Observed;
use owners::{DistId, Owners};
use twins::Twins;

/// Bytes of files that are looked into at once.
pub(crate) const IN_FLIGHT: u64 = 96_000_000;

/// What files hold, in the cache.
const CONTENT: cache::Kind = cache::Kind::new("content");
/// Files up to this many bytes are looked into anew: they are in memory anyway.
const LARGE: u64 = 64 << 10;

/// Everything that later stages ask about files.
#[derive(Debug)]
pub struct Facts {
    /// Whose each file is.
    pub owners: Owners,
    /// What each file holds.
    pub content: FileMap<Content>,
    /// Which shared object needs which.
    pub links: LinkGraph,
    /// Which libraries are the same file under several names.
    pub twins: Twins,
    /// What is known of the distributions.
    pub known: Vec<(DistId, Arc<Known>)>,
    /// What runs were seen to open, where there is a trace.
    pub observed: Option<Observed>,
    /// What the package is for.
    pub target: Target,
    /// The folder of a layer that the distributions of flat packages go into.
    pub layer_root: String,
    /// What is odd about the package, a sentence each.
    pub warnings: Vec<String>,
    /// What is kept of single files for the next build.
    pub kept: Kept,
}

/// Looks into every file once.
///
/// # Errors
/// When a file cannot be read, or the package is for another target than the one asked for.
pub fn gather(
    tree: &Tree,
    contents: &dyn Contents,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Facts> {
    let mut owners = Owners::gather(tree, contents)?;
    let kept = Kept::of(&options.cache, tree);
    let content = look(tree, contents, &kept, progress)?;
    let mut warnings = std::mem::take(&mut owners.warnings);
    let target = content::target(tree, &content, options, &mut warnings)?;
    let links = LinkGraph::of(tree, &content);
    let twins = Twins::of(tree, contents, &content, &links)?;
    let known = known::holding(&owners, &options.facts);
    let observed = Observed::gather(tree, &owners, target, options, &mut warnings)?;
    let layer_root = options.layer_prefix.folder(target.python);
    let mut facts = Facts {
        owners,
        content,
        links,
        twins,
        known,
        observed,
        target,
        layer_root,
        warnings,
        kept,
    };
    facts.kept = facts.kept.with(tree, &facts);
    Ok(facts)
}

fn look(
    tree: &Tree,
    contents: &dyn Contents,
    kept: &Kept,
    progress: &dyn Progress,
) -> Result<FileMap<Content>> {
    let memo = kept.memo(CONTENT, tree, &[]);
    progress.begin("looking", tree.bytes());
    let budget = Budget::new(IN_FLIGHT);
    let ids: Vec<_> = tree.ids().collect();
    let looked: Result<Vec<Content>> = ids
        .into_par_iter()
        .map(|id| {
            let file = tree.file(id);
            if file.kind == Kind::EmptyFolder {
                return Ok(Content::Other);
            }
            let _held = budget.hold(file.size);
            let look = || {
                let bytes = contents.read_parts(id, &[&content::parts, &content::more_parts])?;
                Ok(content::look(file.path.as_str(), &bytes))
            };
            let content =
                if file.size > LARGE { memo.of(contents, id, None, look) } else { look() };
            progress.advance(file.size);
            content
        })
        .collect();
    progress.end();
    Ok(FileMap::from_values(looked?))
}
