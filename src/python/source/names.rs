//! What the names of a source file stand for, as far as `importlib.metadata` is concerned.
//!
//! Flow and scopes are not followed: a name stands for everything that any statement binds to it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use ruff_python_ast::{
    ExceptHandler, Expr, ExprCall, ExprContext, ExprName, Parameter, Pattern, Stmt, StmtFor,
    StmtImport, StmtImportFrom,
};
use ruff_text_size::{Ranged, TextSize};

use super::walk::{Node, walk};

/// What an expression can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A module or something in it, by its dotted path; a name that nothing binds is its own.
    Path(String),
    /// A distribution, by its name where a literal gives it.
    Distribution(Option<String>),
    /// Several distributions: a list, an iterator, a dict of them.
    Distributions,
    /// Anything else.
    Other,
}

/// How a name comes by its value.
enum Binding<'a> {
    Import(String),
    Value(&'a Expr),
    /// An element of what the expression iterates over.
    Element(&'a Expr),
    /// A parameter, a part of a tuple, a definition, …
    Unknown,
}

/// The names that a source file binds.
pub(super) struct Names<'a> {
    bindings: HashMap<&'a str, Vec<Binding<'a>>>,
    /// The modules of `from … import *`.
    stars: Vec<String>,
    /// Where a binding with a known value has its name.
    known: HashSet<TextSize>,
    /// Expressions that may still be looked at, for all answers together.
    fuel: Cell<usize>,
}

