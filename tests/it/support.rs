//! What all themes share: slim run on packages, zips read back, compilers and Python.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// What a command said.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program under test, in an environment that says nothing.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slim"));
    command.env_remove("SOURCE_DATE_EPOCH").env_remove("NO_COLOR").stdin(Stdio::null());
    // The tests themselves may run in a workflow.
    let is_told = |name: &str| name.starts_with("SLIM_") || name.starts_with("GITHUB_");
    let own = std::env::vars_os().filter(|(name, _)| is_told(&name.to_string_lossy()));
    for (name, _) in own {
        command.env_remove(name);
    }
    // Tests of the cache ask for one.
    command.env("SLIM_NO_CACHE", "1");
    command
}

/// The signals that end slim in good order, as kill names them, and its codes then. Under nohup a hangup is
/// none of them: it is ignored here and so in all that is started.
pub fn endings() -> Vec<(&'static str, i32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let is_heard = u64::from_str_radix(ignored.trim(), 16).unwrap() & 1 == 0;
    let hangup = Some(("-HUP", 129)).filter(|_| is_heard);
    [("-INT", 130), ("-TERM", 143)].into_iter().chain(hangup).collect()
}

/// Runs slim; a panic fails the test whatever the test looks at.
#[track_caller]
pub fn slim(args: &[&str]) -> Run {
    finished(command().args(args))
}

/// Runs a command of slim to its end.
#[track_caller]
pub fn finished(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(run.code != 101 && !run.err.contains("panicked"), "a panic: {command:?}\n{}", run.err);
    run
}

impl Run {
    /// The run, which must have ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// Exit code and stderr of a run that must have failed, with `home` shown as `TMP`.
    #[track_caller]
    pub fn failure(&self, home: &Path) -> String {
        assert_eq!(self.out, "", "a failed command prints no report");
        let plain = self.err.replace(home.to_str().unwrap(), "TMP");
        format!("exit {}\n{plain}", self.code)
    }

    /// Whether any line of stdout holds all of `words`.
    pub fn says(&self, words: &[&str]) -> bool {
        self.out.lines().any(|line| words.iter().all(|word| line.contains(word)))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// What a build made.
pub struct Built {
    pub run: Run,
    pub out: TempDir,
}

/// Builds packages, which must end well; without a proof, which has tests of its own.
#[track_caller]
pub fn build(packages: &[&str], args: &[&str]) -> Built {
    let out = tempfile::tempdir().unwrap();
    let to = ["--no-verify", "--out-dir", out.path().to_str().unwrap()];
    let run = slim(&[&["build"], packages, &to, args].concat()).ok();
    Built { run, out }
}

impl Built {
    pub fn zip(&self, name: &str) -> BTreeMap<String, Entry> {
        unzip(&self.out.path().join(name))
    }

    /// The names of a zip's entries.
    pub fn names(&self, zip: &str) -> Vec<String> {
        self.zip(zip).into_keys().collect()
    }

    /// The bytes that ship for a path below the import root, from whichever zip.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let in_layer = format!("python/{path}");
        listed(self.out.path()).iter().filter(|name| name.ends_with(".zip")).find_map(|zip| {
            let mut entries = self.zip(zip);
            entries.remove(path).or_else(|| entries.remove(&in_layer)).map(|entry| entry.bytes)
        })
    }

    pub fn ships(&self, path: &str) -> bool {
        self.bytes(path).is_some()
    }

    pub fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.out.path().join("report.json")).unwrap()).unwrap()
    }

    /// The report's warnings, one a line.
    pub fn warnings(&self) -> String {
        let report = self.report();
        let lines = report["warnings"].as_array().unwrap().iter();
        lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// The files of the output folder with their hashes, but for those that differ from run to run.
    pub fn hashes(&self) -> BTreeMap<String, String> {
        let told = ["report.json", "changed.json"];
        let names = listed(self.out.path()).into_iter().filter(|name| !told.contains(&&**name));
        let hash = |name: &String| hex(&fs::read(self.out.path().join(name)).unwrap());
        names.map(|name| (name.clone(), hash(&name))).collect()
    }

    /// Unpacks a function and the layer as Lambda does: the folders of the task and of `/opt`.
    pub fn unpacked(&self, function: &str) -> (PathBuf, PathBuf) {
        let place = |zip: &str| {
            let folder = self.out.path().join(format!("at-{zip}"));
            fs::create_dir_all(&folder).unwrap();
            if let Ok(file) = fs::File::open(self.out.path().join(zip)) {
                zip::ZipArchive::new(file).unwrap().extract(&folder).unwrap();
            }
            folder
        };
        (place(function), place("layer.zip"))
    }
}

