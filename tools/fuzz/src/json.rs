//! JSON made smaller: the same value, and the same text but for white space between tokens.

use lambda_slim::json::minify;
use serde_json::Value;

/// Whatever the text, nothing panics, and what is smaller says the same.
pub fn holds(text: &[u8]) {
    if let Some(small) = minify(text, None) {
        let value = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
        assert_eq!(value(text), value(&small));
        assert!(small.len() < text.len(), "not smaller");
        assert_eq!(minify(&small, None), None, "a second pass changes it");
        assert_eq!(small, without_blanks(text));
    }
    if let Some(small) = minify(text, Some("doc")) {
        assert!(small.len() < text.len(), "not smaller");
        assert_eq!(minify(&small, Some("doc")), None, "a second pass changes it");
    }
}

/// The text without white space outside of strings.
fn without_blanks(text: &[u8]) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let mut kept = text.to_vec();
    kept.retain(|byte| {
        let was_inside = inside;
        match (*byte, inside) {
            (_, true) if escaped => escaped = false,
            (b'\\', true) => escaped = true,
            (b'"', _) => inside = !inside,
            _ => {}
        }
        was_inside || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    });
    kept
}
