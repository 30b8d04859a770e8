//! What was right before, and is it now?

use std::collections::BTreeSet;

use serde_json::Value;

use super::trial::{Cause, Job, Outcome, Trial};
use super::{Check, Verdict};
use crate::python::dist;

/// Most differences that are told of one check.
const MOST_TOLD: usize = 5;

/// Every check of a package against what was made of it.
pub(super) fn all(before: &[Trial; 2], after: &Trial, job: &Job) -> Vec<Check> {
    let mut checks = Vec::new();
    for handler in &job.handlers {
        let step = Job::import(handler);
        checks.push(import(&step, before[0].outcome(&step), after.outcome(&step), after));
    }
    for event in &job.events {
        for handler in &job.handlers {
            let step = Job::call(event, handler);
            let [first, second] = before.each_ref().map(|trial| trial.outcome(&step));
            checks.push(call(&step, first, second, after.outcome(&step)));
        }
    }
    if !job.modules.is_empty() {
        checks.push(modules(&before[0], after, job));
    }
    checks.push(metadata(before[0].outcome("metadata"), after.outcome("metadata"), &job.left_out));
    checks.push(untouched(after));
    checks
}

/// The checks that need nothing to compare with.
pub(super) fn alone(after: &Trial, job: &Job) -> Vec<Check> {
    let mut checks = Vec::new();
    let ends_well = |step: &str| {
        let (verdict, notes) = match after.outcome(step) {
            Some(Outcome::Value(_)) => (Verdict::Passed, Vec::new()),
            other => (Verdict::Failed, vec![told(other)]),
        };
        Check { name: step.to_owned(), verdict, notes }
    };
    for handler in &job.handlers {
        checks.push(ends_well(&Job::import(handler)));
        checks.extend(job.events.iter().map(|event| ends_well(&Job::call(event, handler))));
    }
    checks.push(untouched(after));
    checks
}

fn check(name: &str, verdict: Verdict, notes: impl IntoIterator<Item = String>) -> Check {
    Check { name: name.to_owned(), verdict, notes: notes.into_iter().collect() }
}

fn import(step: &str, before: Option<&Outcome>, after: Option<&Outcome>, trial: &Trial) -> Check {
    match (before, after) {
        (Some(Outcome::Value(_)), Some(Outcome::Value(_))) => {
            check(step, Verdict::Passed, leaks(trial))
        }
        (Some(Outcome::Value(_)), after) => check(step, Verdict::Failed, [told(after)]),
        (before, _) => {
            let why = format!("not proven: the package as it was fails too: {}", told(before));
            check(step, Verdict::Failed, [why])
        }
    }
}

/// Libraries of the host that Lambda may not have; told, for the host's Python may need them itself.
fn leaks(trial: &Trial) -> Option<String> {
    let of_python = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.split(".so").next().unwrap_or(name);
        !KNOWN_TO_LAMBDA.contains(&stem) && !stem.starts_with("ld-")
    };
    let names: Vec<&str> = trial.libraries.iter().filter(of_python).map(String::as_str).collect();
    let told =
        || format!("loads libraries of this machine that Lambda may lack: {}", names.join(", "));
    (!names.is_empty()).then(told)
}

/// The libraries of the system that Lambda's images have, and those that a CPython is linked with.
const KNOWN_TO_LAMBDA: [&str; 34] = [
    "libb2",
    "libbz2",
    "libc",
    "libcrypt",
    "libcrypto",
    "libdl",
    "libexpat",
    "libffi",
    "libgcc_s",
    "libgdbm",
    "libgdbm_compat",
    "liblzma",
    "libm",
    "libmpdec",
    "libncurses",
    "libncursesw",
    "libnsl",
    "libnss_dns",
    "libnss_files",
    "libpanelw",
    "libpthread",
    "libpython3",
    "libreadline",
    "libresolv",
    "librt",
    "libsqlite3",
    "libssl",
    "libstdc++",
    "libtinfo",
    "libtirpc",
    "libutil",
    "libuuid",
    "libz",
    "libzstd",
];

fn call(
    step: &str,
    first: Option<&Outcome>,
    second: Option<&Outcome>,
    after: Option<&Outcome>,
) -> Check {
    match (first, second, after) {
        (
            Some(Outcome::Value(first)),
            Some(Outcome::Value(second)),
            Some(Outcome::Value(after)),
        ) => {
            let by_itself = differences(first, second);
            let mut found = differences(first, after);
            found.retain(|(path, _)| !by_itself.iter().any(|(own, _)| covers(own, path)));
            if !found.is_empty() {
                let told = found.iter().take(MOST_TOLD).map(|(path, how)| format!("{path}: {how}"));
                return check(step, Verdict::Failed, told);
            }
            let paths: Vec<&str> = by_itself.iter().map(|(path, _)| path.as_str()).collect();
            let note = || format!("not comparable, it differs by itself: {}", paths.join(", "));
            let whole = by_itself.iter().any(|(path, _)| path == ROOT);
            let verdict = if whole { Verdict::Weak } else { Verdict::Passed };
            check(step, verdict, (!paths.is_empty()).then(note))
        }
        (Some(Outcome::Error(first)), _, Some(Outcome::Error(after))) if same(first, after) => {
            let why = format!("ends in the same exception on both sides: {}", raised(first));
            check(step, Verdict::Weak, [why])
        }
        (Some(Outcome::Died(first)), _, Some(Outcome::Died(after))) if first == after => {
            check(step, Verdict::Weak, [format!("the process ends on both sides: {first}")])
        }
        (None, _, None) => check(step, Verdict::Failed, ["it was not called".to_owned()]),
        (first, _, after) => {
            check(step, Verdict::Failed, [format!("{}; before: {}", told(after), told(first))])
        }
    }
}

