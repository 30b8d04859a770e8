//! The values of string literals.

use std::borrow::Cow;

/// The value between the quotes of a literal. Names of characters (`\N{…}`) and lone surrogates
/// read U+FFFD; so does what a bytes literal holds beyond ASCII.
pub(super) fn value(inside: &str, raw: bool, bytes: bool) -> Cow<'_, str> {
    let plain = memchr::memchr2(b'\r', b'\\', inside.as_bytes()).is_none();
    if plain {
        return Cow::Borrowed(inside);
    }
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match c {
            // Python reads every line end as a line feed before anything else.
            '\r' => {
                if rest.as_str().starts_with('\n') {
                    rest.next();
                }
                value.push('\n');
            }
            '\\' if !raw => escape(&mut rest, bytes, &mut value),
            _ => value.push(c),
        }
    }
    Cow::Owned(value)
}

/// The character that an escape sequence stands for; the backslash is read already. An unknown
/// sequence stands for itself.
fn escape(rest: &mut std::str::Chars<'_>, bytes: bool, value: &mut String) {
    let Some(letter) = rest.next() else { return value.push('\\') };
    let simple = match letter {
        '\n' => return,
        '\r' => {
            if rest.as_str().starts_with('\n') {
                rest.next();
            }
            return;
        }
        '\\' | '\'' | '"' => letter,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => code_point(rest, 2, bytes),
        'u' if !bytes => code_point(rest, 4, bytes),
        'U' if !bytes => code_point(rest, 8, bytes),
        'N' if !bytes && rest.as_str().starts_with('{') => {
            rest.by_ref().find(|c| *c == '}');
            char::REPLACEMENT_CHARACTER
        }
        '0'..='7' => octal(letter, rest, bytes),
        _ => {
            value.push('\\');
            letter
        }
    };
    value.push(simple);
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize, bytes: bool) -> char {
    let mut code = 0;
    for _ in 0..digits {
        let Some(digit) = rest.as_str().chars().next().and_then(|c| c.to_digit(16)) else { break };
        rest.next();
        code = code * 16 + digit;
    }
    character(code, bytes)
}

fn octal(first: char, rest: &mut std::str::Chars<'_>, bytes: bool) -> char {
    let mut code = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = rest.as_str().chars().next().and_then(|c| c.to_digit(8)) else { break };
        rest.next();
        code = code * 8 + digit;
    }
    character(code, bytes)
}

fn character(code: u32, bytes: bool) -> char {
    let known = char::from_u32(code).filter(|c| !bytes || c.is_ascii());
    known.unwrap_or(char::REPLACEMENT_CHARACTER)
}
