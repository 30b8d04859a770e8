//! Deflated bytes by what they are made of: made once, kept in a cache, written into every zip that
//! has them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::deflated::IN_FLIGHT;
use super::staging::Staging;
use super::zips::Open;
use super::{Archive, Role, giants};
use crate::cache::{Cache, Key, Kind};
use crate::digest::Digest;
use crate::memory::Budget;
use crate::options::Options;
use crate::plan::Action;
use crate::progress::Progress;
use crate::transform::{self, Payload};
use crate::tree::{Contents, FileId};
use crate::zip::deflate::{Compression, Deflater, Method};
use crate::zip::writer::Header;

/// What is known of deflated bytes without them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Whether they are deflated; else they lie as they are.
    pub deflated: bool,
    /// CRC-32 of what they unpack to.
    pub crc32: u32,
    /// Bytes of what they unpack to.
    pub raw_size: u64,
    /// How many they are.
    pub packed_size: u64,
    /// Why what they unpack to was not made smaller, where that is a doubt; the rule's id first.
    pub doubt: Option<(String, String)>,
    /// How many bytes fewer it has because it is for pages of 4 KiB only.
    pub by_pages: u64,
    /// About how many bytes fewer they are because kernels of other processors went.
    pub by_kernels: u64,
}

/// What a part is made of.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// A file, with what is done to it.
    File(&'a dyn Contents, FileId, Action),
    /// Bytes that slim made.
    Made(&'a [u8]),
}

/// A part that is wanted.
pub struct Wanted<'a> {
    /// The hash of what it is made of: [`key`].
    pub key: Digest,
    /// What it is made of.
    pub origin: Origin<'a>,
    /// How many bytes that has.
    pub size: u64,
}

/// One entry of a zip.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its mode.
    pub mode: u32,
    /// The number of its part among those wanted; `None` for a folder.
    pub part: Option<usize>,
}

/// One zip that is to be written.
pub struct Plan {
    /// Its file name in the output folder.
    pub file: String,
    /// What it is for.
    pub role: Role,
    /// Its entries, in the order in which they lie in it.
    pub entries: Vec<Entry>,
}

/// The key of the deflated bytes of a file with this BLAKE3 hash, changed so and compressed so.
pub fn key(digest: Digest, action: Action, compression: Compression) -> Digest {
    let how = format!("{action:?} {compression:?}");
    Digest::of_parts([&digest.as_bytes()[..], how.as_bytes()])
}

/// Deflated bytes with what is known of them.
const DEFLATED: Kind = Kind::new("deflated");

/// Every part, made or found in the cache.
pub struct Parts<'a> {
    wanted: Vec<Wanted<'a>>,
    made: Vec<Part>,
    cache: &'a Cache,
    compression: Compression,
}

