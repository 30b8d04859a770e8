//! Holds the zip engine against the `zip` crate, Python's zipfile and Info-ZIP's unzip.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deflate;
mod headers;
mod hostile;
mod names;
mod raw;
mod roundtrip;

use std::path::Path;
use std::process::Command;

use super::deflate::{Compression, Deflater};
use super::reader::{ReadError, Reader};
use super::writer::{Timestamp, Writer};

/// What one entry is to be, in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    File { mode: u32, contents: Vec<u8> },
    Folder,
}

/// A file with mode 0644.
fn file(contents: &[u8]) -> Item {
    Item::File { mode: 0o644, contents: contents.to_vec() }
}

/// A zip of these entries by our writer.
fn written(items: &[(&str, Item)]) -> Vec<u8> {
    let mut deflater = Deflater::new(Compression::Default);
    let mut writer = Writer::new(Vec::new(), Timestamp::default());
    for (name, item) in items {
        match item {
            Item::File { mode, contents } => {
                writer.packed(name, *mode, &deflater.pack(contents)).unwrap()
            }
            Item::Folder => writer.directory(name).unwrap(),
        }
    }
    let (bytes, summary) = writer.finish().unwrap();
    assert_eq!(summary.bytes, bytes.len() as u64);
    assert_eq!(summary.entries, items.len() as u64);
    bytes
}

/// Opens these bytes with our reader.
fn open(bytes: &[u8]) -> Result<Reader, ReadError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Reader::open(file.path()) // the open file outlives its name
}

/// Runs a Python script with one argument and gives what it prints.
fn python(script: &str, argument: &Path) -> String {
    let output = Command::new("python3").arg("-c").arg(script).arg(argument).output();
    let output = output.expect("python3 is on the PATH");
    assert!(output.status.success(), "python3: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Has `unzip -t` test a zip.
fn unzip_accepts(path: &Path) {
    let output =
        Command::new("unzip").arg("-tqq").arg(path).output().expect("unzip is on the PATH");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "unzip -t {}: {said}", path.display());
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
