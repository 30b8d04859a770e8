//! The Python engine: what the files of a Python installation say, read from bytes and strings.
//!
//! Every room takes bytes or names and answers with plain values; none touches the disk, and none
//! knows slim's own types. Nothing here fails on a file that Python's own tools would read:
//! what is sloppy is read as far as it goes, what is hostile is bounded.

pub mod bytecode;
pub mod dist;
pub mod licenses;
pub mod marker;
pub mod metadata;
pub mod outline;
pub mod prose;
pub mod record;
pub mod requirement;
pub mod scripts;
pub mod source;
pub mod tags;
mod text;

#[cfg(test)]
mod oracle;
