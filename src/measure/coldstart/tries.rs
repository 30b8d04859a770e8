//! Copies of the package in which imports are moved, run and started beside the package as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

use super::moves::{Edit, copied};
use super::start::{Calls, Mode, start};
use super::{Asked, Change, Import, Moved, Own, Package, Spread, Together, rounded};
use crate::python::source::deferral::Module;
use crate::verify::{Unpacked, Verdict};

/// The least that an import must cost to be tried, and a saving be to count: seconds, and a share of
/// INIT.
pub(super) const LEAST: (f64, f64) = (0.005, 0.02);

/// In how many rounds the handler is called too.
const CALLED: usize = 3;

/// An import: which source, which of its imports.
pub(super) type Spot = (usize, usize);

/// An import that may wait.
#[derive(Clone)]
pub(super) struct Movable {
    pub(super) spot: Spot,
    /// Where it stands.
    pub(super) at: String,
    /// The top-level package of what it imports.
    pub(super) top: Option<String>,
}

/// An import that is moved, and others with it.
pub(super) struct Try {
    /// The row that it is told in.
    pub(super) row: usize,
    pub(super) moved: Vec<Movable>,
}

/// Where imports stand, each place once, in order.
pub(super) fn places(moved: &[Movable]) -> Vec<String> {
    let all: BTreeSet<&String> = moved.iter().map(|one| &one.at).collect();
    all.into_iter().cloned().collect()
}

/// A copy of the package in which something is moved.
struct Copy {
    plain: Unpacked,
    compiled: Unpacked,
    /// Why it need not be measured.
    breaks: Option<String>,
}

/// Tries each, then together all that do not break, with the `light` ones: these may cost nothing only
/// because another import has brought what they need. Fills the rows.
pub(super) fn try_all(
    asked: &Asked<'_>,
    packages: &[Package; 3],
    modules: &BTreeMap<usize, Module>,
    rows: &mut [Import],
    tries: Vec<Try>,
    light: Vec<Movable>,
) -> Result<Option<Together>> {
    if tries.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("moved-").tempdir_in(asked.lab.scratch);
    let folder = folder.context("failed to create a folder for moved imports")?;
    let every = tries.iter().flat_map(|one| &one.moved).chain(&light);
    let sources: BTreeSet<usize> = every.map(|one| one.spot.0).collect();
    let touched: Vec<&Own> = sources.iter().map(|source| &asked.own[*source]).collect();
    let make = |moved: &[Movable], name: &str| {
        let edits = edits(asked, modules, moved);
        made(asked, packages, edits, &touched, &folder.path().join(name))
    };
    let base = make(&[], "base")?;
    let mut copies = Vec::new();
    for (number, one) in tries.iter().enumerate() {
        copies.push(make(&one.moved, &number.to_string())?);
    }
    let sound = tries.iter().zip(&copies).filter(|(_, copy)| copy.breaks.is_none());
    let mut all: Vec<Movable> = sound.map(|(one, _)| one.moved[0].clone()).collect();
    let heavy = all.len();
    all.extend(light);
    // One that brought all of its kind along was all.
    let is_more = tries.iter().all(|one| one.moved.len() < all.len());
    if heavy > 0 && is_more {
        let mut copy = make(&all, "together")?;
        if copy.breaks.is_some() && all.len() > heavy && heavy > 1 {
            all.truncate(heavy);
            copy = make(&all, "heavy")?;
        }
        copies.push(copy);
    }
    let mut results = measured(asked, &base, &copies)?.into_iter();
    for one in &tries {
        rows[one.row].moved = results.next();
    }
    Ok(results.next().map(|moved| Together { imports: places(&all), moved }))
}

/// The sources with the imports moved; `None` where that cannot be written.
fn edits<'a>(
    asked: &'a Asked<'_>,
    modules: &BTreeMap<usize, Module>,
    moved: &[Movable],
) -> Option<Vec<Edit<'a>>> {
    let mut by_source: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (source, number) in moved.iter().map(|one| one.spot) {
        by_source.entry(source).or_default().push(number);
    }
    let edit = |(source, numbers): (usize, Vec<usize>)| {
        Some((&asked.own[source], modules.get(&source)?.moved(&numbers)?))
    };
    by_source.into_iter().map(edit).collect()
}

/// Makes a copy, and runs it as a proof would: imports and events must come to the same.
fn made(
    asked: &Asked<'_>,
    packages: &[Package; 3],
    edits: Option<Vec<Edit<'_>>>,
    touched: &[&Own],
    to: &Path,
) -> Result<Copy> {
    let [_, slimmed, compiled] = packages;
    let Some(edits) = edits else {
        let breaks = Some("it cannot be written elsewhere".to_owned());
        let (plain, compiled) = (slimmed.folders.clone(), compiled.folders.clone());
        return Ok(Copy { plain, compiled, breaks });
    };
    let plain = copied(&slimmed.folders, &edits, touched, &to.join("plain"))?;
    let compiled = copied(&compiled.folders, &edits, touched, &to.join("compiled"))?;
    if edits.is_empty() {
        return Ok(Copy { plain, compiled, breaks: None });
    }
    let found = asked.lab.prove(&slimmed.folders, &plain, &asked.job, &asked.key)?;
    let failed = found.checks.into_iter().filter(|check| check.verdict == Verdict::Failed);
    let told = failed.map(|check| format!("{}: {}", check.name, check.notes.join("; ")));
    let breaks = told.reduce(|all, one| format!("{all}; {one}"));
    Ok(Copy { plain, compiled, breaks })
}

/// The starts of one copy.
#[derive(Default)]
struct Starts {
    inits: Vec<f64>,
    calls: Vec<f64>,
}

