//! What was right before, and is it now?

use std::collections::BTreeSet;

use serde_json::Value;

use super::emulator::Emulated;
use super::trial::{Cause, Event, Job, METADATA, MODULES, Outcome, Trial};
use super::{Check, Verdict};
use crate::python::dist;
use crate::tree::file_name;

/// Most differences that are told of one check.
const MOST_TOLD: usize = 5;

/// Every check of a package against what was made of it.
pub(super) fn all(before: &[Trial], after: &Trial, job: &Job) -> Vec<Check> {
    let mut checks = Vec::new();
    for handler in &job.handlers {
        let step = Job::import(handler);
        checks.push(import(&step, &before[0], after));
    }
    for event in &job.events {
        for handler in &job.handlers {
            let step = Job::call(event, handler);
            let known: Vec<_> = before.iter().filter_map(|trial| trial.outcome(&step)).collect();
            checks.push(call(&step, &known, after.outcome(&step)));
        }
    }
    if !job.modules.is_empty() {
        checks.push(modules(&before[0], after, job));
    }
    checks.push(metadata(before[0].outcome("metadata"), after.outcome("metadata"), job));
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
        let mut import = ends_well(&Job::import(handler));
        let (known, _) = leaks(after, after);
        if !known.is_empty() && import.verdict == Verdict::Passed {
            import.notes.push(leaked(&known));
        }
        checks.push(import);
        checks.extend(job.events.iter().map(|event| ends_well(&Job::call(event, handler))));
    }
    checks.push(untouched(after));
    checks
}

/// The events under the emulator. `known` is what the proof saw of the package as it was: results that
/// differ there differ by themselves.
pub(super) fn emulated(
    known: &[Trial],
    before: &[Emulated],
    after: &[Emulated],
    job: &Job,
) -> Vec<Check> {
    let handler = job.handlers.first().map_or("", String::as_str);
    let one = |event: &Event| {
        let step = format!("emulator: {}", Job::call(event, handler));
        let outcomes = |runs: &'_ [Emulated]| -> Vec<Outcome> {
            let of = |run: &Emulated| match (run.outcomes.get(&event.name), &run.ended) {
                (Some(outcome), _) => outcome.clone(),
                (None, Some(how)) => Outcome::Died(how.clone()),
                (None, None) => Outcome::Died("it did not come to it".to_owned()),
            };
            runs.iter().map(of).collect()
        };
        let (emulated, after) = (outcomes(before), outcomes(after));
        // First what the proof saw: an emulator that fails on both sides proves nothing.
        let direct = known.iter().filter_map(|trial| trial.outcome(&Job::call(event, handler)));
        let is_value = |outcome: &&Outcome| matches!(outcome, Outcome::Value(_));
        let before: Vec<Outcome> = direct.filter(is_value).cloned().chain(emulated).collect();
        if known.is_empty() {
            return match after.first() {
                Some(Outcome::Value(_)) => check(&step, Verdict::Passed, None),
                other => check(&step, Verdict::Failed, [told(other)]),
            };
        }
        let before: Vec<&Outcome> = before.iter().collect();
        let checks = after.iter().map(|outcome| call(&step, &before, Some(outcome)));
        let worst = checks.max_by_key(|check| check.verdict);
        worst.unwrap_or_else(|| call(&step, &before, None))
    };
    job.events.iter().map(one).collect()
}

/// What failed and went well when it was run again differs by itself: that says little, but no more.
pub(super) fn forgive(checks: &mut [Check], again: &[Check]) {
    for check in checks.iter_mut().filter(|check| check.verdict == Verdict::Failed) {
        let is_well = |other: &Check| other.name == check.name && other.verdict != Verdict::Failed;
        if again.iter().any(is_well) {
            check.verdict = Verdict::Weak;
            check.notes.push("it went well when it was run again: it differs by itself".to_owned());
        }
    }
}

fn check(name: &str, verdict: Verdict, notes: impl IntoIterator<Item = String>) -> Check {
    Check { name: name.to_owned(), verdict, notes: notes.into_iter().collect() }
}

fn import(step: &str, before: &Trial, after: &Trial) -> Check {
    match (before.outcome(step), after.outcome(step)) {
        (Some(Outcome::Value(_)), Some(Outcome::Value(_))) => {
            let (known, new) = leaks(before, after);
            match (new.is_empty(), known.is_empty()) {
                (false, _) => {
                    check(step, Verdict::Failed, [format!("only now it {}", leaked(&new))])
                }
                (_, false) => check(step, Verdict::Passed, [leaked(&known)]),
                _ => check(step, Verdict::Passed, None),
            }
        }
        (Some(Outcome::Value(_)), after) => check(step, Verdict::Failed, [told(after)]),
        (before, _) => {
            let why = format!("{FAILS_ANYWAY}: {}", told(before));
            check(step, Verdict::Failed, [why])
        }
    }
}

