//! What a user can type.

pub mod caching;
pub mod check;
pub mod choices;
pub mod diff;
pub mod form;
pub mod growth;
pub mod installing;
pub mod pricing;
pub mod running;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::caching::{CacheArgs, Caching};
use self::choices::{
    BytecodeArg, CompressionArg, Format, LayerArg, LevelArg, PageSizeArg, ReportFormat,
    RulesFormat, When,
};
use self::installing::{Completions, Man};
use self::running::{Coldstart, Trace, Verify};
use crate::config::{Config, Which};
use crate::failure::Failure;
use crate::options::settings::Settings;
use crate::options::workspace::{Share, Workspace};
use crate::options::{Glob, Handler, Network, Options, Proving, size};
use crate::target::{Arch, Python};

/// Where help shows the options that all commands have: after their own, whose number counts from 0.
const LAST: usize = 900;

/// Turns a Python deployment package into the smallest AWS Lambda zips that still run it.
#[derive(Debug, Parser)]
#[command(name = "slim", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN", display_order = LAST)]
    pub color: When,
    /// How many threads to use [default: as many as there are processors]
    #[arg(short, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), display_order = LAST)]
    pub jobs: Option<u16>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make function.zip, layer.zip and report.json
    Build(Build),
    /// Tell whether the zips would keep limits and budgets, and who is to blame; writes nothing
    Check(check::Check),
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
    /// Tell what differs between two builds, zips or packages, and why
    Diff(diff::Diff),
    /// List what slim takes away, and on what grounds
    Rules(Rules),
    /// Show, or remove, what is kept for the next build
    Cache(CacheArgs),
    /// Write a slim.toml from what a folder holds
    Init(Init),
    /// Divide the functions of a workspace into shares that several machines can make
    Plan(Plan),
    /// Print what completes slim's command line in a shell
    Completions(Completions),
    /// Print slim's man page, or write those of all commands
    Man(Man),
}

/// The command line of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// How many machines there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub shards: u16,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Plan {
    /// The functions of the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] where there are none.
    pub fn workspace(&self, config: &Config) -> Result<Workspace, Failure> {
        let complete = |settings: Settings, packages| settings.options(packages);
        config.workspace(&[], &Settings::default(), complete)?.ok_or_else(no_workspace)
    }
}

fn no_workspace() -> Failure {
    Failure::usage("failed to build: there is neither a PACKAGE nor a function in slim.toml").hint(
        "name the folder that `pip install -t` filled: `slim build ./package`; or let `slim init` \
         write a slim.toml",
    )
}

/// The command line of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The project's folder, with template.yaml, serverless.yml, or packages
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Print the file, write nothing
    #[arg(long)]
    pub stdout: bool,
    /// Write over a slim.toml that is there
    #[arg(long, conflicts_with = "stdout")]
    pub force: bool,
}

/// Which configuration is read.
#[derive(Debug, Args)]
pub struct Configured {
    /// The configuration [default: the nearest slim.toml or [tool.slim] of pyproject.toml, from the
    /// current folder up]
    #[arg(long, value_name = "PATH", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long)]
    pub no_config: bool,
}

impl Configured {
    /// Which one is wanted.
    pub fn which(&self) -> Which<'_> {
        match &self.config {
            Some(path) => Which::File(path),
            None if self.no_config => Which::None,
            None => Which::Nearest,
        }
    }
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
    /// How much evidence is enough to leave a file out [default: standard]
    #[arg(long, value_enum)]
    pub level: Option<LevelArg>,
    /// What goes into the layer [default: all for one package, shared for several]
    #[arg(long, value_enum)]
    pub layer: Option<LayerArg>,
    /// Keep what matches, as it is, over every rule (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub keep: Vec<String>,
    /// Leave out what matches, over every rule (repeatable; --keep wins)
    #[arg(long, value_name = "GLOB")]
    pub drop: Vec<String>,
    /// Leave out what Lambda's runtime has: boto3 with its parts, and urllib3, six and dateutil where
    /// nobody else needs them. AWS updates them at any time
    #[arg(long)]
    pub exclude_runtime: bool,
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
    /// What is kept for the next build.
    #[command(flatten)]
    pub caching: Caching,
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
    /// Let the runs reach the network. Without it they have a loopback device of their own alone,
    /// where this machine can make them one
    #[arg(long)]
    pub network: bool,
    /// Run nothing where the network cannot be kept from it
    #[arg(long, conflicts_with = "network")]
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
    fn settings(&self) -> Settings {
        Settings {
            events: some(&self.event),
            python_bin: self.python_bin.clone(),
            environment: self.env.clone(),
            ..Settings::default()
        }
    }

    fn proving(&self, settings: &Settings) -> Proving {
        settings.proving(Proving {
            network: match (self.network, self.no_network) {
                (true, _) => Network::Open,
                (_, true) => Network::Denied,
                _ => Network::Closed,
            },
            runtime_packages: self.runtime_packages.clone(),
            seconds: f64::from(self.timeout),
            ..Proving::default()
        })
    }

    /// The options of a command that runs what it is given.
    fn options(&self, settings: Settings, packages: Vec<PathBuf>, config: &Config) -> Options {
        let proving = Some(self.proving(&settings));
        Options { proving, config: config.told(), ..settings.options(packages) }
    }
}

