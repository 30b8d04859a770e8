//! The licence texts of what ships, each once.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::facts::Facts;
use crate::plan::{Because, Plan};
use crate::python::dist::{DistInfoFile, classify};
use crate::tree::{Contents, Tree};

/// The name of the gathered file in the output folder.
pub const FILE: &str = "THIRD_PARTY_LICENSES.txt";

/// Licence texts, each with the distributions that it came from.
pub type Licenses = BTreeMap<String, Vec<String>>;

/// Every licence text that the dist-info rule leaves out of the zips, with the distributions it
/// came from; None where there is none.
///
/// # Errors
/// When a text cannot be read.
pub fn gather(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
) -> Result<Option<String>> {
    Ok(write(texts(tree, contents, facts, plan)?))
}

/// Every licence text that the dist-info rule leaves out of the zips.
///
/// # Errors
/// When a text cannot be read.
pub fn texts(tree: &Tree, contents: &dyn Contents, facts: &Facts, plan: &Plan) -> Result<Licenses> {
    let mut texts = Licenses::new();
    for id in tree.ids() {
        let Some((dist, name)) = facts.owners.in_metadata(tree, id) else { continue };
        let by_rule = matches!(plan.decisions[id].because, Because::Rule(_)) && !plan.ships(id);
        if classify(name) != DistInfoFile::License || !by_rule {
            continue;
        }
        let text =
            String::from_utf8_lossy(&contents.read(id)?).replace("\r\n", "\n").trim().to_owned();
        let dist = facts.owners.distribution(dist);
        let from = format!("{} {}", dist.name, dist.version);
        let holders = texts.entry(text).or_default();
        if !holders.contains(&from) {
            holders.push(from);
        }
    }
    texts.remove("");
    Ok(texts)
}

/// The file that holds these texts; `None` where there are none.
pub fn write(texts: Licenses) -> Option<String> {
    if texts.is_empty() {
        return None;
    }
    let mut by_holder: Vec<(Vec<String>, String)> =
        texts.into_iter().map(|(text, holders)| (holders, text)).collect();
    by_holder.sort();
    let mut all =
        String::from("Licence texts of the distributions in these zips, gathered by slim.\n");
    for (holders, text) in by_holder {
        let rule = "=".repeat(80);
        all.push_str(&format!("\n{rule}\n{}\n{rule}\n\n{text}\n", holders.join("\n")));
    }
    Some(all)
}
