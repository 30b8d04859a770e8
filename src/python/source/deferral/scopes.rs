//! What of a module's names is bound and used where, as far as it matters for when they are needed.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::helpers::is_compound_statement;
use ruff_python_ast::{
    ExceptHandler, Expr, ExprContext, MatchCase, Parameter, Pattern, Stmt, StmtClassDef,
    StmtFunctionDef, StmtImport, StmtImportFrom,
};
use ruff_text_size::{Ranged, TextSize};

use super::super::walk::{Node, children};
use super::{Function, Why};

/// Functions by which code reaches names that it does not write.
const BY_TEXT: [&str; 6] = ["globals", "locals", "vars", "eval", "exec", "__import__"];

/// Everything that is asked about the names of a module.
#[derive(Default)]
pub(super) struct Scopes<'a> {
    /// The import statements, each with why it stays for where it stands.
    pub(super) imports: Vec<(&'a Stmt, Option<Why>)>,
    /// The functions of the module and of classes in it.
    pub(super) functions: Vec<Function>,
    /// Where a name is bound, in any scope.
    pub(super) bindings: HashMap<&'a str, Vec<TextSize>>,
    /// Where a name is read.
    pub(super) uses: HashMap<&'a str, Vec<Found>>,
    /// Whether names are looked up by their text.
    pub(super) by_text: bool,
    /// Names taken from modules, with the last part of the module's name.
    pub(super) taken: Vec<(String, String)>,
    /// Attributes of whatever.
    pub(super) attributes: Vec<String>,
    /// Parts of the names of modules.
    pub(super) modules: Vec<String>,
    /// What `__all__` lists; without it, nothing.
    exported: HashSet<&'a str>,
    /// `__all__` is worked out at run time.
    exports_any: bool,
    /// Texts in annotations that are read when the module is imported.
    annotations: Vec<(&'a str, TextSize)>,
}

/// A place that reads a name.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) at: TextSize,
    /// The outermost function around it.
    pub(super) function: Option<usize>,
    pub(super) branch: bool,
}

/// Where a node stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// In the body of this function, the outermost one.
    function: Option<usize>,
    /// In something that the function, or the module, need not come to.
    branch: bool,
    /// Below a statement of the module.
    nested: bool,
    annotation: bool,
    class: Option<&'a str>,
}

