//! Compiles the sources that ship, with the target's own CPython.
//!
//! One process compiles them all, each under the path that it has on Lambda; what comes of it is
//! brought into one form ([`marshal`]), so that the same source gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::names::module_name;
use crate::plan::layers::{self, Place};
use crate::plan::{Action, Generated, Of, Plan};
use crate::progress::Progress;
use crate::python::bytecode::{Kind, header, marshal};
use crate::rules::Change;
use crate::runtime::child::{self, Ended, Limits};
use crate::runtime::find::Interpreter;
use crate::scan::Scanned;
use crate::scratch;
use crate::transform;
use crate::tree::{Contents, FileId, Tree, file_name, parent};
use crate::zip::deflate::Compression;

const SCRIPT: &str = concat!(include_str!("runtime/common.py"), include_str!("runtime/compile.py"));

/// Longest time that compiling may take, in seconds.
const SECONDS: f64 = 1_800.0;

/// Bytes of memory that it may take.
const MEMORY: u64 = 4 << 30;

/// Largest bytecode file, in bytes.
const FILE_SIZE: u64 = 1 << 30;

/// How many sources may end the compiler before slim gives up.
const MOST_DEATHS: usize = 5;

/// Bytes of the header of a bytecode file (PEP 552).
const HEADER: usize = 16;

/// What came of compiling.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The bytecode files that ship beside their sources.
    pub files: Vec<Generated>,
    /// The bytecode that ships in place of its source.
    pub instead: BTreeMap<FileId, Vec<u8>>,
    /// Sources that do not compile, each with the reason.
    pub refused: Vec<(FileId, String)>,
}

/// Which sources are compiled, and how.
pub struct Wanted<'w> {
    /// Those whose bytecode ships beside them.
    pub chosen: &'w dyn Fn(FileId) -> bool,
    /// Those in whose place their bytecode ships.
    pub sourceless: BTreeSet<FileId>,
    /// Those whose bytecode does not hold the columns of the code (PEP 657).
    pub without_columns: &'w dyn Fn(FileId) -> bool,
}

/// Compiles what is wanted of the sources that ship, with this Python.
///
/// # Errors
/// When a source cannot be read, or the compiler cannot be run to its end.
pub fn compile(
    scanned: &Scanned,
    facts: &Facts,
    plan: &Plan,
    wanted: &Wanted<'_>,
    interpreter: &Interpreter,
    progress: &dyn Progress,
) -> Result<Compiled> {
    let Wanted { chosen, sourceless, without_columns } = wanted;
    let (tree, contents): (_, &dyn Contents) = (&scanned.tree, scanned);
    let minor = facts.target.python.minor();
    let mut found: Vec<(FileId, String, String)> = tree
        .ids()
        .filter(|id| is_source(tree, facts, plan, *id))
        .filter(|id| chosen(*id) || sourceless.contains(id))
        .filter_map(|id| {
            let seen = seen(tree, facts, plan, id)?;
            let path = cached(tree.import_path(id)?, minor);
            let package = tree.file(id).package;
            let is_there = tree.find_import(package, &path).is_some_and(|there| plan.ships(there));
            (!is_there).then_some((id, seen, path))
        })
        .collect();
    found.sort_by_key(|(id, ..)| (without_columns(*id), *id));
    let with_columns = found.partition_point(|(id, ..)| !without_columns(*id));
    let folder =
        scratch::folder("slim-compile-").context("failed to create a folder for bytecode")?;
    let sources = folder.path().join("sources");
    let out = folder.path().join("out");
    for folder in [&sources, &out] {
        fs::create_dir(folder).context("failed to create a folder for bytecode")?;
    }
    progress.begin("compiling", found.iter().map(|(id, ..)| tree.file(*id).size).sum());
    let mut files = Vec::new();
    for (number, (id, seen, _)) in found.iter().enumerate() {
        let path = sources.join(number.to_string());
        let action = plan.decisions[*id].action;
        let source = transform::apply(action, contents, *id, Compression::Default)?.bytes;
        fs::write(&path, source).context("failed to write a source to compile")?;
        files.push((path, seen.as_str(), out.join(number.to_string())));
    }
    let (with, without) = files.split_at(with_columns);
    let mut answers = run(interpreter, with, &out, &[])?;
    answers.extend(run(interpreter, without, &out, &["-X", "no_debug_ranges"])?);
    let mut compiled = Compiled::default();
    for (number, ((id, _, path), answer)) in found.into_iter().zip(answers).enumerate() {
        progress.advance(tree.file(id).size);
        let refused = match answer {
            Some(why) => Some(why),
            None => {
                let bytes = fs::read(out.join(number.to_string()))
                    .context("failed to read what was compiled")?;
                match whole(bytes, minor) {
                    Some(bytes) if sourceless.contains(&id) => {
                        compiled.instead.insert(id, bytes);
                        None
                    }
                    Some(bytes) => {
                        let of = Of::Source(id);
                        compiled.files.push(Generated { of, import_path: path, bytes });
                        None
                    }
                    None => Some("its bytecode has a form that slim does not know".to_owned()),
                }
            }
        };
        compiled.refused.extend(refused.map(|why| (id, why)));
    }
    progress.end();
    Ok(compiled)
}