/// What the whole of a result is called.
const ROOT: &str = "result";

/// Whether a place lies at or below another.
fn covers(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Where two values differ, and how.
fn differences(left: &Value, right: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(ROOT.to_owned(), left, right)];
    while let Some((path, left, right)) = open.pop() {
        match (left, right) {
            (Value::Object(a), Value::Object(b)) => {
                let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for key in keys {
                    let path = format!("{path}.{key}");
                    match (a.get(key), b.get(key)) {
                        (Some(a), Some(b)) => open.push((path, a, b)),
                        (Some(_), None) => found.push((path, "is missing".to_owned())),
                        (None, _) => found.push((path, "is new".to_owned())),
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let pairs = a.iter().zip(b).enumerate();
                open.extend(pairs.map(|(at, (a, b))| (format!("{path}[{at}]"), a, b)));
            }
            _ if left == right => {}
            _ => found.push((path, format!("{} instead of {}", short(right), short(left)))),
        }
    }
    found.sort();
    found
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// Whether two exceptions are of one type and say the same, paths and addresses aside.
fn same(left: &[Cause], right: &[Cause]) -> bool {
    let plain = |cause: Option<&Cause>| {
        let message = &cause?.message;
        let words = message.split_whitespace();
        let kept: Vec<&str> = words.filter(|word| !word.contains(['/', '0'])).collect();
        Some((cause?.kind.clone(), kept.join(" ")))
    };
    plain(left.first()) == plain(right.first())
}

fn modules(before: &Trial, after: &Trial, job: &Job) -> Check {
    let imports = |trial: &Trial, module: &String| {
        matches!(trial.outcome(&Job::module(module)), Some(Outcome::Value(_)))
    };
    let raw: Vec<&String> = job.modules.iter().filter(|module| imports(before, module)).collect();
    let lost: Vec<&&String> = raw.iter().filter(|module| !imports(after, module)).collect();
    let name = "imports of modules that ship";
    let counted = format!("{} of {}", raw.len() - lost.len(), raw.len());
    let told = lost
        .iter()
        .take(MOST_TOLD)
        .map(|module| format!("{module}: {}", told(after.outcome(&Job::module(module)))));
    match lost.is_empty() {
        true => check(name, Verdict::Passed, [counted]),
        false => check(name, Verdict::Failed, std::iter::once(counted).chain(told)),
    }
}

/// The same distributions, entry points and top-level names, but for distributions of which nothing
/// ships.
fn metadata(before: Option<&Outcome>, after: Option<&Outcome>, left_out: &[String]) -> Check {
    let name = "metadata of distributions";
    match (before, after) {
        (Some(Outcome::Value(before)), Some(Outcome::Value(after))) => {
            let wrong = metadata_differences(before, after, left_out);
            let verdict = if wrong.is_empty() { Verdict::Passed } else { Verdict::Failed };
            check(name, verdict, wrong.into_iter().take(MOST_TOLD))
        }
        (Some(Outcome::Value(_)), after) => check(name, Verdict::Failed, [told(after)]),
        (before, _) => {
            check(name, Verdict::Weak, [format!("the package as it was fails: {}", told(before))])
        }
    }
}

fn metadata_differences(before: &Value, after: &Value, left_out: &[String]) -> Vec<String> {
    let rows = |of: &Value, key: &str| -> BTreeSet<String> {
        of[key].as_array().into_iter().flatten().map(ToString::to_string).collect()
    };
    let is_left_out = |row: &Value| {
        let name = row[0].as_str().map(dist::normalize);
        name.is_some_and(|name| left_out.contains(&name))
    };
    let expected = before["distributions"].as_array().into_iter().flatten();
    let expected: BTreeSet<String> =
        expected.filter(|row| !is_left_out(row)).map(ToString::to_string).collect();
    let told = |row: &String, what: &str| format!("the {what} {row} differs");
    let found = rows(after, "distributions");
    let differs = expected.symmetric_difference(&found);
    let mut wrong: Vec<String> = differs.map(|row| told(row, "distribution")).collect();
    if left_out.is_empty() {
        let points = [before, after].map(|of| rows(of, "entry_points"));
        let differs = points[0].symmetric_difference(&points[1]);
        wrong.extend(differs.map(|row| told(row, "entry point")));
        let (lost, kept) = (&before["packages"], &after["packages"]);
        wrong.extend(differences(lost, kept).into_iter().map(|(path, how)| {
            format!("packages_distributions(): {}: {how}", path.trim_start_matches("result."))
        }));
    }
    wrong
}

fn untouched(after: &Trial) -> Check {
    let written = after.written.iter().take(MOST_TOLD);
    let notes: Vec<String> = written.map(|path| format!("{path} was written")).collect();
    let verdict = if notes.is_empty() { Verdict::Passed } else { Verdict::Failed };
    check("nothing is written into the function", verdict, notes)
}

/// What came of a step, in a sentence.
fn told(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => "it did not come to it".to_owned(),
        Some(Outcome::Value(_)) => "it ends well".to_owned(),
        Some(Outcome::Error(causes)) => raised(causes),
        Some(Outcome::Died(how)) => how.clone(),
    }
}

/// The exception and, where it is another, the one that began it; where it was raised.
fn raised(causes: &[Cause]) -> String {
    let one = |cause: &Cause| {
        let message = cause.message.lines().next().unwrap_or_default();
        let at = cause.frames.last().map(|at| format!(" at {at}")).unwrap_or_default();
        format!("{}: {message}{at}", cause.kind)
    };
    match causes {
        [] => "an exception".to_owned(),
        [only] => one(only),
        [first, .., root] => format!("{}, because of {}", one(first), one(root)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(value: Value) -> Option<Outcome> {
        Some(Outcome::Value(value))
    }

    fn verdict(first: Value, second: Value, after: Value) -> Verdict {
        let [first, second, after] = [first, second, after].map(value);
        call("e h", first.as_ref(), second.as_ref(), after.as_ref()).verdict
    }

    #[test]
    fn results_are_compared_but_for_what_differs_by_itself() {
        let at = |time: u32, n: u32| json!({"time": time, "n": [n, {"x": 1}]});
        assert_eq!(verdict(at(1, 5), at(2, 5), at(3, 5)), Verdict::Passed);
        assert_eq!(verdict(at(1, 5), at(2, 5), at(3, 6)), Verdict::Failed);
        assert_eq!(verdict(at(1, 5), at(1, 5), at(2, 5)), Verdict::Failed);
        assert_eq!(verdict(json!({"a": 1}), json!({"a": 1}), json!({})), Verdict::Failed);
        assert_eq!(verdict(json!({}), json!({}), json!({"a": 1})), Verdict::Failed);
        assert_eq!(verdict(json!(1), json!(2), json!(3)), Verdict::Weak, "nothing can be compared");
        let keys = |key: &str| json!({"ids": {key: 1}, "n": 1});
        assert_eq!(
            verdict(keys("a"), keys("b"), keys("c")),
            Verdict::Failed,
            "a new key is no old one"
        );
    }

    #[test]
    fn exceptions_of_one_kind_are_weak_evidence() {
        let error = |kind: &str, message: &str| {
            let (kind, message) = (kind.to_owned(), message.to_owned());
            let cause = Cause { kind, message, frames: Vec::new(), name: None, filename: None };
            Some(Outcome::Error(vec![cause]))
        };
        let old = error("KeyError", "'a' in /tmp/x");
        let verdict = |after: Option<Outcome>| {
            call("e h", old.as_ref(), old.as_ref(), after.as_ref()).verdict
        };
        assert_eq!(verdict(error("KeyError", "'a' in /var/task/x")), Verdict::Weak);
        assert_eq!(verdict(error("KeyError", "'b' in /tmp/x")), Verdict::Failed);
        assert_eq!(verdict(error("ValueError", "'a' in /tmp/x")), Verdict::Failed);
        assert_eq!(verdict(value(json!(1))), Verdict::Failed);
    }

    #[test]
    fn metadata_must_say_the_same() {
        let of = |names: &[&str], top: &str| {
            let rows: Vec<Value> = names.iter().map(|name| json!([name, "1"])).collect();
            json!({"distributions": rows, "entry_points": [["g", "n", "v"]], "packages": {top: ["a"]}})
        };
        let same = |before: &Value, after: &Value, left_out: &[&str]| {
            let left_out: Vec<String> = left_out.iter().map(|name| (*name).to_owned()).collect();
            metadata_differences(before, after, &left_out).is_empty()
        };
        let both = of(&["a", "b"], "a");
        assert!(same(&both, &both, &[]));
        assert!(!same(&both, &of(&["a", "b"], "c"), &[]));
        assert!(!same(&both, &of(&["a"], "a"), &[]));
        assert!(same(&both, &of(&["a"], "c"), &["b"]), "b was left out on purpose");
        assert!(!same(&of(&["a"], "a"), &both, &[]));
    }
}
