//! Deflates every entry, largest first, with bounded memory: what does not fit goes into a scratch
//! file.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, Result};

use super::{Job, Source};
use crate::memory::Budget;
use crate::options::Options;
use crate::plan::{Action, Plan};
use crate::progress::Progress;
use crate::transform::{self, Payload};
use crate::tree::{Contents, Tree};
use crate::zip::deflate::{Deflater, Method};

/// Bytes that all workers hold together: contents, slimmed copy and deflated bytes.
const IN_FLIGHT: u64 = 170_000_000;
/// Most deflated bytes that wait in memory for their zip, beside those in flight; the rest waits in
/// the scratch file.
const MOST_WAITING: u64 = 64_000_000;
/// Largest file whose deflated bytes wait in memory. Files come largest first, so that nothing waits
/// while the giants fill the memory that is in flight.
const LARGEST_WAITING: u64 = IN_FLIGHT / 8;

/// The deflated bytes of one entry.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    /// In memory.
    Here(Box<[u8]>),
    /// In the scratch file, from this offset on.
    Scratch(u64),
}

/// One entry, ready for its zip.
#[derive(Clone, Debug)]
pub(super) struct Deflated {
    pub(super) stored: Stored,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) raw_size: u64,
    pub(super) packed_size: u64,
    pub(super) doubt: Option<String>,
}

/// What all workers share.
struct Work<'a> {
    contents: &'a dyn Contents,
    plan: &'a Plan,
    options: &'a Options,
    jobs: &'a [Job],
    scratch: &'a File,
    progress: &'a dyn Progress,
    budget: Budget,
    next: AtomicUsize,
    /// Where the scratch file ends.
    end: AtomicU64,
    /// Bytes that may still wait in memory.
    room: AtomicU64,
    failed: AtomicBool,
    done: Mutex<Vec<Option<Deflated>>>,
}

/// Deflates every job, in the order given; the answers are in the same order.
pub(super) fn deflate(
    _tree: &Tree,
    contents: &dyn Contents,
    plan: &Plan,
    options: &Options,
    jobs: &[Job],
    scratch: &File,
    progress: &dyn Progress,
) -> Result<Vec<Deflated>> {
    progress.begin("compressing", jobs.iter().map(|job| job.size).sum());
    let work = Work {
        contents,
        plan,
        options,
        jobs,
        scratch,
        progress,
        budget: Budget::new(IN_FLIGHT),
        next: AtomicUsize::new(0),
        end: AtomicU64::new(0),
        room: AtomicU64::new(MOST_WAITING),
        failed: AtomicBool::new(false),
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
        let mut deflater = Deflater::new(self.options.compression);
        while !self.failed.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(number) else { break };
            match self.one(&mut deflater, job) {
                Ok(made) => {
                    self.done.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(made)
                }
                Err(error) => {
                    self.failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            self.progress.advance(job.size);
        }
        Ok(())
    }

    fn one(&self, deflater: &mut Deflater, job: &Job) -> Result<Deflated> {
        let _held = self.budget.hold(self.cost(job));
        let payload = self.payload(job)?;
        let packed = deflater.pack(&payload.bytes);
        let packed_size = packed.data.len() as u64;
        let (method, crc32, raw_size) = (packed.method, packed.crc32, packed.raw_size);
        let stored = self.store(job, packed.data)?;
        Ok(Deflated { stored, method, crc32, raw_size, packed_size, doubt: payload.doubt })
    }

    fn store(&self, job: &Job, data: Cow<'_, [u8]>) -> Result<Stored> {
        let size = data.len() as u64;
        let take = |room: u64| room.checked_sub(size);
        if job.size <= LARGEST_WAITING
            && self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
        {
            return Ok(Stored::Here(data.into_owned().into_boxed_slice()));
        }
        let offset = self.end.fetch_add(size, Ordering::Relaxed);
        self.scratch
            .write_all_at(&data, offset)
            .with_context(|| format!("failed to write the compressed bytes of {}", job.name))?;
        Ok(Stored::Scratch(offset))
    }

    fn payload(&self, job: &Job) -> Result<Payload> {
        match job.source {
            Source::File(id) => transform::apply(self.plan.decisions[id].action, self.contents, id),
            Source::Generated(number) => {
                Ok(Payload { bytes: self.plan.generated[number].bytes.clone(), doubt: None })
            }
            Source::EmptyFolder(_) => Ok(Payload { bytes: Vec::new(), doubt: None }),
        }
    }

    /// The most bytes that a job holds at one time: contents and slimmed copy, or what ships and
    /// its deflated bytes.
    fn cost(&self, job: &Job) -> u64 {
        let slims = |id| matches!(self.plan.decisions[id].action, Action::Change(change) if change.is_strip());
        match job.source {
            Source::File(id) if slims(id) => job.size.saturating_mul(2),
            Source::File(_) | Source::Generated(_) => job.size.saturating_add(job.size / 2),
            Source::EmptyFolder(_) => 0,
        }
    }
}
