//! One run of a job, with everything that it told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Failure;
use crate::runtime::child::{Ended, Finished, Limits};
use crate::runtime::room::Room;

/// What runs in the child.
const BOOTSTRAP: &str = concat!(
    include_str!("../runtime/common.py"),
    include_str!("../runtime/function.py"),
    include_str!("../runtime/bootstrap.py")
);

/// Most bytes that a run may tell.
const ANSWER: usize = 256 << 20;

/// Largest file that a run may write, in bytes: all of Lambda's /tmp.
pub(super) const FILE_SIZE: u64 = 10 << 30;

/// How often a run that died goes on behind the step that it died in.
const MOST_DEATHS: usize = 20;

/// The check that compares metadata, in which the step `metadata` tells.
pub(super) const METADATA: &str = "metadata of distributions";

/// The check that compares the imports of single modules.
pub(super) const MODULES: &str = "imports of modules that ship";

/// What is to be run.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    /// The handlers, as `module.function`.
    pub handlers: Vec<String>,
    /// The events.
    pub events: Vec<Event>,
    /// The modules whose import is compared.
    pub modules: Vec<String>,
    /// Seconds that the whole of it may take.
    pub seconds: f64,
    /// Bytes of memory that it may take.
    pub memory: u64,
    /// A folder of distributions that the runtime has.
    pub runtime_packages: Option<PathBuf>,
    /// Further variables of its environment.
    pub environment: Vec<(String, String)>,
    /// The target's Python, such as `3.12`.
    pub python: String,
    /// Which of the runs of the package as it was.
    pub run: u32,
    /// Whether the metadata of distributions is read.
    pub metadata: bool,
    /// The distributions of which nothing ships, by normalized name.
    #[serde(skip)]
    pub left_out: Vec<String>,
    /// The distributions of other packages, which a shared layer may hold.
    #[serde(skip)]
    pub elsewhere: Vec<String>,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its name, which is its file's.
    pub name: String,
    /// Its JSON.
    pub text: String,
}

impl Job {
    /// The same for a second run, to see what differs by itself: no module is imported again.
    pub(super) fn again(&self, run: u32) -> Self {
        Self { run, modules: Vec::new(), ..self.clone() }
    }

    /// The step of a handler's import.
    pub(super) fn import(handler: &str) -> String {
        format!("import {handler}")
    }

    /// The step of a handler's call.
    pub fn call(event: &Event, handler: &str) -> String {
        format!("event {} {handler}", event.name)
    }

    /// The step of a module's import.
    pub(super) fn module(module: &str) -> String {
        format!("module {module}")
    }
}

/// An exception of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) frames: Vec<String>,
    /// The module that was not found, for those that say it.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The file that was not found, for those that say it.
    #[serde(default)]
    pub(super) filename: Option<String>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// It gave this.
    Value(Value),
    /// It raised this, the outermost first.
    Error(Vec<Cause>),
    /// The process ended in it.
    Died(String),
}

/// Everything that a run told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) steps: BTreeMap<String, (Outcome, f64)>,
    /// The files that were opened or loaded, below the folders.
    pub(super) opened: Vec<String>,
    /// Sources among them that were opened other than to import them.
    pub(super) read: Vec<String>,
    /// Libraries of the host.
    pub(super) libraries: Vec<String>,
    /// Files that the run changed.
    pub(super) written: Vec<String>,
    /// Whether it came to its end.
    pub(super) ended: bool,
    /// The end of what it printed.
    pub(super) talk: String,
}

impl Trial {
    pub(super) fn outcome(&self, step: &str) -> Option<&Outcome> {
        self.steps.get(step).map(|(outcome, _)| outcome)
    }

    /// Whether all went well but imports of single modules: such a run need not be run again.
    pub(super) fn is_whole(&self) -> bool {
        let went_well = |(step, (outcome, _)): (&String, &(Outcome, f64))| match outcome {
            Outcome::Value(_) => true,
            Outcome::Error(_) => step.starts_with("module "),
            Outcome::Died(_) => false,
        };
        self.ended && self.steps.iter().all(went_well)
    }

    /// The seconds of each check that ran something, by its name.
    pub(super) fn seconds(&self) -> BTreeMap<String, f64> {
        let mut all: BTreeMap<String, f64> = BTreeMap::new();
        for (step, (_, seconds)) in &self.steps {
            let check = match step.as_str() {
                "metadata" => METADATA,
                step if step.starts_with("module ") => MODULES,
                step => step,
            };
            *all.entry(format!("proof: {check}")).or_default() += seconds;
        }
        all.values_mut().for_each(|seconds| *seconds = (*seconds * 1e4).round() / 1e4);
        all
    }
}

/// A line of what the child tells.
#[derive(Deserialize)]
struct Line {
    step: String,
    #[serde(default)]
    begun: bool,
    #[serde(default)]
    seconds: f64,
    value: Option<Value>,
    error: Option<Vec<Cause>>,
    #[serde(default)]
    opened: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    libraries: Vec<String>,
}

/// Runs a job; where the process dies in a step, the rest is run in a new one.
pub(super) fn run(room: &Room<'_>, job: &Job) -> Result<Trial> {
    let mut trial = Trial::default();
    let mut left = job.clone();
    for _ in 0..=MOST_DEATHS {
        let begun = once(room, &left, &mut trial)?;
        let Some(step) = begun else { break };
        left.handlers.retain(|handler| Job::import(handler) != step);
        left.modules.retain(|module| !trial.steps.contains_key(&Job::module(module)));
        let rest = !left.handlers.is_empty() || !left.modules.is_empty();
        if !rest {
            break;
        }
    }
    Ok(trial)
}

