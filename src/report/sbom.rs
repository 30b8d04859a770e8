//! What ships, as a software bill of materials for scanners: CycloneDX 1.6 in JSON.
//!
//! The same zips give the same text: there is no date in it, and the serial number is a UUID of
//! version 8 (RFC 9562, 5.8) made of the SHA-256 of everything else.

mod edges;
mod form;

use form::{Bom, Component, Hash, Licence, Metadata, Named, Property, Tools};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::bundled::Bundled;
use super::{Function, Report, Zip, json, numbers};
use crate::python::dist;
use crate::python::licenses::{self, License};
use crate::target::Target;

/// The reference of the application among the dependencies.
const APPLICATION: &str = "application";
/// What an application of several functions is called.
const FUNCTIONS: &str = "functions";

/// The whole document.
pub fn render(report: &Report) -> String {
    let references = references(&report.bundled);
    let zips = report.zips.iter().map(|one| zip(report, one));
    let libraries = report.bundled.iter().zip(&references).map(|(one, own)| library(one, own));
    let mut bom = Bom {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: metadata(report),
        components: zips.chain(libraries).collect(),
        dependencies: edges::of(report, &references),
    };
    bom.serial_number = Some(serial_number(&bom));
    json::render(&bom)
}

/// A UUID made of the document without it.
fn serial_number(bom: &impl Serialize) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(json::render(bom))[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let part = |from: usize, to: usize| numbers::hex(&bytes[from..to]);
    let parts = [part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16)];
    format!("urn:uuid:{}", parts.join("-"))
}

fn metadata(report: &Report) -> Metadata {
    let name = match &report.functions[..] {
        [only] => only.name.clone(),
        _ => FUNCTIONS.to_owned(),
    };
    let mut properties = vec![property("level", report.level)];
    properties.extend(of_target(report.target));
    let tool = Named { kind: "application", name: report.tool.name, version: report.tool.version };
    Metadata {
        tools: Tools { components: [tool] },
        component: Component {
            properties,
            ..Component::new("application", APPLICATION.to_owned(), name)
        },
    }
}

fn of_target(target: Target) -> [Property; 2] {
    [property("python", target.python), property("arch", target.arch)]
}

fn zip(report: &Report, zip: &Zip) -> Component {
    let is_own = |function: &&Function| function.file.as_ref() == Some(&zip.file);
    let target = report.functions.iter().find(is_own).and_then(|function| function.target);
    let mut properties = vec![
        property("role", zip.role),
        property("bytes", zip.bytes),
        property("unzipped-bytes", zip.unzipped_bytes),
    ];
    properties.extend(target.into_iter().flat_map(of_target));
    Component {
        hashes: vec![Hash { alg: "SHA-256", content: zip.sha256.clone() }],
        properties,
        ..Component::new("file", zip.file.clone(), zip.file.clone())
    }
}

fn library(bundled: &Bundled, reference: &str) -> Component {
    let (before, after) = (bundled.before, bundled.after);
    let version = Some(bundled.version.clone()).filter(|version| !version.is_empty());
    Component {
        version,
        purl: Some(purl(&bundled.name, &bundled.version)),
        licenses: licenses::declared(&bundled.metadata).into_iter().map(licence).collect(),
        properties: vec![
            property("zip", &bundled.zip),
            property("before-files", before.files),
            property("before-bytes", before.bytes),
            property("after-files", after.files),
            property("after-bytes", after.bytes),
        ],
        ..Component::new("library", reference.to_owned(), bundled.name.clone())
    }
}

fn licence(license: License) -> Licence {
    match license {
        License::Expression(expression) => Licence::expression(expression),
        License::Id(id) => Licence::id(id),
        License::Name(name) => Licence::name(name),
    }
}

fn property(name: &str, value: impl ToString) -> Property {
    Property { name: format!("lambda-slim:{name}"), value: value.to_string() }
}

/// By what each distribution is referred to: its package URL, and its zip where it lies in several.
fn references(all: &[Bundled]) -> Vec<String> {
    let key = |one: &Bundled| purl(&one.name, &one.version);
    // They stand in the order of names and versions, so that those of one key stand together.
    let is_alone = |at: usize| {
        let own = key(&all[at]);
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        !beside.filter_map(|at| all.get(at)).any(|other| key(other) == own)
    };
    let reference = |(at, one): (usize, &Bundled)| match is_alone(at) {
        true => key(one),
        false => format!("{}#{}", key(one), one.zip),
    };
    all.iter().enumerate().map(reference).collect()
}

/// The package URL of a distribution of PyPI: the normalized name (PEP 503), and the version, both
/// percent-encoded but for letters, digits, `.`, `-`, `_`, `~` (and `:`, as the purl specification has it).
fn purl(name: &str, version: &str) -> String {
    let name = encoded(&dist::normalize(name));
    match version {
        "" => format!("pkg:pypi/{name}"),
        version => format!("pkg:pypi/{name}@{}", encoded(version)),
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'.' | b'-' | b'_' | b'~' | b':' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
