//! Compiles the sources that ship, with the target's own CPython.
//!
//! One process compiles them all, each under the path that it has on Lambda; what comes of it is
//! brought into one form ([`marshal`]), so that the same source gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use tempfile::TempDir;

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
use crate::tree::{FileId, Tree, file_name, parent};
use crate::zip::deflate::{Compression, Deflater};

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
    /// Those that are imported: their bytecode ships beside them, or in their place.
    pub chosen: &'w dyn Fn(FileId) -> bool,
    /// Those in whose place their bytecode can ship: of those that are not imported it does where it
    /// takes less in the zip.
    pub sourceless: BTreeSet<FileId>,
    /// Those whose bytecode need not hold the columns of the code (PEP 657).
    pub without_columns: &'w dyn Fn(FileId) -> bool,
    /// How hard the zip is compressed.
    pub compression: Compression,
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
    let tree = &scanned.tree;
    let found = found(tree, facts, plan, wanted);
    let folder = Folder::new()?;
    progress.begin("compiling", found.iter().map(|one| tree.file(one.id).size).sum());
    for (number, one) in found.iter().enumerate() {
        let action = plan.decisions[one.id].action;
        let source = transform::apply(action, scanned, one.id, Compression::Default)?.bytes;
        fs::write(folder.source(number), source).context("failed to write a source to compile")?;
    }
    let made = made(&found, &folder, facts.target.python.minor(), wanted, interpreter)?;
    let mut compiled = Compiled::default();
    for (one, made) in found.into_iter().zip(made) {
        progress.advance(tree.file(one.id).size);
        match made {
            Made::Bytecode(bytes) if one.goes => {
                compiled.instead.insert(one.id, bytes);
            }
            Made::Bytecode(bytes) => {
                let of = Of::Source(one.id);
                compiled.files.push(Generated { of, import_path: one.path, bytes });
            }
            Made::Nothing => {}
            Made::Refused(why) => compiled.refused.push((one.id, why)),
        }
    }
    progress.end();
    Ok(compiled)
}

/// Compiles sources that lie in the folder, in both forms where one is smaller, and chooses.
fn made(
    found: &[Found],
    folder: &Folder,
    minor: u8,
    wanted: &Wanted<'_>,
    interpreter: &Interpreter,
) -> Result<Vec<Made>> {
    let all: Vec<usize> = (0..found.len()).collect();
    let bare: Vec<usize> =
        all.iter().copied().filter(|number| (wanted.without_columns)(found[*number].id)).collect();
    let compile = |numbers: &[usize], form: Form| {
        let file = |number: &usize| {
            (folder.source(*number), &*found[*number].seen, folder.bytecode(*number, form))
        };
        let files: Vec<Source<'_>> = numbers.iter().map(file).collect();
        run(interpreter, &files, folder.path(), form.options())
    };
    let (refused, refused_bare) =
        rayon::join(|| compile(&all, Form::Whole), || compile(&bare, Form::WithoutColumns));
    let compiled = bare.into_iter().zip(refused_bare?);
    let bare: BTreeSet<usize> =
        compiled.filter_map(|(number, why)| why.is_none().then_some(number)).collect();
    let smallest = Smallest { folder, minor, compression: wanted.compression };
    let choose = |((number, one), refused): ((usize, &Found), Option<String>)| match refused {
        Some(why) => Ok(Made::Refused(why)),
        None => smallest.of(number, bare.contains(&number), one.goes && !one.imported),
    };
    found.par_iter().enumerate().zip(refused?).map(choose).collect()
}

/// What came of compiling a source.
enum Made {
    /// Its bytecode.
    Bytecode(Vec<u8>),
    /// Nothing that is worth its place.
    Nothing,
    /// Why it does not compile.
    Refused(String),
}

/// A source that is compiled.
struct Found {
    id: FileId,
    /// The path that it has on Lambda.
    seen: String,
    /// Where Python looks for its bytecode.
    path: String,
    /// Whether it is seen to be imported.
    imported: bool,
    /// Whether its bytecode can take its place.
    goes: bool,
}

/// The sources that are wanted and have no bytecode yet.
fn found(tree: &Tree, facts: &Facts, plan: &Plan, wanted: &Wanted<'_>) -> Vec<Found> {
    let minor = facts.target.python.minor();
    let one = |id: FileId| {
        let seen = seen(tree, facts, plan, id)?;
        let path = cached(tree.import_path(id)?, minor);
        let there = tree.find_import(tree.file(id).package, &path);
        let is_there = there.is_some_and(|there| plan.ships(there));
        let (imported, goes) = ((wanted.chosen)(id), wanted.sourceless.contains(&id));
        (!is_there).then_some(Found { id, seen, path, imported, goes })
    };
    tree.ids()
        .filter(|id| is_source(tree, facts, plan, *id))
        .filter(|id| (wanted.chosen)(*id) || wanted.sourceless.contains(id))
        .filter_map(one)
        .collect()
}

/// What bytecode holds.
#[derive(Clone, Copy)]
enum Form {
    /// All that Python writes.
    Whole,
    /// All but the columns of the code.
    WithoutColumns,
}

impl Form {
    /// What Python is told.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &[],
            Self::WithoutColumns => &["-X", "no_debug_ranges"],
        }
    }
}

/// Where sources and their bytecode lie while they are compiled.
struct Folder(TempDir);

impl Folder {
    fn new() -> Result<Self> {
        let failed = "failed to create a folder for bytecode";
        let folder = Self(scratch::folder("slim-compile-").context(failed)?);
        for name in ["sources", "whole", "bare"] {
            fs::create_dir(folder.path().join(name)).context(failed)?;
        }
        Ok(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn source(&self, number: usize) -> PathBuf {
        self.path().join("sources").join(number.to_string())
    }

    fn bytecode(&self, number: usize, form: Form) -> PathBuf {
        let name = match form {
            Form::Whole => "whole",
            Form::WithoutColumns => "bare",
        };
        self.path().join(name).join(number.to_string())
    }
}

/// Chooses between the forms in which a source was compiled.
struct Smallest<'f> {
    folder: &'f Folder,
    minor: u8,
    compression: Compression,
}

impl Smallest<'_> {
    /// The bytecode of a source: where it is there `bare`, without columns, unless that takes as much
    /// in the zip, as it does where a table of lines and columns says the same again and again; nothing
    /// where it has to take less than its source, and does not.
    fn of(&self, number: usize, bare: bool, below_source: bool) -> Result<Made> {
        let read = |form| {
            let read = fs::read(self.folder.bytecode(number, form));
            let bytes = read.context("failed to read what was compiled")?;
            Ok::<_, anyhow::Error>(whole(bytes, self.minor))
        };
        let mut deflater = Deflater::new(self.compression);
        let mut packed = |bytes: &[u8]| deflater.pack(bytes).data.len();
        let Some(mut smallest) = read(Form::Whole)? else {
            return Ok(Made::Refused("its bytecode has a form that slim does not know".to_owned()));
        };
        let bare = if bare { read(Form::WithoutColumns)? } else { None };
        if let Some(bare) = bare.filter(|bare| packed(bare) < packed(&smallest)) {
            smallest = bare;
        }
        if below_source {
            let source = fs::read(self.folder.source(number));
            let source = source.context("failed to read what was to be compiled")?;
            if packed(&smallest) >= packed(&source) {
                return Ok(Made::Nothing);
            }
        }
        Ok(Made::Bytecode(smallest))
    }
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
