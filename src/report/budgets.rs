//! What a function with its layers may take, and which distributions are to blame where it takes more.

use serde::Serialize;

use super::diff::{Changes, words};
use super::numbers::{change, mb, percent, size};
use super::{Distribution, Function, Report, SCHEMA_VERSION, Tool, money, proof};
use crate::options::Options;
use crate::target::{Target, UNZIPPED_LIMIT};
use crate::verify::Proof;

/// How many distributions are blamed.
const MOST_BLAMED: usize = 5;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Bytes of the files.
    Unzipped,
    /// Bytes of the zips.
    Zipped,
    /// Bytes of the zips, against those of the baseline.
    Growth,
}

/// One limit of one function with its layers.
#[derive(Clone, Debug, Serialize)]
pub struct Budget {
    /// The function.
    pub function: String,
    /// What is counted.
    pub measure: Measure,
    /// Who set it: `Lambda`, or the option.
    pub set_by: &'static str,
    /// What the function and its layers took before; null but for growth.
    pub before: Option<u64>,
    /// What they take, in bytes.
    pub bytes: u64,
    /// The most that they may take, in bytes.
    pub most: u64,
    /// Whether it holds.
    pub holds: bool,
    /// The distributions that take (or grew) most, largest first; empty where it holds.
    pub to_blame: Vec<Blame>,
}

/// What a distribution adds.
#[derive(Clone, Debug, Serialize)]
pub struct Blame {
    /// Its name with its version, or what became of that.
    pub name: String,
    /// Bytes that it takes, or by which it grew.
    pub bytes: u64,
}

/// What `slim check` tells.
#[derive(Debug, Serialize)]
pub struct Check<'r> {
    /// The version of this form; that of the report.
    pub schema_version: u32,
    /// Who checked.
    pub tool: &'r Tool,
    /// What it is for.
    pub target: Target,
    /// The level.
    pub level: &'static str,
    /// Every limit and budget.
    pub budgets: &'r [Budget],
    /// What differs from the baseline; null where none was named.
    pub growth: Option<&'r Changes>,
    /// What the user should know.
    pub warnings: &'r [String],
    /// Whether the result runs as the package did; null where nobody asked.
    pub proof: Option<&'r Proof>,
}

