//! What is asserted of whole packages: of a small one always, of the corpus' apps where they are
//! installed (`make judge`, `make corpus`).

use std::path::PathBuf;

use lambda_slim::facts;
use lambda_slim::options::{Level, Options};
use lambda_slim::plan::{self, Action, Restored};
use lambda_slim::progress::Silent;
use lambda_slim::scan;

use crate::package::{Dist, Package};

/// How many files a build drops; what ships must lead to none that a rule of evidence dropped.
fn dropped(package: PathBuf, handler: &str, level: Level) -> usize {
    let name = package.display().to_string();
    let mut options = Options::of(vec![package]);
    options.level = level;
    options.handlers = vec![handler.parse().unwrap()];
    let scanned = scan::scan(&options.packages, &Silent).unwrap();
    let tree = &scanned.tree;
    let facts = facts::gather(tree, &scanned, &options, &Silent).unwrap();
    let plan = plan::make(tree, &scanned, &facts, &options, &Restored::default(), &Silent).unwrap();
    let found = plan::contradictions(tree, &scanned, &facts, &options, &plan, &Silent).unwrap();
    let told = found.iter().map(|edge| {
        let (from, to) = (tree.shown(edge.from), tree.shown(edge.to));
        format!("{from}:{} leads to {to} ({:?})", edge.line.unwrap_or(0), edge.how)
    });
    assert_eq!(told.take(20).collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
    tree.ids().filter(|file| plan.decisions[*file].action == Action::Drop).count()
}

#[test]
fn nothing_that_ships_leads_to_what_a_rule_dropped() {
    let beta = Dist::new("beta", "2").file("beta/__init__.py", "").file("beta/tests/a.py", "");
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from . import one\n")
        .file("alpha/one.py", "NAME = 'alpha.tests.util'\n")
        .file("alpha/two.py", "import beta\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/util.py", "")
        .file("alpha/docs/index.rst", "alpha.one");
    let text = "import alpha\n\ndef handler(event, context):\n    return 1\n";
    let package = Package::new("app").with("app.py", text).install(&alpha).install(&beta);
    for (level, least) in [(Level::Safe, 0), (Level::Standard, 2), (Level::Max, 4)] {
        assert!(dropped(package.root.clone(), "app.handler", level) >= least, "{level:?}");
    }
}

#[test]
#[ignore = "the apps of CORPUS must be installed: make judge"]
fn nothing_that_ships_of_the_corpus_leads_to_what_a_rule_dropped() {
    let corpus = PathBuf::from(std::env::var("CORPUS").unwrap());
    let is_app = |folder: &PathBuf| folder.join("app.py").is_file();
    let folders = std::fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path());
    let apps: Vec<PathBuf> = folders.filter(is_app).collect();
    assert!(!apps.is_empty(), "there is no app in {}", corpus.display());
    for app in apps {
        for level in [Level::Standard, Level::Max] {
            let dropped = dropped(app.clone(), "app.lambda_handler", level);
            println!("{} at {}: {dropped} dropped files", app.display(), level.name());
        }
    }
}
