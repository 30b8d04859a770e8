//! Which imports of a module could wait until a function is called, and the module with such an
//! import moved there.
//!
//! An import may wait where every use of what it binds stands in the body of a function, and nobody
//! else can see whether the module holds the name. Whatever is in doubt stays.

mod moved;
mod scopes;

use ruff_python_ast::{Stmt, StmtImport, StmtImportFrom};
use ruff_python_parser::parse_module;
use ruff_source_file::LineIndex;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Lines, Unparsed, bounds, decode, on_stack_for};
use scopes::Scopes;

/// The imports of one module, and what it could see of others.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its text; `None` where that is not what its bytes say (another encoding than UTF-8).
    text: Option<String>,
    /// Every import statement wherever it stands; `import a, b` is two.
    pub imports: Vec<Import>,
    /// The places that something can be moved to, one a function of the module or of a class in it.
    functions: Vec<Function>,
    /// The names that it takes from modules, with the last part of the module's name.
    taken: Vec<(String, String)>,
    /// Every attribute that it reads or writes, of whatever.
    attributes: Vec<String>,
    /// Every part of the name of a module that it imports.
    modules: Vec<String>,
}

/// One import statement, or one of the modules that `import a, b` names.
#[derive(Clone, Debug)]
pub struct Import {
    /// The line that the statement begins on, from 1.
    pub line: u32,
    /// The statement, in one line.
    pub text: String,
    /// The leading dots of a relative import.
    pub level: u32,
    /// The module, dots included; empty for `from . import x`.
    pub module: String,
    /// The names that it binds.
    pub binds: Vec<String>,
    /// Whether it may wait.
    pub verdict: Verdict,
    range: TextRange,
}

/// Whether an import may wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Only these functions use it.
    Defers(Vec<Use>),
    /// It stays where it is.
    Stays(Why),
}

/// A function that uses an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Its name; `Class.method` for a method.
    pub function: String,
    /// Whether every use of it stands in a branch of the function: a call need not come to it.
    pub branch: bool,
    number: usize,
}

/// Why an import stays where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It stands in a function already.
    InFunction,
    /// It stands in a branch, a class or a `try`.
    Guarded,
    /// `from a import *`.
    Star,
    /// The module uses the name on this line when it is imported itself.
    UsedAt(u32),
    /// Nothing uses it by name: it may be there for what it does.
    Unused,
    /// Something else binds the name too, on this line.
    BoundAgain(u32),
    /// `__all__` offers it.
    Exported,
    /// The module looks names up by their text (`globals`, `eval` and the like).
    ByText,
    /// A function that uses it has no room for a statement.
    NoRoom,
}

/// A function of a module, or of a class in it.
#[derive(Clone, Debug)]
struct Function {
    name: String,
    /// Where the first statement behind the docstring begins, and whether it is a simple one.
    body: Option<(TextSize, bool)>,
}

/// Reads the imports of a source file.
///
/// # Errors
/// As [`super::read`].
pub fn read(bytes: &[u8]) -> Result<Module, Unparsed> {
    if bytes.len() > super::MOST_BYTES {
        return Err(Unparsed::TooLarge(bytes.len()));
    }
    let source = decode::decode(bytes)?;
    let depth = bounds::check(&source)?;
    let mut module = on_stack_for(depth, || analyse(&source))?;
    // What is written anew is UTF-8.
    module.text = (source.as_bytes() == bytes).then(|| source.clone().into_owned());
    Ok(module)
}

fn analyse(source: &str) -> Result<Module, Unparsed> {
    let lines = Lines(LineIndex::from_source_text(source));
    let parsed = parse_module(source).map_err(|error| Unparsed::Syntax {
        line: Some(lines.at(error.location.start())),
        message: error.error.to_string(),
    })?;
    let scopes = Scopes::of(parsed.suite());
    let mut imports: Vec<Import> = Vec::new();
    for (stmt, standing) in &scopes.imports {
        for mut import in imports_of(stmt, &lines) {
            import.verdict = match standing {
                Some(why) => Verdict::Stays(why.clone()),
                None => verdict(&import, &scopes, &lines),
            };
            imports.push(import);
        }
    }
    Ok(Module {
        text: None,
        imports,
        functions: scopes.functions,
        taken: scopes.taken,
        attributes: scopes.attributes,
        modules: scopes.modules,
    })
}