/// Runs a process; gives the step in which it died.
fn once(room: &Room<'_>, job: &Job, trial: &mut Trial) -> Result<Option<String>> {
    let (task, layer) = (room.task_seen(), room.layer_seen());
    let seen = [&task, &layer].map(|path| path.to_string_lossy().into_owned());
    let told = serde_json::json!({
        "handlers": job.handlers,
        "events": job.events,
        "modules": job.modules,
        "done": trial.steps.keys().collect::<Vec<_>>(),
        "metadata": job.metadata && !trial.steps.contains_key("metadata"),
    });
    let finished = script(room, job, &[], BOOTSTRAP, told)?;
    trial.talk.clone_from(&finished.talk);
    let mut begun: Option<String> = None;
    let mut started = false;
    let mut lines = finished.answer.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let line = match serde_json::from_slice::<Line>(line) {
            Ok(line) => line,
            // The last line of a process that was ended may be cut.
            Err(_) if lines.peek().is_none() || line.is_empty() => continue,
            Err(error) => {
                return Err(unusable(room, &format!("it answers what is no JSON: {error}")));
            }
        };
        started = true;
        if line.step == "end" {
            trial.ended = true;
            trial.libraries = line.libraries;
            let below = |path: String| -> Option<String> {
                let inside = seen.iter().find_map(|root| path.strip_prefix(root.as_str()));
                inside.map(|path| path.trim_start_matches('/').to_owned())
            };
            trial.opened.extend(line.opened.into_iter().filter_map(below));
            trial.read.extend(line.read.into_iter().filter_map(below));
        } else if line.begun {
            begun = Some(line.step);
        } else if line.step != "start" {
            let outcome = match line.error {
                Some(causes) => Outcome::Error(causes),
                None => Outcome::Value(line.value.unwrap_or(Value::Null)),
            };
            trial.steps.insert(line.step, (outcome, line.seconds));
            begun = None;
        }
    }
    if !started {
        let why = finished.talk.lines().rfind(|line| !line.trim().is_empty());
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        return Err(unusable(room, &format!("{}{why}", finished.ended)));
    }
    if let Some(step) = &begun {
        let how = match finished.ended {
            Ended::TimedOut => format!("{} (over {} seconds)", finished.ended, job.seconds),
            _ => finished.ended.to_string(),
        };
        trial.steps.insert(step.clone(), (Outcome::Died(how), 0.0));
        if matches!(finished.ended, Ended::TimedOut | Ended::Flooded) {
            // The time of the whole is over.
            return Ok(None);
        }
    }
    Ok(begun)
}

/// Runs a script of ours in the room, by Python with these `options`. It finds on its stdin what `told`
/// holds, with the folders and bounds that each of them wants to know.
pub(super) fn script(
    room: &Room<'_>,
    job: &Job,
    options: &[&str],
    script: &str,
    mut told: Value,
) -> Result<Finished> {
    let (task, layer) = (room.task_seen(), room.layer_seen());
    let seen = [&task, &layer].map(|path| path.to_string_lossy().into_owned());
    let is_apart = room.isolation != crate::runtime::room::Isolation::Permissions;
    let common = [
        ("task", Value::from(seen[0].clone())),
        ("layer", Value::from(seen[1].clone())),
        ("memory", Value::from(job.memory)),
        ("file_size", Value::from(FILE_SIZE)),
        ("loopback", Value::from(is_apart && !room.network)),
        ("runtime_packages", serde_json::json!(room.runtime_seen())),
    ];
    for (key, value) in common {
        told[key] = value;
    }
    let input = serde_json::to_vec(&told).context("failed to write the job of a run")?;
    let limits = Limits { seconds: job.seconds, answer: ANSWER };
    let environment = environment(&seen[0], &seen[1], job);
    let arguments = [&["-S", "-B", "-W", "ignore"], options, &["-c", script]].concat();
    let finished = room
        .run(&arguments, &environment, &input, limits)
        .with_context(|| format!("failed to run {}", room.interpreter.path.display()))?;
    if finished.ended == Ended::Exit(97) {
        return Err(Failure::usage(
            "failed to run it: Python lies in a folder of /opt that the layers have too",
        )
        .hint("name a Python that lies elsewhere with --python-bin")
        .into());
    }
    Ok(finished)
}

/// The Python does not run what it is given.
fn unusable(room: &Room<'_>, why: &str) -> anyhow::Error {
    let python = room.interpreter.path.display();
    Failure::io(format!("failed to run the proof with {python}: {why}"))
        .hint("name another Python with --python-bin; --no-verify does without a proof")
        .into()
}

/// The environment that Lambda gives a function.
pub fn environment(task: &str, layer: &str, job: &Job) -> Vec<(String, String)> {
    let python = &job.python;
    let handler = job.handlers.first().map_or("", String::as_str);
    let libraries = format!(
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:{task}:{task}/lib:{layer}/lib"
    );
    let path = format!("/var/lang/bin:/usr/local/bin:/usr/bin:/bin:{layer}/bin");
    let execution = format!("AWS_Lambda_python{python}");
    let own = [
        ("_HANDLER", handler),
        ("AWS_ACCESS_KEY_ID", "ASIAPROOF"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_EXECUTION_ENV", &execution),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2024/01/01/[$LATEST]00000000000000000000000000000001"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "proof"),
        ("AWS_SESSION_TOKEN", "proof"),
        ("HOME", "/home/sbx_user1051"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", task),
        ("LANG", "C.UTF-8"),
        ("LD_LIBRARY_PATH", &libraries),
        ("PATH", &path),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONNOUSERSITE", "1"),
        ("PYTHONTZPATH", ""),
        ("TZ", ":UTC"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let given = |name: &str| job.environment.iter().any(|(given, _)| given == name);
    let own = own.into_iter().filter(|(name, _)| !given(name));
    own.chain(job.environment.iter().cloned()).collect()
}
