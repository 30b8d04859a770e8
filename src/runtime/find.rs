//! Finds the CPython of a version that really runs.
//!
//! Version managers put scripts on PATH that fail where their version is not installed, so every
//! candidate is asked who it is.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::child::{self, Ended, Limits};

/// A CPython that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program itself, not what starts it.
    pub path: PathBuf,
    /// The folder that it is installed in.
    pub prefix: PathBuf,
    /// Its version, such as `3.12.11`.
    pub version: String,
    /// What was tried before it, and why it is not the one.
    pub skipped: Vec<(PathBuf, String)>,
}

/// No candidate is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was tried, and why it is not the one.
    pub tried: Vec<(PathBuf, String)>,
}

/// What a candidate is asked.
const WHO: &str = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], \
                   getattr(sys, '_base_executable', sys.executable), sys.base_prefix, sep='\\n')";

/// Longest time that a candidate may take to tell, in seconds.
const PATIENCE: f64 = 4.0;
/// Longest time for all of them, and for one that is named.
const PATIENCE_FOR_ALL: f64 = 8.0;

/// The CPython 3.`minor`: the one that is named, else the first that runs of PATH, pyenv, uv and the
/// usual folders.
///
/// # Errors
/// [`NotFound`] with every candidate.
pub fn find(minor: u8, named: Option<&Path>) -> Result<Interpreter, NotFound> {
    let mut tried: Vec<(PathBuf, String)> = Vec::new();
    let candidates = match named {
        Some(path) => vec![path.to_owned()],
        None => candidates(minor),
    };
    let begun = Instant::now();
    for path in candidates {
        let left = PATIENCE_FOR_ALL - begun.elapsed().as_secs_f64();
        let patience = if named.is_some() { left } else { left.min(PATIENCE) };
        if tried.iter().any(|(known, _)| *known == path) {
            continue;
        }
        match ask(&path, minor, patience) {
            Ok(found) => return Ok(Interpreter { skipped: tried, ..found }),
            Err(why) => tried.push((path, why)),
        }
    }
    Err(NotFound { tried })
}

/// Whether there is a program of this version's name that is no script, as the stand-ins of version
/// managers are. None is run.
pub fn seems_there(minor: u8) -> bool {
    let name = format!("python3.{minor}");
    let is_program = |path: &PathBuf| {
        let mut head = [0; 2];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
        read.is_ok() && head != *b"#!"
    };
    let named = candidates(minor).into_iter().filter(|path| path.ends_with(&name));
    named.into_iter().any(|path| is_program(&path))
}

fn candidates(minor: u8) -> Vec<PathBuf> {
    let names = [format!("python3.{minor}"), "python3".to_owned(), "python".to_owned()];
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = names.iter().flat_map(|name| {
        env::split_paths(&path).map(move |folder| folder.join(name)).collect::<Vec<_>>()
    });
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let or = |name: &str, below: &str| {
        env::var_os(name).map_or_else(|| home.join(below), |folder: OsString| folder.into())
    };
    let pyenv = or("PYENV_ROOT", ".pyenv").join("versions");
    let uv = or("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python");
    let versioned = installed(&pyenv, &format!("3.{minor}."))
        .into_iter()
        .chain(installed(&uv, &format!("cpython-3.{minor}.")))
        .map(|folder| folder.join("bin").join(&names[0]));
    let usual = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/var/lang/bin"];
    let usual = usual.iter().map(|folder| Path::new(folder).join(&names[0]));
    on_path.chain(versioned).chain(usual).filter(|path| path.is_file()).collect()
}

/// The folders of a version manager that begin so, the newest first.
fn installed(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| name(path).starts_with(beginning));
    let patch = |path: &PathBuf| {
        let name = name(path);
        let digits = name[beginning.len()..].split(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap_or_default().parse::<u32>().unwrap_or(0)
    };
    found.sort_by_key(|path| (std::cmp::Reverse(patch(path)), path.clone()));
    found
}

fn ask(path: &Path, minor: u8, seconds: f64) -> Result<Interpreter, String> {
    let mut command = Command::new(path);
    command.args(["-I", "-S", "-c", WHO]);
    let limits = Limits { seconds: seconds.max(0.0), answer: 1 << 16 };
    let told = child::run(&mut command, &[], limits).map_err(|error| error.to_string())?;
    match told.ended {
        Ended::Exit(0) => {}
        Ended::Exit(_) => {
            let why = told.talk.lines().rfind(|line| !line.trim().is_empty());
            return Err(why.unwrap_or("it fails").trim().to_owned());
        }
        ended => return Err(ended.to_string()),
    }
    let text = String::from_utf8_lossy(&told.answer);
    let [name, version, program, prefix] = text.lines().collect::<Vec<_>>()[..] else {
        return Err("it does not tell what it is".to_owned());
    };
    if name != "cpython" || !version.starts_with(&format!("3.{minor}.")) {
        return Err(format!("it is {name} {version}"));
    }
    // Links would lead to what a run cannot see.
    let real = |path: &str| Path::new(path).canonicalize().unwrap_or_else(|_| path.into());
    Ok(Interpreter {
        path: real(program),
        prefix: real(prefix),
        version: version.to_owned(),
        skipped: Vec::new(),
    })
}

impl NotFound {
    /// What was tried, for people: the first few.
    pub fn told(&self) -> String {
        match &self.tried[..] {
            [] => "none is on PATH, in pyenv, in uv or in the usual folders".to_owned(),
            tried => {
                let told =
                    tried.iter().take(3).map(|(path, why)| format!("{}: {why}", path.display()));
                told.collect::<Vec<_>>().join("; ")
            }
        }
    }
}
