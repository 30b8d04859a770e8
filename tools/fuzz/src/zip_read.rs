//! The zip reader: nothing panics, nothing takes more room than it may claim, and the `zip` crate agrees.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use lambda_slim::zip::names::resolve_link;
use lambda_slim::zip::reader::{Kind, MAX_TOTAL, Reader};
use zip::ZipArchive;

use crate::file_of;

/// Whatever the bytes: what is read is what was claimed, and what the `zip` crate reads.
pub fn holds(bytes: &[u8]) {
    let file = file_of(bytes);
    let Ok(reader) = Reader::open(file.path()) else { return };
    let members = reader.members();
    assert!(members.windows(2).all(|pair| pair[0].name < pair[1].name), "unsorted");
    assert!(members.iter().map(|member| member.raw_size).sum::<u64>() <= MAX_TOTAL);
    assert!(reader.read(members.len()).is_err());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("what slim reads is a zip");
    let mut names = BTreeSet::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).expect("an entry");
        let name = plain(entry.name_raw());
        // The root itself is no member.
        let Ok(place) = members.binary_search_by(|member| member.name.cmp(&name)) else {
            assert!(name.is_empty(), "{name:?} is not listed");
            continue;
        };
        drop(entry);
        same_contents(&mut archive, index, &reader, place);
        names.insert(name);
    }
    assert_eq!(names.len(), members.len(), "more is listed than there is");
    assert!(members.iter().all(|member| is_inside(&member.name, &member.kind)));
}

fn same_contents(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    reader: &Reader,
    place: usize,
) {
    let member = &reader.members()[place];
    let Ok(content) = reader.read(place) else { return };
    assert_eq!(content.len() as u64, member.raw_size, "not what was claimed");
    let Ok(mut entry) = archive.by_index(index) else { return };
    let mut theirs = Vec::new();
    if entry.read_to_end(&mut theirs).is_ok() {
        assert!(content == theirs, "the contents of {:?} differ", member.name);
        assert_eq!(entry.crc32(), crc(&content));
    }
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

/// The name as slim has it.
fn plain(raw: &[u8]) -> String {
    let name = std::str::from_utf8(raw).expect("a name that is text");
    let parts = name.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

/// Whether nothing leads out of the package.
fn is_inside(name: &str, kind: &Kind) -> bool {
    let parts_are_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let stays = match kind {
        Kind::Symlink { target } => resolve_link(name, target).is_some(),
        Kind::File | Kind::Directory => true,
    };
    parts_are_plain && stays && !name.contains(['\0', '\\'])
}
