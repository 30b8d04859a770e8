//! Many functions as one build: what of each ships, and which layers they share.
//!
//! decided (each function alone) → items → sized → split → placed → written → proven → told.

mod bundled;
mod decided;
mod digests;
mod files;
pub mod items;
mod placed;
mod proven;
pub mod shards;
mod slimmed;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::cache::{Cache, Key, Kind};
use crate::failure::Failure;
use crate::options::workspace::{Function, Share, Workspace};
use crate::options::{LayerPolicy, Options};
use crate::pack::parts::{Part, Parts};
use crate::pack::staging::Staging;
use crate::pack::{Archive, folders, licenses};
use crate::progress::Progress;
use crate::report::Report;
use crate::scan::{Hashed, Scanned};
use crate::scratch;
use crate::settle::Clock;
use crate::split::lock;
use crate::split::{self, Limits, Previous, Split};
use crate::tree::Layout;
use crate::verify::Status;
use decided::Decided;
use items::{Item, Member};
use placed::Placed;
use shards::{Made, Shard};

/// What is known of the parts that a function's zips are made of.
const PARTS: Kind = Kind::new("parts");
/// What is known of a zip.
const ZIP: Kind = Kind::new("zip");

/// Most bytes that a cache takes which lasts as long as the build.
const FOR_NOW: u64 = u64::MAX / 2;

/// What was made of a workspace.
pub struct Built {
    /// What is told of it.
    pub report: Report,
    /// The licence texts that the zips do not hold.
    pub licenses: Option<String>,
    /// Where the zips lie until they are moved.
    pub staging: Staging,
    /// The zips that lie in the output folder already as they are to be.
    pub in_place: BTreeSet<String>,
    /// What is noted of the layers for the next build; `None` where there are none.
    pub lock: Option<String>,
}

/// Makes the zips of all functions, and the layers that they share, and proves them where that was
/// asked for.
///
/// # Errors
/// A [`Failure`] for wrong use; any other error for what cannot be read or written.
pub fn build(workspace: &Workspace, replan: bool, progress: &dyn Progress) -> Result<Built> {
    let mut clock = Clock::start();
    let options = &workspace.options;
    let mut scanned = scan(workspace, progress)?;
    clock.stop("scan");
    let spool = scratch::folder("slim-parts-").context("failed to create a folder for parts")?;
    let cache = match options.cache.is_on() {
        true => options.cache.clone(),
        false => Cache::at(spool.path(), FOR_NOW),
    };
    let shared = decided::names_of_several(&scanned);
    let decided = decide(workspace, &mut scanned, &shared, &mut clock, progress)?;
    let members = members(workspace, &decided);
    let previous = match replan {
        true => None,
        false => locked(workspace)?,
    };
    let items = items::items(&members, workspace.layer.pure_across_targets, previous.as_ref());
    let wanted = placed::wanted(workspace, &scanned, &decided, &items);
    let noted = noted(&decided, &cache);
    let parts = Parts::make(
        wanted.parts,
        |key| noted.get(&key).cloned(),
        &cache,
        options.compression,
        progress,
    )?;
    note(&decided, &wanted.of_functions, &parts, &noted, &cache);
    clock.stop("compress");
    let (split, locked) =
        split(workspace, &decided, &items, &parts, &wanted.numbers, previous.as_ref());
    let placed = Placed::of(workspace, &decided, &items, &split, &wanted.numbers);
    clock.stop("split");
    let staging = Staging::new(options)?;
    let (mut archives, in_place) = written(&placed, &parts, &staging, options, &cache, progress)?;
    clock.stop("pack");
    let proof =
        proven::prove(workspace, &scanned, &decided, &placed, &archives, &staging, progress)?;
    clock.stop("proof");
    folders::lay_out(&mut archives, &staging, options)?;
    let report = told::Told {
        workspace,
        decided: &decided,
        items: &items,
        split: &split,
        placed: &placed,
        numbers: &wanted.numbers,
        parts: &parts,
        archives: &archives,
    }
    .report(proof, clock.stages);
    let lock = (!split.layers.is_empty()).then(|| lock::write(&locked));
    Ok(Built { report, licenses: all_licenses(&decided), staging, in_place, lock })
}

/// The functions in shares of about the same size.
///
/// # Errors
/// As [`build`].
pub fn plan(workspace: &Workspace, of: usize, progress: &dyn Progress) -> Result<Vec<Shard>> {
    Ok(shards::shards(workspace, &scan(workspace, progress)?, of))
}

