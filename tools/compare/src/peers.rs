//! Who is measured: what people do today, and slim.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::survival;

#[cfg(test)]
mod tests;

/// One way to make zips of a tree.
pub struct Peer {
    /// What the table calls it.
    pub name: &'static str,
    /// What it needs on PATH.
    tools: &'static [&'static str],
    how: How,
}

enum How {
    /// A script for `sh -c`; `$1` is the tree, `$2` an empty folder for the result.
    /// `$HERE` holds this package, `$MODULES` what npm installed, `$PYTHON` is a Python.
    Shell(&'static str),
    /// The same, with serverless-python-requirements among the modules.
    Serverless(&'static str),
    /// `slim build` with these arguments.
    Slim(&'static [&'static str]),
    /// `slim build` at its smallest, proven with the corpus app's handler and events.
    Proven,
}

/// What the peers work with.
pub struct Workshop {
    /// The slim to measure.
    pub slim: PathBuf,
    /// Where npm put serverless-python-requirements.
    pub modules: PathBuf,
    /// The Python whose zipfile is measured.
    pub python: PathBuf,
}

/// One tree to pack. All paths are absolute.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The tree's name, which may be that of a corpus app.
    pub name: &'a str,
    /// The tree.
    pub tree: &'a Path,
    /// An empty folder; the zips go directly into it.
    pub out: &'a Path,
}

/// The peer that the others are compared with.
pub const REFERENCE: &str = "recipe";

