//! Which imports of the user's code could wait until they are needed, and what that saves: not by
//! adding up, but by starting a copy of the package in which they are moved.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::tries::{LEAST, Movable, Spot, Try, places, try_all};
use super::{Asked, Import, Key, Own, Package, Together, Used, moves, rounded};
use crate::python::source::deferral::{self, Module, Verdict, Why};
use crate::verify::Unpacked;

/// How many imports are looked at.
const MOST: usize = 10;

/// The heaviest imports, and what moving them came to; last all that can be moved, together.
pub(super) fn advise(
    asked: &Asked<'_>,
    packages: &[Package; 3],
    [plain, compiled]: [BTreeMap<Key, f64>; 2],
) -> Result<(Vec<Import>, Option<Together>)> {
    let modules = modules(asked, &packages[1].folders)?;
    // `from __future__ import …` says how its file is compiled: it can stand nowhere else.
    let own = plain.iter().filter(|((_, _, module, _), _)| module != "__future__");
    let mut heaviest: Vec<(&Key, f64)> = own.map(|(key, found)| (key, *found)).collect();
    heaviest.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let (mut rows, mut tries, mut light) = (Vec::new(), Vec::new(), Vec::new());
    for (key, seconds) in heaviest {
        let (mut row, spot) = looked_at(asked, &modules, key);
        let spot = spot.filter(|_| row.stays.is_none());
        let found = spot.map(|spot| Movable { spot, at: row.at.clone(), top: top(key) });
        match (found, seconds >= LEAST.0 && rows.len() < MOST) {
            (Some(found), true) => tries.push(Try { row: rows.len(), moved: vec![found] }),
            (Some(found), false) if is_packaged(&packages[1].folders, key) => light.push(found),
            _ => {}
        }
        row.seconds = rounded(seconds);
        row.seconds_with_bytecode = rounded(compiled.get(key).copied().unwrap_or_default());
        if rows.len() < MOST {
            rows.push(row);
        }
    }
    gather(&mut tries, &light);
    for one in &tries {
        rows[one.row].with = places(&one.moved[1..]);
    }
    let together = try_all(asked, packages, &modules, &mut rows, tries, light)?;
    Ok((rows, together))
}

/// Adds to each try the other imports of the same top-level package that may wait: they would bring
/// most of it all the same.
fn gather(tries: &mut [Try], light: &[Movable]) {
    let heavy = tries.iter().map(|one| one.moved[0].clone());
    let all: Vec<Movable> = heavy.chain(light.iter().cloned()).collect();
    for one in tries {
        let own = one.moved[0].clone();
        let is_like =
            |other: &&Movable| own.top.is_some() && other.top == own.top && other.spot != own.spot;
        one.moved.extend(all.iter().filter(is_like).cloned());
    }
}

/// The first part of the name of a module; none for a relative one.
fn top((_, _, module, level): &Key) -> Option<String> {
    (*level == 0).then(|| module.split('.').next().unwrap_or_default().to_owned())
}

/// Whether the package holds what an import names; the standard library is Python's.
fn is_packaged(of: &Unpacked, key: &Key) -> bool {
    let Some(first) = &top(key) else { return true };
    let holds = |folder: &Path| {
        let of_module = |name: &str| name.split('.').next() == Some(first.as_str());
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| of_module(&entry.file_name().to_string_lossy()))
    };
    holds(&of.task) || holds(&of.layer.join("python"))
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
        with: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_that_of_its_module() {
        let own = |path: &str| Own { shown: path.into(), path: path.into(), in_task: true };
        assert!(is_module(&own("app.py"), "app"));
        assert!(is_module(&own("pkg/api.py"), "pkg/api"));
        assert!(is_module(&own("pkg/__init__.py"), "pkg"));
        assert!(!is_module(&own("myapp.py"), "app"));
    }
}
