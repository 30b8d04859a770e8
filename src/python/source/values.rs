//! What the expressions of a source file can be, as far as `importlib.metadata` is concerned.

use std::collections::HashMap;

use ruff_python_ast::{Expr, ExprCall};

use super::names::{Binding, Names};

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

/// A set of values: everything that an expression can be.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(Vec<Value>);

impl Values {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.0.iter()
    }

    fn insert(&mut self, value: Value) {
        /// More than any source has; with more, it can be any distribution.
        const MOST: usize = 32;
        if !self.0.contains(&value) && self.0.len() <= MOST {
            let is_full = self.0.len() == MOST;
            self.0.push(if is_full { Value::Distribution(None) } else { value });
        }
    }
}

impl Extend<Value> for Values {
    fn extend<I: IntoIterator<Item = Value>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.insert(value));
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let mut set = Self::default();
        set.extend(values);
        set
    }
}

impl IntoIterator for Values {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Value> for Values {
    fn from(value: Value) -> Self {
        Self(vec![value])
    }
}

/// Works values out, each name once where it can; ends on any source.
pub(super) struct Evaluator<'n, 'a> {
    names: &'n Names<'a>,
    /// The values of names already worked out.
    done: HashMap<&'a str, Values>,
    /// The names being worked out, outermost first.
    open: Vec<&'a str>,
    /// Whether an open name was met again, so that what it contributes is not yet known.
    met_open: bool,
    /// Expressions that may still be looked at for this answer, and for all answers.
    fuel: usize,
    tank: usize,
}

impl<'n, 'a> Evaluator<'n, 'a> {
    pub(super) fn new(names: &'n Names<'a>) -> Self {
        let (done, open) = (HashMap::new(), Vec::new());
        Self { names, done, open, met_open: false, fuel: 0, tank: 5_000_000 }
    }

    /// Everything that `expr` can be. What takes too long to find out can be any distribution.
    pub(super) fn values(&mut self, expr: &Expr) -> Values {
        /// Expressions looked at for one answer.
        const MOST: usize = 2_000;
        let granted = self.tank.min(MOST);
        self.fuel = granted;
        let mut values = self.expr(expr, 0);
        self.tank -= granted - self.fuel;
        if self.fuel == 0 {
            values.insert(Value::Distribution(None));
        }
        values
    }

    fn expr(&mut self, expr: &Expr, depth: usize) -> Values {
        /// Names of names of names: deeper than sources go.
        const MOST: usize = 40;
        if depth > MOST {
            self.fuel = 0;
        }
        if self.fuel == 0 {
            return Values::default();
        }
        self.fuel -= 1;
        let deeper = depth + 1;
        match expr {
            Expr::Name(name) => self.name(name.id.as_str(), deeper),
            Expr::Attribute(attribute) => {
                let owners = self.expr(&attribute.value, deeper).into_iter();
                owners.map(|owner| member(owner, attribute.attr.as_str())).collect()
            }
            Expr::Call(call) => self.call(call, deeper),
            Expr::Subscript(subscript) => {
                self.expr(&subscript.value, deeper).into_iter().flat_map(element).collect()
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
            Expr::BinOp(sum) => self.any([&*sum.left, &*sum.right], deeper),
            Expr::Named(named) => self.expr(&named.value, deeper),
            Expr::Await(wait) => self.expr(&wait.value, deeper),
            Expr::Starred(starred) => self.expr(&starred.value, deeper),
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
            | Expr::IpyEscapeCommand(_) => Value::Other.into(),
        }
    }

    /// Whichever of `exprs`.
    fn any<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, depth: usize) -> Values {
        let mut values = Values::default();
        for expr in exprs {
            if self.fuel == 0 {
                break;
            }
            values.extend(self.expr(expr, depth));
        }
        values
    }

    /// A collection of `exprs`.
    fn several<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, depth: usize) -> Values {
        let is_distributions = |value: &Value| match value {
            Value::Distribution(_) | Value::Distributions => true,
            Value::Path(_) | Value::Other => false,
        };
        let holds = self.any(exprs, depth).iter().any(is_distributions);
        if holds { Value::Distributions.into() } else { Value::Other.into() }
    }