/// Starts the base and every sound copy in turn, round by round.
fn measured(asked: &Asked<'_>, base: &Copy, copies: &[Copy]) -> Result<Vec<Moved>> {
    let plain: Vec<&Unpacked> = copies.iter().map(|copy| &copy.plain).collect();
    let compiled: Vec<&Unpacked> = copies.iter().map(|copy| &copy.compiled).collect();
    let sound: Vec<bool> = copies.iter().map(|copy| copy.breaks.is_none()).collect();
    let plain = changes(asked, &base.plain, &plain, &sound)?;
    let compiled = changes(asked, &base.compiled, &compiled, &sound)?;
    let moved = copies.iter().zip(plain).zip(compiled).map(|((copy, plain), with_bytecode)| {
        let unsound = plain.as_ref().err().or(with_bytecode.as_ref().err()).cloned();
        let breaks = copy.breaks.clone().or(unsound);
        let keep = |change: Result<Option<Change>, String>| change.ok().flatten();
        Moved { breaks, plain: keep(plain), with_bytecode: keep(with_bytecode) }
    });
    Ok(moved.collect())
}

/// What each copy changes; nothing of those that are not sound.
fn changes(
    asked: &Asked<'_>,
    base: &Unpacked,
    copies: &[&Unpacked],
    sound: &[bool],
) -> Result<Vec<Result<Option<Change>, String>>> {
    let mut before = Starts::default();
    let mut after: Vec<Result<Starts, String>> =
        copies.iter().map(|_| Ok(Starts::default())).collect();
    for round in 0..asked.runs {
        let calls = round < CALLED;
        add(asked, base, calls, &mut before)?;
        for ((copy, starts), _) in
            copies.iter().zip(&mut after).zip(sound).filter(|(_, sound)| **sound)
        {
            let Ok(known) = starts else { continue };
            if let Some(why) = add(asked, copy, calls, known)? {
                *starts = Err(why);
            }
        }
    }
    let change = |(starts, sound): (Result<Starts, String>, &bool)| match starts {
        Err(why) => Err(why),
        Ok(_) if !sound => Ok(None),
        Ok(starts) => Ok(Some(change(&before, &starts))),
    };
    Ok(after.into_iter().zip(sound).map(change).collect())
}

/// One more start; tells why it failed.
fn add(
    asked: &Asked<'_>,
    of: &Unpacked,
    calls: bool,
    starts: &mut Starts,
) -> Result<Option<String>> {
    let calls = if calls { Calls::First } else { Calls::None };
    match start(&asked.lab, &asked.job, of, &Mode::Plain, calls)? {
        Err(why) => Ok(Some(why)),
        Ok(found) => {
            starts.inits.push(found.init);
            starts.calls.extend(found.call);
            Ok(None)
        }
    }
}

fn change(before: &Starts, after: &Starts) -> Change {
    let of = |seconds: &[f64]| Spread::of(seconds.iter().copied());
    let (was, is) = (of(&before.inits), of(&after.inits));
    let saves = rounded(was.median - is.median);
    let is_enough = saves >= LEAST.0 && saves >= LEAST.1 * was.median;
    let calls = (!before.calls.is_empty() && !after.calls.is_empty())
        .then(|| [of(&before.calls).median, of(&after.calls).median]);
    Change {
        before: was,
        after: is,
        saves,
        clear: is_enough && lies_below(&after.inits, &before.inits),
        first_call: calls,
    }
}

/// Whether all runs of the one took less than all of the other, one in five of either left aside. Five
/// runs of the same look so by chance in 4% of all cases.
fn lies_below(after: &[f64], before: &[f64]) -> bool {
    let sorted = |seconds: &[f64]| {
        let mut seconds = seconds.to_vec();
        seconds.sort_by(f64::total_cmp);
        seconds
    };
    let (after, before) = (sorted(after), sorted(before));
    let (odd_after, odd_before) = (after.len() / 5, before.len() / 5);
    [(odd_after, 0), (0, odd_before)].into_iter().any(|(above, below)| {
        let (most, least) = (after.iter().rev().nth(above), before.get(below));
        most.zip(least).is_some_and(|(most, least)| most < least)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_clear() {
        let starts = |inits: &[f64]| Starts { inits: inits.to_vec(), calls: Vec::new() };
        let clear = |before: &[f64], after: &[f64]| change(&starts(before), &starts(after)).clear;
        assert!(clear(&[1.0], &[0.9]));
        assert!(clear(&[1.0, 1.1, 1.2], &[0.8, 0.9, 0.95]));
        assert!(!clear(&[1.0, 1.1, 1.2], &[0.8, 0.9, 1.05]), "three runs leave no room");
        assert!(clear(&[1.0, 1.1, 1.2, 1.2, 1.3], &[0.8, 0.9, 0.9, 0.9, 1.5]), "one is slow");
        assert!(clear(&[0.7, 1.1, 1.2, 1.2, 1.3], &[0.8, 0.9, 0.9, 0.9, 0.9]), "one was fast");
        assert!(!clear(&[0.7, 1.1, 1.2, 1.2, 1.3], &[0.8, 0.9, 0.9, 0.9, 1.5]), "two are odd");
        assert!(!clear(&[1.0, 1.0, 1.0], &[0.99, 0.99, 0.99]), "a hundredth of INIT");
        assert!(!clear(&[0.01, 0.01, 0.01], &[0.006, 0.006, 0.006]), "four milliseconds");
        assert!(!clear(&[1.0], &[1.1]), "it takes longer");
        let made = change(&starts(&[1.0]), &starts(&[0.75]));
        assert_eq!((made.saves, made.first_call), (0.25, None));
    }
}
