//! What a user can type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::options::{
    Bytecode, Glob, Handler, LayerPolicy, Level, Options, Proving, Tracing, size,
};
use crate::target::{Arch, Python};
use crate::zip::deflate::Compression;

/// Turns a Python deployment package into the smallest AWS Lambda zips that still run it.
#[derive(Debug, Parser)]
#[command(name = "slim", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: When,
    /// How many threads to use [default: as many as there are processors]
    #[arg(short, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make function.zip, layer.zip and report.json
    Build(Build),
    /// Run zips, or folders, as Lambda would: does the handler still work?
    Verify(Verify),
    /// Run a handler, or a command, and note which files it opens
    Trace(Trace),
    /// Measure what a cold start costs, and what moving an import would save
    Coldstart(Coldstart),
    /// Show what is in a package, per distribution
    Inspect(Inspect),
    /// Tell why a file is kept, changed or dropped
    Explain(Explain),
    /// List what slim takes away, and on what grounds
    Rules(Rules),
}

/// Which configuration is read.
#[derive(Debug, Args)]
pub struct Configured {
    /// The configuration [default: slim.toml in the current folder, if it is there]
    #[arg(long, value_name = "PATH", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
}

/// What decides what ships.
#[derive(Debug, Args)]
pub struct Decisions {
    /// The target's Python [default: read from the package, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// The target's processor, x86_64 or arm64 [default: read from the package, else x86_64]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Arch>,
    /// The function that Lambda calls, such as app.lambda_handler (repeatable)
    #[arg(long, value_name = "MODULE.FUNCTION")]
    pub handler: Vec<Handler>,
    /// How much evidence is enough to leave a file out
    #[arg(long, value_enum, default_value = "standard")]
    pub level: LevelArg,
    /// What goes into the layer [default: all for one package, shared for several]
    #[arg(long, value_enum)]
    pub layer: Option<LayerArg>,
    /// Keep what matches, as it is, over every rule (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub keep: Vec<String>,
    /// Leave out what matches, over every rule (repeatable; --keep wins)
    #[arg(long, value_name = "GLOB")]
    pub drop: Vec<String>,
    /// For arm64: pack libraries closer, for a kernel whose pages are of this size; takes less
    /// unzipped, nothing in the zip. Condition: Lambda's kernel has such pages; one with pages of
    /// 16 or 64 KiB cannot load the result
    #[arg(long, value_enum, value_name = "SIZE")]
    pub page_size: Option<PageSizeArg>,
    /// What runs opened, from `slim trace`: at level max, modules that they never asked for may go
    /// too (repeatable)
    #[arg(long, value_name = "FILE")]
    pub trace: Vec<PathBuf>,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
}

/// How a result is run to prove it.
#[derive(Debug, Args)]
pub struct Runs {
    /// A file of JSON that each handler is given as its event (repeatable)
    #[arg(long, value_name = "FILE")]
    pub event: Vec<PathBuf>,
    /// The Python that runs it [default: the target's, found on PATH, in pyenv or uv]
    #[arg(long, value_name = "PATH")]
    pub python_bin: Option<PathBuf>,
    /// Let the runs reach no network but loopback
    #[arg(long)]
    pub no_network: bool,
    /// A folder of distributions that Lambda's runtime has, such as boto3
    #[arg(long, value_name = "DIR")]
    pub runtime_packages: Option<PathBuf>,
    /// A variable of the function's environment (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Seconds that one run may take
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
}

impl Runs {
    fn proving(&self) -> Proving {
        Proving {
            events: self.event.clone(),
            python_bin: self.python_bin.clone(),
            network: !self.no_network,
            runtime_packages: self.runtime_packages.clone(),
            environment: self.env.clone(),
            seconds: f64::from(self.timeout),
            ..Proving::default()
        }
    }
}

/// The command line of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The function's zip and its layers', in order; or folders of what they hold
    #[arg(required = true, value_name = "ZIP")]
    pub zips: Vec<PathBuf>,
    /// The function that Lambda calls, such as app.lambda_handler (repeatable)
    #[arg(long, required = true, value_name = "MODULE.FUNCTION")]
    pub handler: Vec<Handler>,
    /// The target's Python [default: read from the zips, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// How it is run.
    #[command(flatten)]
    pub runs: Runs,
    /// AWS's Runtime Interface Emulator: run the events under it too, and measure INIT
    #[arg(long, value_name = "PATH", requires = "event", requires = "runtime_packages")]
    pub rie: Option<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Verify {
    /// What was asked for.
    pub fn options(&self) -> Options {
        let mut options = Options::of(self.zips.clone());
        options.python = self.python;
        options.handlers.clone_from(&self.handler);
        options.proving = Some(Proving { emulator: self.rie.clone(), ..self.runs.proving() });
        options
    }
}

