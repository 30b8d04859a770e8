//! What can be typed.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;

use crate::peers::PEERS;

/// Measures slim side by side with what people do today.
#[derive(Debug, Parser)]
pub struct Args {
    /// Folders to pack, each a Python deployment package
    #[arg(required_unless_present = "scale", value_name = "TREE")]
    pub trees: Vec<PathBuf>,

    /// The slim to measure
    #[arg(long, value_name = "BIN", default_value = "target/release/slim")]
    pub slim: PathBuf,

    /// How often everything is measured; medians are shown
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Only these peers
    #[arg(long, value_name = "PEER", value_delimiter = ',', value_parser = peer_names())]
    pub only: Vec<String>,

    /// Not these peers
    #[arg(long, value_name = "PEER", value_delimiter = ',', value_parser = peer_names())]
    pub skip: Vec<String>,

    /// Seconds that a peer may take for a tree; one that takes longer is shown as `-`
    #[arg(long, value_name = "SECONDS")]
    pub patience: Option<u32>,

    /// Keep what was measured here, and do not measure again what is there
    #[arg(long, value_name = "DIR")]
    pub results: Option<PathBuf>,

    /// Where npm put serverless-python-requirements
    #[arg(long, value_name = "DIR", default_value = "/tmp/slim-compare/node_modules")]
    pub modules: PathBuf,

    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Print Markdown: sums over all trees, or sizes for each; the tables go to stderr
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["json", "floor"])]
    pub markdown: Option<Markdown>,

    /// Compare slim's builds with the least that making the same zips costs
    #[arg(long, conflicts_with_all = ["only", "skip", "patience", "results"])]
    pub floor: bool,

    /// Build synthetic trees of growing size, and print how time and memory grow with them, as Markdown
    #[arg(long, conflicts_with_all = ["trees", "floor", "only", "skip", "patience", "results", "markdown"])]
    pub scale: bool,

    /// Measure the stages of that floor once, alone: TREE is what was built, DIR what its zips hold; prints JSON
    #[arg(long, value_name = "DIR", hide = true, conflicts_with_all = ["floor", "scale"])]
    pub stages: Option<PathBuf>,
}

/// What is printed for the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Markdown {
    /// A row for each peer.
    Sums,
    /// A row for each tree.
    Sizes,
}

fn peer_names() -> PossibleValuesParser {
    PossibleValuesParser::new(PEERS.iter().map(|peer| peer.name))
}
