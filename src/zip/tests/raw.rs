//! Zips made by hand, where every field can be a lie.

/// One entry, with each field as it will stand in the headers.
#[derive(Clone)]
pub(super) struct Raw {
    pub name: Vec<u8>,
    pub made_by: u16,
    pub flags: u16,
    pub method: u16,
    pub crc32: u32,
    pub raw_size: u32,
    pub packed_size: u32,
    pub mode: u32,
    pub extra: Vec<u8>,
    pub data: Vec<u8>,
    /// Takes the place of the true offset of the local header.
    pub offset: Option<u32>,
}

/// A true entry: stored, UTF-8, mode 0644.
pub(super) fn entry(name: impl AsRef<[u8]>, data: &[u8]) -> Raw {
    let size = u32::try_from(data.len()).unwrap();
    Raw {
        name: name.as_ref().to_vec(),
        made_by: 0x0314,
        flags: 0x0800,
        method: 0,
        crc32: crc32fast::hash(data),
        raw_size: size,
        packed_size: size,
        mode: 0o100_644,
        extra: Vec::new(),
        data: data.to_vec(),
        offset: None,
    }
}

/// A true symbolic link.
pub(super) fn link(name: &str, target: &str) -> Raw {
    Raw { mode: 0o120_777, ..entry(name, target.as_bytes()) }
}

/// A true deflated entry.
pub(super) fn deflated(name: &str, contents: &[u8]) -> Raw {
    let data = miniz_oxide::deflate::compress_to_vec(contents, 6);
    Raw {
        method: 8,
        crc32: crc32fast::hash(contents),
        raw_size: u32::try_from(contents.len()).unwrap(),
        ..entry(name, &data)
    }
}

impl Raw {
    /// The 26 bytes from "version needed" to "extra length".
    fn shared(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in [20, self.flags, self.method, 0, 33] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.crc32, self.packed_size, self.raw_size] {
            bytes.extend(field.to_le_bytes());
        }
        for length in [self.name.len(), self.extra.len()] {
            bytes.extend(u16::try_from(length).unwrap().to_le_bytes());
        }
        bytes
    }
}

/// The zip of these entries.
pub(super) fn zip(entries: &[Raw]) -> Vec<u8> {
    zip_counting(entries, entries.len())
}

/// The zip of these entries, with an end record that counts `count`.
pub(super) fn zip_counting(entries: &[Raw], count: usize) -> Vec<u8> {
    let (mut bytes, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(u32::try_from(bytes.len()).unwrap());
        let tail = [&entry.name[..], &entry.extra].concat();
        bytes.extend([&b"PK\x03\x04"[..], &entry.shared(), &tail, &entry.data].concat());
        central
            .extend([&b"PK\x01\x02"[..], &entry.made_by.to_le_bytes(), &entry.shared()].concat());
        central.extend([0; 6]);
        central.extend((entry.mode << 16).to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(tail);
    }
    let (start, size) = (bytes.len(), central.len());
    bytes.extend(central);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(count).unwrap().to_le_bytes();
    bytes.extend([count, count].concat());
    for field in [size, start] {
        bytes.extend(u32::try_from(field).unwrap().to_le_bytes());
    }
    bytes.extend([0, 0]);
    bytes
}
