//! The folders that Lambda shows a function, for one run.
//!
//! Where this user may make a mount namespace, `/var/task` and `/opt` are there themselves,
//! read-only, and what the host has and Lambda has not is hidden. Elsewhere the folders stand where
//! they are, and their permissions say that nobody may write.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{self, Ended, Finished, Limits};
use super::find::Interpreter;
use super::strace::Tracer;

/// What keeps a run apart from its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Namespaces of the kernel, made by `unshare` with these options.
    Namespace(&'static [&'static str]),
    /// The permissions of the folders.
    Permissions,
}

impl Isolation {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespace(_) => "mount namespace",
            Self::Permissions => "permissions",
        }
    }
}

/// What a run is shown.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    /// The function's folder.
    pub task: &'a Path,
    /// The layers' folder.
    pub layer: &'a Path,
    /// A folder of distributions that the runtime has.
    pub runtime: Option<&'a Path>,
    /// An empty folder, for mounts.
    pub stage: &'a Path,
    /// The Python.
    pub interpreter: &'a Interpreter,
    /// What keeps the run apart.
    pub isolation: Isolation,
    /// Whether it can reach the network.
    pub network: bool,
    /// What watches the run.
    pub tracer: Option<Tracer<'a>>,
}

/// What makes the room.
pub const SCRIPT: &str = include_str!("room.sh");

/// Longest time that an empty run in namespaces may take, in seconds.
const PATIENCE: f64 = 5.0;

/// The ways to ask for namespaces: as root, and as anybody.
const WAYS: [&[&str]; 2] = [
    &["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"],
    &[
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child=SIGKILL",
        "--mount-proc",
    ],
];

impl Room<'_> {
    /// Where the function's code stands for who runs in the room.
    pub fn task_seen(&self) -> PathBuf {
        match self.isolation {
            Isolation::Namespace(_) => PathBuf::from("/var/task"),
            Isolation::Permissions => self.task.to_owned(),
        }
    }

    /// Where the layers stand for who runs in the room.
    pub fn layer_seen(&self) -> PathBuf {
        match self.isolation {
            Isolation::Namespace(_) => PathBuf::from("/opt"),
            Isolation::Permissions => self.layer.to_owned(),
        }
    }

    /// Where the runtime's own distributions stand.
    pub fn runtime_seen(&self) -> Option<PathBuf> {
        self.runtime.map(|folder| match self.isolation {
            Isolation::Namespace(_) => PathBuf::from("/var/runtime"),
            Isolation::Permissions => folder.to_owned(),
        })
    }

    /// Runs Python with these arguments, this environment and nothing else of the host's, and with
    /// `input`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(
        &self,
        arguments: &[&str],
        environment: &[(String, String)],
        input: &[u8],
        limits: Limits,
    ) -> std::io::Result<Finished> {
        let mut command = match self.isolation {
            Isolation::Namespace(way) => {
                let mut command = Command::new("unshare");
                command.args(way);
                if !self.network {
                    command.arg("--net");
                }
                command.args(["--", "sh", "-c", SCRIPT, "sh"]);
                command.args([self.stage, self.task, self.layer, &self.interpreter.prefix]);
                command.arg(self.runtime.unwrap_or(Path::new("")));
                command.args(["env", "-i"]);
                command.args(environment.iter().map(|(name, value)| format!("{name}={value}")));
                command.arg(&self.interpreter.path);
                command
            }
            Isolation::Permissions => Command::new(&self.interpreter.path),
        };
        command.args(arguments);
        if let Some(tracer) = self.tracer {
            command = tracer.watch(&command);
        }
        if self.isolation == Isolation::Permissions {
            command.env_clear().envs(environment.iter().cloned()).current_dir(self.task);
        }
        let mut finished = child::run(&mut command, input, limits)?;
        // What a shell makes of a signal.
        if let (Isolation::Namespace(_), Ended::Exit(code @ 129..=159)) =
            (self.isolation, finished.ended)
        {
            finished.ended = Ended::Signal(code - 128);
        }
        Ok(finished)
    }
}

/// The strongest isolation that works here, tried on empty folders.
pub fn isolation(interpreter: &Interpreter, scratch: &Path) -> Isolation {
    let [task, layer] = ["task", "layer"].map(|name| scratch.join(name));
    let made = |folder: &PathBuf| std::fs::create_dir_all(folder).is_ok();
    // As layers have it, and some installations of Python too.
    let entry = layer.join("python");
    if ![&task, &layer, &entry].into_iter().all(made) {
        return Isolation::Permissions;
    }
    for (number, way) in WAYS.into_iter().enumerate() {
        let stage = scratch.join(format!("stage-{number}"));
        let isolation = Isolation::Namespace(way);
        let room = Room {
            task: &task,
            layer: &layer,
            stage: &stage,
            runtime: None,
            interpreter,
            isolation,
            network: false,
            tracer: None,
        };
        let limits = Limits { seconds: PATIENCE, answer: 1 << 16 };
        let tried =
            made(&stage).then(|| room.run(&["-I", "-S", "-c", "print(1)"], &[], &[], limits));
        // A Python that hangs does so in any room, as the proof will tell; one that is slow on a busy
        // machine is no reason to do with less.
        let works = |told: &Finished| match told.ended {
            Ended::Exit(0) => told.answer == b"1\n",
            Ended::TimedOut => true,
            Ended::Exit(_) | Ended::Signal(_) | Ended::Flooded => false,
        };
        if tried.and_then(Result::ok).as_ref().is_some_and(works) {
            return isolation;
        }
    }
    Isolation::Permissions
}
