//! Tells Python what slim makes of files, for `python.py`: `tell imports` of the sources whose paths stand on
//! stdin, a line of JSON each; `tell zips FOLDER` of zips that it writes there, one of each file named there.

#![forbid(unsafe_code)]

use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use fuzz::zip_write;
use lambda_slim::python::outline::{self, Platform};
use serde_json::{Value, json};

const PLATFORM: Platform = Platform { python: (3, 12) };

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (number, path) in std::io::stdin().lock().lines().enumerate() {
        let path = PathBuf::from(path?);
        let told = match &arguments[..] {
            [what] if what == "imports" => imports(&std::fs::read(&path)?),
            [what, folder] if what == "zips" => zip(&path, Path::new(folder), number)?,
            _ => panic!("usage: tell imports | tell zips FOLDER"),
        };
        writeln!(out, "{told}")?;
    }
    out.flush()
}

/// Line, level, module and names of each import; null where the source cannot be read.
fn imports(bytes: &[u8]) -> Value {
    let Ok(text) = outline::text(bytes) else { return Value::Null };
    let Ok(outline) = outline::read(&text, PLATFORM, &|_| false) else { return Value::Null };
    let told = outline.imports.iter().map(|import| {
        json!([outline::line(&text, import.at), import.level, import.module, import.names])
    });
    told.collect()
}

/// The zip's path, and name, mode and CRC-32 of each entry; null where the file makes none.
fn zip(path: &Path, folder: &Path, number: usize) -> std::io::Result<Value> {
    let Some((zip, written)) = zip_write::write(&std::fs::read(path)?) else {
        return Ok(Value::Null);
    };
    let path = folder.join(format!("{number}.zip"));
    std::fs::write(&path, zip)?;
    let entry = |(name, file): (String, Option<(u32, Vec<u8>)>)| match file {
        Some((mode, content)) => json!([name, mode, content.len(), crc(&content)]),
        None => json!([name, 0o755, 0, 0]),
    };
    Ok(json!([path, written.into_iter().map(entry).collect::<Vec<_>>()]))
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}
