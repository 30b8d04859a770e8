//! Bytecode: headers, and the one form of marshalled objects.

use lambda_slim::python::bytecode::marshal::canonical;
use lambda_slim::python::bytecode::{header, pycache_name};

/// Whatever the bytes, nothing panics; what is no stream stays, and twice is once.
pub fn holds(bytes: &[u8]) {
    let _ = header(bytes);
    if let Some((stem, tag)) = std::str::from_utf8(bytes).ok().and_then(pycache_name) {
        assert!(!stem.is_empty() && !tag.is_empty());
    }
    for body in [bytes, bytes.get(16..).unwrap_or_default()] {
        for minor in [8, 10, 11, 12, 14] {
            let mut once = body.to_vec();
            if canonical(&mut once, minor) {
                let mut twice = once.clone();
                assert!(canonical(&mut twice, minor), "its own form is none");
                assert_eq!(once, twice, "a second pass changes it");
            } else {
                assert_eq!(once, body, "what is no stream was changed");
            }
        }
    }
}
