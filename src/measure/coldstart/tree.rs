//! What `-X importtime` tells, as a tree.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Spread;

/// One imported module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Its name.
    pub module: String,
    /// Seconds with all that it imports first.
    pub seconds: f64,
    /// Seconds of its own.
    pub own_seconds: f64,
    /// What it imports first.
    pub imports: Vec<Node>,
}

/// Reads what CPython writes: `import time: self [us] | cumulative | imported package`, a line for each
/// module when it is done, with two spaces for each module that waits for it. What else stands there,
/// and what stands before it on a line, is what the package prints.
pub(super) fn parse(text: &str) -> Vec<Node> {
    let mut open: Vec<(usize, Node)> = Vec::new();
    for (level, mut node) in text.lines().filter_map(line) {
        let first = open.iter().rposition(|(other, _)| *other <= level).map_or(0, |at| at + 1);
        node.imports = open.drain(first..).map(|(_, node)| node).collect();
        open.push((level, node));
    }
    open.into_iter().map(|(_, node)| node).collect()
}

fn line(text: &str) -> Option<(usize, Node)> {
    let (_, rest) = text.rsplit_once("import time:")?;
    let [own, whole, name] = rest.splitn(3, '|').collect::<Vec<_>>()[..] else { return None };
    let micros = |text: &str| text.trim().parse::<i64>().ok();
    let (own, whole) = (micros(own)?, micros(whole)?);
    let module = name.trim();
    let indent = name.len() - name.trim_start().len();
    let seconds = |micros: i64| micros.max(0) as f64 / 1e6;
    let node = Node {
        module: module.to_owned(),
        seconds: seconds(whole),
        own_seconds: seconds(own),
        imports: Vec::new(),
    };
    (!module.is_empty()).then_some((indent.saturating_sub(1) / 2, node))
}

/// A module, and how often it was met before in its run.
type Met<'t> = (&'t str, usize);

/// The tree of the first run with the median seconds of each module over all runs.
pub(super) fn medians(runs: &[Vec<Node>]) -> Vec<Node> {
    let mut seconds: BTreeMap<Met<'_>, Vec<(f64, f64)>> = BTreeMap::new();
    for run in runs {
        each(run, &mut |met, node| {
            seconds.entry(met).or_default().push((node.seconds, node.own_seconds));
        });
    }
    let Some(first) = runs.first() else { return Vec::new() };
    let mut merged = first.clone();
    let mut met = BTreeMap::new();
    settle(&mut merged, &seconds, &mut met);
    merged
}

fn settle(
    nodes: &mut [Node],
    seconds: &BTreeMap<Met<'_>, Vec<(f64, f64)>>,
    met: &mut BTreeMap<String, usize>,
) {
    for node in nodes {
        let count = met.entry(node.module.clone()).or_default();
        let known = seconds.get(&(node.module.as_str(), *count)).map_or(&[][..], Vec::as_slice);
        *count += 1;
        node.seconds = Spread::of(known.iter().map(|(whole, _)| *whole)).median;
        node.own_seconds = Spread::of(known.iter().map(|(_, own)| *own)).median;
        settle(&mut node.imports, seconds, met);
    }
}

/// Every module, the importing one before what it imports.
fn each<'t>(nodes: &'t [Node], visit: &mut impl FnMut(Met<'t>, &'t Node)) {
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open: Vec<&Node> = nodes.iter().rev().collect();
    while let Some(node) = open.pop() {
        let count = met.entry(&node.module).or_default();
        visit((&node.module, *count), node);
        *count += 1;
        open.extend(node.imports.iter().rev());
    }
}

/// How many modules a tree holds.
pub(super) fn count(nodes: &[Node]) -> usize {
    let mut count = 0;
    each(nodes, &mut |_, _| count += 1);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(nodes: &[Node]) -> String {
        let one = |node: &Node| {
            let inner = told(&node.imports);
            let inner = if inner.is_empty() { inner } else { format!("({inner})") };
            format!("{} {}+{}{inner}", node.module, node.own_seconds, node.seconds)
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    const TALK: &str = "\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |     a.deep
import time:       200 |        300 |   a.one
import time:       400 |        400 |   a.two
import time:      1000 |       1700 | a
import time:        50 |         50 | b
";

    #[test]
    fn lines_become_a_tree() {
        let expected = "a 0.001+0.0017(a.one 0.0002+0.0003(a.deep 0.0001+0.0001), \
                        a.two 0.0004+0.0004), b 0.00005+0.00005";
        assert_eq!(told(&parse(TALK)), expected);
        assert_eq!(count(&parse(TALK)), 5);
    }

    #[test]
    fn what_the_package_prints_is_passed_over() {
        let noisy = TALK
            .replace("import time:       400", "half a lineimport time:       400")
            .replace("import time:        50", "import time: soon\nimport time: 1 | x | y\nimport time: | |\n\nimport time:        50");
        assert_eq!(told(&parse(&noisy)), told(&parse(TALK)));
        assert_eq!(parse("nothing\nof the kind\n"), []);
    }

    #[test]
    fn a_module_without_its_importer_stands_alone() {
        let cut =
            "import time: 1 | 1 |     x\nimport time: 2 | 2 | y\nimport time: 3 | 3 |     z\n";
        assert_eq!(
            told(&parse(cut)),
            "y 0.000002+0.000002(x 0.000001+0.000001), z 0.000003+0.000003"
        );
        assert_eq!(told(&parse("import time: -5 | 7 | x\n")), "x 0+0.000007");
    }

    #[test]
    fn each_module_gets_its_median() {
        let run = |own: u32| {
            parse(&format!("import time: {own} | {own} |   x\nimport time: 0 | {own} | y\n"))
        };
        let merged = medians(&[run(100), run(900), run(500), parse("import time: 1 | 1 | z\n")]);
        assert_eq!(told(&merged), "y 0+0.0005(x 0.0005+0.0005)");
        assert_eq!(medians(&[]), []);
    }

    #[test]
    fn a_module_met_twice_is_two() {
        let run = |a: u32, b: u32| {
            parse(&format!("import time: {a} | {a} | x\nimport time: {b} | {b} | x\n"))
        };
        let merged = medians(&[run(100, 300), run(200, 500), run(300, 400)]);
        assert_eq!(told(&merged), "x 0.0002+0.0002, x 0.0004+0.0004");
    }
}
