//! Libraries with kernels for processors that Lambda does not have, and who may ask for these.

use std::collections::BTreeSet;

use anyhow::Result;
use memchr::memmem;
use rayon::prelude::*;

use super::Facts;
use super::content::{Content, arch};
use crate::elf::{kernels, parts};
use crate::tree::{Contents, FileId, Step, Tree};

/// The variable that has OpenBLAS take other kernels than those of the processor.
pub const CORE_TYPE: &str = "OPENBLAS_CORETYPE";
/// Smaller files are not worth a look: the smallest such library seen has 20 MB.
const WORTH_A_LOOK: u64 = 1_000_000;

/// Those of `files`, in their order, that distributions brought for the target and that may be such
/// libraries.
///
/// # Errors
/// When a file cannot be read.
pub fn libraries(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    files: &[FileId],
) -> Result<Vec<FileId>> {
    let is_worth = |file: &&FileId| {
        let Content::Elf(object) = &facts.content[**file] else { return false };
        tree.file(**file).size >= WORTH_A_LOOK
            && arch(object) == Some(facts.target.arch)
            && facts.owners.brought_by(**file).is_some()
    };
    let steps: [Step<'_>; 2] = [&parts::tables, &|bytes, _| kernels::names(bytes)];
    let looked = files
        .par_iter()
        .filter(is_worth)
        .map(|file| Ok(kernels::is_one(&contents.read_parts(*file, &steps)?).then_some(*file)));
    let found: Result<Vec<Option<FileId>>> = looked.collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The first of `files` that is linked with a library, however indirectly, and asks for a kernel of these
/// processors by its name.
///
/// # Errors
/// When a file cannot be read.
pub fn asked_by(
    contents: &dyn Contents,
    facts: &Facts,
    library: FileId,
    files: &[FileId],
    processors: &[&str],
) -> Result<Option<(FileId, String)>> {
    let users = users(facts, library);
    for file in files.iter().filter(|file| users.contains(file)) {
        let asked = kernels::asked_for(&contents.read(*file)?);
        if let Some(name) = asked.into_iter().find(|n| kernels::is_of(n.as_bytes(), processors)) {
            return Ok(Some((*file, name)));
        }
    }
    Ok(None)
}

/// All that need a library, or what needs it.
fn users(facts: &Facts, library: FileId) -> BTreeSet<FileId> {
    let mut users = BTreeSet::new();
    let mut waiting = vec![library];
    while let Some(needed) = waiting.pop() {
        for (from, _) in facts.links.edges.iter().filter(|(_, to)| *to == needed) {
            if users.insert(*from) {
                waiting.push(*from);
            }
        }
    }
    users
}

/// The first of `files` that says [`CORE_TYPE`]: of the sources, and of everything of the user's own that
/// is no shared object.
///
/// # Errors
/// When a file cannot be read.
pub fn said_by(contents: &dyn Contents, facts: &Facts, files: &[FileId]) -> Result<Option<FileId>> {
    let may_say = |file: &&FileId| match &facts.content[**file] {
        Content::Source => true,
        Content::Other => facts.owners.brought_by(**file).is_none(),
        _ => false,
    };
    let says = |file: &FileId| {
        Ok(memmem::find(&contents.read(*file)?, CORE_TYPE.as_bytes()).map(|_| *file))
    };
    let said: Result<Vec<Option<FileId>>> = files.par_iter().filter(may_say).map(says).collect();
    Ok(said?.into_iter().flatten().next())
}
