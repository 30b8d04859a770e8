//! What stands in slim.toml, in `[tool.slim]` of pyproject.toml and in the environment: what is asked
//! for again with every build.
//!
//! It is parsed here and nowhere understood: what a glob matches, and whether a fact holds, later
//! stages find out.

pub mod environment;
mod form;
mod found;
pub mod keys;
mod read;
mod refused;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::environment::Environment;
use self::form::{Form, Project};
use self::read::{FunctionTable, Place, Read};
use crate::cache;
use crate::failure::Failure;
use crate::options::settings::Settings;
use crate::options::workspace::{Function, LayerTable, Workspace};
use crate::options::{LayerPolicy, Options};

/// The configuration's own file.
pub const FILE: &str = "slim.toml";

/// The file of the project's, which may hold a table `[tool.slim]`.
pub const PROJECT: &str = "pyproject.toml";

/// What the environment and the configuration ask for; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files, as they are told.
    files: Vec<String>,
    /// Their folder.
    root: PathBuf,
    environment: Environment,
    top: Settings,
    functions: Vec<FunctionTable>,
    pure_across_targets: Option<bool>,
    cache: Cache,
}

/// The table `[cache]`, with the environment's word over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// The folder, where it is not the user's own.
    pub dir: Option<PathBuf>,
    /// Most bytes that it may hold.
    pub max_size: Option<u64>,
    /// Whether none is used.
    pub off: bool,
    /// A store behind it that machines share.
    pub store: Option<String>,
    /// Whether nothing is written into the store.
    pub read_only: bool,
}

impl Cache {
    /// What it says, in the cache's own words.
    pub fn settings(&self) -> cache::Settings {
        cache::Settings {
            off: self.off,
            folder: self.dir.clone(),
            most_bytes: self.max_size,
            store: self.store.clone(),
            read_only: self.read_only,
        }
    }

    fn over(self, under: Self) -> Self {
        Self {
            dir: self.dir.or(under.dir),
            max_size: self.max_size.or(under.max_size),
            off: self.off || under.off,
            store: self.store.or(under.store),
            read_only: self.read_only || under.read_only,
        }
    }
}

impl Config {
    /// What the environment says over the top of the configuration; where `packages` is one package, and
    /// that of one function, over this function's table too.
    pub fn settings(&self, packages: &[PathBuf]) -> Settings {
        let top = self.top.clone();
        let below = match self.function_of(packages) {
            Some(function) => function.settings.clone().over(top),
            None => top,
        };
        self.environment.settings.clone().over(below)
    }

    /// What a build of these packages is asked for, where nothing is typed beside them.
    pub fn options(&self, packages: Vec<PathBuf>) -> Options {
        let settings = self.settings(&packages);
        Options { config: self.told(), ..settings.options(packages) }
    }

    /// The files that were read, as they are told; None for none.
    pub fn told(&self) -> Option<String> {
        (!self.files.is_empty()).then(|| self.files.join(", "))
    }

    /// What is kept from build to build, and where.
    pub fn cache(&self) -> Cache {
        self.environment.cache.clone().over(self.cache.clone())
    }

    /// The names of the functions.
    pub fn function_names(&self) -> Vec<&str> {
        self.functions.iter().map(|function| function.name.as_str()).collect()
    }

