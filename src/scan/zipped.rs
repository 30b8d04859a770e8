//! Lists a package zip: links resolved, modes filled in where the zip has none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::{ANEW, Found, Source, Walked};
use crate::failure::Failure;
use crate::tree::{Kind, RelPath, file_name, is_below, parent};
use crate::zip::reader::{self, Member, ReadError, Reader};

/// How many links may stand behind one another before it is called a loop.
const MOST_HOPS: usize = 40;

/// Lists the zip at `path`.
pub(super) fn walk(path: &Path) -> Result<Walked> {
    let reader = Reader::open(path).map_err(|error| {
        Failure::io(format!("failed to read package {}: {error}", path.display())).hint(ANEW)
    })?;
    let index = Index::of(reader.members());
    let mut found = Vec::new();
    let mut links_followed = 0;
    for (number, member) in reader.members().iter().enumerate() {
        match &member.kind {
            reader::Kind::File => found.push(file(&member.name, number, member)?),
            reader::Kind::Directory if index.is_empty_folder(&member.name) => {
                found.push(empty_folder(&member.name)?);
            }
            reader::Kind::Directory => {}
            reader::Kind::Symlink { .. } => {
                links_followed += 1;
                found.extend(index.follow(&member.name, path)?);
            }
        }
    }
    fill_in_modes(&reader, path, &mut found)?;
    Ok(Walked { source: Source::Zip(Box::new(reader)), found, links_followed })
}

fn file(name: &str, number: usize, member: &Member) -> Result<Found> {
    Ok(Found {
        path: valid(name)?,
        size: member.raw_size,
        changed: None,
        executable: member.mode.is_some_and(|mode| mode & 0o111 != 0),
        kind: Kind::Regular,
        member: number,
    })
}

fn empty_folder(name: &str) -> Result<Found> {
    let path = valid(name)?;
    Ok(Found { path, size: 0, changed: None, executable: true, kind: Kind::EmptyFolder, member: 0 })
}

fn valid(name: &str) -> Result<RelPath> {
    RelPath::new(name.trim_end_matches('/')).ok_or_else(|| {
        Failure::io(format!("failed to scan the zip: {name:?} is no usable name")).into()
    })
}

/// The members by name, without the `/` behind folders.
struct Index<'a> {
    members: &'a [Member],
    by_name: BTreeMap<&'a str, usize>,
    filled: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn of(members: &'a [Member]) -> Self {
        let name = |member: &'a Member| member.name.trim_end_matches('/');
        let by_name =
            members.iter().enumerate().map(|(number, member)| (name(member), number)).collect();
        let filled = members.iter().map(|member| parent(name(member))).collect();
        Self { members, by_name, filled }
    }

    fn is_empty_folder(&self, name: &str) -> bool {
        !self.filled.contains(name.trim_end_matches('/'))
    }

    /// Everything that the link `name` stands for, under the link's own name.
    fn follow(&self, name: &str, zip: &Path) -> Result<Vec<Found>> {
        let end = self.resolve(name).with_context(|| {
            format!("failed to follow the symbolic link {name} in {}", zip.display())
        })?;
        if let Some(number) = self.by_name.get(end.as_str()).copied()
            && self.members[number].kind == reader::Kind::File
        {
            return Ok(vec![file(name, number, &self.members[number])?]);
        }
        let below = self
            .by_name
            .range(end.as_str()..)
            .take_while(|(path, _)| path.starts_with(end.as_str()));
        let mut found = Vec::new();
        for (path, number) in below.filter(|(path, _)| is_below(path, &end)) {
            let member = &self.members[*number];
            match &member.kind {
                reader::Kind::File => {
                    found.push(file(&format!("{name}{}", &path[end.len()..]), *number, member)?);
                }
                reader::Kind::Directory => {}
                reader::Kind::Symlink { target } => {
                    return Err(Failure::io(format!(
                        "failed to follow the symbolic link {name}: it leads to a folder with a further link, {path} to {target}"
                    ))
                    .hint("pass the folder instead of the zip")
                    .into());
                }
            }
        }
        Ok(found)
    }

    /// The path that a link leads to in the end.
    fn resolve(&self, name: &str) -> Result<String> {
        let mut path = name.to_owned();
        for _ in 0..MOST_HOPS {
            let Some((link, target)) = self.first_link(&path) else {
                return if self.exists(&path) {
                    Ok(path)
                } else {
                    Err(Failure::io(format!("{path} is not in the zip")).hint(ANEW).into())
                };
            };
            let rest = path[link.len()..].to_owned();
            let joined = format!("{}/{target}{rest}", parent(link));
            path = normalized(&joined)
                .ok_or_else(|| Failure::io(format!("{target} leaves the package")).hint(ANEW))?;
        }
        Err(Failure::io(format!("it leads back to itself through {}", file_name(&path)))
            .hint(ANEW)
            .into())
    }

    /// The first part of the path that is itself a link, with its target.
    fn first_link<'p>(&self, path: &'p str) -> Option<(&'p str, &'a str)> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| &path[..end]).find_map(|prefix| {
            match &self.members[*self.by_name.get(prefix)?].kind {
                reader::Kind::Symlink { target } => Some((prefix, target.as_str())),
                reader::Kind::File | reader::Kind::Directory => None,
            }
        })
    }

    fn exists(&self, path: &str) -> bool {
        self.by_name.contains_key(path) || self.filled.contains(path)
    }
}

/// The path without `.` and `..`; None where it climbs above the root.
fn normalized(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What is told of a file that does not come out of its zip.
pub(super) fn unreadable(name: &str, zip: &Path, error: &ReadError) -> Failure {
    Failure::io(format!("failed to read {name} in {}: {error}", zip.display())).hint(ANEW)
}

/// Zips made without Unix modes: scripts and programs become executable.
fn fill_in_modes(reader: &Reader, zip: &Path, found: &mut [Found]) -> Result<()> {
    found.par_iter_mut().try_for_each(|found| -> Result<()> {
        let member = &reader.members()[found.member];
        if found.kind == Kind::Regular && member.mode.is_none() && found.size > 2 {
            let bytes =
                reader.read(found.member).map_err(|error| unreadable(&member.name, zip, &error))?;
            let program = bytes.starts_with(b"\x7fELF") && !file_name(&member.name).contains(".so");
            found.executable = program || bytes.starts_with(b"#!");
        }
        Ok(())
    })
}
