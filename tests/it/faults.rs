//! What can go wrong with the machine: told in one line, nothing lost, nothing half written, no hang.
//!
//! docs/faults.md lists what happens and what slim does, with the test of each.

mod copies;
mod descriptors;
mod disk;
mod killed;
mod liars;
mod meanwhile;
mod outsized;
pub(crate) mod patient;
mod streams;
mod sweep;
mod threads;
mod where_and_when;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::package::{Dist, Package};
use crate::support::{command, digest, slim};
use patient::{ended, works};

/// A package with a little of everything, and one file that is too large to be held in memory.
fn app() -> Package {
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from alpha import core\n")
        .file("alpha/core.py", "\"\"\"Core.\"\"\"\nx = 1\n".repeat(80))
        .file("alpha/data.txt", noise(200_000));
    let code = "import alpha\n\ndef handler(event, context):\n    return alpha.core.x\n";
    Package::new("app").with("app.py", code).install(&alpha)
}

/// Bytes that do not become fewer.
fn noise(length: usize) -> Vec<u8> {
    let mut dice = crate::support::Dice(5);
    (0..length).map(|_| dice.roll(256) as u8).collect()
}

fn out(package: &Package) -> PathBuf {
    package.home("out").into()
}

/// A build into the package's own `out`, without a proof.
fn build(package: &Package, args: &[&str]) -> Command {
    let mut build = command();
    build.args(["build", package.path(), "-q", "--no-verify", "-o", &package.home("out")]);
    build.args(args);
    build
}

/// What lies in an output folder, times and the folder itself left out: files that were put back are the
/// same files.
fn held(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = digest(folder);
    all.remove(folder);
    all
}

/// Makes the outputs of before: other zips than [`build`] makes without further options.
#[track_caller]
fn before(package: &Package, args: &[&str]) -> BTreeMap<PathBuf, String> {
    let _ = std::fs::remove_dir_all(out(package));
    let to = package.home("out");
    let options = ["build", package.path(), "-q", "--no-verify", "-o", &to, "--layer", "none"];
    slim(&[&options[..], args].concat()).ok();
    held(&out(package))
}

/// A command in a shell, where `$@` is the command.
fn in_shell(script: &str, inner: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// The same as a user who is not root, and to whom the package's home is given; None, and said, where that
/// cannot be.
fn as_anybody(package: &Package, inner: &Command) -> Option<Command> {
    // Nobody else's: what is limited for each user counts no other processes.
    let user = ["--reuid", "61234", "--regid", "61234", "--clear-groups"];
    let given = works(Command::new("chown").args(["-R", "61234"]).arg(package.home.path()));
    let mut probe = Command::new("setpriv");
    if !given || !works(probe.args(user).arg(inner.get_program()).arg("--version")) {
        eprintln!("skipped: another user cannot run slim here");
        return None;
    }
    Some(in_shell(&format!("exec setpriv {} \"$@\"", user.join(" ")), inner))
}

/// strace with faults injected into what `inner` does; None, and said, where it may not trace here.
fn traced(options: &[&str], inner: &Command) -> Option<Command> {
    if !works(Command::new("strace").args(["-o", "/dev/null", "true"])) {
        eprintln!("skipped: strace cannot trace here");
        return None;
    }
    let script = format!(
        "exec strace -f -qq -o /dev/null -e signal=none {} \"$@\"",
        options.iter().map(|option| format!("'{option}'")).collect::<Vec<_>>().join(" ")
    );
    Some(in_shell(&script, inner))
}
