//! Deflates every entry, largest first, with bounded memory.

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use super::zips::{Data, Ready, Watch, Zips};
use super::{Job, Source, giants};
use crate::memory::Budget;
use crate::options::Options;
use crate::plan::{Action, Plan};
use crate::progress::Progress;
use crate::transform::{self, Doubt, Kernels, Payload};
use crate::tree::{Contents, FileId};
use crate::zip::deflate::{Deflater, Method};

/// Bytes that all workers hold together: contents, slimmed copy and deflated bytes.
pub(super) const IN_FLIGHT: u64 = 170_000_000;

/// What became of one entry.
#[derive(Clone, Debug)]
pub(super) struct Deflated {
    pub(super) raw_size: u64,
    pub(super) packed_size: u64,
    pub(super) crc32: u32,
    pub(super) doubt: Option<Doubt>,
    pub(super) by_pages: u64,
    pub(super) kernels: Kernels,
}

/// What all workers share.
struct Work<'a> {
    contents: &'a dyn Contents,
    plan: &'a Plan,
    options: &'a Options,
    jobs: &'a [Job],
    zips: &'a Zips<'a>,
    progress: &'a dyn Progress,
    budget: Budget,
    next: AtomicUsize,
    done: Mutex<Vec<Option<Deflated>>>,
}

/// Deflates every job, in the order given, and hands it to its zip; the answers are in the same order.
pub(super) fn deflate(
    contents: &dyn Contents,
    plan: &Plan,
    options: &Options,
    jobs: &[Job],
    zips: &Zips<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Deflated>> {
    progress.begin("compressing", jobs.iter().map(|job| job.size).sum());
    let work = Work {
        contents,
        plan,
        options,
        jobs,
        zips,
        progress,
        budget: Budget::new(IN_FLIGHT),
        next: AtomicUsize::new(0),
        done: Mutex::new(vec![None; jobs.len()]),
    };
    let workers = rayon::broadcast(|_| work.run());
    workers.into_iter().collect::<Result<()>>()?;
    progress.end();
    let done = work.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_iter().map(|made| made.context("failed to compress: a worker ended early")).collect()
}

impl Work<'_> {
    /// One worker: takes the next job until there is none.
    fn run(&self) -> Result<()> {
        let _watch = Watch(self.zips);
        let mut deflater = Deflater::new(self.options.compression);
        while !self.zips.has_failed() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(number) else { break };
            let made = self.one(&mut deflater, job).and_then(|(made, ready)| {
                self.zips.add(number, ready)?;
                Ok(made)
            });
            match made {
                Ok(made) => {
                    self.done.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(made)
                }
                Err(error) => {
                    self.zips.give_up();
                    return Err(error);
                }
            }
            self.progress.advance(job.size);
        }
        Ok(())
    }

    /// Everything that is held for the job is given back before it is handed in.
    fn one(&self, deflater: &mut Deflater, job: &Job) -> Result<(Deflated, Ready)> {
        let _held = self.budget.hold(self.cost(job));
        if let Some(id) = self.passed_on(job) {
            let crc32 = giants::checksum(self.contents, id)?;
            return Ok(as_it_is(job.size, crc32, id));
        }
        let payload = self.payload(job)?;
        let packed = giants::pack(deflater, &payload.bytes);
        let (method, crc32, raw_size) = (packed.method, packed.crc32, packed.raw_size);
        let deflated = match packed.data {
            Cow::Owned(deflated) => Some(deflated),
            Cow::Borrowed(_) => None,
        };
        let Payload { bytes, doubt, by_pages, kernels } = payload;
        let data = deflated.unwrap_or(bytes);
        let packed_size = data.len() as u64;
        let made = Deflated { raw_size, packed_size, crc32, doubt, by_pages, kernels };
        Ok((made, Ready { data: Data::Held(data), method, crc32, raw_size }))
    }

    /// The file of a job that is never in memory.
    fn passed_on(&self, job: &Job) -> Option<FileId> {
        let Source::File(id) = job.source else { return None };
        let is_made = self.plan.compiled.contains_key(&id);
        let is_passed = giants::is_passed_on(job.size, self.plan.decisions[id].action);
        (is_passed && !is_made).then_some(id)
    }

    fn payload(&self, job: &Job) -> Result<Payload> {
        match job.source {
            Source::File(id) => {
                if let Some(bytes) = self.plan.compiled.get(&id) {
                    return Ok(Payload::of(bytes.clone()));
                }
                let action = self.plan.decisions[id].action;
                transform::apply(action, self.contents, id, self.options.compression)
            }
            Source::Generated(number) => Ok(Payload::of(self.plan.generated[number].bytes.clone())),
            Source::EmptyFolder(_) => Ok(Payload::of(Vec::new())),
        }
    }

    /// The most bytes that a job holds at one time: contents and slimmed copy, or what ships and
    /// its deflated bytes.
    fn cost(&self, job: &Job) -> u64 {
        let slims = |id| matches!(self.plan.decisions[id].action, Action::Change(change) if change.is_strip());
        match job.source {
            Source::File(_) if self.passed_on(job).is_some() => 0,
            Source::File(id) if slims(id) => job.size.saturating_mul(2),
            Source::File(_) | Source::Generated(_) => job.size.saturating_add(job.size / 2),
            Source::EmptyFolder(_) => 0,
        }
    }
}

/// An entry that goes into its zip straight from its file.
fn as_it_is(bytes: u64, crc32: u32, id: FileId) -> (Deflated, Ready) {
    let made = Deflated {
        raw_size: bytes,
        packed_size: bytes,
        crc32,
        doubt: None,
        by_pages: 0,
        kernels: Kernels::default(),
    };
    (made, Ready { data: Data::OnDisk(id), method: Method::Stored, crc32, raw_size: bytes })
}
