//! What is known of single distributions: facts that no analysis can see, each with its reason.
//!
//! One small file per distribution under `known/`, with the range of versions it was proven on. Facts
//! only add to what the graph sees: edges that it misses, edges that lead nowhere, files that are
//! chosen by an argument, files that are never opened. The user's own ([`crate::options`]) come on top.

use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, bail};

use super::owners::{DistId, Owners};
use crate::fact::Known;
use crate::python::dist;

/// The facts that ship with slim, by distribution.
const FILES: &[(&str, &str)] = &[
    ("alembic", include_str!("known/alembic.toml")),
    ("anthropic", include_str!("known/anthropic.toml")),
    ("anyio", include_str!("known/anyio.toml")),
    ("aws-lambda-powertools", include_str!("known/aws-lambda-powertools.toml")),
    ("aws-xray-sdk", include_str!("known/aws-xray-sdk.toml")),
    ("boto3", include_str!("known/boto3.toml")),
    ("botocore", include_str!("known/botocore.toml")),
    ("catalogue", include_str!("known/catalogue.toml")),
    ("charset-normalizer", include_str!("known/charset-normalizer.toml")),
    ("click", include_str!("known/click.toml")),
    ("cloudpathlib", include_str!("known/cloudpathlib.toml")),
    ("cloudpickle", include_str!("known/cloudpickle.toml")),
    ("dnspython", include_str!("known/dnspython.toml")),
    ("docstring-parser", include_str!("known/docstring-parser.toml")),
    ("fastapi", include_str!("known/fastapi.toml")),
    ("fonttools", include_str!("known/fonttools.toml")),
    ("google-api-python-client", include_str!("known/google-api-python-client.toml")),
    ("google-auth", include_str!("known/google-auth.toml")),
    ("invoke", include_str!("known/invoke.toml")),
    ("jinja2", include_str!("known/jinja2.toml")),
    ("joblib", include_str!("known/joblib.toml")),
    ("jsonpath-ng", include_str!("known/jsonpath-ng.toml")),
    ("langchain-core", include_str!("known/langchain-core.toml")),
    ("langsmith", include_str!("known/langsmith.toml")),
    ("lxml", include_str!("known/lxml.toml")),
    ("mako", include_str!("known/mako.toml")),
    ("matplotlib", include_str!("known/matplotlib.toml")),
    ("mpmath", include_str!("known/mpmath.toml")),
    ("narwhals", include_str!("known/narwhals.toml")),
    ("networkx", include_str!("known/networkx.toml")),
    ("nltk", include_str!("known/nltk.toml")),
    ("numpy", include_str!("known/numpy.toml")),
    ("openai", include_str!("known/openai.toml")),
    ("openpyxl", include_str!("known/openpyxl.toml")),
    ("pandas", include_str!("known/pandas.toml")),
    ("pillow", include_str!("known/pillow.toml")),
    ("protobuf", include_str!("known/protobuf.toml")),
    ("pyarrow", include_str!("known/pyarrow.toml")),
    ("pydantic", include_str!("known/pydantic.toml")),
    ("pydantic-settings", include_str!("known/pydantic-settings.toml")),
    ("pygments", include_str!("known/pygments.toml")),
    ("python-docx", include_str!("known/python-docx.toml")),
    ("requests", include_str!("known/requests.toml")),
    ("rich", include_str!("known/rich.toml")),
    ("s3transfer", include_str!("known/s3transfer.toml")),
    ("scikit-learn", include_str!("known/scikit-learn.toml")),
    ("scipy", include_str!("known/scipy.toml")),
    ("setuptools", include_str!("known/setuptools.toml")),
    ("smart-open", include_str!("known/smart-open.toml")),
    ("spacy", include_str!("known/spacy.toml")),
    ("sqlalchemy", include_str!("known/sqlalchemy.toml")),
    ("srsly", include_str!("known/srsly.toml")),
    ("starlette", include_str!("known/starlette.toml")),
    ("sympy", include_str!("known/sympy.toml")),
    ("threadpoolctl", include_str!("known/threadpoolctl.toml")),
    ("tqdm", include_str!("known/tqdm.toml")),
    ("typer", include_str!("known/typer.toml")),
    ("typing-extensions", include_str!("known/typing-extensions.toml")),
    ("tzdata", include_str!("known/tzdata.toml")),
    ("urllib3", include_str!("known/urllib3.toml")),
    ("werkzeug", include_str!("known/werkzeug.toml")),
    ("wrapt", include_str!("known/wrapt.toml")),
    ("zstandard", include_str!("known/zstandard.toml")),
];

/// Reads the facts of one file.
///
/// # Errors
/// When it is no TOML or has other keys.
pub fn read(name: &str, text: &str) -> Result<Known> {
    let known: Known =
        toml::from_str(text).with_context(|| format!("failed to read the facts of {name}"))?;
    if known.distribution != name {
        bail!("failed to read the facts of {name}: they are those of {}", known.distribution);
    }
    Ok(known)
}

static BUILT_IN: LazyLock<Vec<Arc<Known>>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| read(name, text).map(Arc::new);
    let known: Result<_> = FILES.iter().map(read).collect();
    known.expect("a test reads every file of known/")
});

/// The facts that hold for the distributions of all packages, with the distribution of each: those
/// that ship with slim, where none of the user's stands in their place, then the user's.
pub(super) fn holding(owners: &Owners, users: &[Arc<Known>]) -> Vec<(DistId, Arc<Known>)> {
    let mut holding = Vec::new();
    for (id, distribution) in owners.distributions() {
        let name = distribution.normalized();
        let holds = |known: &&Arc<Known>| {
            dist::normalize(&known.distribution) == name
                && known.versions.hold(&distribution.version)
        };
        let users: Vec<_> = users.iter().filter(holds).collect();
        let replaced = users.iter().any(|known| known.replace);
        let built_in = BUILT_IN.iter().filter(holds).filter(|_| !replaced);
        holding.extend(built_in.chain(users).map(|known| (id, Arc::clone(known))));
    }
    holding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_reads_and_says_why() {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted(), "{names:?}");
        for (name, text) in FILES {
            let known = read(name, text).unwrap();
            let whys = known.ignore.iter().map(|fact| &fact.why);
            let whys = whys.chain(known.hidden.iter().map(|fact| &fact.why));
            let whys = whys.chain(known.blank.iter().map(|fact| &fact.why));
            let whys = whys.chain(known.reads.iter().map(|fact| &fact.why));
            let whys = whys.chain(known.select.iter().map(|fact| &fact.why));
            // Calls are only known where the handlers are.
            assert!(
                known
                    .drop
                    .iter()
                    .all(|f| f.opened_by.is_empty() || f.tier == crate::fact::Strength::Bold)
            );
            for why in whys.chain(known.drop.iter().map(|fact| &fact.why)) {
                assert!(why.ends_with('.') && why.len() > 20, "{name}: {why}");
            }
        }
    }

    #[test]
    fn every_distribution_has_a_handler_that_runs_on_its_wheel() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/corpus/libraries");
        let handlers = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let handlers: Vec<_> = handlers.filter(|path| path.extension().is_some()).collect();
        for (name, _) in FILES {
            let runs_it = handlers.iter().any(|path| {
                let required = || {
                    let text = std::fs::read_to_string(path).unwrap();
                    let needs = text.lines().find(|line| line.starts_with("# dependencies"));
                    needs.unwrap_or_default().contains(&format!("\"{name}"))
                };
                path.file_stem().is_some_and(|stem| stem == *name) || required()
            });
            assert!(runs_it, "no handler of tools/corpus/libraries needs {name}");
        }
    }
}
