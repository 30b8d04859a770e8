//! Which imports of the user's code could wait until they are needed, and what that saves: not by
//! adding up, but by starting a copy of the package in which they are moved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::moves::{self, Edit, copied};
use super::start::{Mode, start};
use super::{Asked, Change, Import, Key, Moved, Own, Package, Spread, Together, Used, rounded};
use crate::python::source::deferral::{self, Module, Verdict, Why};
use crate::verify::{Unpacked, Verdict as Outcome};

/// How many imports are looked at.
const MOST: usize = 10;

/// The least that an import must cost to be tried, and a saving be to count: seconds, and a share of
/// INIT.
const LEAST: (f64, f64) = (0.005, 0.02);

/// In how many rounds the handler is called too.
const CALLED: usize = 3;

/// The heaviest imports, and what moving them came to; last all that can be moved, together.
pub(super) fn advise(
    asked: &Asked<'_>,
    packages: &[Package; 3],
    [plain, compiled]: [BTreeMap<Key, f64>; 2],
) -> Result<(Vec<Import>, Option<Together>)> {
    let modules = modules(asked, &packages[1].folders)?;
    let mut heaviest: Vec<(&Key, f64)> = plain.iter().map(|(key, found)| (key, *found)).collect();
    heaviest.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let (mut rows, mut tries, mut light) = (Vec::new(), Vec::new(), Vec::new());
    for (key, seconds) in heaviest {
        let (mut row, spot) = looked_at(asked, &modules, key);
        let spot = spot.filter(|_| row.stays.is_none());
        match (spot, seconds >= LEAST.0 && rows.len() < MOST) {
            (Some(spot), true) => tries.push(Try { row: rows.len(), spot }),
            (Some(spot), false) if is_packaged(&packages[1].folders, key) => {
                light.push((spot, row.at.clone()));
            }
            _ => {}
        }
        row.seconds = rounded(seconds);
        row.seconds_with_bytecode = rounded(compiled.get(key).copied().unwrap_or_default());
        if rows.len() < MOST {
            rows.push(row);
        }
    }
    let together = try_all(asked, packages, &modules, &mut rows, tries, light)?;
    Ok((rows, together))
}

/// Whether the package holds what an import names; the standard library is Python's.
fn is_packaged(of: &Unpacked, (_, _, module, level): &Key) -> bool {
    let top = module.split('.').next().unwrap_or_default();
    let holds = |folder: &Path| {
        let of_module = |name: &str| name.split('.').next() == Some(top);
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| of_module(&entry.file_name().to_string_lossy()))
    };
    *level > 0 || holds(&of.task) || holds(&of.layer.join("python"))
}

/// An import: which source, which of its imports.
type Spot = (usize, usize);

/// An import that is moved.
struct Try {
    /// The row that it is told in.
    row: usize,
    spot: Spot,
}

/// The user's own sources that can be read, by their number.
fn modules(asked: &Asked<'_>, of: &Unpacked) -> Result<BTreeMap<usize, Module>> {
    let mut modules = BTreeMap::new();
    for (number, own) in asked.own.iter().enumerate() {
        let path = moves::place(of, own);
        let bytes =
            fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        if let Ok(module) = deferral::read(&bytes) {
            modules.insert(number, module);
        }
    }
    Ok(modules)
}

/// What the code tells of an import that was met, and which it is.
fn looked_at(
    asked: &Asked<'_>,
    modules: &BTreeMap<usize, Module>,
    key: &Key,
) -> (Import, Option<Spot>) {
    let (file, line, name, level) = key;
    let source = asked.own.iter().position(|own| own.shown == *file);
    let is_it = |import: &&deferral::Import| {
        import.line == *line && import.module == *name && import.level == *level
    };
    let found = source.and_then(|source| {
        let imports = modules.get(&source)?.imports.iter().enumerate();
        let (number, import) = imports.into_iter().find(|(_, import)| is_it(import))?;
        Some(((source, number), import))
    });
    let mut row = Import {
        at: format!("{file}:{line}"),
        statement: found.map_or(format!("import of {name}"), |(_, import)| import.text.clone()),
        seconds: 0.0,
        seconds_with_bytecode: 0.0,
        used_in: Vec::new(),
        stays: None,
        moved: None,
    };
    let Some((spot, import)) = found else {
        row.stays = Some("no import statement makes it".to_owned());
        return (row, None);
    };
    match &import.verdict {
        Verdict::Stays(why) => row.stays = Some(told(why)),
        Verdict::Defers(uses) => {
            row.stays = seen_by(asked, modules, spot.0, import);
            let is_handler = |function: &str| {
                is_module(&asked.own[spot.0], &asked.handler.module)
                    && function == asked.handler.function
            };
            let used = uses.iter().map(|found| Used {
                function: found.function.clone(),
                branch: found.branch,
                handler: is_handler(&found.function),
            });
            row.used_in = used.collect();
        }
    }
    (row, Some(spot))
}

/// Whether a source is that of a module, by its slashed name.
fn is_module(own: &Own, module: &str) -> bool {
    let path = own.shown.strip_suffix(".py").unwrap_or(&own.shown);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path == module || path.ends_with(&format!("/{module}"))
}

