//! Against ruff's syntax tree, over Python's standard library.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{
    ConversionFlag, Expr, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements, Stmt,
};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use super::super::super::{oracle, source};
use super::super::{HOLE, OWN_NAME, Outline, line, read, text};
use super::{PLATFORM, watch};

/// The paths of the `.py` below the library folder, but for some folders.
const PATHS: &str = "
import json, pathlib, sys, sysconfig
library = pathlib.Path(sysconfig.get_path('stdlib'))
skipped = set(json.load(sys.stdin))
paths = sorted(library.rglob('*.py'))
paths = [str(p) for p in paths if p.relative_to(library).parts[0] not in skipped]
json.dump(paths, sys.stdout)
";

#[derive(Default)]
struct Seen {
    files: usize,
    imports: usize,
    dead_imports: usize,
    texts: usize,
    dead_texts: usize,
    bare_texts: usize,
    named_characters: usize,
}

#[test]
fn agrees_with_the_syntax_tree_over_the_standard_library() {
    let seen = agrees_with_the_syntax_tree(&["test", "site-packages"]);
    assert!(seen.files > 500 && seen.imports > 3_000 && seen.texts > 50_000);
    assert!(seen.bare_texts > 5_000 && seen.dead_imports > 10 && seen.dead_texts > 100);
    assert!(seen.dead_imports * 50 < seen.imports && seen.dead_texts * 50 < seen.texts);
    assert!(seen.named_characters * 500 < seen.texts);
}

#[test]
#[ignore = "takes a minute: all of Python's tests"]
fn agrees_with_the_syntax_tree_over_the_standard_library_and_its_tests() {
    let seen = agrees_with_the_syntax_tree(&[]);
    assert!(seen.files > 1_500 && seen.imports > 10_000 && seen.texts > 200_000);
}

/// How fast it is: `cargo test --release outline_speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn outline_speed() {
    let files: Vec<Vec<u8>> =
        paths(&[]).iter().filter_map(|path| std::fs::read(path).ok()).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let reads = |file: &&Vec<u8>| text(file).is_ok_and(|t| read(&t, PLATFORM, &watch).is_ok());
        let read = files.iter().filter(reads).count();
        let seconds = start.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let speed = bytes as f64 / 1e6 / seconds;
        println!("{read} of {} files, {bytes} bytes: {speed:.1} MB/s", files.len());
    }
}

fn paths(skipped: &[&str]) -> Vec<String> {
    let skipped = serde_json::to_string(skipped).expect("JSON");
    serde_json::from_value(oracle::ask(PATHS, skipped.as_bytes())).expect("paths")
}

fn agrees_with_the_syntax_tree(skipped: &[&str]) -> Seen {
    let mut seen = Seen::default();
    for path in paths(skipped) {
        let bytes = std::fs::read(&path).expect("a file of the library");
        let Ok(source) = source::read(&bytes) else { continue };
        let text = text(&bytes).expect("text");
        let outline = read(&text, PLATFORM, &watch).unwrap_or_else(|e| panic!("{path} {e}"));
        let tree = Tree::of(&text);
        seen.files += 1;
        same_imports(&path, &text, &outline, &source.imports, &tree, &mut seen);
        same_texts(&path, &text, &outline, tree, &mut seen);
    }
    println!(
        "{} files: {} imports, {} dead; {} texts, {} dead, {} bare, {} with named characters",
        seen.files,
        seen.imports,
        seen.dead_imports,
        seen.texts,
        seen.dead_texts,
        seen.bare_texts,
        seen.named_characters
    );
    seen
}

fn same_imports(
    path: &str,
    text: &str,
    outline: &Outline<'_>,
    theirs: &[source::Import],
    tree: &Tree<'_>,
    seen: &mut Seen,
) {
    let mut ours = outline.imports.iter().map(|import| {
        let names = import.names.iter().map(ToString::to_string).collect();
        let module = Some(import.module.to_string()).filter(|module| !module.is_empty());
        source::Import { line: line(text, import.at), level: import.level, module, names }
    });
    let mut next = ours.next();
    for import in theirs {
        if next.as_ref() == Some(import) {
            next = ours.next();
            seen.imports += 1;
        } else {
            let gated = tree.gated_lines.iter().any(|lines| lines.contains(&import.line));
            assert!(gated, "{path}: {import:?} is missing before {next:?}");
            seen.dead_imports += 1;
        }
    }
    assert_eq!(next, None, "{path}");
}

