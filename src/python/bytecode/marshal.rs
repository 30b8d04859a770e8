//! One form for each marshalled object.
//!
//! CPython marks every object that something else refers to at the moment of writing, be it in the
//! stream or not (Python/marshal.c, `w_ref`), so that equal code gives other bytes after another
//! history. Here only those marks stay that the stream refers to.

/// What is to be read next.
enum Next {
    /// So many objects.
    Objects(u32),
    /// Keys and values up to a null.
    Pairs,
    /// A number of four bytes.
    Number,
}

/// The bit that marks an object others refer to.
const FLAG_REF: u8 = 0x80;

/// What CPython never marks, and does not count where it is marked: null, the objects of which there is
/// but one, and references.
const UNMARKED: [u8; 7] = *b"0NFTS.r";

/// Clears the marks of objects that nothing in the stream refers to, and counts the others anew.
/// `minor` is the CPython 3 that wrote it, 8 at the least. Says whether the stream is one object and
/// no more; only then was it changed.
pub fn canonical(bytes: &mut [u8], minor: u8) -> bool {
    let Some(Marks { flagged, references }) = read(bytes, minor) else { return false };
    let mut used = vec![false; flagged.len()];
    for (_, to) in &references {
        used[*to] = true;
    }
    let mut numbers = vec![0_u32; flagged.len()];
    let mut next = 0;
    for ((number, at), used) in numbers.iter_mut().zip(&flagged).zip(&used) {
        match used {
            true => {
                *number = next;
                next += 1;
            }
            false => bytes[*at] &= !FLAG_REF,
        }
    }
    for (at, to) in references {
        bytes[at..at + 4].copy_from_slice(&numbers[to].to_le_bytes());
    }
    true
}

#[derive(Default)]
struct Marks {
    /// Where marked objects begin, in order.
    flagged: Vec<usize>,
    /// Where references stand, and the marked object that each means.
    references: Vec<(usize, usize)>,
}

fn read(bytes: &[u8], minor: u8) -> Option<Marks> {
    let mut marks = Marks::default();
    let mut at = 0_usize;
    let mut open = vec![Next::Objects(1)];
    while let Some(next) = open.last_mut() {
        match next {
            Next::Objects(0) => {
                open.pop();
                continue;
            }
            Next::Objects(left) => *left -= 1,
            Next::Pairs if bytes.get(at) == Some(&b'0') => {
                at += 1;
                open.pop();
                continue;
            }
            Next::Pairs => {}
            Next::Number => {
                open.pop();
                at += 4;
                continue;
            }
        }
        let kind = *bytes.get(at)?;
        if kind & FLAG_REF != 0 {
            if UNMARKED.contains(&(kind & !FLAG_REF)) {
                return None;
            }
            marks.flagged.push(at);
        }
        at += 1;
        let short = || bytes.get(at).map(|length| (1, usize::from(*length)));
        let long = || {
            let number = bytes.get(at..at + 4)?.try_into().ok()?;
            Some((4, i32::from_le_bytes(number)))
        };
        let counted = || long().and_then(|(size, n)| Some((size, usize::try_from(n).ok()?)));
        match kind & !FLAG_REF {
            b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => {}
            b'i' => at += 4,
            b'I' | b'g' => at += 8,
            b'y' => at += 16,
            b'f' => at += 1 + short()?.1,
            b'x' => {
                at += 1 + short()?.1;
                at += 1 + usize::from(*bytes.get(at)?);
            }
            b'l' => at += 4 + 2 * usize::try_from(long()?.1.unsigned_abs()).ok()?,
            b's' | b't' | b'u' | b'a' | b'A' => at += 4 + counted()?.1,
            b'z' | b'Z' => at += 1 + short()?.1,
            b'r' => {
                let to = counted()?.1;
                if to >= marks.flagged.len() {
                    return None;
                }
                marks.references.push((at, to));
                at += 4;
            }
            b')' => {
                let (size, length) = short()?;
                at += size;
                open.push(Next::Objects(u32::try_from(length).ok()?));
            }
            b'(' | b'[' | b'<' | b'>' => {
                let (size, length) = counted()?;
                at += size;
                open.push(Next::Objects(u32::try_from(length).ok()?));
            }
            b'{' => open.push(Next::Pairs),
            b':' => open.push(Next::Objects(3)),
            b'c' => {
                // Numbers; code, constants, names, file and name; the first line; the table of lines
                // and, since 3.11, that of exceptions.
                let is_new = minor >= 11;
                at += if is_new { 20 } else { 24 };
                open.push(Next::Objects(if is_new { 2 } else { 1 }));
                open.push(Next::Number);
                open.push(Next::Objects(8));
            }
            _ => return None,
        }
        if at > bytes.len() {
            return None;
        }
    }
    (at == bytes.len()).then_some(marks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tuple of a marked string that is referred to and one that is not.
    const TUPLE: &[u8] = b")\x03\xda\x01x\xda\x01yr\x00\x00\x00\x00";

    #[test]
    fn marks_that_nothing_needs_go() {
        let mut bytes = TUPLE.to_vec();
        assert!(canonical(&mut bytes, 12));
        assert_eq!(bytes, b")\x03\xda\x01xZ\x01yr\x00\x00\x00\x00");
        let mut bytes = b"\xa9\x03\xda\x01x\xda\x01yr\x02\x00\x00\x00".to_vec();
        assert!(canonical(&mut bytes, 12));
        assert_eq!(bytes, b")\x03Z\x01x\xda\x01yr\x00\x00\x00\x00", "counted anew");
    }

    #[test]
    fn what_is_no_stream_stays() {
        for bad in [
            &b""[..],
            b")",
            b")\x02N",
            b"r\x00\x00\x00\x00",
            b"NN",
            b"?",
            b"(\xff\xff\xff\xff",
            b"c\x00",
            b"{\xb0N0",
            b")\x02\xceN",
        ] {
            let mut bytes = bad.to_vec();
            assert!(!canonical(&mut bytes, 12), "{bad:?}");
            assert_eq!(bytes, bad);
        }
        let mut all = b"[\x08\0\0\0i\x01\0\0\0I\0\0\0\0\0\0\0\0f\x011g\0\0\0\0\0\0\0\0l\xfe\xff\xff\xff\x01\0\x02\0".to_vec();
        all.extend(b"{NT0:NNNs\x02\0\0\0ab");
        assert!(canonical(&mut all, 14));
    }

    proptest! {
        #[test]
        fn nothing_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..200), minor in 8_u8..15) {
            canonical(&mut bytes, minor);
        }

        #[test]
        fn twice_is_once(change in 0..TUPLE.len(), byte in any::<u8>()) {
            let mut bytes = TUPLE.to_vec();
            bytes[change] = byte;
            if canonical(&mut bytes, 12) {
                let once = bytes.clone();
                prop_assert!(canonical(&mut bytes, 12));
                prop_assert_eq!(bytes, once);
            }
        }
    }
}
