//! Entry points by group.

use anyhow::Result;

use crate::facts::Facts;
use crate::python::dist;
use crate::tree::{Contents, FileId, PackageId, Tree};

/// The entry points of every package's distributions.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Package, group and module, sorted.
    points: Vec<(PackageId, String, String)>,
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
                groups.points.push((package, point.group, point.module));
            }
        }
        groups.points.sort_unstable();
        Ok(groups)
    }

    /// All entry points: package, group and module.
    pub(super) fn all(&self) -> &[(PackageId, String, String)] {
        &self.points
    }

    /// Whether any package has entry points of this group.
    pub(super) fn holds(&self, group: &str) -> bool {
        self.points.iter().any(|(_, name, _)| name == group)
    }

    /// The modules that the entry points of a group import; of all groups that begin so, where the
    /// rest of the name is not known.
    pub(super) fn of_group<'g>(
        &'g self,
        package: PackageId,
        group: &str,
        open: bool,
    ) -> impl Iterator<Item = &'g str> {
        let before =
            |(of, name, _): &(PackageId, String, String)| (*of, name.as_str()) < (package, group);
        let same = move |name: &str| name == group || open && name.starts_with(group);
        let first = self.points.partition_point(before);
        let from = self.points[first..].iter();
        let last = from.clone().take_while(|(of, name, _)| *of == package && same(name)).count();
        self.points[first..first + last].iter().map(|(_, _, module)| module.as_str())
    }
}