    /// The functions of the configuration, or those of these names; None where it has none. `typed` is
    /// what the command line says, and `complete` makes of all that was asked for the options of a
    /// package.
    ///
    /// # Errors
    /// A usage [`Failure`] where a package is not there.
    pub fn workspace(
        &self,
        names: &[String],
        typed: &Settings,
        complete: impl Fn(Settings, Vec<PathBuf>) -> Options,
    ) -> Result<Option<Workspace>, Failure> {
        if self.functions.is_empty() {
            return Ok(None);
        }
        let mut top = typed.clone().over(self.settings(&[]));
        let several = self.functions.len() > 1;
        let policy = if several { LayerPolicy::Shared } else { LayerPolicy::All };
        let policy = *top.layer.get_or_insert(policy);
        top.out_dir.get_or_insert_with(|| found::below(&self.root, Path::new("dist")));
        let mut functions = Vec::new();
        let wanted = |name: &String| names.is_empty() || names.contains(name);
        for table in self.functions.iter().filter(|table| wanted(&table.name)) {
            table.must_be_there()?;
            let over = typed.clone().over(self.environment.settings.clone());
            let settings = over.over(table.settings.clone()).over(self.top.clone());
            let settings = Settings { layer: top.layer, out_dir: top.out_dir.clone(), ..settings };
            functions.push(Function {
                name: table.name.clone(),
                path: table.path.clone(),
                requirements: table.requirements.clone(),
                options: complete(settings, vec![table.path.clone()]),
            });
        }
        Ok(Some(Workspace {
            functions,
            layer: LayerTable {
                policy,
                pure_across_targets: self.pure_across_targets.unwrap_or(false),
            },
            root: found::folder(&self.root),
            options: complete(top, Vec::new()),
        }))
    }

    /// The one function whose package this is.
    fn function_of(&self, packages: &[PathBuf]) -> Option<&FunctionTable> {
        let [package] = packages else { return None };
        let package = package.canonicalize().ok()?;
        let is_it =
            |table: &&FunctionTable| table.path.canonicalize().is_ok_and(|it| it == package);
        let mut tables = self.functions.iter().filter(is_it);
        tables.next().filter(|_| tables.next().is_none())
    }

    /// Of two files in one folder, key by key what this one says.
    fn over(self, under: Self) -> Self {
        Self {
            files: [self.files, under.files].concat(),
            root: self.root,
            environment: self.environment,
            top: self.top.over(under.top),
            functions: if self.functions.is_empty() { under.functions } else { self.functions },
            pure_across_targets: self.pure_across_targets.or(under.pure_across_targets),
            cache: self.cache.over(under.cache),
        }
    }
}

/// Which configuration is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The nearest one, from the current folder up.
    Nearest,
    /// This file.
    File(&'a Path),
    /// None.
    None,
}

/// Reads the environment and the configuration. `rules` are the names of all rules.
///
/// # Errors
/// When a file that is named or found cannot be read, or [`read`] refuses what it holds; or when the
/// environment holds what is no value.
pub fn load(which: Which<'_>, environment: Environment, rules: &[&str]) -> Result<Config, Failure> {
    let named = environment.config.clone();
    let files = match (which, named.as_deref()) {
        (Which::None, _) => Vec::new(),
        (Which::File(path), _) => vec![found::named(path)?],
        (Which::Nearest, Some(path)) => vec![found::named(path).map_err(|failure| {
            failure
                .hint("SLIM_CONFIG names it; --config PATH names another, --no-config does without")
        })?],
        (Which::Nearest, None) => found::nearest()?,
    };
    let mut config: Option<Config> = None;
    for file in files {
        let read = read(&file.name, &file.bytes, rules)?;
        config = Some(match config {
            Some(first) => first.over(read),
            None => read,
        });
    }
    Ok(Config { environment, ..config.unwrap_or_default() })
}

/// Reads a configuration. `file` is its path; `rules` are the names of all rules.
///
/// # Errors
/// A usage [`Failure`] with the line where it is no TOML, or has other keys or values than it may.
pub fn read(file: &str, bytes: &[u8], rules: &[&str]) -> Result<Config, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| refused::no_text(file, &bytes[..error.valid_up_to()]))?;
    let form: Form = if found::is_project(Path::new(file)) {
        let project: Project =
            toml::from_str(text).map_err(|error| refused::toml(file, text, error))?;
        project.tool.and_then(|tool| tool.slim).unwrap_or_default()
    } else {
        toml::from_str(text).map_err(|error| refused::toml(file, text, error))?
    };
    let root = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
    let Read { top, functions, pure_across_targets, cache } =
        Place { file, text, root: &root }.read(form, rules)?;
    let (files, environment) = (vec![file.to_owned()], Environment::default());
    Ok(Config { files, root, environment, top, functions, pure_across_targets, cache })
}
