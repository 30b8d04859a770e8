//! Where the handlers lie.

use anyhow::Result;

use crate::facts::Facts;
use crate::facts::content::Content;
use crate::facts::names::module_name;
use crate::failure::{Failure, nearest};
use crate::options::{Handler, Level, Options};
use crate::python::outline;
use crate::tree::{Contents, FileId, Tree};

/// Most handlers that a hint lists.
const MOST_LISTED: usize = 5;

/// The files of the modules that hold the handlers.
///
/// # Errors
/// A usage [`Failure`] when a handler is surely not there, or the level needs one and none is given.
pub(super) fn find(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
) -> Result<Vec<FileId>> {
    let mut found = Vec::new();
    for handler in &options.handlers {
        let files = files(tree, handler);
        if files.is_empty() {
            return Err(absent(
                tree,
                contents,
                facts,
                handler,
                format!("there is no module {}", handler.module.replace('/', ".")),
            ));
        }
        let mut may = false;
        for file in &files {
            may |= may_define(facts, contents, *file, &handler.function)?;
        }
        if !may {
            let shown = tree.shown(files[0]);
            let why = format!("{shown} does not define {}", handler.function);
            return Err(absent(tree, contents, facts, handler, why));
        }
        found.extend(files);
    }
    if options.level == Level::Max && options.handlers.is_empty() {
        let failure =
            Failure::usage("failed to build at level max: no --handler is given".to_owned());
        let candidates = candidates(tree, contents, facts);
        return Err(match candidates.is_empty() {
            true => failure.hint("name the function that Lambda calls: --handler MODULE.FUNCTION"),
            false => failure.hint(format!("--handler {}", candidates.join(", or --handler "))),
        }
        .into());
    }
    Ok(found)
}

fn files(tree: &Tree, handler: &Handler) -> Vec<FileId> {
    let is_it = |id: &FileId| {
        let path = tree.import_path(*id);
        path.and_then(module_name).is_some_and(|name| name == handler.module)
    };
    tree.ids().filter(is_it).collect()
}

/// Whether a module may have an attribute of this name; only a readable source in which the name
/// does not stand, and no star import, has it surely not.
fn may_define(
    facts: &Facts,
    contents: &dyn Contents,
    file: FileId,
    function: &str,
) -> Result<bool> {
    if !matches!(facts.content[file], Content::Source) {
        return Ok(true);
    }
    let bytes = contents.read(file)?;
    let platform = outline::Platform { python: (3, facts.target.python.minor()) };
    let Ok(text) = outline::text(&bytes) else { return Ok(true) };
    let Ok(outline) = outline::read(&text, platform, &|_| false) else { return Ok(true) };
    let stars = outline.imports.iter().any(|import| import.names.contains(&"*"));
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let named =
        |word: &str| word == function || matches!(word, "globals" | "setattr" | "__getattr__");
    Ok(stars || words.into_iter().any(named))
}

fn absent(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    handler: &Handler,
    why: String,
) -> anyhow::Error {
    let failure = Failure::usage(format!("failed to find handler {handler}: {why}"));
    let candidates = candidates(tree, contents, facts);
    let typed = handler.to_string();
    let near = nearest(&typed, candidates.iter().map(String::as_str));
    match near.or(candidates.first().map(String::as_str)) {
        Some(name) => failure.hint(format!("did you mean {name}?")),
        None => failure.hint("a handler is MODULE.FUNCTION, such as app.lambda_handler"),
    }
    .into()
}

/// Functions of the user's code that look like handlers, best first.
pub(super) fn candidates(tree: &Tree, contents: &dyn Contents, facts: &Facts) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for id in tree.ids().filter(|id| facts.owners.owner(*id).travels_with().is_none()) {
        let Some(name) = tree.import_path(id).and_then(module_name) else { continue };
        if !matches!(facts.content[id], Content::Source) {
            continue;
        }
        let Ok(bytes) = contents.read(id) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for function in text.lines().filter_map(handler_like) {
            found.push((name.split('/').count(), format!("{}.{function}", name.replace('/', "."))));
        }
    }
    found.sort();
    found.truncate(MOST_LISTED);
    found.into_iter().map(|(_, name)| name).collect()
}

/// The name of the function that a line begins to define or assign at the margin, if it looks like
/// a handler's: it says so, or takes an event and a context.
fn handler_like(line: &str) -> Option<&str> {
    let (name, rest) = match line.strip_prefix("def ").or(line.strip_prefix("async def ")) {
        Some(rest) => rest.split_once('(')?,
        None => line.split_once('=')?,
    };
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let takes = line.starts_with("def ") && rest.starts_with("event") && rest.contains("context");
    (is_name && (name.contains("handler") || takes)).then_some(name)
}
