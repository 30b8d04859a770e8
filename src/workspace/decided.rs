//! Decides about one function, or finds in the cache what was decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::slimmed::Slimmed;
use crate::bytecode;
use crate::cache::{Key, Kind};
use crate::digest::Digest;
use crate::facts;
use crate::options::workspace::Function;
use crate::options::{Bytecode, LayerPolicy, Level, Options};
use crate::plan;
use crate::progress::Progress;
use crate::proving::{self, site::runs_here};
use crate::python::dist;
use crate::scan::Scanned;
use crate::settle::{Clock, settle};
use crate::target::Arch;
use crate::tree::{FileMap, PackageId};
use crate::verify::{Proof, Status, folder_hash, subject};

/// What was decided about a function.
const FUNCTION: Kind = Kind::new("function");

/// A function with what was decided about it.
pub(super) struct Decided {
    /// The hash of every file.
    pub(super) digests: FileMap<Digest>,
    /// What ships.
    pub(super) slimmed: Slimmed,
    /// The proof of the function alone, where that decided what ships, or nothing else can be proven.
    pub(super) proof: Option<Proof>,
    /// All that decides what ships.
    pub(super) key: Digest,
    /// The key of what is known of its parts.
    pub(super) parts_key: Key,
}

/// The distributions that at least two functions hold, by normalized name: those may go into layers.
pub(super) fn names_of_several(scanned: &[Scanned]) -> Arc<BTreeSet<String>> {
    let mut once = BTreeSet::new();
    let mut several = BTreeSet::new();
    for scanned in scanned {
        let names: BTreeSet<String> = scanned
            .tree
            .files()
            .filter_map(|(_, file)| {
                let (folder, _) = file.path.as_str().split_once('/')?;
                let stem = folder
                    .strip_suffix(".dist-info")
                    .or_else(|| folder.strip_suffix(".egg-info"))?;
                Some(dist::normalize(stem.split('-').next().unwrap_or(stem)))
            })
            .collect();
        for name in names {
            if !once.insert(name.clone()) {
                several.insert(name);
            }
        }
    }
    Arc::new(several)
}

impl Decided {
    /// Decides about a function, as if it were alone.
    ///
    /// # Errors
    /// As a build of it.
    pub(super) fn of(
        function: &Function,
        scanned: &Scanned,
        digests: FileMap<Digest>,
        shared: &Arc<BTreeSet<String>>,
        clock: &mut Clock,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let options = alone(&function.options, shared);
        let key = key(scanned, &digests, &options)?;
        let cache_key = Key::of(&[key.as_bytes()]);
        let parts_key = Key::of(&[key.as_bytes(), format!("{:?}", options.compression).as_bytes()]);
        let known = options.cache.get(FUNCTION, &cache_key);
        let known = known.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        if let Some((slimmed, proof)) = known {
            return Ok(Self { digests, slimmed, proof, key, parts_key });
        }
        let (slimmed, proof) = decide(scanned, &digests, options.clone(), clock, progress)?;
        // What failed is tried again.
        if proof.as_ref().is_none_or(|proof| proof.status != Status::Failed) {
            let bytes = postcard::to_stdvec(&(&slimmed, &proof))
                .context("failed to note what was decided")?;
            options.cache.put(FUNCTION, &cache_key, &bytes);
        }
        Ok(Self { digests, slimmed, proof, key, parts_key })
    }
}

/// What is asked for of a function alone: every distribution that it shares goes into a layer.
fn alone(options: &Options, shared: &Arc<BTreeSet<String>>) -> Options {
    Options {
        layer: LayerPolicy::All,
        layer_only: Some(shared.clone()),
        dry_run: true,
        ..options.clone()
    }
}

/// All that decides what ships of a function: what it holds, and what was asked for.
fn key(scanned: &Scanned, digests: &FileMap<Digest>, options: &Options) -> Result<Digest> {
    let asked = Options {
        packages: Vec::new(),
        out_dir: Default::default(),
        cache: Default::default(),
        max_unzipped: None,
        max_zipped: None,
        max_growth: None,
        baseline: None,
        copies: Vec::new(),
        every_file: false,
        // Where nothing is run or compiled, it is no matter with what.
        python_bin: options
            .python_bin
            .clone()
            .filter(|_| options.proving.is_some() || options.bytecode != Bytecode::None),
        ..options.clone()
    };
    let mut parts: Vec<Vec<u8>> = vec![format!("{asked:?}").into_bytes()];
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))
    };
    for path in &options.traces {
        parts.push(read(path)?);
    }
    if let Some(proving) = &options.proving {
        for path in &proving.events {
            parts.push(read(path).unwrap_or_default());
        }
        if let Some(folder) = proving.runtime_packages.as_ref().filter(|folder| folder.is_dir()) {
            parts.push(folder_hash(folder)?);
        }
    }
    let mut found = Vec::new();
    for (id, file) in scanned.tree.files() {
        found.extend_from_slice(&(file.path.as_str().len() as u64).to_le_bytes());
        found.extend_from_slice(file.path.as_str().as_bytes());
        found.extend_from_slice(&[u8::from(file.executable), file.kind as u8]);
        found.extend_from_slice(digests[id].as_bytes());
    }
    parts.push(found);
    Ok(Digest::of_parts(parts.iter().map(Vec::as_slice)))
}

fn decide(
    scanned: &Scanned,
    digests: &FileMap<Digest>,
    mut options: Options,
    clock: &mut Clock,
    progress: &dyn Progress,
) -> Result<(Slimmed, Option<Proof>)> {
    let tree = &scanned.tree;
    let facts = facts::gather(tree, scanned, &options, progress)?;
    if options.small_pages && facts.target.arch == Arch::X86_64 {
        options.small_pages = false;
    }
    let proving = options.proving.clone();
    let runs = runs_here(facts.target.arch);
    // At level max a run decides; where nothing can be run, all that can be said is said here.
    let here = proving.as_ref().filter(|_| options.level == Level::Max || !runs);
    let (plan, proof) = match here {
        Some(_) => {
            let settled = settle(scanned, &facts, &mut options, here, clock, progress)?;
            (settled.plan, settled.proof)
        }
        None => {
            let restored = plan::Restored::default();
            let mut plan = plan::make(tree, scanned, &facts, &options, &restored, progress)?;
            if let Some(proving) = &proving {
                proving::has_what_is_left(&plan, proving)?;
            }
            if options.bytecode != Bytecode::None {
                bytecode::add(scanned, &facts, &mut plan, &options, None, progress)?;
            }
            (plan, None)
        }
    };
    let modules = match (&proving, runs) {
        (Some(proving), true) => {
            let own = match proving.parity {
                true => None,
                false => Some(plan::from_handlers(tree, scanned, &facts, &options, progress)?),
            };
            subject::modules(tree, &facts, &plan, own.as_ref(), PackageId(0))
        }
        _ => Vec::new(),
    };
    let level = options.level.name();
    Ok((Slimmed::of(scanned, &facts, &plan, digests, level, modules)?, proof))
}
