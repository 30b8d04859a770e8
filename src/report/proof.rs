//! What a proof came to, for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::verify::{Check, Proof, Status, Verdict};

/// What Python and its HTTP clients say where there is no network.
const NO_NETWORK: [&str; 6] = [
    "Network is unreachable",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Could not connect to the endpoint URL",
    "Connection refused",
    "All connection attempts failed",
];

/// The answer of `verify`.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// What it came to.
    pub proof: Proof,
    /// Seconds that each part took.
    pub timings: BTreeMap<String, f64>,
}

/// The proof, a line for each check.
pub fn render(proof: &Proof, timings: &BTreeMap<String, f64>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(match (&proof.python, proof.isolation.as_deref()) {
        (Some(python), Some(isolation)) => {
            let network = if proof.network == Some(false) { ", without network" } else { "" };
            format!("proof: CPython {python}, apart by {isolation}{network}")
        }
        _ => "proof: not run".to_owned(),
    });
    for skipped in &proof.skipped {
        line(format!("  skipped {skipped}"));
    }
    for check in &proof.checks {
        let verdict = match check.verdict {
            Verdict::Passed => "ok",
            Verdict::Weak => "weak",
            Verdict::Failed => "FAILED",
        };
        let seconds = timings.get(&format!("proof: {}", check.name));
        let seconds = seconds.map(|seconds| format!(" {seconds:.2} s")).unwrap_or_default();
        let notes = match check.notes.is_empty() {
            true => String::new(),
            false => format!(": {}", check.notes.join("; ")),
        };
        line(format!("  {verdict:6} {}{seconds}{notes}", check.name));
    }
    if proof.network == Some(false) && proof.checks.iter().any(misses_the_network) {
        line("  the runs have no network: --network lets them reach what they ask for".to_owned());
    }
    for what in ["INIT", "first call"] {
        let of = |side: &str| timings.get(&format!("emulator: {what} {side}"));
        match (of("as it was"), of("as it ships")) {
            (Some(before), Some(after)) => {
                line(format!(
                    "  emulator: {what} {before:.2} s as it was, {after:.2} s as it ships"
                ));
            }
            (None, Some(after)) => line(format!("  emulator: {what} {after:.2} s")),
            _ => {}
        }
    }
    for restored in &proof.restored {
        line(format!("  restored: {}, asked for by {}", restored.file, restored.asked_by));
    }
    if !proof.restored.is_empty() {
        let files: Vec<String> =
            proof.restored.iter().map(|restored| format!("{:?}", restored.file)).collect();
        line(format!("  to make that permanent, in slim.toml: keep = [{}]", files.join(", ")));
    }
    for undone in &proof.undone {
        line(format!("  undone: {}, for a run failed with it: {}", undone.rule, undone.asked_by));
    }
    if !proof.undone.is_empty() {
        let rules = proof.undone.iter().map(|undone| format!("{:?}", undone.rule));
        let rules: Vec<String> = rules.collect();
        line(format!(
            "  to make that permanent, in slim.toml: [rules] off = [{}]",
            rules.join(", ")
        ));
    }
    line(sentence(proof));
    out
}

fn misses_the_network(check: &Check) -> bool {
    check.notes.iter().any(|note| NO_NETWORK.iter().any(|told| note.contains(told)))
}

/// What it came to, in one sentence.
pub fn sentence(proof: &Proof) -> String {
    match proof.status {
        Status::Proven => "proven".to_owned(),
        Status::Weak => format!("proven, weakly: {}", proof.because.join("; ")),
        Status::Failed => format!("not proven: {}", proof.because.join("; ")),
        Status::NotRun => proof.because.join("; "),
    }
}