/// A list that says something.
fn some<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn no_handler(doing: &str) -> Failure {
    Failure::usage(format!("failed to {doing}: no handler is named"))
        .hint("name it with --handler, such as --handler app.lambda_handler, or in slim.toml")
}

/// The emulator runs events.
fn with_events(options: &Options) -> Result<(), Failure> {
    match &options.proving {
        Some(proving) if proving.emulator.is_some() && proving.events.is_empty() => {
            Err(Failure::usage("failed to use --rie: there is no event to run")
                .hint("name a file of JSON with --event, or events in slim.toml"))
        }
        Some(_) | None => Ok(()),
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
#[command(
    mut_arg("memory", |arg| arg.requires("rie")),
    mut_arg("price", |arg| arg.requires("rie"))
)]
pub struct Build {
    /// Folders that `pip install -t` filled, or zips of them, one per function; or names of functions
    /// of the configuration [default: all of them]
    #[arg(value_name = "PACKAGE")]
    pub packages: Vec<PathBuf>,
    /// Where the results go [default: dist]
    #[arg(short, long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// What the results are written as.
    #[command(flatten)]
    pub form: form::Form,
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
    #[arg(long, value_name = "PATH", requires = "runtime_packages", conflicts_with = "no_verify")]
    pub rie: Option<PathBuf>,
    /// What INIT under it costs.
    #[command(flatten)]
    pub pricing: pricing::Pricing,
    /// Whether compiled Python ships, so that a cold start compiles nothing [default: none]
    #[arg(long, value_enum)]
    pub bytecode: Option<BytecodeArg>,
    /// How hard to compress [default: default]
    #[arg(long, value_enum)]
    pub compression: Option<CompressionArg>,
    /// Fail when a function and its layers take more unzipped (such as 200MB)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_unzipped: Option<u64>,
    /// Fail when a function and its layers take more zipped (such as 50MiB)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_zipped: Option<u64>,
    /// What it is compared with.
    #[command(flatten)]
    pub growth: growth::Baseline,
    /// The form of the report on stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReportFormat,
    /// Write the report to a file too, such as html=report.html (repeatable)
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report_copy)]
    pub report: Vec<(ReportFormat, PathBuf)>,
    /// Write what ships as an SBOM too: CycloneDX 1.6, in JSON
    #[arg(long, value_name = "PATH")]
    pub sbom: Option<PathBuf>,
    /// Split the distributions of a workspace over layers anew, whatever slim.lock says
    #[arg(long)]
    pub replan: bool,
    /// Of a workspace, make only the parts of this share, such as 1/4, and keep them in the cache;
    /// with a --cache that machines share, the build that follows finds all of them there
    #[arg(long, value_name = "I/N", conflicts_with_all = ["dry_run", "no_cache", "report", "sbom", "baseline"])]
    pub shard: Option<Share>,
    /// Under GitHub Actions (GITHUB_ACTIONS=true), add nothing to the step: no summary, no annotations
    /// and no outputs
    #[arg(long)]
    pub no_github: bool,
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
    /// What is kept for the next build.
    #[command(flatten)]
    pub caching: Caching,
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
    /// Whether compiled Python ships, as for a build [default: none]
    #[arg(long, value_enum)]
    pub bytecode: Option<BytecodeArg>,
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

/// What is to be built.
#[derive(Debug)]
pub enum Asked {
    /// Packages, by themselves.
    Packages(Options),
    /// Functions of the configuration.
    Workspace(Workspace),
}

impl Build {
    /// What was asked for, here and in the configuration; `epoch` is SOURCE_DATE_EPOCH.
    ///
    /// # Errors
    /// A usage [`Failure`] where there is nothing to build, or one of it is not there.
    pub fn asked(&self, config: &Config, epoch: Option<u64>) -> Result<Asked, Failure> {
        let cache = self.decisions.caching.open(config)?;
        let complete = |settings, packages| {
            let options = self.complete(settings, packages, config, epoch);
            Options { cache: cache.clone(), ..options }
        };
        let Some(names) = self.names(config)? else {
            let settings = self.settings().over(config.settings(&self.packages));
            let options = complete(settings, self.packages.clone());
            with_events(&options)?;
            return Ok(Asked::Packages(options));
        };
        let workspace = config.workspace(&names, &self.settings(), complete)?;
        let workspace = workspace.ok_or_else(no_workspace)?;
        workspace.functions.iter().try_for_each(|function| with_events(&function.options))?;
        Ok(Asked::Workspace(workspace))
    }

    /// Whether the report is wanted in this form, on stdout or in a file.
    fn wants(&self, form: ReportFormat) -> bool {
        self.format == form || self.report.iter().any(|(one, _)| *one == form)
    }

