//! What a cold start costs: as the package was, as slim makes it, with bytecode, and with imports
//! moved to where they are used.
//!
//! Every figure is the median of fresh processes in the room of the proof. INIT is the import of the
//! handler's module; Python's own start and what Lambda does before are not in it.

mod advice;
mod moves;
mod start;
mod subject;
mod tree;
mod tries;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::Serialize;

use super::money::InitCost;
use crate::failure::Failure;
use crate::options::Handler;
use crate::scan::Scanned;
use crate::tree::{Contents, Kind};
use crate::verify::{Job, Lab, Unpacked};
use crate::zip::deflate::{Compression, Deflater};
use start::{Calls, Mode, Start, start};

pub use subject::Cold;
pub use tree::Node;

/// Bytes that a download is taken to bring in a second. An assumption: AWS tells of no rate for Lambda;
/// one connection to S3 brings about so much.
pub const BYTES_PER_SECOND: f64 = 85e6;

/// What cold starts of one handler cost.
#[derive(Debug, Serialize)]
pub struct Coldstart {
    /// The version of this form: fields are only added within one.
    pub schema_version: u32,
    /// The handler.
    pub handler: String,
    /// What the package is for.
    pub target: String,
    /// The Python that ran it, such as 3.12.11.
    pub python: String,
    /// What kept the runs apart from their host.
    pub isolation: &'static str,
    /// The level of the slimmed package.
    pub level: &'static str,
    /// How many runs each figure is the median of.
    pub runs: usize,
    /// How many events the handler was given, to see that a moved import changes no result.
    pub events: usize,
    /// What the estimates of downloads are made with, in bytes a second.
    pub download_bytes_per_second: f64,
    /// The package as it was, slimmed, and slimmed with bytecode.
    pub variants: Vec<Variant>,
    /// What their INIT costs.
    pub init_cost: InitCost,
    /// The heaviest imports of the user's code, at most ten.
    pub imports: Vec<Import>,
    /// Every import that can be moved, moved together, where that is more than one.
    pub together: Option<Together>,
    /// The events with which a call of the handler does not end well.
    pub raised: Vec<Raised>,
    /// What the user should know, a sentence each.
    pub warnings: Vec<String>,
}

/// A package that is started.
pub struct Package {
    /// Which of the three it is.
    pub name: &'static str,
    /// Its folders.
    pub folders: Unpacked,
    /// Bytes of its zips.
    pub zipped: u64,
}

/// What cold starts of one package cost.
#[derive(Debug, Serialize)]
pub struct Variant {
    /// `as-it-was`, `slimmed` or `slimmed-with-bytecode`.
    pub name: &'static str,
    /// Seconds to import the handler.
    pub init: Spread,
    /// What these seconds are spent on.
    pub phases: Phases,
    /// Bytes of its zips.
    pub zip_bytes: u64,
    /// An estimate of the seconds that their download takes.
    pub download_seconds: f64,
    /// How many modules are imported.
    pub modules: usize,
    /// Seconds by module, as `-X importtime` tells them; a module below the one that asks for it first.
    pub tree: Vec<Node>,
}

/// An event with which a call of the handler does not end well.
#[derive(Debug, Serialize)]
pub struct Raised {
    /// The event.
    pub event: String,
    /// What is raised, or how the process ends.
    pub error: String,
    /// The variants of which that is so.
    pub variants: Vec<&'static str>,
}

/// Seconds of several runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The one in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// What INIT is spent on: seconds, which sum to the INIT of these runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Phases {
    /// Finding files on the path.
    pub finding: f64,
    /// Reading sources and bytecode.
    pub reading: f64,
    /// Compiling sources.
    pub compiling: f64,
    /// Making code objects of bytecode.
    pub unmarshalling: f64,
    /// Loading and starting shared objects.
    pub loading: f64,
    /// Running the code of modules.
    pub executing: f64,
}

/// One import of the user's code.
#[derive(Debug, Serialize)]
pub struct Import {
    /// Where it stands, such as `app.py:3`.
    pub at: String,
    /// The statement.
    pub statement: String,
    /// Seconds that it takes in the slimmed package, with all that it brings.
    pub seconds: f64,
    /// The same with bytecode.
    pub seconds_with_bytecode: f64,
    /// The functions that use it, where only functions do.
    pub used_in: Vec<Used>,
    /// Imports of the same top-level package that were moved with it.
    pub with: Vec<String>,
    /// Why it stays where it is.
    pub stays: Option<String>,
    /// What came of moving it there, where that was tried.
    pub moved: Option<Moved>,
}

