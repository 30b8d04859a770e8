//! What can be chosen among.

use clap::ValueEnum;

use crate::options::{Bytecode, LayerPolicy, Level};
use crate::zip::deflate::Compression;

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much evidence is enough.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LevelArg {
    /// Only what is true of every program
    Safe,
    /// Also what nothing that is kept names
    Standard,
    /// Also what nothing reaches from --handler, as far as the code tells
    Max,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Safe => Self::Safe,
            LevelArg::Standard => Self::Standard,
            LevelArg::Max => Self::Max,
        }
    }
}

/// What goes into the layer.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LayerArg {
    /// Every distribution
    All,
    /// What at least two packages share
    Shared,
    /// Nothing
    None,
}

impl From<LayerArg> for LayerPolicy {
    fn from(layer: LayerArg) -> Self {
        match layer {
            LayerArg::All => Self::All,
            LayerArg::Shared => Self::Shared,
            LayerArg::None => Self::None,
        }
    }
}

/// The pages of the target's kernel, where they are known.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PageSizeArg {
    /// 4,096 bytes
    #[value(name = "4KiB")]
    Of4KiB,
}

/// How hard to compress.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CompressionArg {
    /// libdeflate 1
    Fast,
    /// libdeflate 7: smaller than zip -9
    Default,
    /// libdeflate 12: smaller than 7z -mx=9
    Max,
    /// The smaller of libdeflate 12 and zopfli for each file: takes minutes
    Extreme,
}

impl From<CompressionArg> for Compression {
    fn from(compression: CompressionArg) -> Self {
        match compression {
            CompressionArg::Fast => Self::Fast,
            CompressionArg::Default => Self::Default,
            CompressionArg::Max => Self::Max,
            CompressionArg::Extreme => Self::Extreme,
        }
    }
}

/// Whether compiled Python ships.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum BytecodeArg {
    /// None
    None,
    /// Of the modules that the handler imports, made by the target's own Python
    Hash,
    /// In place of the sources of distributions that nothing needs; of modules that no run imports only
    /// where that is smaller
    Only,
}

impl From<BytecodeArg> for Bytecode {
    fn from(bytecode: BytecodeArg) -> Self {
        match bytecode {
            BytecodeArg::None => Self::None,
            BytecodeArg::Hash => Self::Hash,
            BytecodeArg::Only => Self::Only,
        }
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// The form of the report of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For pull requests
    Markdown,
    /// A page to look at: the package as a map
    Html,
}

/// The form of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For pull requests
    Markdown,
}

/// The form of the list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// The page RULES.md
    Markdown,
}
