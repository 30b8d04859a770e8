//! Scripts: the first line that installers write into `bin/`, made portable.

/// The shebang that finds Python wherever it runs.
const PORTABLE: &[u8] = b"#!/usr/bin/env python3\n";

/// The folder of the script itself, as uv's relocatable wrappers compute it.
const RELOCATABLE: &str = r#""$(dirname -- "$(realpath -- "$0")")"/"#;

/// `script` with the shebang `#!/usr/bin/env python3`, where its own one names the Python of the
/// machine that installed it.
///
/// Read are the three forms that pip, distlib and uv write: `#!/path/to/python3.12` (also
/// quoted), the `#!/bin/sh` line with `'''exec' /path/to/python3.12 "$0" "$@"` and `' '''` below
/// it for long or blank-holding paths (also uv's relocatable one), and `#!python`, which the
/// binary distribution format has installers replace. The rest of the script stays byte for byte.
///
/// `None`, the script is to stay as it is: no shebang, another interpreter (`python2` and `pypy`
/// are others), one that already goes through `env`, and an interpreter with flags (`-E`, `-I`,
/// `-s`): `env` cannot carry them portably, and without them the script is another one.
#[must_use]
pub fn portable_shebang(script: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = split_line(script.strip_prefix(b"#!")?);
    let first = first.trim_ascii();
    let (interpreter, rest) = match first {
        b"/bin/sh" => exec_line(rest)?,
        _ => (std::str::from_utf8(first).ok()?, rest),
    };
    if !is_python(interpreter) {
        return None;
    }
    Some([PORTABLE, rest].concat())
}

/// The interpreter in the two lines below `#!/bin/sh`, and what follows them. To the shell the
/// first is a command, to Python both are one string.
fn exec_line(rest: &[u8]) -> Option<(&str, &[u8])> {
    let (exec, rest) = split_line(rest);
    let (close, rest) = split_line(rest);
    if close.trim_ascii_end() != b"' '''" {
        return None;
    }
    let command = std::str::from_utf8(exec).ok()?.trim_end();
    let command = command.strip_prefix("'''exec' ")?.strip_suffix(r#""$0" "$@""#)?.trim();
    Some((command.strip_prefix(RELOCATABLE).unwrap_or(command), rest))
}

/// The first line without its end (LF), and what follows.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

/// Whether `interpreter` is the path of a Python 3 and nothing else, or the wheel's `python`.
fn is_python(interpreter: &str) -> bool {
    let path = unquoted(interpreter);
    let has_flags = path.contains(" -") || path.contains("\t-");
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let Some(version) = name.strip_prefix("python") else { return false };
    let version = version.strip_prefix('w').unwrap_or(version);
    !has_flags && (version.is_empty() || is_version_3(version)) && !is_env(path)
}

fn unquoted(word: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| word.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(word)
}

/// `3`, `3.12`, `3.13t`.
fn is_version_3(version: &str) -> bool {
    let version = version.strip_suffix('t').unwrap_or(version);
    match version.strip_prefix('3') {
        Some("") => true,
        Some(rest) => rest.strip_prefix('.').is_some_and(|minor| {
            !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())
        }),
        None => false,
    }
}

/// `/usr/bin/env …`, which looks the interpreter up where the script runs.
fn is_env(path: &str) -> bool {
    path.split_ascii_whitespace().next().is_some_and(|first| first.ends_with("/env"))
}

#[cfg(test)]
mod tests;