/// Every peer, in the order of the table. The strippers get the same files as the recipe's, one at a time: some stop at
/// the first that they refuse.
pub const PEERS: &[Peer] = &[
    Peer {
        name: REFERENCE,
        tools: &["cp", "find", "strip", "zip"],
        // As blog posts give it, on a copy because it deletes in place. What strip refuses is left as it is.
        how: How::Shell(
            r#"cp -a "$1" "$2/copy" && cd "$2/copy" || exit
            find . -type d -name __pycache__ -prune -exec rm -r {} +
            find . -type d -name '*.dist-info' -prune -exec rm -r {} +
            find . -type d -name tests -prune -exec rm -r {} +
            find . -name '*.pyc' -delete
            find . -name '*.so' -exec strip {} + 2>/dev/null
            zip -9 -qr "$2/function.zip" ."#,
        ),
    },
    Peer {
        name: "strip-zip6",
        tools: &["cp", "find", "strip", "zip"],
        how: How::Shell(
            r#"cp -a "$1" "$2/copy" && cd "$2/copy" || exit
            find . -name '*.so' -exec strip {} + 2>/dev/null
            zip -6 -qr "$2/function.zip" ."#,
        ),
    },
    Peer {
        name: "llvm-strip",
        tools: &["cp", "find", "llvm-strip", "zip"],
        how: How::Shell(
            r#"cp -a "$1" "$2/copy" && cd "$2/copy" || exit
            find . -name '*.so' -exec llvm-strip {} \; 2>/dev/null
            zip -6 -qr "$2/function.zip" ."#,
        ),
    },
    Peer {
        name: "eu-strip",
        tools: &["cp", "find", "eu-strip", "zip"],
        how: How::Shell(
            r#"cp -a "$1" "$2/copy" && cd "$2/copy" || exit
            find . -name '*.so' -exec eu-strip {} \; 2>/dev/null
            zip -6 -qr "$2/function.zip" ."#,
        ),
    },
    Peer {
        name: "serverless",
        tools: &["cp", "find", "strip", "node", "zip"],
        // `slim: true` by the plugin's own code; zipped as the recipe is.
        how: How::Serverless(
            r#"cp -a "$1" "$2/copy" && node "$HERE/spr.cjs" "$MODULES" "$2/copy" || exit
            cd "$2/copy" && zip -9 -qr "$2/function.zip" ."#,
        ),
    },
    Peer {
        name: "zip-9",
        tools: &["zip"],
        how: How::Shell(r#"cd "$1" && zip -9 -qr "$2/function.zip" ."#),
    },
    Peer {
        name: "7z-mx9",
        tools: &["7z"],
        how: How::Shell(r#"cd "$1" && 7z a -mx=9 -tzip "$2/function.zip" . >/dev/null"#),
    },
    Peer {
        name: "advzip",
        tools: &["zip", "advzip"],
        how: How::Shell(
            r#"cd "$1" && zip -6 -qr "$2/function.zip" . && advzip -z -3 -q "$2/function.zip""#,
        ),
    },
    Peer {
        name: "python-zipfile",
        tools: &[],
        how: How::Shell(r#""$PYTHON" "$HERE/zipfile9.py" "$1" "$2/function.zip""#),
    },
    Peer { name: "slim-fast", tools: &[], how: How::Slim(&["--compression", "fast"]) },
    Peer { name: "slim", tools: &[], how: How::Slim(&[]) },
    Peer { name: "slim-j1", tools: &[], how: How::Slim(&["-j", "1"]) },
    Peer { name: "slim-max", tools: &[], how: How::Slim(&["--compression", "max"]) },
    Peer { name: "slim-proven", tools: &["python3"], how: How::Proven },
];

impl Peer {
    /// The peer of this name.
    #[cfg(test)]
    pub fn named(name: &str) -> Option<&'static Self> {
        PEERS.iter().find(|peer| peer.name == name)
    }

    /// Whether it is a slim, which changes from day to day.
    pub fn is_slim(&self) -> bool {
        matches!(self.how, How::Slim(_) | How::Proven)
    }

    /// Why this peer cannot pack a tree of this name: the first thing that it needs and that is not here.
    pub fn missing(&self, workshop: &Workshop, tree: &str) -> Option<String> {
        let absent = |what: &str| format!("{what} is not here");
        if let Some(tool) = self.tools.iter().find(|tool| !on_path(tool)) {
            return Some(absent(tool));
        }
        match self.how {
            How::Slim(_) | How::Proven if !workshop.slim.is_file() => {
                Some(absent(&workshop.slim.display().to_string()))
            }
            How::Serverless(_) if !workshop.modules.join(SERVERLESS).is_file() => {
                Some(absent("serverless-python-requirements"))
            }
            How::Proven if !survival::is_app(tree) => {
                Some("no app of the corpus, which has a handler and events".to_owned())
            }
            How::Shell(_) | How::Serverless(_) | How::Slim(_) | How::Proven => None,
        }
    }

    /// The command that packs what `task` says.
    pub fn command(&self, workshop: &Workshop, task: Task) -> Command {
        match self.how {
            How::Shell(script) | How::Serverless(script) => shell(script, workshop, task),
            How::Slim(arguments) => slim_build(&workshop.slim, task.tree, task.out, arguments),
            How::Proven => proven(workshop, task),
        }
    }
}

/// What of serverless-python-requirements is called, among the modules.
const SERVERLESS: &str = "serverless-python-requirements/lib/slim.js";

/// A file of this package.
pub fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

impl Workshop {
    /// What there is on this machine.
    pub fn new(slim: &Path, modules: &Path) -> Self {
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self { slim: absolute(slim), modules: absolute(modules), python: python() }
    }
}

/// The Python 3.12 that runs the corpus, else any.
fn python() -> PathBuf {
    let found = Command::new(here("../python312")).output();
    match found {
        Ok(output) if output.status.success() => {
            PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
        }
        Ok(_) | Err(_) => PathBuf::from("python3"),
    }
}

fn shell(script: &str, workshop: &Workshop, task: Task) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args([task.tree, task.out]);
    command.env("HERE", here("")).env("MODULES", &workshop.modules).env("PYTHON", &workshop.python);
    command
}

fn proven(workshop: &Workshop, task: Task) -> Command {
    let mut command = Command::new("python3");
    command.arg("-B").arg(here("proven.py")).arg(&workshop.slim).arg(task.name);
    command.args([task.tree, task.out]);
    command
}

/// `slim build TREE -o OUT` with more arguments, without its report and without what earlier builds kept.
pub fn slim_build(slim: &Path, tree: &Path, out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(slim);
    command.arg("build").arg(tree).arg("-o").arg(out).args(["-q", "--no-cache"]).args(arguments);
    command
}

/// Whether PATH has a program of this name.
pub fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
