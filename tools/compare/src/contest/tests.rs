use clap::Parser;

use super::chosen;
use crate::cli::Args;

fn names(words: &[&str]) -> Vec<&'static str> {
    let args = Args::parse_from([&["compare", "tree"], words].concat());
    chosen(&args).map(|peer| peer.name).collect()
}

#[test]
fn peers_are_chosen_and_skipped_by_name() {
    assert_eq!(names(&["--only", "slim,recipe"]), ["recipe", "slim"]);
    assert_eq!(names(&["--only", "slim,recipe", "--skip", "slim"]), ["recipe"]);
    let most = names(&["--skip", "advzip"]);
    assert!(most.len() > 10 && !most.contains(&"advzip"));
}
