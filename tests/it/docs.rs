//! The pages: their links lead somewhere, the guide knows all of them, and the commands that they show exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::slim;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages that users read.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut found: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "RULES.md", "tools/corpus/README.md"]
            .into_iter()
            .map(|name| root().join(name))
            .collect();
    let examples = fs::read_dir(root().join("examples")).into_iter().flatten();
    found.extend(examples.map(|entry| entry.unwrap().path().join("README.md")));
    found.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    found.retain(|path| {
        path.extension().is_some_and(|extension| extension == "md") && path.exists()
    });
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The targets of the links of a page.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

/// The anchors of a page, as GitHub makes them of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| -> String {
        let plain = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = plain.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for (page, text) in pages() {
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                _ => page.parent().unwrap().join(path),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(there.contains(anchor), "{}: {link}: {there:?}", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn the_guide_lists_every_page() {
    let guide = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || guide.contains(&format!("]({name})")), "{name}");
    }
}

/// The lines of fenced blocks that call slim, with what a backslash continues, and the text in backticks
/// that does.
fn calls(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    let mut fenced = false;
    for line in joined.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let line = line.trim_start().trim_start_matches("$ ");
            found.extend(line.strip_prefix("slim ").map(str::to_owned));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(|span| span.strip_prefix("slim ")).map(str::to_owned));
        }
    }
    found
}

#[test]
fn commands_and_options_that_pages_show_exist() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let general = slim(&["--help"]).ok().out;
    let mut count = 0;
    for (page, text) in pages() {
        for call in calls(&text) {
            let mut words = call.split_whitespace();
            let Some(command) = words.next().filter(|word| word.chars().all(char::is_alphabetic))
            else {
                continue;
            };
            assert!(
                general.contains(&format!("\n  {command} ")),
                "{}: slim {call}",
                page.display()
            );
            let help = helps
                .entry(command.to_owned())
                .or_insert_with(|| slim(&[command, "--help"]).ok().out);
            let options =
                words.take_while(|word| *word != "--").filter(|word| word.starts_with("--"));
            for option in options {
                let name: String =
                    option.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                // `cache` has commands of its own.
                let known = command == "cache" || help.contains(&name);
                assert!(known, "{}: slim {call}: {name}", page.display());
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}
