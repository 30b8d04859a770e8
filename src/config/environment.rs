//! What the environment asks for, in variables that begin with `SLIM_`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::form::{
    BytecodeName, CompressionName, GrowthText, LayerName, LevelName, PageSize, Size, Text,
};
use super::{Cache, refused};
use crate::failure::{Failure, nearest};
use crate::options::settings::Settings;

/// How the variables begin.
const BEGINNING: &str = "SLIM_";

/// What the environment asks for.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub(super) settings: Settings,
    pub(super) cache: Cache,
    pub(super) config: Option<PathBuf>,
    /// A variable that is nearly one of slim's, with that.
    pub slips: Vec<(String, &'static str)>,
}

/// Reads a variable into what the environment asks for.
type Setter = fn(&mut Environment, Variable<'_>) -> Result<(), Failure>;

/// The variables that mean something, by name.
const VARIABLES: &[(&str, Setter)] = &[
    ("SLIM_ARCH", |to, it| it.read(|Text(arch)| to.settings.arch = Some(arch))),
    ("SLIM_BYTECODE", |to, it| {
        it.read(|name: BytecodeName| to.settings.bytecode = Some(name.into()))
    }),
    ("SLIM_CACHE", |to, it| it.text().map(|text| to.cache.store = Some(text.to_owned()))),
    ("SLIM_CACHE_DIR", |to, it| it.path(&mut to.cache.dir)),
    ("SLIM_CACHE_MAX_SIZE", |to, it| it.read(|Size(bytes)| to.cache.max_size = Some(bytes))),
    ("SLIM_CACHE_READ_ONLY", |to, it| it.flag().map(|flag| to.cache.read_only = flag)),
    ("SLIM_COMPRESSION", |to, it| {
        it.read(|name: CompressionName| to.settings.compression = Some(name.into()))
    }),
    ("SLIM_CONFIG", |to, it| it.path(&mut to.config)),
    ("SLIM_EXCLUDE_RUNTIME", |to, it| {
        it.flag().map(|flag| to.settings.exclude_runtime = Some(flag))
    }),
    ("SLIM_LAYER", |to, it| it.read(|name: LayerName| to.settings.layer = Some(name.into()))),
    ("SLIM_LEVEL", |to, it| it.read(|name: LevelName| to.settings.level = Some(name.into()))),
    ("SLIM_MAX_GROWTH", |to, it| it.read(|GrowthText(share)| to.settings.max_growth = Some(share))),
    ("SLIM_MAX_UNZIPPED", |to, it| it.read(|Size(bytes)| to.settings.max_unzipped = Some(bytes))),
    ("SLIM_MAX_ZIPPED", |to, it| it.read(|Size(bytes)| to.settings.max_zipped = Some(bytes))),
    ("SLIM_NO_CACHE", |to, it| it.flag().map(|flag| to.cache.off = flag)),
    ("SLIM_OUT_DIR", |to, it| it.path(&mut to.settings.out_dir)),
    ("SLIM_PAGE_SIZE", |to, it| it.read(|PageSize::Of4KiB| to.settings.small_pages = Some(true))),
    ("SLIM_PYTHON", |to, it| it.read(|Text(python)| to.settings.python = Some(python))),
    ("SLIM_PYTHON_BIN", |to, it| it.path(&mut to.settings.python_bin)),
    ("SLIM_VERIFY", |to, it| it.flag().map(|flag| to.settings.verify = Some(flag))),
];

/// The names of the variables that mean something.
pub fn variables() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().map(|(name, _)| *name)
}

impl Environment {
    /// Reads variables; an empty one says nothing, and one of another program's is left alone.
    ///
    /// # Errors
    /// A usage [`Failure`] that names the variable where its value is none.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let mut environment = Self::default();
        let mut all: Vec<(String, OsString)> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, value)| name.starts_with(BEGINNING) && !value.is_empty())
            .collect();
        all.sort();
        for (name, value) in &all {
            match VARIABLES.iter().find(|(known, _)| known == name) {
                Some((_, set)) => set(&mut environment, Variable { name, value })?,
                None => environment.slips.extend(slip(name)),
            }
        }
        Ok(environment)
    }
}

/// The variable that was meant, if this one is nearly it. Other programs may own the rest.
fn slip(name: &str) -> Option<(String, &'static str)> {
    let own = |name: &'static str| name.strip_prefix(BEGINNING).unwrap_or(name);
    let meant = nearest(&name[BEGINNING.len()..], VARIABLES.iter().map(|(known, _)| own(known)))?;
    let (known, _) = VARIABLES.iter().find(|(known, _)| own(known) == meant)?;
    Some((name.to_owned(), known))
}

/// A variable that is set.
#[derive(Clone, Copy)]
struct Variable<'a> {
    name: &'a str,
    value: &'a OsStr,
}

impl<'a> Variable<'a> {
    /// Reads it as the configuration's values are read.
    fn read<T: for<'d> Deserialize<'d>>(self, set: impl FnOnce(T)) -> Result<(), Failure> {
        let text = self.text()?;
        let from: StrDeserializer<'_, Error> = text.into_deserializer();
        let value = T::deserialize(from)
            .map_err(|error| refused::variable(self.name, text, &error.to_string()))?;
        set(value);
        Ok(())
    }

    fn path(self, to: &mut Option<PathBuf>) -> Result<(), Failure> {
        *to = Some(PathBuf::from(self.value));
        Ok(())
    }

    fn flag(self) -> Result<bool, Failure> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            other => Err(refused::variable(self.name, other, "true or false is wanted")),
        }
    }

    fn text(self) -> Result<&'a str, Failure> {
        self.value.to_str().ok_or_else(|| {
            Failure::usage(format!("failed to read {}: it is not UTF-8", self.name))
                .hint("unset it, or set it anew")
        })
    }
}
