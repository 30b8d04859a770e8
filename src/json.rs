//! JSON texts made smaller without a change to what they say.

use serde_json::Value;

/// Largest text that is looked at, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// The text without white space between its tokens (RFC 8259), and with the string values of `blank`
/// made empty: the key itself stays. `None` where it is no JSON text, or gets no smaller.
///
/// The result is parsed and compared with the original.
#[must_use]
pub fn minify(text: &[u8], blank: Option<&str>) -> Option<Vec<u8>> {
    if text.len() > MOST_BYTES {
        return None;
    }
    // Also refuses what is nested deeper than 127 values.
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let small = rewrite(text, blank.map(str::as_bytes));
    if small.len() >= text.len() {
        return None;
    }
    if let Some(key) = blank {
        empty(&mut value, key);
    }
    let same = serde_json::from_slice::<Value>(&small).is_ok_and(|small| small == value);
    same.then_some(small)
}

fn rewrite(text: &[u8], blank: Option<&[u8]>) -> Vec<u8> {
    let mut small = Vec::with_capacity(text.len());
    let mut at = 0;
    // Whether the value that comes is one to be emptied.
    let mut empties = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'"' => {
                let end = string_end(text, at);
                let string = &text[at..end];
                at = end;
                let rest = text[end..].iter().find(|byte| !byte.is_ascii_whitespace());
                let is_key = rest == Some(&b':');
                let inside = string.get(1..string.len().saturating_sub(1));
                match empties && !is_key {
                    true => small.extend_from_slice(b"\"\""),
                    false => small.extend_from_slice(string),
                }
                empties = is_key && blank.is_some() && inside == blank;
            }
            byte => {
                small.push(*byte);
                at += 1;
                empties &= *byte == b':';
            }
        }
    }
    small
}

/// Where the string that begins at `start` ends.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// What `rewrite` should have made of a value.
fn empty(value: &mut Value, key: &str) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(entries) => {
                for (name, value) in entries {
                    match value {
                        Value::String(text) if name == key => text.clear(),
                        value => open.push(value),
                    }
                }
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn small(text: &str, blank: Option<&str>) -> Option<String> {
        minify(text.as_bytes(), blank).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn white_space_goes_but_in_strings() {
        let text = "{ \"a b\" : [ 1.50 , -2e3,\n\ttrue ], \"c\\\" \": \" d \" }\n";
        let expected = r#"{"a b":[1.50,-2e3,true],"c\" ":" d "}"#;
        assert_eq!(small(text, None).as_deref(), Some(expected));
        assert_eq!(small(expected, None), None, "no smaller");
    }

    #[test]
    fn only_strings_of_the_key_are_emptied() {
        let text = r#"{"doc":"<p>x</p>","members":{"doc":{"shape":"doc","doc":"y"}},"list":["doc","z"],"doc":3}"#;
        let expected =
            r#"{"doc":"","members":{"doc":{"shape":"doc","doc":""}},"list":["doc","z"],"doc":3}"#;
        assert_eq!(small(text, Some("doc")).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_json_stays() {
        for bad in ["", "{ \"a\" : }", "[1, 2", "\u{feff}[ 1 ]", "[NaN, 1 ]", "// x\n[1 ]", "\"\\"]
        {
            assert_eq!(small(bad, Some("a")), None, "{bad}");
        }
        let deep = "[ ".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(small(&deep, None), None);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let key = prop_oneof![Just("doc".to_owned()), "\\PC{0,4}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_the_same(value in json(), is_blank in any::<bool>()) {
            let text = serde_json::to_vec_pretty(&value).unwrap();
            let blank = is_blank.then_some("doc");
            let mut expected = value;
            if is_blank {
                empty(&mut expected, "doc");
            }
            let plain = serde_json::to_vec(&expected).unwrap();
            let made = minify(&text, blank).unwrap_or(text);
            prop_assert_eq!(serde_json::from_slice::<Value>(&made).unwrap(), expected);
            prop_assert!(made.len() <= plain.len() + 2);
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}\":,\\\\ a1]{0,40}") {
            let _ = minify(text.as_bytes(), Some("a"));
        }
    }
}
