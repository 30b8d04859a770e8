use std::path::{Path, PathBuf};

use super::{PEERS, Peer, Task, Workshop};

fn workshop() -> Workshop {
    let nowhere = || PathBuf::from("/nonexistent");
    Workshop {
        slim: std::env::current_exe().expect("this test"),
        modules: nowhere(),
        python: nowhere(),
    }
}

fn peer(name: &str) -> &'static Peer {
    Peer::named(name).expect("is a peer")
}

#[test]
fn names_are_unique_and_fit_the_table() {
    for (place, peer) in PEERS.iter().enumerate() {
        assert!(peer.name.len() < 16, "{}", peer.name);
        assert!(PEERS[..place].iter().all(|other| other.name != peer.name), "{}", peer.name);
    }
}

#[test]
fn what_a_peer_needs_is_named() {
    let gone = Workshop { slim: "/nonexistent/slim".into(), ..workshop() };
    assert_eq!(
        peer("slim").missing(&gone, "web").as_deref(),
        Some("/nonexistent/slim is not here")
    );
    assert_eq!(peer("slim").missing(&workshop(), "web"), None);
    let why = peer("slim-proven").missing(&workshop(), "no-app").expect("has no handler");
    assert!(why.contains("no app of the corpus"), "{why}");
    let tool = Peer { name: "x", tools: &["no-such-tool"], how: super::How::Shell("true") };
    assert_eq!(tool.missing(&workshop(), "web").as_deref(), Some("no-such-tool is not here"));
}

#[test]
fn a_script_is_told_where_everything_is() {
    let task = Task { name: "web", tree: Path::new("/tree"), out: Path::new("/out") };
    let command = peer("python-zipfile").command(&workshop(), task);
    let words: Vec<_> = command.get_args().collect();
    assert_eq!(words[2..], ["sh", "/tree", "/out"]);
    let names: Vec<_> = command.get_envs().map(|(name, _)| name).collect();
    assert_eq!(names, ["HERE", "MODULES", "PYTHON"]);
}
