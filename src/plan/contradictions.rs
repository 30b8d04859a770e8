//! Whether a finished plan keeps to the graph.

use anyhow::Result;

use super::evidence::is_untaken;
use super::{Because, Plan, entry_points, named, traced, wanted};
use crate::facts::Facts;
use crate::facts::imports::{Edge, ImportGraph};
use crate::options::Options;
use crate::progress::Progress;
use crate::rules;
use crate::rules::Tier;
use crate::tree::{Contents, FileId, FileMap, Tree};

/// The edges from what ships to what a rule of evidence dropped: none, or the plan is wrong. They are
/// asked for anew, of every file that ships, whatever led the plan there. What facts, the user's
/// globs and rules that are true of every program drop is no matter of the graph.
///
/// # Errors
/// When a file cannot be read.
pub fn contradictions(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    options: &Options,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Vec<Edge>> {
    let found = rules::propose(tree, facts, options);
    let candidates = named(&found.proposals);
    let points = entry_points(options.level);
    let graph = ImportGraph::new(tree, contents, facts, &wanted(&candidates), points)?;
    let ships: Vec<FileId> = tree.ids().filter(|file| plan.ships(*file)).collect();
    let mut edges = graph.edges(&ships, &FileMap::filled(tree, false), progress)?.edges;
    let untaken = |edge: &Edge| {
        traced(facts, options).is_some_and(|observed| is_untaken(tree, observed, edge))
    };
    edges.retain(|edge| {
        let rule = match &plan.decisions[edge.to].because {
            Because::Rule(rule) if !plan.ships(edge.to) => rule,
            _ => return false,
        };
        rule.tier != Tier::Certain && !rule.is_fact() && !untaken(edge)
    });
    Ok(edges)
}
