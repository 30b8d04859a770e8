//! slim.toml and pyproject.toml: read, or refused with a line and a hint.

use lambda_slim::config::read;

const RULES: [&str; 3] = ["bytecode", "test-module", "type-stub"];

/// Whatever the text, nothing panics, and a refusal says where and what to do.
pub fn holds(text: &[u8]) {
    for file in ["slim.toml", "below/pyproject.toml"] {
        match read(file, text, &RULES) {
            Ok(config) => {
                config.options(Vec::new());
                config.cache().settings();
                config.function_names();
            }
            Err(failure) => {
                let message = failure.to_string();
                assert_eq!(failure.exit_code(), 2, "{message}");
                assert!(failure.next_step().is_some_and(|hint| !hint.is_empty()), "{message}");
                assert_eq!(
                    line_of(&message, file).map(|line| line <= lines(text)),
                    Some(true),
                    "{message}"
                );
            }
        }
    }
}

/// The line that a message tells.
fn line_of(message: &str, file: &str) -> Option<usize> {
    let rest = message.strip_prefix(&format!("failed to read {file}: line "))?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok().filter(|line| *line > 0)
}

fn lines(text: &[u8]) -> usize {
    1 + text.iter().filter(|byte| **byte == b'\n').count()
}
