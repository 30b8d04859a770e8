//! Copies of a package in which imports are moved.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::WalkDir;

use super::Own;
use crate::verify::Unpacked;

/// A source with its new text.
pub(super) type Edit<'a> = (&'a Own, String);

/// A copy of the package in `to` with these edits, and without the bytecode of the `touched` sources:
/// what is not checked against its source would run as it was. Other files are the same ones.
///
/// # Errors
/// When something cannot be read or written.
pub(super) fn copied(
    of: &Unpacked,
    edits: &[Edit<'_>],
    touched: &[&Own],
    to: &Path,
) -> Result<Unpacked> {
    let side = |name: &str, folder: &PathBuf, in_task: bool| -> Result<PathBuf> {
        if !touched.iter().any(|own| own.in_task == in_task) {
            return Ok(folder.clone());
        }
        let copy = to.join(name);
        linked(folder, &copy)?;
        Ok(copy)
    };
    let made =
        Unpacked { task: side("task", &of.task, true)?, layer: side("opt", &of.layer, false)? };
    for own in touched {
        forget(&place(&made, own))?;
    }
    for (own, text) in edits {
        let path = place(&made, own);
        let failed = || format!("failed to write {}", path.display());
        fs::remove_file(&path).with_context(failed)?;
        fs::write(&path, text).with_context(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).with_context(failed)?;
    }
    Ok(made)
}

/// Where a source lies in a package's folders.
pub(super) fn place(of: &Unpacked, own: &Own) -> PathBuf {
    if own.in_task { of.task.join(&own.path) } else { of.layer.join(&own.path) }
}

/// The same tree of folders, with the same files in it.
fn linked(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry.with_context(|| format!("failed to read {}", from.display()))?;
        let path = to.join(entry.path().strip_prefix(from).unwrap_or(Path::new("")));
        let failed = || format!("failed to write {}", path.display());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&path).with_context(failed)?;
        } else {
            fs::hard_link(entry.path(), &path).with_context(failed)?;
        }
    }
    Ok(())
}

/// Removes the bytecode of a source.
fn forget(source: &Path) -> Result<()> {
    let (Some(folder), Some(stem)) = (source.parent(), source.file_stem()) else { return Ok(()) };
    let Ok(entries) = fs::read_dir(folder.join("__pycache__")) else { return Ok(()) };
    let beginning = format!("{}.", stem.to_string_lossy());
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&beginning) {
            fs::remove_file(&path)
                .with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_what_is_not_edited() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("task/app.py", "old");
        write("task/__pycache__/app.cpython-312.pyc", "old");
        write("task/__pycache__/apple.cpython-312.pyc", "kept");
        write("task/pkg/other.py", "kept");
        write("opt/python/x.py", "kept");
        let of = Unpacked { task: home.path().join("task"), layer: home.path().join("opt") };
        let own = Own { shown: "app.py".into(), path: "app.py".into(), in_task: true };
        let to = home.path().join("copy");
        let made = copied(&of, &[(&own, "new".to_owned())], &[&own], &to).unwrap();
        let read = |path: &str| fs::read_to_string(made.task.join(path)).ok();
        assert_eq!(read("app.py").as_deref(), Some("new"));
        assert_eq!(read("pkg/other.py").as_deref(), Some("kept"));
        assert_eq!(read("__pycache__/app.cpython-312.pyc"), None);
        assert_eq!(read("__pycache__/apple.cpython-312.pyc").as_deref(), Some("kept"));
        assert_eq!(made.layer, of.layer);
        assert_eq!(fs::read_to_string(of.task.join("app.py")).unwrap(), "old");
        assert!(of.task.join("__pycache__/app.cpython-312.pyc").exists());
    }
}
