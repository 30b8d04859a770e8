//! What the map is drawn from: a column for each thing that is known of a file.

use std::collections::HashMap;

use serde::Serialize;

use super::super::Report;
use super::super::files::{Chain, Fate, File, Files};
use crate::rules::table;

/// The columns. Numbers that mean nothing are -1.
#[derive(Default, Serialize)]
struct Data<'a> {
    packages: Vec<&'a str>,
    /// Distributions, as name and version.
    distributions: Vec<String>,
    zips: Vec<&'a str>,
    rules: Vec<Rule<'a>>,
    texts: &'a [String],
    /// How many bytes (UTF-16 units, as JavaScript counts) of a path are those of the path before.
    cut: Vec<usize>,
    /// The rest of it.
    tail: Vec<&'a str>,
    package: Vec<usize>,
    distribution: Vec<i64>,
    /// A letter a file.
    fate: String,
    /// A letter a file.
    chain: String,
    rule: Vec<i64>,
    before: Vec<u64>,
    /// null where nobody worked it out.
    before_zipped: Option<Vec<u64>>,
    after: Vec<u64>,
    after_zipped: Vec<u64>,
    zip: Vec<i64>,
    because: Vec<&'a [usize]>,
    /// How the file `by` leads here; empty for what nothing leads to.
    led: Vec<&'a str>,
    by: Vec<i64>,
    /// Whether it goes down to files.
    whole: bool,
}

/// A rule, or an option, and what it takes.
#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    what: &'a str,
}

/// The data as JSON.
pub(super) fn render(report: &Report) -> String {
    let rough;
    let files = match &report.files {
        Some(files) => files,
        None => {
            rough = by_distribution(report);
            &rough
        }
    };
    let mut numbers = Numbers::default();
    let mut data = Data {
        zips: report.zips.iter().map(|zip| zip.file.as_str()).collect(),
        texts: &files.texts,
        whole: report.files.is_some(),
        before_zipped: files.files.iter().map(|file| file.before_zipped).collect(),
        ..Data::default()
    };
    let mut last = "";
    for file in &files.files {
        numbers.add(&mut data, file);
        let cut = common(last, &file.path);
        data.cut.push(last[..cut].encode_utf16().count());
        data.tail.push(&file.path[cut..]);
        last = &file.path;
    }
    serde_json::to_string(&data).expect("columns of numbers and texts make JSON")
}

/// How many bytes two texts begin with in common.
fn common(a: &str, b: &str) -> usize {
    let bytes = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    (0..=bytes).rev().find(|cut| b.is_char_boundary(*cut)).unwrap_or(0)
}

/// The numbers that names have got.
#[derive(Default)]
struct Numbers<'a> {
    packages: HashMap<&'a str, usize>,
    distributions: HashMap<String, usize>,
    rules: HashMap<&'a str, usize>,
}

impl<'a> Numbers<'a> {
    fn add(&mut self, data: &mut Data<'a>, file: &'a File) {
        let package = *self.packages.entry(&file.package).or_insert_with(|| {
            data.packages.push(&file.package);
            data.packages.len() - 1
        });
        let distribution = file.distribution.as_ref().map(|(name, version)| {
            let told = format!("{name} {version}").trim_end().to_owned();
            *self.distributions.entry(told.clone()).or_insert_with(|| {
                data.distributions.push(told);
                data.distributions.len() - 1
            })
        });
        let rule = file.rule.as_deref().map(|id| {
            *self.rules.entry(id).or_insert_with(|| {
                let known = table::RULES.iter().find(|rule| rule.id == id);
                data.rules.push(Rule { id, what: known.map_or("", |rule| rule.what) });
                data.rules.len() - 1
            })
        });
        let number = |number: Option<usize>| number.map_or(-1, |number| number as i64);
        data.package.push(package);
        data.distribution.push(number(distribution));
        data.rule.push(number(rule));
        data.fate.push(match file.fate {
            Fate::Kept => 'k',
            Fate::Changed => 'c',
            Fate::Dropped => 'd',
            Fate::Shared => 's',
            Fate::Made => 'm',
        });
        data.chain.push(match file.chain {
            Chain::Whole => 'w',
            Chain::AfterFirst => 'a',
            Chain::Nothing => 'n',
        });
        data.before.push(file.before);
        data.after.push(file.after);
        data.after_zipped.push(file.after_zipped);
        data.zip.push(number(file.zip));
        data.because.push(&file.because);
        data.led.push(file.led.as_ref().map_or("", |(told, _)| told));
        data.by.push(number(file.led.as_ref().map(|(_, by)| *by)));
    }
}

/// What ships of each distribution, and what each rule took of it, where single files are not known.
fn by_distribution(report: &Report) -> Files {
    let mut files = Vec::new();
    for row in &report.distributions {
        let one = |path: String, fate, rule: Option<&String>, before, after, after_zipped| File {
            package: row.package.clone(),
            distribution: (row.name != super::super::USERS)
                .then(|| (row.name.clone(), row.version.clone())),
            path,
            fate,
            rule: rule.cloned(),
            before,
            before_zipped: None,
            after,
            after_zipped,
            zip: report.zips.iter().position(|zip| zip.file == row.zip && after > 0),
            because: Vec::new(),
            led: None,
            chain: Chain::Nothing,
        };
        let saved: u64 = row.saved.values().sum();
        let stays = row.before.bytes.saturating_sub(saved);
        let fate = if row.place == "shared" { Fate::Shared } else { Fate::Kept };
        let (after, zipped) = (row.after.bytes, row.after.zipped_bytes);
        files.push(one("what ships".to_owned(), fate, None, stays, after, zipped));
        files.extend(row.saved.iter().map(|(rule, bytes)| {
            one(format!("taken by {rule}"), Fate::Dropped, Some(rule), *bytes, 0, 0)
        }));
    }
    Files { files, texts: Vec::new() }
}
