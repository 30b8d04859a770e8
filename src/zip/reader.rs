//! Reads a package zip that nobody vouches for: every name, size and link is checked when it is
//! opened, every byte when it is read.
//!
//! The `zip` crate parses the headers; the rules on what a package may hold are ours.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use ::zip::read::{ZipArchiveMetadata, ZipFileEntry};
use ::zip::result::ZipError;
use ::zip::{CompressionMethod, HasZipMetadata, System, ZipArchive};

use super::deflate::{self, InflateError};
use super::names::{self, NameProblem};

/// The most bytes that the entries of one package may claim to unpack to.
pub const MAX_TOTAL: u64 = 4 << 30;
/// Bytes of a stored entry that are copied at once.
const PIECE: usize = 1 << 18;
/// The longest text of a symbolic link, in bytes (Linux's `PATH_MAX`).
pub const MAX_LINK: u64 = 4096;
/// More than this many bytes out of one deflated byte cannot be: the format ends at 1032.
const MAX_RATIO: u64 = 1100;

/// General purpose bits (APPNOTE 4.4.4): encrypted, strongly encrypted, masked directory.
const ENCRYPTED: u16 = 1 << 0 | 1 << 6 | 1 << 13;
/// General purpose bit 11: the name is UTF-8.
const UTF8: u16 = 1 << 11;

const TYPE_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Why a zip, or an entry of it, cannot be read. The message names the entry; the caller says
/// which zip.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message is the documentation")]
pub enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is not a regular file")]
    NotRegular,
    #[error("it is not a sound zip: {0}")]
    Archive(String),
    #[error("it holds {found} entries, but its end record speaks of {listed}")]
    Count { found: u64, listed: u64 },
    #[error("bad name of entry `{entry}`: {problem}")]
    Name { entry: String, problem: NameProblem },
    #[error("two entries are called `{0}`")]
    Duplicate(String),
    #[error("`{folder}` is no folder, yet entry `{inside}` lies in it")]
    NoFolder { folder: String, inside: String },
    #[error("entry `{0}` is encrypted; make the zip again without a password")]
    Encrypted(String),
    #[error(
        "entry `{entry}` is compressed by a method other than deflate ({method}); \
         make the zip again with `python -m zipfile -c`"
    )]
    Method { entry: String, method: String },
    #[error("entry `{second}` overlaps `{first}`")]
    Overlap { first: String, second: String },
    #[error("entry `{0}` reaches into the central directory")]
    Overrun(String),
    #[error("entry `{entry}` claims to unpack from {packed} to {claimed} bytes, which cannot be")]
    Ratio { entry: String, packed: u64, claimed: u64 },
    #[error("its entries claim {claimed} bytes; at most {MAX_TOTAL} are read")]
    Total { claimed: u64 },
    #[error("entry `{entry}` is neither a file, a folder nor a symbolic link (mode {mode:o})")]
    Special { entry: String, mode: u32 },
    #[error("entry `{0}` is a folder, but holds data")]
    FolderData(String),
    #[error(
        "the symbolic link `{0}` has a text of more than {MAX_LINK} bytes, or one that is no UTF-8"
    )]
    LinkText(String),
    #[error("the symbolic link `{entry}` -> `{target}` leaves the package")]
    LinkLeaves { entry: String, target: String },
    #[error("entry `{entry}` unpacks to {found} bytes, not to the {claimed} it claims")]
    Size { entry: String, claimed: u64, found: u64 },
    #[error("entry `{entry}` is damaged: {problem}")]
    Inflate { entry: String, problem: InflateError },
    #[error("entry `{0}` is damaged: its CRC-32 is not the one in its header")]
    Checksum(String),
    #[error("the local header of entry `{entry}` is damaged: {problem}")]
    LocalHeader { entry: String, problem: String },
    #[error("there is no entry number {0}")]
    Index(usize),
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder, with or without something in it.
    Directory,
    /// A symbolic link that leads to within the package.
    Symlink {
        /// The link's text; [`names::resolve_link`] gives the path that it means.
        target: String,
    },
}

/// One entry of a package zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The path in the package: components joined by `/`, none of them empty, `.` or `..`, no
    /// `/` at the end.
    pub name: String,
    /// What lies there.
    pub kind: Kind,
    /// Permission bits (`0o7777`), where the zip has Unix modes.
    pub mode: Option<u32>,
    /// Length of the contents in bytes; [`Reader::read`] gives exactly as many.
    pub raw_size: u64,
    /// Length of the contents as they lie in the zip.
    pub packed_size: u64,
}

