//! Python itself, asked by the tests what is true.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Runs `script` under a working Python (3.12 where there is one, else at least 3.11) with
/// `input` on its stdin, and reads what it prints as JSON.
pub(super) fn ask(script: &str, input: &[u8]) -> serde_json::Value {
    let mut stdin = tempfile::tempfile().expect("a temporary file");
    std::io::Write::write_all(&mut stdin, input).expect("room in /tmp");
    std::io::Seek::rewind(&mut stdin).expect("a file rewinds");
    let output = Command::new(python())
        .args(["-I", "-X", "utf8", "-W", "ignore", "-c", script])
        .stdin(Stdio::from(stdin))
        .output()
        .expect("Python starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the oracle failed: {errors}");
    serde_json::from_slice(&output.stdout).expect("the oracle prints JSON")
}

fn python() -> &'static PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let (any, minimum) = ("3.", "3.11");
        let candidates =
            installed("3.12").into_iter().chain(["python3.12".into(), "python3".into()]);
        let is_new = |python: &PathBuf| {
            version(python).is_some_and(|version| {
                version.starts_with(any) && minor(&version) >= minor(minimum)
            })
        };
        candidates.into_iter().find(is_new).expect("these tests need Python 3.11 or later")
    })
}

/// The Pythons of this version below pyenv.
pub(super) fn installed(minor: &str) -> Vec<PathBuf> {
    let home = std::env::home_dir().unwrap_or_default();
    let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
    let of_minor = versions.filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().strip_prefix(minor).is_some_and(|patch| patch.starts_with('.'))
    });
    of_minor.map(|entry| entry.path().join(format!("bin/python{minor}"))).collect()
}

/// What a Python that runs says its version is.
fn version(python: &PathBuf) -> Option<String> {
    let print = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new(python).args(["-I", "-c", print]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0)
}
