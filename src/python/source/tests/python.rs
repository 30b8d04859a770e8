//! Against Python's own `ast`, over its standard library and what is installed beside it.

use std::collections::HashSet;

use proptest::prelude::{Just, any, prop, prop_oneof};

use super::super::super::oracle;
use super::super::{TextKind, Unparsed, read};

/// Every `.py` below the library folder that `ast` parses: its imports, its strings. The input
/// names folders to pass over.
const AST: &str = r#"
import ast, json, pathlib, sys, sysconfig

def clean(value):
    try:
        value.encode()
        return value
    except UnicodeEncodeError:
        return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in value)

def docstring(body):
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        if isinstance(body[0].value.value, str):
            return id(body[0].value)

def read(path):
    imports, strings, docs, parts = [], [], set(), set()
    todo = [ast.parse(path.read_bytes())]
    keep = todo[0]  # ids are those of living nodes
    while todo:
        node = todo.pop()
        kind = type(node)
        if kind is ast.Constant:
            if type(node.value) is str:
                fragment = id(node) in parts
                if node.value or not fragment:
                    name, line = ("Fragment", 0) if fragment else ("Str", node.lineno)
                    strings.append([name, line, clean(node.value), id(node) in docs])
            elif type(node.value) is bytes:
                try:
                    strings.append(["Bytes", node.lineno, node.value.decode(), False])
                except UnicodeDecodeError:
                    pass
            continue
        if kind is ast.Import:
            for alias in node.names:
                imports.append([node.lineno, node.col_offset, 0, alias.name, []])
        elif kind is ast.ImportFrom:
            names = [alias.name for alias in node.names]
            imports.append([node.lineno, node.col_offset, node.level, node.module, names])
        elif kind is ast.JoinedStr:
            parts.update(map(id, node.values))
        elif kind in (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef):
            docs.add(docstring(node.body))
        for name in kind._fields:
            child = getattr(node, name)
            if isinstance(child, list):
                todo.extend(item for item in child if isinstance(item, ast.AST))
            elif isinstance(child, ast.AST):
                todo.append(child)
    imports.sort(key=lambda i: (i[0], i[1]))
    return [str(path), [i[:1] + i[2:] for i in imports], sorted(strings)]

answers, refused = [], []
library = pathlib.Path(sysconfig.get_path("stdlib"))
skipped = set(json.load(sys.stdin))
for path in sorted(library.rglob("*.py")):
    if path.relative_to(library).parts[0] in skipped:
        continue
    try:
        answers.append(read(path))
    except (SyntaxError, ValueError, UnicodeError, RecursionError):
        refused.append(str(path))
json.dump([answers, refused], sys.stdout)
"#;

type Answer =
    (String, Vec<(u32, u32, Option<String>, Vec<String>)>, Vec<(String, u32, String, bool)>);

#[test]
fn agrees_with_ast_over_the_standard_library() {
    agrees_with_ast(&["test", "site-packages"]);
}

#[test]
#[ignore = "takes a minute: 37 MB through Python's `ast`"]
fn agrees_with_ast_over_the_standard_library_and_its_tests() {
    agrees_with_ast(&[]);
}

fn agrees_with_ast(skipped: &[&str]) {
    let skipped = serde_json::to_string(skipped).expect("JSON");
    let (answers, refused): (Vec<Answer>, Vec<String>) =
        serde_json::from_value(oracle::ask(AST, skipped.as_bytes())).expect("answers");
    assert!(answers.len() > 500, "a standard library holds more than {} files", answers.len());
    let mut imports_seen = 0;
    let mut strings_seen = 0;
    let mut other_strings = 0;
    for (path, imports, strings) in &answers {
        let bytes = std::fs::read(path).expect("the file that Python read");
        let source = match read(&bytes) {
            Err(Unparsed::UnknownEncoding(_)) if path.contains("/test") => continue,
            answer => answer.unwrap_or_else(|error| panic!("{path} {error}")),
        };
        let ours: Vec<_> =
            source.imports.into_iter().map(|i| (i.line, i.level, i.module, i.names)).collect();
        assert_eq!(&ours, imports, "{path}");
        imports_seen += ours.len();
        let mut ours: Vec<_> = source
            .strings
            .into_iter()
            .map(|text| {
                let line = if text.kind == TextKind::Fragment { 0 } else { text.line };
                (format!("{:?}", text.kind), line, text.value, text.docstring)
            })
            .collect();
        ours.sort();
        strings_seen += ours.len();
        if &ours != strings {
            // `f"{x=}"`: to Python `x=` is a literal part, to ruff it is not.
            let ours: HashSet<_> = ours.into_iter().collect();
            let missing = strings.iter().filter(|theirs| !ours.contains(theirs));
            let is_debug_text = |text: &str| text.contains('=');
            for (kind, _, text, _) in missing {
                assert!(kind == "Fragment" && is_debug_text(text), "{path}: {kind} {text:?}");
            }
            other_strings += 1;
        }
    }
    println!(
        "{} files, {imports_seen} imports, {strings_seen} strings; {other_strings} with debug text; {} refused by ast",
        answers.len(),
        refused.len()
    );
    assert!(imports_seen > 3_000 && other_strings * 50 < answers.len());
    for path in refused {
        let _ = read(&std::fs::read(path).expect("the file that Python refused"));
    }
}

