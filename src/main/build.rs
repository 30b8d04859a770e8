//! The commands that build: `build` and `check`.

use std::io;
use std::path::Path;

use anyhow::Result;
use lambda_slim::cache::Cache;
use lambda_slim::cli::check::Check;
use lambda_slim::cli::choices::ReportFormat;
use lambda_slim::cli::{Asked, Build};
use lambda_slim::config::Config;
use lambda_slim::failure::Failure;
use lambda_slim::options::workspace::{Share, Workspace};
use lambda_slim::options::{Layout, Options};
use lambda_slim::pack::staging::{REPORT, UNPROVEN};
use lambda_slim::report::github::Made;
use lambda_slim::report::{Report, budgets, html, json, markdown, next, proof, sbom, text};
use lambda_slim::runtime::find::seems_there;
use lambda_slim::scratch;
use lambda_slim::verify::Status;

use super::config;
use super::github;
use crate::bar::Bar;
use crate::tell::{print, say};

/// Makes the zips and tells of them; gives the exit code.
pub(super) fn build(args: &Build, bar: &Bar) -> Result<u8> {
    let config = config(&args.decisions.configured)?;
    let asked = args.asked(&config, source_date_epoch()?)?;
    if let Some(share) = args.shard {
        return make_share(args, &asked, share, bar);
    }
    if let Asked::Workspace(workspace) = &asked {
        refuse_a_part(workspace, &config)?;
    }
    let (report, options) = made(&asked, args, bar)?;
    told_of_cache(&options.cache, args);
    copies(&report, args)?;
    let declined = args.declined(&config);
    if !args.quiet {
        let style = text::Style { verbose: args.verbose, dry_run: args.dry_run };
        print(&rendered(&report, args.format, style))?;
        say_next(&report, options, args, declined);
    }
    if report.proof.is_none() && !declined && !args.quiet {
        say_what_python_is_missing(&report);
    }
    let is = |wanted| report.proof.as_ref().is_some_and(|proof| proof.status == wanted);
    let (refused, not_run) = (is(Status::Failed), is(Status::NotRun) && proof_is_asked_for(&asked));
    if github::is_there(args.no_github) {
        let at = report_path(args, &options.out_dir, refused);
        github::tell(&report, Made { report: at.as_deref(), not_run }, !args.dry_run);
    }
    let fails = refused || not_run || !report.exceeded.is_empty();
    if args.quiet && fails {
        say_why(&report, refused || not_run);
    }
    Ok(u8::from(fails))
}

/// Says in place of the report why the build is no success.
fn say_why(report: &Report, unproven: bool) {
    let proof = report.proof.as_ref().filter(|_| unproven).map(proof::sentence);
    let over = report.exceeded.iter().map(|told| format!("over the limit: {told}"));
    over.chain(proof).for_each(|why| say(&format!("error: {why}")));
}

fn made<'a>(asked: &'a Asked, args: &Build, bar: &Bar) -> Result<(Report, &'a Options)> {
    Ok(match asked {
        Asked::Packages(options) => (lambda_slim::build(options, bar)?, options),
        Asked::Workspace(workspace) => {
            (lambda_slim::build_workspace(workspace, args.replan, bar)?, &workspace.options)
        }
    })
}

fn make_share(args: &Build, asked: &Asked, share: Share, bar: &Bar) -> Result<u8> {
    let Asked::Workspace(workspace) = asked else {
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
    Ok(0)
}

/// Functions that share layers are built together.
fn refuse_a_part(workspace: &Workspace, config: &Config) -> Result<()> {
    if workspace.functions.len() == config.function_names().len() || workspace.options.dry_run {
        return Ok(());
    }
    let names: Vec<&str> = workspace.functions.iter().map(|one| one.name.as_str()).collect();
    let message = format!("failed to build {} alone: all functions share layers", names.join(", "));
    Err(Failure::usage(message)
        .hint(
            "`slim build` makes all, and what did not change costs next to nothing; its folder in \
             place of its name makes a package by itself; --dry-run and `slim check` take names",
        )
        .into())
}

/// Writes the copies of the report and the SBOM that were asked for.
fn copies(report: &Report, args: &Build) -> Result<()> {
    let style = text::Style { verbose: args.verbose, dry_run: args.dry_run };
    let reports = args.report.iter().map(|(format, path)| (path, rendered(report, *format, style)));
    let sbom = args.sbom.iter().map(|path| (path, sbom::render(report)));
    for (path, text) in reports.chain(sbom) {
        scratch::write(path, text).map_err(|error| not_copied(path, error))?;
    }
    Ok(())
}

fn not_copied(path: &Path, error: io::Error) -> anyhow::Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let message = format!("failed to write {}", path.display());
    match error.kind() {
        // What to do then is told whatever is written.
        StorageFull | QuotaExceeded | FileTooLarge => anyhow::Error::new(error).context(message),
        _ => Failure::io(format!("{message}: {error}"))
            .hint("--report and --sbom want a file, in a folder that is there and may be written into")
            .into(),
    }
}

