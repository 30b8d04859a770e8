//! The syntax tree, walked without recursion.
//!
//! ruff's `walk_*` functions know the children of every node and match exhaustively; here they
//! put the children on a list instead of descending, so that depth costs no stack.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, InterpolatedStringElement, Parameter, Pattern, Stmt,
};

/// A node that has others below it, or binds a name.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    Stmt(&'a Stmt),
    Expr(&'a Expr),
    Pattern(&'a Pattern),
    Element(&'a InterpolatedStringElement),
    Parameter(&'a Parameter),
    Comprehension(&'a Comprehension),
    Handler(&'a ExceptHandler),
}

/// Calls `visit` for every node below `body`, parents before their children, statements in the
/// order of the source.
pub(super) fn walk<'a>(body: &'a [Stmt], mut visit: impl FnMut(Node<'a>)) {
    let mut open: Vec<Node<'a>> = body.iter().rev().map(Node::Stmt).collect();
    let mut children = Children(Vec::new());
    while let Some(node) = open.pop() {
        visit(node);
        children.of(node);
        open.extend(children.0.drain(..).rev());
    }
}

/// The children of a node, in the order of the source.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut children = Children(Vec::new());
    children.of(node);
    children.0
}

struct Children<'a>(Vec<Node<'a>>);

impl<'a> Children<'a> {
    fn of(&mut self, node: Node<'a>) {
        match node {
            Node::Stmt(stmt) => visitor::walk_stmt(self, stmt),
            Node::Expr(expr) => visitor::walk_expr(self, expr),
            Node::Pattern(pattern) => visitor::walk_pattern(self, pattern),
            Node::Element(element) => visitor::walk_interpolated_string_element(self, element),
            Node::Parameter(parameter) => visitor::walk_parameter(self, parameter),
            Node::Comprehension(comprehension) => {
                visitor::walk_comprehension(self, comprehension);
            }
            Node::Handler(handler) => visitor::walk_except_handler(self, handler),
        }
    }
}

impl<'a> Visitor<'a> for Children<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.0.push(Node::Stmt(stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0.push(Node::Expr(expr));
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.0.push(Node::Pattern(pattern));
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        self.0.push(Node::Element(element));
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.0.push(Node::Parameter(parameter));
    }

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        self.0.push(Node::Comprehension(comprehension));
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        self.0.push(Node::Handler(handler));
    }
}
