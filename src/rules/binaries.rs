//! Shared objects, static libraries and binaries of other systems.

use std::collections::HashMap;

use super::{Change, Proposals, Strip, table};
use crate::facts::Facts;
use crate::facts::content::{Content, arch};
use crate::python::tags::{self, ModuleFile};
use crate::target::{Arch, Target};
use crate::tree::{FileId, PackageId, Tree, file_name, parent};

/// Files that hold a checksum or signature of the file whose name they extend.
const SIDECARS: [&str; 4] = [".hmac", ".chk", ".sha256", ".sig"];

pub(super) fn propose(tree: &Tree, facts: &Facts, found: &mut Proposals) {
    let variants = Variants::of(tree, facts);
    for (id, content) in facts.content.iter() {
        match content {
            Content::Archive if facts.owners.brought_by(id).is_some() => {
                found.add(&table::STATIC_LIBRARY, Change::Drop, id);
            }
            Content::Elf(_) | Content::MachO | Content::Portable { managed: false } => {
                strip_or_drop(tree, facts, id, &variants, found);
            }
            Content::BrokenElf(why) => found.guard(&table::ELF_UNMAPPED, id, why.clone()),
            _ => {}
        }
    }
}

fn strip_or_drop(
    tree: &Tree,
    facts: &Facts,
    id: FileId,
    variants: &Variants<'_>,
    found: &mut Proposals,
) {
    if !foreign(tree, facts, id, variants, found) {
        strip(tree, &facts.content[id], id, found);
    }
}

fn strip(tree: &Tree, content: &Content, id: FileId, found: &mut Proposals) {
    if !matches!(content, Content::Elf(_)) {
        return;
    }
    let file = tree.file(id);
    let path = file.path.as_str();
    let sidecar = SIDECARS.iter().find(|suffix| sidecar(tree, file.package, path, suffix));
    if let Some(suffix) = sidecar {
        found.guard(
            &table::ELF_UNMAPPED,
            id,
            format!("a {suffix} file beside it vouches for its bytes"),
        );
    } else if file_name(path).to_ascii_lowercase().contains("fips") {
        found.guard(&table::ELF_UNMAPPED, id, "a FIPS module checks its own bytes");
    } else {
        found.add(&table::ELF_UNMAPPED, Change::StripElf(Strip::default()), id);
    }
}

/// `libx.so.hmac`, or `.libx.so.hmac` as libgcrypt and OpenSSL builds name it.
fn sidecar(tree: &Tree, package: PackageId, path: &str, suffix: &str) -> bool {
    let name = file_name(path);
    let folder = &path[..path.len() - name.len()];
    tree.find(package, &format!("{path}{suffix}")).is_some()
        || tree.find(package, &format!("{folder}.{name}{suffix}")).is_some()
        || name.rsplit_once(".so").is_some_and(|(stem, _)| {
            tree.find(package, &format!("{folder}{stem}{suffix}")).is_some()
        })
}

/// Proposes or guards a binary that is not for the target; false when it is for the target or
/// no module of a distribution.
fn foreign(
    tree: &Tree,
    facts: &Facts,
    id: FileId,
    variants: &Variants,
    found: &mut Proposals,
) -> bool {
    let path = tree.file(id).path.as_str();
    if facts.owners.brought_by(id).is_none() || fits(path, &facts.content[id], facts.target) {
        return false;
    }
    let Some(module) = ModuleFile::parse(file_name(path)) else { return false };
    let key = (tree.file(id).package, parent(path), module.stem);
    if variants.for_target.contains_key(&key) {
        found.add(&table::FOREIGN_BINARY, Change::Drop, id);
        true
    } else {
        found.guard(&table::FOREIGN_BINARY, id, format!("it will not import on {}", facts.target));
        false
    }
}

/// The modules that have a variant for the target, by package, folder and module name.
struct Variants<'a> {
    for_target: HashMap<(PackageId, &'a str, &'a str), FileId>,
}

impl<'a> Variants<'a> {
    fn of(tree: &'a Tree, facts: &Facts) -> Self {
        let mut for_target = HashMap::new();
        for (id, content) in facts.content.iter() {
            let file = tree.file(id);
            let path = file.path.as_str();
            let Some(module) = ModuleFile::parse(file_name(path)) else { continue };
            if matches!(content, Content::Elf(_)) && fits(path, content, facts.target) {
                for_target.insert((file.package, parent(path), module.stem), id);
            }
        }
        Self { for_target }
    }
}

/// Whether the target's Python would find the file by its name, and its loader load it.
fn fits(path: &str, content: &Content, target: Target) -> bool {
    let Content::Elf(object) = content else { return false };
    let musl = object.needed.iter().any(|library| library.starts_with("libc.musl-"));
    let tag_arch = match target.arch {
        Arch::X86_64 => tags::Arch::X86_64,
        Arch::Arm64 => tags::Arch::Aarch64,
    };
    let named = ModuleFile::parse(file_name(path))
        .is_none_or(|module| module.loads_on((3, target.python.minor()), tag_arch));
    named && !musl && arch(object) == Some(target.arch)
}