/// Where the report for programs was written: in the output folder, else as a copy that was asked for.
fn report_path(args: &Build, out_dir: &Path, refused: bool) -> Option<String> {
    let copy = args.report.iter().find(|(format, _)| *format == ReportFormat::Json);
    let place = if refused { out_dir.join(UNPROVEN) } else { out_dir.to_owned() };
    let path = match args.dry_run || args.form.only.is_some() {
        false => Some(place.join(REPORT)),
        true => copy.map(|(_, path)| path.clone()),
    };
    path.map(|path| path.display().to_string())
}

/// Says what was wrong with the cache, which is no reason to fail.
fn told_of_cache(cache: &Cache, args: &Build) {
    let of_folder = cache.trouble().filter(|_| args.verbose);
    let of_store = cache.trouble_of_store().filter(|_| !args.quiet);
    for trouble in of_folder.into_iter().chain(of_store) {
        say(&format!("warning: {trouble}"));
    }
}

/// The last line: what to do after a build whose zips were written.
fn say_next(report: &Report, options: &Options, args: &Build, declined: bool) {
    if args.format != ReportFormat::Human || options.dry_run || options.layout == Layout::Dir {
        return;
    }
    let (level, out_dir) = (args.decisions.level.is_some(), &options.out_dir);
    let typed = next::Typed { packages: &options.packages, out_dir, level, declined };
    if let Some(step) = next::step(report, typed) {
        say(&format!("next: {step}"));
    }
}

fn say_what_python_is_missing(report: &Report) {
    let minor = report.target.python.minor();
    if !seems_there(minor) {
        say(&format!(
            "hint: there is no CPython 3.{minor} here, so that --verify could not run the result: \
             `uv python install 3.{minor}` or `pyenv install 3.{minor}` gets one"
        ));
    }
}

/// Whether a proof that cannot be made is a failure.
fn proof_is_asked_for(asked: &Asked) -> bool {
    let is = |options: &Options| options.proving.as_ref().is_some_and(|proving| proving.asked);
    match asked {
        Asked::Packages(options) => is(options),
        Asked::Workspace(workspace) => {
            workspace.functions.iter().any(|function| is(&function.options))
        }
    }
}

/// Tells whether limits and budgets hold; gives the exit code.
pub(super) fn check(args: &Check, bar: &Bar) -> Result<u8> {
    let config = config(&args.build.decisions.configured)?;
    let asked = args.asked(&config, source_date_epoch()?)?;
    let (report, _) = made(&asked, &args.build, bar)?;
    let checked = budgets::Check::of(&report);
    if !args.build.quiet {
        print(&match args.format() {
            ReportFormat::Human => checked.render(&report),
            ReportFormat::Json => json::render(&checked),
            ReportFormat::Markdown => markdown::render(&report, false),
            ReportFormat::Html => html::render(&report),
        })?;
    }
    let fails = |status| matches!(status, Status::Failed | Status::NotRun);
    let refused = report.proof.as_ref().is_some_and(|proof| fails(proof.status));
    if github::is_there(args.build.no_github) {
        github::tell(&report, Made { report: None, not_run: refused }, false);
    }
    Ok(u8::from(refused || !report.exceeded.is_empty()))
}

fn rendered(report: &Report, format: ReportFormat, style: text::Style) -> String {
    match format {
        ReportFormat::Human => text::render(report, style),
        ReportFormat::Json => json::render(report),
        ReportFormat::Markdown => markdown::render(report, !style.dry_run),
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
