//! What a file holds, by its first bytes and not by its name; and the target that the binaries
//! are for.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::elf::inspect::{self, Machine, SharedObject};
use crate::failure::Failure;
use crate::options::Options;
use crate::python::{bytecode, tags};
use crate::target::{Arch, Python, Target};
use crate::tree::{FileId, FileMap, Layout, Tree, file_name};

/// What a file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Content {
    /// An ELF file that could be read.
    Elf(Box<SharedObject>),
    /// It starts as an ELF file, but is broken: why.
    BrokenElf(String),
    /// A Windows library or program; `managed` when it holds .NET code, which is data here.
    Portable {
        /// It has a CLR header.
        managed: bool,
    },
    /// A macOS library or program.
    MachO,
    /// A static library.
    Archive,
    /// Compiled Python, with its header where it could be read.
    Bytecode(Option<bytecode::Header>),
    /// Python source.
    Source,
    /// Anything else.
    Other,
}

/// The parts of a file that [`look`] looks at, its head apart: the first step.
pub fn parts(head: &[u8], size: usize) -> Vec<Range<usize>> {
    if inspect::is_elf(head) { inspect::dynamic_in(head, size) } else { Vec::new() }
}

/// The second step: what the first leads to.
pub fn more_parts(bytes: &[u8], _size: usize) -> Vec<Range<usize>> {
    inspect::described_in(bytes)
}

/// Tells what `bytes` are; `path` only decides where the bytes cannot.
pub fn look(path: &str, bytes: &[u8]) -> Content {
    if inspect::is_elf(bytes) {
        return match inspect::inspect(bytes) {
            Ok(object) => Content::Elf(Box::new(object)),
            Err(malformed) => Content::BrokenElf(malformed.to_string()),
        };
    }
    if bytes.starts_with(b"!<arch>\n") || bytes.starts_with(b"!<thin>\n") {
        return Content::Archive;
    }
    if let Some(managed) = portable(bytes) {
        return Content::Portable { managed };
    }
    if path.ends_with(".pyc") || path.ends_with(".pyo") {
        return Content::Bytecode(bytecode::header(bytes));
    }
    if is_mach_o(path, bytes) {
        return Content::MachO;
    }
    if path.ends_with(".py") || path.ends_with(".pyw") { Content::Source } else { Content::Other }
}

/// Mach-O magic numbers; the fat one is also Java's, so that a name must confirm it.
fn is_mach_o(path: &str, bytes: &[u8]) -> bool {
    let Some(magic) = bytes.first_chunk::<4>() else { return false };
    match u32::from_be_bytes(*magic) {
        0xFEED_FACE | 0xFEED_FACF | 0xCEFA_EDFE | 0xCFFA_EDFE => true,
        0xCAFE_BABE | 0xCAFE_BABF => path.ends_with(".so") || path.ends_with(".dylib"),
        _ => false,
    }
}

/// Whether this is a PE file, and if so, whether it has a CLR header (data directory 14).
fn portable(bytes: &[u8]) -> Option<bool> {
    let word = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b));
    if !bytes.starts_with(b"MZ") {
        return None;
    }
    let header = word(0x3C)? as usize;
    if bytes.get(header..)?.first_chunk::<4>()? != b"PE\0\0" {
        return None;
    }
    let optional = header.checked_add(24)?;
    let magic = bytes.get(optional..)?.first_chunk::<2>().map(|b| u16::from_le_bytes(*b));
    let directories = match magic {
        Some(0x10B) => 96,
        Some(0x20B) => 112,
        _ => return Some(false),
    };
    let clr = optional.checked_add(directories + 14 * 8)?;
    Some(word(clr).unwrap_or(0) != 0)
}

/// The Lambda processor that an ELF file is for.
pub fn arch(object: &SharedObject) -> Option<Arch> {
    match object.machine {
        Machine::X86_64 if object.bits64 => Some(Arch::X86_64),
        Machine::Aarch64 if object.bits64 && object.little_endian => Some(Arch::Arm64),
        Machine::X86_64 | Machine::Aarch64 | Machine::Other(_) => None,
    }
}

/// How many files speak for each answer.
struct Votes<T>(BTreeMap<T, usize>);

impl<T: Ord + Copy + std::fmt::Display> Votes<T> {
    fn of(votes: impl Iterator<Item = T>) -> Self {
        let mut counts = BTreeMap::new();
        for vote in votes {
            *counts.entry(vote).or_insert(0) += 1;
        }
        Self(counts)
    }

    /// The answer of most files; of equally many, the default, else the greater.
    fn winner(&self, default: T) -> Option<T> {
        self.0
            .iter()
            .max_by_key(|(vote, count)| (**count, **vote == default, **vote))
            .map(|(vote, _)| *vote)
    }