    fn name(&mut self, name: &str, depth: usize) -> Values {
        let stars = self.names.stars().iter().filter(|star| within_metadata(star).is_some());
        let mut values: Values = stars.map(|star| Value::Path(format!("{star}.{name}"))).collect();
        let Some((name, bindings)) = self.names.bindings(name) else {
            values.insert(Value::Path(name.to_owned()));
            return values;
        };
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        if self.open.contains(&name) {
            self.met_open = true;
            return values;
        }
        self.open.push(name);
        for binding in bindings {
            values.extend(self.binding(binding, depth));
            if self.fuel == 0 {
                break;
            }
        }
        self.open.pop();
        // The outermost name of a circle has seen all of it.
        self.met_open &= !self.open.is_empty();
        if self.fuel == 0 && self.open.is_empty() {
            values.insert(Value::Distribution(None));
        }
        if self.open.is_empty() || (!self.met_open && self.fuel > 0) {
            self.done.insert(name, values.clone());
        }
        values
    }

    fn binding(&mut self, binding: &Binding<'a>, depth: usize) -> Values {
        match binding {
            Binding::Import(path) => Value::Path(path.clone()).into(),
            Binding::Value(expr) => self.expr(expr, depth),
            Binding::Element(expr) => {
                self.expr(expr, depth).into_iter().flat_map(element).collect()
            }
            Binding::Unknown => Value::Other.into(),
        }
    }

    fn call(&mut self, call: &ExprCall, depth: usize) -> Values {
        let mut values = Values::default();
        for function in self.expr(&call.func, depth) {
            match function {
                Value::Path(path) => values.extend(self.call_path(&path, call, depth)),
                Value::Distributions => values.insert(Value::Distributions), // `dists.values()`
                Value::Distribution(_) | Value::Other => values.insert(Value::Other),
            }
        }
        if self.any(&call.arguments.args, depth).0.contains(&Value::Distributions) {
            // `sorted(dists)`, `next(dists)`: one of them, or all.
            values.extend([Value::Distributions, Value::Distribution(None)]);
        }
        values
    }

    fn call_path(&mut self, path: &str, call: &ExprCall, depth: usize) -> Values {
        let argument = |at| call.arguments.find_positional(at);
        let literal = |at| argument(at).and_then(|arg| self.names.literal(arg));
        if let Some(member) = within_metadata(path) {
            return self.call_metadata(member, call).into();
        }
        if path == "pkg_resources.get_distribution" {
            return Value::Distribution(literal(0)).into();
        }
        if path == "getattr"
            && let (Some(owner), Some(name)) = (argument(0), literal(1))
        {
            let owners = self.expr(owner, depth).into_iter();
            return owners.map(|owner| member(owner, &name)).collect();
        }
        let function = path.rsplit('.').next().unwrap_or(path);
        match literal(0).filter(|_| function.contains("import")) {
            Some(module) if function == "__import__" => {
                let root = module.split('.').next().unwrap_or_default().to_owned();
                [Value::Path(root), Value::Path(module)].into_iter().collect()
            }
            Some(module) => Value::Path(module).into(),
            None => Value::Other.into(),
        }
    }

    fn call_metadata(&self, member: &str, call: &ExprCall) -> Value {
        match member {
            "distribution" | "Distribution.from_name" => {
                Value::Distribution(distribution_argument(self.names, call))
            }
            "distributions" | "Distribution.discover" => Value::Distributions,
            "Distribution.at" | "PathDistribution" | "PathDistribution.at" => {
                Value::Distribution(None)
            }
            _ => Value::Other,
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

/// The distribution's name in a call of `files`, `distribution` or `Distribution.from_name`,
/// where a literal gives it.
pub(super) fn distribution_argument(names: &Names<'_>, call: &ExprCall) -> Option<String> {
    let keyword = |name| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
    let argument = call.arguments.find_positional(0);
    names.literal(argument.or_else(|| keyword("distribution_name")).or_else(|| keyword("name"))?)
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

/// What iterating over `value`, or taking an item of it, gives.
fn element(value: Value) -> Values {
    match value {
        // Or a part of them, if it was a slice.
        Value::Distributions => {
            [Value::Distribution(None), Value::Distributions].into_iter().collect()
        }
        Value::Path(_) | Value::Distribution(_) | Value::Other => Value::Other.into(),
    }
}
