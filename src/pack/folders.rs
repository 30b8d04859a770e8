//! Trees in place of zips, for tools that zip by themselves: the same files, modes and dates.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rayon::prelude::*;
use rustix::fs::syncfs;
use serde_json::Value;
use walkdir::WalkDir;

use super::staging::Staging;
use super::{Archive, Packed, Role};
use crate::failure::Failure;
use crate::options::{Layout, Options, Part};
use crate::tree::parent;
use crate::zip::reader::{Kind, Member, Reader};
use crate::zip::writer::Timestamp;

/// What to do about a folder that is in the way.
const MOVE_AWAY: &str = "remove the folder, or choose another output folder with --out-dir";

/// Refuses what cannot end well, before anything is made: one part of several functions, or an output
/// folder that is to become a tree and holds something.
///
/// # Errors
/// A usage [`Failure`], or an input/output one for the folder.
pub fn check(options: &Options) -> Result<()> {
    let Some(part) = options.only else { return Ok(()) };
    if options.layout != Layout::Dir {
        let message = format!("failed to use --only {}: zips are written", part.name());
        return Err(Failure::usage(message).hint("it goes with --layout dir").into());
    }
    if part == Part::Function && options.packages.len() > 1 {
        return Err(Failure::usage("failed to use --only function: there are several packages")
            .hint("build one package at a time into a folder of its own, or leave --only out")
            .into());
    }
    let out = &options.out_dir;
    match fs::symlink_metadata(out) {
        Ok(_) if options.dry_run || is_empty(out) => Ok(()),
        Ok(_) => Err(Failure::io(format!(
            "failed to write {}: --only makes it the tree itself, and it is no empty folder",
            out.display()
        ))
        .hint(MOVE_AWAY)
        .into()),
        Err(_) => Ok(()),
    }
}

/// The folder in which a tree is made that becomes the output folder.
pub(super) fn beside(out: &Path) -> PathBuf {
    let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let out = out.canonicalize().unwrap_or(out);
    out.parent().map_or(out.clone(), Path::to_owned)
}

/// Lays out the zips as trees beside them, under their names without `.zip`, or one part alone. A dry run
/// lays out nothing.
///
/// # Errors
/// When something cannot be written; a usage [`Failure`] where nothing ships in the part.
pub fn lay_out(archives: &mut [Archive], staging: &Staging, options: &Options) -> Result<()> {
    if options.layout == Layout::Zip {
        return Ok(());
    }
    let wanted = |role: Role| options.only.is_none_or(|part| is_of(part, role));
    if let Some(part) = options.only
        && !archives.iter().any(|archive| wanted(archive.role))
    {
        let part = part.name();
        return Err(Failure::usage(format!("failed to write the {part}: nothing ships in it"))
            .hint("`slim build` without --only tells what ships where; --layer decides it")
            .into());
    }
    let seconds = Timestamp::seconds(options.source_date_epoch);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    for archive in archives {
        let tree = name(archive);
        if wanted(archive.role) && !options.dry_run {
            let to = staging.path(&tree);
            spread(&staging.path(&archive.file), &to, date)
                .with_context(|| format!("failed to write {}", staging.shown(&tree).display()))?;
        }
        archive.file = tree;
    }
    Ok(())
}

fn is_of(part: Part, role: Role) -> bool {
    (part == Part::Layer) == matches!(role, Role::Layer(_))
}

fn name(archive: &Archive) -> String {
    archive.file.strip_suffix(".zip").unwrap_or(&archive.file).to_owned()
}

/// Unpacks a zip of ours.
fn spread(zip: &Path, to: &Path, date: SystemTime) -> Result<()> {
    let reader = Reader::open(zip)?;
    fs::create_dir(to)?;
    let members: Vec<(usize, &Member)> = reader.members().iter().enumerate().collect();
    for (_, member) in &members {
        let folder = match member.kind {
            Kind::Directory => member.name.as_str(),
            Kind::File | Kind::Symlink { .. } => parent(&member.name),
        };
        fs::create_dir_all(to.join(folder))?;
    }
    let files = members.par_iter().filter(|(_, member)| member.kind == Kind::File);
    files.try_for_each(|(number, member)| -> Result<()> {
        let path = to.join(&member.name);
        reader.copy(*number, &mut File::create(&path)?)?;
        dated(&path, member.mode.unwrap_or(0o644), date)
    })?;
    for entry in WalkDir::new(to) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            dated(entry.path(), 0o755, date)?;
        }
    }
    Ok(())
}

fn dated(path: &Path, mode: u32, date: SystemTime) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    let times = FileTimes::new().set_accessed(date).set_modified(date);
    Ok(File::open(path)?.set_times(times)?)
}

/// Makes the tree that was laid out the output folder, which is empty or not there.
///
/// # Errors
/// When it is not, or cannot be moved.
pub fn become_tree(packed: &Packed, options: &Options, part: Part) -> Result<()> {
    let is_it = |archive: &&Archive| is_of(part, archive.role);
    let Some(archive) = packed.archives.iter().find(is_it).filter(|_| !options.dry_run) else {
        return Ok(());
    };
    let out = options.out_dir.canonicalize().unwrap_or_else(|_| options.out_dir.clone());
    let failed = || format!("failed to write {}", options.out_dir.display());
    let tree = packed.staging.path(&archive.file);
    let synced = File::open(&tree).and_then(|tree| Ok(syncfs(tree)?));
    synced.with_context(failed)?;
    fs::rename(tree, &out)
        .map_err(|error| Failure::io(format!("{}: {error}", failed())).hint(MOVE_AWAY))?;
    let folder = beside(&options.out_dir);
    File::open(&folder).and_then(|folder| folder.sync_all()).with_context(failed)
}

/// Whether it is a folder, or a link to one, and nothing is in it.
pub(super) fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Refuses to replace what slim did not write: a tree may take the place of nothing, of an empty folder,
/// and of one that `last`, the report of before, speaks of.
pub(super) fn refuse_foreign(to: &Path, name: &str, last: &Value) -> Result<(), Failure> {
    let Ok(found) = fs::symlink_metadata(to) else { return Ok(()) };
    let what = match found.is_dir() {
        true if is_empty(to) || is_own(to, name, last) => return Ok(()),
        true => "the folder there is not as slim wrote it, or not slim's",
        false => "something is there that is no folder",
    };
    let message = format!("failed to write {}: {what}", to.display());
    Err(Failure::io(message).hint(MOVE_AWAY))
}

/// Whether a tree is one that the report of before speaks of, with as many files and bytes.
pub(super) fn is_own(tree: &Path, name: &str, last: &Value) -> bool {
    if last["tool"]["name"] != "slim" || last["layout"] != "dir" {
        return false;
    }
    let mut told = last["zips"].as_array().into_iter().flatten();
    let Some(told) = told.find(|zip| zip["file"] == name) else { return false };
    let (mut entries, mut bytes) = (0_u64, 0_u64);
    for entry in WalkDir::new(tree).min_depth(1) {
        let Ok(entry) = entry else { return false };
        match entry.metadata() {
            Ok(found) if found.is_dir() => entries += u64::from(is_empty(entry.path())),
            Ok(found) => {
                entries += 1;
                bytes += found.len();
            }
            Err(_) => return false,
        }
    }
    told["entries"] == entries && told["unzipped_bytes"] == bytes
}