/// The value of the last string in each file, or null where Python refuses the file.
const VALUES: &str = r#"
import ast, json, sys
answers = []
for data in json.load(sys.stdin):
    try:
        answers.append(ast.parse(bytes(data)).body[-1].value.value)
    except (SyntaxError, ValueError, AttributeError):
        answers.append(None)
json.dump(answers, sys.stdout)
"#;

#[test]
fn decodes_as_python_does() {
    use proptest::strategy::{Strategy, ValueTree};
    let encoding = prop_oneof![
        "utf-8",
        "UTF_8",
        "utf8",
        "latin-1",
        "Latin_1",
        "iso-8859-1",
        "ascii",
        "cp1252",
        "windows-1252",
        "koi8-r",
        "",
    ];
    let declaration =
        (prop_oneof!["#", " # -*- ", "x # ", "\x0c#!"], "(coding|encoding)[:=] ?", encoding)
            .prop_map(|(start, coding, encoding)| format!("{start}{coding}{encoding} -*-"));
    let line = prop_oneof!["", "#", "x = 1", " ", declaration.clone(), declaration];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let value = prop_oneof![
        Just(b"a".to_vec()),
        Just(b"\xc3\xa9".to_vec()),
        Just(b"\xe9".to_vec()),
        Just(b"\x80".to_vec()),
    ];
    let file = (any::<bool>(), prop::collection::vec((line, end), 0..4), value).prop_map(
        |(bom, lines, value)| {
            let mut file = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
            lines
                .iter()
                .for_each(|(line, end)| file.extend([line.as_bytes(), end.as_bytes()].concat()));
            [&file[..], b"'", &value[..], b"'\n"].concat()
        },
    );
    let mut runner = proptest::test_runner::TestRunner::default();
    let files: Vec<Vec<u8>> =
        (0..3_000).map(|_| file.new_tree(&mut runner).expect("a file").current()).collect();
    let answers = oracle::ask(VALUES, serde_json::to_string(&files).expect("JSON").as_bytes());
    let answers: Vec<Option<String>> = serde_json::from_value(answers).expect("values");
    let mut agreed = 0;
    for (file, theirs) in files.iter().zip(answers) {
        let ours = read(file);
        if let (Ok(source), Some(theirs)) = (&ours, &theirs) {
            let last = source.strings.last().map(|text| text.value.as_str());
            assert_eq!(last, Some(theirs.as_str()), "{:?}", file.escape_ascii().to_string());
            agreed += 1;
        }
        let is_unknown = matches!(ours, Err(Unparsed::UnknownEncoding(_)));
        // Behind a byte order mark Python refuses the alias `utf8`; we do not.
        let is_lenient = file.starts_with(b"\xef\xbb\xbf") && ours.is_ok();
        let both = ours.is_ok() == theirs.is_some() || is_unknown || is_lenient;
        assert!(both, "{:?}: {ours:?}, Python: {theirs:?}", file.escape_ascii().to_string());
    }
    assert!(agreed > 500, "{agreed}");
}

/// How fast it is: `cargo test --release parse_speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn parse_speed() {
    let list = "import json, pathlib, sysconfig, sys
json.dump([str(p) for p in pathlib.Path(sysconfig.get_path('stdlib')).rglob('*.py')], sys.stdout)";
    let paths: Vec<String> = serde_json::from_value(oracle::ask(list, b"")).expect("paths");
    let files: Vec<Vec<u8>> = paths.iter().filter_map(|path| std::fs::read(path).ok()).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let read = files.iter().filter(|file| read(file).is_ok()).count();
        let seconds = start.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let speed = bytes as f64 / 1e6 / seconds;
        println!("{read} of {} files, {bytes} bytes: {speed:.1} MB/s", files.len());
    }
}
