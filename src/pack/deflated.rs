//! Deflates every entry into a scratch file, largest first, with bounded memory.

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
use crate::rules::Change;
use crate::transform::{self, Payload};
use crate::tree::{Contents, Tree};
use crate::zip::deflate::{Deflater, Method};

/// Bytes that all workers hold together: contents, slimmed copy and deflated bytes.
const IN_FLIGHT: u64 = 170_000_000;

/// Where one entry's bytes lie in the scratch file.
#[derive(Clone, Debug)]
pub(super) struct Deflated {
    pub(super) offset: u64,
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
    end: AtomicU64,
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
        let offset = self.end.fetch_add(packed_size, Ordering::Relaxed);
        self.scratch
            .write_all_at(&packed.data, offset)
            .with_context(|| format!("failed to write the compressed bytes of {}", job.name))?;
        Ok(Deflated {
            offset,
            method: packed.method,
            crc32: packed.crc32,
            raw_size: packed.raw_size,
            packed_size,
            doubt: payload.doubt,
        })
    }

    fn payload(&self, job: &Job) -> Result<Payload> {
        match job.source {
            Source::File(id) => {
                Ok(transform::apply(self.plan.decisions[id].action, self.contents.read(id)?))
            }
            Source::Generated(number) => {
                Ok(Payload { bytes: self.plan.generated[number].bytes.clone(), doubt: None })
            }
            Source::EmptyFolder(_) => Ok(Payload { bytes: Vec::new(), doubt: None }),
        }
    }

    /// The most bytes that a job holds at one time: contents and slimmed copy, or what ships and
    /// its deflated bytes.
    fn cost(&self, job: &Job) -> u64 {
        let slims = |id| self.plan.decisions[id].action == Action::Change(Change::StripElf);
        match job.source {
            Source::File(id) if slims(id) => job.size.saturating_mul(2),
            Source::File(_) | Source::Generated(_) => job.size.saturating_add(job.size / 2),
            Source::EmptyFolder(_) => 0,
        }
    }
}
