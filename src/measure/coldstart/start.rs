//! One cold start in a fresh process.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::Key;
use super::tree::{self, Node};
use crate::verify::{Job, Lab, Unpacked};

/// What runs in the child.
const SCRIPT: &str = concat!(
    include_str!("../../runtime/common.py"),
    include_str!("../../runtime/function.py"),
    include_str!("../../runtime/coldstart.py")
);

/// What stands before an answer of the script's.
const MARK: &str = "slim-coldstart ";

/// What of a start is watched; to watch takes time itself.
pub(super) enum Mode {
    /// How long it takes.
    Plain,
    /// What it is spent on, and on which statements of these sources (path, name).
    Phases(Vec<(String, String)>),
    /// How long each module takes.
    Tree,
}

/// What one start came to, in seconds.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) init: f64,
    pub(super) phases: BTreeMap<String, f64>,
    pub(super) statements: Vec<(Key, f64)>,
    /// The first call, where there was one and it ended well.
    pub(super) call: Option<f64>,
    pub(super) tree: Vec<Node>,
}

/// What the script tells.
#[derive(Deserialize)]
struct Answer {
    init: Option<f64>,
    #[serde(default)]
    phases: BTreeMap<String, f64>,
    #[serde(default)]
    statements: Vec<(String, u32, String, u32, f64)>,
    call: Option<f64>,
    #[serde(default)]
    error: Vec<Cause>,
}

/// An exception.
#[derive(Deserialize)]
struct Cause {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

/// Starts the first handler of `job`, and calls it with its first event where `calls`; else tells why
/// it cannot be imported.
///
/// # Errors
/// When the process cannot be started, or tells nothing.
pub(super) fn start(
    lab: &Lab<'_>,
    job: &Job,
    of: &Unpacked,
    mode: &Mode,
    calls: bool,
) -> Result<std::result::Result<Start, String>> {
    let (name, own, options): (_, &[(String, String)], &[&str]) = match mode {
        Mode::Plain => ("plain", &[], &[]),
        Mode::Phases(own) => ("phases", own, &[]),
        Mode::Tree => ("tree", &[], &["-X", "importtime"]),
    };
    let told = serde_json::json!({
        "handler": job.handlers.first(),
        "mode": name,
        "own": own,
        "event": job.events.first().filter(|_| calls).map(|event| &event.text),
    });
    let finished = lab.script(of, job, options, SCRIPT, told)?;
    let text = String::from_utf8_lossy(&finished.answer);
    let answer = text
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str::<Answer>(line.strip_prefix(MARK)?).ok());
    let Some(answer) = answer.filter(|found| found.init.is_some() || !found.error.is_empty())
    else {
        if text.contains(MARK) || finished.talk.is_empty() {
            return Ok(Err(finished.ended.to_string()));
        }
        let why = finished.talk.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        bail!("failed to run a cold start: {}: {why}", finished.ended);
    };
    let Some(init) = answer.init else {
        let why = answer.error.first().map(|cause| format!("{}: {}", cause.kind, cause.message));
        return Ok(Err(why.unwrap_or_default()));
    };
    let statements = answer.statements.into_iter();
    Ok(Ok(Start {
        init,
        phases: answer.phases,
        statements: statements
            .map(|(file, line, of, level, s)| ((file, line, of, level), s))
            .collect(),
        call: answer.call,
        tree: if matches!(mode, Mode::Tree) { tree::parse(&text) } else { Vec::new() },
    }))
}