/// An open package zip. All threads may read from one reader at once.
#[derive(Debug)]
pub struct Reader {
    file: File,
    length: u64,
    archive: Arc<ZipArchiveMetadata>,
    members: Vec<Member>,
    /// The place in `archive` of each member.
    places: Vec<usize>,
}

impl Reader {
    /// Opens a zip, and reads and checks all that is known about its entries; symbolic links
    /// are read too, no other contents.
    ///
    /// # Errors
    /// A file that cannot be read or is no zip, and everything that a package has no reason to
    /// hold or that no two tools would unpack alike; see [`ReadError`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        // Asked by path, as opening a FIFO would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(ReadError::NotRegular);
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let cursor = Cursor { file: &file, length, at: 0 };
        let archive = ZipArchive::new(BufReader::new(cursor)).map_err(archive_error)?;
        let start = archive.central_directory_start();
        let archive = archive.metadata();
        let mut reader = Self { file, length, archive, members: Vec::new(), places: Vec::new() };
        reader.check_directory(start)?;
        reader.check_layout(start)?;
        reader.list()?;
        reader.check_tree()?;
        Ok(reader)
    }

    /// The entries, sorted by the bytes of their names. A folder need not have an entry. The
    /// zip's root never has one.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The whole contents of `members()[index]`, its length and CRC checked: the bytes of a
    /// file, the text of a link, nothing for a folder. Memory grows with what really comes out.
    ///
    /// # Errors
    /// Damaged data, or data of another length than claimed.
    pub fn read(&self, index: usize) -> Result<Vec<u8>, ReadError> {
        let place = *self.places.get(index).ok_or(ReadError::Index(index))?;
        self.contents(place)
    }

    /// Writes what [`Reader::read`] gives to `out`; what is stored goes there piece by piece.
    ///
    /// # Errors
    /// As [`Reader::read`], and when it cannot be written.
    pub fn copy(&self, index: usize, out: &mut impl Write) -> Result<(), ReadError> {
        let place = *self.places.get(index).ok_or(ReadError::Index(index))?;
        let entry = self.entry(place)?;
        if entry.compression() == CompressionMethod::Deflated {
            return Ok(out.write_all(&self.contents(place)?)?);
        }
        let mut from = self.cursor(self.data_start(&entry)?).take(entry.compressed_size());
        let (mut piece, mut crc32) = (vec![0; PIECE], crc32fast::Hasher::new());
        loop {
            let read = from.read(&mut piece)?;
            if read == 0 {
                break;
            }
            crc32.update(&piece[..read]);
            out.write_all(&piece[..read])?;
        }
        match crc32.finalize() == entry.crc32() {
            true => Ok(()),
            false => Err(ReadError::Checksum(shown(&entry))),
        }
    }

    /// Walks the headers of the central directory, to see what the `zip` crate does not tell:
    /// names that come twice, and entries that the end record does not count (some writers let
    /// its two-byte count wrap).
    fn check_directory(&self, start: u64) -> Result<(), ReadError> {
        let mut from = BufReader::with_capacity(64 * 1024, self.cursor(start));
        let mut seen = std::collections::HashSet::new();
        let mut found = 0_u64;
        while let Some(name) = next_name(&mut from)? {
            found += 1;
            if let Some(name) = seen.replace(name) {
                return Err(ReadError::Duplicate(names::shown(&name)));
            }
        }
        let listed = self.archive.len() as u64;
        if found == listed && !self.archive.has_duplicate_names() {
            return Ok(());
        }
        Err(ReadError::Count { found, listed })
    }

    /// Checks that each entry's header and data lie before the central directory, and that none
    /// reaches into the next.
    fn check_layout(&self, start: u64) -> Result<(), ReadError> {
        let mut cursor = self.cursor(0);
        let mut extents = Vec::with_capacity(self.archive.len());
        for place in 0..self.archive.len() {
            let entry = self.entry(place)?;
            let data = entry.get_metadata().data_start(&mut cursor);
            let data = data.map_err(|error| damaged(&entry, &error))?;
            let end = data.saturating_add(entry.compressed_size());
            extents.push((entry.header_start(), end, place));
        }
        extents.sort_unstable();
        for pair in extents.windows(2) {
            if let [(_, end, first), (next, _, second)] = *pair
                && end > next
            {
                let (first, second) = (shown(&self.entry(first)?), shown(&self.entry(second)?));
                return Err(ReadError::Overlap { first, second });
            }
        }
        match extents.last() {
            Some(&(_, end, last)) if end > start => {
                Err(ReadError::Overrun(shown(&self.entry(last)?)))
            }
            _ => Ok(()),
        }
    }

    /// Fills `members` and `places`, sorted by name.
    fn list(&mut self) -> Result<(), ReadError> {
        let mut total = 0_u64;
        let mut listed = Vec::with_capacity(self.archive.len());
        for place in 0..self.archive.len() {
            let entry = self.entry(place)?;
            check_data(&entry)?;
            total = total.saturating_add(entry.size());
            if total > MAX_TOTAL {
                return Err(ReadError::Total { claimed: total });
            }
            if let Some(member) = self.member(place, &entry)? {
                listed.push((member, place));
            }
        }
        listed.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        (self.members, self.places) = listed.into_iter().unzip();
        Ok(())
    }

    /// Reads what an entry is; None for the root itself (`./`).
    fn member(&self, place: usize, entry: &ZipFileEntry<'_>) -> Result<Option<Member>, ReadError> {
        let raw = entry.name_raw();
        // The `zip` crate sets the mark too where an Info-ZIP Unicode path (4.6.9) gave the name.
        // Info-ZIP's `zip -r` on Linux sets none, and writes the bytes of the file's name.
        let utf8 = entry.flags().as_u16() & UTF8 != 0 || made_on_unix(entry);
        let plain = names::read(raw, utf8)
            .map_err(|problem| ReadError::Name { entry: names::shown(raw), problem })?;
        let mode = unix_mode(entry);
        let kind = match mode.map_or(0, |mode| mode & TYPE_BITS) {
            _ if plain.folder => Kind::Directory,
            0 | REGULAR => Kind::File,
            FOLDER => Kind::Directory,
            LINK => Kind::Symlink { target: self.link_target(place, entry, &plain.path)? },
            mode => return Err(ReadError::Special { entry: shown(entry), mode }),
        };
        if kind == Kind::Directory && entry.size() > 0 {
            return Err(ReadError::FolderData(shown(entry)));
        }
        if plain.path.is_empty() && kind == Kind::Directory {
            return Ok(None);
        }
        Ok(Some(Member {
            name: plain.path,
            kind,
            mode: mode.map(|mode| mode & 0o7777),
            raw_size: entry.size(),
            packed_size: entry.compressed_size(),
        }))
    }

    /// Reads the text of the link at `link`, and checks that it leads to within the package.
    fn link_target(
        &self,
        place: usize,
        entry: &ZipFileEntry<'_>,
        link: &str,
    ) -> Result<String, ReadError> {
        if entry.size() > MAX_LINK {
            return Err(ReadError::LinkText(shown(entry)));
        }
        let target = String::from_utf8(self.contents(place)?)
            .map_err(|_| ReadError::LinkText(shown(entry)))?;
        if names::resolve_link(link, &target).is_some() {
            return Ok(target);
        }
        Err(ReadError::LinkLeaves { entry: shown(entry), target: names::shown(target.as_bytes()) })
    }

    /// Checks that no path comes twice (`a` and `a/` are one path), and that only folders have
    /// something in them. In tree order both show between neighbours.
    fn check_tree(&self) -> Result<(), ReadError> {
        let mut tree: Vec<&Member> = self.members.iter().collect();
        tree.sort_unstable_by(|a, b| names::tree_order(&a.name, &b.name));
        for pair in tree.windows(2) {
            let [a, b] = pair else { continue };
            if a.name == b.name {
                return Err(ReadError::Duplicate(names::shown(a.name.as_bytes())));
            }
            let inside = b.name.strip_prefix(&a.name).is_some_and(|rest| rest.starts_with('/'));
            if inside && a.kind != Kind::Directory {
                return Err(ReadError::NoFolder {
                    folder: names::shown(a.name.as_bytes()),
                    inside: names::shown(b.name.as_bytes()),
                });
            }
        }
        Ok(())
    }

    /// Unpacks the entry at `place` of the archive, which has passed `check_layout`.
    fn contents(&self, place: usize) -> Result<Vec<u8>, ReadError> {
        let entry = self.entry(place)?;
        let packed = self.packed(&entry)?;
        let (claimed, name) = (entry.size(), || shown(&entry));
        let contents = if entry.compression() == CompressionMethod::Deflated {
            deflate::inflate(&packed, claimed)
                .map_err(|problem| ReadError::Inflate { entry: name(), problem })?
        } else {
            packed
        };
        let found = contents.len() as u64;
        if found != claimed {
            return Err(ReadError::Size { entry: name(), claimed, found });
        }
        if crc32fast::hash(&contents) != entry.crc32() {
            return Err(ReadError::Checksum(name()));
        }
        Ok(contents)
    }

    /// The bytes of an entry as they lie in the zip. No more than the file has, as `check_layout`
    /// has found them to end before the central directory.
    fn packed(&self, entry: &ZipFileEntry<'_>) -> Result<Vec<u8>, ReadError> {
        let start = self.data_start(entry)?;
        let length = usize::try_from(entry.compressed_size()).map_err(io::Error::other)?;
        let mut packed = vec![0; length];
        self.file.read_exact_at(&mut packed, start)?;
        Ok(packed)
    }

    /// Where the data of an entry begins.
    fn data_start(&self, entry: &ZipFileEntry<'_>) -> Result<u64, ReadError> {
        let start = entry.get_metadata().data_start(&mut self.cursor(0));
        start.map_err(|error| damaged(entry, &error))
    }

    /// The central header at `place` of the archive.
    fn entry(&self, place: usize) -> Result<ZipFileEntry<'_>, ReadError> {
        self.archive.entry(place).map_err(archive_error)
    }

    /// A place of its own in the file.
    fn cursor(&self, at: u64) -> Cursor<'_> {
        Cursor { file: &self.file, length: self.length, at }
    }
}