/// A function that uses an import.
#[derive(Clone, Debug, Serialize)]
pub struct Used {
    /// Its name; `Class.method` for a method.
    pub function: String,
    /// Whether a call of it need not come to the import.
    pub branch: bool,
    /// Whether it is the handler itself.
    pub handler: bool,
}

/// Several imports moved.
#[derive(Debug, Serialize)]
pub struct Together {
    /// Where they stand.
    pub imports: Vec<String>,
    /// What came of it.
    pub moved: Moved,
}

/// What came of moving imports into the functions that use them.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// What does not work any more.
    pub breaks: Option<String>,
    /// What was measured without bytecode.
    pub plain: Option<Change>,
    /// What was measured with bytecode.
    pub with_bytecode: Option<Change>,
}

/// INIT and the first call, before and after.
#[derive(Debug, Serialize)]
pub struct Change {
    /// INIT of the slimmed package in the same rounds.
    pub before: Spread,
    /// INIT with the imports moved.
    pub after: Spread,
    /// Seconds between the medians.
    pub saves: f64,
    /// Whether the runs lie below those before, one in five of either left aside, and by enough to matter:
    /// 5 ms and a fiftieth of INIT.
    pub clear: bool,
    /// Seconds of the first call before and after, where there is an event.
    pub first_call: Option<[f64; 2]>,
}

/// A source of the user's own.
#[derive(Debug)]
pub struct Own {
    /// Its path as it is told.
    pub shown: String,
    /// Its path in the folder where it ships.
    pub path: PathBuf,
    /// Whether that is the task's; else the layers'.
    pub in_task: bool,
}

/// What is measured.
pub struct Asked<'a> {
    /// Where it runs.
    pub lab: Lab<'a>,
    /// What is run: one handler and its events.
    pub job: Job,
    /// That handler.
    pub handler: Handler,
    /// How many runs of each.
    pub runs: usize,
    /// The sources of the user's own that ship.
    pub own: Vec<Own>,
    /// What tells the slimmed package from others, for the cache.
    pub key: Vec<u8>,
}

/// Starts the package as it was, once, to see that it can be.
///
/// # Errors
/// A [`Failure`] of its own kind where the handler cannot be imported.
pub fn check(lab: &Lab<'_>, job: &Job, raw: &Unpacked) -> Result<()> {
    match start(lab, job, raw, &Mode::Plain, Calls::None)? {
        Ok(_) => Ok(()),
        Err(why) => {
            let handler = job.handlers.first().map_or("", String::as_str);
            Err(Failure::failed(format!("not measured: import {handler}: {why}"))
                .hint("--runtime-packages names what Lambda's runtime has, --env what the function is told")
                .into())
        }
    }
}

/// What was measured.
pub struct Measured {
    /// The variants in order.
    pub variants: Vec<Variant>,
    /// The heaviest imports of the user's code.
    pub imports: Vec<Import>,
    /// All that can be moved, moved together.
    pub together: Option<Together>,
    /// The events with which a call does not end well.
    pub raised: Vec<Raised>,
}

/// Starts the packages, and gives advice on the imports of the user's code.
///
/// # Errors
/// A [`Failure`] of its own kind where a variant cannot be imported; when something cannot be read,
/// written or started.
pub fn measure(asked: &Asked<'_>, packages: &[Package; 3]) -> Result<Measured> {
    let mut rows: [Runs; 3] = Default::default();
    let mut raised = Vec::new();
    // The first start of each reads from the disk.
    for package in packages {
        let first = once(asked, package, &Mode::Plain, Calls::All)?;
        first.raised.into_iter().for_each(|(number, error)| {
            let event = asked.job.events[number].name.clone();
            add(&mut raised, event, error, package.name);
        });
    }
    let phases = Mode::Phases(own(asked, &packages[1]));
    for _ in 0..asked.runs {
        for (package, runs) in packages.iter().zip(&mut rows) {
            runs.phases.push(once(asked, package, &phases, Calls::None)?);
            runs.trees.push(once(asked, package, &Mode::Tree, Calls::None)?.tree);
        }
    }
    let variants = packages.iter().zip(&rows).map(|(package, runs)| runs.variant(package));
    let variants: Vec<Variant> = variants.collect();
    let [_, slimmed, compiled] = &rows;
    let (imports, together) =
        advice::advise(asked, packages, [slimmed.statements(), compiled.statements()])?;
    Ok(Measured { variants, imports, together, raised })
}

