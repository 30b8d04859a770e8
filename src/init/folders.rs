//! Packages that lie about: folders with distributions, or with a source that defines a handler.

use std::path::{Path, PathBuf};

use super::{Found, Function};
use crate::failure::Failure;
use crate::options::Handler;

/// Folders that hold packages, not being one.
const HOLDERS: [&str; 6] = ["build", "functions", "lambdas", "packages", "services", "src"];

/// Folders that are no packages whatever they hold.
const NONE: [&str; 7] = ["dist", "docs", "node_modules", "test", "tests", "venv", "env"];

/// How much of a source is looked at for a handler.
const MOST: usize = 1 << 20;

/// The packages below a folder, or the one that it is itself; none where there is none.
pub(super) fn find(folder: &Path) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut add = |path: &str, name: String, folder: &Path| {
        let handler = handler(folder);
        if handler.is_none() && !has_distributions(folder) {
            return;
        }
        let path_from = match handler {
            Some(_) => "it defines a handler",
            None => "it holds distributions",
        };
        let (path, path_from) = (path.to_owned(), path_from.to_owned());
        found.add(Function { name, path, path_from, handler, ..Function::default() });
    };
    let own = std::path::absolute(folder).ok();
    let own = own.as_deref().and_then(Path::file_name).unwrap_or_default();
    if handler(folder).is_some() || has_distributions(folder) {
        add(".", own.to_string_lossy().into_owned(), folder);
    } else {
        for (name, path) in folders(folder)? {
            add(&name, name.clone(), &path);
            if HOLDERS.contains(&name.as_str()) {
                for (inner, path) in folders(&path)? {
                    add(&format!("{name}/{inner}"), inner, &path);
                }
            }
        }
    }
    found.from = "what this folder holds".to_owned();
    Ok(found)
}

/// The folders in a folder that may be packages, by name.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::io(format!("failed to read {}: {error}", folder.display())))?;
    let mut folders: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            Some((entry.as_ref().ok()?.file_name().into_string().ok()?, entry.ok()?.path()))
        })
        .filter(|(name, path)| {
            !name.starts_with(['.', '_']) && !NONE.contains(&name.as_str()) && path.is_dir()
        })
        .collect();
    folders.sort();
    Ok(folders)
}

/// Whether pip installed into a folder.
fn has_distributions(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        path.extension().is_some_and(|extension| extension == "dist-info") && path.is_dir()
    })
}

/// The handler that the first source in a folder defines, by name.
fn handler(folder: &Path) -> Option<Handler> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut sources: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    sources.sort();
    sources.iter().find_map(|path| {
        let bytes = std::fs::read(path).ok()?;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]);
        let function = text.lines().find_map(defined)?;
        format!("{}.{function}", path.file_stem()?.to_str()?).parse().ok()
    })
}

/// The handler that a line defines: `def handler(event, context)`, by the names that people give.
fn defined(line: &str) -> Option<&str> {
    let line = line.strip_prefix("def ")?;
    let (name, parameters) = line.split_once('(')?;
    let name = name.trim_end();
    let is_one = matches!(name, "handler" | "lambda_handler")
        || name.ends_with("handler") && parameters.trim_start().starts_with("event");
    (is_one && parameters.contains(',')).then_some(name)
}
