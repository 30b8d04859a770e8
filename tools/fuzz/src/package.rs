//! A whole package: it builds whatever its sources say, what is yours ships, what ships finds all that it imports, and
//! a higher level drops what a lower one does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lambda_slim::options::{Handler, Level, Options};
use lambda_slim::progress::Silent;
use lambda_slim::python::source;
use lambda_slim::report::files::Fate;

use crate::outline::may_never_run;

/// Between two files of the input.
const SEAM: &[u8] = b"\n\x0c\n";
/// What the input fills, in its order; the rest is what installers wrote.
const FILLED: [&str; 8] = [
    "alpha/__init__.py",
    "app.py",
    "alpha/core.py",
    "alpha/sub/mod.py",
    "alpha/data.json",
    "alpha-1.0.dist-info/entry_points.txt",
    "alpha-1.0.dist-info/METADATA",
    "alpha-1.0.dist-info/RECORD",
];
/// With more of it filled, a build may be refused.
const SOURCES: usize = 5;
/// What is there whatever the input.
const FIXED: [(&str, &str); 13] = [
    ("main.py", "import app, alpha\ndef handler(event, context): return alpha\n"),
    ("alpha/sub/__init__.py", ""),
    ("alpha/unused.py", "x = 1\n"),
    ("alpha/_late.py", "import beta.inner\n"),
    ("alpha/tests/__init__.py", ""),
    ("alpha/tests/test_core.py", "from alpha import core\n"),
    ("alpha/py.typed", ""),
    ("alpha/template.txt", "{}"),
    ("beta/__init__.py", "'''Beta.'''\n"),
    ("beta/inner.py", "y = 2\n"),
    ("beta-2.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: beta\nVersion: 2.0\n"),
    (
        "beta-2.0.dist-info/RECORD",
        "beta/__init__.py,,\nbeta/inner.py,,\nbeta-2.0.dist-info/METADATA,,\nbeta-2.0.dist-info/RECORD,,\n",
    ),
    ("alpha-1.0.dist-info/INSTALLER", "pip\n"),
];
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\nRequires-Dist: beta\n";

/// Whatever the bytes, nothing panics, and what ships runs as far as imports tell.
pub fn holds(bytes: &[u8]) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let root = home.path().join("app");
    let filled = fill(&root, bytes);
    let mut before = BTreeSet::new();
    for level in [Level::Safe, Level::Standard, Level::Max] {
        let options = Options {
            out_dir: home.path().join("out"),
            level,
            handlers: vec![Handler { module: "main".into(), function: "handler".into() }],
            dry_run: true,
            every_file: true,
            ..Options::of(vec![root.clone()])
        };
        let report = match lambda_slim::build(&options, &Silent) {
            Ok(report) => report,
            Err(error) => {
                assert!(filled > SOURCES, "refused: {error:#}");
                return;
            }
        };
        let files = report.files.expect("every file was asked for").files;
        let dropped = files.iter().filter(|file| file.fate == Fate::Dropped);
        let dropped: BTreeSet<String> = dropped.map(|file| file.path.clone()).collect();
        assert!(!dropped.contains("main.py") && !dropped.contains("app.py"), "yours was dropped");
        let back: Vec<_> = before.difference(&dropped).collect();
        assert!(back.is_empty(), "{back:?} come back at a higher level");
        for file in files.iter().filter(|file| file.path.ends_with(".py")) {
            if !dropped.contains(&file.path) {
                imports_ship(&root, &file.path, &dropped);
            }
        }
        before = dropped;
    }
}

/// Writes the package; how much of it is the input's.
fn fill(root: &Path, bytes: &[u8]) -> usize {
    let write = |path: &str, content: &[u8]| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    };
    for (path, content) in FIXED {
        write(path, content.as_bytes());
    }
    let of_alpha = FILLED.iter().copied().chain(FIXED.map(|(path, _)| path));
    let record: String = of_alpha
        .filter(|path| path.starts_with("alpha"))
        .map(|path| format!("{path},,\n"))
        .collect();
    let mut rest = Some(bytes);
    let mut filled = 0;
    for path in FILLED {
        let content = rest.map(|all| {
            let seam = all.windows(SEAM.len()).position(|window| window == SEAM);
            rest = seam.map(|at| &all[at + SEAM.len()..]);
            filled += 1;
            &all[..seam.unwrap_or(all.len())]
        });
        match (content, path) {
            (Some(content), _) => write(path, content),
            (None, "alpha-1.0.dist-info/METADATA") => write(path, METADATA),
            (None, "alpha-1.0.dist-info/RECORD") => write(path, record.as_bytes()),
            (None, _) => write(path, b""),
        }
    }
    filled
}

/// What a source that ships imports ships too, but for what stands in branches that may never run.
fn imports_ship(root: &Path, path: &str, dropped: &BTreeSet<String>) {
    let bytes = fs::read(root.join(path)).expect("a file that was written");
    let Ok(read) = source::read(&bytes) else { return };
    let Ok(text) = lambda_slim::python::outline::text(&bytes) else { return };
    let package: Vec<&str> = path.split('/').collect();
    for import in read.imports.iter().filter(|import| !may_never_run(&text, import.line)) {
        let above = import.level as usize;
        let Some(own) = package.len().checked_sub(above) else { continue };
        let mut base: Vec<&str> = if above == 0 { Vec::new() } else { package[..own].to_vec() };
        base.extend(import.module.iter().flat_map(|module| module.split('.')));
        let ships = |parts: &[&str]| {
            let name = parts.join("/");
            for file in [format!("{name}.py"), format!("{name}/__init__.py")] {
                assert!(!dropped.contains(&file), "{path} imports {file}, which was dropped");
            }
        };
        (1..=base.len()).for_each(|length| ships(&base[..length]));
        for name in &import.names {
            ships(&[&base[..], &[name.as_str()]].concat());
        }
    }
}
