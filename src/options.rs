//! What a build was asked for.

pub mod billing;
pub mod settings;
pub mod workspace;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::Cache;
use crate::fact::Known;
use crate::target::{Arch, Python};
use crate::zip::deflate::Compression;

/// How much evidence is enough to drop a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only what is true of every program.
    Safe,
    /// Also what nothing in the package names.
    Standard,
    /// Also what nothing reaches from the handlers, as far as static analysis sees.
    Max,
}

impl Level {
    /// The level's name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Standard => "standard",
            Self::Max => "max",
        }
    }
}

/// A function that Lambda calls: `module.function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The module, as a slashed import path.
    pub module: String,
    /// The function in it.
    pub function: String,
}

impl std::fmt::Display for Handler {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}", self.module.replace('/', "."), self.function)
    }
}

impl std::str::FromStr for Handler {
    type Err = String;

    /// As Lambda reads it: the function behind the last dot; a slash in the module is a dot.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "MODULE.FUNCTION is wanted, such as app.lambda_handler".to_owned();
        let (module, function) = text.rsplit_once('.').ok_or_else(wanted)?;
        let module = module.replace('.', "/");
        let is_name = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        if module.split('/').all(is_name) && is_name(function) && !function.contains('/') {
            Ok(Self { module, function: function.to_owned() })
        } else {
            Err(wanted())
        }
    }
}

/// What goes into the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerPolicy {
    /// Every distribution.
    All,
    /// The distributions that at least two packages hold, byte for byte the same.
    Shared,
    /// Nothing: everything stays in its function.
    None,
}

/// A glob of the user's, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// The glob, relative to the import root.
    pub text: String,
    /// The distribution whose files alone it speaks of, as it was typed; None for any file.
    pub distribution: Option<String>,
    /// The configuration that holds it, as it was typed; None for the command line.
    pub file: Option<String>,
}

impl Glob {
    /// One of the command line.
    pub fn typed(text: &str) -> Arc<Self> {
        Arc::new(Self { text: text.to_owned(), distribution: None, file: None })
    }

    /// The glob as the user knows it: `--drop GLOB`, or the key of the configuration, which is
    /// `keep` or `drop`.
    pub fn told(&self, key: &str) -> String {
        match (&self.file, &self.distribution) {
            (None, _) => format!("--{key} {}", self.text),
            (Some(file), None) => format!("`{key}` in {file} ({})", self.text),
            (Some(file), Some(name)) => {
                format!("`{key}` of [dist.{name}] in {file} ({})", self.text)
            }
        }
    }
}

/// Where the distributions of a flat package go in the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerPrefix {
    /// `python`.
    Python,
    /// `python/lib/pythonX.Y/site-packages`, with the version where it was named.
    SitePackages(Option<Python>),
}

impl LayerPrefix {
    /// The folder, for a target of this Python.
    pub fn folder(self, python: Python) -> String {
        match self {
            Self::Python => "python".to_owned(),
            Self::SitePackages(_) => format!("python/lib/python{python}/site-packages"),
        }
    }
}

impl std::str::FromStr for LayerPrefix {
    type Err = String;

    /// `python`, `python/lib/pythonX.Y/site-packages`, or `site-packages` for that of the target.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || {
            "python or python/lib/pythonX.Y/site-packages is wanted (site-packages for short)"
                .to_owned()
        };
        match text.trim_end_matches('/') {
            "python" => Ok(Self::Python),
            "site-packages" => Ok(Self::SitePackages(None)),
            text => {
                let version = text.strip_prefix("python/lib/python");
                let version = version.and_then(|rest| rest.strip_suffix("/site-packages"));
                Ok(Self::SitePackages(Some(version.ok_or_else(wanted)?.parse()?)))
            }
        }
    }
}

/// What the results are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A zip each.
    Zip,
    /// A folder each, for tools that zip by themselves.
    Dir,
}

impl Layout {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Dir => "dir",
        }
    }
}

/// One of the two parts of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The function.
    Function,
    /// The layer.
    Layer,
}

impl Part {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Layer => "layer",
        }
    }
}

/// Whether compiled Python ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytecode {
    /// None is made.
    None,
    /// Beside its source, never checked against it (PEP 552).
    Hash,
    /// In place of its source, where nothing needs that; else beside it.
    Only,
}

/// What runs of the package reach beyond the loopback device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Nothing, where this machine can keep it from them.
    Closed,
    /// Nothing, and where that cannot be, nothing runs.
    Denied,
    /// What the machine reaches.
    Open,
}

