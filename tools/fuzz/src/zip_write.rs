//! The zip writer: what it writes is read back the same by the `zip` crate and by slim's own reader.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use lambda_slim::zip::deflate::{Compression, Deflater};
use lambda_slim::zip::reader::{Kind, ReadError, Reader};
use lambda_slim::zip::writer::{Timestamp, Writer};
use zip::ZipArchive;

use crate::{Pieces, file_of};

/// What was written: mode and contents of a file, nothing of a folder.
pub type Written = BTreeMap<String, Option<(u32, Vec<u8>)>>;

/// Entries made of these bytes: every name is refused, or read back with all that was said of it.
pub fn holds(bytes: &[u8]) {
    let Some((zip, written)) = write(bytes) else { return };
    theirs(&zip, &written);
    ours(&zip, &written);
}

/// The zip of the entries that these bytes make, and what was written; `None` where a name comes twice.
///
/// # Panics
/// Where the writer is wrong about that.
pub fn write(bytes: &[u8]) -> Option<(Vec<u8>, Written)> {
    let mut pieces = Pieces(bytes);
    let compression = [Compression::Fast, Compression::Default, Compression::Max];
    let mut deflater = Deflater::new(compression[usize::from(pieces.byte()) % 3]);
    let seconds =
        u64::from(u32::from_le_bytes([pieces.byte(), pieces.byte(), pieces.byte(), pieces.byte()]));
    let mut writer = Writer::new(Vec::new(), Timestamp::from_unix(seconds));
    let mut written = Written::new();
    let mut twice = false;
    while !pieces.0.is_empty() {
        let name = String::from_utf8_lossy(pieces.counted()).into_owned();
        let (kind, mode) = (pieces.byte(), u32::from(pieces.byte()) * 2);
        if kind % 4 == 0 {
            if writer.directory(&name).is_ok() {
                let plain = name.strip_suffix('/').unwrap_or(&name);
                twice |= written.insert(format!("{plain}/"), None).is_some();
            }
            continue;
        }
        let content = pieces.counted().repeat(usize::from(kind >> 4));
        if writer.packed(&name, mode, &deflater.pack(&content)).is_ok() {
            twice |= written.insert(name, Some((mode & 0o777, content))).is_some();
        }
    }
    let finished = writer.finish();
    assert_eq!(finished.is_err(), twice, "names that come twice");
    let (zip, summary) = finished.ok()?;
    assert_eq!((summary.bytes, summary.entries), (zip.len() as u64, written.len() as u64));
    Some((zip, written))
}

fn theirs(zip: &[u8], written: &Written) {
    let mut archive = ZipArchive::new(Cursor::new(zip)).expect("a zip to the zip crate");
    assert_eq!(archive.len(), written.len());
    for (index, (name, file)) in written.iter().enumerate() {
        let mut entry = archive.by_index(index).expect("an entry");
        assert_eq!(entry.name_raw(), name.as_bytes(), "names in order");
        // The crate takes a backslash for the end of a folder too.
        assert_eq!(entry.is_dir(), name.ends_with(['/', '\\']));
        let mut content = Vec::new();
        // Checks the CRC too.
        entry.read_to_end(&mut content).expect("contents");
        let mode = entry.unix_mode().map(|mode| mode & 0o7777);
        match file {
            Some((expected, bytes)) => assert_eq!((mode, &content), (Some(*expected), bytes)),
            None => assert_eq!((mode, content.is_empty()), (Some(0o755), true)),
        }
    }
}

fn ours(zip: &[u8], written: &Written) {
    let file = file_of(zip);
    let reader = match Reader::open(file.path()) {
        Ok(reader) => reader,
        // The writer is not asked whether a file lies in a file, or to look at backslashes.
        Err(ReadError::Duplicate(_) | ReadError::NoFolder { .. } | ReadError::Name { .. }) => {
            return;
        }
        Err(error) => panic!("a zip to slim: {error}"),
    };
    assert_eq!(reader.members().len(), written.len());
    for (index, member) in reader.members().iter().enumerate() {
        let is_folder = member.kind == Kind::Directory;
        let name = if is_folder { format!("{}/", member.name) } else { member.name.clone() };
        let content = reader.read(index).expect("contents");
        match &written[&name] {
            Some((mode, bytes)) => {
                assert_eq!((member.mode, &content), (Some(*mode), bytes));
                assert_eq!(member.raw_size, bytes.len() as u64);
            }
            None => assert!(is_folder && content.is_empty() && member.mode == Some(0o755)),
        }
    }
}
