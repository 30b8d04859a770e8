//! What a user can type about the cache.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Configured;
use super::choices::Format;
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
    #[arg(long, value_name = "DIR", help_heading = CACHE)]
    pub cache_dir: Option<PathBuf>,
    /// Use no results of other builds, and keep none
    #[arg(long, help_heading = CACHE)]
    pub no_cache: bool,
    /// A store behind that folder which machines share: a folder too, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR|URL", help_heading = CACHE)]
    pub cache: Option<String>,
    /// Write nothing into the store of --cache
    #[arg(long, help_heading = CACHE)]
    pub cache_read_only: bool,
}

impl Caching {
    /// The cache that was asked for, here and in the configuration.
    pub(super) fn open(&self, config: &Config) -> Result<Cache, Failure> {
        let configured = config.cache().settings();
        opened(&Settings {
            off: self.no_cache || configured.off,
            folder: self.cache_dir.clone().or(configured.folder),
            store: self.cache.clone().or(configured.store),
            read_only: self.cache_read_only || configured.read_only,
            most_bytes: configured.most_bytes,
        })
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
    #[arg(long, value_name = "DIR")]
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
        let configured = config.cache().settings();
        let folder = self.cache_dir.clone().or_else(|| configured.folder.clone());
        opened(&Settings { folder, off: false, store: None, ..configured })
    }
}
