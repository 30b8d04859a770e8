//! Trees that look like packages, of any size, the same on every machine and day.
//!
//! What pip would have installed: distributions of a hundred files with METADATA, WHEEL and RECORD, each a package of
//! modules that import each other in a ring, some tests, and data; and `app.py` with a handler that uses all of them.
//! Sources are generated code with names of its own in every file. Data are words of a vocabulary, which deflate about
//! 3:1. There are no shared objects: nothing here makes one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use words::Words;

#[cfg(test)]
mod tests;
mod words;

/// How large a tree is to be.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    /// How many files.
    pub files: usize,
    /// About how many bytes.
    pub bytes: u64,
    /// How many times as large as a source a data file is.
    pub data_weight: u64,
}

/// Files of a distribution.
const EACH: usize = 100;
/// Of these: METADATA, WHEEL, RECORD, and `__init__.py`.
const FIXED: usize = 4;
/// One of so many others is data.
const DATA_EVERY: usize = 5;
/// One of so many others is a test.
const TEST_EVERY: usize = 8;

/// A distribution that is being made.
struct Distribution<'a> {
    tree: &'a Path,
    name: String,
    record: String,
    bytes: u64,
}

/// Makes `tree`, which must not be there, as large as `plot` says. Gives the bytes that it holds.
pub fn grow(tree: &Path, plot: Plot) -> Result<u64> {
    let distributions = (plot.files / EACH).max(1);
    let app = app(distributions);
    write(&tree.join("app.py"), app.as_bytes())?;
    let mut bytes = app.len() as u64;
    let mut left = plot.files - 1;
    for number in 0..distributions {
        let files = left / (distributions - number);
        left -= files;
        bytes += Distribution::new(tree, number).grow(files - FIXED, plot)?;
    }
    Ok(bytes)
}

/// The function, which uses every distribution.
fn app(distributions: usize) -> String {
    let lines = |form: fn(String) -> String| -> String {
        (0..distributions).map(|number| form(name_of(number))).collect()
    };
    let imports = lines(|name| format!("import {name}\n"));
    let calls = lines(|name| format!("    {name}.start(event)\n"));
    format!("{imports}\n\ndef lambda_handler(event, context):\n{calls}    return event\n")
}

fn name_of(distribution: usize) -> String {
    format!("grown_{distribution:04}")
}

fn module_of(place: usize) -> String {
    format!("module_{place:03}")
}

fn is_data(place: usize) -> bool {
    place.is_multiple_of(DATA_EVERY)
}

fn is_test(place: usize) -> bool {
    !is_data(place) && place % TEST_EVERY == 1
}

/// The bytes of a source, so that all files together have what `plot` says.
fn source_bytes(plot: Plot) -> u64 {
    let every = DATA_EVERY as u64;
    plot.bytes * every / (plot.files as u64 * (every - 1 + plot.data_weight))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, content))
        .with_context(|| format!("failed to write `{}`", path.display()))
}

impl<'a> Distribution<'a> {
    fn new(tree: &'a Path, number: usize) -> Self {
        Self { tree, name: name_of(number), record: String::new(), bytes: 0 }
    }

    /// Makes so many files beside the fixed ones. Gives the bytes that were written.
    fn grow(mut self, files: usize, plot: Plot) -> Result<u64> {
        let modules: Vec<usize> =
            (0..files).filter(|place| !is_data(*place) && !is_test(*place)).collect();
        self.add_package(&modules)?;
        let mut next = modules.iter().cycle().skip(1);
        for place in 0..files {
            let mut words = Words::new(&format!("{}/{place}", self.name));
            if is_data(place) {
                let data = words.data(source_bytes(plot) * plot.data_weight);
                self.add_inside(&format!("data/table_{place:03}.dat"), data.as_bytes())?;
                continue;
            }
            let (path, import) = if is_test(place) {
                (format!("tests/test_{place:03}.py"), String::new())
            } else {
                (format!("{}.py", module_of(place)), self.import(next.next().copied()))
            };
            let source = words.source(&import, source_bytes(plot));
            self.add_inside(&path, source.as_bytes())?;
        }
        self.add_metadata()?;
        Ok(self.bytes)
    }

    fn import(&self, module: Option<usize>) -> String {
        module.map_or(String::new(), |place| {
            format!("from {} import {}\n", self.name, module_of(place))
        })
    }

    /// `__init__.py`, which imports the first module only; the ring does the rest.
    fn add_package(&mut self, modules: &[usize]) -> Result<()> {
        let import = self.import(modules.first().copied());
        let source = format!("{import}\n\ndef start(event):\n    return event\n");
        self.add_inside("__init__.py", source.as_bytes())
    }

    fn add_metadata(&mut self) -> Result<()> {
        let folder = format!("{}-1.0.dist-info", self.name);
        let metadata = format!("Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n", self.name);
        self.add(&format!("{folder}/METADATA"), metadata.as_bytes())?;
        let wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        self.add(&format!("{folder}/WHEEL"), wheel.as_bytes())?;
        let record = format!("{}{folder}/RECORD,,\n", self.record);
        self.add(&format!("{folder}/RECORD"), record.as_bytes())
    }

    /// Adds a file of the package.
    fn add_inside(&mut self, path: &str, content: &[u8]) -> Result<()> {
        self.add(&format!("{}/{path}", self.name), content)
    }

    fn add(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        self.record += &format!("{path},sha256={hash},{}\n", content.len());
        self.bytes += content.len() as u64;
        write(&self.tree.join(path), content)
    }
}