/// Checks what the central header says about an entry's data: that we can unpack it, and that
/// its sizes can be true.
fn check_data(entry: &ZipFileEntry<'_>) -> Result<(), ReadError> {
    if entry.flags().as_u16() & ENCRYPTED != 0 {
        return Err(ReadError::Encrypted(shown(entry)));
    }
    let (packed, claimed) = (entry.compressed_size(), entry.size());
    let possible = match entry.compression() {
        CompressionMethod::Stored => packed == claimed,
        CompressionMethod::Deflated => claimed <= packed.saturating_mul(MAX_RATIO),
        other => {
            return Err(ReadError::Method { entry: shown(entry), method: other.to_string() });
        }
    };
    if possible {
        return Ok(());
    }
    Err(ReadError::Ratio { entry: shown(entry), packed, claimed })
}

/// The Unix mode of an entry (APPNOTE 4.4.15), type bits included; None where the tool that made
/// the zip was not on Unix, or left it out.
fn unix_mode(entry: &ZipFileEntry<'_>) -> Option<u32> {
    Some(entry.external_attributes() >> 16).filter(|mode| made_on_unix(entry) && *mode != 0)
}

/// Whether modes and names of an entry are those of a Unix file (APPNOTE 4.4.2.2).
fn made_on_unix(entry: &ZipFileEntry<'_>) -> bool {
    matches!(entry.system(), System::Unix | System::OsDarwin)
}

