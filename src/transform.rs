//! Turns kept files into the bytes that ship.
//!
//! A transformation that gains nothing, or is in any doubt, gives the original bytes.

use crate::elf::strip::{self, KeepReason, SectionHeaders};
use crate::plan::Action;
use crate::python::{metadata, scripts};
use crate::rules::Change;

/// The bytes of one file that ships.
#[derive(Debug)]
pub struct Payload {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why the file stayed as it was although a change was planned, where that is a doubt.
    pub doubt: Option<String>,
}

/// Applies what was decided to the contents of a file.
pub fn apply(action: Action, bytes: Vec<u8>) -> Payload {
    match action {
        Action::Change(Change::StripElf) => stripped(bytes, SectionHeaders::Minimal),
        Action::Change(Change::StripElfBare) => stripped(bytes, SectionHeaders::Drop),
        Action::Change(Change::ReduceMetadata) => {
            Payload { bytes: metadata::reduce(&bytes), doubt: None }
        }
        Action::Change(Change::PortableShebang) => {
            let portable = scripts::portable_shebang(&bytes);
            Payload { bytes: portable.unwrap_or(bytes), doubt: None }
        }
        Action::Keep | Action::Drop | Action::Change(Change::Drop) => {
            Payload { bytes, doubt: None }
        }
    }
}

fn stripped(bytes: Vec<u8>, headers: SectionHeaders) -> Payload {
    match strip::strip(&bytes, headers) {
        Ok(smaller) => Payload { bytes: smaller, doubt: None },
        Err(KeepReason::NothingToGain) => Payload { bytes, doubt: None },
        Err(reason) => Payload { bytes, doubt: Some(reason.to_string()) },
    }
}