/// Every limit of one function with its layers, but for its growth.
pub(crate) fn of(
    function: &Function,
    distributions: &[Distribution],
    options: &Options,
) -> Vec<Budget> {
    let one = |measure, set_by, bytes, most: u64| {
        let holds = bytes <= most;
        let to_blame = if holds { Vec::new() } else { largest(function, distributions, measure) };
        let function = function.name.clone();
        Budget { function, measure, set_by, before: None, bytes, most, holds, to_blame }
    };
    let (unzipped, zipped) = (function.unzipped_bytes, function.zipped_bytes);
    let most = |measure, set_by, bytes, most: Option<u64>| {
        most.map(|most| one(measure, set_by, bytes, most))
    };
    [
        most(Measure::Unzipped, "Lambda", unzipped, Some(UNZIPPED_LIMIT)),
        most(Measure::Unzipped, "--max-unzipped", unzipped, options.max_unzipped),
        most(Measure::Zipped, "--max-zipped", zipped, options.max_zipped),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What does not hold of them, a sentence each.
pub(crate) fn exceeded(budgets: &[Budget]) -> Vec<String> {
    budgets.iter().filter(|budget| !budget.holds).map(Budget::exceeded).collect()
}

/// The distributions of a function and its layers that take most.
fn largest(function: &Function, all: &[Distribution], measure: Measure) -> Vec<Blame> {
    let bytes = |row: &Distribution| match measure {
        Measure::Unzipped => row.after.bytes,
        Measure::Zipped | Measure::Growth => row.after.zipped_bytes,
    };
    let mut rows: Vec<&Distribution> = all
        .iter()
        .filter(|row| {
            function.file.as_ref() == Some(&row.zip) || function.layers.contains(&row.zip)
        })
        .filter(|row| bytes(row) > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(bytes(row)));
    let blame = |row: &&Distribution| Blame {
        name: format!("{} {}", row.name, row.version).trim_end().to_owned(),
        bytes: bytes(row),
    };
    rows.iter().take(MOST_BLAMED).map(blame).collect()
}

/// A function that is new has nothing that it could have grown over.
fn growth(function: &Function, changes: &Changes, options: &Options) -> Option<Budget> {
    let most = options.max_growth?;
    let known = changes.functions.iter().find(|known| known.name == function.name)?;
    let before = known.before?;
    let bytes = function.zipped_bytes;
    let holds = most.allows(before, bytes);
    let blamed = changes.to_blame(Some(&function.name));
    let blame =
        |row: &&super::diff::DistributionChange| Blame { name: row.named(), bytes: row.growth() };
    let to_blame =
        if holds { Vec::new() } else { blamed.iter().take(MOST_BLAMED).map(blame).collect() };
    Some(Budget {
        function: function.name.clone(),
        measure: Measure::Growth,
        set_by: "--max-growth",
        before: Some(before),
        bytes,
        most: most.most(before),
        holds,
        to_blame,
    })
}

impl Budget {
    /// What does not hold, in one sentence, with the distributions to blame.
    pub fn exceeded(&self) -> String {
        let (name, over) = (&self.function, mb(self.bytes.saturating_sub(self.most)));
        let (bytes, most) = (mb(self.bytes), mb(self.most));
        let set_by = if self.set_by == "Lambda" { "Lambda's limit" } else { self.set_by };
        let sign = if self.measure == Measure::Growth { "+" } else { "" };
        let blamed: Vec<String> = self
            .to_blame
            .iter()
            .map(|blame| format!("{} ({sign}{})", blame.name, size(blame.bytes)))
            .collect();
        let (measure, list) = match self.measure {
            Measure::Unzipped => ("unzipped", "largest"),
            Measure::Zipped => ("zipped", "largest"),
            Measure::Growth => ("zipped", "grew most"),
        };
        let grown = self.before.map_or(String::new(), |before| {
            let by = super::numbers::change_percent(before, self.bytes);
            format!(", {} ({by}) since the baseline", change(before, self.bytes))
        });
        let list = match blamed.is_empty() {
            true => String::new(),
            false => format!("; {list}: {}", blamed.join(", ")),
        };
        format!(
            "{name} with its layers takes {bytes} {measure} ({set_by}){grown}, {over} over {most}{list}"
        )
    }

    /// How it stands, in one line and one more for every distribution to blame.
    fn lines(&self) -> Vec<String> {
        let set_by = if self.set_by == "Lambda" { "Lambda's limit" } else { self.set_by };
        let measure = match self.measure {
            Measure::Unzipped => "unzipped",
            Measure::Zipped | Measure::Growth => "zipped",
        };
        let grown = self.before.map_or(String::new(), |before| {
            let by = super::numbers::change_percent(before, self.bytes);
            format!(" ({} since the baseline, {by})", change(before, self.bytes))
        });
        let name = &self.function;
        let (bytes, most) = (size(self.bytes), size(self.most));
        if self.holds {
            let share = percent(self.bytes, self.most);
            return vec![format!(
                "ok: {name}: {bytes} {measure}{grown}, {share} of {most} ({set_by})"
            )];
        }
        let over = size(self.bytes - self.most);
        let first =
            format!("over: {name}: {bytes} {measure}{grown}, {over} over {most} ({set_by})");
        let sign = if self.measure == Measure::Growth { "+" } else { "" };
        let blame = |blame: &Blame| format!("  {}: {sign}{}", blame.name, size(blame.bytes));
        [first].into_iter().chain(self.to_blame.iter().map(blame)).collect()
    }
}

impl Report {
    /// Tells what differs from a report of before, and what of it grew over the budget.
    pub fn compare(&mut self, before: super::diff::past::Past, options: &Options) {
        let changes = Changes::since(before, super::diff::past::Past::of(self));
        let grown: Vec<Budget> = self
            .functions
            .iter()
            .filter_map(|function| growth(function, &changes, options))
            .collect();
        self.exceeded.extend(exceeded(&grown));
        self.budgets.extend(grown);
        let functions = &self.functions;
        self.budgets.sort_by_key(|budget| {
            functions.iter().position(|function| function.name == budget.function)
        });
        self.growth = Some(changes);
    }
}

impl<'r> Check<'r> {
    /// How a result stands against every limit and budget.
    pub fn of(report: &'r Report) -> Self {
        let growth = report.growth.as_ref();
        Self {
            schema_version: SCHEMA_VERSION,
            tool: &report.tool,
            target: report.target,
            level: report.level,
            budgets: &report.budgets,
            growth,
            warnings: &report.warnings,
            proof: report.proof.as_ref(),
        }
    }

    /// The check for people.
    pub fn render(&self, report: &Report) -> String {
        let mut lines: Vec<String> = self.budgets.iter().flat_map(Budget::lines).collect();
        if let Some(changes) = self.growth {
            lines.push(format!("since the baseline: {}", words::sum(changes)));
            let new = changes.functions.iter().filter(|function| function.before.is_none());
            lines.extend(new.map(|function| format!("{}: new since the baseline", function.name)));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        let mut out: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        if let Some(proof) = self.proof {
            out.push_str(&proof::render(proof, &report.timings));
        }
        let cost = report.init_cost.iter().flat_map(money::lines);
        cost.for_each(|line| out.push_str(&format!("{line}\n")));
        out
    }
}
