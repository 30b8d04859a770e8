//! One tree, decided, packed and proven: made again with what a proof puts back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::Result;

use crate::bytecode;
use crate::facts::Facts;
use crate::options::{Bytecode, Options, Proving};
use crate::pack::{self, Packed};
use crate::plan::{self, Plan};
use crate::progress::Progress;
use crate::proving::{self, Bench, MOST_ROUNDS};
use crate::scan::Scanned;
use crate::tree::FileId;
use crate::verify::{Proof, Status};

/// What a build comes to before anything of it is told.
pub struct Settled<'a> {
    /// The decisions.
    pub plan: Plan,
    /// The zips.
    pub packed: Packed,
    /// How they were proven.
    pub proof: Option<Proof>,
    /// What proofs found out.
    pub bench: Option<Bench<'a>>,
}

/// Makes the zips, proves them where that is asked for, and makes them again with what a proof puts
/// back; `options` tells the level that it ends at.
///
/// # Errors
/// When something cannot be read, written or run; a usage [`crate::failure::Failure`] where a proof
/// cannot be made.
pub fn settle<'a>(
    scanned: &Scanned,
    facts: &Facts,
    options: &mut Options,
    proving: Option<&'a Proving>,
    clock: &mut Clock,
    progress: &dyn Progress,
) -> Result<Settled<'a>> {
    let mut bench: Option<Bench<'_>> = None;
    let mut rounds = 0;
    loop {
        let restored = bench.as_ref().map(|bench| bench.restored.clone()).unwrap_or_default();
        let mut plan = plan::make(&scanned.tree, scanned, facts, options, &restored, progress)?;
        clock.stop("plan");
        if let Some(proving) = proving {
            proving::has_what_is_left(&plan, proving)?;
        }
        if let (Some(proving), None) = (proving, &bench) {
            bench = Some(Bench::new(options, proving, facts)?);
        }
        if options.bytecode != Bytecode::None {
            bytecode::add(scanned, facts, &mut plan, options, bench.as_mut(), progress)?;
            clock.stop("bytecode");
        }
        let packed = pack::pack(&scanned.tree, scanned, facts, &plan, options, progress)?;
        clock.stop("pack");
        let Some(proof) = &mut bench else {
            return Ok(Settled { plan, packed, proof: None, bench });
        };
        let round = proof.round(scanned, facts, &plan, &packed, options)?;
        clock.stop("proof");
        clock.stages.append(&mut proof.timings);
        let failed = round.proof.status == Status::Failed;
        if failed && round.again && rounds < MOST_ROUNDS {
            rounds += 1;
        } else if failed && !round.hopeless && proof.fall_back(options, &round.proof) {
            rounds = MOST_ROUNDS;
        } else {
            let proof = Some(proof.ended(round.proof));
            return Ok(Settled { plan, packed, proof, bench });
        }
    }
}

/// The files that runs of the packages as they were opened, as a trace or the proof tells.
pub fn imported(
    scanned: &Scanned,
    facts: &Facts,
    bench: Option<&Bench<'_>>,
) -> Option<BTreeSet<FileId>> {
    match (&facts.observed, bench) {
        (Some(trace), _) => Some(scanned.tree.ids().filter(|id| trace.saw(*id)).collect()),
        (None, Some(bench)) if !bench.opened.is_empty() => Some(bench.opened.clone()),
        _ => None,
    }
}

/// How long each stage took.
pub struct Clock {
    last: Instant,
    /// Seconds by stage.
    pub stages: BTreeMap<String, f64>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { last: Instant::now(), stages: BTreeMap::new() }
    }

    /// Counts the time since the last stop for this stage.
    pub fn stop(&mut self, stage: &'static str) {
        let now = Instant::now();
        let seconds = now.duration_since(self.last).as_secs_f64();
        let all = self.stages.entry(stage.to_owned()).or_default();
        *all = ((*all + seconds) * 1000.0).round() / 1000.0;
        self.last = now;
    }
}
