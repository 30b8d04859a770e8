//! Who is measured: what people do today, and slim.

use std::env;
use std::path::Path;
use std::process::Command;

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
    Shell(&'static str),
    /// `slim build` with these arguments.
    Slim(&'static [&'static str]),
}

/// The peer that the others are compared with.
pub const REFERENCE: &str = "recipe";

/// Every peer, in the order of the table. Only `recipe` and `strip-zip6` change what is packed.
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
        name: "zip-9",
        tools: &["zip"],
        how: How::Shell(r#"cd "$1" && zip -9 -qr "$2/function.zip" ."#),
    },
    Peer {
        name: "7z-mx9",
        tools: &["7z"],
        how: How::Shell(r#"cd "$1" && 7z a -mx=9 -tzip "$2/function.zip" . >/dev/null"#),
    },
    Peer { name: "slim-fast", tools: &[], how: How::Slim(&["--compression", "fast"]) },
    Peer { name: "slim", tools: &[], how: How::Slim(&[]) },
    Peer { name: "slim-j1", tools: &[], how: How::Slim(&["-j", "1"]) },
    Peer { name: "slim-max", tools: &[], how: How::Slim(&["--compression", "max"]) },
];

impl Peer {
    /// The first thing this peer needs that is not here.
    pub fn missing(&self, slim: &Path) -> Option<String> {
        match self.how {
            How::Slim(_) if !slim.is_file() => Some(slim.display().to_string()),
            How::Slim(_) | How::Shell(_) => {
                self.tools.iter().find(|tool| !on_path(tool)).map(|tool| (*tool).to_owned())
            }
        }
    }

    /// The command that packs `tree` into zips directly in `out`, an empty folder. All paths are absolute.
    pub fn command(&self, slim: &Path, tree: &Path, out: &Path) -> Command {
        match self.how {
            How::Shell(script) => shell(script, tree, out),
            How::Slim(arguments) => slim_build(slim, tree, out, arguments),
        }
    }
}

fn shell(script: &str, tree: &Path, out: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args([tree, out]);
    command
}

/// `slim build TREE -o OUT` with more arguments, without its report.
pub fn slim_build(slim: &Path, tree: &Path, out: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(slim);
    command.arg("build").arg(tree).arg("-o").arg(out).arg("-q").args(arguments);
    command
}

/// Whether PATH has a program of this name.
pub fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
