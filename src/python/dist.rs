//! Distributions: their names, the files of a dist-info folder, entry points, top-level names.

use super::tags::{Implementation, ModuleFile, Os};
use super::text;

/// The normalized form of a distribution's name (PEP 503): lower case, runs of `-`, `_` and `.`
/// as one `-`.
#[must_use]
pub fn normalize(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        if !matches!(c, '-' | '_' | '.') {
            normalized.push(c);
        } else if !normalized.ends_with('-') {
            normalized.push('-');
        }
    }
    normalized
}

/// Name and version, as written, in the name of a `.dist-info` or `.egg-info` folder (or file).
///
/// The specification escapes `-` in both, so the first `-` divides them; where a sloppy builder
/// left one in the name, the first `-` before a digit does. An egg-info name's third part
/// (`-py3.9…`) belongs to neither. The version is empty where there is none (`six.egg-info`).
/// `None` for any other name.
#[must_use]
pub fn dist_info_name(file_name: &str) -> Option<(String, String)> {
    let stem_end = file_name.len().checked_sub(".dist-info".len());
    let (stem, is_egg) = match stem_end.and_then(|end| file_name.split_at_checked(end)) {
        Some((stem, suffix)) if suffix.eq_ignore_ascii_case(".dist-info") => (stem, false),
        _ => {
            let end = file_name.len().checked_sub(".egg-info".len())?;
            let (stem, suffix) = file_name.split_at_checked(end)?;
            (suffix.eq_ignore_ascii_case(".egg-info")).then_some((stem, true))?
        }
    };
    let (name, mut version) = divide(stem);
    if is_egg && let Some(end) = version.find("-py") {
        version = &version[..end];
    }
    (!name.is_empty()).then(|| (name.to_owned(), version.to_owned()))
}

fn divide(stem: &str) -> (&str, &str) {
    let digit_follows =
        |&(at, _): &(usize, &str)| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    match stem.match_indices('-').find(digit_follows) {
        Some((at, _)) => (&stem[..at], &stem[at + 1..]),
        None => stem.split_once('-').unwrap_or((stem, "")),
    }
}

/// What a file of a dist-info or egg-info folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistInfoFile {
    /// `METADATA`, or `PKG-INFO`, which `importlib.metadata` reads in its stead.
    Metadata,
    /// `RECORD`.
    Record,
    /// `RECORD.jws` or `RECORD.p7s`: signatures of RECORD (PEP 427), void once it changes.
    RecordSignature,
    /// `INSTALLER`: the name of the tool that installed.
    Installer,
    /// `REQUESTED`: installed on request, not as a dependency (PEP 376).
    Requested,
    /// `WHEEL`: how the wheel was built.
    Wheel,
    /// `direct_url.json`: where it was installed from (PEP 610).
    DirectUrl,
    /// `entry_points.txt`.
    EntryPoints,
    /// `top_level.txt`: the import names.
    TopLevel,
    /// `namespace_packages.txt`.
    NamespacePackages,
    /// The text of a licence.
    License,
    /// A software bill of materials (PEP 770).
    Sbom,
    /// A file that the format does not define.
    Other,
}

/// What the file `name` of a dist-info folder is; `name` is relative to the folder, with `/`.
///
/// Licences are `LICEN[CS]E*`, `COPYING*`, `NOTICE*` and `AUTHORS*` at the top, in any case, as
/// wheel and setuptools gather them, and all below `licenses/` (PEP 639) or `license_files/`.
#[must_use]
pub fn classify(name: &str) -> DistInfoFile {
    if let Some((folder, _)) = name.split_once('/') {
        return match folder.to_ascii_lowercase().as_str() {
            "licenses" | "license_files" => DistInfoFile::License,
            "sboms" => DistInfoFile::Sbom,
            _ => DistInfoFile::Other,
        };
    }
    match name {
        "METADATA" | "PKG-INFO" => DistInfoFile::Metadata,
        "RECORD" => DistInfoFile::Record,
        "RECORD.jws" | "RECORD.p7s" => DistInfoFile::RecordSignature,
        "INSTALLER" => DistInfoFile::Installer,
        "REQUESTED" => DistInfoFile::Requested,
        "WHEEL" => DistInfoFile::Wheel,
        "direct_url.json" => DistInfoFile::DirectUrl,
        "entry_points.txt" => DistInfoFile::EntryPoints,
        "top_level.txt" => DistInfoFile::TopLevel,
        "namespace_packages.txt" => DistInfoFile::NamespacePackages,
        _ if is_license(name) => DistInfoFile::License,
        _ => DistInfoFile::Other,
    }
}

