//! What is in a package, per distribution.

use std::collections::BTreeMap;

use serde::Serialize;

use super::numbers::{files, mb};
use super::reached::{self, Reached};
use super::{Amount, USERS};
use crate::facts::Facts;
use crate::facts::content::Content;
use crate::target::Target;
use crate::tree::{Layout, Tree};

/// Rows of three cells, indented, the second one right-aligned.
pub(super) fn write_rows(out: &mut String, rows: &[[String; 3]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let (first, second) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    for [a, b, c] in rows {
        out.push_str(&format!("  {a:<first$}  {b:>second$}  {c}\n"));
    }
}

/// What is in the packages.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// What the binaries are for.
    pub target: Target,
    /// Every package.
    pub packages: Vec<Package>,
    /// What the handlers reach, where any are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// What is in one package.
#[derive(Debug, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// `flat`, or the folder that is the import root of a layer tree.
    pub layout: String,
    /// Everything in it.
    pub total: Amount,
    /// Its distributions and the user's code, largest first.
    pub distributions: Vec<Row>,
}

/// One distribution.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Everything it brought.
    pub total: Amount,
    /// Its shared objects.
    pub native: Amount,
    /// Its Python sources.
    pub python: Amount,
    /// Its bytecode.
    pub bytecode: Amount,
    /// Everything else.
    pub data: Amount,
}

/// Counts what is in the packages.
pub fn inspect(tree: &Tree, facts: &Facts) -> Inspection {
    let mut rows: BTreeMap<_, Row> = BTreeMap::new();
    for (id, file) in tree.files() {
        let dist = facts.owners.owner(id).travels_with();
        let row = rows.entry((file.package, dist)).or_default();
        row.total.add(file.size);
        match &facts.content[id] {
            Content::Elf(_)
            | Content::BrokenElf(_)
            | Content::MachO
            | Content::Portable { managed: false } => {
                row.native.add(file.size);
            }
            Content::Source => row.python.add(file.size),
            Content::Bytecode(_) => row.bytecode.add(file.size),
            Content::Archive | Content::Portable { managed: true } | Content::Other => {
                row.data.add(file.size)
            }
        }
    }
    let mut packages: Vec<Package> =
        tree.packages().map(|(_, package)| package_of(package)).collect();
    for ((package, dist), mut row) in rows {
        let dist = dist.map(|dist| facts.owners.distribution(dist));
        row.name = dist.map_or(USERS.to_owned(), |dist| dist.name.clone());
        row.version = dist.map_or(String::new(), |dist| dist.version.clone());
        let package = &mut packages[usize::from(package.0)];
        package.total.files += row.total.files;
        package.total.bytes += row.total.bytes;
        package.distributions.push(row);
    }
    for package in &mut packages {
        package
            .distributions
            .sort_by(|a, b| (b.total.bytes, &a.name).cmp(&(a.total.bytes, &b.name)));
    }
    let warnings = facts.warnings.clone();
    Inspection { target: facts.target, packages, reached: None, warnings }
}

fn package_of(package: &crate::tree::Package) -> Package {
    let layout = match &package.layout {
        Layout::Flat => "flat".to_owned(),
        Layout::Layer(prefix) => prefix.clone(),
    };
    Package {
        name: package.name.clone(),
        layout,
        total: Amount::default(),
        distributions: Vec::new(),
    }
}

/// The inspection for people.
pub fn render(inspection: &Inspection) -> String {
    let mut out = String::new();
    for package in &inspection.packages {
        out.push_str(&format!(
            "{} ({} layout) for {}: {}, {}\n\n",
            package.name,
            package.layout,
            inspection.target,
            files(package.total.files),
            mb(package.total.bytes)
        ));
        let mut rows = vec![
            ["distribution", "size", "native", "python", "bytecode", "data"].map(str::to_owned),
        ];
        rows.extend(package.distributions.iter().map(cells));
        write_table(&mut out, &rows);
        out.push('\n');
    }
    if let Some(found) = &inspection.reached {
        out.push_str(&reached::render(found));
        out.push('\n');
    }
    for warning in &inspection.warnings {
        out.push_str(&format!("warning: {warning}\n"));
    }
    out
}

fn cells(row: &Row) -> [String; 6] {
    let size = |amount: Amount| if amount.bytes == 0 { String::new() } else { mb(amount.bytes) };
    let name = format!("{} {}", row.name, row.version);
    [
        name,
        mb(row.total.bytes),
        size(row.native),
        size(row.python),
        size(row.bytecode),
        size(row.data),
    ]
}

fn write_table(out: &mut String, rows: &[[String; 6]]) {
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    for row in rows {
        let mut text = format!("{:<1$}", row[0].trim_end(), widths[0]);
        for column in 1..6 {
            text.push_str(&format!("  {:>1$}", row[column], widths[column]));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}