/// Libraries of the host that Lambda may not have, by file name: those that the package as it was
/// loads too, and the others.
fn leaks<'t>(before: &Trial, after: &'t Trial) -> (Vec<&'t str>, Vec<&'t str>) {
    let is_odd = |path: &&String| {
        let stem = file_name(path).split(".so").next().unwrap_or_default();
        !KNOWN_TO_LAMBDA.contains(&stem) && !stem.starts_with("ld-")
    };
    let odd = after.libraries.iter().filter(is_odd);
    let (known, new): (Vec<&String>, Vec<&String>) =
        odd.partition(|path| before.libraries.contains(path));
    let names = |paths: Vec<&'t String>| paths.into_iter().map(|path| file_name(path)).collect();
    (names(known), names(new))
}

fn leaked(names: &[&str]) -> String {
    format!("loads libraries of this machine that Lambda may lack: {}", names.join(", "))
}

/// How it is told that the package as it was fails too.
pub(super) const FAILS_ANYWAY: &str = "not proven: the package as it was fails too";

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

fn call(step: &str, before: &[&Outcome], after: Option<&Outcome>) -> Check {
    let Some((first, others)) = before.split_first() else {
        return match after {
            None => {
                check(step, Verdict::Weak, ["it did not come to it, on either side".to_owned()])
            }
            Some(_) => check(
                step,
                Verdict::Failed,
                ["the package as it was did not come to it".to_owned()],
            ),
        };
    };
    match (first, after) {
        (Outcome::Value(first), Some(Outcome::Value(after))) => {
            let mut by_itself: Vec<(String, String)> = Vec::new();
            for other in others {
                match other {
                    Outcome::Value(other) => by_itself.extend(differences(first, other)),
                    _ => {
                        let why = "the package as it was fails at times".to_owned();
                        return check(step, Verdict::Weak, [why]);
                    }
                }
            }
            by_itself.sort();
            by_itself.dedup_by(|a, b| a.0 == b.0);
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
        (Outcome::Error(first), Some(Outcome::Error(after))) if same(before, after) => {
            let why = format!("ends in the same exception on both sides: {}", raised(first));
            check(step, Verdict::Weak, [why])
        }
        (Outcome::Died(first), Some(Outcome::Died(after))) if first == after => {
            check(step, Verdict::Weak, [format!("the process ends on both sides: {first}")])
        }
        (first, after) => check(
            step,
            Verdict::Failed,
            [format!("{}; before: {}", told(after), told(Some(first)))],
        ),
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
            // What API Gateway wants of a body: JSON in a string.
            (Value::String(a), Value::String(b)) if nested(a).is_some() && nested(b).is_some() => {
                let (a, b) = (nested(a).unwrap_or_default(), nested(b).unwrap_or_default());
                let inside = differences(&a, &b);
                if inside.is_empty() {
                    found.push((path.clone(), "is written otherwise".to_owned()));
                }
                let inside = inside.into_iter();
                found.extend(inside.map(|(at, how)| (at.replacen(ROOT, &path, 1), how)));
            }
            _ => found.push((path, format!("{} instead of {}", short(right), short(left)))),
        }
    }
    found.sort();
    found
}

/// The object or array that a string holds as JSON.
fn nested(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// Whether an exception is one that the package as it was ends in: of the same types, from the
/// outermost to the first, with the same words, paths and addresses aside; and where its words differ
/// by themselves, of the same types.
fn same(before: &[&Outcome], after: &[Cause]) -> bool {
    let plain = |cause: &Cause| {
        let words = cause.message.split_whitespace();
        let kept = words.filter(|word| !word.contains('/') && !word.contains("0x"));
        (cause.kind.clone(), kept.map(str::to_owned).collect::<Vec<_>>().join(" "))
    };
    let chain = |causes: &[Cause]| causes.iter().map(plain).collect::<Vec<_>>();
    let kinds = |causes: &[Cause]| causes.iter().map(|c| c.kind.clone()).collect::<Vec<_>>();
    let errors: Vec<&Vec<Cause>> = before
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Error(causes) => Some(causes),
            _ => None,
        })
        .collect();
    let wanders = errors.windows(2).any(|pair| chain(pair[0]) != chain(pair[1]));
    errors.iter().any(|error| match wanders {
        true => kinds(error) == kinds(after),
        false => chain(error) == chain(after),
    })
}

