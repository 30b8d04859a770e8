//! Carries one command out and prints its answer.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::eprintln;
use anyhow::{Context, Result};
use lambda_slim::cache::{Cache, NotACache, Stat};
use lambda_slim::cli::caching::{CacheCommand, OneCache};
use lambda_slim::cli::check::Check;
use lambda_slim::cli::choices::{Format, ReportFormat, RulesFormat};
use lambda_slim::cli::{Asked, Build, Cli, Command, Configured, Init};
use lambda_slim::config::environment::Environment;
use lambda_slim::config::{self, Config};
use lambda_slim::failure::Failure;
use lambda_slim::measure::trace;
use lambda_slim::options::Options;
use lambda_slim::report::{
    self, Report, budgets, coldstart, diff, doubts, explain, html, inspect, json, markdown, proof,
    sbom, text,
};
use lambda_slim::rules::table;
use lambda_slim::runtime::find::seems_there;
use lambda_slim::verify::Status;
use lambda_slim::workspace::shards;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::bar::Bar;

/// Whether a signal is ending the program.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Where a signal is ending the program, its code counts, not what comes of the work that it cut short.
pub(crate) fn give_way_to_signals() {
    while ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// On Ctrl-C or SIGTERM removes what is half made and ends with the code that shells expect.
pub(crate) fn end_on_signals() {
    // Without a handler the process ends just as well, and leaves a staging folder behind.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            ENDING.store(true, Ordering::SeqCst);
            lambda_slim::abandon();
            std::process::exit(128 + signal);
        }
    });
}

