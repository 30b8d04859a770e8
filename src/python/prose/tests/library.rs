//! Against CPython's compiler, over its standard library.

use super::super::super::oracle;
use super::super::{Prose, without};

/// The paths of the `.py` below the library folder, but for its tests.
const PATHS: &str = "
import json, pathlib, sys, sysconfig
library = pathlib.Path(sysconfig.get_path('stdlib'))
paths = sorted(p for p in library.rglob('*.py') if p.relative_to(library).parts[0] not in ('test', 'site-packages'))
json.dump([str(p) for p in paths], sys.stdout)
";

/// Of pairs of sources: which are another program, by the tree without statements that are nothing
/// but a constant, each node with its lines; and whether a docstring or comment is left.
const SAME: &str = "
import ast, io, json, sys, tokenize

class Bare(ast.NodeTransformer):
    def visit_Expr(self, node):
        is_bare = isinstance(node.value, ast.Constant) and (isinstance(node.value.value, str) or node.value.value == 0)
        return None if is_bare else self.generic_visit(node)

def essence(text):
    tree = Bare().visit(ast.parse(text))
    return [(type(n).__name__, getattr(n, 'lineno', 0), ast.dump(n) if isinstance(n, ast.Constant) else str(getattr(n, 'name', '')) if not isinstance(getattr(n, 'name', ''), ast.AST) else '') for n in ast.walk(tree)]

def left(text):
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, documented)]
    comments = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    return sum(bool(d) for d in docs), len(comments)

wrong, docs, comments, files = [], 0, 0, 0
for path, small in json.load(sys.stdin):
    with tokenize.open(path) as file:
        text = file.read()
    files += 1
    if essence(text) != essence(small):
        wrong.append(path)
    compile(small, path, 'exec')
    more = left(small)
    docs, comments = docs + more[0], comments + more[1]
json.dump([wrong, docs, comments, files], sys.stdout)
";

#[test]
fn it_is_the_same_program_on_the_same_lines() {
    let paths: Vec<String> = serde_json::from_value(oracle::ask(PATHS, b"")).expect("paths");
    let mut before = 0;
    let mut after = 0;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for path in paths {
        let text = std::fs::read(&path).expect("the library can be read");
        if let Some(small) = without(&text, Prose::ALL) {
            before += text.len();
            after += small.len();
            pairs.push((path, String::from_utf8(small).expect("text")));
        }
    }
    let input = serde_json::to_vec(&pairs).expect("JSON");
    let (wrong, docs, comments, files): (Vec<String>, u32, u32, u32) =
        serde_json::from_value(oracle::ask(SAME, &input)).expect("what the script prints");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(files > 500 && before > after + 2_500_000, "{files} files, {before} to {after} bytes");
    // What stays: docstrings that share their line, declarations of the encoding, first lines.
    assert!(docs < 80 && comments < 150, "{docs} docstrings, {comments} comments");
}