    /// The winner, or what was asked for; an error where most files contradict that.
    fn settle(
        &self,
        asked: Option<T>,
        option: &str,
        default: T,
        warnings: &mut Vec<String>,
    ) -> Result<T>
    where
        T: PartialEq,
    {
        let winner = self.winner(default);
        if let (Some(asked), Some(winner)) = (asked, winner)
            && winner != asked
        {
            return Err(Failure::usage(format!(
                "failed to build for {asked}: {} of the package's binaries are for {winner}",
                self.0.get(&winner).unwrap_or(&0)
            ))
            .hint(format!("install the package for {asked}, or pass {option} {winner}"))
            .into());
        }
        let settled = asked.or(winner).unwrap_or(default);
        if self.0.len() > 1 {
            let all: Vec<String> =
                self.0.iter().map(|(vote, count)| format!("{count} for {vote}")).collect();
            warnings.push(format!(
                "the package mixes binaries: {}; built for {settled}",
                all.join(", ")
            ));
        }
        Ok(settled)
    }
}

/// The target: what was asked for, else what most of the package's binaries are for.
///
/// # Errors
/// A usage [`Failure`] when most of the binaries are for another target than the one asked for.
pub fn target(
    tree: &Tree,
    content: &FileMap<Content>,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Target> {
    let objects = || {
        content.iter().filter_map(|(id, content)| match content {
            Content::Elf(object) => Some((id, object)),
            _ => None,
        })
    };
    let archs = Votes::of(objects().filter_map(|(_, object)| arch(object)));
    let pythons = Votes::of(objects().filter_map(|(id, _)| tagged_python(tree, id)));
    let default = tree.packages().find_map(|(_, package)| match &package.layout {
        Layout::Layer(prefix) => {
            prefix.strip_prefix("python/lib/python")?.strip_suffix("/site-packages")?.parse().ok()
        }
        Layout::Flat => None,
    });
    let default = default.or_else(|| Python::new(12));
    let newest = Python::new(*crate::target::MINORS.end());
    let default =
        default.or(newest).ok_or_else(|| anyhow::anyhow!("failed to find a default Python"))?;
    Ok(Target {
        python: pythons.settle(options.python, "--python", default, warnings)?,
        arch: archs.settle(options.arch, "--arch", Arch::X86_64, warnings)?,
    })
}

fn tagged_python(tree: &Tree, id: FileId) -> Option<Python> {
    let tag = tags::ModuleFile::parse(file_name(tree.file(id).path.as_str()))?.tag?;
    match tag.python {
        Some((3, minor)) if !tag.abi3 => Python::new(minor),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        assert!(matches!(look("a.so", b"\x7fELF"), Content::BrokenElf(_)));
        assert!(matches!(look("liba.txt", b"!<arch>\nx"), Content::Archive));
        assert!(matches!(look("a.so", b"\xCF\xFA\xED\xFE...."), Content::MachO));
        assert!(matches!(look("A.class", b"\xCA\xFE\xBA\xBE...."), Content::Other));
        assert!(matches!(look("a.py", b"import os"), Content::Source));
        assert!(matches!(look("a.pyc", b""), Content::Bytecode(None)));
        assert!(matches!(look("a.so", b"INPUT(libb.so)"), Content::Other));
    }

    #[test]
    fn a_clr_header_makes_a_pe_file_managed() {
        let mut pe = vec![0u8; 600];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3C] = 0x80;
        pe[0x80..0x84].copy_from_slice(b"PE\0\0");
        pe[0x98..0x9A].copy_from_slice(&0x20Bu16.to_le_bytes());
        assert!(matches!(look("a.pyd", &pe), Content::Portable { managed: false }));
        pe[0x98 + 112 + 14 * 8] = 1;
        assert!(matches!(look("a.dll", &pe), Content::Portable { managed: true }));
        assert!(matches!(look("a.dll", b"MZ"), Content::Other));
    }

    #[test]
    fn votes_settle_for_the_majority_and_refuse_a_contradiction() {
        let votes = Votes::of([Arch::X86_64, Arch::X86_64, Arch::Arm64].into_iter());
        let mut warnings = Vec::new();
        let settled = votes.settle(None, "--arch", Arch::Arm64, &mut warnings);
        assert_eq!(settled.unwrap(), Arch::X86_64);
        assert_eq!(
            warnings,
            ["the package mixes binaries: 2 for x86_64, 1 for arm64; built for x86_64"]
        );
        let refused = votes.settle(Some(Arch::Arm64), "--arch", Arch::Arm64, &mut warnings);
        assert!(
            refused.unwrap_err().to_string().contains("2 of the package's binaries are for x86_64")
        );
    }
}
