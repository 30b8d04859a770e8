//! The string literals of a source file.

use std::collections::HashSet;

use ruff_python_ast::{
    Expr, ExprFString, FStringPart, InterpolatedStringElement, InterpolatedStringElements, Stmt,
};
use ruff_text_size::{Ranged, TextSize};

use super::walk::Node;
use super::{Lines, Text, TextKind};

/// Gathers the string literals of the nodes it is shown.
pub(super) struct Strings {
    docstrings: HashSet<TextSize>,
    found: Vec<(TextSize, TextKind, String)>,
}

impl Strings {
    /// To be shown every node below `body`, that of a module.
    pub(super) fn new(body: &[Stmt]) -> Self {
        let docstrings = docstring(body).into_iter().collect();
        Self { docstrings, found: Vec::new() }
    }

    pub(super) fn visit(&mut self, node: Node<'_>) {
        match node {
            Node::Stmt(Stmt::FunctionDef(def)) => self.docstrings.extend(docstring(&def.body)),
            Node::Stmt(Stmt::ClassDef(def)) => self.docstrings.extend(docstring(&def.body)),
            Node::Expr(expr) => self.expression(expr),
            Node::Element(InterpolatedStringElement::Interpolation(field)) => {
                if let Some(specifier) = &field.format_spec {
                    self.fragments(|fragments| fragments.elements(&specifier.elements));
                }
            }
            Node::Element(InterpolatedStringElement::Literal(_))
            | Node::Stmt(_)
            | Node::Pattern(_)
            | Node::Parameter(_)
            | Node::Comprehension(_)
            | Node::Handler(_) => {}
        }
    }

    /// The literals in the order of the source.
    pub(super) fn finish(mut self, lines: &Lines) -> Vec<Text> {
        self.found.sort_by_key(|&(start, ..)| start);
        let docstrings = self.docstrings;
        let text = |(start, kind, value)| Text {
            line: lines.at(start),
            value,
            kind,
            docstring: kind == TextKind::Str && docstrings.contains(&start),
        };
        self.found.into_iter().map(text).collect()
    }

    fn expression(&mut self, expr: &Expr) {
        if let Expr::StringLiteral(literal) = expr {
            self.found.push((expr.start(), TextKind::Str, literal.value.to_str().to_owned()));
        } else if let Expr::BytesLiteral(literal) = expr {
            if let Ok(value) = String::from_utf8(literal.value.bytes().collect()) {
                self.found.push((expr.start(), TextKind::Bytes, value));
            }
        } else if let Expr::FString(string) = expr {
            self.fragments(|fragments| fragments.f_string(string));
        } else if let Expr::TString(string) = expr {
            let elements = string.value.iter().map(|part| &part.elements);
            self.fragments(|fragments| elements.for_each(|part| fragments.elements(part)));
        }
    }

    fn fragments(&mut self, gather: impl FnOnce(&mut Fragments<'_>)) {
        let mut fragments = Fragments { found: &mut self.found, current: None };
        gather(&mut fragments);
        fragments.end();
    }
}

/// The literal parts of one f-string; parts that adjoin are one, as in Python's own tree.
struct Fragments<'s> {
    found: &'s mut Vec<(TextSize, TextKind, String)>,
    current: Option<(TextSize, String)>,
}

impl Fragments<'_> {
    fn f_string(&mut self, string: &ExprFString) {
        for part in &string.value {
            match part {
                FStringPart::Literal(literal) => self.push(literal.start(), literal.as_str()),
                FStringPart::FString(string) => self.elements(&string.elements),
            }
        }
    }

    fn elements(&mut self, elements: &InterpolatedStringElements) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    self.push(literal.start(), &literal.value);
                }
                InterpolatedStringElement::Interpolation(_) => self.end(),
            }
        }
    }

    fn push(&mut self, start: TextSize, value: &str) {
        let (_, current) = self.current.get_or_insert_with(|| (start, String::new()));
        current.push_str(value);
    }

    fn end(&mut self) {
        if let Some((start, value)) = self.current.take().filter(|(_, value)| !value.is_empty()) {
            self.found.push((start, TextKind::Fragment, value));
        }
    }
}

/// Where the docstring of a body starts, if it has one.
fn docstring(body: &[Stmt]) -> Option<TextSize> {
    let Stmt::Expr(statement) = body.first()? else { return None };
    matches!(&*statement.value, Expr::StringLiteral(_)).then(|| statement.value.start())
}
