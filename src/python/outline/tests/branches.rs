//! Where statements stand, and which never run.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::super::super::oracle;
use super::{imports, modules, outline};

#[test]
fn knows_functions_and_programs() {
    let source = "\
import top
def f():
    import in_function
    if x:
        import deeper
async def g(): import in_async
class C:
    import in_class
    def h(self):
        import in_method
    import after_method
if __name__ == '__main__':
    import in_main
    def main(): import in_both
elif '__main__' == __name__: import mirrored
else: import in_else
if __name__ != '__main__': import not_main
if __name__ == __main__ or x: import other
with x:
    import last
";
    let shown: Vec<_> = outline(source)
        .imports
        .iter()
        .map(|import| {
            let standing = import.standing;
            assert!(!standing.never);
            let function = if standing.in_function { "f" } else { "" };
            let main = if standing.in_main { "m" } else { "" };
            format!("{} {function}{main}", import.module)
        })
        .collect();
    let expected = [
        "top ",
        "in_function f",
        "deeper f",
        "in_async f",
        "in_class ",
        "in_method f",
        "after_method ",
        "in_main m",
        "in_both fm",
        "mirrored m",
        "in_else ",
        "not_main ",
        "other ",
        "last ",
    ];
    assert_eq!(shown, expected);
}

/// Whether the branch behind `condition` runs, and the one behind its `else`.
fn runs(condition: &str) -> (bool, bool) {
    let modules = modules(&format!("if {condition}:\n  import yes\nelse:\n  import no\n"));
    (modules.iter().any(|name| name == "yes"), modules.iter().any(|name| name == "no"))
}

const TRUE: &[&str] = &[
    "True",
    "1",
    "not TYPE_CHECKING",
    "sys.platform == 'linux'",
    "sys.platform != 'win32'",
    "sys.platform.startswith('linux')",
    "sys.platform.startswith('lin')",
    "sys.platform in ('win32', 'linux')",
    "sys.platform in ['linux',]",
    "sys.platform in ('linux2')",
    "os.name == 'posix'",
    "os.name != \"nt\"",
    "sys.version_info >= (3, 12)",
    "sys.version_info >= (3, 11, 4)",
    "sys.version_info >= (3,)",
    "sys.version_info > (3, 12)",
    "sys.version_info > (3,)",
    "sys.version_info < (3, 13)",
    "sys.version_info <= (3, 13, 1)",
    "sys.version_info != (3, 11)",
    "sys.version_info[0] == 3",
    "sys.version_info[0] >= 3",
    "sys.version_info.major > 2",
    "sys.version_info[1] >= 12",
    "sys.version_info.minor < 13",
    "not (3 and x) or True",
    "x or sys.version_info >= (3, 8)",
    "not x or not 0",
    "True and not False and 1",
];

const FALSE: &[&str] = &[
    "False",
    "0",
    "TYPE_CHECKING",
    "typing.TYPE_CHECKING",
    "t.TYPE_CHECKING",
    "not True",
    "not not TYPE_CHECKING",
    "sys.platform == 'win32'",
    "sys.platform != 'linux'",
    "sys.platform.startswith('win')",
    "sys.platform in ('win32', 'cygwin')",
    "sys.platform in {'darwin'}",
    "sys.platform in ('win32')",
    "os.name == 'nt'",
    "os.name in ('nt', 'ce')",
    "sys.version_info < (3, 12)",
    "sys.version_info < (3,)",
    "sys.version_info <= (3, 12)",
    "sys.version_info <= (3, 11, 9)",
    "sys.version_info >= (3, 13)",
    "sys.version_info > (3, 13)",
    "sys.version_info == (3, 11)",
    "sys.version_info >= (4,)",
    "sys.version_info[0] == 2",
    "sys.version_info[0] < 3",
    "sys.version_info[0] != 3",
    "sys.version_info.major <= 2",
    "sys.version_info.minor < 12",
    "x and sys.version_info < (3, 8)",
    "TYPE_CHECKING and x or os.name == 'nt' and y",
    "not x and 0",
    "False or 0",
];

