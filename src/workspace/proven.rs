//! Runs every function from its zip and its layers, as Lambda would put them together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::decided::Decided;
use super::placed::Placed;
use crate::cache::{Key, Kind};
use crate::options::Proving;
use crate::options::workspace::{Function, Workspace};
use crate::pack::staging::Staging;
use crate::pack::{Archive, Role};
use crate::progress::Progress;
use crate::proving::{self, site::Site};
use crate::scan::Scanned;
use crate::tree::PackageId;
use crate::verify::{self, Proof, Status, subject};

/// Proofs of functions.
const PROOF: Kind = Kind::new("proof");

/// The proof of all functions together; `None` where nobody asked for one.
pub(super) fn prove(
    workspace: &Workspace,
    scanned: &[Scanned],
    decided: &[Decided],
    placed: &Placed,
    archives: &[Archive],
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<Option<Proof>> {
    let mut all: Option<Proof> = None;
    let count = workspace.functions.iter().filter(|one| one.options.proving.is_some()).count();
    progress.begin("proving", count as u64);
    for (number, function) in workspace.functions.iter().enumerate() {
        let Some(proving) = &function.options.proving else { continue };
        let alone = decided[number].proof.clone();
        let elsewhere = elsewhere(decided, number);
        let proof = match alone {
            // Nothing else can be said of it, or nothing more needs to be.
            Some(alone) if matches!(alone.status, Status::NotRun | Status::Failed) => alone,
            alone => {
                let zips: Vec<&Archive> =
                    placed.of_functions[number].iter().map(|zip| &archives[*zip]).collect();
                let subject = Subject {
                    function,
                    proving,
                    scanned: &scanned[number],
                    decided: &decided[number],
                    zips: &zips,
                    staging,
                    elsewhere,
                };
                let mut proof = subject.proof()?;
                if let Some(alone) = alone {
                    proof.restored = alone.restored;
                    proof.undone = alone.undone;
                }
                proof
            }
        };
        progress.advance(1);
        all = Some(joined(all, proof, &function.name));
    }
    progress.end();
    Ok(all)
}

/// The distributions that the other functions have and this one has not.
fn elsewhere(decided: &[Decided], number: usize) -> Vec<String> {
    let names = |decided: &Decided| -> BTreeSet<String> {
        decided.slimmed.groups.iter().flat_map(|group| group.names.clone()).collect()
    };
    let own = names(&decided[number]);
    let all: BTreeSet<String> = decided.iter().flat_map(names).collect();
    all.difference(&own).cloned().collect()
}

/// A function and what is to be run of it.
struct Subject<'a> {
    function: &'a Function,
    proving: &'a Proving,
    scanned: &'a Scanned,
    decided: &'a Decided,
    zips: &'a [&'a Archive],
    staging: &'a Staging,
    elsewhere: Vec<String>,
}

impl Subject<'_> {
    fn proof(&self) -> Result<Proof> {
        let mut inputs: Vec<&[u8]> = vec![self.decided.key.as_bytes()];
        inputs.extend(self.zips.iter().map(|archive| &archive.sha256[..]));
        let names = self.elsewhere.join(" ");
        inputs.push(names.as_bytes());
        let key = Key::of(&inputs);
        let cache = &self.function.options.cache;
        let known = cache.get(PROOF, &key);
        if let Some(known) = known.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(known);
        }
        let proof = self.run()?;
        // What failed, or could not be run here, is tried again.
        if matches!(proof.status, Status::Proven | Status::Weak) {
            cache.put(PROOF, &key, &serde_json::to_vec(&proof)?);
        }
        Ok(proof)
    }

    fn run(&self) -> Result<Proof> {
        let (tree, slimmed) = (&self.scanned.tree, &self.decided.slimmed);
        let options = &self.function.options;
        let mut site = Site::new(self.proving, slimmed.target, &options.cache)?;
        let interpreter = site.needed()?;
        let raw = site.raw(self.scanned, &interpreter, PackageId(0))?;
        let mut job = site.job(&options.handlers, slimmed.modules.clone());
        job.left_out.clone_from(&slimmed.left_out);
        job.elsewhere.clone_from(&self.elsewhere);
        let key = subject::key_of(tree, PackageId(0), |id| self.decided.digests[id]);
        let made_in = site.folder().join("made");
        let made = proving::together(&site.lab(&interpreter), &self.paths(), &made_in)?;
        let lab = site.lab(&interpreter);
        let mut found = lab.prove(&raw, &made, &job, &key)?;
        let failed = found.checks.iter().any(|check| check.verdict == verify::Verdict::Failed);
        if let (Some(emulator), false) = (&self.proving.emulator, failed) {
            let (checks, _) = lab.emulate(emulator, Some((&raw, key.as_slice())), &made, &job)?;
            found.checks.extend(checks);
        }
        Ok(site.proof(&interpreter, found.checks))
    }

    /// The zips with whether each is a layer.
    fn paths(&self) -> Vec<(PathBuf, bool)> {
        let path = |archive: &&Archive| {
            let is_layer = matches!(archive.role, Role::Layer(_));
            (self.staging.found(Path::new(&archive.file)), is_layer)
        };
        self.zips.iter().map(path).collect()
    }
}

/// One proof of all: as sure as the least sure of them.
fn joined(all: Option<Proof>, mut proof: Proof, name: &str) -> Proof {
    proof.checks.iter_mut().for_each(|check| check.name = format!("{name}: {}", check.name));
    proof.because.iter_mut().for_each(|because| *because = format!("{name}: {because}"));
    proof.restored.iter_mut().for_each(|one| one.file = format!("{name}:{}", one.file));
    let Some(mut all) = all else { return proof };
    // Failed is worse than what could not be run.
    let worst = |status: Status| match status {
        Status::Proven => 0,
        Status::Weak => 1,
        Status::NotRun => 2,
        Status::Failed => 3,
    };
    if worst(proof.status) > worst(all.status) {
        all.status = proof.status;
    }
    all.python = all.python.or(proof.python);
    all.isolation = all.isolation.or(proof.isolation);
    all.network = all.network.or(proof.network);
    all.events += proof.events;
    all.because.extend(proof.because);
    all.checks.extend(proof.checks);
    all.restored.extend(proof.restored);
    all.undone.extend(proof.undone);
    all
}
