//! Moves results into place one after another, and all of them back where one cannot be moved.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::folders::is_empty;

/// The moves that were made so far.
pub(super) struct Moves<'a> {
    /// The staging folder, which takes what is replaced.
    staging: &'a Path,
    done: Vec<Done>,
}

/// One place of the output folder, and what it held.
struct Done {
    from: PathBuf,
    to: PathBuf,
    before: Before,
}

enum Before {
    Nothing,
    EmptyFolder,
    /// What lies at this path of the staging folder now.
    Kept(PathBuf),
    /// There is no room for a copy of it, nor are there hard links: it is gone once it was replaced.
    Lost,
}

impl<'a> Moves<'a> {
    pub(super) fn new(staging: &'a Path) -> Self {
        Self { staging, done: Vec::new() }
    }

    /// Moves a file or a tree of the staging folder to where one of its kind may lie already. A file is
    /// replaced in one step, so that whoever looks finds the one or the other; so is a tree, where the
    /// file system can exchange two.
    pub(super) fn put(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let before = match fs::symlink_metadata(to) {
            Err(_) => Before::Nothing,
            Ok(_) if from.is_dir() && is_empty(to) => Before::EmptyFolder,
            Ok(_) if from.is_dir() => return self.exchange(from, to),
            Ok(_) => {
                let kept = self.aside(to);
                let held = fs::hard_link(to, &kept).or_else(|_| copy(to, &kept));
                held.map_or(Before::Lost, |()| Before::Kept(kept))
            }
        };
        fs::rename(from, to)?;
        self.note(from, to, before);
        Ok(())
    }

    /// Takes out of sight what the build before left; it goes with the staging folder.
    pub(super) fn away(&mut self, path: &Path) -> io::Result<()> {
        let kept = self.aside(path);
        fs::rename(path, &kept)?;
        // It came from nowhere: there is nothing to put back in the staging folder.
        self.note(&kept.with_extension("none"), path, Before::Kept(kept.clone()));
        Ok(())
    }

    fn exchange(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let kept = self.aside(to);
        if renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE).is_ok() {
            self.note(&kept, to, Before::Kept(from.to_owned()));
            return Ok(());
        }
        fs::rename(to, &kept)?;
        if let Err(error) = fs::rename(from, to) {
            fs::rename(&kept, to)?;
            return Err(error);
        }
        self.note(from, to, Before::Kept(kept));
        Ok(())
    }

    /// Puts back all that was moved, the last first. What cannot be put back stays as it is: the error
    /// that led here is told, and the report of before no longer fits.
    pub(super) fn undo(self) {
        for Done { from, to, before } in self.done.into_iter().rev() {
            let _ = match before {
                Before::Nothing => fs::rename(&to, &from),
                Before::EmptyFolder => fs::rename(&to, &from).and_then(|()| fs::create_dir(&to)),
                // A tree takes the place of nothing only.
                Before::Kept(kept) if kept.is_dir() => {
                    let _ = fs::rename(&to, &from);
                    fs::rename(kept, &to)
                }
                Before::Kept(kept) => fs::rename(kept, &to),
                Before::Lost => Ok(()),
            };
        }
    }

    fn note(&mut self, from: &Path, to: &Path, before: Before) {
        self.done.push(Done { from: from.to_owned(), to: to.to_owned(), before });
    }

    /// A path in the staging folder for what is at `path` now.
    fn aside(&self, path: &Path) -> PathBuf {
        // Numbered: the zips of a workspace have the same name, each in its folder.
        let mut name = std::ffi::OsString::from(format!(".before-{}-", self.done.len()));
        name.push(path.file_name().unwrap_or_default());
        self.staging.join(name)
    }
}

/// Copies a file with its mode and time, where the file system has no hard links.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let written = fs::metadata(from)?.modified()?;
    File::options().write(true).open(to)?.set_modified(written)
}
