//! Which sources ship compiled, beside their bytecode or replaced by it.
//!
//! With `--bytecode hash` those that a run or a trace saw imported, all where there is neither; with
//! `only` also those in whose place their bytecode can ship.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::compile::{self, Compiled};
use crate::facts::Facts;
use crate::options::{Bytecode, Level, Options, Proving};
use crate::plan::{Plan, sourceless};
use crate::progress::Progress;
use crate::proving::{self, Bench};
use crate::rules::table::{BYTECODE_COLUMNS, BYTECODE_ONLY};
use crate::scan::Scanned;
use crate::tree::{FileId, Tree};

/// How many sources that do not compile are named.
const MOST_NAMED: usize = 3;

/// Adds the bytecode of the modules that the handlers import, as a trace or a run of the package as it
/// was tells; without either, of all that ship.
///
/// # Errors
/// When there is no Python to compile with, it fails, or a file cannot be read.
pub fn add(
    scanned: &Scanned,
    facts: &Facts,
    plan: &mut Plan,
    options: &Options,
    bench: Option<&mut Bench<'_>>,
    progress: &dyn Progress,
) -> Result<()> {
    let proving = Proving { python_bin: options.python_bin.clone(), ..Proving::default() };
    let interpreter = proving::site::python(facts.target.python.minor(), &proving)?;
    let undone = bench.as_ref().is_some_and(|bench| bench.restored.sources.is_some());
    let seen = bench.map(|bench| bench.observe(scanned, options)).transpose()?.flatten();
    let chosen = |id: FileId| match (&facts.observed, &seen) {
        (Some(trace), _) => trace.saw(id),
        (None, Some(seen)) => seen.opened.contains(&id),
        (None, None) => true,
    };
    let read = seen.as_ref().map(|seen| seen.read.clone()).unwrap_or_default();
    let sourceless = match undone {
        true => BTreeSet::new(),
        false => replaced(scanned, facts, plan, options, &read)?,
    };
    let without = options.level == Level::Max && !options.rules_off.contains(BYTECODE_COLUMNS.id);
    let without_columns = |id: FileId| without && facts.owners.brought_by(id).is_some();
    let wanted = compile::Wanted {
        chosen: &chosen,
        sourceless,
        without_columns: &without_columns,
        compression: options.compression,
    };
    let compiled = compile::compile(scanned, facts, plan, &wanted, &interpreter, progress)?;
    plan.warnings.extend(refused(&scanned.tree, &compiled));
    plan.generated.extend(compiled.files);
    sourceless::put_in_place(plan, compiled.instead);
    Ok(())
}

/// Decides as [`add`] does, with nothing run and nothing compiled: of every source in whose place its
/// bytecode would ship, as far as the code tells.
///
/// # Errors
/// When a file cannot be read.
pub fn foresee(scanned: &Scanned, facts: &Facts, plan: &mut Plan, options: &Options) -> Result<()> {
    let sourceless = replaced(scanned, facts, plan, options, &BTreeSet::new())?;
    sourceless::replace(plan, sourceless);
    Ok(())
}

/// The sources in whose place their bytecode can ship; what stays on doubt goes into the plan. `read`
/// are those that a run opened other than to import them.
fn replaced(
    scanned: &Scanned,
    facts: &Facts,
    plan: &mut Plan,
    options: &Options,
    read: &BTreeSet<FileId>,
) -> Result<BTreeSet<FileId>> {
    let (sourceless, doubts) = match options.bytecode {
        Bytecode::Only if !options.rules_off.contains(BYTECODE_ONLY.id) => {
            sourceless::candidates(&scanned.tree, scanned, facts, plan, read)?
        }
        Bytecode::None | Bytecode::Hash | Bytecode::Only => Default::default(),
    };
    plan.doubts.extend(doubts);
    Ok(sourceless)
}

/// What to say of sources that do not compile.
fn refused(tree: &Tree, compiled: &Compiled) -> Option<String> {
    let named = compiled.refused.iter().take(MOST_NAMED);
    let named: Vec<String> =
        named.map(|(id, why)| format!("{} ({why})", tree.shown(*id))).collect();
    let more = compiled.refused.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = named.join(", ");
    let told = || format!("without bytecode, for they do not compile: {named}{more}");
    (!compiled.refused.is_empty()).then(told)
}
