//! What GitHub Actions are told.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::package::{Dist, Package};
use crate::support::{Run, command, finished};

fn package(name: &str) -> Package {
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n");
    Package::new(name)
        .with("app.py", "import alpha\n\n\ndef handler(event, context):\n    return alpha.x\n")
        .install(&alpha)
}

/// A step of a workflow in which something was written already.
struct Step {
    package: Package,
    summary: PathBuf,
    output: PathBuf,
}

impl Step {
    fn of(package: Package) -> Self {
        let [summary, output] =
            ["summary.md", "output"].map(|name| PathBuf::from(package.home(name)));
        fs::write(&summary, "before\n").unwrap();
        fs::write(&output, "own=1\n").unwrap();
        Self { package, summary, output }
    }

    #[track_caller]
    fn run(&self, name: &str, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut run = command();
        run.env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &self.summary)
            .env("GITHUB_OUTPUT", &self.output);
        run.args([name, self.package.path()]).args(args).envs(variables.iter().copied());
        finished(&mut run)
    }

    #[track_caller]
    fn build(&self, args: &[&str]) -> Run {
        self.run("build", &[&["--out-dir", &self.package.home("out")], args].concat(), &[])
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        parsed(&fs::read_to_string(&self.output).unwrap())
    }

    fn is_untouched(&self) -> bool {
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
        read(&self.summary) == "before\n" && read(&self.output) == "own=1\n"
    }
}

/// The file as the runner reads it: `name=value`, or `name<<END`, lines, `END`.
#[track_caller]
fn parsed(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        let (name, value) = match (equals, heredoc) {
            (Some(at), heredoc) if heredoc.is_none_or(|other| at < other) => {
                (&line[..at], line[at + 1..].to_owned())
            }
            (_, Some(at)) => {
                let end = &line[at + 2..];
                let inner: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                (&line[..at], inner.join("\n"))
            }
            _ => panic!("no output: {line:?}"),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(!name.is_empty() && name.chars().all(plain), "{name:?}");
        assert_eq!(outputs.insert(name.to_owned(), value), None, "{name} twice");
    }
    outputs
}

#[test]
fn a_build_tells_the_step() {
    let step = Step::of(package("shop"));
    let run = step.build(&["--format", "json"]).ok();
    let report = run.json();
    let summary = fs::read_to_string(&step.summary).unwrap();
    assert!(
        summary.starts_with("before\n<!-- lambda-slim: shop x86_64 -->\n\n### ✓ slim: "),
        "{summary}"
    );
    let outputs = step.outputs();
    let told = |name: &str| outputs[name].as_str();
    assert_eq!(told("own"), "1");
    assert_eq!(told("report"), step.package.home("out/report.json"));
    assert_eq!(told("function-sha256"), report["zips"][0]["sha256_base64"]);
    assert_eq!(told("layer-sha256"), report["zips"][1]["sha256_base64"]);
    assert_eq!(told("layer-bytes"), report["zips"][1]["bytes"].to_string());
    assert_eq!(told("zipped-bytes"), report["after"]["zipped_bytes"].to_string());
    assert_eq!(told("unzipped-bytes"), report["after"]["bytes"].to_string());
    let changed: serde_json::Value = serde_json::from_str(told("changed")).unwrap();
    assert_eq!(changed, json!(["function.zip", "layer.zip"]));

    fs::write(&step.output, "").unwrap();
    let quiet = step.build(&["--quiet"]).ok();
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    assert_eq!(step.outputs()["changed"], "[]");
    let both = fs::read_to_string(&step.summary).unwrap();
    assert_eq!(both.matches("<!-- lambda-slim: shop x86_64 -->").count(), 2, "{both}");
}

#[test]
fn what_does_not_hold_is_an_error_and_a_warning_one() {
    let step = Step::of(package("10%,:s"));
    let max = ["--level", "max", "--handler", "app.handler", "--no-verify"];
    let run = step.build(&[&max[..], &["--max-zipped", "1B", "--format", "json"]].concat());
    assert_eq!(run.code, 1);
    assert!(run.json()["zips"].is_array(), "stdout holds nothing but the report");
    let commands: Vec<&str> = run.err.lines().filter(|line| line.starts_with("::")).collect();
    let [error, warning] = commands[..] else { panic!("{}", run.err) };
    assert!(
        error.starts_with("::error title=slim%3A over the limit::10%25,:s with its layers takes"),
        "{error}"
    );
    assert!(error.contains("(--max-zipped)") && error.contains("alpha 1.0"), "{error}");
    assert!(warning.starts_with("::warning title=slim::"), "{warning}");
    assert!(warning.contains("no run has proven"), "{warning}");
}

