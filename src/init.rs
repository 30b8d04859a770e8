//! A first slim.toml, from what a folder holds.

mod folders;
mod sam;
mod serverless;
mod text;
mod yaml;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::config::FILE;
use crate::failure::Failure;
use crate::options::Handler;
use crate::target::{Arch, Python};

/// The processor of a function whose template names none.
const LAMBDAS_OWN: Arch = Arch::X86_64;

/// What was found to write about.
#[derive(Debug, Default)]
struct Found {
    /// What it was read from, as it is told.
    from: String,
    functions: Vec<Function>,
    /// What was left out, and why; what is to be done by hand.
    notes: Vec<String>,
}

/// A function that was found.
#[derive(Debug, Default)]
struct Function {
    name: String,
    /// Its package, relative to the folder; `.` for the folder itself.
    path: String,
    /// Where the path is from.
    path_from: String,
    requirements: Option<String>,
    handler: Option<Handler>,
    python: Option<Python>,
    arch: Option<Arch>,
}

impl Found {
    /// Takes a function in under a name that a zip can have and no other has.
    fn add(&mut self, function: Function) {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String =
            function.name.chars().map(|c| if fits(c) { c } else { '-' }).take(100).collect();
        let mut name = name.trim_start_matches(['.', '-']).to_owned();
        if name.is_empty() || name.to_ascii_lowercase().starts_with("layer") {
            name = format!("function-{name}");
        }
        let taken = |name: &str| self.functions.iter().any(|it| it.name.eq_ignore_ascii_case(name));
        let first = name.clone();
        let mut number = 2;
        while taken(&name) {
            name = format!("{first}-{number}");
            number += 1;
        }
        self.functions.push(Function { name, ..function });
    }
}

/// The text of a slim.toml for a folder: from the SAM or CloudFormation template in it, from
/// serverless.yml, from the packages below it, or from the one that it is itself.
///
/// # Errors
/// A [`Failure`] where the folder or a template cannot be read.
pub fn draft(folder: &Path) -> Result<String, Failure> {
    if !folder.is_dir() {
        let what = if folder.exists() { "it is no folder" } else { "there is no such folder" };
        return Err(Failure::usage(format!("failed to look into {}: {what}", folder.display()))
            .hint("name the project's folder: `slim init .`"));
    }
    let found = match (sam::find(folder)?, serverless::find(folder)?) {
        (Some(found), _) | (None, Some(found)) => found,
        (None, None) => folders::find(folder)?,
    };
    Ok(text::write(&found, folder))
}

/// Where a slim.toml for a folder is written; one that is there stays unless `force` is given.
///
/// # Errors
/// A usage [`Failure`] where there is one.
pub fn place(folder: &Path, force: bool) -> Result<PathBuf, Failure> {
    let path = if folder == Path::new(".") { PathBuf::from(FILE) } else { folder.join(FILE) };
    if (path.is_symlink() || path.exists()) && !force {
        return Err(Failure::usage(format!("failed to write {}: it is there", path.display()))
            .hint("--force writes over it, --stdout prints what would be written"));
    }
    Ok(path)
}

/// The first of these files that a folder holds, read as YAML.
fn template(folder: &Path, names: &[&str]) -> Result<Option<(String, Rc<yaml::Yaml>)>, Failure> {
    let Some(name) = names.iter().find(|name| folder.join(name).is_file()) else { return Ok(None) };
    let path = folder.join(name);
    let bytes = std::fs::read(&path)
        .map_err(|error| Failure::io(format!("failed to read {}: {error}", path.display())))?;
    let text = String::from_utf8_lossy(&bytes);
    match yaml::read(&text) {
        Ok(read) => Ok(Some(((*name).to_owned(), read))),
        Err((line, what)) => {
            Err(Failure::usage(format!("failed to read {}: line {line}, {what}", path.display()))
                .hint("mend it, or write slim.toml by hand: docs/configuration.md"))
        }
    }
}

/// A path of a template as slim.toml writes it: `.` for the folder itself.
fn tidy(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() || path == "." { ".".to_owned() } else { path.to_owned() }
}
