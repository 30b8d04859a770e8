//! Numbers as people and tools read them.

/// Bytes as megabytes (10^6), with as many digits as matter.
pub fn mb(bytes: u64) -> String {
    let mb = bytes as f64 / 1e6;
    if mb >= 9.95 { format!("{mb:.1} MB") } else { format!("{mb:.2} MB") }
}

/// Bytes in the unit that suits them.
pub fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => mb(bytes),
    }
}

/// How many bytes more or fewer, with the sign.
pub fn change(before: u64, after: u64) -> String {
    let sign = match before.cmp(&after) {
        std::cmp::Ordering::Less => "+",
        std::cmp::Ordering::Greater => "-",
        std::cmp::Ordering::Equal => "±",
    };
    format!("{sign}{}", size(before.abs_diff(after)))
}

/// The same in percent of what was before.
pub fn change_percent(before: u64, after: u64) -> String {
    if before == after {
        return "±0.0%".to_owned();
    }
    if before == 0 {
        return "from nothing".to_owned();
    }
    let percent = (after as f64 - before as f64) / before as f64 * 100.0;
    // Less than what is shown has no sign: -0.0% says nothing.
    if percent.abs() < 0.05 { "±0.0%".to_owned() } else { format!("{percent:+.1}%") }
}

/// A share in percent.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "0%".to_owned() } else { format!("{:.1}%", part as f64 / whole as f64 * 100.0) }
}

/// An amount with commas between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `2 files`.
pub fn files(number: u64) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{} files", count(number)) }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes in base64 with padding (RFC 4648).
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let letter = ALPHABET[(group >> (18 - 6 * index)) as usize & 63];
            out.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(mb(1_234_567), "1.23 MB");
        assert_eq!(mb(262_144_000), "262.1 MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(files(1), "1 file");
        assert_eq!(
            [size(1), size(999), size(1_500), size(2_000_000)].join(" "),
            "1 byte 999 bytes 1.5 kB 2.00 MB"
        );
        assert_eq!(
            [change(1, 3), change(3_000, 1), change(7, 7)],
            ["+2 bytes", "-3.0 kB", "±0 bytes"]
        );
        assert_eq!([change_percent(4, 5), change_percent(4, 3)], ["+25.0%", "-25.0%"]);
        assert_eq!([change_percent(0, 3), change_percent(0, 0)], ["from nothing", "±0.0%"]);
        assert_eq!(
            [change_percent(9_000, 8_999), change_percent(9_000, 8_990)],
            ["±0.0%", "-0.1%"]
        );
    }

    #[test]
    fn base64_follows_the_vectors_of_its_rfc() {
        for (raw, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(raw.as_bytes()), coded);
        }
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
