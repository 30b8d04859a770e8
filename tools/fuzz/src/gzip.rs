//! gzip and deflate: what is packed unpacks, here and by flate2, and no claim takes more room than it is worth.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder};
use lambda_slim::zip::deflate::{Compression, Deflater, Method, inflate};
use lambda_slim::zip::gzip::{pack, unpack};

/// Whatever the bytes, nothing panics, and both readers agree.
pub fn holds(bytes: &[u8]) {
    if let Some(content) = unpack(bytes) {
        assert_eq!(read(GzDecoder::new(bytes)), Some(content), "flate2 unpacks something else");
    }
    for claimed in [0, bytes.len() as u64, 64 << 10] {
        if let Ok(content) = inflate(bytes, claimed) {
            assert!(content.len() as u64 <= claimed, "more than was claimed");
            // libdeflate takes codes that are not used up, flate2 does not.
            if let Some(theirs) = read(DeflateDecoder::new(bytes)) {
                assert_eq!(theirs, content, "flate2 inflates otherwise");
            }
        }
    }
    for compression in [Compression::Fast, Compression::Default, Compression::Max] {
        if let Some(file) = pack(bytes, compression) {
            assert_eq!(unpack(&file).as_deref(), Some(bytes));
            assert_eq!(read(GzDecoder::new(&file[..])).as_deref(), Some(bytes));
        }
        let mut deflater = Deflater::new(compression);
        let packed = deflater.pack(bytes);
        if packed.method == Method::Deflated {
            assert!(packed.data.len() < bytes.len(), "not smaller");
            assert_eq!(inflate(&packed.data, packed.raw_size).as_deref(), Ok(bytes));
        }
    }
}

fn read(mut from: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    from.read_to_end(&mut content).ok()?;
    Some(content)
}
