//! Which layers the functions of a workspace share, and what that is worth.

use serde::Serialize;

use super::Function;
use super::numbers::{mb, percent};

/// How the distributions of a workspace lie in layers.
#[derive(Debug, Serialize)]
pub struct Layers {
    /// The layers, in the order in which functions attach them.
    pub layers: Vec<Layer>,
    /// Bytes of all zips.
    pub zipped_bytes: u64,
    /// Bytes that no split could be below: every distribution that ships, once, and every function's
    /// own code.
    pub lower_bound_bytes: u64,
    /// Whether it is known that no split takes fewer bytes, with the layers as they were before.
    pub exact: bool,
    /// Distributions of which functions have different variants, so that none may see another's.
    pub conflicts: Vec<Conflict>,
    /// Layers of the build before that are no more, by name.
    pub gone: Vec<String>,
}

/// One layer.
#[derive(Debug, Serialize)]
pub struct Layer {
    /// Its zip.
    pub file: String,
    /// Its distributions, the largest first.
    pub distributions: Vec<Shared>,
    /// The functions that attach it.
    pub functions: Vec<String>,
    /// Bytes that there would be more if each function carried its own copies.
    pub saves_bytes: u64,
    /// `new`, `kept` (it is as it was deployed) or `changed`.
    pub standing: &'static str,
    /// What changed in it, a sentence each.
    pub changes: Vec<String>,
}

/// A distribution in a layer, or distributions that cannot be divided.
#[derive(Debug, Serialize)]
pub struct Shared {
    /// Their names.
    pub name: String,
    /// Their versions.
    pub version: String,
    /// Bytes that they take unzipped.
    pub bytes: u64,
    /// Bytes that they take in the zip.
    pub zipped_bytes: u64,
}

/// A distribution of which functions have different variants.
#[derive(Debug, Serialize)]
pub struct Conflict {
    /// Its name.
    pub name: String,
    /// Each variant: its version, and the functions that have it.
    pub variants: Vec<(String, Vec<String>)>,
}

impl Conflict {
    /// Who has which, as a sentence.
    pub fn told(&self) -> String {
        let variants = self
            .variants
            .iter()
            .map(|(version, functions)| format!("{version} in {}", functions.join(", ")));
        let variants: Vec<String> = variants.collect();
        format!("{} differs: {}", self.name, variants.join("; "))
    }
}

/// Which function attaches which layer: a row for each function, a column for each layer, by its
/// number in the list that follows.
fn table(layers: &Layers, functions: &[Function]) -> String {
    let width = functions.iter().map(|function| function.name.chars().count()).max().unwrap_or(0);
    let cell = |text: &str| format!("{text:>4}");
    let head: String = (1..=layers.layers.len()).map(|number| cell(&number.to_string())).collect();
    let mut out = format!("{:<width$}{head}\n", "layer");
    for function in functions {
        let cells = layers
            .layers
            .iter()
            .map(|layer| cell(if layer.functions.contains(&function.name) { "x" } else { "." }));
        out.push_str(&format!("{:<width$}{}\n", function.name, cells.collect::<String>()));
    }
    out
}

/// The layers, a line each, and how far all is from the least that is possible.
pub fn render(layers: &Layers, functions: &[Function]) -> String {
    let mut out = String::new();
    if !layers.layers.is_empty() {
        out.push_str(&table(layers, functions));
    }
    for (number, layer) in layers.layers.iter().enumerate() {
        let mut names: Vec<String> = layer
            .distributions
            .iter()
            .take(4)
            .map(|one| format!("{} {}", one.name, mb(one.zipped_bytes)))
            .collect();
        if layer.distributions.len() > names.len() {
            names.push(format!("{} more", layer.distributions.len() - names.len()));
        }
        out.push_str(&format!(
            "{} {} ({}): {}; for {}; saves {}\n",
            number + 1,
            layer.file,
            layer.standing,
            names.join(", "),
            layer.functions.join(", "),
            mb(layer.saves_bytes)
        ));
        layer.changes.iter().for_each(|change| out.push_str(&format!("  {change}\n")));
    }
    for name in &layers.gone {
        out.push_str(&format!("{name}: no longer needed by any function\n"));
    }
    for conflict in &layers.conflicts {
        out.push_str(&format!("{}\n", conflict.told()));
    }
    let over = layers.zipped_bytes.saturating_sub(layers.lower_bound_bytes);
    let exact = if layers.exact && over > 0 { "; no other split takes less" } else { "" };
    out.push_str(&format!(
        "all zips: {}, {} ({}) over what everything takes once{exact}\n",
        mb(layers.zipped_bytes),
        mb(over),
        percent(over, layers.lower_bound_bytes)
    ));
    out
}

/// What a function can import without need, and what it carries although it lies in a layer; empty
/// where there is neither.
pub fn beside_need(function: &Function) -> String {
    let mut out = String::new();
    if !function.leaks.is_empty() {
        out.push_str(&format!(
            "{} can import from its layers without need: {}\n",
            function.name,
            function.leaks.join(", ")
        ));
    }
    if !function.copies.is_empty() {
        out.push_str(&format!(
            "{} carries its own copies of {}, which others have in a layer\n",
            function.name,
            function.copies.join(", ")
        ));
    }
    out
}
