//! Compiled Python that Lambda would not load.

use super::{Change, Proposals, table};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::python::bytecode::{Header, Kind};
use crate::tree::{Tree, file_name, parent};

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    let target = (3, facts.target.python.minor());
    for (id, content) in facts.content.iter() {
        let Content::Bytecode(header) = content else { continue };
        let file = tree.file(id);
        let path = file.path.as_str();
        let in_cache = file_name(parent(path)) == "__pycache__";
        let has_source = || {
            let source = path.strip_suffix('c').or_else(|| path.strip_suffix('o'));
            source.is_some_and(|source| tree.find(file.package, source).is_some())
        };
        if !is_valid(header.as_ref(), target) && (in_cache || has_source()) {
            found.add(&table::BYTECODE, Change::Drop, id);
        }
    }
}

/// Whether the target's Python takes the file without looking at its source's date.
fn is_valid(header: Option<&Header>, target: (u8, u8)) -> bool {
    header.is_some_and(|header| {
        header.python == Some(target)
            && matches!(header.kind, Kind::CheckedHash | Kind::UncheckedHash)
    })
}
