//! A report that was written before, as far as it is compared.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::report::{Report, SCHEMA_VERSION};

/// Largest report that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// A report; what it need not have had from the first version on is optional.
#[derive(Clone, Debug, Deserialize)]
pub struct Past {
    pub(super) tool: PastTool,
    pub(super) target: PastTarget,
    pub(super) level: String,
    pub(super) after: PastSizes,
    pub(super) zips: Vec<PastZip>,
    pub(super) functions: Vec<PastFunction>,
    pub(super) distributions: Vec<PastDistribution>,
    pub(super) rules: Vec<PastRule>,
    #[serde(default)]
    pub(super) doubts: Vec<PastDoubt>,
    #[serde(default)]
    pub(super) rules_off: Vec<String>,
    #[serde(default)]
    pub(super) layer_prefix: Option<String>,
    #[serde(default)]
    pub(super) page_size: Option<u64>,
    #[serde(default)]
    pub(super) bytecode: Option<PastBytecode>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastTool {
    pub(super) version: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastTarget {
    pub(super) python: String,
    pub(super) arch: String,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct PastSizes {
    pub(super) files: u64,
    pub(super) bytes: u64,
    #[serde(default)]
    pub(super) zipped_bytes: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastZip {
    pub(super) file: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastFunction {
    pub(super) name: String,
    pub(super) zipped_bytes: u64,
    #[serde(default)]
    pub(super) unzipped_bytes: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastDistribution {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) package: String,
    pub(super) place: String,
    pub(super) before: PastSizes,
    pub(super) after: PastSizes,
    pub(super) saved: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastRule {
    pub(super) id: String,
    pub(super) bytes: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastDoubt {
    pub(super) rule: String,
    pub(super) what: String,
    #[serde(default)]
    pub(super) distribution: Option<String>,
    pub(super) bytes: u64,
    pub(super) why: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastBytecode {
    pub(super) mode: String,
}

impl Past {
    /// A report of now, to compare with.
    pub fn of(report: &Report) -> Self {
        let value = serde_json::to_value(report);
        let past = value.and_then(serde_json::from_value);
        past.expect("a report has all that a report of before must have")
    }

    /// Reads a report.
    ///
    /// # Errors
    /// A usage [`Failure`] where it is missing, no report of slim's, or one of another version of its
    /// form; an input/output one where it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let usage = |what: &str| {
            Failure::usage(format!("failed to read report {shown}: {what}"))
                .hint("name a report.json that `slim build` wrote")
        };
        let length = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(usage("it is a folder")),
            Ok(found) if !found.is_file() => return Err(usage("it is no regular file")),
            Ok(found) => found.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(usage("there is no such file"));
            }
            Err(error) => return Err(Failure::io(format!("failed to read {shown}: {error}"))),
        };
        if length > LARGEST {
            return Err(usage("it is no report of slim: it is too long"));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::io(format!("failed to read {shown}: {error}")))?;
        Self::parse(&bytes).map_err(|what| usage(&what))
    }

    /// Reads the text of a report.
    ///
    /// # Errors
    /// What is wrong with it, as half a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let none = |error: serde_json::Error| format!("it is no report of slim: {error}");
        let value: Value = serde_json::from_slice(bytes).map_err(none)?;
        if value["tool"]["name"] != "slim" {
            return Err("it is no report of slim: tool.name does not say so".to_owned());
        }
        let version = &value["schema_version"];
        if *version != SCHEMA_VERSION {
            return Err(format!(
                "its schema_version is {version}, and this slim reads {SCHEMA_VERSION}"
            ));
        }
        serde_json::from_value(value).map_err(none)
    }

    /// Whether more than one package went into it.
    pub(super) fn has_several(&self) -> bool {
        self.functions.len() > 1
    }
}
