//! The sizes and contents of zips, by their central directories.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Add;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rawzip::{RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipFileHeaderRecord};

#[cfg(test)]
mod tests;

/// The size of some zips, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// The files inside.
    pub unzipped: u64,
    /// The zips themselves.
    pub zipped: u64,
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { unzipped: self.unzipped + other.unzipped, zipped: self.zipped + other.zipped }
    }
}

/// The `.zip` files directly in `folder`, by name. None at all is an error.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut zips = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("failed to read `{}`", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            zips.push(path);
        }
    }
    zips.sort();
    anyhow::ensure!(!zips.is_empty(), "no zip was written");
    Ok(zips)
}

/// The size of all zips directly in `folder` together.
pub fn size_of_folder(folder: &Path) -> Result<Size> {
    in_folder(folder)?.iter().try_fold(Size::default(), |sum, zip| Ok(sum + size(zip)?))
}

/// What is in the zips directly in `folder`, whoever packed it and how hard: a digest of the files' names, contents and
/// permissions.
pub fn contents_of_folder(folder: &Path) -> Result<u64> {
    let mut files = Vec::new();
    for zip in in_folder(folder)? {
        let part = zip.file_name().map(ToOwned::to_owned);
        walk(&zip, |entry| {
            if !entry.is_dir() {
                let name = entry.file_path().as_bytes().to_vec();
                files.push((part.clone(), name, entry.crc32(), entry.mode().permissions()));
            }
        })?;
    }
    files.sort();
    let mut digest = DefaultHasher::new();
    files.hash(&mut digest);
    Ok(digest.finish())
}

/// The size of one zip.
fn size(zip: &Path) -> Result<Size> {
    let zipped =
        zip.metadata().with_context(|| format!("failed to read `{}`", zip.display()))?.len();
    let mut unzipped = 0;
    walk(zip, |entry| unzipped += entry.uncompressed_size_hint())?;
    Ok(Size { unzipped, zipped })
}

/// Shows each entry of the central directory, which is streamed, so that this program stays small beside what it
/// measures.
fn walk(zip: &Path, mut see: impl FnMut(&ZipFileHeaderRecord)) -> Result<()> {
    let failed = || format!("failed to read `{}`", zip.display());
    let file = File::open(zip).with_context(failed)?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).with_context(failed)?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().with_context(failed)? {
        see(&entry);
    }
    Ok(())
}
