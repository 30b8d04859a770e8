//! `slim.lock`: the layers that are deployed, in a file that is committed beside slim.toml.

use std::fmt::Write;

use serde::Deserialize;

use super::{Previous, PreviousItem, PreviousLayer};
use crate::failure::Failure;

/// What the file is called.
pub const FILE: &str = "slim.lock";

/// The version of its form.
const VERSION: i64 = 1;

const HEADER: &str = "\
# The layers of this workspace, written by slim. Commit this file: the next build keeps every layer
# in which nothing changed. `slim build --replan` starts anew.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(default)]
    layer: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    name: String,
    functions: Vec<String>,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
    version: String,
    digest: String,
}

/// The text of the file: the same for the same layers, one line for each item.
pub fn write(previous: &Previous) -> String {
    let mut text = format!("{HEADER}version = {VERSION}\n");
    let mut layers: Vec<&PreviousLayer> = previous.layers.iter().collect();
    layers.sort_by(|a, b| a.name.cmp(&b.name));
    for layer in layers {
        let mut functions: Vec<String> = layer.functions.iter().map(|name| quoted(name)).collect();
        functions.sort();
        let mut items: Vec<&PreviousItem> = layer.items.iter().collect();
        items.sort();
        let _ = write!(text, "\n[[layer]]\nname = {}\n", quoted(&layer.name));
        let _ = writeln!(text, "functions = [{}]\nitems = [", functions.join(", "));
        for item in items {
            let PreviousItem { name, version, digest } = item;
            let _ = writeln!(
                text,
                "    {{ name = {}, version = {}, digest = {} }},",
                quoted(name),
                quoted(version),
                quoted(digest)
            );
        }
        text.push_str("]\n");
    }
    text
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Reads the text of the file `shown`.
///
/// # Errors
/// A usage [`Failure`] that proposes `--replan` where the text is not what [`write`] writes: another
/// version of the form, a slip, two layers of one name.
pub fn read(shown: &str, text: &str) -> Result<Previous, Failure> {
    let refused = |why: &str| {
        Failure::usage(format!("failed to read {shown}: {why}")).hint(
            "take the file back from version control, or start anew with --replan (every layer may \
             change)",
        )
    };
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| refused(&line(text, &error)))?;
    match table.get("version").map(toml::Value::as_integer) {
        Some(Some(VERSION)) => {}
        Some(Some(other)) => {
            return Err(refused(&format!(
                "it is of version {other}, and this slim knows version {VERSION}"
            )));
        }
        Some(None) | None => return Err(refused("it does not tell its version")),
    }
    let file: File = toml::from_str(text).map_err(|error| refused(&line(text, &error)))?;
    let mut layers: Vec<PreviousLayer> = file.layer.into_iter().map(layer).collect();
    layers.sort_by(|a, b| a.name.cmp(&b.name));
    for layer in &layers {
        let name = &layer.name;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.starts_with("layer-") || !name.chars().all(is_plain) {
            return Err(refused(&format!("no layer is called {name}")));
        }
    }
    if let Some(pair) = layers.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(refused(&format!("two layers are called {}", pair[0].name)));
    }
    Ok(Previous { layers })
}

fn layer(layer: Layer) -> PreviousLayer {
    let item = |Item { name, version, digest }| PreviousItem { name, version, digest };
    let mut items: Vec<PreviousItem> = layer.items.into_iter().map(item).collect();
    items.sort();
    let mut functions = layer.functions;
    functions.sort();
    PreviousLayer { name: layer.name, items, functions }
}

/// What is wrong, with its line.
fn line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().next().unwrap_or("it is damaged").to_owned();
    match error.span() {
        Some(span) => {
            let before = &text.as_bytes()[..span.start.min(text.len())];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}
