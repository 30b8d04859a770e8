//! Who may import whom: the source is held against the table of ARCHITECTURE.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the source must fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may import, lower floors first. A room may always import itself.
const HOUSE: &[(&str, &[&str])] = &[
    // The ground: knows nothing of ours.
    ("cache", &[]),
    ("digest", &[]),
    ("json", &[]),
    ("fact", &[]),
    ("python", &[]),
    ("failure", &[]),
    ("memory", &[]),
    ("elf", &["memory"]),
    ("zip", &["memory"]),
    ("progress", &[]),
    ("scratch", &[]),
    ("runtime", &[]),
    ("target", &[]),
    ("tree", &["memory"]),
    ("split", &["failure", "target"]),
    // What was asked for.
    ("options", &["cache", "fact", "target", "zip"]),
    ("config", &["cache", "options", "fact", "failure", "target", "zip"]),
    ("cli", &["cache", "options", "config", "target", "zip", "failure"]),
    ("init", &["options", "config", "target", "failure"]),
    // The stages, in the order in which data flows.
    ("scan", &["tree", "zip", "progress", "failure", "memory"]),
    (
        "facts",
        &[
            "cache", "tree", "target", "options", "fact", "python", "elf", "progress", "failure",
            "memory",
        ],
    ),
    ("rules", &["tree", "target", "options", "facts", "python"]),
    (
        "plan",
        &[
            "tree", "target", "options", "fact", "facts", "rules", "python", "progress", "failure",
            "memory",
        ],
    ),
    ("transform", &["tree", "target", "plan", "rules", "elf", "python", "json", "zip"]),
    (
        "compile",
        &[
            "tree",
            "scan",
            "facts",
            "rules",
            "plan",
            "transform",
            "python",
            "zip",
            "runtime",
            "progress",
            "scratch",
        ],
    ),
    (
        "pack",
        &[
            "cache",
            "digest",
            "tree",
            "target",
            "options",
            "facts",
            "plan",
            "rules",
            "transform",
            "zip",
            "python",
            "progress",
            "failure",
            "memory",
            "scratch",
        ],
    ),
    (
        "verify",
        &[
            "tree", "digest", "options", "facts", "rules", "plan", "python", "runtime", "cache",
            "failure",
        ],
    ),
    // Makes, runs and makes again.
    (
        "proving",
        &[
            "tree", "target", "options", "scan", "facts", "rules", "plan", "pack", "verify",
            "runtime", "cache", "progress", "failure", "scratch",
        ],
    ),
    (
        "bytecode",
        &["tree", "options", "scan", "facts", "rules", "plan", "compile", "proving", "progress"],
    ),
    (
        "settle",
        &[
            "options", "tree", "scan", "facts", "plan", "bytecode", "pack", "verify", "proving",
            "progress",
        ],
    ),
    (
        "measure",
        &[
            "tree", "target", "options", "scan", "facts", "plan", "pack", "verify", "proving",
            "python", "zip", "runtime", "failure", "scratch",
        ],
    ),
    (
        "report",
        &[
            "tree",
            "target",
            "options",
            "scan",
            "failure",
            "memory",
            "progress",
            "facts",
            "plan",
            "pack",
            "rules",
            "transform",
            "verify",
            "measure",
            "python",
            "zip",
            "cache",
        ],
    ),
    // Many functions as one build.
    (
        "workspace",
        &[
            "cache", "digest", "failure", "progress", "scratch", "split", "target", "tree",
            "options", "python", "scan", "facts", "rules", "bytecode", "plan", "pack", "verify",
            "proving", "settle", "report", "zip",
        ],
    ),
];

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The rooms that a source names behind `crate::`, comments and test modules left out.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with("mod tests {") || line.starts_with("mod tests;") {
            break;
        }
        let code = line.split("//").next().unwrap_or("");
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            rooms.insert(name);
        }
    }
    rooms
}

#[test]
fn every_import_goes_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table: BTreeMap<&str, &[&str]> = HOUSE.iter().copied().collect();
    let mut files = Vec::new();
    source_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let relative = file.strip_prefix(&src).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        if matches!(room, "lib" | "main") {
            continue;
        }
        seen.insert(room.to_owned());
        let Some(allowed) = table.get(room) else {
            wrong.push(format!("{}: the room {room} is not in the table", relative.display()));
            continue;
        };
        if relative.to_string_lossy().contains("tests") {
            continue;
        }
        for named in named_rooms(&fs::read_to_string(&file).unwrap()) {
            if named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} imports {named}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let table: BTreeSet<String> = HOUSE.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(seen, table, "rooms of the source, and of the table");
}

#[test]
fn the_table_has_no_circle() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (room, allowed) in HOUSE {
        for import in *allowed {
            assert!(below.contains(import), "{room} imports {import}, which is not below it");
        }
        below.insert(room);
    }
}

#[test]
fn architecture_names_every_room() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for (room, _) in HOUSE {
        assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name {room}");
    }
}

fn root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names of a section of Cargo.toml.
fn names_in(section: &str) -> BTreeSet<String> {
    let manifest = root("Cargo.toml");
    let rest = manifest.split_once(&format!("\n[{section}]\n")).unwrap().1;
    let lines = rest.split("\n[").next().unwrap().lines();
    let names = lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()));
    names.filter(|name| !name.starts_with('#')).collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let page = root("ARCHITECTURE.md");
    let part = page.split_once("\n## Dependencies").unwrap().1.split("\n## ").next().unwrap();
    let mut told = Vec::new();
    for row in part.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| crate |"))
    {
        let [_, crates, why, _] = row.split('|').collect::<Vec<_>>()[..] else {
            panic!("no row of two cells: {row}");
        };
        assert!(why.trim().len() > 5, "no reason: {row}");
        told.extend(crates.split(',').map(|name| name.trim().to_owned()));
    }
    told.sort();
    let all = &names_in("dependencies") | &names_in("dev-dependencies");
    assert_eq!(told, all.into_iter().collect::<Vec<_>>(), "each once");
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = root("Cargo.toml");
    assert!(manifest.contains("\n[lints.rust]\nunsafe_code = \"forbid\"\n"));
    let paths = manifest.lines().filter_map(|line| line.strip_prefix("path = "));
    let programs: Vec<&str> = paths.map(|path| path.trim_matches('"')).collect();
    assert_eq!(programs.len(), manifest.matches("\n[[bin]]\n").count());
    for file in programs.into_iter().chain(["src/lib.rs"]) {
        assert!(root(file).contains("\n#![forbid(unsafe_code)]\n"), "{file}");
    }
}

#[test]
fn an_import_is_seen() {
    let text = "use crate::plan::Plan; // crate::cli\nlet x = crate::tree::parent(a);\nmod tests {\nuse crate::pack;";
    assert_eq!(named_rooms(text).into_iter().collect::<Vec<_>>(), ["plan", "tree"]);
}