fn modules(before: &Trial, after: &Trial, job: &Job) -> Check {
    let imports = |trial: &Trial, module: &String| {
        matches!(trial.outcome(&Job::module(module)), Some(Outcome::Value(_)))
    };
    let raw: Vec<&String> = job.modules.iter().filter(|module| imports(before, module)).collect();
    let lost: Vec<&&String> = raw.iter().filter(|module| !imports(after, module)).collect();
    let name = MODULES;
    let counted = format!("{} of {}", raw.len() - lost.len(), raw.len());
    let told = lost
        .iter()
        .take(MOST_TOLD)
        .map(|module| format!("{module}: {}", told(after.outcome(&Job::module(module)))));
    match lost.is_empty() {
        true if raw.is_empty() => check(name, Verdict::Weak, [counted]),
        true => check(name, Verdict::Passed, [counted]),
        false => check(name, Verdict::Failed, std::iter::once(counted).chain(told)),
    }
}

/// The same distributions, entry points and top-level names, but for distributions of which nothing
/// ships, and those of other packages in a shared layer.
fn metadata(before: Option<&Outcome>, after: Option<&Outcome>, job: &Job) -> Check {
    let name = METADATA;
    match (before, after) {
        (Some(Outcome::Value(before)), Some(Outcome::Value(after))) => {
            let wrong = metadata_differences(before, after, &job.left_out, &job.elsewhere);
            let verdict = if wrong.is_empty() { Verdict::Passed } else { Verdict::Failed };
            check(name, verdict, wrong.into_iter().take(MOST_TOLD))
        }
        (Some(Outcome::Value(_)), after) => check(name, Verdict::Failed, [told(after)]),
        (before, _) => {
            check(name, Verdict::Weak, [format!("the package as it was fails: {}", told(before))])
        }
    }
}

