//! A module with imports moved into the functions that use them.

use std::collections::BTreeMap;

use ruff_text_size::{TextRange, TextSize};

use super::{Import, Module, Verdict};

/// The text with these imports moved; `None` where one of them may not wait.
pub(super) fn moved(text: &str, module: &Module, numbers: &[usize]) -> Option<String> {
    let chosen: Vec<&Import> =
        numbers.iter().map(|number| module.imports.get(*number)).collect::<Option<_>>()?;
    let mut edits: Vec<(TextRange, String)> = Vec::new();
    let mut inserted: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for import in &chosen {
        let Verdict::Defers(uses) = &import.verdict else { return None };
        for found in uses {
            inserted.entry(found.number).or_default().push(&import.text);
        }
    }
    for (number, statements) in inserted {
        let (at, is_simple) = module.functions[number].body?;
        edits.push((TextRange::empty(at), before(text, at, is_simple, &statements)?));
    }
    let mut ranges: Vec<TextRange> = chosen.iter().map(|import| import.range).collect();
    ranges.sort_by_key(|range| range.start());
    ranges.dedup();
    for range in ranges {
        edits.push((range, rest(text, module, numbers, range)));
    }
    edits.sort_by_key(|(range, _)| range.start());
    let (mut out, mut done) = (String::with_capacity(text.len() + 200), 0);
    for (range, new) in edits {
        out.push_str(text.get(done..range.start().to_usize())?);
        out.push_str(&new);
        done = range.end().to_usize();
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

/// What is written before the first statement of a function's body: on its line where that can be, so
/// that the lines keep their numbers.
fn before(text: &str, at: TextSize, is_simple: bool, statements: &[&str]) -> Option<String> {
    if is_simple {
        return Some(format!("{}; ", statements.join("; ")));
    }
    let line = text.get(..at.to_usize())?.rsplit(['\n', '\r']).next()?;
    let is_blank = line.chars().all(|c| matches!(c, ' ' | '\t'));
    is_blank.then(|| format!("{}\n{line}", statements.join("; ")))
}

/// What stays of an import statement, in as many lines.
fn rest(text: &str, module: &Module, numbers: &[usize], range: TextRange) -> String {
    let stays =
        |(number, import): &(usize, &Import)| import.range == range && !numbers.contains(number);
    let kept = module.imports.iter().enumerate().filter(stays);
    let kept: Vec<&str> = kept.map(|(_, import)| import.text.as_str()).collect();
    let old = text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
    // Behind a statement of several lines another one may stand on the last line.
    let lines = if text.get(range.end().to_usize()..).is_some_and(ends_line) {
        old.matches('\n').count()
    } else {
        0
    };
    let new = if kept.is_empty() { "pass".to_owned() } else { kept.join("; ") };
    new + &"\n".repeat(lines)
}

fn ends_line(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    line.trim().is_empty()
}
