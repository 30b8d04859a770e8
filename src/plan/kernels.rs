//! Kernels for processors that Lambda does not have.

use anyhow::Result;

use super::{Action, Draft, Why};
use crate::facts::imports::modified;
use crate::facts::kernels::{CORE_TYPE, asked_by, libraries, said_by};
use crate::options::Options;
use crate::rules::table::OTHER_KERNELS;
use crate::rules::{Change, Strip};
use crate::target::cores;
use crate::tree::{Contents, FileId};

/// Has the kernels go from the libraries that are stripped anyway and that nothing may ask for them.
/// `undone_for` tells that a run of a result without them failed: then they stay.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    contents: &dyn Contents,
    options: &Options,
    undone_for: Option<&String>,
) -> Result<()> {
    if options.rules_off.contains(OTHER_KERNELS.id) {
        return Ok(());
    }
    let (tree, facts) = (draft.tree, draft.facts);
    let stripped: Vec<FileId> = tree.ids().filter(|file| draft.strip(*file).is_some()).collect();
    let libraries = libraries(tree, contents, facts, &stripped)?;
    if libraries.is_empty() {
        return Ok(());
    }
    let somebodys = modified(contents, tree, facts, &libraries)?;
    let ships: Vec<FileId> = tree.ids().filter(|file| !draft.is_gone(*file)).collect();
    // Of all packages: what a layer shares has one form.
    let said = said_by(contents, facts, &ships)?;
    let known = cores::of(facts.target.arch);
    let never: Vec<&str> = known.iter().flat_map(|cores| cores.never).copied().collect();
    for library in libraries {
        let asked = asked_by(contents, facts, library, &ships, &never)?;
        let why = if let Some(asked_by) = undone_for {
            Why::Guarded(format!("a result without them failed: {asked_by}"))
        } else if somebodys.binary_search(&library).is_ok() {
            Why::Modified
        } else if let Some(by) = said {
            Why::Guarded(format!("{} says {CORE_TYPE}", tree.shown(by)))
        } else if is_set(options) {
            Why::Guarded(format!("the environment of the proof sets {CORE_TYPE}"))
        } else if let Some((by, name)) = asked {
            Why::Guarded(format!("{} asks for {name}", tree.shown(by)))
        } else {
            let strip = draft.strip(library).unwrap_or_default();
            let change = Change::StripElf(Strip { kernels: Some(facts.target.arch), ..strip });
            draft.decisions[library].action = Action::Change(change);
            continue;
        };
        let what = format!("kernels in {}", tree.shown(library));
        draft.doubt(&OTHER_KERNELS, what, vec![library], &why);
    }
    Ok(())
}

/// Whether the runs of the proof choose kernels by themselves.
fn is_set(options: &Options) -> bool {
    let given = options.proving.iter().flat_map(|proving| &proving.environment);
    given.into_iter().any(|(name, _)| name == CORE_TYPE)
}

impl Draft<'_> {
    /// How a file is stripped, where it is.
    fn strip(&self, file: FileId) -> Option<Strip> {
        match self.decisions[file].action {
            Action::Change(Change::StripElf(strip)) => Some(strip),
            _ => None,
        }
    }
}
