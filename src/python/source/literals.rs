//! The names that a source only ever binds to literals.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{ExceptHandler, Expr, ExprContext, Stmt};

use super::walk::{Node, walk};

/// How often names are followed to names.
const ROUNDS: usize = 4;

/// The names whose every binding is a literal, an item of a literal, or another such name.
pub(super) fn names(body: &[Stmt]) -> HashSet<String> {
    let mut bindings = Bindings::default();
    walk(body, |node| bindings.node(node));
    bindings.literal()
}

/// What each name is bound to: where it is known, the expressions that give its value.
#[derive(Default)]
struct Bindings<'a> {
    known: HashMap<&'a str, Vec<&'a Expr>>,
    /// How often each name is bound at all.
    stores: HashMap<&'a str, usize>,
}

impl<'a> Bindings<'a> {
    fn node(&mut self, node: Node<'a>) {
        match node {
            Node::Stmt(Stmt::Assign(assign)) => {
                for target in &assign.targets {
                    self.bind(target, &assign.value);
                }
            }
            Node::Stmt(Stmt::AnnAssign(assign)) => {
                if let Some(value) = &assign.value {
                    self.bind(&assign.target, value);
                }
            }
            Node::Stmt(Stmt::For(stmt)) => self.bind(&stmt.target, &stmt.iter),
            Node::Comprehension(comprehension) => {
                self.bind(&comprehension.target, &comprehension.iter);
            }
            Node::Expr(Expr::Name(name)) if name.ctx == ExprContext::Store => {
                self.unknown(name.id.as_str());
            }
            Node::Parameter(parameter) => self.unknown(parameter.name.as_str()),
            Node::Stmt(Stmt::FunctionDef(def)) => self.unknown(def.name.as_str()),
            Node::Stmt(Stmt::ClassDef(def)) => self.unknown(def.name.as_str()),
            Node::Stmt(Stmt::Import(import)) => import.names.iter().for_each(|alias| {
                self.unknown(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            }),
            Node::Stmt(Stmt::ImportFrom(import)) => import.names.iter().for_each(|alias| {
                self.unknown(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            }),
            Node::Handler(ExceptHandler::ExceptHandler(handler)) => {
                if let Some(name) = &handler.name {
                    self.unknown(name.as_str());
                }
            }
            _ => {}
        }
    }

    /// A name is bound to what nobody knows.
    fn unknown(&mut self, name: &'a str) {
        *self.stores.entry(name).or_default() += 1;
    }

    fn bind(&mut self, target: &'a Expr, value: &'a Expr) {
        match target {
            Expr::Name(name) => self.known.entry(name.id.as_str()).or_default().push(value),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.bind(target, value)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.bind(target, value)),
            _ => {}
        }
    }

    fn literal(&self) -> HashSet<String> {
        let mut literal: HashSet<&str> = HashSet::new();
        for _ in 0..ROUNDS {
            for (name, values) in &self.known {
                let all = self.stores.get(name).copied().unwrap_or(0) <= values.len();
                if all && values.iter().all(|value| is_literal(value, &literal)) {
                    literal.insert(name);
                }
            }
        }
        literal.into_iter().map(str::to_owned).collect()
    }
}

/// Whether an expression holds nothing but literals and names of literals.
fn is_literal(expr: &Expr, names: &HashSet<&str>) -> bool {
    match expr {
        Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::NoneLiteral(_) => true,
        Expr::BooleanLiteral(_) => true,
        Expr::Name(name) => names.contains(name.id.as_str()),
        Expr::Tuple(tuple) => tuple.elts.iter().all(|item| is_literal(item, names)),
        Expr::List(list) => list.elts.iter().all(|item| is_literal(item, names)),
        Expr::Set(set) => set.elts.iter().all(|item| is_literal(item, names)),
        Expr::Dict(dict) => dict.items.iter().all(|item| {
            let key = item.key.as_ref().is_some_and(|key| is_literal(key, names));
            key && is_literal(&item.value, names)
        }),
        _ => false,
    }
}