/// Decides about the functions of one share and makes the parts of their zips, which stay in the cache;
/// nothing else is written.
///
/// # Errors
/// As [`build`]; a usage [`Failure`] where there is no cache to keep them in, a proof's where level max
/// was asked for and fails it.
pub fn make(workspace: &Workspace, share: Share, progress: &dyn Progress) -> Result<Made> {
    let cache = &workspace.options.cache;
    if !cache.is_on() {
        return Err(Failure::usage(
            "failed to use --shard: there is no cache to keep the parts in",
        )
        .hint("leave --no-cache out; --cache names a store that machines share")
        .into());
    }
    let mut scanned = scan(workspace, progress)?;
    let shared = decided::names_of_several(&scanned);
    let mut shards = shards::shards(workspace, &scanned, share.of);
    let shard = shards.swap_remove(share.number - 1);
    let is_in = |name: &String| shard.functions.contains(name);
    let mut in_share = workspace.functions.iter().map(|function| is_in(&function.name));
    scanned.retain(|_| in_share.next().unwrap_or_default());
    let mut own = workspace.clone();
    own.functions.retain(|function| is_in(&function.name));
    let mut clock = Clock::start();
    let decided = decide(&own, &mut scanned, &shared, &mut clock, progress)?;
    let failed = own.functions.iter().zip(&decided).find_map(|(function, decided)| {
        let proof = decided.proof.as_ref().filter(|proof| proof.status == Status::Failed)?;
        Some((&function.name, proof.because.first().cloned().unwrap_or_default()))
    });
    if let Some((name, because)) = failed {
        return Err(Failure::failed(format!("failed to prove function {name}: {because}")).into());
    }
    let items = items::items(&members(&own, &decided), own.layer.pure_across_targets, None);
    let wanted = placed::wanted(&own, &scanned, &decided, &items);
    let noted = noted(&decided, cache);
    let count = wanted.parts.len();
    let parts = Parts::make(
        wanted.parts,
        |key| noted.get(&key).cloned(),
        cache,
        own.options.compression,
        progress,
    )?;
    note(&decided, &wanted.of_functions, &parts, &noted, cache);
    let zipped_bytes = (0..count).map(|number| parts.part(number).packed_size).sum();
    Ok(Made { shard, parts: count, zipped_bytes })
}

/// Notes the layers for the next build; without any, nothing of an earlier build stays noted.
///
/// # Errors
/// When the note cannot be written or removed.
pub fn keep(workspace: &Workspace, lock: Option<&str>) -> Result<()> {
    let path = workspace.root.join(lock::FILE);
    match lock {
        Some(text) => replace(&path, text.as_bytes()),
        None if path.is_file() => {
            fs::remove_file(&path).with_context(|| format!("failed to remove {}", path.display()))
        }
        None => Ok(()),
    }
}

/// The layers that are deployed, as the build before noted them.
fn locked(workspace: &Workspace) -> Result<Option<Previous>> {
    let path = workspace.root.join(lock::FILE);
    let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(lock::read(&shown, &text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("failed to read {shown}")),
    }
}

/// Walks every function's package.
fn scan(workspace: &Workspace, progress: &dyn Progress) -> Result<Vec<Scanned>> {
    let scanned = workspace.functions.iter().map(|function| {
        let wanted = crate::scan::Wanted {
            root: &function.path,
            under: function.requirements.as_deref(),
            name: Some(&function.name),
        };
        let scanned = crate::scan::scan_all(&[wanted], progress)
            .with_context(|| format!("failed to build function {}", function.name))?;
        let is_layer =
            scanned.tree.packages().any(|(_, package)| matches!(package.layout, Layout::Layer(_)));
        if is_layer {
            return Err(Failure::usage(format!(
                "failed to build function {}: {} is laid out as a layer",
                function.name,
                function.path.display()
            ))
            .hint("a function's package holds its handler at the top; name the folder `python` in it as `requirements`")
            .into());
        }
        Ok(scanned)
    });
    scanned.collect()
}

fn decide(
    workspace: &Workspace,
    scanned: &mut [Scanned],
    shared: &Arc<BTreeSet<String>>,
    clock: &mut Clock,
    progress: &dyn Progress,
) -> Result<Vec<Decided>> {
    let hashed = Hashed::default();
    let mut all = Vec::new();
    for (function, scanned) in workspace.functions.iter().zip(scanned) {
        let digests = digests::all(scanned, &hashed, progress)?;
        clock.stop("hash");
        let decided = Decided::of(function, scanned, digests, shared, clock, progress)
            .with_context(|| format!("failed to build function {}", function.name))?;
        scanned.release();
        clock.stop("decide");
        all.push(decided);
    }
    Ok(all)
}

fn members<'a>(workspace: &'a Workspace, decided: &'a [Decided]) -> Vec<Member<'a>> {
    let member = |(function, decided): (&'a Function, &'a Decided)| Member {
        name: &function.name,
        slimmed: &decided.slimmed,
        bytecode: function.options.bytecode,
    };
    workspace.functions.iter().zip(decided).map(member).collect()
}