/// Carries the command out; gives the exit code.
pub(crate) fn command(cli: &Cli) -> Result<u8> {
    let threads = usize::from(cli.jobs.unwrap_or(0));
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("failed to start threads")?;
    let bar = Bar::new();
    match &cli.command {
        Command::Build(build) => return self::build(build, &bar),
        Command::Check(args) => return check(args, &bar),
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
                Format::Human => diff::words::render(&found, args.verbose),
                Format::Json => json::render(&found),
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

fn init(args: &Init) -> Result<()> {
    let text = lambda_slim::init::draft(&args.folder)?;
    if args.stdout {
        return print(&text);
    }
    let path = lambda_slim::init::place(&args.folder, args.force)?;
    let told = |what: &str| format!("failed to {what} {}", path.display());
    lambda_slim::init::write(&path, &text).with_context(|| told("write"))?;
    print(&format!("wrote {}: look through it, then `slim build`\n", path.display()))
}

fn build(args: &Build, bar: &Bar) -> Result<u8> {
    let style = text::Style { verbose: args.verbose, dry_run: args.dry_run };
    let config = config(&args.decisions.configured)?;
    let asked = args.asked(&config, source_date_epoch()?)?;
    if let Some(share) = args.shard {
        let Asked::Workspace(workspace) = &asked else {
            return Err(Failure::usage("failed to use --shard: packages are named")
                .hint("it is for the functions of a slim.toml: leave PACKAGE out")
                .into());
        };
        let made = lambda_slim::build_shard(workspace, share, bar)?;
        told_of_cache(&workspace.options.cache, args);
        if !args.quiet {
            print(&match args.format {
                ReportFormat::Json => json::render(&made),
                ReportFormat::Human | ReportFormat::Markdown | ReportFormat::Html => made.render(),
            })?;
        }
        return Ok(0);
    }
    if let Asked::Workspace(workspace) = &asked
        && workspace.functions.len() < config.function_names().len()
        && !workspace.options.dry_run
    {
        let names: Vec<&str> = workspace.functions.iter().map(|one| one.name.as_str()).collect();
        let message =
            format!("failed to build {} alone: all functions share layers", names.join(", "));
        return Err(Failure::usage(message)
            .hint(
                "`slim build` makes all, and what did not change costs next to nothing; its folder \
                 in place of its name makes a package by itself; --dry-run and `slim check` take names",
            )
            .into());
    }
    let (report, cache) = match &asked {
        Asked::Packages(options) => (lambda_slim::build(options, bar)?, &options.cache),
        Asked::Workspace(workspace) => {
            (lambda_slim::build_workspace(workspace, args.replan, bar)?, &workspace.options.cache)
        }
    };
    told_of_cache(cache, args);
    for (format, path) in &args.report {
        std::fs::write(path, rendered(&report, *format, style))
            .with_context(|| format!("failed to write {}", Path::new(path).display()))?;
    }
    if let Some(path) = &args.sbom {
        lambda_slim::init::write(path, &sbom::render(&report))
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    if !args.quiet {
        print(&rendered(&report, args.format, style))?;
    }
    if report.proof.is_none() && !args.declined(&config) && !args.quiet {
        let minor = report.target.python.minor();
        if !seems_there(minor) {
            eprintln!(
                "hint: there is no CPython 3.{minor} here, so that --verify could not run the result: \
                 `uv python install 3.{minor}` or `pyenv install 3.{minor}` gets one"
            );
        }
    }
    let refused = report.proof.as_ref().is_some_and(|proof| proof.status == Status::Failed);
    let asked = match &asked {
        Asked::Packages(options) => asks_for_proof(options),
        Asked::Workspace(workspace) => {
            workspace.functions.iter().any(|function| asks_for_proof(&function.options))
        }
    };
    let not_run = asked && report.proof.as_ref().is_some_and(|p| p.status == Status::NotRun);
    Ok(u8::from(refused || not_run || !report.exceeded.is_empty()))
}

/// Says what was wrong with the cache, which is no reason to fail.
fn told_of_cache(cache: &Cache, args: &Build) {
    let of_folder = cache.trouble().filter(|_| args.verbose);
    let of_store = cache.trouble_of_store().filter(|_| !args.quiet);
    for trouble in of_folder.into_iter().chain(of_store) {
        eprintln!("warning: {trouble}");
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

/// Whether a proof that cannot be made is a failure.
fn asks_for_proof(options: &Options) -> bool {
    options.proving.as_ref().is_some_and(|proving| proving.asked)
}

fn check(args: &Check, bar: &Bar) -> Result<u8> {
    let config = config(&args.build.decisions.configured)?;
    let report = match args.asked(&config, source_date_epoch()?)? {
        Asked::Packages(options) => lambda_slim::build(&options, bar)?,
        Asked::Workspace(workspace) => {
            lambda_slim::build_workspace(&workspace, args.build.replan, bar)?
        }
    };
    let checked = budgets::Check::of(&report);
    if !args.build.quiet {
        print(&match args.format() {
            ReportFormat::Human => checked.render(&report),
            ReportFormat::Json => json::render(&checked),
            ReportFormat::Markdown => markdown::render(&report),
            ReportFormat::Html => html::render(&report),
        })?;
    }
    let fails = |status| matches!(status, Status::Failed | Status::NotRun);
    let refused = report.proof.as_ref().is_some_and(|proof| fails(proof.status));
    Ok(u8::from(refused || !report.exceeded.is_empty()))
}

/// What the environment and the configuration say.
fn config(args: &Configured) -> Result<Config> {
    let rules: Vec<&str> = table::RULES.iter().map(|rule| rule.id).collect();
    let environment = Environment::read(std::env::vars_os())?;
    for (slip, meant) in &environment.slips {
        eprintln!("hint: {slip} is set and says nothing to slim: did you mean {meant}?");
    }
    Ok(config::load(args.which(), environment, &rules)?)
}

fn rendered(report: &Report, format: ReportFormat, style: text::Style) -> String {
    match format {
        ReportFormat::Human => text::render(report, style),
        ReportFormat::Json => json::render(report),
        ReportFormat::Markdown => markdown::render(report),
        ReportFormat::Html => html::render(report),
    }
}

fn source_date_epoch() -> Result<Option<u64>> {
    let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.trim().parse().map_err(|_| {
        Failure::usage(format!(
            "failed to read SOURCE_DATE_EPOCH: {text:?} is no number of seconds"
        ))
        .hint("it counts seconds since 1970-01-01, as `git log -1 --format=%ct` prints them")
    })?;
    Ok(Some(seconds))
}

/// Writes to stdout; a reader that has seen enough is no error.
fn print(text: &str) -> Result<()> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("failed to write the report to stdout")
        }
        _ => Ok(()),
    }
}