/// Reads a central file header (APPNOTE 4.3.12) up to the next, and gives its name as it is
/// written; None where something else, or nothing, follows.
fn next_name(from: &mut impl Read) -> Result<Option<Vec<u8>>, ReadError> {
    let mut fixed = Vec::with_capacity(46);
    from.take(46).read_to_end(&mut fixed)?;
    let Ok(fixed) = <[u8; 46]>::try_from(fixed) else {
        return Ok(None);
    };
    if !fixed.starts_with(b"PK\x01\x02") {
        return Ok(None);
    }
    let length = |at: usize| u64::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
    let mut name = Vec::new();
    from.take(length(28)).read_to_end(&mut name)?;
    io::copy(&mut from.take(length(30) + length(32)), &mut io::sink())?; // extra, comment
    Ok(Some(name))
}

/// An entry's name for a message.
fn shown(entry: &ZipFileEntry<'_>) -> String {
    names::shown(entry.name_raw())
}

/// What the `zip` crate says about the zip as a whole.
fn archive_error(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => ReadError::Io(error),
        ZipError::InvalidArchive(text) => ReadError::Archive(text.into_owned()),
        other => ReadError::Archive(other.to_string()),
    }
}

/// What the `zip` crate says about one entry.
fn damaged(entry: &ZipFileEntry<'_>, error: &ZipError) -> ReadError {
    ReadError::LocalHeader { entry: shown(entry), problem: error.to_string() }
}

/// A place in a file that others read too: it never moves the file's own.
struct Cursor<'a> {
    file: &'a File,
    length: u64,
    at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        // Linux takes offsets up to i64::MAX.
        self.at = at
            .filter(|at| i64::try_from(*at).is_ok())
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
