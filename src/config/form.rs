//! The configuration as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use globset::GlobBuilder;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use toml::Spanned;

use crate::fact::Known;
use crate::options::{Bytecode, Growth, Handler, LayerPolicy, Level, size};
use crate::target::{Arch, Python};
use crate::zip::deflate::Compression;

/// Declares a table with the keys that the top of the file and the functions have in common.
macro_rules! with_common_keys {
    ($(#[$about:meta])* struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
        pub(super) struct $name {
            $($own)*
            pub python: Option<Text<Python>>,
            pub arch: Option<Text<Arch>>,
            pub level: Option<LevelName>,
            pub handlers: Option<Vec<Text<Handler>>>,
            pub handler: Option<Spanned<Text<Handler>>>,
            pub events: Option<Vec<PathBuf>>,
            pub env: BTreeMap<String, String>,
            pub keep: Vec<GlobText>,
            pub drop: Vec<GlobText>,
            pub bytecode: Option<BytecodeName>,
            pub verify: Option<bool>,
            pub max_unzipped: Option<Size>,
            pub max_zipped: Option<Size>,
            pub page_size: Option<PageSize>,
            pub exclude_runtime: Option<bool>,
            pub trace: Option<Vec<PathBuf>>,
        }

        impl $name {
            /// The keys in common.
            pub fn common(&mut self) -> Common {
                Common {
                    python: self.python.take(),
                    arch: self.arch.take(),
                    level: self.level,
                    handlers: self.handlers.take(),
                    handler: self.handler.take(),
                    events: self.events.take(),
                    env: std::mem::take(&mut self.env),
                    keep: std::mem::take(&mut self.keep),
                    drop: std::mem::take(&mut self.drop),
                    bytecode: self.bytecode,
                    verify: self.verify,
                    max_unzipped: self.max_unzipped,
                    max_zipped: self.max_zipped,
                    page_size: self.page_size,
                    exclude_runtime: self.exclude_runtime,
                    trace: self.trace.take(),
                }
            }
        }
    };
}

/// What the keys in common say.
pub(super) struct Common {
    pub python: Option<Text<Python>>,
    pub arch: Option<Text<Arch>>,
    pub level: Option<LevelName>,
    pub handlers: Option<Vec<Text<Handler>>>,
    pub handler: Option<Spanned<Text<Handler>>>,
    pub events: Option<Vec<PathBuf>>,
    pub env: BTreeMap<String, String>,
    pub keep: Vec<GlobText>,
    pub drop: Vec<GlobText>,
    pub bytecode: Option<BytecodeName>,
    pub verify: Option<bool>,
    pub max_unzipped: Option<Size>,
    pub max_zipped: Option<Size>,
    pub page_size: Option<PageSize>,
    pub exclude_runtime: Option<bool>,
    pub trace: Option<Vec<PathBuf>>,
}

with_common_keys! {
    /// The whole of slim.toml, or the table `[tool.slim]`.
    struct Form {
        pub out_dir: Option<PathBuf>,
        pub compression: Option<CompressionName>,
        pub python_bin: Option<PathBuf>,
        pub max_growth: Option<GrowthText>,
        pub layer: Layer,
        pub cache: Cache,
        pub rules: Rules,
        pub dist: BTreeMap<String, Dist>,
        pub facts: BTreeMap<Spanned<String>, Known>,
        pub function: Vec<Spanned<Function>>,
    }
}

with_common_keys! {
    /// A table `[[function]]`.
    struct Function {
        pub name: Option<Spanned<String>>,
        pub path: Option<Spanned<PathBuf>>,
        pub requirements: Option<Spanned<PathBuf>>,
    }
}

/// What is of interest in pyproject.toml.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Project {
    pub tool: Option<Tool>,
}

/// The table `[tool]`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tool {
    pub slim: Option<Form>,
}

/// The table `[layer]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct Layer {
    pub policy: Option<LayerName>,
    pub pure_across_targets: Option<bool>,
}

/// The table `[cache]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct Cache {
    pub dir: Option<PathBuf>,
    pub max_size: Option<Size>,
    pub store: Option<String>,
    pub read_only: Option<bool>,
}

/// The table `[rules]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Rules {
    pub off: Vec<Spanned<String>>,
}

/// A table `[dist.<distribution>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Dist {
    pub keep: Vec<GlobText>,
    pub drop: Vec<GlobText>,
}

/// The text of a glob that can be read.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct GlobText(pub String);

impl TryFrom<String> for GlobText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match GlobBuilder::new(&text).build() {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(format!("`{text}` is no glob: {}", error.kind())),
        }
    }
}

/// What is written as a text that says it.
#[derive(Debug)]
pub(super) struct Text<T>(pub T);

impl<'d, T: FromStr<Err = String>> Deserialize<'d> for Text<T> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A share or a size, such as `"2%"` or `"2MB"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct GrowthText(pub Growth);

impl TryFrom<String> for GrowthText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// A number of bytes, or a text such as `"250MB"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub u64);

impl<'d> Deserialize<'d> for Size {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Size;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a size such as \"250MB\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
                size(text).map(Size).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, bytes: i64) -> Result<Size, E> {
                self.visit_str(&bytes.to_string())
            }
        }
        from.deserialize_any(Either)
    }
}

/// The pages of the target's kernel.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum PageSize {
    #[serde(rename = "4KiB")]
    Of4KiB,
}

/// Declares the names that a choice has in the file.
macro_rules! names {
    ($name:ident of $choice:ident: $($variant:ident),+) => {
        #[derive(Clone, Copy, Debug, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub(super) enum $name { $($variant),+ }

        impl From<$name> for $choice {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

names!(LevelName of Level: Safe, Standard, Max);
names!(BytecodeName of Bytecode: None, Hash, Only);
names!(CompressionName of Compression: Fast, Default, Max, Extreme);
names!(LayerName of LayerPolicy: All, Shared, None);
