//! Whether two sources are the same program.

use ruff_python_ast::comparable::ComparableStmt;
use ruff_python_ast::{Expr, ExprNumberLiteral, Int, Number, Stmt, Suite};
use ruff_python_parser::parse_module;

use super::{Unparsed, bounds, on_stack_for};

/// Whether two sources have the same syntax tree, but for statements that are nothing but a string
/// (docstrings among them) or a `0`. Sources that cannot be parsed are not the same as any.
pub(in crate::python) fn same_but_strings(one: &str, other: &str) -> bool {
    let compared = || {
        let depth = bounds::check(one)?.max(bounds::check(other)?);
        on_stack_for(depth, || {
            let (one, other) = (suite(one)?, suite(other)?);
            Ok(one.iter().map(ComparableStmt::from).eq(other.iter().map(ComparableStmt::from)))
        })
    };
    compared().unwrap_or(false)
}

fn suite(source: &str) -> Result<Suite, Unparsed> {
    let parsed = parse_module(source)
        .map_err(|error| Unparsed::Syntax { line: None, message: error.error.to_string() })?;
    let mut body = parsed.into_suite();
    without_strings(&mut body);
    Ok(body)
}

/// Takes the statements out that are nothing but a string or a `0`; blocks are at most 100 deep.
fn without_strings(body: &mut Suite) {
    body.retain(|stmt| !matches!(stmt, Stmt::Expr(stmt) if says_nothing(&stmt.value)));
    for stmt in body {
        match stmt {
            Stmt::FunctionDef(def) => without_strings(&mut def.body),
            Stmt::ClassDef(def) => without_strings(&mut def.body),
            Stmt::For(def) => {
                without_strings(&mut def.body);
                without_strings(&mut def.orelse);
            }
            Stmt::While(def) => {
                without_strings(&mut def.body);
                without_strings(&mut def.orelse);
            }
            Stmt::If(def) => {
                without_strings(&mut def.body);
                def.elif_else_clauses
                    .iter_mut()
                    .for_each(|clause| without_strings(&mut clause.body));
            }
            Stmt::With(def) => without_strings(&mut def.body),
            Stmt::Match(def) => {
                def.cases.iter_mut().for_each(|case| without_strings(&mut case.body));
            }
            Stmt::Try(def) => {
                without_strings(&mut def.body);
                for handler in &mut def.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    without_strings(&mut handler.body);
                }
                without_strings(&mut def.orelse);
                without_strings(&mut def.finalbody);
            }
            Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::Assign(_)
            | Stmt::AugAssign(_)
            | Stmt::AnnAssign(_)
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
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }
}

fn says_nothing(value: &Expr) -> bool {
    match value {
        Expr::StringLiteral(_) => true,
        Expr::NumberLiteral(ExprNumberLiteral { value: Number::Int(number), .. }) => {
            *number == Int::ZERO
        }
        _ => false,
    }
}
