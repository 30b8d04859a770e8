//! The sums over all trees, the sizes of each, and how builds scale, as Markdown for the documentation.

use crate::build::Builds;
use crate::contest::{Contest, Figures};
use crate::peers::PEERS;
use crate::scale::{Scale, Series, Step};
use crate::survival::Survival;

#[cfg(test)]
mod tests;

const HEAD: &str = "\
| way | apps | still run | unzipped MB | zip MB | unzipped | zip | CPU | wall | most memory MB |
|---|---|---|---|---|---|---|---|---|---|
";

/// One row per peer that packed a tree. Ratios are to the recipe, over the trees that both packed; sums of bytes are
/// given only where the peer packed all.
pub fn sums(contests: &[Contest]) -> String {
    let mut text = HEAD.to_owned();
    for peer in PEERS {
        let sum = Sum::of(peer.name, contests);
        if !sum.packed.is_empty() {
            text += &row(peer.name, &sum, contests.len());
        }
    }
    text
}

/// What one peer did on all trees.
struct Sum<'a> {
    packed: Vec<&'a Figures>,
    /// Its figures beside the reference's, of the same tree.
    pairs: Vec<(&'a Figures, &'a Figures)>,
}

impl<'a> Sum<'a> {
    fn of(peer: &str, contests: &'a [Contest]) -> Self {
        let packed = contests.iter().filter_map(|contest| contest.figures_of(peer)).collect();
        let pairs = contests
            .iter()
            .filter_map(|contest| Some((contest.figures_of(peer)?, contest.reference()?)))
            .collect();
        Self { packed, pairs }
    }

    fn ratio(&self, of: fn(&Figures) -> f64) -> String {
        let sum = |side: fn(&(&'a Figures, &'a Figures)) -> &'a Figures| -> f64 {
            self.pairs.iter().map(|pair| of(side(pair))).sum()
        };
        let reference = sum(|pair| pair.1);
        if reference > 0.0 { format!("{:.3}", sum(|pair| pair.0) / reference) } else { "-".into() }
    }

    fn megabytes(&self, of: fn(&Figures) -> u64, trees: usize) -> String {
        if self.packed.len() < trees {
            return "-".into();
        }
        let sum: u64 = self.packed.iter().map(|figures| of(figures)).sum();
        format!("{:.0}", sum as f64 / 1e6)
    }

    fn alive(&self) -> String {
        let count = |wanted: fn(&Survival) -> bool| {
            self.packed.iter().filter(|figures| wanted(&figures.survival)).count()
        };
        match count(|survival| *survival != Survival::NotRun) {
            0 => "-".into(),
            judged => format!("{} of {judged}", count(|survival| *survival == Survival::Lives)),
        }
    }
}

fn row(name: &str, sum: &Sum, trees: usize) -> String {
    let most = sum.packed.iter().map(|figures| figures.peak_bytes).max().unwrap_or(0);
    let cells = [
        name.to_owned(),
        sum.packed.len().to_string(),
        sum.alive(),
        sum.megabytes(|figures| figures.unzipped_bytes, trees),
        sum.megabytes(|figures| figures.zipped_bytes, trees),
        sum.ratio(|figures| figures.unzipped_bytes as f64),
        sum.ratio(|figures| figures.zipped_bytes as f64),
        sum.ratio(|figures| figures.cpu_s),
        sum.ratio(|figures| figures.wall_s),
        format!("{:.0}", most as f64 / 1e6),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Whose sizes are shown of each tree, and what they are called there.
const SHOWN: [(&str, &str); 5] = [
    ("zip-9", "raw"),
    ("recipe", "recipe"),
    ("serverless", "plugin"),
    ("slim", "standard"),
    ("slim-proven", "max"),
];

/// One row per tree: megabytes unzipped, then zipped, each with a mark where the app no longer runs.
pub fn sizes(contests: &[Contest]) -> String {
    let names = SHOWN.map(|(_, name)| name.to_owned());
    let head = [vec!["app".to_owned()], names.to_vec(), names.map(|name| name + " zip").to_vec()];
    let mut text =
        format!("| {} |\n|{}\n", head.concat().join(" | "), "---|".repeat(2 * SHOWN.len() + 1));
    for contest in contests {
        let cells = |of: fn(&Figures) -> u64| {
            SHOWN.map(|(peer, _)| {
                contest.figures_of(peer).map_or("-".to_owned(), |found| size(found, of))
            })
        };
        let unzipped = cells(|figures| figures.unzipped_bytes);
        let zipped = cells(|figures| figures.zipped_bytes);
        let cells = [unzipped, zipped].concat().join(" | ");
        text += &format!("| {} | {cells} |\n", contest.tree);
    }
    text
}

fn size(figures: &Figures, of: fn(&Figures) -> u64) -> String {
    let mark = if matches!(figures.survival, Survival::Breaks(_)) { " ✗" } else { "" };
    format!("{:.1}{mark}", of(figures) as f64 / 1e6)
}

const SCALE_HEAD: &str = "\
| files | MB | written as | scan s | facts s | plan s | pack s | rest s | all s | CPU s | peak MB |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// One row per tree, each time with its exponent against the row before, and what starts cost.
pub fn of_scale(scale: &Scale) -> String {
    let mut text = SCALE_HEAD.to_owned();
    let mut before = None;
    for step in &scale.steps {
        text += &scale_row(step, before);
        before = Some(step);
    }
    let (help, rebuild) = (scale.startup.help_s * 1000.0, scale.startup.rebuild_s * 1000.0);
    text + &format!(
        "\n`slim --help`: {help:.1} ms; an unchanged package of 20 files built again: {rebuild:.1} ms.\n"
    )
}

fn scale_row(step: &Step, before: Option<&Step>) -> String {
    let stage = |name: &'static str| time(step, before, move |build| build.stage_s(name));
    let written = match step.series {
        Series::Files | Series::Bytes => "zips",
        Series::FilesInFolders => "folders",
    };
    let cells = [
        step.files.to_string(),
        format!("{:.0}", step.bytes as f64 / 1e6),
        written.to_owned(),
        stage("scan"),
        stage("facts"),
        stage("plan"),
        stage("pack"),
        time(step, before, |build| build.rest_s),
        time(step, before, |build| build.wall_s),
        time(step, before, |build| build.cpu_s),
        format!("{:.0}", step.build.peak_bytes as f64 / 1e6),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Seconds, and how they grew.
fn time(step: &Step, before: Option<&Step>, of: impl Fn(&Builds) -> f64) -> String {
    let seconds = of(&step.build);
    match step.exponent(before, of) {
        Some(exponent) => format!("{seconds:.3} ({exponent:.2})"),
        None => format!("{seconds:.3}"),
    }
}