/// The command line of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// Folders that `pip install -t` filled, or zips of them
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<PathBuf>,
    /// The function that Lambda calls, such as app.lambda_handler (repeatable)
    #[arg(
        long,
        value_name = "MODULE.FUNCTION",
        required_unless_present = "command",
        conflicts_with = "command"
    )]
    pub handler: Vec<Handler>,
    /// A command to run instead, such as your tests; it finds the package on PYTHONPATH
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "event")]
    pub command: Vec<String>,
    /// Where the trace goes; one that is there is added to
    #[arg(short, long, value_name = "FILE", default_value = "slim-trace.json")]
    pub output: PathBuf,
    /// The target's Python [default: read from the package, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// How it is run.
    #[command(flatten)]
    pub runs: Runs,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Trace {
    /// What was asked for.
    pub fn options(&self) -> Options {
        let mut options = Options::of(self.packages.clone());
        options.python = self.python;
        options.handlers.clone_from(&self.handler);
        options.proving = Some(self.runs.proving());
        options
    }

    /// What is to be traced.
    pub fn wanted(&self) -> Tracing {
        Tracing { command: self.command.clone(), file: self.output.clone() }
    }
}

/// The command line of `coldstart`.
#[derive(Debug, Args)]
pub struct Coldstart {
    /// A folder that `pip install -t` filled, or a zip of one
    #[arg(value_name = "PACKAGE")]
    pub package: PathBuf,
    /// The function that Lambda calls, such as app.lambda_handler
    #[arg(long, value_name = "MODULE.FUNCTION")]
    pub handler: Handler,
    /// How many cold starts each figure is the median of
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub runs: u16,
    /// The level of the slimmed package
    #[arg(long, value_enum, default_value = "standard")]
    pub level: LevelArg,
    /// The target's Python [default: read from the package, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// The target's processor, x86_64 or arm64 [default: read from the package, else x86_64]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Arch>,
    /// How it is run.
    #[command(flatten)]
    pub runs_as: Runs,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Coldstart {
    /// What was asked for, here and in the configuration.
    pub fn options(&self, config: &Config) -> Options {
        let mut options = config.options(vec![self.package.clone()]);
        options.python = self.python;
        options.arch = self.arch;
        options.level = self.level.into();
        options.handlers = vec![self.handler.clone()];
        options.python_bin.clone_from(&self.runs_as.python_bin);
        options.proving = Some(self.runs_as.proving());
        options
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE is wanted".to_owned()),
    }
}

/// The command line of `build`.
#[derive(Debug, Args)]
pub struct Build {
    /// Folders that `pip install -t` filled, or zips of them; one per function
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<PathBuf>,
    /// Where the results go
    #[arg(short, long, value_name = "DIR", default_value = "dist")]
    pub out_dir: PathBuf,
    /// What decides what ships.
    #[command(flatten)]
    pub decisions: Decisions,
    /// Run the result as Lambda would before saying done; on at level max, and with --event
    #[arg(long)]
    pub verify: bool,
    /// Do without a proof
    #[arg(long, conflicts_with_all = ["verify", "event"])]
    pub no_verify: bool,
    /// Import every module that ships, not only those that the handlers reach
    #[arg(long)]
    pub parity: bool,
    /// Be content with level standard where max cannot be proven
    #[arg(long)]
    pub allow_fallback: bool,
    /// How it is run.
    #[command(flatten)]
    pub runs: Runs,
    /// AWS's Runtime Interface Emulator: run the events under it too, and measure INIT
    #[arg(
        long,
        value_name = "PATH",
        requires = "event",
        requires = "runtime_packages",
        conflicts_with = "no_verify"
    )]
    pub rie: Option<PathBuf>,
    /// Whether compiled Python ships, so that a cold start compiles nothing
    #[arg(long, value_enum, default_value = "none")]
    pub bytecode: BytecodeArg,
    /// How hard to compress
    #[arg(long, value_enum, default_value = "default")]
    pub compression: CompressionArg,
    /// Fail when a function and its layers take more unzipped (such as 200MB)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_unzipped: Option<u64>,
    /// Fail when a function and its layers take more zipped (such as 50MiB)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_zipped: Option<u64>,
    /// The form of the report on stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// Write the report to a file too, such as json=report.json (repeatable)
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report_copy)]
    pub report: Vec<(Format, PathBuf)>,
    /// Do everything but write the results
    #[arg(long)]
    pub dry_run: bool,
    /// Print no report
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every distribution and every doubt
    #[arg(short, long)]
    pub verbose: bool,
}