/// The imports of a statement, as if each stood alone.
fn imports_of(stmt: &Stmt, lines: &Lines) -> Vec<Import> {
    let line = lines.at(stmt.start());
    let renamed = |name: &str, asname: Option<&str>| match asname {
        Some(asname) => format!("{name} as {asname}"),
        None => name.to_owned(),
    };
    let verdict = Verdict::Stays(Why::Guarded);
    let range = stmt.range();
    if let Stmt::Import(StmtImport { names, .. }) = stmt {
        let one = |alias: &ruff_python_ast::Alias| {
            let (name, asname) = (alias.name.as_str(), alias.asname.as_deref());
            let bound = asname.unwrap_or(name.split('.').next().unwrap_or(name));
            Import {
                line,
                text: format!("import {}", renamed(name, asname)),
                level: 0,
                module: name.to_owned(),
                binds: vec![bound.to_owned()],
                verdict: verdict.clone(),
                range,
            }
        };
        return names.iter().map(one).collect();
    }
    let Stmt::ImportFrom(StmtImportFrom { module, names, level, .. }) = stmt else {
        return Vec::new();
    };
    let module = module.as_deref().unwrap_or_default();
    let told: Vec<String> =
        names.iter().map(|alias| renamed(&alias.name, alias.asname.as_deref())).collect();
    let dots = ".".repeat(usize::try_from(*level).unwrap_or(0).min(32));
    let bound = |alias: &ruff_python_ast::Alias| {
        alias.asname.as_deref().unwrap_or(alias.name.as_str()).to_owned()
    };
    vec![Import {
        line,
        text: format!("from {dots}{module} import {}", told.join(", ")),
        level: *level,
        module: module.to_owned(),
        binds: names.iter().map(bound).collect(),
        verdict,
        range,
    }]
}

/// Whether an import that is a statement of the module itself may wait.
fn verdict(import: &Import, scopes: &Scopes<'_>, lines: &Lines) -> Verdict {
    match uses(import, scopes, lines) {
        Ok(uses) => Verdict::Defers(uses),
        Err(why) => Verdict::Stays(why),
    }
}

fn uses(import: &Import, scopes: &Scopes<'_>, lines: &Lines) -> Result<Vec<Use>, Why> {
    if import.binds.iter().any(|name| name == "*") {
        return Err(Why::Star);
    }
    let mut uses: Vec<Use> = Vec::new();
    for name in &import.binds {
        // An import binds its names once itself.
        let again = scopes.bindings.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        if let Some(at) = again.iter().find(|at| !import.range.contains(**at)) {
            return Err(Why::BoundAgain(lines.at(*at)));
        }
        if again.len() > 1 || name.starts_with("__") {
            return Err(Why::BoundAgain(import.line));
        }
        if scopes.exports(name) {
            return Err(Why::Exported);
        }
        for found in scopes.uses.get(name.as_str()).into_iter().flatten() {
            let Some(number) = found.function else {
                return Err(Why::UsedAt(lines.at(found.at)));
            };
            match uses.iter_mut().find(|other| other.number == number) {
                Some(other) => other.branch &= found.branch,
                None => {
                    let function = scopes.functions[number].name.clone();
                    uses.push(Use { function, branch: found.branch, number });
                }
            }
        }
        if let Some(at) = scopes.annotated(name) {
            return Err(Why::UsedAt(lines.at(at)));
        }
    }
    if scopes.by_text {
        return Err(Why::ByText);
    }
    if uses.is_empty() {
        return Err(Why::Unused);
    }
    if uses.iter().any(|found| scopes.functions[found.number].body.is_none()) {
        return Err(Why::NoRoom);
    }
    Ok(uses)
}

impl Module {
    /// Whether this module could see that another one, `of`, lacks the name `name` until a function
    /// of it is called. `of` is the last part of that module's name.
    pub fn sees(&self, of: &str, name: &str) -> bool {
        let takes = |(module, taken): &(String, String)| {
            (module == of || module.is_empty()) && (taken == name || taken == "*")
        };
        let imports = self.modules.iter().any(|part| part == of);
        self.taken.iter().any(takes)
            || imports && self.attributes.iter().any(|attribute| attribute == name)
    }

    /// The module with the imports of these numbers moved to the beginning of each function that uses
    /// them. `None` where one of them may not wait, or what comes of it is no Python.
    pub fn moved(&self, numbers: &[usize]) -> Option<String> {
        let text = moved::moved(self.text.as_deref()?, self, numbers)?;
        read(text.as_bytes()).is_ok().then_some(text)
    }
}

#[cfg(test)]
mod tests;