/// Adds what one variant raised; the same of several is told once.
fn add(raised: &mut Vec<Raised>, event: String, error: String, variant: &'static str) {
    match raised.iter_mut().find(|known| known.event == event && known.error == error) {
        Some(known) => known.variants.push(variant),
        None => raised.push(Raised { event, error, variants: vec![variant] }),
    }
}

/// The user's own sources as who runs in the room sees them, each with its name.
fn own(asked: &Asked<'_>, package: &Package) -> Vec<(String, String)> {
    let [task, layer] = asked.lab.seen(&package.folders);
    let seen = |own: &Own| {
        let path = if own.in_task { task.join(&own.path) } else { layer.join(&own.path) };
        (path.to_string_lossy().into_owned(), own.shown.clone())
    };
    asked.own.iter().map(seen).collect()
}

fn once(asked: &Asked<'_>, package: &Package, mode: &Mode, calls: Calls) -> Result<Start> {
    start(&asked.lab, &asked.job, &package.folders, mode, calls)?.map_err(|why| {
        let handler = &asked.handler;
        Failure::failed(format!("not measured: {}: import {handler}: {why}", package.name))
            .hint("`slim build --verify` tells what it misses")
            .into()
    })
}

/// The runs of one variant.
#[derive(Default)]
struct Runs {
    phases: Vec<Start>,
    trees: Vec<Vec<Node>>,
}

/// An import statement of the user's as a run meets it: file, line, module, leading dots.
type Key = (String, u32, String, u32);

impl Runs {
    fn variant(&self, package: &Package) -> Variant {
        let of = |phase: &str| {
            let seconds = |run: &Start| run.phases.get(phase).copied().unwrap_or_default();
            Spread::of(self.phases.iter().map(seconds)).median
        };
        let tree = tree::medians(&self.trees);
        Variant {
            name: package.name,
            init: Spread::of(self.phases.iter().map(|run| run.init)),
            phases: Phases {
                finding: of("finding"),
                reading: of("reading"),
                compiling: of("compiling"),
                unmarshalling: of("unmarshalling"),
                loading: of("loading"),
                executing: of("executing"),
            },
            zip_bytes: package.zipped,
            download_seconds: rounded(package.zipped as f64 / BYTES_PER_SECOND),
            modules: tree::count(&tree),
            tree,
        }
    }

    /// The median of each import statement.
    fn statements(&self) -> BTreeMap<Key, f64> {
        let mut all: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
        for (key, seconds) in self.phases.iter().flat_map(|run| &run.statements) {
            all.entry(key.clone()).or_default().push(*seconds);
        }
        all.into_iter().map(|(key, seconds)| (key, Spread::of(seconds).median)).collect()
    }
}

impl Spread {
    fn of(seconds: impl IntoIterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = seconds.into_iter().collect();
        all.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (all.first(), all.last()) else { return Self::default() };
        let middle = (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0;
        Self { median: rounded(middle), min: rounded(*min), max: rounded(*max) }
    }
}

/// To a tenth of a millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e4).round() / 1e4
}

/// Bytes of the zip that a package would be without slim: its own, or all its files deflated.
///
/// # Errors
/// When a file cannot be read.
pub fn zipped(scanned: &Scanned) -> Result<u64> {
    let tree = &scanned.tree;
    if let Some((_, package)) = tree.packages().next().filter(|(_, found)| found.root.is_file()) {
        let metadata = std::fs::metadata(&package.root);
        let failed = || format!("failed to read {}", package.root.display());
        return Ok(metadata.with_context(failed)?.len());
    }
    let ids: Vec<_> = tree.ids().collect();
    let sizes: Result<Vec<u64>> = ids
        .into_par_iter()
        .map_init(
            || Deflater::new(Compression::Default),
            |deflater, id| {
                let file = tree.file(id);
                // APPNOTE 4.3.7 and 4.3.12: a local and a central header, each with the name.
                let headers = 30 + 46 + 2 * file.path.as_str().len() as u64;
                let data = match file.kind {
                    Kind::EmptyFolder => 0,
                    Kind::Regular => deflater.pack(&scanned.read(id)?).data.len() as u64,
                };
                Ok(headers + data)
            },
        )
        .collect();
    Ok(sizes?.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_holds_the_middle_and_the_ends() {
        let of = |seconds: &[f64]| Spread::of(seconds.iter().copied());
        assert_eq!(of(&[3.0, 1.0, 2.0]), Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(of(&[4.0, 1.0]).median, 2.5);
        assert_eq!(of(&[]), Spread::default());
        assert_eq!(of(&[0.123_456]).median, 0.1235);
    }
}