fn is_license(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["license", "licence", "copying", "notice", "authors"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// One entry point of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// The group it is looked up by: `console_scripts`, `opentelemetry_tracer_provider`, …
    pub group: String,
    /// Its name within the group.
    pub name: String,
    /// The module that loading it imports.
    pub module: String,
    /// The object loaded from the module: attribute names joined by dots.
    pub attribute: Option<String>,
}

/// Reads `entry_points.txt` the way CPython's `importlib.metadata` does.
///
/// Entry points specification (PyPA). Section and option lines, `#` comments, extras (`[x]`)
/// passed over. Never fails: lines without `=`, before the first section, or whose value names
/// no module (loading them fails in Python too) are skipped.
#[must_use]
pub fn entry_points(bytes: &[u8]) -> Vec<EntryPoint> {
    let content = text::decode(bytes);
    let mut group: Option<&str> = None;
    let mut points = Vec::new();
    for line in text::lines(&content).map(text::strip) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') && line.ends_with(']') {
            group = Some(line.trim_matches(['[', ']']));
        } else if let Some(group) = group {
            points.extend(entry_point(group, line));
        }
    }
    points
}

fn entry_point(group: &str, line: &str) -> Option<EntryPoint> {
    let (name, value) = line.split_once('=')?;
    let (module, attribute) = object_reference(text::strip(value))?;
    Some(EntryPoint {
        group: group.to_owned(),
        name: text::strip(name).to_owned(),
        module: module.to_owned(),
        attribute: attribute.map(str::to_owned),
    })
}

/// `EntryPoint.pattern` of `importlib.metadata`:
/// `(?P<module>[\w.]+)\s*(:\s*(?P<attr>[\w.]+)\s*)?((?P<extras>\[.*\])\s*)?$`.
fn object_reference(value: &str) -> Option<(&str, Option<&str>)> {
    let (module, rest) = dotted(value)?;
    let (attribute, rest) = match rest.strip_prefix(':') {
        None => (None, rest),
        Some(behind) => {
            let (attribute, rest) = dotted(behind.trim_start_matches(text::is_space))?;
            (Some(attribute), rest)
        }
    };
    let is_extras = rest.len() >= 2 && rest.starts_with('[') && rest.ends_with(']');
    (rest.is_empty() || is_extras).then_some((module, attribute))
}

/// `([\w.]+)\s*` at the start of `value`, and what follows.
fn dotted(value: &str) -> Option<(&str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let end = value.find(|c: char| !is_word(c)).unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    (end > 0).then_some((word, rest.trim_start_matches(text::is_space)))
}

/// The import names of a distribution without `top_level.txt`, sorted, each once: what CPython
/// 3.12's `importlib.metadata.packages_distributions()` infers from the paths of its RECORD.
///
/// That is the first part of a path of several, and the module name of a file by itself; names
/// with a dot are none, so dist-info and `..` fall out. Extension modules count for the Linux
/// Python they are tagged for, whichever that is. Left out beyond that: `__pycache__`, and what
/// `top_level.txt` cannot say (empty names and names with blanks or `/`). CPython passes over
/// files that do not exist: so should the caller.
pub fn top_level<'a>(paths: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = paths.into_iter().filter_map(import_name).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

fn import_name(path: &str) -> Option<&str> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let first = parts.next()?;
    let name = if parts.next().is_some() { first } else { module_name(first)? };
    let is_name = !name.is_empty() && name != "__pycache__";
    (is_name && !name.contains(|c: char| c == '.' || text::is_space(c))).then_some(name)
}

/// `inspect.getmodulename` on a Linux CPython: the file name without its importable suffix.
fn module_name(file_name: &str) -> Option<&str> {
    if let Some(stem) = file_name.strip_suffix(".py").or_else(|| file_name.strip_suffix(".pyc")) {
        return Some(stem);
    }
    let module = ModuleFile::parse(file_name)?;
    let importable = module.tag.is_none_or(|tag| {
        tag.implementation == Implementation::CPython
            && matches!(tag.os, Os::Linux { .. } | Os::Unknown)
    });
    importable.then_some(module.stem)
}

#[cfg(test)]
mod tests;