/// How a result is proven.
#[derive(Clone, Debug)]
pub struct Proving {
    /// Whether a proof was asked for, so that one that cannot be made is a failure.
    pub asked: bool,
    /// Files with events.
    pub events: Vec<PathBuf>,
    /// The Python that runs it, where it is not to be found.
    pub python_bin: Option<PathBuf>,
    /// Whether runs reach the network.
    pub network: Network,
    /// Whether every module that ships is imported, not only those that the handlers reach.
    pub parity: bool,
    /// A folder of distributions that the runtime has.
    pub runtime_packages: Option<PathBuf>,
    /// Further variables of the runs' environment.
    pub environment: Vec<(String, String)>,
    /// AWS's Runtime Interface Emulator, to run the events under too.
    pub emulator: Option<PathBuf>,
    /// Seconds that one run may take.
    pub seconds: f64,
    /// Bytes of memory that one run may take.
    pub memory: u64,
    /// Whether a build at level max that cannot be proven may end well with one at standard.
    pub allow_fallback: bool,
}

impl Default for Proving {
    fn default() -> Self {
        Self {
            asked: false,
            events: Vec::new(),
            python_bin: None,
            network: Network::Closed,
            parity: false,
            runtime_packages: None,
            environment: Vec::new(),
            emulator: None,
            seconds: 300.0,
            memory: 10_240 << 20,
            allow_fallback: false,
        }
    }
}

/// What is traced, and where that goes.
#[derive(Clone, Debug)]
pub struct Tracing {
    /// A command instead of the handlers; empty for none.
    pub command: Vec<String>,
    /// The trace that is written; one that is there is added to.
    pub file: PathBuf,
}

/// How much more something may take than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// By so many percent.
    Percent(f64),
    /// By so many bytes.
    Bytes(u64),
}

impl Growth {
    /// Whether it may grow from `before` to `after` bytes.
    pub fn allows(self, before: u64, after: u64) -> bool {
        after <= self.most(before)
    }

    /// The most bytes that it may take.
    pub fn most(self, before: u64) -> u64 {
        match self {
            // A float has more digits than any size of a zip.
            Self::Percent(percent) => (before as f64 * (1.0 + percent / 100.0)).floor() as u64,
            Self::Bytes(bytes) => before.saturating_add(bytes),
        }
    }
}

impl std::fmt::Display for Growth {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Percent(percent) => write!(out, "{percent}%"),
            Self::Bytes(bytes) => write!(out, "{bytes}B"),
        }
    }
}

impl std::str::FromStr for Growth {
    type Err = String;

    /// A share such as `2%`, or a size with its unit such as `2MB`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "a share or a size is wanted, such as 2% or 2MB".to_owned();
        if let Some(number) = text.strip_suffix('%') {
            let percent: f64 = number.trim().parse().map_err(|_| wanted())?;
            let fits = (0.0..=1e6).contains(&percent);
            return if fits { Ok(Self::Percent(percent)) } else { Err(wanted()) };
        }
        match text.ends_with(|c: char| c.is_ascii_alphabetic()) {
            true => size(text).map(Self::Bytes).map_err(|_| wanted()),
            false => Err(wanted()),
        }
    }
}

/// Everything a stage may want to know of what was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The packages, in the order named.
    pub packages: Vec<PathBuf>,
    /// Where the results go.
    pub out_dir: PathBuf,
    /// The target's Python, where it is not to be read from the package.
    pub python: Option<Python>,
    /// The target's processor, where it is not to be read from the package.
    pub arch: Option<Arch>,
    /// How much evidence is enough.
    pub level: Level,
    /// The functions that Lambda calls.
    pub handlers: Vec<Handler>,
    /// What goes into the layer.
    pub layer: LayerPolicy,
    /// The distributions, by normalized name, that alone go into it where otherwise all would.
    pub layer_only: Option<Arc<BTreeSet<String>>>,
    /// Where the distributions of a flat package go in the layer.
    pub layer_prefix: LayerPrefix,
    /// What the results are written as.
    pub layout: Layout,
    /// The part that alone is written, as the output folder itself; None for all, below it.
    pub only: Option<Part>,
    /// Globs of what must stay as it is.
    pub keep: Vec<Arc<Glob>>,
    /// Globs of what must go; keep wins.
    pub drop: Vec<Arc<Glob>>,
    /// The rules that propose nothing, by id.
    pub rules_off: BTreeSet<String>,
    /// What the user knows of distributions.
    pub facts: Vec<Arc<Known>>,
    /// Files that `slim trace` wrote.
    pub traces: Vec<PathBuf>,
    /// The configuration that was read, as it was typed.
    pub config: Option<String>,
    /// Whether what Lambda's runtime has is left to it.
    pub exclude_runtime: bool,
    /// Whether the target's kernel is known to use pages of 4 KiB, so that arm64 libraries need not
    /// load with larger ones.
    pub small_pages: bool,
    /// Whether that was typed for this very build, so that a target without such a choice is refused.
    pub small_pages_typed: bool,
    /// Whether compiled Python ships.
    pub bytecode: Bytecode,
    /// The Python that runs and compiles, where it is not to be found.
    pub python_bin: Option<PathBuf>,
    /// How hard to compress.
    pub compression: Compression,
    /// Most unzipped bytes that a function and its layers may take.
    pub max_unzipped: Option<u64>,
    /// Most zipped bytes that a function and its layers may take.
    pub max_zipped: Option<u64>,
    /// A report of before that the result is compared with.
    pub baseline: Option<PathBuf>,
    /// How much more than then a function and its layers may take zipped.
    pub max_growth: Option<Growth>,
    /// The time that every entry of the zips gets, in seconds since 1970; None is 1980-01-01.
    pub source_date_epoch: Option<u64>,
    /// Do everything but write the outputs.
    pub dry_run: bool,
    /// Files that are written beside the results: copies of the report, the SBOM.
    pub copies: Vec<PathBuf>,
    /// Whether the report is to tell of every file.
    pub every_file: bool,
    /// How the result is proven; None for not at all.
    pub proving: Option<Proving>,
    /// What INIT costs, where it is measured.
    pub billing: billing::Billing,
    /// What need not be worked out twice; off by default.
    pub cache: Cache,
}

