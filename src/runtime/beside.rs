//! Runs a command of the user's own beside a package that nobody may write.

use std::env;
use std::path::Path;
use std::process::Command;

use super::child::{self, Finished, Limits};
use super::find::Interpreter;
use super::room::Isolation;
use super::strace::Tracer;

/// Shows the folder read-only, then runs the command.
const SCRIPT: &str =
    r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@""#;

/// A command, and where it runs.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The package's folder.
    pub root: &'a Path,
    /// Where its modules lie.
    pub import_root: &'a Path,
    /// The target's Python: the first of PATH.
    pub interpreter: &'a Interpreter,
    /// What keeps the folder from being written.
    pub isolation: Isolation,
    /// Whether the command can reach the network.
    pub network: bool,
}

impl Beside<'_> {
    /// Runs the command in the current folder, with this environment and beside it only where the user
    /// is at home, PATH and PYTHONPATH.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(
        &self,
        command: &[String],
        environment: &[(String, String)],
        tracer: Tracer<'_>,
        limits: Limits,
    ) -> std::io::Result<Finished> {
        let mut inner = Command::new("env");
        match self.isolation {
            Isolation::Namespace(way) => {
                // Its processes are ended with its group.
                let way = way
                    .iter()
                    .filter(|option| matches!(**option, "--user" | "--map-root-user" | "--mount"));
                inner = Command::new("unshare");
                inner.args(way);
                if !self.network {
                    inner.arg("--net");
                }
                inner.args(["--", "sh", "-c", SCRIPT, "sh"]).arg(self.root).args(command);
            }
            Isolation::Permissions => {
                inner.args(command);
            }
        }
        let mut watched = tracer.watch(&inner);
        watched.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        let home = env::var_os("HOME").unwrap_or_default();
        let programs = self.interpreter.path.parent().unwrap_or(Path::new("/usr/bin"));
        let mut path = programs.as_os_str().to_owned();
        if let Some(rest) = env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        watched.env("HOME", home).env("PATH", path).env("PYTHONPATH", self.import_root);
        child::run(&mut watched, &[], limits)
    }
}
