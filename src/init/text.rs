//! The file as it is written, with a word on each line.

use std::fmt::{Display, Write};
use std::path::Path;

use super::{Found, Function};
use crate::config::keys;

/// A slim.toml that says what was found.
pub(super) fn write(found: &Found, folder: &Path) -> String {
    let mut text = head(found);
    let functions = &found.functions;
    line(&mut text, "python", common(functions, |it| it.python), "# python = \"3.12\"");
    line(&mut text, "arch", common(functions, |it| it.arch), "# arch = \"arm64\"");
    line(&mut text, "level", Some("standard"), "");
    if functions.iter().any(|function| function.path == ".") {
        let own = std::path::absolute(folder).ok();
        let own = own.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let out = format!("../{own}-dist");
        line(&mut text, "out-dir", Some(out), "");
    }
    text.push_str("[layer]\n");
    line(&mut text, "layer.policy", Some("shared"), "");
    for function in functions {
        table(&mut text, function, found, folder);
    }
    if functions.is_empty() {
        text.push_str(
            "# One such table for each function; path is the folder that `pip install -t` filled beside the code.\n\
             # [[function]]\n# name = \"api\"\n# path = \"build/api\"\n# handlers = [\"app.handler\"]\n",
        );
    }
    format!("{}\n", text.trim_end())
}

fn head(found: &Found) -> String {
    let mut text = match found.functions.len() {
        0 => "# Written by `slim init`, which found no function here.\n".to_owned(),
        _ => format!("# Written by `slim init` from {}.\n", found.from),
    };
    text.push_str(
        "# `slim build` makes a zip of each function, and layers of what they share. The command line and SLIM_*\n\
         # variables have the last word. docs/configuration.md lists every key.\n",
    );
    for note in &found.notes {
        // A comment is one line whatever stands in the template.
        let note: String = note.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(text, "# {note}.");
    }
    text.push('\n');
    text
}

/// A key of the top with what it says; `absent` is written in the place of no value.
fn line(text: &mut String, key: &str, value: Option<impl Display>, absent: &str) {
    let about = keys::about(key).unwrap_or_default();
    let name = key.rsplit('.').next().unwrap_or(key);
    let _ = match value {
        Some(value) => writeln!(text, "# {about}\n{name} = {}\n", quoted(&value.to_string())),
        None => writeln!(text, "# {about}\n{absent}\n"),
    };
}

fn table(text: &mut String, function: &Function, found: &Found, folder: &Path) {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String, why: &str| {
        lines.push((format!("{key} = {value}"), why.to_owned()));
    };
    add("name", quoted(&function.name), &format!("its zip is {}.zip", function.name));
    let there = if folder.join(&function.path).exists() { "" } else { "; it is not there yet" };
    add("path", quoted(&function.path), &format!("its package: {}{there}", function.path_from));
    if let Some(requirements) = &function.requirements {
        add("requirements", quoted(requirements), "installed distributions, laid over path");
    }
    let handler = |it: &crate::options::Handler| quoted(&it.to_string());
    match &function.handler {
        Some(it) => add("handlers", format!("[{}]", handler(it)), "what Lambda calls"),
        None => {
            let why = "what Lambda calls: level max needs it";
            add("# handlers", "[\"app.handler\"]".to_owned(), why);
        }
    }
    if function.path == "." {
        add("drop", "[\"slim.toml\"]".to_owned(), "of no use to a function");
    }
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let why = keys::about(key).unwrap_or_default().to_owned();
            lines.push((format!("{key} = {}", quoted(&value)), why));
        }
    };
    let functions = &found.functions;
    if common(functions, |it| it.python).is_none() {
        add("python", function.python.map(|it| it.to_string()));
    }
    if common(functions, |it| it.arch).is_none() {
        add("arch", function.arch.map(|it| it.to_string()));
    }
    let widest = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    text.push_str("[[function]]\n");
    for (line, why) in lines {
        let _ = writeln!(text, "{line:widest$}  # {why}");
    }
    text.push('\n');
}

/// What all functions have; None where they differ or one has none.
fn common<T: PartialEq>(functions: &[Function], of: impl Fn(&Function) -> Option<T>) -> Option<T> {
    let first = of(functions.first()?)?;
    functions.iter().all(|function| of(function).as_ref() == Some(&first)).then_some(first)
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