/// A source that ships, with or without its prose, and can be imported.
fn is_source(tree: &Tree, facts: &Facts, plan: &Plan, id: FileId) -> bool {
    let path = tree.import_path(id).unwrap_or_default();
    path.ends_with(".py")
        && matches!(facts.content[id], Content::Source)
        && matches!(plan.decisions[id].action, Action::Keep | Action::Change(Change::Prose(_)))
        && !path.starts_with("bin/")
        && module_name(path).is_some()
}

/// The path of a file on Lambda; `None` where another package's ships in its place.
fn seen(tree: &Tree, facts: &Facts, plan: &Plan, id: FileId) -> Option<String> {
    let place = plan.placement.place(id);
    let path = layers::zip_path(tree, facts, id, place);
    match place {
        Place::Function(_) => Some(format!("/var/task/{path}")),
        Place::Layer => Some(format!("/opt/{path}")),
        Place::SharedAlready => None,
    }
}

/// Where Python looks for the bytecode of a source (PEP 3147).
fn cached(path: &str, minor: u8) -> String {
    let (folder, name) = (parent(path), file_name(path));
    let slash = if folder.is_empty() { "" } else { "/" };
    let stem = name.strip_suffix(".py").unwrap_or(name);
    format!("{folder}{slash}__pycache__/{stem}.cpython-3{minor}.pyc")
}

/// A bytecode file in its one form; `None` where it is none of the target's Python.
fn whole(mut bytes: Vec<u8>, minor: u8) -> Option<Vec<u8>> {
    let header = header(&bytes)?;
    let is_it = header.kind == Kind::UncheckedHash && header.python == Some((3, minor));
    (is_it && marshal::canonical(bytes.get_mut(HEADER..)?, minor)).then_some(bytes)
}

/// A source to compile, the path that it has on Lambda, and where its bytecode goes.
type Source<'s> = (PathBuf, &'s str, PathBuf);

/// Runs the compiler; gives for each file why it does not compile, or nothing. A source that ends the
/// compiler does not compile, and the rest is compiled without it.
fn run(
    interpreter: &Interpreter,
    files: &[Source<'_>],
    folder: &Path,
    options: &[&str],
) -> Result<Vec<Option<String>>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut answers: Vec<Option<String>> = Vec::new();
    for _ in 0..=MOST_DEATHS {
        let (told, ended) = once(interpreter, &files[answers.len()..], folder, options)?;
        answers.extend(told);
        match (files.get(answers.len()), ended) {
            (None, _) => return Ok(answers),
            (Some((_, seen, _)), None) => bail!("failed to compile {seen}: there is no answer"),
            (Some(_), Some(how)) => answers.push(Some(how)),
        }
    }
    bail!("failed to compile {} sources: {MOST_DEATHS} and more end the compiler", files.len())
}

/// The answers of one process, and how it ended where that is not well.
fn once(
    interpreter: &Interpreter,
    files: &[Source<'_>],
    folder: &Path,
    options: &[&str],
) -> Result<(Vec<Option<String>>, Option<String>)> {
    let job = serde_json::json!({"files": files, "memory": MEMORY, "file_size": FILE_SIZE});
    let input = serde_json::to_vec(&job).context("failed to write the job of the compiler")?;
    let mut command = Command::new(&interpreter.path);
    command.args(["-S", "-s", "-B"]).args(options).args(["-c", SCRIPT]).current_dir(folder);
    // The order of a set of constants is that of the hashes.
    command.env_clear().env("PYTHONHASHSEED", "0").env("LC_ALL", "C.UTF-8");
    let limits = Limits { seconds: SECONDS, answer: 256 << 20 };
    let program = || format!("failed to run {}", interpreter.path.display());
    let finished = child::run(&mut command, &input, limits).with_context(program)?;
    if finished.ended == Ended::TimedOut {
        bail!("failed to compile {} sources: it took over {SECONDS} seconds", files.len());
    }
    let lines = finished.answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let answers = lines.map_while(|line| serde_json::from_slice(line).ok()).collect();
    let ended = (finished.ended != Ended::Exit(0)).then(|| finished.ended.to_string());
    Ok((answers, ended))
}

#[cfg(test)]
mod tests;
