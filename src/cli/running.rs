//! Commands that run what they are given: `verify`, `trace` and `coldstart`.

use std::path::PathBuf;

use clap::Args;

use super::caching::Caching;
use super::choices::{Format, LevelArg};
use super::pricing::Pricing;
use super::{Configured, Runs, no_handler, some, with_events};
use crate::config::Config;
use crate::failure::Failure;
use crate::options::settings::Settings;
use crate::options::{Handler, Options, Tracing};
use crate::target::{Arch, Python};

/// The command line of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The function's zip and its layers', in order; or folders of what they hold
    #[arg(required = true, value_name = "ZIP")]
    pub zips: Vec<PathBuf>,
    /// The function that Lambda calls, such as app.lambda_handler (repeatable)
    #[arg(long, value_name = "MODULE.FUNCTION")]
    pub handler: Vec<Handler>,
    /// The target's Python [default: read from the zips, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// How it is run.
    #[command(flatten)]
    pub runs: Runs,
    /// AWS's Runtime Interface Emulator: run the events under it too, and measure INIT
    #[arg(long, value_name = "PATH", requires = "runtime_packages")]
    pub rie: Option<PathBuf>,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Verify {
    /// What was asked for, here and in the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] where no handler is named, or no event for the emulator.
    pub fn options(&self, config: &Config) -> Result<Options, Failure> {
        let own =
            Settings { python: self.python, handlers: some(&self.handler), ..self.runs.settings() };
        let settings = own.over(config.settings(&[]));
        let mut options = self.runs.options(settings, self.zips.clone(), config);
        if options.handlers.is_empty() {
            return Err(no_handler("verify"));
        }
        if let Some(proving) = &mut options.proving {
            proving.emulator.clone_from(&self.rie);
        }
        with_events(&options)?;
        Ok(options)
    }
}

/// The command line of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// Folders that `pip install -t` filled, or zips of them
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<PathBuf>,
    /// The function that Lambda calls, such as app.lambda_handler (repeatable)
    #[arg(long, value_name = "MODULE.FUNCTION", conflicts_with = "command")]
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
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl Trace {
    /// What was asked for, here and in the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] where neither a handler nor a command is named.
    pub fn options(&self, config: &Config) -> Result<Options, Failure> {
        let own =
            Settings { python: self.python, handlers: some(&self.handler), ..self.runs.settings() };
        let settings = own.over(config.settings(&self.packages));
        let options = self.runs.options(settings, self.packages.clone(), config);
        match (options.handlers.is_empty(), self.command.is_empty()) {
            (true, true) => Err(no_handler("trace")),
            (_, true) => Ok(options),
            (_, false) => Ok(Options { handlers: Vec::new(), ..options }),
        }
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
    pub handler: Option<Handler>,
    /// How many cold starts each figure is the median of
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub runs: u16,
    /// The level of the slimmed package [default: standard]
    #[arg(long, value_enum)]
    pub level: Option<LevelArg>,
    /// The target's Python [default: read from the package, else 3.12]
    #[arg(long, value_name = "X.Y")]
    pub python: Option<Python>,
    /// The target's processor, x86_64 or arm64 [default: read from the package, else x86_64]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<Arch>,
    /// What it costs.
    #[command(flatten)]
    pub pricing: Pricing,
    /// How it is run.
    #[command(flatten)]
    pub runs_as: Runs,
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

impl Coldstart {
    /// What was asked for, here and in the configuration.
    ///
    /// # Errors
    /// A usage [`Failure`] where not one handler is named.
    pub fn options(&self, config: &Config) -> Result<Options, Failure> {
        let own = Settings {
            python: self.python,
            arch: self.arch,
            level: self.level.map(Into::into),
            handlers: self.handler.clone().map(|handler| vec![handler]),
            ..self.runs_as.settings()
        };
        let packages = vec![self.package.clone()];
        let settings = own.over(config.settings(&packages));
        let mut options = self.runs_as.options(settings, packages, config);
        options.billing = self.pricing.billing();
        options.cache = self.caching.open(config)?;
        match &options.handlers[..] {
            [] => Err(no_handler("measure")),
            [_] => Ok(options),
            [first, ..] => Err(Failure::usage("failed to measure: several handlers are named")
                .hint(format!("name the one to start, such as --handler {first}"))),
        }
    }
}
