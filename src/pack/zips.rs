//! The zips while they are written: every entry goes to its zip as soon as all before it are there.
//!
//! Workers finish entries in any order; they are written in the order of the jobs, so that the bytes
//! depend on nothing else. Writing and hashing overlap deflating, and only what is out of turn waits
//! in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, TryLockError};

use anyhow::{Context, Result};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::giants::Passed;
use super::staging::Staging;
use super::{Archive, Job, Role, Source};
use crate::digest::Digest;
use crate::options::Options;
use crate::tree::{Contents, FileId};
use crate::zip::deflate::Method;
use crate::zip::writer::{Header, Timestamp, WriteError, Writer};

/// Most deflated bytes that wait for their turn.
const MOST_WAITING: usize = 64_000_000;
/// Bytes that are gathered before the system is asked to write them.
const BUFFER: usize = 1 << 18;

/// Ends the waiting of the others when its worker ends by a panic.
pub(super) struct Watch<'z>(pub(super) &'z Zips<'z>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.give_up();
        }
    }
}

/// An entry that is ready for its zip.
pub(super) struct Ready {
    pub(super) data: Data,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) raw_size: u64,
}

/// The bytes of an entry.
pub(super) enum Data {
    /// Held in memory.
    Held(Vec<u8>),
    /// Still on the disk, as many as the header says.
    OnDisk(FileId),
}

impl Data {
    /// How many of them are in memory.
    fn held(&self) -> usize {
        match self {
            Self::Held(bytes) => bytes.len(),
            Self::OnDisk(_) => 0,
        }
    }
}

/// All zips of a build.
pub(super) struct Zips<'a> {
    contents: &'a dyn Contents,
    jobs: &'a [Job],
    waiting: Mutex<Waiting>,
    moved: Condvar,
    open: Mutex<BTreeMap<Role, Open>>,
    failed: AtomicBool,
}

/// What is out of turn.
#[derive(Default)]
struct Waiting {
    /// The job whose turn it is.
    turn: usize,
    bytes: usize,
    ready: BTreeMap<usize, Ready>,
}

/// One zip while it is written.
pub(super) struct Open {
    file: String,
    /// Where it is to lie.
    to: PathBuf,
    writer: Writer<BufWriter<Hashed<File>>>,
    unzipped_bytes: u64,
}

impl<'a> Zips<'a> {
    /// Creates a zip for every role that a job has; `file` names it.
    pub(super) fn create(
        contents: &'a dyn Contents,
        jobs: &'a [Job],
        file: impl Fn(Role) -> String,
        staging: &Staging,
        options: &Options,
    ) -> Result<Self> {
        let mut open = BTreeMap::new();
        for job in jobs {
            if open.contains_key(&job.role) {
                continue;
            }
            open.insert(job.role, Open::create(file(job.role), staging, options)?);
        }
        Ok(Self {
            contents,
            jobs,
            waiting: Mutex::default(),
            moved: Condvar::new(),
            open: Mutex::new(open),
            failed: AtomicBool::new(false),
        })
    }

    /// Hands in the entry of a job, and writes whatever now has its turn. Waits while too much is out
    /// of turn: the caller must hold nothing that the job whose turn it is could need.
    ///
    /// # Errors
    /// When a zip cannot be written, or an entry does not fit the format.
    pub(super) fn add(&self, number: usize, ready: Ready) -> Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.turn != number
            && waiting.bytes + ready.data.held() > MOST_WAITING
            && !self.has_failed()
        {
            waiting = self.moved.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.bytes += ready.data.held();
        waiting.ready.insert(number, ready);
        drop(waiting);
        self.write_on()
    }

    /// Lets no one wait any more: the build ends.
    pub(super) fn give_up(&self) {
        self.failed.store(true, Ordering::SeqCst);
        // Whoever is about to wait has seen it, or waits by now.
        drop(self.waiting.lock());
        self.moved.notify_all();
    }

