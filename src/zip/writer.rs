//! Writes a zip that Lambda and its tools take, and the same bytes every time.
//!
//! Entries come in the order in which they are added, one local header and its data each, then the
//! central directory in the order of the names' bytes (every reader goes by it), then the end
//! records. There are no extra fields, no data descriptors and no comments; nothing but names,
//! modes, contents, the one timestamp and the order of adding gets into the bytes.
//! Section numbers are those of PKWARE's APPNOTE 6.3.10.

use std::io::{self, Read, Write};
use std::ops::Range;

use super::deflate::{Method, Packed};
use super::names::{self, NameProblem};

/// Version made by (4.4.2): Unix, 2.0. Lambda now and then refuses zips that say 4.5.
const MADE_BY: u16 = 0x0314;
/// Version needed to extract (4.4.3): 2.0, deflate and folders.
const NEEDED: u16 = 20;
/// Version needed to extract of the zip64 end record (4.4.3): 4.5.
const NEEDED_ZIP64: u16 = 45;
/// General purpose bit 11 (4.4.4): the name is UTF-8.
const UTF8: u16 = 0x0800;
/// The first value that a four-byte field cannot say: it marks zip64 (4.4.1.4).
const LIMIT: u64 = u32::MAX as u64;
/// Length of a central header up to its name (4.3.12).
const CENTRAL: usize = 46;
/// The most entries that an end record without zip64 can count.
const MAX_ENTRIES: u64 = u16::MAX as u64;

const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
/// The MS-DOS attribute of a folder, in the low byte of the external attributes.
const DOS_FOLDER: u32 = 0x10;

/// The date and time of every entry, in MS-DOS form (4.4.6): two-second steps, no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    date: u16,
    time: u16,
}

impl Timestamp {
    /// 1980-01-01 00:00:00, the first time that the format can say.
    const FIRST: u64 = 315_532_800;
    /// 2107-12-31 23:59:58, the last.
    const LAST: u64 = 4_354_819_198;

    /// The seconds since 1970 that the format can say of a `SOURCE_DATE_EPOCH`; without one, of its
    /// first time.
    #[must_use]
    pub fn seconds(epoch: Option<u64>) -> u64 {
        epoch.unwrap_or(Self::FIRST).clamp(Self::FIRST, Self::LAST) & !1
    }

    /// The time `seconds` after 1970-01-01 00:00:00 UTC, as in `SOURCE_DATE_EPOCH`; odd seconds
    /// go down by one, and times before 1980 or after 2107 become the nearest that can be said.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        let seconds = Self::seconds(Some(seconds));
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let date = (year - 1980) << 9 | month << 5 | day;
        let time = hour << 11 | minute << 5 | second >> 1;
        Self { date: low16(date), time: low16(time) }
    }
}

impl Default for Timestamp {
    /// 1980-01-01 00:00:00.
    fn default() -> Self {
        Self::from_unix(Self::FIRST)
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are
/// counted from March, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468; // from 0000-03-01
    const DAYS_IN_ERA: u64 = 146_097; // 400 years
    let days = days + DAYS_TO_1970;
    let of_era = days % DAYS_IN_ERA;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = days / DAYS_IN_ERA * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// What the headers say about one file.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The path in the zip, components joined by `/`.
    pub name: &'a str,
    /// Permission bits; 0o644, or 0o755 for what can be run.
    pub mode: u32,
    /// How the data is encoded.
    pub method: Method,
    /// CRC-32 of the raw bytes.
    pub crc32: u32,
    /// Length of the raw bytes.
    pub raw_size: u64,
    /// Length of the encoded bytes, as they lie in the zip.
    pub packed_size: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Entries, folders included.
    pub entries: u64,
    /// Length of the zip in bytes.
    pub bytes: u64,
    /// Whether there were too many entries for the plain end record, so that a zip64 one was
    /// written; some old tools cannot read it.
    pub zip64: bool,
}

/// Why a zip cannot be written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message is the documentation")]
pub enum WriteError {
    #[error("cannot write the zip: {0}")]
    Io(#[from] io::Error),
    #[error("`{name}` cannot be the name of an entry: {problem}")]
    Name { name: String, problem: NameProblem },
    #[error("there are two entries of the name `{name}`")]
    Twice { name: String },
    #[error("`{name}` has {bytes} bytes; a zip for Lambda holds files below 4 GiB")]
    FileSize { name: String, bytes: u64 },
    #[error("with `{name}` the zip would grow over 4 GiB")]
    ZipSize { name: String },
    #[error("`{name}` is stored, but {packed} bytes are to become {raw}")]
    StoredSize { name: String, packed: u64, raw: u64 },
    #[error("the data of `{name}` ended after {found} of {expected} bytes")]
    Short { name: String, expected: u64, found: u64 },
    #[error("the zip is incomplete, as an entry before failed")]
    Broken,
}

/// Writes one zip to `out`, strictly forward. Many small writes reach `out`: give it a
/// [`io::BufWriter`] where each is a system call.
///
/// The central directory (46 bytes and the name per entry) is held in memory until the end.
pub struct Writer<W: Write> {
    out: W,
    stamp: Timestamp,
    central: Vec<u8>,
    /// Where in `central` each header lies.
    headers: Vec<Range<usize>>,
    offset: u64,
    broken: bool,
}

/// An entry that passed the checks.
struct Entry<'a> {
    name: &'a str,
    method: Method,
    crc32: u32,
    raw_size: u32,
    packed_size: u32,
    attributes: u32,
}

impl<W: Write> Writer<W> {
    /// A writer whose entries all carry `stamp`.
    pub fn new(out: W, stamp: Timestamp) -> Self {
        Self { out, stamp, central: Vec::new(), headers: Vec::new(), offset: 0, broken: false }
    }

