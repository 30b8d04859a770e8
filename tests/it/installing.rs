//! What makes slim at home in a shell: completions, man pages, and the name of the package.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use lambda_slim::config::environment;

use crate::support::{command, finished, listed, slim};

/// What a program says of a text; `None`, and a word about it, where it is not here.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(args).output() else {
        eprintln!("skipped: {program} is not here");
        return None;
    };
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {err}");
    assert_eq!(err, "", "{program} {args:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A script of completions in a file.
fn script(home: &Path, shell: &str) -> String {
    let path = home.join(shell);
    fs::write(&path, slim(&["completions", shell]).ok().out).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What bash offers for the last word.
fn offered(script: &str, words: &[&str]) -> Vec<String> {
    let ask = r#"source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "$(complete -p slim | grep -o '[-]F [^ ]*' | cut -c4-)" slim "${!#}" "${COMP_WORDS[$#-2]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let out = said("bash", &[&["-c", ask, "bash", script], words].concat()).unwrap();
    out.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_what_help_shows() {
    let home = tempfile::tempdir().unwrap();
    let script = script(home.path(), "bash");
    said("bash", &["-n", &script]);
    assert_eq!(offered(&script, &["slim", "bui"]), ["build"]);
    assert_eq!(offered(&script, &["slim", "cache", "cl"]), ["clean"]);
    assert_eq!(offered(&script, &["slim", "build", "--level", "m"]), ["max"]);
    assert_eq!(offered(&script, &["slim", "build", "--out"]), ["--out-dir"]);
    assert!(offered(&script, &["slim", "check", "--out"]).is_empty(), "--help hides it");
    assert_eq!(offered(&script, &["slim", "check", "--max-z"]), ["--max-zipped"]);
}

#[test]
fn other_shells_take_their_completions() {
    let home = tempfile::tempdir().unwrap();
    let fish = script(home.path(), "fish");
    let ask = "source $argv[1]; complete -C 'slim bui'; complete -C 'slim check --out'";
    if let Some(offers) = said("fish", &["--no-config", "-c", ask, &fish]) {
        assert_eq!(offers, "build\tMake function.zip, layer.zip and report.json\n");
    }
    let zsh = script(home.path(), "zsh");
    said("zsh", &["-n", &zsh]);
    assert!(fs::read_to_string(zsh).unwrap().starts_with("#compdef slim\n"));
    for shell in ["elvish", "powershell"] {
        let text = slim(&["completions", shell]).ok().out;
        assert!(
            text.contains("Make function.zip") && text.contains("'slim;cache;clean'"),
            "{shell}"
        );
    }
    let none = slim(&["completions", "csh"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("bash, elvish, fish, powershell, zsh"), "{}", none.err);
}

#[test]
fn a_man_page_for_every_command() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("share/man1");
    let out = folder.to_str().unwrap();
    let told = slim(&["man", "--out-dir", out]).ok().out;
    let pages = listed(&folder);
    assert_eq!(told, format!("wrote {} man pages into {out}\n", pages.len()));
    assert_snapshot!(pages.join(" "), @"slim-build.1 slim-cache-clean.1 slim-cache-stat.1 slim-cache.1 slim-check.1 slim-coldstart.1 slim-completions.1 slim-diff.1 slim-explain.1 slim-init.1 slim-inspect.1 slim-man.1 slim-plan.1 slim-rules.1 slim-trace.1 slim-verify.1 slim.1");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(slim(&["man"]).ok().out, read("slim.1"));
    for variable in environment::variables() {
        assert!(read("slim.1").contains(&format!("\\fB{variable}\\fR")), "{variable}");
    }
    assert!(read("slim-build.1").contains("\\-\\-dry\\-run"));
    assert!(!read("slim-check.1").contains("\\-\\-dry\\-run"), "--help hides it");
    for page in &pages {
        let text = read(page);
        let command = page.trim_end_matches(".1").replace('-', " ");
        assert!(text.contains(&format!("\\fB{command}\\fR")), "{page} shows how it is called");
        assert!(text.contains("\n.SH \"EXIT STATUS\"\n"), "{page}");
        let path = folder.join(page);
        said("mandoc", &["-T", "lint", "-W", "error", path.to_str().unwrap()]);
    }
}

#[test]
fn man_shows_the_page() {
    let home = tempfile::tempdir().unwrap();
    let page = home.path().join("slim.1");
    fs::write(&page, slim(&["man"]).ok().out).unwrap();
    let Some(text) = said("man", &["--warnings", "--local-file", page.to_str().unwrap()]) else {
        return;
    };
    for heading in ["NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
        assert!(text.lines().any(|line| line == heading), "{heading}\n{text}");
    }
    assert!(text.contains("slim-build(1)"), "{text}");
}

#[test]
fn man_pages_where_none_can_be() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let below = home.path().join("file/below");
    let run = slim(&["man", "--out-dir", below.to_str().unwrap()]);
    let said = run.failure(home.path());
    assert!(said.starts_with("exit 3\nerror: failed to write TMP/file/below: "), "{said}");
    assert!(said.ends_with("\nhint: choose another folder with --out-dir\n"), "{said}");
}

/// `lambda-slim`, called as `path`.
fn alias(path: &Path, args: &[&str]) -> crate::support::Run {
    let mut called = Command::new(path);
    finished(called.args(args).env_remove("COLUMNS"))
}

#[test]
fn the_name_of_the_package_starts_slim() {
    let program = Path::new(env!("CARGO_BIN_EXE_lambda-slim"));
    let version = slim(&["--version"]).ok().out;
    assert_eq!(alias(program, &["--version"]).ok().out, version);
    let help = alias(program, &["build", "--help"]).ok().out;
    assert!(help.contains("Usage: lambda-slim build [OPTIONS]"), "{help}");
    let own = finished(command().args(["build", "--help"])).ok().out;
    assert_eq!(help.replace("lambda-slim build", "slim build"), own);
    let wrong = alias(program, &["explain", "/no/such/package", "x"]);
    assert_eq!((wrong.code, wrong.err), {
        let own = slim(&["explain", "/no/such/package", "x"]);
        (own.code, own.err)
    });
    let home = tempfile::tempdir().unwrap();
    let link = home.path().join("lambda-slim");
    symlink(program, &link).unwrap();
    assert_eq!(alias(&link, &["--version"]).ok().out, version, "as uv and pipx link it");
}

#[test]
fn the_name_of_the_package_without_slim() {
    let home = tempfile::tempdir().unwrap();
    let alone = home.path().join("lambda-slim");
    fs::copy(env!("CARGO_BIN_EXE_lambda-slim"), &alone).unwrap();
    let said = alias(&alone, &["--version"]).failure(&home.path().canonicalize().unwrap());
    assert_snapshot!(said, @r"
    exit 3
    error: failed to start TMP/slim: No such file or directory (os error 2)
    hint: lambda-slim starts the slim that was installed with it: install both anew
    ");
}
