//! Data of distributions that says the same in fewer bytes.

use super::{Change, Proposals, brought, table};
use crate::facts::Facts;
use crate::tree::Tree;

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    for (id, _, path) in brought(tree, facts) {
        if path.ends_with(".json") {
            found.add(&table::JSON_SPACE, Change::Json(None), id);
        } else if path.ends_with(".gz") {
            found.add(&table::GZIP_AGAIN, Change::Json(None), id);
        }
    }
}
