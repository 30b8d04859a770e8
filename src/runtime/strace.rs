//! What a process and its children do with files, as `strace` sees it: hooks in Python would miss what
//! C code opens.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::child::{self, Ended, Limits};

/// Longest time that the program may take to show that it works, in seconds.
const PATIENCE: f64 = 10.0;

/// The program, where it is installed and can trace.
///
/// # Errors
/// Why there is none.
pub fn find() -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("strace"));
    let program = found.into_iter().find(|path| path.is_file()).ok_or("strace is not on PATH")?;
    let mut probe = Command::new(&program);
    probe.args(WATCH).args(["-o", "/dev/null", "--", "true"]);
    let limits = Limits { seconds: PATIENCE, answer: 1 << 16 };
    let told = child::run(&mut probe, &[], limits).map_err(|error| error.to_string())?;
    if told.ended != Ended::Exit(0) {
        let why = told.talk.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        return Err(format!("{} cannot trace here: {}: {why}", program.display(), told.ended));
    }
    Ok(program)
}

/// What is watched: every system call that takes the name of a file, and what is mapped.
const WATCH: [&str; 8] =
    ["-f", "-qq", "-y", "--seccomp-bpf", "-e", "trace=%file,mmap", "-e", "signal=none"];

/// How many runs were watched: each writes a file of its own.
static WATCHED: AtomicUsize = AtomicUsize::new(0);

/// What is seen of a run, and where that is written.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a> {
    /// The program `strace`.
    pub program: &'a Path,
    /// The folder that it writes into, a file for each run.
    pub logs: &'a Path,
}

impl Tracer<'_> {
    /// The same command, watched. Its arguments are taken over, its environment and folder are not.
    pub fn watch(&self, command: &Command) -> Command {
        let mut watched = Command::new(self.program);
        let log = self.logs.join(WATCHED.fetch_add(1, Ordering::Relaxed).to_string());
        watched.args(WATCH).arg("-o").arg(log).arg("--");
        watched.arg(command.get_program()).args(command.get_args());
        watched
    }
}

/// The files that were there when they were asked for, by their absolute paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Opened, or run.
    pub opened: BTreeSet<String>,
    /// Mapped to be executed: shared objects.
    pub mapped: BTreeSet<String>,
    /// Asked for, such as by `stat`.
    pub asked: BTreeSet<String>,
}

/// Reads all that a [`Tracer`] has written.
///
/// # Errors
/// When it cannot be read.
pub fn read(logs: &Path) -> io::Result<Seen> {
    let mut seen = Seen::default();
    for log in std::fs::read_dir(logs)? {
        read_one(&log?.path(), &mut seen)?;
    }
    Ok(seen)
}

fn read_one(log: &Path, seen: &mut Seen) -> io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(log)?);
    // Calls that another process interrupted, by the process.
    let mut begun: BTreeMap<String, String> = BTreeMap::new();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).into_owned();
        line.clear();
        let Some((process, call)) = text.trim_end().split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.insert(process.to_owned(), start.to_owned());
        } else if let Some((_, rest)) = call.strip_prefix("<... ").and_then(resumed) {
            let start = begun.remove(process).unwrap_or_default();
            seen.add(&format!("{start}{rest}"));
        } else {
            seen.add(call);
        }
    }
    Ok(())
}

/// `openat resumed>) = 3`, in two.
fn resumed(text: &str) -> Option<(&str, &str)> {
    text.split_once(" resumed>")
}

impl Seen {
    /// What lies below one of these folders, by the path below it.
    #[must_use]
    pub fn below(&self, roots: &[PathBuf]) -> Self {
        let inside = |paths: &BTreeSet<String>| {
            let rest = |path: &String| {
                let rest = roots.iter().find_map(|root| Path::new(path).strip_prefix(root).ok());
                rest.map(|rest| rest.to_string_lossy().into_owned())
            };
            paths.iter().filter_map(rest).collect()
        };
        Self {
            opened: inside(&self.opened),
            mapped: inside(&self.mapped),
            asked: inside(&self.asked),
        }
    }

    /// One call, as `name(arguments) = result`.
    fn add(&mut self, call: &str) {
        let Some((name, rest)) = call.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        if name == "mmap" {
            if arguments.contains("PROT_EXEC")
                && let Some(path) = annotated(arguments)
            {
                self.mapped.insert(path);
            }
            return;
        }
        // What was opened says itself where it lies, whatever links lead there.
        let path = match annotated(result) {
            Some(path) if name.starts_with("open") => Some(path),
            _ => named(arguments),
        };
        let Some(path) = path.filter(|path| path.starts_with('/')) else { return };
        match name.starts_with("open") || name.starts_with("exec") {
            true => self.opened.insert(path),
            false => self.asked.insert(path),
        };
    }
}