    /// Whether the build has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Writes the entries that have their turn, where no other worker does.
    fn write_on(&self) -> Result<()> {
        while self.is_next_ready() {
            let mut open = match self.open.try_lock() {
                Ok(open) => open,
                // Who holds it looks again once it is free.
                Err(TryLockError::WouldBlock) => return Ok(()),
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            };
            while let Some((number, ready)) = self.take_next() {
                let job = &self.jobs[number];
                let zip = open.get_mut(&job.role).context("failed to find the zip of an entry")?;
                zip.write(self.contents, job, &ready)
                    .with_context(|| format!("failed to write {}", zip.to.display()))?;
            }
        }
        Ok(())
    }

    fn is_next_ready(&self) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.ready.contains_key(&waiting.turn)
    }

    fn take_next(&self) -> Option<(usize, Ready)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let number = waiting.turn;
        let ready = waiting.ready.remove(&number)?;
        waiting.turn += 1;
        waiting.bytes -= ready.data.held();
        self.moved.notify_all();
        Some((number, ready))
    }

    /// Ends every zip, functions first.
    ///
    /// # Errors
    /// As [`Zips::add`].
    pub(super) fn finish(self) -> Result<Vec<Archive>> {
        let open = self.open.into_inner().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<(Role, Open)> = open.into_iter().collect();
        open.into_par_iter().map(|(role, zip)| zip.finish(role)).collect()
    }
}

impl Open {
    /// A zip with this name in the staging folder.
    pub(super) fn create(file: String, staging: &Staging, options: &Options) -> Result<Self> {
        let stamp = options.source_date_epoch.map_or_else(Timestamp::default, Timestamp::from_unix);
        let out = BufWriter::with_capacity(BUFFER, Hashed::of(staging.create(&file)?));
        let writer = Writer::new(out, stamp);
        let to = staging.shown(&file);
        Ok(Self { file, to, writer, unzipped_bytes: 0 })
    }

    fn write(&mut self, contents: &dyn Contents, job: &Job, ready: &Ready) -> Result<()> {
        if matches!(job.source, Source::EmptyFolder(_)) {
            return self.folder(&job.name);
        }
        let header = Header {
            name: &job.name,
            mode: job.mode,
            method: ready.method,
            crc32: ready.crc32,
            raw_size: ready.raw_size,
            packed_size: match &ready.data {
                Data::Held(bytes) => bytes.len() as u64,
                Data::OnDisk(_) => ready.raw_size,
            },
        };
        match &ready.data {
            Data::Held(bytes) => self.entry(&header, bytes),
            Data::OnDisk(id) => self.pass_on(&header, contents, *id),
        }
    }

    /// Writes an entry straight from a file.
    pub(super) fn pass_on(
        &mut self,
        header: &Header<'_>,
        contents: &dyn Contents,
        id: FileId,
    ) -> Result<()> {
        let mut file = Passed::open(contents, id)?;
        self.writer.file(header, &mut file).map_err(plain)?;
        self.unzipped_bytes += header.raw_size;
        file.expect(header.crc32, header.name)
    }

    /// Writes an entry.
    pub(super) fn entry(&mut self, header: &Header<'_>, data: &[u8]) -> Result<()> {
        self.writer.file(header, &mut &data[..]).map_err(plain)?;
        self.unzipped_bytes += header.raw_size;
        Ok(())
    }

    /// Writes a folder with nothing in it.
    pub(super) fn folder(&mut self, name: &str) -> Result<()> {
        self.writer.directory(name).map_err(plain)
    }

    /// Ends the zip.
    pub(super) fn finish(self, role: Role) -> Result<Archive> {
        let Self { file, to, writer, unzipped_bytes } = self;
        let failed = || format!("failed to write {}", to.display());
        let (out, summary) = writer.finish().map_err(plain).with_context(failed)?;
        let hashed = out.into_inner().map_err(io::Error::from).with_context(failed)?;
        let sha256 = hashed.sha256.finalize().into();
        let blake3 = Digest::from_bytes(*hashed.blake3.finalize().as_bytes());
        let (bytes, entries, zip64) = (summary.bytes, summary.entries, summary.zip64);
        Ok(Archive { file, role, bytes, unzipped_bytes, entries, sha256, blake3, zip64 })
    }
}

