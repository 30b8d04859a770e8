//! One cold start in a fresh process.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::Key;
use super::tree::{self, Node};
use crate::runtime::child::Finished;
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
    /// The events whose call did not end well, by number, each with why.
    pub(super) raised: Vec<(usize, String)>,
    pub(super) tree: Vec<Node>,
}

/// What the script tells, a line each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    /// The handler is about to be imported.
    Begun {
        #[serde(rename = "begun")]
        _begun: bool,
    },
    /// It was.
    Imported {
        init: f64,
        #[serde(default)]
        phases: BTreeMap<String, f64>,
        #[serde(default)]
        statements: Vec<(String, u32, String, u32, f64)>,
    },
    /// It could not be.
    Failed { error: Vec<Cause> },
    /// It is about to be called with the event of this number.
    Calls { calls: usize },
    /// The call ended well, in so many seconds.
    Called { called: f64 },
    /// The call raised.
    Raised { raised: Vec<Cause> },
}

/// An exception.
#[derive(Deserialize)]
struct Cause {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

/// How many of the events the handler is called with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    /// None: it is only imported.
    None,
    /// The first.
    First,
    /// One after the other.
    All,
}

/// Starts the first handler of `job`, and calls it; else tells why it cannot be imported.
///
/// # Errors
/// When the process cannot be started, or tells nothing.
pub(super) fn start(
    lab: &Lab<'_>,
    job: &Job,
    of: &Unpacked,
    mode: &Mode,
    calls: Calls,
) -> Result<std::result::Result<Start, String>> {
    let (name, own, options): (_, &[(String, String)], &[&str]) = match mode {
        Mode::Plain => ("plain", &[], &[]),
        Mode::Phases(own) => ("phases", own, &[]),
        Mode::Tree => ("tree", &[], &["-X", "importtime"]),
    };
    let most = match calls {
        Calls::None => 0,
        Calls::First => 1,
        Calls::All => usize::MAX,
    };
    let told = serde_json::json!({
        "handler": job.handlers.first(),
        "mode": name,
        "own": own,
        "events": job.events.iter().take(most).map(|event| &event.text).collect::<Vec<_>>(),
    });
    let finished = lab.script(of, job, options, SCRIPT, told)?;
    let text = String::from_utf8_lossy(&finished.answer);
    let answers: Vec<Answer> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix(MARK)?).ok())
        .collect();
    if answers.is_empty() {
        let why = last_words(&finished.talk).unwrap_or_default();
        bail!("failed to run a cold start: {}: {why}", finished.ended);
    }
    Ok(read(answers, &finished).map(|start| match mode {
        Mode::Tree => Start { tree: tree::parse(&text), ..start },
        Mode::Plain | Mode::Phases(_) => start,
    }))
}

/// What the answers of a run that began come to; or why the handler cannot be imported.
fn read(answers: Vec<Answer>, finished: &Finished) -> std::result::Result<Start, String> {
    let mut start: Option<Start> = None;
    let mut calls = None;
    for answer in answers {
        match (answer, &mut start) {
            (Answer::Failed { error }, _) => return Err(told(&error)),
            (Answer::Imported { init, phases, statements }, _) => {
                let statements = statements.into_iter();
                let statements =
                    statements.map(|(file, line, of, level, s)| ((file, line, of, level), s));
                let statements = statements.collect();
                start = Some(Start { init, phases, statements, ..Start::default() });
            }
            (Answer::Calls { calls: number }, Some(_)) => calls = Some(number),
            (Answer::Called { called }, Some(start)) => {
                if calls.take() == Some(0) {
                    start.call = Some(called);
                }
            }
            (Answer::Raised { raised }, Some(start)) => {
                start.raised.extend(calls.take().map(|number| (number, told(&raised))));
            }
            (Answer::Begun { .. }, _) | (_, None) => {}
        }
    }
    let end = || match last_words(&finished.talk) {
        Some(words) => format!("{}: {words}", finished.ended),
        None => finished.ended.to_string(),
    };
    let Some(mut start) = start else { return Err(end()) };
    start.raised.extend(calls.map(|number| (number, end())));
    Ok(start)
}

fn told(error: &[Cause]) -> String {
    let outermost = error.first().map(|cause| match cause.message.as_str() {
        "" => cause.kind.clone(),
        message => format!("{}: {message}", cause.kind),
    });
    outermost.unwrap_or_default()
}

/// The last line that a process wrote.
fn last_words(talk: &str) -> Option<&str> {
    talk.lines().rfind(|line| !line.trim().is_empty())
}
