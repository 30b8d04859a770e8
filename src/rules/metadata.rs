//! The metadata folders of distributions.

use super::{Change, Proposals, table};
use crate::facts::Facts;
use crate::python::dist::{DistInfoFile, classify};
use crate::tree::Tree;

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    for id in tree.ids() {
        let Some((dist, name)) = facts.owners.in_metadata(tree, id) else { continue };
        if !facts.owners.distribution(dist).info.ends_with(".dist-info") {
            continue;
        }
        match classify(name) {
            DistInfoFile::Metadata => found.add(&table::DIST_INFO, Change::ReduceMetadata, id),
            DistInfoFile::Record
            | DistInfoFile::RecordSignature
            | DistInfoFile::Installer
            | DistInfoFile::Requested
            | DistInfoFile::Wheel
            | DistInfoFile::DirectUrl
            | DistInfoFile::License
            | DistInfoFile::Sbom => found.add(&table::DIST_INFO, Change::Drop, id),
            DistInfoFile::EntryPoints
            | DistInfoFile::TopLevel
            | DistInfoFile::NamespacePackages
            | DistInfoFile::Other => {}
        }
    }
}