fn same_texts(path: &str, text: &str, outline: &Outline<'_>, mut tree: Tree<'_>, seen: &mut Seen) {
    for ours in &outline.texts {
        let place = || format!("{path}:{}: {ours:?}", line(text, ours.at));
        // A literal begins with its prefix for the tree, behind it or its quotes for the outline.
        let start = tree.texts.range(..=ours.at).next_back().map(|(start, _)| *start);
        let theirs = start.and_then(|start| tree.texts.remove(&start));
        let (theirs, has_holes) = theirs.unwrap_or_else(|| panic!("{}", place()));
        if ours.value.contains('\u{fffd}') && ours.value != theirs {
            let parts: Vec<&str> = ours.value.split('\u{fffd}').collect();
            assert!(text[ours.at..].contains("\\N{"), "{}", place());
            assert!(theirs.starts_with(parts[0]), "{}", place());
            assert!(theirs.ends_with(parts[parts.len() - 1]), "{}", place());
            seen.named_characters += 1;
        } else {
            assert_eq!(ours.value, theirs, "{}", place());
        }
        assert!(start.is_none_or(|start| !tree.bare.contains(&start)), "bare: {}", place());
        assert_eq!(ours.has_holes, has_holes, "{}", place());
        seen.texts += 1;
    }
    for (start, (missing, _)) in &tree.texts {
        if tree.bare.contains(start) {
            seen.bare_texts += 1;
        } else {
            let gated = tree.gated.iter().any(|range| range.contains(start));
            assert!(gated, "{path}:{}: {missing:?} is missing", line(text, *start));
            seen.dead_texts += 1;
        }
    }
}

/// What a syntax tree has, by where it begins.
struct Tree<'t> {
    text: &'t str,
    /// Their values, and whether these have holes.
    texts: BTreeMap<usize, (String, bool)>,
    /// The strings that are statements.
    bare: HashSet<usize>,
    /// The `if` statements of which some branch may never run.
    gated: Vec<Range<usize>>,
    gated_lines: Vec<Range<u32>>,
}

impl<'t> Tree<'t> {
    fn of(text: &'t str) -> Self {
        let mut tree = Self {
            text,
            texts: BTreeMap::new(),
            bare: HashSet::new(),
            gated: Vec::new(),
            gated_lines: Vec::new(),
        };
        let parsed = parse_module(text).expect("what was parsed before");
        tree.visit_body(parsed.suite());
        tree
    }

    fn gates(&self, condition: &Expr) -> bool {
        let condition = &self.text[condition.range()];
        ["TYPE_CHECKING", "sys.platform", "os.name", "sys.version_info"]
            .iter()
            .any(|word| condition.contains(word))
            || condition.split_whitespace().any(|word| matches!(word, "0" | "1" | "False" | "True"))
    }

    fn elements(&self, elements: &InterpolatedStringElements, value: &mut (String, bool)) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => value.0.push_str(&literal.value),
                InterpolatedStringElement::Interpolation(field) => {
                    value.0.push(self.hole(field));
                    value.1 = true;
                }
            }
        }
    }

    fn hole(&self, field: &InterpolatedElement) -> char {
        let names = ["__name__", "__package__", "__spec__.parent", "__spec__.name"];
        let plain = field.conversion == ConversionFlag::None
            && field.format_spec.is_none()
            && field.debug_text.is_none();
        let own = plain && names.contains(&&self.text[field.expression.range()]);
        if own { OWN_NAME } else { HOLE }
    }

    fn value(&self, expr: &Expr) -> Option<(String, bool)> {
        let mut value = (String::new(), false);
        match expr {
            Expr::StringLiteral(literal) => value.0.push_str(literal.value.to_str()),
            Expr::BytesLiteral(literal) => {
                let character = |byte: u8| if byte < 128 { byte.into() } else { '\u{fffd}' };
                value.0.extend(literal.value.bytes().map(character));
            }
            Expr::FString(string) => {
                for part in &string.value {
                    match part {
                        FStringPart::Literal(literal) => value.0.push_str(literal.as_str()),
                        FStringPart::FString(string) => self.elements(&string.elements, &mut value),
                    }
                }
            }
            Expr::TString(string) => {
                string.value.iter().for_each(|part| self.elements(&part.elements, &mut value));
            }
            _ => return None,
        }
        Some(value)
    }
}

impl<'a> Visitor<'a> for Tree<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Expr(statement) = stmt
            && statement.range() == statement.value.range()
            && self.value(&statement.value).is_some()
        {
            self.bare.insert(stmt.start().to_usize());
        }
        if let Stmt::If(statement) = stmt {
            let clauses = statement.elif_else_clauses.iter().filter_map(|c| c.test.as_ref());
            if self.gates(&statement.test) || clauses.into_iter().any(|test| self.gates(test)) {
                let range = stmt.range().to_std_range();
                self.gated_lines.push(line(self.text, range.start)..line(self.text, range.end) + 1);
                self.gated.push(range);
            }
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Some(value) = self.value(expr) {
            self.texts.insert(expr.start().to_usize(), value);
        }
        walk_expr(self, expr);
    }
}
