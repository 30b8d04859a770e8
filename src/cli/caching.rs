//! What a user can type about the cache.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Subcommand};

use super::{Configured, Format};
use crate::cache::{Cache, Settings};
use crate::config::Config;
use crate::failure::Failure;

/// The heading of these options.
const CACHE: &str = "Cache";

/// What is kept for the next build.
#[derive(Debug, Args)]
pub struct Caching {
    /// The folder of results that the next build uses [default: lambda-slim in the user's cache
    /// folder]
    #[arg(
        long,
        value_name = "DIR",
        env = "SLIM_CACHE_DIR",
        help_heading = CACHE,
        hide_env_values = true
    )]
    pub cache_dir: Option<PathBuf>,
    /// Use no results of other builds, and keep none
    #[arg(
        long,
        env = "SLIM_NO_CACHE",
        help_heading = CACHE,
        hide_env_values = true,
        action = ArgAction::SetTrue,
        value_parser = FalseyValueParser::new()
    )]
    pub no_cache: bool,
    /// A store behind that folder which machines share: a folder too, or s3://BUCKET/PREFIX
    #[arg(
        long,
        value_name = "DIR|URL",
        env = "SLIM_CACHE",
        help_heading = CACHE,
        hide_env_values = true
    )]
    pub cache: Option<String>,
    /// Write nothing into the store of --cache
    #[arg(
        long,
        env = "SLIM_CACHE_READ_ONLY",
        help_heading = CACHE,
        hide_env_values = true,
        action = ArgAction::SetTrue,
        value_parser = FalseyValueParser::new()
    )]
    pub cache_read_only: bool,
}

impl Caching {
    /// The cache that was asked for, here and in the configuration.
    pub(super) fn open(&self, config: &Config) -> Result<Cache, Failure> {
        let mut settings = config.cache.clone();
        settings.off |= self.no_cache;
        settings.folder = self.cache_dir.clone().or(settings.folder);
        settings.store = self.cache.clone().or(settings.store);
        settings.read_only |= self.cache_read_only;
        opened(&settings)
    }
}

fn opened(settings: &Settings) -> Result<Cache, Failure> {
    settings.open().map_err(|unusable| {
        Failure::usage(format!("failed to use the cache: {unusable}")).hint(unusable.next_step())
    })
}

/// The command line of `cache`.
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: CacheCommand,
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Show what it holds
    Stat(OneCache),
    /// Remove what it holds; nothing that slim did not write is touched
    Clean(OneCache),
}

/// Which cache.
#[derive(Debug, Args)]
pub struct OneCache {
    /// The folder [default: lambda-slim in the user's cache folder]
    #[arg(long, value_name = "DIR", env = "SLIM_CACHE_DIR", hide_env_values = true)]
    pub cache_dir: Option<PathBuf>,
    /// Which configuration is read.
    #[command(flatten)]
    pub configured: Configured,
    /// The form of the answer
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

impl OneCache {
    /// The folder that is meant, without the store behind it.
    ///
    /// # Errors
    /// As [`Caching::open`].
    pub fn open(&self, config: &Config) -> Result<Cache, Failure> {
        let configured = &config.cache;
        let folder = self.cache_dir.clone().or_else(|| configured.folder.clone());
        opened(&Settings { folder, off: false, store: None, ..configured.clone() })
    }
}
