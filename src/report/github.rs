//! What GitHub Actions are told of a build: annotations and outputs, as the runner reads them.

use std::collections::BTreeSet;

use super::{Report, json};
use crate::verify::Status;

/// Most annotations of a kind that GitHub shows of one step.
const MOST: usize = 10;

/// What a build left where.
#[derive(Clone, Copy, Debug)]
pub struct Made<'p> {
    /// The report for programs; None where none was written.
    pub report: Option<&'p str>,
    /// Whether the build fails because nothing could be run.
    pub not_run: bool,
}

/// The workflow commands, a line each: an error for what does not hold, a warning for every warning.
pub fn annotations(report: &Report, made: Made<'_>) -> Vec<String> {
    let over = report.exceeded.iter().map(|told| ("slim: over the limit", told.clone()));
    let because = report.proof.iter().filter_map(|proof| {
        let because = proof.because.join("; ");
        match proof.status {
            Status::Failed => Some(("slim: not proven", because)),
            Status::NotRun if made.not_run => Some(("slim: not run", because)),
            Status::Proven | Status::Weak | Status::NotRun => None,
        }
    });
    let warnings = report.warnings.iter().map(|told| ("slim", told.clone()));
    let mut lines = commands("error", over.chain(because).collect());
    lines.extend(commands("warning", warnings.collect()));
    lines
}

/// Commands of one kind; where GitHub would drop some the last one counts them.
fn commands(kind: &str, told: Vec<(&str, String)>) -> Vec<String> {
    let shown = if told.len() > MOST { MOST - 1 } else { told.len() };
    let mut lines: Vec<String> =
        told.iter().take(shown).map(|(title, message)| command(kind, title, message)).collect();
    if told.len() > shown {
        let rest = format!("{} more: the report lists them", told.len() - shown);
        lines.push(command(kind, "slim", &rest));
    }
    lines
}

/// One workflow command; what would end the message, or a property, is escaped as the runner's toolkit
/// does it.
fn command(kind: &str, title: &str, message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={}::{}", property(title), data(message))
}

/// The outputs of the step, as lines of the file that GITHUB_OUTPUT names: sizes of all, then hash and
/// size of every zip, which are left out where the proof failed, for those are not to be deployed.
pub fn outputs(report: &Report, made: Made<'_>) -> String {
    let mut all = vec![
        ("zipped-bytes".to_owned(), report.after.zipped_bytes.to_string()),
        ("unzipped-bytes".to_owned(), report.after.bytes.to_string()),
    ];
    all.extend(made.report.map(|path| ("report".to_owned(), path.to_owned())));
    if let Some(changed) = &report.changed {
        all.push(("changed".to_owned(), json::line(changed)));
    }
    let refused = report.proof.as_ref().is_some_and(|proof| proof.status == Status::Failed);
    if !refused {
        let mut taken = BTreeSet::from(["zipped".to_owned(), "unzipped".to_owned()]);
        for zip in &report.zips {
            let name = free(&zip.file, &mut taken);
            all.push((format!("{name}-sha256"), zip.sha256_base64.clone()));
            all.push((format!("{name}-bytes"), zip.bytes.to_string()));
        }
    }
    all.iter().map(|(name, value)| assignment(name, value)).collect()
}

/// A name for a zip's outputs that no other has: what may not stand in it is `-`.
fn free(file: &str, taken: &mut BTreeSet<String>) -> String {
    let stem = file.strip_suffix(".zip").unwrap_or(file);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let stem: String = stem.chars().map(plain).collect();
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    // Expressions of a workflow do not tell capitals from small letters.
    let is_free = |name: &String| !taken.contains(&name.to_lowercase());
    let name = std::iter::once(stem.clone()).chain(numbered).find(is_free).unwrap_or(stem.clone());
    taken.insert(name.to_lowercase());
    name
}

/// One output; a value of several lines between two lines that it does not hold.
fn assignment(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let mut end = "slim-end".to_owned();
    while value.contains(&end) {
        end.push('-');
    }
    format!("{name}<<{end}\n{value}\n{end}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_where_its_line_does() {
        assert_eq!(
            command("warning", "a: b, c", "100% of\r\n::error::x"),
            "::warning title=a%3A b%2C c::100%25 of%0D%0A::error::x"
        );
    }

    #[test]
    fn what_github_would_drop_is_counted() {
        let told = |amount: usize| (0..amount).map(|n| ("t", n.to_string())).collect();
        assert_eq!(commands("warning", told(10)).len(), 10);
        let lines = commands("warning", told(25));
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[9], "::warning title=slim::16 more: the report lists them");
    }

    #[test]
    fn every_zip_has_names_of_its_own() {
        let mut taken = BTreeSet::from(["zipped".to_owned()]);
        let names = ["a.b.zip", "a-b.zip", "A-B.zip", "zipped.zip", "ä b.zip", "layer"];
        let names: Vec<String> = names.iter().map(|file| free(file, &mut taken)).collect();
        assert_eq!(names, ["a-b", "a-b-2", "A-B-3", "zipped-2", "--b", "layer"]);
    }

    #[test]
    fn values_of_several_lines_end_where_they_end() {
        assert_eq!(assignment("a", "x=<<y"), "a=x=<<y\n");
        assert_eq!(assignment("a", "x\nslim-end\n"), "a<<slim-end-\nx\nslim-end\n\nslim-end-\n");
    }
}