impl<'a> Scopes<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut scopes = Self::default();
        let mut open: Vec<(Node<'a>, Place<'a>)> = Vec::new();
        open.extend(body.iter().rev().map(|stmt| (Node::Stmt(stmt), Place::default())));
        while let Some((node, place)) = open.pop() {
            scopes.visit(node, place);
            let below = open.len();
            scopes.below(node, place, &mut open);
            open[below..].reverse();
        }
        scopes
    }

    /// Whether `__all__` offers the name.
    pub(super) fn exports(&self, name: &str) -> bool {
        self.exports_any || self.exported.contains(name)
    }

    /// Where a text in an annotation names it.
    pub(super) fn annotated(&self, name: &str) -> Option<TextSize> {
        let is_part = |c: char| !(c.is_alphanumeric() || c == '_');
        let names = |text: &str| text.split(is_part).any(|word| word == name);
        self.annotations.iter().find(|(text, _)| names(text)).map(|(_, at)| *at)
    }

    fn bind(&mut self, name: &'a str, at: TextSize) {
        self.bindings.entry(name).or_default().push(at);
    }

    /// Puts the children of a node on the list, each with where it stands.
    fn below(&mut self, node: Node<'a>, place: Place<'a>, open: &mut Vec<(Node<'a>, Place<'a>)>) {
        let inner = Place { nested: true, ..place };
        let branch = Place { branch: true, ..inner };
        let annotation = Place { annotation: true, ..inner };
        let Node::Stmt(stmt) = node else {
            let place = if matches!(node, Node::Parameter(_)) { annotation } else { inner };
            open.extend(children(node).into_iter().map(|child| (child, place)));
            return;
        };
        let mut expr = |expr: &'a Expr, place| open.push((Node::Expr(expr), place));
        match stmt {
            Stmt::FunctionDef(def) if place.function.is_none() => {
                self.below_function(def, node, place, open);
            }
            Stmt::ClassDef(def) if place.function.is_none() => {
                let inside = Place { class: Some(def.name.as_str()), ..inner };
                open.extend(children(node).into_iter().map(|child| (child, inside)));
            }
            Stmt::If(found) => {
                expr(&found.test, inner);
                open.extend(found.body.iter().map(|stmt| (Node::Stmt(stmt), branch)));
                for clause in &found.elif_else_clauses {
                    open.extend(clause.test.iter().map(|test| (Node::Expr(test), branch)));
                    open.extend(clause.body.iter().map(|stmt| (Node::Stmt(stmt), branch)));
                }
            }
            Stmt::For(found) => {
                expr(&found.iter, inner);
                expr(&found.target, inner);
                let body = found.body.iter().chain(&found.orelse);
                open.extend(body.map(|stmt| (Node::Stmt(stmt), branch)));
            }
            Stmt::While(found) => {
                expr(&found.test, inner);
                let body = found.body.iter().chain(&found.orelse);
                open.extend(body.map(|stmt| (Node::Stmt(stmt), branch)));
            }
            Stmt::Try(found) => {
                open.extend(found.body.iter().map(|stmt| (Node::Stmt(stmt), inner)));
                open.extend(found.handlers.iter().map(|handler| (Node::Handler(handler), branch)));
                open.extend(found.orelse.iter().map(|stmt| (Node::Stmt(stmt), branch)));
                open.extend(found.finalbody.iter().map(|stmt| (Node::Stmt(stmt), inner)));
            }
            Stmt::Match(found) => {
                expr(&found.subject, inner);
                found.cases.iter().for_each(|case| of_case(case, branch, open));
            }
            Stmt::AnnAssign(found) => {
                expr(&found.target, inner);
                expr(&found.annotation, annotation);
                open.extend(found.value.iter().map(|value| (Node::Expr(value), inner)));
            }
            Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::Assign(_)
            | Stmt::AugAssign(_)
            | Stmt::With(_)
            | Stmt::Raise(_)
            | Stmt::Assert(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {
                open.extend(children(node).into_iter().map(|child| (child, inner)));
            }
        }
    }

    /// A function of the module or of a class in it: what is worked out where it is defined, and its body.
    fn below_function(
        &mut self,
        def: &'a StmtFunctionDef,
        node: Node<'a>,
        place: Place<'a>,
        open: &mut Vec<(Node<'a>, Place<'a>)>,
    ) {
        let inner = Place { nested: true, ..place };
        let annotation = Place { annotation: true, ..inner };
        let number = self.function(def, place);
        let mut outer = children(node);
        outer.truncate(outer.len() - def.body.len());
        // The last one, where there is one.
        let returns = outer.pop_if(|_| def.returns.is_some());
        open.extend(outer.into_iter().map(|child| (child, inner)));
        open.extend(returns.map(|child| (child, annotation)));
        let inside = Place { function: Some(number), nested: true, ..Place::default() };
        open.extend(def.body.iter().map(|stmt| (Node::Stmt(stmt), inside)));
    }

    /// Notes a function; gives its number.
    fn function(&mut self, def: &'a StmtFunctionDef, place: Place<'a>) -> usize {
        let name = match place.class {
            Some(class) => format!("{class}.{}", def.name),
            None => def.name.to_string(),
        };
        let is_docstring =
            |stmt: &Stmt| matches!(stmt, Stmt::Expr(e) if e.value.is_string_literal_expr());
        let skipped = usize::from(def.body.first().is_some_and(is_docstring));
        let first = def.body.get(skipped);
        let body = first.map(|stmt| (stmt.start(), !is_compound_statement(stmt)));
        self.functions.push(Function { name, body });
        self.functions.len() - 1
    }

    fn visit(&mut self, node: Node<'a>, place: Place<'a>) {
        match node {
            Node::Stmt(stmt) => self.statement(stmt, place),
            Node::Expr(expr) => self.expression(expr, place),
            Node::Parameter(Parameter { name, .. }) => self.bind(name.as_str(), name.start()),
            Node::Pattern(pattern) => self.pattern(pattern),
            Node::Handler(ExceptHandler::ExceptHandler(handler)) => {
                if let Some(name) = &handler.name {
                    self.bind(name.as_str(), name.start());
                }
            }
            Node::Element(_) | Node::Comprehension(_) => {}
        }
    }

    fn expression(&mut self, expr: &'a Expr, place: Place<'a>) {
        if let Expr::Attribute(attribute) = expr {
            self.attributes.push(attribute.attr.to_string());
        } else if let Expr::StringLiteral(text) = expr {
            if place.annotation && place.function.is_none() {
                self.annotations.push((text.value.to_str(), text.start()));
            }
        } else if let Expr::Name(name) = expr {
            let id = name.id.as_str();
            if matches!(name.ctx, ExprContext::Store | ExprContext::Del) {
                return self.bind(id, name.start());
            }
            self.by_text |= BY_TEXT.contains(&id);
            self.exports_any |= id == "__all__";
            let found = Found { at: name.start(), function: place.function, branch: place.branch };
            self.uses.entry(id).or_default().push(found);
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
            self.bind(name.as_str(), name.start());
        }
    }

    fn statement(&mut self, stmt: &'a Stmt, place: Place<'a>) {
        match stmt {
            Stmt::Import(import) => self.import(stmt, import, place),
            Stmt::ImportFrom(import) => self.import_from(stmt, import, place),
            Stmt::FunctionDef(StmtFunctionDef { name, .. })
            | Stmt::ClassDef(StmtClassDef { name, .. }) => self.bind(name.as_str(), name.start()),
            Stmt::Global(found) => {
                found.names.iter().for_each(|name| self.bind(name.as_str(), name.start()));
            }
            Stmt::Nonlocal(found) => {
                found.names.iter().for_each(|name| self.bind(name.as_str(), name.start()));
            }
            Stmt::Assign(assign) if assign.targets.iter().any(is_all) => self.all(&assign.value),
            Stmt::AnnAssign(assign) if is_all(&assign.target) => {
                assign.value.iter().for_each(|value| self.all(value));
            }
            Stmt::AugAssign(assign) if is_all(&assign.target) => self.all(&assign.value),
            Stmt::Assign(_)
            | Stmt::AnnAssign(_)
            | Stmt::AugAssign(_)
            | Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Raise(_)
            | Stmt::Try(_)
            | Stmt::Assert(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    /// What `__all__` gets.
    fn all(&mut self, value: &'a Expr) {
        let listed = match value {
            Expr::List(list) => &list.elts[..],
            Expr::Tuple(tuple) => &tuple.elts[..],
            _ => {
                self.exports_any = true;
                return;
            }
        };
        for expr in listed {
            match expr {
                Expr::StringLiteral(text) => drop(self.exported.insert(text.value.to_str())),
                _ => self.exports_any = true,
            }
        }
    }

    fn import(&mut self, stmt: &'a Stmt, import: &'a StmtImport, place: Place<'a>) {
        self.imports.push((stmt, standing(place)));
        for alias in &import.names {
            let path = alias.name.as_str();
            self.modules.extend(path.split('.').map(str::to_owned));
            let root = path.split('.').next().unwrap_or(path);
            self.bind(alias.asname.as_deref().unwrap_or(root), alias.start());
        }
    }

    fn import_from(&mut self, stmt: &'a Stmt, import: &'a StmtImportFrom, place: Place<'a>) {
        let module = import.module.as_deref().unwrap_or_default();
        if module == "__future__" {
            return;
        }
        self.imports.push((stmt, standing(place)));
        self.modules.extend(module.split('.').map(str::to_owned));
        let last = module.rsplit('.').next().unwrap_or_default();
        for alias in &import.names {
            self.taken.push((last.to_owned(), alias.name.to_string()));
            self.modules.push(alias.name.to_string());
            self.bind(alias.asname.as_deref().unwrap_or(alias.name.as_str()), alias.start());
        }
    }
}

fn of_case<'a>(case: &'a MatchCase, place: Place<'a>, open: &mut Vec<(Node<'a>, Place<'a>)>) {
    open.push((Node::Pattern(&case.pattern), place));
    open.extend(case.guard.iter().map(|guard| (Node::Expr(guard), place)));
    open.extend(case.body.iter().map(|stmt| (Node::Stmt(stmt), place)));
}

fn is_all(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__")
}

/// Why an import stays for where it stands.
fn standing(place: Place<'_>) -> Option<Why> {
    match (place.function, place.nested) {
        (Some(_), _) => Some(Why::InFunction),
        (None, true) => Some(Why::Guarded),
        (None, false) => None,
    }
}
