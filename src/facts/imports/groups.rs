//! Entry points by group.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::facts::Facts;
use crate::python::dist;
use crate::tree::{Contents, FileId, PackageId, Tree};

/// The entry points of every package's distributions.
#[derive(Debug, Default)]
pub(super) struct Groups {
    modules: BTreeMap<(PackageId, String), Vec<String>>,
}

impl Groups {
    pub(super) fn of(tree: &Tree, contents: &dyn Contents, facts: &Facts) -> Result<Self> {
        let mut groups = Self::default();
        let is_listing = |id: &FileId| {
            facts.owners.in_metadata(tree, *id).is_some_and(|(_, name)| name == "entry_points.txt")
        };
        for id in tree.ids().filter(is_listing) {
            let package = tree.file(id).package;
            for point in dist::entry_points(&contents.read(id)?) {
                groups.modules.entry((package, point.group)).or_default().push(point.module);
            }
        }
        Ok(groups)
    }

    /// The modules that the entry points of a group import; of all groups that begin so, where the
    /// rest of the name is not known.
    pub(super) fn of_group<'g>(
        &'g self,
        package: PackageId,
        group: &'g str,
        open: bool,
    ) -> impl Iterator<Item = &'g str> {
        let from = self.modules.range((package, group.to_owned())..);
        let same = move |name: &str| name == group || open && name.starts_with(group);
        from.take_while(move |((of, name), _)| *of == package && same(name))
            .flat_map(|(_, modules)| modules)
            .map(String::as_str)
    }
}
