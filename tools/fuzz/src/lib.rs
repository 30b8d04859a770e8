//! What must hold of the engines whatever they are given: an oracle for each fuzz target.
//!
//! Each module has one `holds`, which panics where it does not. libFuzzer feeds it in `fuzz_targets/`, and
//! `tests/regressions.rs` feeds it what was found once.

#![forbid(unsafe_code)]

pub mod bytecode;
pub mod config;
pub mod elf;
pub mod gzip;
pub mod inflated;
pub mod json;
pub mod kernels;
pub mod metadata;
pub mod outline;
pub mod package;
pub mod prose;
pub mod report;
pub mod zip_read;
pub mod zip_write;

use std::io::Write;

use tempfile::NamedTempFile;

/// Lets panics pass that slim expects and catches: those of ruff's parser. All others end the process, so
/// that libFuzzer sees them even where something would catch them.
pub fn ready() {
    let ends = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let file = info.location().map_or("", |location| location.file());
        if !file.contains("ruff_python") {
            ends(info);
        }
    }));
}

/// A file of these bytes, for what reads by path.
///
/// # Panics
/// Where it cannot be written.
pub fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file that can be written");
    file
}

/// Takes the input apart, so that each piece is used for something else.
pub struct Pieces<'b>(pub &'b [u8]);

impl<'b> Pieces<'b> {
    /// The next byte; 0 where there is none.
    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// The next bytes, fewer at the end.
    pub fn bytes(&mut self, length: usize) -> &'b [u8] {
        let (piece, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        piece
    }

    /// As many bytes as the next byte tells.
    pub fn counted(&mut self) -> &'b [u8] {
        let length = self.byte();
        self.bytes(usize::from(length))
    }
}
