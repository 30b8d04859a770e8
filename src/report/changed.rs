//! Which zips differ from those of the build before, for scripts that deploy them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Report, SCHEMA_VERSION, Tool};

/// The name of the list in the output folder.
pub const FILE: &str = "changed.json";

/// What is to be deployed. What it says depends on the build before, so that it is no part of the
/// report.
#[derive(Debug, Serialize)]
pub struct Changed<'r> {
    /// The version of this form; that of the report.
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: &'r Tool,
    /// Every zip of the report.
    pub zips: Vec<Zip<'r>>,
    /// Every function with its layers.
    pub functions: Vec<Function<'r>>,
    /// The zips that the build before wrote and this one does not.
    pub gone: Vec<String>,
}

/// One zip.
#[derive(Debug, Serialize)]
pub struct Zip<'r> {
    /// Its file name in the output folder.
    pub file: &'r str,
    /// `function` or `layer`.
    pub role: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: &'r str,
    /// SHA-256, in base64: Lambda's `CodeSha256`.
    pub sha256_base64: &'r str,
    /// Whether the build before wrote another one, or none.
    pub changed: bool,
}

/// One function.
#[derive(Debug, Serialize)]
pub struct Function<'r> {
    /// The package's name.
    pub name: &'r str,
    /// Its zip; null when it holds no code of its own.
    pub file: Option<&'r str>,
    /// Its layers' zips, in the order in which Lambda lays them over one another.
    pub layers: &'r [String],
    /// Whether its zip, one of its layers, or which layers it has, changed.
    pub changed: bool,
}

impl<'r> Changed<'r> {
    /// The zips that are to be deployed.
    pub fn files(&self) -> Vec<String> {
        let changed = self.zips.iter().filter(|zip| zip.changed);
        changed.map(|zip| zip.file.to_owned()).collect()
    }

    /// Holds a report against the one that lay in the output folder before, or anything else: what that
    /// does not tell is changed.
    pub fn since(report: &'r Report, before: &Value) -> Self {
        let before_zips = before["zips"].as_array().into_iter().flatten();
        let known: BTreeMap<&str, &str> = before_zips
            .filter_map(|zip| Some((zip["file"].as_str()?, zip["sha256"].as_str()?)))
            .collect();
        let is_changed = |file: &str, sha256: &str| known.get(file).copied() != Some(sha256);
        let zips: Vec<Zip<'r>> = report
            .zips
            .iter()
            .map(|zip| Zip {
                file: &zip.file,
                role: zip.role,
                bytes: zip.bytes,
                sha256: &zip.sha256,
                sha256_base64: &zip.sha256_base64,
                changed: is_changed(&zip.file, &zip.sha256),
            })
            .collect();
        let before_functions = || before["functions"].as_array().into_iter().flatten();
        let functions = report.functions.iter().map(|function| {
            let last = before_functions().find(|last| last["name"] == function.name.as_str());
            let same_parts = last.is_some_and(|last| {
                last["file"].as_str() == function.file.as_deref()
                    && last["layers"].as_array().is_some_and(|layers| {
                        layers
                            .iter()
                            .map(Value::as_str)
                            .eq(function.layers.iter().map(|l| Some(l.as_str())))
                    })
            });
            let has = |file: &str| {
                function.file.as_deref() == Some(file)
                    || function.layers.iter().any(|layer| layer == file)
            };
            Function {
                name: &function.name,
                file: function.file.as_deref(),
                layers: &function.layers,
                changed: !same_parts || zips.iter().any(|zip| zip.changed && has(zip.file)),
            }
        });
        let functions = functions.collect();
        let is_gone = |file: &&&str| report.zips.iter().all(|zip| zip.file != **file);
        let gone = known.keys().filter(is_gone).map(|file| (*file).to_owned()).collect();
        Self { schema_version: SCHEMA_VERSION, tool: &report.tool, zips, functions, gone }
    }
}
