//! Many functions asked for as one build.

use std::path::PathBuf;

use serde::Serialize;

use super::{LayerPolicy, Options};

/// The functions of a configuration, with all that was asked for of each.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The functions, in the order of the configuration; no two have one name.
    pub functions: Vec<Function>,
    /// What functions may share.
    pub layer: LayerTable,
    /// The configuration's folder.
    pub root: PathBuf,
    /// What was asked for of the build as a whole (where the results go, how hard to compress, whether it
    /// is a dry run), without packages. What a function may ask for itself stands in its own options.
    pub options: Options,
}

/// One function of a workspace.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, and that of its zip.
    pub name: String,
    /// The folder or zip of its package.
    pub path: PathBuf,
    /// A folder with the distributions it needs, laid over `path`: the package is both together.
    pub requirements: Option<PathBuf>,
    /// All that was asked for of it: command line over environment over its own table over the top of
    /// the configuration. Its one package is `path`.
    pub options: Options,
}

/// The table `[layer]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerTable {
    /// What goes into layers.
    pub policy: LayerPolicy,
    /// Whether distributions of Python code alone may be shared by functions of different Pythons or
    /// processors.
    pub pure_across_targets: bool,
}

/// One of several shares of the work, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Which.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl std::str::FromStr for Share {
    type Err = String;

    /// `1/4` is the first of four.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "a share such as 1/4 is wanted: the first of four".to_owned();
        let (number, of) = text.split_once('/').ok_or_else(wanted)?;
        let number = number.parse().map_err(|_| wanted())?;
        let of = of.parse().map_err(|_| wanted())?;
        if (1..=of).contains(&number) { Ok(Self { number, of }) } else { Err(wanted()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_from_one() {
        assert_eq!("2/3".parse(), Ok(Share { number: 2, of: 3 }));
        for bad in ["", "0/2", "3/2", "1", "a/b", "1/0", "-1/2"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
    }
}
