//! What is told on stdout and on stderr, which may be full or closed.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// A line on stderr. Where that cannot be written, nobody listens: the exit code has to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Writes to stdout; a reader that has seen enough is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout();
    taken(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What came of writing to stdout.
pub(crate) fn taken(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("failed to write to stdout")
        }
        _ => Ok(()),
    }
}
