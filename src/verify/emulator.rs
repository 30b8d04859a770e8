//! Runs under AWS's own Runtime Interface Emulator, with AWS's own runtime client.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use walkdir::WalkDir;

use super::trial::{Cause, FILE_SIZE, Job, Outcome, environment};
use crate::failure::Failure;
use crate::runtime::child::Limits;
use crate::runtime::room::{Isolation, Room};

const DRIVER: &str =
    concat!(include_str!("../runtime/common.py"), include_str!("../runtime/emulator.py"));

/// The emulator's name in the runtime's folder.
const PROGRAM: &str = "aws-lambda-rie";

/// Most bytes that a run may tell.
const ANSWER: usize = 64 << 20;

/// What came of a cold start and the events behind it.
#[derive(Clone, Debug, Default)]
pub(super) struct Emulated {
    /// Each event's outcome, by the event's name.
    pub(super) outcomes: BTreeMap<String, Outcome>,
    /// How it ended, where it told nothing.
    pub(super) ended: Option<String>,
    /// Milliseconds of INIT, as the emulator reports it.
    pub(super) init: Option<f64>,
    /// Milliseconds of each call.
    pub(super) invokes: Vec<f64>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    step: Option<String>,
    value: Option<Value>,
    error: Option<Vec<Cause>>,
    died: Option<String>,
    init: Option<f64>,
    #[serde(default)]
    invokes: Vec<f64>,
}

/// A folder with the emulator and what the runtime has: awslambdaric among it.
///
/// # Errors
/// A usage [`Failure`] where one of the two is missing.
pub(super) fn folder(emulator: &Path, job: &Job, to: &Path) -> Result<PathBuf> {
    let packages = job.runtime_packages.as_deref();
    let Some(packages) = packages.filter(|folder| folder.join("awslambdaric").is_dir()) else {
        return Err(Failure::usage(
            "failed to run the emulator: awslambdaric is not in --runtime-packages",
        )
        .hint("pip install --target DIR awslambdaric, and name DIR with --runtime-packages")
        .into());
    };
    let folder = to.join("emulator");
    if folder.is_dir() {
        return Ok(folder);
    }
    let failed = || format!("failed to copy {}", packages.display());
    for entry in WalkDir::new(packages).follow_links(true) {
        let entry = entry.with_context(failed)?;
        let path = folder.join(entry.path().strip_prefix(packages).unwrap_or(entry.path()));
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&path).with_context(failed)?,
            false => drop(fs::copy(entry.path(), &path).with_context(failed)?),
        }
    }
    fs::copy(emulator, folder.join(PROGRAM)).map_err(|error| {
        Failure::usage(format!("failed to read the emulator {}: {error}", emulator.display()))
            .hint("--rie names the program aws-lambda-rie; the wheel of aws-sam-cli holds it")
    })?;
    Ok(folder)
}

/// One cold start of the first handler, and every event.
pub(super) fn run(room: &Room<'_>, job: &Job) -> Result<Emulated> {
    let (task, layer) = (room.task_seen(), room.layer_seen());
    let seen = [&task, &layer].map(|path| path.to_string_lossy().into_owned());
    let runtime = room.runtime_seen().unwrap_or_default();
    let told = serde_json::json!({
        "task": seen[0],
        "layer": seen[1],
        "runtime": runtime,
        "emulator": runtime.join(PROGRAM),
        "handler": job.handlers.first(),
        "events": job.events,
        "seconds": job.seconds,
        "memory": job.memory,
        "file_size": FILE_SIZE,
        "loopback": room.isolation != Isolation::Permissions && !room.network,
    });
    let input = serde_json::to_vec(&told).context("failed to write the job of the emulator")?;
    // The emulator has its own end of time, just behind ours.
    let limits = Limits { seconds: job.seconds + 10.0, answer: ANSWER };
    let mut variables = environment(&seen[0], &seen[1], job);
    variables
        .push(("AWS_LAMBDA_FUNCTION_TIMEOUT".to_owned(), format!("{:.0}", job.seconds.ceil())));
    let finished = room
        .run(&["-I", "-S", "-B", "-c", DRIVER], &variables, &input, limits)
        .context("failed to run the emulator")?;
    let mut emulated = Emulated::default();
    for line in finished.answer.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        match line {
            Line { step: None, init, invokes, .. } => {
                emulated.init = init;
                emulated.invokes = invokes;
            }
            Line { step: Some(step), died, error, value, .. } => {
                let outcome = match (died, error) {
                    (Some(how), _) => Outcome::Died(how),
                    (None, Some(causes)) => Outcome::Error(causes),
                    (None, None) => Outcome::Value(value.unwrap_or(Value::Null)),
                };
                emulated.outcomes.insert(step, outcome);
            }
        }
    }
    if emulated.outcomes.is_empty() {
        let why = finished.talk.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        emulated.ended = Some(format!("{}: {why}", finished.ended));
    }
    Ok(emulated)
}