    /// Whether a proof was done without, here or in the configuration.
    pub fn declined(&self, config: &Config) -> bool {
        self.settings().over(config.settings(&self.packages)).verify == Some(false)
    }

    /// The functions of the configuration that are wanted, all where it is empty; None where packages
    /// are. What is there as a file or folder is a package.
    fn names(&self, config: &Config) -> Result<Option<Vec<String>>, Failure> {
        let known = config.function_names();
        let name = |path: &PathBuf| {
            let name = path.to_str().filter(|name| known.contains(name))?;
            (!path.exists()).then(|| name.to_owned())
        };
        let names: Vec<String> = self.packages.iter().filter_map(name).collect();
        match self.packages.iter().find(|path| name(path).is_none()) {
            Some(package) if !names.is_empty() => Err(Failure::usage(format!(
                "failed to build {} with {}: one is a function of the configuration, one a package",
                names[0],
                package.display()
            ))
            .hint("build them one after the other")),
            Some(_) => Ok(None),
            None => Ok(Some(names)),
        }
    }

    fn settings(&self) -> Settings {
        let verify = self.verify || !self.runs.event.is_empty();
        Settings {
            out_dir: self.out_dir.clone(),
            compression: self.compression.map(Into::into),
            bytecode: self.bytecode.map(Into::into),
            max_unzipped: self.max_unzipped,
            max_zipped: self.max_zipped,
            max_growth: self.growth.max_growth,
            verify: (verify || self.no_verify).then_some(verify),
            ..self.decisions.settings().over(self.runs.settings())
        }
    }

    fn complete(
        &self,
        settings: Settings,
        packages: Vec<PathBuf>,
        config: &Config,
        epoch: Option<u64>,
    ) -> Options {
        let proving = settings.proven().then(|| Proving {
            parity: self.parity,
            allow_fallback: self.allow_fallback,
            emulator: self.rie.clone(),
            ..self.runs.proving(&settings)
        });
        let options = self.decisions.options(settings, packages, config);
        let baseline = self.growth.baseline.clone();
        let mut options = Options {
            baseline,
            source_date_epoch: epoch,
            dry_run: self.dry_run,
            proving,
            billing: self.pricing.billing(),
            copies: self.report.iter().map(|(_, path)| path).chain(&self.sbom).cloned().collect(),
            every_file: self.wants(ReportFormat::Html),
            ..options
        };
        self.form.apply(&mut options);
        options
    }
}

impl Inspect {
    /// What was asked for, here and in the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] for a cache that cannot be.
    pub fn options(&self, config: &Config) -> Result<Options, Failure> {
        let own = Settings {
            python: self.python,
            arch: self.arch,
            handlers: some(&self.handler),
            ..Settings::default()
        };
        let settings = own.over(config.settings(&self.packages));
        let cache = self.caching.open(config)?;
        Ok(Options { cache, config: config.told(), ..settings.options(self.packages.clone()) })
    }
}

impl Explain {
    /// What was asked for, here and in the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] for a cache that cannot be.
    pub fn options(&self, config: &Config) -> Result<Options, Failure> {
        let packages = vec![self.package.clone()];
        let own = Settings { bytecode: self.bytecode.map(Into::into), ..self.decisions.settings() };
        let settings = own.over(config.settings(&packages));
        let cache = self.decisions.caching.open(config)?;
        Ok(Options { cache, ..self.decisions.options(settings, packages, config) })
    }
}

impl Decisions {
    fn settings(&self) -> Settings {
        Settings {
            python: self.python,
            arch: self.arch,
            level: self.level.map(Into::into),
            layer: self.layer.map(Into::into),
            small_pages: self.page_size.map(|PageSizeArg::Of4KiB| true),
            handlers: some(&self.handler),
            exclude_runtime: self.exclude_runtime.then_some(true),
            traces: some(&self.trace),
            keep: self.keep.iter().map(|text| Glob::typed(text)).collect(),
            drop: self.drop.iter().map(|text| Glob::typed(text)).collect(),
            ..Settings::default()
        }
    }

    /// What is asked for in all; what was typed is held against the rest where it makes no sense.
    fn options(&self, settings: Settings, packages: Vec<PathBuf>, config: &Config) -> Options {
        let mut options = settings.options(packages);
        options.config = config.told();
        options.small_pages_typed = self.page_size.is_some();
        if !self.trace.is_empty() {
            options.traces.clone_from(&self.trace);
        }
        options
    }
}

fn report_copy(text: &str) -> Result<(ReportFormat, PathBuf), String> {
    let (format, path) =
        text.split_once('=').ok_or("FORMAT=PATH is wanted, such as json=report.json")?;
    let format = ReportFormat::from_str(format, false)
        .map_err(|_| format!("{format} is no form of the report: human, json, markdown or html"))?;
    if path.is_empty() {
        Err("the path is empty".to_owned())
    } else {
        Ok((format, PathBuf::from(path)))
    }
}
