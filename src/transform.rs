//! Turns kept files into the bytes that ship.
//!
//! A transformation that gains nothing, or is in any doubt, gives the original bytes.

use anyhow::Result;

use crate::elf::pages::Pages;
use crate::elf::parts;
use crate::elf::strip::{self, KeepReason, SectionHeaders, Slimmed};
use crate::json;
use crate::plan::Action;
use crate::python::{metadata, prose, scripts};
use crate::rules::{Change, JsonKey, Strip};
use crate::tree::{Contents, FileId, Step};
use crate::zip::deflate::Compression;
use crate::zip::gzip;

/// The bytes of one file that ships.
#[derive(Debug)]
pub struct Payload {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why the file stayed as it was although a change was planned, where that is a doubt.
    pub doubt: Option<String>,
    /// How many bytes of what went went because it is for pages of 4 KiB only.
    pub by_pages: u64,
}

impl Payload {
    /// Bytes about which there is nothing to tell.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, doubt: None, by_pages: 0 }
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
    let headers = if how.bare { SectionHeaders::Drop } else { SectionHeaders::Minimal };
    let pages = if how.small_pages { Pages::Of4KiB } else { Pages::AsLinked };
    let steps: [Step<'_>; 2] = [&parts::tables, &|bytes, _| parts::parts(bytes)];
    let mattering = contents.read_parts(id, &steps)?;
    let doubt = match strip::strip_for(&mattering, headers, pages) {
        Ok(Slimmed { bytes, by_pages }) => return Ok(Payload { bytes, doubt: None, by_pages }),
        Err(KeepReason::NothingToGain) => None,
        Err(reason) => Some(reason.to_string()),
    };
    drop(mattering);
    Ok(Payload { bytes: contents.read(id)?, doubt, by_pages: 0 })
}