/// The cause alone, where it is one of the disk.
fn plain(error: WriteError) -> anyhow::Error {
    match error {
        WriteError::Io(error) => error.into(),
        other => other.into(),
    }
}

/// Hashes what is written through it.
struct Hashed<W: Write> {
    out: W,
    sha256: Sha256,
    blake3: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    fn of(out: W) -> Self {
        Self { out, sha256: Sha256::new(), blake3: blake3::Hasher::new() }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.blake3.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No job here is made of a file.
    struct Nothing;

    impl Contents for Nothing {
        fn read(&self, id: FileId) -> Result<Vec<u8>> {
            anyhow::bail!("failed to read {id:?}")
        }
    }

    fn ready(length: usize) -> Ready {
        let (method, crc32) = (Method::Stored, crc32fast::hash(&vec![7; length]));
        Ready { data: Data::Held(vec![7; length]), method, crc32, raw_size: length as u64 }
    }

    fn jobs(count: usize) -> Vec<Job> {
        let job = |number: usize| Job {
            role: Role::Layer(0),
            name: format!("{:03}", count - number),
            source: Source::Generated(number),
            size: 0,
            mode: 0o644,
        };
        (0..count).map(job).collect()
    }

    fn staging(folder: &std::path::Path) -> (Staging, Options) {
        let options = Options { out_dir: folder.to_owned(), ..Options::of(Vec::new()) };
        (Staging::new(&options).unwrap(), options)
    }

    #[test]
    fn no_order_of_finishing_shows_in_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(4);
        let made = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]].map(|order| {
            let (staging, options) = staging(folder.path());
            let zips =
                Zips::create(&Nothing, &jobs, |_| "a.zip".to_owned(), &staging, &options).unwrap();
            order.iter().for_each(|number| zips.add(*number, ready(*number)).unwrap());
            let archives = zips.finish().unwrap();
            assert_eq!((archives[0].entries, archives[0].unzipped_bytes), (4, 6));
            archives[0].sha256
        });
        assert!(made.iter().all(|sha256| *sha256 == made[0]));
    }

    /// Hands in a job that is out of turn and fills the room, runs `then` while a later one waits, and
    /// gives back the zips once that one is through.
    fn with_one_waiting(
        jobs: &[Job],
        staging: &Staging,
        options: &Options,
        then: fn(&Zips<'_>),
    ) -> bool {
        let zips = Zips::create(&Nothing, jobs, |_| "a.zip".to_owned(), staging, options).unwrap();
        std::thread::scope(|scope| {
            zips.add(1, ready(MOST_WAITING)).unwrap();
            let late = scope.spawn(|| zips.add(2, ready(9)));
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(!late.is_finished(), "there is no room for it");
            then(&zips);
            late.join().unwrap().unwrap();
        });
        let failed = zips.has_failed();
        let entries = zips.finish().unwrap()[0].entries;
        assert_eq!(entries, if failed { 0 } else { 3 });
        failed
    }

    #[test]
    fn what_is_out_of_turn_waits_for_room() {
        let folder = tempfile::tempdir().unwrap();
        let (staging, options) = staging(folder.path());
        let add = |zips: &Zips<'_>| zips.add(0, ready(5)).unwrap();
        assert!(!with_one_waiting(&jobs(3), &staging, &options, add));
    }

    #[test]
    fn a_worker_that_panics_lets_the_others_go() {
        let folder = tempfile::tempdir().unwrap();
        let (staging, options) = staging(folder.path());
        let panics = |zips: &Zips<'_>| {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _watch = Watch(zips);
                panic!("job 0 never comes");
            }));
            assert!(ended.is_err());
        };
        assert!(with_one_waiting(&jobs(3), &staging, &options, panics));
    }
}
