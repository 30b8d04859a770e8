//! Where the configuration lies.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{FILE, PROJECT};
use crate::failure::Failure;

/// A file that was read.
pub(super) struct File {
    /// Its path, as it is told.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The file that was named.
pub(super) fn named(path: &Path) -> Result<File, Failure> {
    match std::fs::read(path) {
        Ok(bytes) if is_project(path) && !tells_of_slim(&bytes) => Err(Failure::usage(format!(
            "failed to read {}: it has no table [tool.slim]",
            path.display()
        ))
        .hint("add the table, or name a file such as slim.toml")),
        Ok(bytes) => Ok(File { name: path.display().to_string(), bytes }),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The files of the nearest folder, from the current one up, that has slim.toml or a pyproject.toml with
/// `[tool.slim]`; slim.toml comes first.
pub(super) fn nearest() -> Result<Vec<File>, Failure> {
    let folders = std::env::current_dir().map_or(1, |folder| folder.ancestors().count());
    let mut up = PathBuf::new();
    for _ in 0..folders {
        let mut files = Vec::new();
        let own = up.join(FILE);
        match std::fs::read(&own) {
            Ok(bytes) => files.push(File { name: own.display().to_string(), bytes }),
            // A link that leads nowhere was meant to lead somewhere.
            Err(error) if error.kind() == ErrorKind::NotFound && !own.is_symlink() => {}
            Err(error) => return Err(unreadable(&own, &error)),
        }
        let project = up.join(PROJECT);
        // Others read pyproject.toml too: it is slim's where it says so.
        match std::fs::read(&project) {
            Ok(bytes) if tells_of_slim(&bytes) => {
                files.push(File { name: project.display().to_string(), bytes });
            }
            Ok(_) | Err(_) => {}
        }
        if !files.is_empty() {
            return Ok(files);
        }
        up.push("..");
    }
    Ok(Vec::new())
}

/// Whether it is pyproject.toml, of which one table alone is slim's.
pub(super) fn is_project(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == PROJECT)
}

/// Whether a pyproject.toml has a table `[tool.slim]`; one that is no TOML counts where it seems to.
fn tells_of_slim(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match text.parse::<toml::Table>() {
        Ok(table) => table.get("tool").is_some_and(|tool| tool.get("slim").is_some()),
        Err(_) => text.contains("tool.slim"),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let usage = |what: &str| {
        Failure::usage(format!("failed to read {}: {what}", path.display()))
            .hint("--config names a file such as slim.toml; --no-config does without")
    };
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => usage("there is no such file"),
        ErrorKind::IsADirectory => usage("it is a folder"),
        _ => Failure::io(format!("failed to read {}: {error}", path.display()))
            .hint("--no-config does without"),
    }
}

/// A path of a configuration that lies in `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix(".").unwrap_or(path))
}

/// A program: one without a slash is looked for on PATH.
pub(super) fn program(root: &Path, path: &Path) -> PathBuf {
    if path.components().count() == 1 && !path.starts_with("..") {
        path.to_owned()
    } else {
        below(root, path)
    }
}

/// A folder that can be opened.
pub(super) fn folder(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}