impl Options {
    /// The defaults for these packages.
    pub fn of(packages: Vec<PathBuf>) -> Self {
        let layer = if packages.len() > 1 { LayerPolicy::Shared } else { LayerPolicy::All };
        Self {
            packages,
            out_dir: PathBuf::from("dist"),
            python: None,
            arch: None,
            level: Level::Standard,
            handlers: Vec::new(),
            layer,
            layer_only: None,
            layer_prefix: LayerPrefix::Python,
            layout: Layout::Zip,
            only: None,
            keep: Vec::new(),
            drop: Vec::new(),
            rules_off: BTreeSet::new(),
            facts: Vec::new(),
            traces: Vec::new(),
            config: None,
            exclude_runtime: false,
            small_pages: false,
            small_pages_typed: false,
            bytecode: Bytecode::None,
            python_bin: None,
            compression: Compression::Default,
            max_unzipped: None,
            max_zipped: None,
            baseline: None,
            max_growth: None,
            source_date_epoch: None,
            dry_run: false,
            copies: Vec::new(),
            every_file: false,
            proving: None,
            billing: billing::Billing::default(),
            cache: Cache::default(),
        }
    }
}

/// Reads a size: bytes, or a number with `KB`, `MB`, `GB` (powers of 1,000) or `KiB`, `MiB`,
/// `GiB` (powers of 1,024).
///
/// # Errors
/// A sentence that says what is wanted.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("a size such as 250MB, 50MiB or 1000000 is wanted".to_owned()),
    };
    let digits = digits.trim_end();
    let number: f64 = digits
        .parse()
        .map_err(|_| "a size such as 250MB, 50MiB or 1000000 is wanted".to_owned())?;
    let bytes = number * unit as f64;
    if bytes.is_finite() && (0.0..1e18).contains(&bytes) {
        Ok(bytes.round() as u64)
    } else {
        Err("a size between 0 and 10^18 bytes is wanted".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_and_without_unit() {
        assert_eq!(size("262144000"), Ok(262_144_000));
        assert_eq!(size("250MiB"), Ok(262_144_000));
        assert_eq!(size("1.5 MB"), Ok(1_500_000));
        for bad in ["", "MB", "12 megs", "-1", "nan", "1e300", "inf"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_layer_prefix_is_one_of_those_that_lambda_looks_into() {
        let python = "3.12".parse().unwrap();
        assert_eq!("python".parse(), Ok(LayerPrefix::Python));
        assert_eq!("site-packages".parse(), Ok(LayerPrefix::SitePackages(None)));
        let full = "python/lib/python3.12/site-packages";
        assert_eq!(format!("{full}/").parse(), Ok(LayerPrefix::SitePackages(Some(python))));
        assert_eq!(LayerPrefix::SitePackages(None).folder(python), full);
        for bad in
            ["", "lib", "python/lib", "python/lib/python3/site-packages", "/python", "python/x"]
        {
            assert!(bad.parse::<LayerPrefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn growth_is_a_share_or_a_size_and_tells_which() {
        assert_eq!("2%".parse(), Ok(Growth::Percent(2.0)));
        assert_eq!("0.5 %".parse(), Ok(Growth::Percent(0.5)));
        assert_eq!("2MB".parse(), Ok(Growth::Bytes(2_000_000)));
        for bad in ["", "2", "%", "-1%", "nan%", "inf%", "2 percent", "1e9%", "-2MB"] {
            assert!(bad.parse::<Growth>().is_err(), "{bad}");
        }
        let two = Growth::Percent(2.0);
        assert!(two.allows(1_000, 1_020) && !two.allows(1_000, 1_021) && two.allows(1_000, 7));
        assert!(two.allows(0, 0) && !two.allows(0, 1));
        let bytes = Growth::Bytes(20);
        assert!(bytes.allows(1_000, 1_020) && !bytes.allows(1_000, 1_021));
        assert_eq!(format!("{two} {bytes}"), "2% 20B");
    }
}