    /// Adds a file whose encoded bytes come from `data`: exactly `header.packed_size` of them are
    /// taken, neither the CRC nor the encoding is looked at.
    ///
    /// # Errors
    /// A bad name, a size that the format without zip64 cannot say: nothing was written, the
    /// writer can go on. Data that is too short or a failed write: the zip is spoilt, every
    /// later call answers [`WriteError::Broken`].
    pub fn file(&mut self, header: &Header<'_>, data: &mut dyn Read) -> Result<(), WriteError> {
        let entry = self.admit_file(header)?;
        self.spoiling(|writer| {
            writer.begin(&entry)?;
            let found = io::copy(&mut data.take(header.packed_size), &mut writer.out)?;
            writer.offset += found;
            if found == header.packed_size {
                return Ok(());
            }
            Err(WriteError::Short { name: shown(header.name), expected: header.packed_size, found })
        })
    }

    /// Adds a file that lies packed in memory.
    ///
    /// # Errors
    /// As [`Writer::file`].
    pub fn packed(&mut self, name: &str, mode: u32, packed: &Packed<'_>) -> Result<(), WriteError> {
        let header = Header {
            name,
            mode,
            method: packed.method,
            crc32: packed.crc32,
            raw_size: packed.raw_size,
            packed_size: packed.data.len() as u64,
        };
        let entry = self.admit_file(&header)?;
        self.spoiling(|writer| {
            writer.begin(&entry)?;
            writer.put(&packed.data)
        })
    }

    /// Adds an empty folder, mode 0755, with or without a `/` at the end of `name`. Folders with
    /// something in them need no entry.
    ///
    /// # Errors
    /// As [`Writer::file`].
    pub fn directory(&mut self, name: &str) -> Result<(), WriteError> {
        let plain = name.strip_suffix('/').unwrap_or(name);
        let name = format!("{plain}/");
        self.admit(&name, plain, 0)?;
        let entry = Entry {
            name: &name,
            method: Method::Stored,
            crc32: 0,
            raw_size: 0,
            packed_size: 0,
            attributes: (FOLDER | 0o755) << 16 | DOS_FOLDER,
        };
        self.spoiling(|writer| writer.begin(&entry))
    }

    /// Writes the central directory and the end records, flushes, and gives back the output.
    ///
    /// # Errors
    /// Two entries of one name (a folder counts with its trailing `/`), a failed write, or
    /// [`WriteError::Broken`].
    pub fn finish(mut self) -> Result<(W, Summary), WriteError> {
        if self.broken {
            return Err(WriteError::Broken);
        }
        let start = self.offset;
        let central = std::mem::take(&mut self.central);
        let name = |header: &Range<usize>| &central[header.start + CENTRAL..header.end];
        let mut headers = std::mem::take(&mut self.headers);
        headers.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        if let Some(twice) = headers.windows(2).find(|pair| name(&pair[0]) == name(&pair[1])) {
            return Err(WriteError::Twice { name: names::shown(name(&twice[0])) });
        }
        for header in &headers {
            self.put(&central[header.clone()])?;
        }
        let entries = headers.len() as u64;
        let zip64 = entries > MAX_ENTRIES;
        let end = end_records(entries, start, central.len() as u64, zip64);
        self.put(&end)?;
        self.out.flush()?;
        let summary = Summary { entries, bytes: self.offset, zip64 };
        Ok((self.out, summary))
    }

