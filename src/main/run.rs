//! Carries one command out and prints its answer.

mod build;
mod completions;
mod github;
mod manual;

use anyhow::{Context, Result};
use lambda_slim::cache::{NotACache, Stat};
use lambda_slim::cli::caching::{CacheCommand, OneCache};
use lambda_slim::cli::choices::{DiffFormat, Format, RulesFormat};
use lambda_slim::cli::installing::Man;
use lambda_slim::cli::{Cli, Command, Configured, Init};
use lambda_slim::config::environment::Environment;
use lambda_slim::config::{self, Config};
use lambda_slim::failure::Failure;
use lambda_slim::measure::trace;
use lambda_slim::report::{self, coldstart, diff, doubts, explain, inspect, json, markdown, proof};
use lambda_slim::rules::table;
use lambda_slim::scratch;
use lambda_slim::verify::Status;
use lambda_slim::workspace::shards;

use crate::bar::Bar;
use crate::signals;
use crate::tell::{print, say};

/// Carries the command out; gives the exit code.
pub(crate) fn command(cli: &Cli) -> Result<u8> {
    start_threads(usize::from(cli.jobs.unwrap_or(0)))?;
    let bar = Bar::new();
    match &cli.command {
        Command::Build(build) => return build::build(build, &bar),
        Command::Check(args) => return build::check(args, &bar),
        Command::Inspect(args) => {
            let found = lambda_slim::look_into(&args.options(&config(&args.configured)?)?, &bar)?;
            print(&if args.format == Format::Json {
                json::render(&found)
            } else {
                inspect::render(&found)
            })?;
        }
        Command::Explain(args) if args.doubts => {
            let found = lambda_slim::list_doubts(
                &args.options(&config(&args.decisions.configured)?)?,
                &bar,
            )?;
            print(&if args.format == Format::Json {
                json::render(&found)
            } else {
                doubts::render(&found)
            })?;
        }
        Command::Explain(args) => {
            let path = args.path.as_deref().unwrap_or_default();
            let answers = lambda_slim::explain_path(
                &args.options(&config(&args.decisions.configured)?)?,
                path,
                &bar,
            )?;
            print(&if args.format == Format::Json {
                json::render(&answers)
            } else {
                explain::render(&answers)
            })?;
        }
        Command::Verify(args) => {
            let options = args.options(&config(&args.configured)?)?;
            let found = lambda_slim::verify(&options, &bar)?;
            print(&if args.format == Format::Json {
                json::render(&found)
            } else {
                proof::render(&found.proof, &found.timings)
            })?;
            return Ok(u8::from(found.proof.status == Status::Failed));
        }
        Command::Trace(args) => {
            let options = args.options(&config(&args.configured)?)?;
            let traced = lambda_slim::trace(&options, &args.wanted(), &bar)?;
            print(&match args.format {
                Format::Human => trace::render(&traced),
                Format::Json => json::render(&traced),
            })?;
        }
        Command::Coldstart(args) => {
            let options = args.options(&config(&args.configured)?)?;
            let found = lambda_slim::coldstart(&options, usize::from(args.runs), &bar)?;
            print(&match args.format {
                Format::Human => coldstart::render(&found),
                Format::Json => json::render(&found),
            })?;
        }
        Command::Diff(args) => {
            let found = diff::diff(&args.a, &args.b, args.max_growth, &bar)?;
            print(&match args.format {
                DiffFormat::Human => diff::words::render(&found, args.verbose),
                DiffFormat::Json => json::render(&found),
                DiffFormat::Markdown => markdown::render_diff(&found),
            })?;
            return Ok(u8::from(!found.exceeded.is_empty()));
        }
        Command::Init(args) => init(args)?,
        Command::Plan(args) => {
            let workspace = args.workspace(&config(&args.configured)?)?;
            let found = lambda_slim::plan_shards(&workspace, usize::from(args.shards), &bar)?;
            print(&match args.format {
                Format::Human => shards::render(&found),
                Format::Json => json::render(&found),
            })?;
        }
        Command::Rules(args) => print(&match args.format {
            RulesFormat::Human => table::list(),
            RulesFormat::Json => json::render(&table::RULES),
            RulesFormat::Markdown => table::page(),
        })?,
        Command::Completions(args) => print(&completions::of(args.shell)?)?,
        Command::Man(args) => man(args)?,
        Command::Cache(args) => match &args.command {
            CacheCommand::Stat(args) => {
                let cache = args.open(&config(&args.configured)?)?;
                let stat = cache.stat().context("failed to read the cache")?;
                print(&told(stat.ok_or_else(no_folder)?, args, report::cache::render))?;
            }
            CacheCommand::Clean(args) => {
                let cache = args.open(&config(&args.configured)?)?;
                let stat = cache.clean().map_err(not_cleaned)?;
                print(&told(stat.ok_or_else(no_folder)?, args, report::cache::render_cleaned))?;
            }
        },
    }
    Ok(0)
}

/// Starts what waits for signals, and `jobs` that work: as many as there are processors for 0.
fn start_threads(jobs: usize) -> Result<(), Failure> {
    let failed = |error: String| {
        Failure::io(format!("failed to start threads: {error}")).hint(
            "raise the limit for processes and threads, ulimit -u, or ask for fewer: --jobs 1",
        )
    };
    signals::heed().map_err(|error| failed(error.to_string()))?;
    let workers = rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global();
    workers.map_err(|error| failed(error.to_string()))
}

fn init(args: &Init) -> Result<()> {
    let text = lambda_slim::init::draft(&args.folder)?;
    if args.stdout {
        return print(&text);
    }
    let path = lambda_slim::init::place(&args.folder, args.force)?;
    let told = |what: &str| format!("failed to {what} {}", path.display());
    scratch::write(&path, text).with_context(|| told("write"))?;
    print(&format!("wrote {}: look through it, then `slim build`\n", path.display()))
}

fn man(args: &Man) -> Result<()> {
    let pages = manual::pages()?;
    match &args.out_dir {
        Some(folder) => {
            manual::write(&pages, folder)?;
            print(&format!("wrote {} man pages into {}\n", pages.len(), folder.display()))
        }
        None => pages.first().map_or(Ok(()), |page| print(&page.text)),
    }
}

fn told(stat: Stat, args: &OneCache, render: fn(&Stat) -> String) -> String {
    match args.format {
        Format::Human => render(&stat),
        Format::Json => json::render(&stat),
    }
}

fn no_folder() -> Failure {
    Failure::usage("failed to find the cache: there is no home folder")
        .hint("name it: --cache-dir DIR")
}

fn not_cleaned(error: NotACache) -> Failure {
    let message = format!("failed to clean the cache: {error}");
    match error {
        NotACache::Foreign(_) => {
            Failure::usage(message).hint("--cache-dir names the folder that builds were given")
        }
        NotACache::Io(..) => Failure::io(message),
    }
}

/// What the environment and the configuration say.
fn config(args: &Configured) -> Result<Config> {
    let rules: Vec<&str> = table::RULES.iter().map(|rule| rule.id).collect();
    let environment = Environment::read(std::env::vars_os())?;
    for (slip, meant) in &environment.slips {
        say(&format!("hint: {slip} is set and says nothing to slim: did you mean {meant}?"));
    }
    Ok(config::load(args.which(), environment, &rules)?)
}