const UNKNOWN: &[&str] = &[
    "x",
    "not x",
    "'0'",
    "'False'",
    "'TYPE_CHECKING'",
    "f'{0}'",
    "f'{sys.platform}-x' == 'linux-x'",
    "sys.platform == f'win{x}'",
    "sys.platform == win32",
    "sys.platform == 'win' '32'",
    "sys.platform not in ('linux', 'win32')",
    "sys.platform in ('win32', x)",
    "sys.platform in windows",
    "sys.platform.endswith('x')",
    "sys.platform",
    "x.platform == 'win32'",
    "x.sys.platform == 'win32'",
    "os.name < 'nt'",
    "sys.version_info",
    "sys.version_info >= (3, 12, 1)",
    "sys.version_info < (3, 12, 4)",
    "sys.version_info >= x",
    "sys.version_info >= (3, x)",
    "sys.version_info[0] == x",
    "sys.version_info[0] == '2'",
    "sys.version_info[2] > 1",
    "sys.version_info.micro > 1",
    "x or TYPE_CHECKING",
    "x and not TYPE_CHECKING",
    "x or 0 and y",
    "0 and x if y else z",
    "TYPE_CHECKING or lambda: 0",
    "TYPE_CHECKING == x",
    "TYPE_CHECKING.x",
    "f(TYPE_CHECKING)",
    "0 < x",
    "0x1",
    "10",
    "[0]",
    "__name__ == '__main__'",
];

#[test]
fn decides_what_the_platform_decides() {
    for condition in TRUE {
        assert_eq!(runs(condition), (true, false), "{condition}");
    }
    for condition in FALSE {
        assert_eq!(runs(condition), (false, true), "{condition}");
    }
    for condition in UNKNOWN {
        assert_eq!(runs(condition), (true, true), "{condition}");
    }
}

#[test]
fn long_conditions_are_not_known() {
    let long = |names: usize| format!("0 and ({})", "x, ".repeat(names));
    assert_eq!(runs(&long(20)), (false, true));
    assert_eq!(runs(&long(1_000)), (true, true));
}

#[test]
fn one_branch_decides_those_behind_it() {
    let alternatives = |conditions: [&str; 3]| {
        let [a, b, c] = conditions;
        modules(&format!(
            "if {a}: import a\nelif {b}: import b\nelif {c}:\n  import c\nelse: import d\n"
        ))
        .concat()
    };
    assert_eq!(alternatives(["x", "y", "z"]), "abcd");
    assert_eq!(alternatives(["0", "y", "z"]), "bcd");
    assert_eq!(alternatives(["1", "y", "z"]), "a");
    assert_eq!(alternatives(["x", "1", "z"]), "ab");
    assert_eq!(alternatives(["x", "0", "z"]), "acd");
    assert_eq!(alternatives(["x", "y", "1"]), "abc");
    assert_eq!(alternatives(["0", "0", "0"]), "d");
    assert_eq!(alternatives(["0", "1", "z"]), "b");
    assert_eq!(alternatives(["0", "0", "z"]), "cd");
    assert_eq!(alternatives(["1", "1", "1"]), "a");
    assert_eq!(alternatives(["x", "0", "1"]), "ac");
}

#[test]
fn dedents_end_branches() {
    let source = "\
if TYPE_CHECKING:
    import a
    if x:
        import b

# comment
    else: import c
    def f():
        if 1:
            import d
        import e
import top
if 1:
    if 0:
        import f
    elif x: import in_elif
else:
    import g
for _ in x: pass
else: import in_for_else
if 1: pass
while x:
    if 1: break
else:
    import in_while_else
if 1: pass
try: pass
except E: pass
else: import in_try_else
if 0: import h; from i import j
import last
";
    let expected = [
        "12::top",
        "16::in_elif",
        "20::in_for_else",
        "25::in_while_else",
        "29::in_try_else",
        "31::last",
    ];
    let shown = |line: &str| {
        let mut parts = line.split(':');
        format!("{}::{}", parts.next().expect("a line"), parts.next().expect("a module"))
    };
    assert_eq!(imports(source).iter().map(|line| shown(line)).collect::<Vec<_>>(), expected);
}