/// Who else could see that the name is not there.
fn seen_by(
    asked: &Asked<'_>,
    modules: &BTreeMap<usize, Module>,
    source: usize,
    import: &deferral::Import,
) -> Option<String> {
    let path = asked.own[source].shown.trim_end_matches(".py");
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    let last = path.rsplit('/').next().unwrap_or(path);
    let others = asked.own.iter().enumerate().filter(|(number, _)| *number != source);
    for (number, other) in others {
        // What cannot be read could do anything.
        let Some(module) = modules.get(&number) else {
            return Some(format!("{} cannot be read, and could use it", other.shown));
        };
        if let Some(name) = import.binds.iter().find(|name| module.sees(last, name)) {
            return Some(format!("{} may take {name} from here", other.shown));
        }
    }
    None
}

fn told(why: &Why) -> String {
    match why {
        Why::InFunction => "it stands in a function already".to_owned(),
        Why::Guarded => "it stands in a branch, a class or a try".to_owned(),
        Why::Star => "what it binds is not written".to_owned(),
        Why::UsedAt(line) => format!("line {line} needs it when the module is imported"),
        Why::Unused => "nothing uses it by name: it may be there for what it does".to_owned(),
        Why::BoundAgain(line) => format!("line {line} binds the name too"),
        Why::Exported => "__all__ offers it to others".to_owned(),
        Why::ByText => "the module looks names up by their text".to_owned(),
        Why::NoRoom => "a function that uses it has no room for it".to_owned(),
    }
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
fn try_all(
    asked: &Asked<'_>,
    packages: &[Package; 3],
    modules: &BTreeMap<usize, Module>,
    rows: &mut [Import],
    tries: Vec<Try>,
    light: Vec<(Spot, String)>,
) -> Result<Option<Together>> {
    if tries.is_empty() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("moved-").tempdir_in(asked.lab.scratch);
    let folder = folder.context("failed to create a folder for moved imports")?;
    let spots = tries.iter().map(|one| one.spot).chain(light.iter().map(|(spot, _)| *spot));
    let sources: BTreeSet<usize> = spots.map(|(source, _)| source).collect();
    let touched: Vec<&Own> = sources.iter().map(|source| &asked.own[*source]).collect();
    let make = |spots: &[Spot], name: &str| {
        let edits = edits(asked, modules, spots);
        made(asked, packages, edits, &touched, &folder.path().join(name))
    };
    let base = make(&[], "base")?;
    let mut copies = Vec::new();
    for (number, one) in tries.iter().enumerate() {
        copies.push(make(&[one.spot], &number.to_string())?);
    }
    let sound = tries.iter().zip(&copies).filter(|(_, copy)| copy.breaks.is_none());
    let mut all: Vec<(Spot, String)> =
        sound.map(|(one, _)| (one.spot, rows[one.row].at.clone())).collect();
    let heavy = all.len();
    all.extend(light);
    let together = |all: &[(Spot, String)], name: &str| {
        make(&all.iter().map(|(spot, _)| *spot).collect::<Vec<_>>(), name)
    };
    if heavy > 0 && all.len() > 1 {
        let mut copy = together(&all, "together")?;
        if copy.breaks.is_some() && all.len() > heavy && heavy > 1 {
            all.truncate(heavy);
            copy = together(&all, "heavy")?;
        }
        copies.push(copy);
    }
    let mut results = measured(asked, &base, &copies)?.into_iter();
    for one in &tries {
        rows[one.row].moved = results.next();
    }
    let mut imports: Vec<String> = all.into_iter().map(|(_, at)| at).collect();
    imports.sort_unstable();
    imports.dedup();
    Ok(results.next().map(|moved| Together { imports, moved }))
}

/// The sources with the imports moved; `None` where that cannot be written.
fn edits<'a>(
    asked: &'a Asked<'_>,
    modules: &BTreeMap<usize, Module>,
    spots: &[Spot],
) -> Option<Vec<Edit<'a>>> {
    let mut by_source: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (source, number) in spots {
        by_source.entry(*source).or_default().push(*number);
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
    let failed = found.checks.into_iter().filter(|check| check.verdict == Outcome::Failed);
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
) -> Result<Vec<std::result::Result<Option<Change>, String>>> {
    let mut before = Starts::default();
    let mut after: Vec<std::result::Result<Starts, String>> =
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
    let change = |(starts, sound): (std::result::Result<Starts, String>, &bool)| match starts {
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
        clear: is_enough && is.median < was.min,
        first_call: calls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_every_run_is_clear() {
        let starts = |inits: &[f64]| Starts { inits: inits.to_vec(), calls: Vec::new() };
        let clear = |before: &[f64], after: &[f64]| change(&starts(before), &starts(after)).clear;
        assert!(clear(&[1.0, 1.1, 1.2], &[0.8, 0.9, 1.3]));
        assert!(!clear(&[0.85, 1.1, 1.2], &[0.8, 0.9, 1.3]), "one run before was as fast");
        assert!(!clear(&[1.0, 1.0, 1.0], &[0.99, 0.99, 0.99]), "a hundredth of INIT");
        assert!(!clear(&[0.01, 0.01, 0.01], &[0.006, 0.006, 0.006]), "four milliseconds");
        let made = change(&starts(&[1.0]), &starts(&[0.75]));
        assert_eq!((made.saves, made.first_call), (0.25, None));
    }

    #[test]
    fn a_source_is_that_of_its_module() {
        let own = |path: &str| Own { shown: path.into(), path: path.into(), in_task: true };
        assert!(is_module(&own("app.py"), "app"));
        assert!(is_module(&own("pkg/api.py"), "pkg/api"));
        assert!(is_module(&own("pkg/__init__.py"), "pkg"));
        assert!(!is_module(&own("myapp.py"), "app"));
    }
}