impl<'a> Names<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut names = Self {
            bindings: HashMap::new(),
            stars: Vec::new(),
            known: HashSet::new(),
            fuel: Cell::new(5_000_000),
        };
        walk(body, |node| names.visit(node));
        names
    }

    /// The dotted paths of everything imported.
    pub(super) fn imported(&self) -> impl Iterator<Item = &str> {
        let bindings = self.bindings.values().flatten();
        let paths = bindings.filter_map(|binding| match binding {
            Binding::Import(path) => Some(path.as_str()),
            Binding::Value(_) | Binding::Element(_) | Binding::Unknown => None,
        });
        paths.chain(self.stars.iter().map(String::as_str))
    }

    /// The text of a string literal, or of a name that only ever holds one.
    pub(super) fn literal(&self, expr: &Expr) -> Option<String> {
        if let Expr::StringLiteral(literal) = expr {
            return Some(literal.value.to_str().to_owned());
        }
        let Expr::Name(name) = expr else { return None };
        match self.bindings.get(name.id.as_str())?.as_slice() {
            [Binding::Value(Expr::StringLiteral(literal))] => {
                Some(literal.value.to_str().to_owned())
            }
            _ => None,
        }
    }

    /// Everything that `expr` can be; never empty. What takes too long to find out can be any
    /// distribution.
    pub(super) fn values(&self, expr: &Expr) -> Vec<Value> {
        /// Expressions looked at for one answer.
        const MOST: usize = 2_000;
        let granted = self.fuel.get().min(MOST);
        let mut evaluation = Evaluation { names: self, fuel: granted };
        let mut values = evaluation.values(expr, 0);
        self.fuel.set(self.fuel.get() - (granted - evaluation.fuel));
        if evaluation.fuel == 0 {
            values.push(Value::Distribution(None));
        }
        values
    }

    fn bind(&mut self, name: &'a str, binding: Binding<'a>) {
        self.bindings.entry(name).or_default().push(binding);
    }

    /// Binds `target` if it is a name; the names in other targets are met by themselves.
    fn bind_target(&mut self, target: &'a Expr, binding: Binding<'a>) {
        if let Expr::Name(name) = target {
            self.known.insert(name.start());
            self.bind(name.id.as_str(), binding);
        }
    }

    fn visit(&mut self, node: Node<'a>) {
        match node {
            Node::Stmt(stmt) => self.statement(stmt),
            Node::Expr(Expr::Name(name)) => self.name(name),
            Node::Expr(Expr::Named(named)) => {
                self.bind_target(&named.target, Binding::Value(&named.value));
            }
            Node::Expr(_) | Node::Element(_) => {}
            Node::Comprehension(comprehension) => {
                self.bind_target(&comprehension.target, Binding::Element(&comprehension.iter));
            }
            Node::Parameter(Parameter { name, .. }) => self.bind(name.as_str(), Binding::Unknown),
            Node::Pattern(pattern) => self.pattern(pattern),
            Node::Handler(ExceptHandler::ExceptHandler(handler)) => {
                if let Some(name) = &handler.name {
                    self.bind(name.as_str(), Binding::Unknown);
                }
            }
        }
    }

    fn name(&mut self, name: &'a ExprName) {
        let is_bound = matches!(name.ctx, ExprContext::Store | ExprContext::Del);
        if is_bound && !self.known.contains(&name.start()) {
            self.bind(name.id.as_str(), Binding::Unknown);
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchStar(star) => &star.name,
            Pattern::MatchAs(capture) => &capture.name,
            Pattern::MatchMapping(mapping) => &mapping.rest,
            Pattern::MatchValue(_)
            | Pattern::MatchSingleton(_)
            | Pattern::MatchSequence(_)
            | Pattern::MatchClass(_)
            | Pattern::MatchOr(_) => return,
        };
        if let Some(name) = name {
            self.bind(name.as_str(), Binding::Unknown);
        }
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.bind_target(target, Binding::Value(&assign.value));
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.bind_target(&assign.target, Binding::Value(value));
                }
            }
            Stmt::For(StmtFor { target, iter, .. }) => {
                self.bind_target(target, Binding::Element(iter));
            }
            Stmt::FunctionDef(def) => self.bind(def.name.as_str(), Binding::Unknown),
            Stmt::ClassDef(def) => self.bind(def.name.as_str(), Binding::Unknown),
            Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::AugAssign(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Raise(_)
            | Stmt::Try(_)
            | Stmt::Assert(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    /// `import a.b` binds `a`, `import a.b as c` binds `c` to `a.b`.
    fn import(&mut self, import: &'a StmtImport) {
        for alias in &import.names {
            let path = alias.name.as_str();
            let root = path.split('.').next().unwrap_or(path);
            match &alias.asname {
                Some(name) => self.bind(name.as_str(), Binding::Import(path.to_owned())),
                None => self.bind(root, Binding::Import(root.to_owned())),
            }
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let dots = ".".repeat(usize::try_from(import.level).unwrap_or(0).min(8));
        for alias in &import.names {
            let joint = if module.is_empty() { "" } else { "." };
            let path = format!("{dots}{module}{joint}{}", alias.name);
            if alias.name.as_str() == "*" {
                self.stars.push(format!("{dots}{module}"));
            } else {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(name.as_str(), Binding::Import(path));
            }
        }
    }
}

/// What `path` names within `importlib.metadata` or its backport, wherever that is vendored, or
/// within a `metadata` that a compatibility module hands on; empty for the module itself.
pub(super) fn within_metadata(path: &str) -> Option<&str> {
    let behind = |at: usize| match &path[at..] {
        "" => Some(""),
        rest => rest.strip_prefix('.'),
    };
    let starts_part = |at: usize| at == 0 || path.as_bytes().get(at - 1) == Some(&b'.');
    for module in ["importlib.metadata", "importlib_metadata"] {
        for (at, _) in path.match_indices(module).filter(|&(at, _)| starts_part(at)) {
            if let Some(member) = behind(at + module.len()) {
                return Some(member);
            }
        }
    }
    let compat = path.find("compat")?;
    let at = compat + path[compat..].find(".metadata")?;
    behind(at + ".metadata".len())
}

/// One question for the values of an expression; ends on any source.
struct Evaluation<'n, 'a> {
    names: &'n Names<'a>,
    /// Expressions that may still be looked at.
    fuel: usize,
}

impl Evaluation<'_, '_> {
    fn values(&mut self, expr: &Expr, depth: usize) -> Vec<Value> {
        /// Names of names of names: deeper than sources go.
        const MOST: usize = 40;
        if self.fuel == 0 || depth > MOST {
            return vec![Value::Other];
        }
        self.fuel -= 1;
        let deeper = depth + 1;
        match expr {
            Expr::Name(name) => self.name(name.id.as_str(), deeper),
            Expr::Attribute(attribute) => {
                let owners = self.values(&attribute.value, deeper);
                owners.into_iter().map(|owner| member(owner, attribute.attr.as_str())).collect()
            }
            Expr::Call(call) => self.call(call, deeper),
            Expr::Subscript(subscript) => {
                let owners = self.values(&subscript.value, deeper);
                owners.into_iter().flat_map(element).collect()
            }
            Expr::ListComp(comp) => self.several([&*comp.elt], deeper),
            Expr::SetComp(comp) => self.several([&*comp.elt], deeper),
            Expr::Generator(comp) => self.several([&*comp.elt], deeper),
            Expr::DictComp(comp) => self.several([&*comp.value], deeper),
            Expr::List(list) => self.several(&list.elts, deeper),
            Expr::Tuple(tuple) => self.several(&tuple.elts, deeper),
            Expr::Set(set) => self.several(&set.elts, deeper),
            Expr::Dict(dict) => self.several(dict.items.iter().map(|item| &item.value), deeper),
            Expr::If(branches) => self.any([&*branches.body, &*branches.orelse], deeper),
            Expr::BoolOp(operation) => self.any(&operation.values, deeper),
            Expr::Named(named) => self.values(&named.value, deeper),
            Expr::Await(wait) => self.values(&wait.value, deeper),
            Expr::Starred(starred) => self.values(&starred.value, deeper),
            Expr::BinOp(sum) => self.any([&*sum.left, &*sum.right], deeper),
            Expr::UnaryOp(_)
            | Expr::Lambda(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::Compare(_)
            | Expr::FString(_)
            | Expr::TString(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Slice(_)
            | Expr::IpyEscapeCommand(_) => vec![Value::Other],
        }
    }

    fn any<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, depth: usize) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for expr in exprs {
            if self.fuel == 0 {
                break;
            }
            values.extend(self.values(expr, depth));
        }
        values
    }

    /// A collection of `exprs`.
    fn several<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        depth: usize,
    ) -> Vec<Value> {
        let holds = self.any(exprs, depth).iter().any(is_distributions);
        vec![if holds { Value::Distributions } else { Value::Other }]
    }

    fn name(&mut self, name: &str, depth: usize) -> Vec<Value> {
        let names = self.names;
        let mut values = Vec::new();
        for star in names.stars.iter().filter(|star| within_metadata(star).is_some()) {
            values.push(Value::Path(format!("{star}.{name}")));
        }
        let Some(bindings) = names.bindings.get(name) else {
            values.push(Value::Path(name.to_owned()));
            return values;
        };
        for binding in bindings {
            match binding {
                Binding::Import(path) => values.push(Value::Path(path.clone())),
                Binding::Value(expr) => values.extend(self.values(expr, depth)),
                Binding::Element(expr) => {
                    let iterables = self.values(expr, depth);
                    values.extend(iterables.into_iter().flat_map(element));
                }
                Binding::Unknown => values.push(Value::Other),
            }
            if self.fuel == 0 {
                break;
            }
        }
        values
    }

    fn call(&mut self, call: &ExprCall, depth: usize) -> Vec<Value> {
        let mut values = Vec::new();
        for function in self.values(&call.func, depth) {
            match function {
                Value::Path(path) => values.extend(self.call_path(&path, call, depth)),
                Value::Distributions => values.push(Value::Distributions), // `dists.values()`
                Value::Distribution(_) | Value::Other => values.push(Value::Other),
            }
        }
        let arguments = self.any(&call.arguments.args, depth);
        if arguments.contains(&Value::Distributions) {
            // `sorted(dists)`, `next(dists)`: one of them, or all.
            values.extend([Value::Distributions, Value::Distribution(None)]);
        }
        values
    }

    fn call_path(&mut self, path: &str, call: &ExprCall, depth: usize) -> Vec<Value> {
        let argument =
            |at| call.arguments.find_positional(at).and_then(|arg| self.names.literal(arg));
        match within_metadata(path) {
            Some("distribution" | "Distribution.from_name") => {
                return vec![Value::Distribution(distribution_argument(self.names, call))];
            }
            Some("distributions" | "Distribution.discover") => return vec![Value::Distributions],
            Some("Distribution.at" | "PathDistribution" | "PathDistribution.at") => {
                return vec![Value::Distribution(None)];
            }
            Some(_) => return vec![Value::Other],
            None => {}
        }
        if path == "pkg_resources.get_distribution" {
            return vec![Value::Distribution(argument(0))];
        }
        if path == "getattr"
            && let (Some(owner), Some(name)) = (call.arguments.find_positional(0), argument(1))
        {
            let owners = self.values(owner, depth);
            return owners.into_iter().map(|owner| member(owner, &name)).collect();
        }
        let function = path.rsplit('.').next().unwrap_or(path);
        match argument(0).filter(|_| function.contains("import")) {
            Some(module) if function == "__import__" => {
                let root = module.split('.').next().unwrap_or_default().to_owned();
                vec![Value::Path(root), Value::Path(module)]
            }
            Some(module) => vec![Value::Path(module)],
            None => vec![Value::Other],
        }
    }
}

/// The distribution's name in a call of `files`, `distribution` or `Distribution.from_name`,
/// where a literal gives it.
pub(super) fn distribution_argument(names: &Names<'_>, call: &ExprCall) -> Option<String> {
    let keyword = |name| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
    let argument = call.arguments.find_positional(0);
    names.literal(argument.or_else(|| keyword("distribution_name")).or_else(|| keyword("name"))?)
}

fn is_distributions(value: &Value) -> bool {
    matches!(value, Value::Distribution(_) | Value::Distributions)
}

/// The attribute `name` of `owner`.
fn member(owner: Value, name: &str) -> Value {
    match owner {
        Value::Path(path) if path.len() < 256 => Value::Path(format!("{path}.{name}")),
        Value::Distributions => Value::Distributions,
        Value::Path(_) | Value::Distribution(_) | Value::Other => match name {
            "importlib_metadata" => Value::Path(name.to_owned()),
            _ => Value::Other,
        },
    }
}

/// What iterating over `values` or taking an item of them gives.
fn element(values: Value) -> Vec<Value> {
    match values {
        Value::Distributions => vec![Value::Distribution(None), Value::Distributions],
        Value::Path(_) | Value::Distribution(_) | Value::Other => vec![Value::Other],
    }
}