#[test]
fn strings_and_calls_of_dead_branches_are_left_out() {
    let source = "\
if sys.platform == 'win32':
    x = 'a', f'{y['b']}', import_x('c')
elif x: x = 'd'
y = import_x('e')
";
    let outline = outline(source);
    let texts: Vec<_> = outline.texts.iter().map(|text| &text.value).collect();
    assert_eq!(texts, ["win32", "d", "e"]);
    assert_eq!(outline.calls.len(), 1);
    assert_eq!(outline.calls[0].argument, super::super::Argument::Text(2));
}

/// What each condition can be where the platform is as it is: a list of booleans, null for an
/// error.
const OUTCOMES: &str = r#"
import json, sys, types
class Version(tuple):
    major = property(lambda self: self[0])
    minor = property(lambda self: self[1])
    micro = property(lambda self: self[2])
answers = []
for condition in json.load(sys.stdin):
    code = compile(condition, "", "eval")
    outcomes = set()
    for micro in (0, 4, 7):
        for known in range(8):
            names = {
                "sys": types.SimpleNamespace(platform="linux", version_info=Version((3, 12, micro, "final", 0))),
                "os": types.SimpleNamespace(name="posix"),
                "typing": types.SimpleNamespace(TYPE_CHECKING=False),
                "TYPE_CHECKING": False,
                "x": bool(known & 1), "y": bool(known & 2), "z": bool(known & 4),
            }
            try:
                outcomes.add(bool(eval(code, names)))
            except Exception:
                outcomes.add(None)
    answers.append(list(outcomes))
json.dump(answers, sys.stdout)
"#;

#[test]
fn what_never_runs_never_runs_in_python() {
    let atoms: Vec<&str> = [TRUE, FALSE, UNKNOWN].concat();
    let condition =
        prop::sample::select(atoms).prop_map(str::to_owned).prop_recursive(3, 8, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("x if {a} else {b}")),
                inner.clone().prop_map(|a| format!("not {a}")),
                inner.prop_map(|a| format!("({a})")),
            ]
        });
    let mut runner = proptest::test_runner::TestRunner::default();
    let conditions: Vec<String> =
        (0..4_000).map(|_| condition.new_tree(&mut runner).expect("a tree").current()).collect();
    // `not` before a conditional expression or a lambda in an operator is no Python.
    let conditions: Vec<String> = conditions
        .into_iter()
        .filter(|c| crate::python::source::read(format!("if {c}: pass").as_bytes()).is_ok())
        .collect();
    let answers =
        oracle::ask(OUTCOMES, serde_json::to_string(&conditions).expect("JSON").as_bytes());
    let answers: Vec<Vec<Option<bool>>> = serde_json::from_value(answers).expect("outcomes");
    let (mut decided, mut could_be) = (0, 0);
    for (condition, outcomes) in conditions.iter().zip(answers) {
        let (yes, no) = runs(condition);
        assert!(yes || !outcomes.contains(&Some(true)), "{condition} may hold");
        assert!(no || !outcomes.contains(&Some(false)), "{condition} may not hold");
        decided += usize::from(!yes || !no);
        could_be += usize::from(outcomes.len() == 1 && outcomes[0].is_some());
    }
    println!("{decided} of {} conditions decided, {could_be} are constant", conditions.len());
    assert!(conditions.len() > 2_000 && decided * 3 > could_be, "{decided}, {could_be}");
}