/// The distributions, by name, of which something is not told any more.
pub(super) fn untold(before: &Trial, after: &Trial, job: &Job) -> BTreeSet<String> {
    let of = |trial: &Trial| match trial.outcome("metadata") {
        Some(Outcome::Value(value)) => value.clone(),
        _ => Value::Null,
    };
    let (before, after) = (of(before), of(after));
    let mut names = BTreeSet::new();
    for key in ["distributions", "entry_points", "packages"] {
        let rows = |of: &'_ Value| of[key].as_array().cloned().unwrap_or_default();
        let now = rows(&after);
        for row in rows(&before).into_iter().filter(|row| !now.contains(row)) {
            let name = row[0].as_str().unwrap_or_default();
            if !name.is_empty() && !job.left_out.contains(&dist::normalize(name)) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Each row begins with the name of its distribution.
fn metadata_differences(
    before: &Value,
    after: &Value,
    left_out: &[String],
    elsewhere: &[String],
) -> Vec<String> {
    let rows = |of: &Value, key: &str, but: &[String]| -> BTreeSet<String> {
        let all = of[key].as_array().into_iter().flatten();
        let is_in = |row: &&Value| {
            let name = row[0].as_str().map(dist::normalize).unwrap_or_default();
            !but.contains(&name)
        };
        all.filter(is_in).map(ToString::to_string).collect()
    };
    let kinds = [
        ("distributions", "the distribution"),
        ("entry_points", "the entry point"),
        ("packages", "the top-level name"),
    ];
    let mut wrong = Vec::new();
    for (key, what) in kinds {
        let (expected, found) = (rows(before, key, left_out), rows(after, key, &[]));
        let lost = expected.difference(&found).map(|row| format!("{what} {row} is missing"));
        wrong.extend(lost);
        let all = rows(before, key, &[]);
        let new = rows(after, key, elsewhere);
        wrong.extend(new.difference(&all).map(|row| format!("{what} {row} is new")));
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
        let own = |frame: &&String| !frame.starts_with('<');
        let at =
            cause.frames.iter().rev().find(own).map(|at| format!(" at {at}")).unwrap_or_default();
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

    fn verdict(first: Value, second: Value, after: Value) -> Verdict {
        let [first, second, after] = [first, second, after].map(Outcome::Value);
        call("e h", &[&first, &second], Some(&after)).verdict
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
        let body = |time: u32, n: u32| json!({"body": at(time, n).to_string()});
        assert_eq!(verdict(body(1, 5), body(2, 5), body(3, 5)), Verdict::Passed);
        assert_eq!(verdict(body(1, 5), body(2, 5), body(3, 6)), Verdict::Failed, "in the body");
        let text = |text: &str| json!({"body": text});
        let (loose, tight) = (text("[1, 2]"), text("[1,2]"));
        assert_eq!(verdict(loose.clone(), loose, tight), Verdict::Failed, "other text");
        let keys = |key: &str| json!({"ids": {key: 1}, "n": 1});
        assert_eq!(
            verdict(keys("a"), keys("b"), keys("c")),
            Verdict::Failed,
            "a new key is no old one"
        );
    }

    fn error(causes: &[(&str, &str)]) -> Outcome {
        let cause = |(kind, message): &(&str, &str)| Cause {
            kind: (*kind).to_owned(),
            message: (*message).to_owned(),
            frames: Vec::new(),
            name: None,
            filename: None,
        };
        Outcome::Error(causes.iter().map(cause).collect())
    }

    #[test]
    fn exceptions_of_one_kind_are_weak_evidence() {
        let old = error(&[("KeyError", "'a0' in /tmp/x")]);
        let verdict = |after: &Outcome| call("e h", &[&old, &old], Some(after)).verdict;
        assert_eq!(verdict(&error(&[("KeyError", "'a0' in /var/task/x")])), Verdict::Weak);
        assert_eq!(verdict(&error(&[("KeyError", "'b0' in /tmp/x")])), Verdict::Failed);
        assert_eq!(verdict(&error(&[("ValueError", "'a0' in /tmp/x")])), Verdict::Failed);
        assert_eq!(verdict(&Outcome::Value(json!(1))), Verdict::Failed);
        let outer = ("RuntimeError", "internal");
        let of = |inner| error(&[outer, inner]);
        let verdict =
            |old: &Outcome, after: &Outcome| call("e h", &[old, old], Some(after)).verdict;
        let (before, after) = (of(("ClientError", "x")), of(("ModuleNotFoundError", "y")));
        assert_eq!(verdict(&before, &after), Verdict::Failed, "what began it is another");
        let ids = ["1", "2", "3"].map(|id| error(&[("E", id)]));
        assert_eq!(call("e h", &[&ids[0], &ids[1]], Some(&ids[2])).verdict, Verdict::Weak);
        let value = Outcome::Value(json!(1));
        assert_eq!(
            call("e h", &[&value, &ids[0]], Some(&value)).verdict,
            Verdict::Weak,
            "at times"
        );
    }

    #[test]
    fn what_fails_once_is_weak_and_what_fails_again_is_not() {
        let of = |verdicts: [Verdict; 2]| {
            let check = |(name, verdict): (&str, Verdict)| check(name, verdict, None);
            ["a", "b"].into_iter().zip(verdicts).map(check).collect::<Vec<Check>>()
        };
        let mut checks = of([Verdict::Failed, Verdict::Failed]);
        forgive(&mut checks, &of([Verdict::Passed, Verdict::Failed]));
        assert_eq!(checks[0].verdict, Verdict::Weak);
        assert_eq!(checks[1].verdict, Verdict::Failed);
        forgive(&mut checks, &[]);
        assert_eq!(checks[1].verdict, Verdict::Failed, "it did not come to it");
    }

    #[test]
    fn metadata_must_say_the_same() {
        let of = |names: &[&str], top: &str| {
            let rows: Vec<Value> = names.iter().map(|name| json!([name, "1"])).collect();
            let points: Vec<Value> =
                names.iter().map(|name| json!([name, "g", "n", "v"])).collect();
            json!({"distributions": rows, "entry_points": points, "packages": [["a", top]]})
        };
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let same = |before: &Value, after: &Value, left_out: &[&str], elsewhere: &[&str]| {
            metadata_differences(before, after, &own(left_out), &own(elsewhere)).is_empty()
        };
        let both = of(&["a", "b"], "a");
        assert!(same(&both, &both, &[], &[]));
        assert!(!same(&both, &of(&["a", "b"], "c"), &[], &[]));
        assert!(!same(&both, &of(&["a"], "a"), &[], &[]));
        assert!(same(&both, &of(&["a"], "a"), &["b"], &[]), "b was left out on purpose");
        assert!(!same(&both, &of(&["a"], "c"), &["b"], &[]), "a is there and says another name");
        assert!(!same(&of(&["a"], "a"), &both, &[], &[]));
        assert!(
            same(&of(&["a"], "a"), &both, &[], &["b"]),
            "another function's, in the shared layer"
        );
    }
}
