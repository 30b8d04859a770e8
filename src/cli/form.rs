//! The options that say what the results are written as.

use clap::{Args, ValueEnum};

use crate::options::{LayerPrefix, Layout, Options, Part};

/// What the results are written as.
#[derive(Debug, Args)]
pub struct Form {
    /// Write zips, or folders of the same files for tools that zip by themselves, such as SAM
    #[arg(long, value_enum, default_value = "zip")]
    pub layout: LayoutArg,
    /// With --layout dir: make the output folder itself this part, and write nothing else; it must be
    /// empty or not there
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Option<PartArg>,
    /// Where the distributions of a flat package go in the layer: python, or
    /// python/lib/pythonX.Y/site-packages (site-packages for short; X.Y is the target's)
    #[arg(long, value_name = "FOLDER", default_value = "python")]
    pub layer_prefix: LayerPrefix,
}

impl Form {
    /// Adds what was asked for.
    pub(super) fn apply(&self, options: &mut Options) {
        options.layout = match self.layout {
            LayoutArg::Zip => Layout::Zip,
            LayoutArg::Dir => Layout::Dir,
        };
        options.layer_prefix = self.layer_prefix;
        options.only = self.only.map(|only| match only {
            PartArg::Function => Part::Function,
            PartArg::Layer => Part::Layer,
        });
    }
}

/// What the results are written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LayoutArg {
    /// function.zip and layer.zip
    Zip,
    /// function/ and layer/python/
    Dir,
}

/// A part of the result.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PartArg {
    /// The function's files
    Function,
    /// The layer's, python/ and what lies beside it
    Layer,
}
