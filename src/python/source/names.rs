//! What the names of a source file stand for, as far as `importlib.metadata` is concerned.
//!
//! Flow and scopes are not followed: a name stands for everything that any statement binds to it.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{
    ExceptHandler, Expr, ExprContext, ExprName, Parameter, Pattern, Stmt, StmtFor, StmtImport,
    StmtImportFrom,
};
use ruff_text_size::{Ranged, TextSize};

use super::walk::{Node, walk};

/// How a name comes by its value.
pub(super) enum Binding<'a> {
    /// The dotted path of something imported.
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
}

impl<'a> Names<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut names = Self { bindings: HashMap::new(), stars: Vec::new(), known: HashSet::new() };
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

    /// What binds `name`, and the name as the source holds it; `None` where nothing does.
    pub(super) fn bindings(&self, name: &str) -> Option<(&'a str, &[Binding<'a>])> {
        self.bindings.get_key_value(name).map(|(&name, bindings)| (name, bindings.as_slice()))
    }

    /// The modules of `from … import *`.
    pub(super) fn stars(&self) -> &[String] {
        &self.stars
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