/// What earlier builds noted of the parts of these functions.
fn noted(decided: &[Decided], cache: &Cache) -> BTreeMap<crate::digest::Digest, Part> {
    let notes = decided.par_iter().filter_map(|decided| {
        let bytes = cache.get(PARTS, &decided.parts_key)?;
        postcard::from_bytes::<Vec<(crate::digest::Digest, Part)>>(&bytes).ok()
    });
    notes.flatten().collect()
}

/// Notes what is known of the parts of each function, where that is new.
fn note(
    decided: &[Decided],
    of_functions: &[BTreeSet<usize>],
    parts: &Parts<'_>,
    noted: &BTreeMap<crate::digest::Digest, Part>,
    cache: &Cache,
) {
    for (decided, numbers) in decided.iter().zip(of_functions) {
        if numbers.iter().all(|number| noted.contains_key(&parts.key(*number))) {
            continue;
        }
        let notes: Vec<_> = numbers
            .iter()
            .map(|number| (parts.key(*number), parts.part(*number).clone()))
            .collect();
        if let Ok(bytes) = postcard::to_stdvec(&notes) {
            cache.put(PARTS, &decided.parts_key, &bytes);
        }
    }
}

/// Which item lies in which layer, and what the next build must know of it.
fn split(
    workspace: &Workspace,
    decided: &[Decided],
    items: &[Item],
    parts: &Parts<'_>,
    numbers: &placed::Numbers,
    previous: Option<&Previous>,
) -> (Split, Previous) {
    let functions: Vec<split::Function> = workspace
        .functions
        .iter()
        .enumerate()
        .map(|(number, function)| split::Function {
            name: function.name.clone(),
            own: placed::amount(
                decided[number].slimmed.entries.iter().filter(|entry| entry.group.is_none()),
                parts,
                numbers,
            ),
        })
        .collect();
    let clashes = placed::clashes(items);
    let shareable = workspace.layer.policy != LayerPolicy::None;
    let items: Vec<split::Item> = items
        .iter()
        .zip(clashes)
        .map(|(item, clashes)| split::Item {
            name: item.name.clone(),
            version: item.version(),
            digest: item.digest().short(),
            amount: placed::amount(&item.entries, parts, numbers),
            users: item.users.keys().copied().collect(),
            fits: (0..decided.len())
                .filter(|number| {
                    item.target.is_none_or(|target| target == decided[*number].slimmed.target)
                })
                .collect(),
            clashes,
            shareable,
        })
        .collect();
    let split = split::split(&functions, &items, &Limits::default(), previous);
    let locked = split.locked(&functions, &items);
    (split, locked)
}

/// The zips, and the names of those that lie in the output folder as they are to be.
fn written(
    placed: &Placed,
    parts: &Parts<'_>,
    staging: &Staging,
    options: &Options,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<(Vec<Archive>, BTreeSet<String>)> {
    let keys: Vec<Key> = placed
        .zips
        .iter()
        .map(|plan| Key::of(&[parts.zip_key(plan, options).as_bytes()]))
        .collect();
    let known: Vec<Option<Archive>> = placed
        .zips
        .par_iter()
        .zip(&keys)
        .map(|(plan, key)| {
            let archive = Archive::read(&cache.get(ZIP, key)?, &plan.file, plan.role)?;
            staging.holds(&archive.file, archive.blake3).then_some(archive)
        })
        .collect();
    let missing: Vec<usize> = (0..known.len()).filter(|number| known[*number].is_none()).collect();
    let plans: Vec<_> = missing.iter().map(|number| &placed.zips[*number]).collect();
    let made = parts.write(&plans, staging, options, progress)?;
    let mut archives = known;
    for (number, archive) in missing.iter().zip(made) {
        cache.put(ZIP, &keys[*number], &archive.noted()?);
        archives[*number] = Some(archive);
    }
    let in_place = placed
        .zips
        .iter()
        .enumerate()
        .filter(|(number, _)| !missing.contains(number))
        .map(|(_, plan)| plan.file.clone());
    let in_place = in_place.collect();
    Ok((archives.into_iter().flatten().collect(), in_place))
}

fn all_licenses(decided: &[Decided]) -> Option<String> {
    let mut all = licenses::Licenses::new();
    for (text, holders) in decided.iter().flat_map(|decided| &decided.slimmed.licenses) {
        let there = all.entry(text.clone()).or_default();
        for holder in holders {
            if !there.contains(holder) {
                there.push(holder.clone());
            }
        }
        there.sort();
    }
    licenses::write(all)
}

/// Writes a file whole or not at all; one that is the same already is left alone.
fn replace(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    scratch::write(path, bytes).with_context(|| format!("failed to write {}", path.display()))
}