/// One entry of a zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub bytes: Vec<u8>,
    pub mode: u32,
}

/// Every entry of a zip by name, its checksum verified.
#[track_caller]
pub fn unzip(path: &Path) -> BTreeMap<String, Entry> {
    try_unzip(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn try_unzip(path: &Path) -> Result<BTreeMap<String, Entry>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut archive = zip::ZipArchive::new(fs::File::open(path).map_err(|e| text(&e))?)
        .map_err(|error| text(&error))?;
    let mut entries = BTreeMap::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).map_err(|error| text(&error))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| text(&error))?;
        let mode = entry.unix_mode().unwrap();
        let name = entry.name().map_err(|error| text(&error))?.into_owned();
        entries.insert(name, Entry { bytes, mode });
    }
    Ok(entries)
}

/// The names in a folder, sorted.
pub fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file() || is_staging(&entry.path()));
    let mut names: Vec<_> = files.map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_staging(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with(".slim-")
}

pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every path below a folder with what a build must not touch: mode, time, content or target.
pub fn digest(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut seen = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            String::new()
        } else {
            hex(&fs::read(&path).unwrap())
        };
        let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
        seen.insert(path, format!("{:o} {seconds}.{nanos} {content}", metadata.mode()));
    }
    seen
}

/// The files of a folder of `fixtures/`, by name.
pub fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let names = listed(&folder);
    assert!(!names.is_empty(), "{} holds nothing", folder.display());
    names.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// What gcc makes of a C source; `cc` may be another compiler.
pub fn compiled(cc: &str, source: &str, flags: &[&str]) -> Vec<u8> {
    static MADE: OnceLock<Mutex<HashMap<String, Vec<u8>>>> = OnceLock::new();
    let key = format!("{cc} {flags:?} {source}");
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("source.c"), folder.path().join("out"));
        fs::write(&from, source).unwrap();
        let mut compile = Command::new(cc);
        compile.args(["-g", "-o"]).arg(&to).arg(&from).args(flags);
        let output = compile.output().unwrap_or_else(|error| panic!("{cc}: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(&to).unwrap()
    };
    made.entry(key).or_insert_with(make).clone()
}

/// A shared object with this soname, compiled with `flags`, and one that is linked with it.
pub fn linked(soname: &str, flags: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join(soname).to_str().unwrap().to_owned();
    let own = format!("-Wl,-soname,{soname}");
    let plain = ["-shared", "-fPIC", "-nostdlib"];
    let library =
        compiled("gcc", "void stub(void) {}", &[&plain[..], &[own.as_str()], flags].concat());
    fs::write(&at, &library).unwrap();
    let source = "void stub(void); void use(void) { stub(); }";
    let user = compiled("gcc", source, &[&plain[..], &[at.as_str()]].concat());
    (library, user)
}

/// A shared object for x86-64 that holds `text` where the loader maps it.
pub fn shared_object(text: &str) -> Vec<u8> {
    let source = format!("const char *text(void) {{ return {text:?}; }}");
    compiled("gcc", &source, &["-shared", "-fPIC"])
}

/// The CPython 3.12 that `tools/python312` finds.
pub fn python312() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let output = Command::new(tool("python312")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

/// A program of `tools/`.
pub fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(name)
}

/// Runs Python with nothing but `-I -S` and a script; what it prints.
#[track_caller]
pub fn python(script: &str, args: &[&str]) -> String {
    let mut python = Command::new(python312());
    let output = python.args(["-I", "-S", "-B", "-c", script]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Numbers that look random and are the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below
    }

    pub fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }
}
