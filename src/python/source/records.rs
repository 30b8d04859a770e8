//! The places of a source file that read a RECORD through `importlib.metadata`.
//!
//! In doubt a place counts, and for every distribution: a RECORD too many costs some bytes.

use std::collections::HashSet;

use ruff_python_ast::{Expr, ExprAttribute, ExprCall, ExprContext, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::names::Names;
use super::values::{Evaluator, Value, distribution_argument, within_metadata};
use super::walk::{Node, walk};
use super::{Lines, RecordReader};

/// The readers in `body`, in order, each line and distribution once.
pub(super) fn readers(source: &str, body: &[Stmt], lines: &Lines) -> Vec<RecordReader> {
    let says = |word: &str| memchr::memmem::find(source.as_bytes(), word.as_bytes()).is_some();
    let asks = (says("metadata") || says("pkg_resources")) && (says("files") || says("RECORD"));
    if !asks || is_importlib_metadata(body) {
        return Vec::new();
    }
    let names = Names::of(body);
    let is_about_metadata = is_about_metadata(&names, source);
    if !is_about_metadata && !names.imported().any(|path| path == "importlib") {
        return Vec::new();
    }
    let mut search = Search {
        is_about_metadata,
        names: &names,
        evaluator: Evaluator::new(&names),
        lines,
        called: HashSet::new(),
        found: Vec::new(),
    };
    walk(body, |node| match node {
        Node::Expr(expr) => search.expression(expr),
        Node::Stmt(Stmt::Assign(assign)) if is_name(&assign.targets) => {
            search.excuse(&assign.value)
        }
        Node::Stmt(_)
        | Node::Pattern(_)
        | Node::Element(_)
        | Node::Parameter(_)
        | Node::Comprehension(_)
        | Node::Handler(_) => {}
    });
    let mut found = search.found;
    found.sort_by(|a, b| (a.line, &a.distribution).cmp(&(b.line, &b.distribution)));
    found.dedup();
    found
}

/// Whether the file works with installed distributions, so that a thing named `dist` is one.
fn is_about_metadata(names: &Names<'_>, source: &str) -> bool {
    let is_metadata = |path: &str| {
        within_metadata(path).is_some() || path.split('.').any(|part| part == "pkg_resources")
    };
    let by_import = names.imported().any(is_metadata);
    by_import
        || ["importlib.metadata", "importlib_metadata"].iter().any(|name| source.contains(name))
}

/// Whether this is `importlib.metadata` itself, its backport or a copy of it: that one answers,
/// others ask.
fn is_importlib_metadata(body: &[Stmt]) -> bool {
    let name_of = |stmt: &Stmt| {
        if let Stmt::FunctionDef(def) = stmt {
            Some(def.name.to_string())
        } else if let Stmt::ClassDef(def) = stmt {
            Some(def.name.to_string())
        } else {
            None
        }
    };
    let defined: HashSet<String> = body.iter().filter_map(name_of).collect();
    let defines = |name: &str| defined.contains(name);
    ["Distribution", "PackagePath", "distribution", "distributions", "files"]
        .into_iter()
        .all(defines)
}

fn is_name(targets: &[Expr]) -> bool {
    targets.iter().all(|target| matches!(target, Expr::Name(_)))
}

struct Search<'n, 'a> {
    names: &'n Names<'a>,
    evaluator: Evaluator<'n, 'a>,
    is_about_metadata: bool,
    lines: &'n Lines,
    /// References to functions that their parent accounts for: what is called, and what a name
    /// is bound to.
    called: HashSet<TextRange>,
    found: Vec<RecordReader>,
}

impl Search<'_, '_> {
    fn expression(&mut self, expr: &Expr) {
        if let Expr::Call(call) = expr {
            self.excuse(&call.func);
            self.call(call);
        } else if let Expr::Attribute(attribute) = expr {
            if attribute.attr.as_str() == "files" && attribute.ctx == ExprContext::Load {
                self.files_of(&attribute.value, expr);
            }
            self.reference(expr);
        } else if let Expr::Name(name) = expr
            && name.ctx == ExprContext::Load
        {
            self.reference(expr);
        }
    }

    fn excuse(&mut self, expr: &Expr) {
        self.called.insert(expr.range());
    }

    fn push(&mut self, at: &impl Ranged, distribution: Option<String>) {
        self.found.push(RecordReader { line: self.lines.at(at.start()), distribution });
    }

    fn is_files(&mut self, function: &Expr) -> bool {
        if let Expr::Attribute(attribute) = function
            && attribute.attr.as_str() != "files"
        {
            return false;
        }
        let is_files = |value: &Value| match value {
            Value::Path(path) => within_metadata(path) == Some("files"),
            Value::Distribution(_) | Value::Distributions | Value::Other => false,
        };
        self.evaluator.values(function).iter().any(is_files)
    }

    /// `files(…)`, `getattr(dist, "files")`, `dist.read_text("RECORD")`.
    fn call(&mut self, call: &ExprCall) {
        if self.is_files(&call.func) {
            self.push(call, distribution_argument(self.names, call));
        }
        let is_getattr = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "getattr");
        if is_getattr
            && self.says(call, 1, "files")
            && let Some(owner) = call.arguments.find_positional(0)
        {
            self.files_of(owner, call);
        }
        if let Expr::Attribute(method) = &*call.func
            && self.says(call, 0, "RECORD")
        {
            self.record_text(method, call);
        }
    }

    /// Whether the argument in this position is the literal `text`.
    fn says(&self, call: &ExprCall, position: usize, text: &str) -> bool {
        let argument = call.arguments.find_positional(position);
        argument.and_then(|argument| self.names.literal(argument)).as_deref() == Some(text)
    }

    /// `.files` of `owner`.
    fn files_of(&mut self, owner: &Expr, at: &impl Ranged) {
        let mut is_known = false;
        for value in self.evaluator.values(owner) {
            match value {
                Value::Distribution(name) => {
                    is_known = true;
                    self.push(at, name);
                }
                Value::Path(_) | Value::Distributions | Value::Other => {}
            }
        }
        if !is_known && self.is_about_metadata && is_plausibly_distribution(owner) {
            self.push(at, None);
        }
    }

    /// `distribution("x").read_text("RECORD")` and what `pkg_resources` calls it.
    fn record_text(&mut self, method: &ExprAttribute, call: &ExprCall) {
        if !matches!(method.attr.as_str(), "read_text" | "get_metadata" | "get_metadata_lines") {
            return;
        }
        let name = self.evaluator.values(&method.value).into_iter().find_map(|value| match value {
            Value::Distribution(name) => Some(name),
            Value::Path(_) | Value::Distributions | Value::Other => None,
        });
        self.push(call, name.flatten());
    }

    /// `map(files, names)`: the function handed on to be called who knows with what.
    fn reference(&mut self, expr: &Expr) {
        if !self.called.contains(&expr.range()) && self.is_files(expr) {
            self.push(expr, None);
        }
    }
}

/// Whether `expr` goes by a name that distributions go by: `dist`, `self._distribution`,
/// `get_dist(…)`.
fn is_plausibly_distribution(expr: &Expr) -> bool {
    let name = if let Expr::Name(name) = expr {
        name.id.as_str()
    } else if let Expr::Attribute(attribute) = expr {
        attribute.attr.as_str()
    } else if let Expr::Call(call) = expr {
        return is_plausibly_distribution(&call.func);
    } else if let Expr::Subscript(subscript) = expr {
        return is_plausibly_distribution(&subscript.value);
    } else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    name.split('_').any(|word| matches!(word, "dist" | "dists" | "distribution" | "distributions"))
}