/// The path that a call names, below the folder that it starts from.
fn named(arguments: &str) -> Option<String> {
    let (before, quoted) = arguments.split_once('"')?;
    let path = unescaped(quoted, '"');
    // fstat by another name: the folder is the file.
    let base = || annotated(before);
    match path.as_str() {
        "" => base(),
        path if path.starts_with('/') => Some(normal(path)),
        path => Some(normal(&format!("{}/{path}", base()?))),
    }
}

/// The path behind a file descriptor: `3</usr/lib>`.
fn annotated(text: &str) -> Option<String> {
    let (_, path) = text.split_once("</")?;
    Some(normal(&format!("/{}", unescaped(path, '>'))))
}

/// The text up to an end that is not escaped, its escapes (C's) undone.
fn unescaped(text: &str, end: char) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (*first, after) {
            (byte, _) if byte == end as u8 => break,
            (b'\\', [digit @ b'0'..=b'7', ..]) => {
                let mut value = u32::from(digit - b'0');
                let mut length = 1;
                while let Some(digit @ b'0'..=b'7') = rest.get(length).filter(|_| length < 3) {
                    value = value * 8 + u32::from(digit - b'0');
                    length += 1;
                }
                bytes.push((value & 0xff) as u8);
                rest = &rest[length..];
            }
            (b'\\', [escaped, after @ ..]) => {
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    other => *other,
                });
                rest = after;
            }
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An absolute path without `.`, `..` and doubled slashes.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(log: &str) -> Seen {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("0"), log).unwrap();
        read(folder.path()).unwrap()
    }

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn what_is_there_counts_by_the_way_it_is_used() {
        let told = seen(concat!(
            "7 openat(AT_FDCWD</var/task>, \"app.py\", O_RDONLY|O_CLOEXEC) = 3</var/task/app.py>\n",
            "7 openat(AT_FDCWD</var/task>, \"/opt/none.py\", O_RDONLY) = -1 ENOENT (No such file)\n",
            "7 newfstatat(AT_FDCWD</var/task>, \"../../opt/./a.py\", {st_size=1, ...}, 0) = 0\n",
            "7 newfstatat(3</var/task/app.py>, \"\", {st_mode=S_IFREG|0644, ...}, AT_EMPTY_PATH) = 0\n",
            "7 mmap(NULL, 1, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</opt/b.so>, 0) = 0x7f3f\n",
            "7 mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 3</opt/data>, 0) = 0x7f3f\n",
            "7 execve(\"/opt/bin/tool\", [\"tool\"], 0x7ffc /* 2 vars */) = 0\n",
            "7 access(\"/opt/asked\", R_OK) = 0\n",
            "7 +++ exited with 0 +++\n",
        ));
        assert_eq!(told.opened, set(&["/opt/bin/tool", "/var/task/app.py"]));
        assert_eq!(told.mapped, set(&["/opt/b.so"]));
        assert_eq!(told.asked, set(&["/opt/a.py", "/opt/asked", "/var/task/app.py"]));
    }

    #[test]
    fn calls_that_others_interrupt_are_put_together() {
        let told = seen(concat!(
            "7 openat(AT_FDCWD</var/task>, \"a.py\", O_RDONLY <unfinished ...>\n",
            "12 access(\"/opt/x\", R_OK) = 0\n",
            "7 <... openat resumed>) = 3</var/task/a.py>\n",
        ));
        assert_eq!(told.opened, set(&["/var/task/a.py"]));
        assert_eq!(told.asked, set(&["/opt/x"]));
    }

    #[test]
    fn odd_names_are_read_back() {
        let told = seen(
            "7 openat(AT_FDCWD</a>, \"h \\303\\251\\\".txt\", 0) = 3</a/h \\303\\251\\\".txt>\n\
             7 access(\"/b/x\\\\\\ny\\1z\", 0) = 0\n",
        );
        assert_eq!(told.opened, set(&["/a/h é\".txt"]));
        assert_eq!(told.asked, set(&["/b/x\\\ny\u{1}z"]));
        assert_eq!(seen("7 open(\n7 \n\nx = 3\n7 access(\"\\"), Seen::default());
    }
}
