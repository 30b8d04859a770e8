//! One tree, decided, packed and proven: made again with what a proof puts back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::Result;

use crate::compile;
use crate::facts::Facts;
use crate::options::{Bytecode, Level, Options, Proving};
use crate::pack::{self, Packed};
use crate::plan::{self, Plan, sourceless};
use crate::progress::Progress;
use crate::proving::{self, Bench, MOST_ROUNDS};
use crate::rules::table::{BYTECODE_COLUMNS, BYTECODE_ONLY};
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
            add_bytecode(scanned, facts, &mut plan, options, bench.as_mut(), progress)?;
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

/// Adds the bytecode of the modules that the handlers import, as a trace or a run of the package as it
/// was tells; without either, of all that ship.
///
/// # Errors
/// As [`settle`].
pub fn add_bytecode(
    scanned: &Scanned,
    facts: &Facts,
    plan: &mut Plan,
    options: &Options,
    bench: Option<&mut Bench<'_>>,
    progress: &dyn Progress,
) -> Result<()> {
    let proving = Proving { python_bin: options.python_bin.clone(), ..Proving::default() };
    let interpreter = proving::site::python(facts.target.python.minor(), &proving)?;
    let undone = bench.as_ref().is_some_and(|bench| bench.restored.sources.is_some());
    let seen = bench.map(|bench| bench.observe(scanned, options)).transpose()?.flatten();
    let chosen = |id: FileId| match (&facts.observed, &seen) {
        (Some(trace), _) => trace.saw(id),
        (None, Some(seen)) => seen.opened.contains(&id),
        (None, None) => true,
    };
    let read = seen.as_ref().map(|seen| seen.read.clone()).unwrap_or_default();
    let (sourceless, doubts) = match options.bytecode {
        Bytecode::Only if !options.rules_off.contains(BYTECODE_ONLY.id) && !undone => {
            sourceless::candidates(&scanned.tree, scanned, facts, plan, &read)?
        }
        Bytecode::None | Bytecode::Hash | Bytecode::Only => Default::default(),
    };
    plan.doubts.extend(doubts);
    let without = options.level == Level::Max && !options.rules_off.contains(BYTECODE_COLUMNS.id);
    let without_columns = |id: FileId| without && facts.owners.brought_by(id).is_some();
    let wanted = compile::Wanted { chosen: &chosen, sourceless, without_columns: &without_columns };
    let compiled = compile::compile(scanned, facts, plan, &wanted, &interpreter, progress)?;
    let refused = compiled
        .refused
        .iter()
        .take(3)
        .map(|(id, why)| format!("{} ({why})", scanned.tree.shown(*id)));
    let refused: Vec<String> = refused.collect();
    if !refused.is_empty() {
        let more = compiled.refused.len() - refused.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        plan.warnings.push(format!(
            "without bytecode, for they do not compile: {}{more}",
            refused.join(", ")
        ));
    }
    plan.generated.extend(compiled.files);
    sourceless::put_in_place(plan, compiled.instead);
    Ok(())
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