    /// Checks a file's header against the format and against what was written before.
    fn admit_file<'h>(&self, header: &Header<'h>) -> Result<Entry<'h>, WriteError> {
        let name = header.name;
        let small = |bytes: u64| match u32::try_from(bytes) {
            Ok(small) if bytes < LIMIT => Ok(small),
            _ => Err(WriteError::FileSize { name: shown(name), bytes }),
        };
        let (raw_size, packed_size) = (small(header.raw_size)?, small(header.packed_size)?);
        if header.method == Method::Stored && raw_size != packed_size {
            return Err(WriteError::StoredSize {
                name: shown(name),
                packed: header.packed_size,
                raw: header.raw_size,
            });
        }
        self.admit(name, name, header.packed_size)?;
        Ok(Entry {
            name,
            method: header.method,
            crc32: header.crc32,
            raw_size,
            packed_size,
            attributes: (REGULAR | header.mode & 0o777) << 16,
        })
    }

    /// Checks what folders and files have in common; `plain` is the name without a folder's `/`.
    fn admit(&self, name: &str, plain: &str, packed_size: u64) -> Result<(), WriteError> {
        if self.broken {
            return Err(WriteError::Broken);
        }
        let bad = |problem| WriteError::Name { name: shown(name), problem };
        names::check(plain).map_err(bad)?;
        if name.len() > names::MAX_NAME {
            return Err(bad(NameProblem::TooLong));
        }
        let length = name.len() as u64;
        let end = self.offset + 30 + length + packed_size;
        if end >= LIMIT || self.central.len() as u64 + 46 + length >= LIMIT {
            return Err(WriteError::ZipSize { name: shown(name) });
        }
        Ok(())
    }

    /// Runs `step`, and remembers if it failed.
    fn spoiling(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let done = step(self);
        self.broken = done.is_err();
        done
    }

    /// Writes the local file header (4.3.7) and notes the central one (4.3.12).
    fn begin(&mut self, entry: &Entry<'_>) -> Result<(), WriteError> {
        let offset = low32(self.offset);
        let shared = self.shared_fields(entry);

        let mut local = Vec::with_capacity(30 + entry.name.len());
        local.extend(b"PK\x03\x04");
        local.extend(shared);
        local.extend(entry.name.as_bytes());
        self.put(&local)?;

        let central = &mut self.central;
        let start = central.len();
        central.extend(b"PK\x01\x02");
        central.extend(MADE_BY.to_le_bytes());
        central.extend(shared);
        central.extend([0; 6]); // comment length, disk number, internal attributes
        central.extend(entry.attributes.to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(entry.name.as_bytes());
        self.headers.push(start..central.len());
        Ok(())
    }

    /// The 26 bytes that both headers have in common, from "version needed" to "extra length".
    fn shared_fields(&self, entry: &Entry<'_>) -> [u8; 26] {
        let flags = if entry.name.is_ascii() { 0 } else { UTF8 };
        let mut fields = [0; 26];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            fields[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&NEEDED.to_le_bytes());
        put(&flags.to_le_bytes());
        put(&entry.method.code().to_le_bytes());
        put(&self.stamp.time.to_le_bytes());
        put(&self.stamp.date.to_le_bytes());
        put(&entry.crc32.to_le_bytes());
        put(&entry.packed_size.to_le_bytes());
        put(&entry.raw_size.to_le_bytes());
        put(&low16(entry.name.len() as u64).to_le_bytes());
        fields // the extra length stays 0
    }

    /// Writes bytes and counts them.
    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.out.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// The end of central directory record (4.3.16), behind the zip64 one and its locator (4.3.14,
/// 4.3.15) where the entries are too many for it. Only the counts ever need zip64.
fn end_records(entries: u64, start: u64, size: u64, zip64: bool) -> Vec<u8> {
    let mut end = Vec::with_capacity(56 + 20 + 22);
    if zip64 {
        end.extend(b"PK\x06\x06");
        end.extend(44_u64.to_le_bytes()); // size of what follows
        end.extend(MADE_BY.to_le_bytes());
        end.extend(NEEDED_ZIP64.to_le_bytes());
        end.extend([0; 8]); // this disk, the directory's disk
        end.extend(entries.to_le_bytes()); // on this disk
        end.extend(entries.to_le_bytes());
        end.extend(size.to_le_bytes());
        end.extend(start.to_le_bytes());

        end.extend(b"PK\x06\x07");
        end.extend([0; 4]); // the disk of the zip64 end record
        end.extend((start + size).to_le_bytes());
        end.extend(1_u32.to_le_bytes()); // disks
    }
    let count = low16(entries.min(MAX_ENTRIES));
    end.extend(b"PK\x05\x06");
    end.extend([0; 4]); // this disk, the directory's disk
    end.extend(count.to_le_bytes()); // on this disk
    end.extend(count.to_le_bytes());
    end.extend(low32(size).to_le_bytes());
    end.extend(low32(start).to_le_bytes());
    end.extend([0; 2]); // comment length
    end
}

/// A name for a message.
fn shown(name: &str) -> String {
    names::shown(name.as_bytes())
}

/// A value that a check before has kept below 2^16.
fn low16(value: u64) -> u16 {
    u16::try_from(value).expect("checked to fit two bytes")
}

/// A value that a check before has kept below 2^32.
fn low32(value: u64) -> u32 {
    u32::try_from(value).expect("checked to fit four bytes")
}