impl<'a> Parts<'a> {
    /// Makes what is not there. `known` tells what an earlier build noted of a part.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn make(
        wanted: Vec<Wanted<'a>>,
        known: impl Fn(Digest) -> Option<Part>,
        cache: &'a Cache,
        compression: Compression,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut made: Vec<Option<Part>> = wanted.iter().map(|part| known(part.key)).collect();
        let mut missing: Vec<usize> =
            (0..wanted.len()).filter(|number| made[*number].is_none()).collect();
        missing.sort_by_key(|number| (std::cmp::Reverse(wanted[*number].size), *number));
        progress.begin("compressing", missing.iter().map(|number| wanted[*number].size).sum());
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let budget = Budget::new(IN_FLIGHT);
        let done = Mutex::new(&mut made);
        let workers: Vec<Result<()>> = rayon::broadcast(|_| {
            let mut deflater = Deflater::new(compression);
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(number) = missing.get(at) else { break };
                let part = &wanted[*number];
                let held = budget.hold(part.size.saturating_mul(2));
                let ready = match found(cache, part.key) {
                    Some((ready, _)) => Ok(ready),
                    None => make(part, &mut deflater, compression, cache).map(|(ready, _)| ready),
                };
                drop(held);
                let ready = ready.inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
                done.lock().unwrap_or_else(PoisonError::into_inner)[*number] = Some(ready);
                progress.advance(part.size);
            }
            Ok(())
        });
        workers.into_iter().collect::<Result<()>>()?;
        progress.end();
        let made: Option<Vec<Part>> = made.into_iter().collect();
        let made = made.context("failed to compress: a worker ended early")?;
        Ok(Self { wanted, made, cache, compression })
    }

    /// What is known of a part.
    pub fn part(&self, number: usize) -> &Part {
        &self.made[number]
    }

    /// Its key.
    pub fn key(&self, number: usize) -> Digest {
        self.wanted[number].key
    }

    /// A key of all that a zip will hold, and how.
    pub fn zip_key(&self, plan: &Plan, options: &Options) -> Digest {
        let mut text = format!("{:?}", options.source_date_epoch).into_bytes();
        for entry in &plan.entries {
            text.extend_from_slice(&(entry.name.len() as u64).to_le_bytes());
            text.extend_from_slice(entry.name.as_bytes());
            text.extend_from_slice(&entry.mode.to_le_bytes());
            if let Some(number) = entry.part {
                text.extend_from_slice(self.key(number).as_bytes());
            }
        }
        Digest::of(&text)
    }

    /// Writes zips.
    ///
    /// # Errors
    /// When one cannot be written, or an entry does not fit the format.
    pub fn write(
        &self,
        plans: &[&Plan],
        staging: &Staging,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Vec<Archive>> {
        let bytes = |plan: &Plan| -> u64 {
            plan.entries.iter().filter_map(|entry| Some(self.part(entry.part?).packed_size)).sum()
        };
        progress.begin("writing", plans.iter().map(|plan| bytes(plan)).sum());
        let archives =
            plans.par_iter().map(|plan| self.write_one(plan, staging, options, progress));
        let archives: Result<Vec<Archive>> = archives.collect();
        progress.end();
        archives
    }

    fn write_one(
        &self,
        plan: &Plan,
        staging: &Staging,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Archive> {
        let mut zip = Open::create(plan.file.clone(), staging, options)?;
        let failed = || format!("failed to write {}", staging.shown(&plan.file).display());
        for entry in &plan.entries {
            let Some(number) = entry.part else {
                zip.folder(&entry.name).with_context(failed)?;
                continue;
            };
            if let Some((contents, id)) = passed_on(&self.wanted[number]) {
                let header = header(entry, &self.made[number]);
                zip.pass_on(&header, contents, id).with_context(failed)?;
                progress.advance(header.packed_size);
                continue;
            }
            let (part, data) = self.data(number)?;
            zip.entry(&header(entry, &part), &data).with_context(failed)?;
            progress.advance(data.len() as u64);
        }
        zip.finish(plan.role)
    }

    /// The deflated bytes of a part; made anew where the cache has lost them.
    fn data(&self, number: usize) -> Result<(Part, Vec<u8>)> {
        let wanted = &self.wanted[number];
        if let Some((part, data)) = found(self.cache, wanted.key) {
            return Ok((part, data));
        }
        make(wanted, &mut Deflater::new(self.compression), self.compression, self.cache)
    }
}

fn header<'e>(entry: &'e Entry, part: &Part) -> Header<'e> {
    Header {
        name: &entry.name,
        mode: entry.mode,
        method: if part.deflated { Method::Deflated } else { Method::Stored },
        crc32: part.crc32,
        raw_size: part.raw_size,
        packed_size: part.packed_size,
    }
}

/// The file of a part that is never in memory, nor in the cache.
fn passed_on<'a>(wanted: &Wanted<'a>) -> Option<(&'a dyn Contents, FileId)> {
    match wanted.origin {
        Origin::File(contents, id, action) if giants::is_passed_on(wanted.size, action) => {
            Some((contents, id))
        }
        _ => None,
    }
}

/// What the cache holds under a key.
fn found(cache: &Cache, key: Digest) -> Option<(Part, Vec<u8>)> {
    let mut bytes = cache.get(DEFLATED, &Key::of(&[key.as_bytes()]))?;
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let head = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let part: Part = postcard::from_bytes(rest.get(..head)?).ok()?;
    bytes.drain(..4 + head);
    (bytes.len() as u64 == part.packed_size).then_some((part, bytes))
}

fn make(
    wanted: &Wanted<'_>,
    deflater: &mut Deflater,
    compression: Compression,
    cache: &Cache,
) -> Result<(Part, Vec<u8>)> {
    if let Some((contents, id)) = passed_on(wanted) {
        return Ok((as_it_is(wanted.size, giants::checksum(contents, id)?), Vec::new()));
    }
    let payload = match wanted.origin {
        Origin::File(contents, id, action) => transform::apply(action, contents, id, compression)?,
        Origin::Made(bytes) => Payload::of(bytes.to_vec()),
    };
    let packed = giants::pack(deflater, &payload.bytes);
    let part = Part {
        deflated: packed.method == Method::Deflated,
        crc32: packed.crc32,
        raw_size: packed.raw_size,
        packed_size: packed.data.len() as u64,
        doubt: payload.doubt.map(|doubt| (doubt.rule.id.to_owned(), doubt.why)),
        by_pages: payload.by_pages,
        by_kernels: payload.kernels.zipped_bytes,
    };
    let head = postcard::to_stdvec(&part)?;
    let mut bytes = (u32::try_from(head.len())?).to_le_bytes().to_vec();
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&packed.data);
    cache.put(DEFLATED, &Key::of(&[wanted.key.as_bytes()]), &bytes);
    Ok((part, packed.data.into_owned()))
}

fn as_it_is(bytes: u64, crc32: u32) -> Part {
    Part {
        deflated: false,
        crc32,
        raw_size: bytes,
        packed_size: bytes,
        doubt: None,
        by_pages: 0,
        by_kernels: 0,
    }
}
