//! The parts of CycloneDX 1.6 that slim writes, by the names of its schema.

use serde::Serialize;

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bom {
    pub(super) bom_format: &'static str,
    pub(super) spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial_number: Option<String>,
    /// Of the document: another one of the same serial number would be the next.
    pub(super) version: u32,
    pub(super) metadata: Metadata,
    pub(super) components: Vec<Component>,
    pub(super) dependencies: Vec<Dependency>,
}

/// What the document is about, and what wrote it.
#[derive(Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) tools: Tools,
    pub(super) component: Component,
}

#[derive(Debug, Serialize)]
pub(super) struct Tools {
    pub(super) components: [Named; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Named {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "bom-ref")]
    pub(super) reference: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<Licence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<String>,
    pub(super) properties: Vec<Property>,
}

impl Component {
    /// One of which nothing else is known.
    pub(super) fn new(kind: &'static str, reference: String, name: String) -> Self {
        Self {
            kind,
            reference,
            name,
            version: None,
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl: None,
            properties: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Hash {
    pub(super) alg: &'static str,
    pub(super) content: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) value: String,
}

/// An expression, or one licence by identifier or name.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Licence {
    Expression { expression: String, acknowledgement: &'static str },
    One { license: One },
}

#[derive(Debug, Serialize)]
pub(super) struct One {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    acknowledgement: &'static str,
}

/// What the authors say, not what somebody found out.
const DECLARED: &str = "declared";

impl Licence {
    pub(super) fn expression(expression: String) -> Self {
        Self::Expression { expression, acknowledgement: DECLARED }
    }

    pub(super) fn id(id: &'static str) -> Self {
        Self::One { license: One { id: Some(id), name: None, acknowledgement: DECLARED } }
    }

    pub(super) fn name(name: String) -> Self {
        Self::One { license: One { id: None, name: Some(name), acknowledgement: DECLARED } }
    }
}

/// What one component needs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dependency {
    #[serde(rename = "ref")]
    pub(super) of: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) depends_on: Vec<String>,
}
