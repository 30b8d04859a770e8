//! Turns kept files into the bytes that ship.
//!
//! A transformation that gains nothing, or is in any doubt, gives the original bytes.

use anyhow::Result;

use crate::elf::kernels::{self, Choice, Refusal};
use crate::elf::pages::Pages;
use crate::elf::parts;
use crate::elf::strip::{self, KeepReason, SectionHeaders, Slimmed};
use crate::json;
use crate::plan::Action;
use crate::python::{metadata, prose, scripts};
use crate::rules::table::{ELF_UNMAPPED, OTHER_KERNELS, Rule};
use crate::rules::{Change, JsonKey, Strip};
use crate::target::cores::{self, Cores};
use crate::tree::{Contents, FileId, Step};
use crate::zip::deflate::{Compression, Deflater};
use crate::zip::gzip;

/// The bytes of one file that ships.
#[derive(Debug)]
pub struct Payload {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why a rule left the file as it was although a change was planned, where that is a doubt.
    pub doubt: Option<Doubt>,
    /// How many bytes of what went went because it is for pages of 4 KiB only.
    pub by_pages: u64,
    /// What was overwritten of it.
    pub kernels: Kernels,
}

/// Why a rule left a file as it was.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The rule.
    pub rule: &'static Rule,
    /// Why.
    pub why: String,
}

/// The kernels of processors that Lambda does not have, overwritten in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kernels {
    /// How many bytes of code.
    pub bytes: u64,
    /// About how many bytes fewer it takes in a zip: what this code alone deflates to.
    pub zipped_bytes: u64,
}

impl Payload {
    /// Bytes about which there is nothing to tell.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, doubt: None, by_pages: 0, kernels: Kernels::default() }
    }
}

/// Reads a file and applies what was decided to it.
///
/// # Errors
/// When the file cannot be read, or has no longer the size that the scan saw.
pub fn apply(
    action: Action,
    contents: &dyn Contents,
    id: FileId,
    compression: Compression,
) -> Result<Payload> {
    let bytes = match action {
        Action::Change(Change::StripElf(how)) => return stripped(contents, id, how),
        Action::Change(Change::ReduceMetadata) => metadata::reduce(&contents.read(id)?),
        Action::Change(Change::PortableShebang) => {
            let bytes = contents.read(id)?;
            scripts::portable_shebang(&bytes).unwrap_or(bytes)
        }
        Action::Change(Change::Json(blank)) => {
            let bytes = contents.read(id)?;
            smaller_data(&bytes, blank.map(JsonKey::as_str), compression).unwrap_or(bytes)
        }
        Action::Change(Change::Prose(texts)) => {
            let bytes = contents.read(id)?;
            prose::without(&bytes, texts).unwrap_or(bytes)
        }
        // The plan holds what ships.
        Action::Change(Change::Compiled)
        | Action::Keep
        | Action::Drop
        | Action::Change(Change::Drop) => contents.read(id)?,
    };
    Ok(Payload::of(bytes))
}

/// JSON, or what gzip holds, in fewer bytes; `None` where that cannot be.
fn smaller_data(bytes: &[u8], blank: Option<&str>, compression: Compression) -> Option<Vec<u8>> {
    if !bytes.starts_with(&gzip::MAGIC) {
        return json::minify(bytes, blank);
    }
    let content = gzip::unpack(bytes)?;
    let content = json::minify(&content, blank).unwrap_or(content);
    gzip::pack(&content, compression).filter(|packed| packed.len() < bytes.len())
}

/// Reads what of a shared object matters; all of it where it stays as it is.
fn stripped(contents: &dyn Contents, id: FileId, how: Strip) -> Result<Payload> {
    if let Some(arch) = how.kernels {
        return without_kernels(contents, id, how, cores::of(arch));
    }
    let steps: [Step<'_>; 2] = [&parts::tables, &|bytes, _| parts::parts(bytes)];
    let mattering = contents.read_parts(id, &steps)?;
    let doubt = match strip(&mattering, how) {
        Ok(Slimmed { bytes, by_pages }) => return Ok(Payload { by_pages, ..Payload::of(bytes) }),
        Err(KeepReason::NothingToGain) => None,
        Err(reason) => Some(Doubt { rule: &ELF_UNMAPPED, why: reason.to_string() }),
    };
    drop(mattering);
    Ok(Payload { doubt, ..Payload::of(contents.read(id)?) })
}

fn strip(bytes: &[u8], how: Strip) -> Result<Slimmed, KeepReason> {
    let headers = if how.bare { SectionHeaders::Drop } else { SectionHeaders::Minimal };
    let pages = if how.small_pages { Pages::Of4KiB } else { Pages::AsLinked };
    strip::strip_for(bytes, headers, pages)
}

/// Overwrites kernels first, by the names that go with the symbols. Where there is a doubt about
/// what the file holds, all of it stays.
fn without_kernels(
    contents: &dyn Contents,
    id: FileId,
    how: Strip,
    cores: &[Cores],
) -> Result<Payload> {
    let mut bytes = contents.read(id)?;
    let choice =
        |cores: &Cores| Choice { since: cores.since, never: cores.never, given: cores.given };
    let choices: Vec<Choice<'_>> = cores.iter().map(choice).collect();
    let mut kernels = Kernels::default();
    let found = kernels::find(&bytes, &choices);
    let doubt = match &found {
        Ok(found) => {
            let code: Vec<u8> =
                found.ranges.iter().flat_map(|range| &bytes[range.clone()]).copied().collect();
            let packed = Deflater::new(Compression::Default).pack(&code).data.len();
            kernels = Kernels { bytes: code.len() as u64, zipped_bytes: packed as u64 };
            found.overwrite(&mut bytes);
            None
        }
        Err(Refusal::NotOne | Refusal::NothingToClear) => None,
        Err(refusal) => Some(Doubt { rule: &OTHER_KERNELS, why: refusal.to_string() }),
    };
    match strip(&bytes, how) {
        Ok(Slimmed { bytes, by_pages }) => Ok(Payload { bytes, doubt, by_pages, kernels }),
        Err(KeepReason::NothingToGain) => Ok(Payload { doubt, kernels, ..Payload::of(bytes) }),
        Err(reason) => {
            let doubt = Some(Doubt { rule: &ELF_UNMAPPED, why: reason.to_string() });
            Ok(Payload { doubt, ..Payload::of(contents.read(id)?) })
        }
    }
}