/// The command line of `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Folders or zips
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<PathBuf>,
    /// The target's Python [default: read from the package, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// The target's processor, x86_64 or arm64 [default: read from the package, else x86_64]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Arch>,
    /// The function that Lambda calls: shows what is reached from it and why (repeatable)
    #[arg(long, value_name = "MODULE.FUNCTION")]
    pub handler: Vec<Handler>,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// The command line of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A folder or zip
    #[arg(value_name = "PACKAGE")]
    pub package: PathBuf,
    /// A file or folder in it, relative to the import root
    #[arg(value_name = "PATH", required_unless_present = "doubts")]
    pub path: Option<String>,
    /// List what stays for names that are made at run time, and what it costs
    #[arg(long, conflicts_with = "path")]
    pub doubts: bool,
    /// What decides what ships.
    #[command(flatten)]
    pub decisions: Decisions,
    /// Whether compiled Python ships, as for a build
    #[arg(long, value_enum, default_value = "none")]
    pub bytecode: BytecodeArg,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// The command line of `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    /// The form of the list
    #[arg(long, value_enum, default_value = "human")]
    pub format: RulesFormat,
}

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

fn report_copy(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, path) =
        text.split_once('=').ok_or("FORMAT=PATH is wanted, such as json=report.json")?;
    let format = Format::from_str(format, false)
        .map_err(|_| format!("{format} is no form of the report: human or json"))?;
    if path.is_empty() {
        Err("the path is empty".to_owned())
    } else {
        Ok((format, PathBuf::from(path)))
    }
}

impl Build {
    /// What was asked for, here and in the configuration; `epoch` is SOURCE_DATE_EPOCH.
    pub fn options(&self, config: &Config, epoch: Option<u64>) -> Options {
        let mut options = self.decisions.options(self.packages.clone(), config);
        options.out_dir = self.out_dir.clone();
        options.compression = match self.compression {
            CompressionArg::Fast => Compression::Fast,
            CompressionArg::Default => Compression::Default,
            CompressionArg::Max => Compression::Max,
            CompressionArg::Extreme => Compression::Extreme,
        };
        options.bytecode = self.bytecode.into();
        options.python_bin.clone_from(&self.runs.python_bin);
        options.max_unzipped = self.max_unzipped;
        options.max_zipped = self.max_zipped;
        options.source_date_epoch = epoch;
        options.dry_run = self.dry_run;
        let wanted = self.verify || !self.runs.event.is_empty() || options.level == Level::Max;
        options.proving = (wanted && !self.no_verify).then(|| Proving {
            parity: self.parity,
            allow_fallback: self.allow_fallback,
            emulator: self.rie.clone(),
            ..self.runs.proving()
        });
        options
    }
}

impl Inspect {
    /// What was asked for, here and in the configuration.
    pub fn options(&self, config: &Config) -> Options {
        let mut options = config.options(self.packages.clone());
        options.python = self.python;
        options.arch = self.arch;
        options.handlers.clone_from(&self.handler);
        options
    }
}

impl Explain {
    /// What was asked for, here and in the configuration.
    pub fn options(&self, config: &Config) -> Options {
        let options = self.decisions.options(vec![self.package.clone()], config);
        Options { bytecode: self.bytecode.into(), ..options }
    }
}

impl Decisions {
    /// The command line comes last, so that of two globs for a file its own is the one told.
    fn options(&self, packages: Vec<PathBuf>, config: &Config) -> Options {
        let mut options = config.options(packages);
        options.python = self.python;
        options.arch = self.arch;
        options.level = self.level.into();
        if let Some(layer) = self.layer {
            options.layer = match layer {
                LayerArg::All => LayerPolicy::All,
                LayerArg::Shared => LayerPolicy::Shared,
                LayerArg::None => LayerPolicy::None,
            };
        }
        options.small_pages = matches!(self.page_size, Some(PageSizeArg::Of4KiB));
        options.handlers.clone_from(&self.handler);
        options.traces.clone_from(&self.trace);
        options.keep.extend(self.keep.iter().map(|text| Glob::typed(text)));
        options.drop.extend(self.drop.iter().map(|text| Glob::typed(text)));
        options
    }
}
