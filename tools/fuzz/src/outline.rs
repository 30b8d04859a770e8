//! What a source names, read from its tokens: held against ruff's syntax tree.

use lambda_slim::python::outline::{self, Outline, Platform, Unparsed};
use lambda_slim::python::prose::reads;
use lambda_slim::python::source::deferral::{self, Verdict};
use lambda_slim::python::source::{self, Import};

const PLATFORM: Platform = Platform { python: (3, 12) };

/// What a condition says that may be decided before the program runs.
const DECIDED: [&str; 6] = ["TYPE_CHECKING", "platform", "name", "version_info", "True", "False"];

/// Whatever the bytes, nothing panics; what ruff parses names the same imports.
pub fn holds(bytes: &[u8]) {
    let tree = source::read(bytes);
    source::literal_names(bytes);
    let text = match outline::text(bytes) {
        Ok(text) => text,
        Err(Unparsed::KeywordName) => return,
        Err(_) => return assert!(tree.is_err(), "the outline has no text of what parses"),
    };
    let watch = |name: &str| matches!(name, "import_module" | "__import__" | "find_spec");
    let outline = outline::read(&text, PLATFORM, &watch);
    if let Ok(tree) = &tree {
        let outline = outline.as_ref().expect("what the parser takes");
        same_imports(&text, outline, &tree.imports);
    }
    if let Ok(outline) = &outline {
        places_are_sound(&text, outline);
    }
    if let Ok((found, _)) = reads::reads(&text, PLATFORM) {
        assert!(found.iter().all(|read| text.is_char_boundary(read.at)));
    }
    deferred(bytes, &tree.map(|tree| tree.imports).unwrap_or_default());
}

/// The imports of both, in order; but for those in branches that may never run, which the outline leaves out.
fn same_imports(text: &str, outline: &Outline<'_>, theirs: &[Import]) {
    let ours = outline.imports.iter().map(|import| {
        let names = import.names.iter().map(ToString::to_string).collect();
        let module = Some(import.module.to_string()).filter(|module| !module.is_empty());
        Import { line: outline::line(text, import.at), level: import.level, module, names }
    });
    let mut ours = ours.peekable();
    for import in theirs {
        if ours.next_if_eq(import).is_none() {
            assert!(
                may_never_run(text, import.line),
                "{import:?} is missing before {:?}",
                ours.peek()
            );
        }
    }
    assert_eq!(ours.next(), None, "there is no such import");
}

/// Whether an `if` stands before the end of this line whose condition may be decided.
pub fn may_never_run(text: &str, line: u32) -> bool {
    let lines = if text.contains('\r') { usize::MAX } else { line as usize };
    let before = text.split_inclusive('\n').take(lines);
    let mut words = before.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let is_decided = |word: &str| {
        DECIDED.contains(&word) || word.starts_with(|first: char| first.is_ascii_digit())
    };
    words.any(|word| matches!(word, "if" | "elif")) && words.any(is_decided)
}

fn places_are_sound(text: &str, outline: &Outline<'_>) {
    for import in &outline.imports {
        outline::bound(text, import.at);
    }
    let places = outline.texts.iter().map(|text| text.at);
    let places = places.chain(outline.calls.iter().map(|call| call.at));
    assert!(places.into_iter().all(|at| text.is_char_boundary(at)));
}

/// An import that may wait is moved, and stays an import.
fn deferred(bytes: &[u8], imports: &[Import]) {
    let Ok(module) = deferral::read(bytes) else { return };
    for (number, import) in module.imports.iter().enumerate() {
        let moved = module.moved(&[number]);
        if let (Verdict::Defers(_), Some(moved)) = (&import.verdict, moved) {
            let found = source::read(moved.as_bytes()).expect("what was moved parses").imports;
            assert!(found.len() >= imports.len(), "an import got lost");
        }
    }
}