#[test]
fn a_check_tells_sizes_and_nothing_of_files() {
    let step = Step::of(package("shop"));
    let run = step.run("check", &["--max-zipped", "1B"], &[]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("::error title=slim%3A over the limit::shop"), "{}", run.err);
    let outputs = step.outputs();
    assert!(outputs.contains_key("function-sha256") && outputs.contains_key("zipped-bytes"));
    assert!(!outputs.contains_key("report") && !outputs.contains_key("changed"), "{outputs:?}");
    assert!(fs::read_to_string(&step.summary).unwrap().contains("would take"));
    let copy = step.package.home("copy.json");
    fs::write(&step.output, "").unwrap();
    step.build(&["--dry-run", "--report", &format!("json={copy}")]).ok();
    assert_eq!(step.outputs()["report"], copy);
    assert!(!step.outputs().contains_key("changed"));
}

#[test]
fn what_failed_its_proof_has_no_hashes() {
    let step = Step::of(
        Package::new("shop").with("app.py", "import none_such\ndef handler(e, c): pass\n"),
    );
    let run = step.build(&["--verify", "--handler", "app.handler"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("::error title=slim%3A not proven::"), "{}", run.err);
    let outputs = step.outputs();
    assert_eq!(outputs["report"], step.package.home("out/unproven/report.json"));
    assert!(
        outputs.keys().all(|name| !name.ends_with("sha256") && name != "changed"),
        "{outputs:?}"
    );
}

#[test]
fn a_path_of_several_lines_is_one_output() {
    let step = Step::of(package("shop"));
    let folder = step.package.home("o\nslim-end\nut");
    step.run("build", &["--out-dir", &folder], &[]).ok();
    assert_eq!(step.outputs()["report"], format!("{folder}/report.json"));
}

#[test]
fn nothing_is_told_where_that_is_not_wanted() {
    let step = Step::of(package("shop"));
    let over = ["--max-zipped", "1B"];
    let run = step.build(&[&over[..], &["--no-github"]].concat());
    assert!(run.code == 1 && !run.err.contains("::"), "{}", run.err);
    let run = step.run("check", &[&over[..], &["--no-github"]].concat(), &[]);
    assert!(run.code == 1 && !run.err.contains("::"), "{}", run.err);
    let run = step.run("check", &over, &[("GITHUB_ACTIONS", "false")]);
    assert!(run.code == 1 && !run.err.contains("::"), "{}", run.err);
    assert!(step.is_untouched());
}

#[test]
fn what_cannot_be_written_is_a_warning() {
    let step = Step::of(package("shop"));
    let folder = step.package.home("a-folder");
    fs::create_dir(&folder).unwrap();
    let below = format!("{folder}/none/output");
    let files = [("GITHUB_STEP_SUMMARY", folder.as_str()), ("GITHUB_OUTPUT", below.as_str())];
    let out = step.package.home("out");
    let run = step.run("build", &["-o", &out], &files).ok();
    let warning = format!("warning: failed to write the summary of the step to {folder}: ");
    assert!(run.err.lines().any(|line| line.starts_with(&warning)), "{}", run.err);
    assert!(run.err.contains("warning: failed to write outputs of the step to "), "{}", run.err);
    assert!(run.says(&["saved "]), "{}", run.out);
    let none = [("GITHUB_STEP_SUMMARY", ""), ("GITHUB_OUTPUT", "")];
    let err = step.run("build", &["-o", &out], &none).ok().err;
    assert!(err.lines().all(|line| line.starts_with("next: ")), "{err}");
    fs::write(&step.summary, vec![b'x'; 1 << 20]).unwrap();
    let run = step.run("build", &["-o", &out], &[]).ok();
    assert!(run.err.contains("more than 1 MiB"), "{}", run.err);
    assert_eq!(fs::metadata(&step.summary).unwrap().len(), 1 << 20);
}
