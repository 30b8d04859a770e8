use proptest::prelude::*;

use super::*;
use crate::options::Glob;
use std::sync::Arc;

const RULES: [&str; 3] = ["bytecode", "test-module", "type-stub"];

/// What is told of a text that is refused: message and hint.
fn refused(text: &str) -> String {
    let failure = read("slim.toml", text.as_bytes(), &RULES).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    let message = failure.to_string().replace("failed to read slim.toml: ", "");
    format!("{message} | {}", failure.next_step().unwrap())
}

#[test]
fn everything_that_can_stand_there() {
    let text = "keep = [\"a\"]\ndrop = [\"b/**\"]\n[rules]\noff = [\"type-stub\", \"bytecode\"]\n\
                [dist.Alpha_X]\nkeep = [\"c\"]\ndrop = [\"d\"]\n\
                [facts.beta]\nversions = \">=1\"\nreplace = true\n\
                [[facts.beta.drop]]\npart = \"p\"\nfiles = [\"beta/x\"]\nwhy = \"W.\"\n";
    let options = read("a.toml", text.as_bytes(), &RULES).unwrap().options(Vec::new());
    let told = |key: &str, globs: &[Arc<Glob>]| -> Vec<String> {
        globs.iter().map(|glob| glob.told(key)).collect()
    };
    let keep = ["`keep` in a.toml (a)", "`keep` of [dist.Alpha_X] in a.toml (c)"];
    assert_eq!(told("keep", &options.keep), keep);
    let drop = ["`drop` in a.toml (b/**)", "`drop` of [dist.Alpha_X] in a.toml (d)"];
    assert_eq!(told("drop", &options.drop), drop);
    assert_eq!(Vec::from_iter(&options.rules_off), ["bytecode", "type-stub"]);
    let [beta] = &options.facts[..] else { panic!("one distribution") };
    assert!(beta.replace && beta.drop.len() == 1 && !beta.versions.hold("0.9"));
    assert_eq!((beta.distribution.as_str(), beta.file.as_deref()), ("beta", Some("a.toml")));
    assert_eq!(options.config.as_deref(), Some("a.toml"));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let page = include_str!("../../README.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let options = read("slim.toml", example.as_bytes(), &RULES).unwrap().options(Vec::new());
    assert!(options.keep.len() == 2 && options.drop.len() == 1 && options.rules_off.len() == 1);
    let [known] = &options.facts[..] else { panic!("one distribution") };
    assert_eq!(known.hidden[0].needs, "acme/formats");
}

#[test]
fn nothing_asks_for_nothing() {
    for text in ["", "# nothing\n", "\u{feff}", "keep = []\r\n[rules]\r\n"] {
        let options = read("slim.toml", text.as_bytes(), &RULES).unwrap().options(Vec::new());
        assert!(options.keep.is_empty() && options.rules_off.is_empty(), "{text:?}");
    }
}

#[test]
fn a_refusal_names_line_and_key() {
    let cases = [
        ("\nkep = []", "line 2, there is no key `kep` | did you mean `keep`?"),
        ("[rule]\noff = []", "line 1, there is no key `rule` | did you mean `rules`?"),
        ("[rules]\nof = []", "line 2, rules: there is no key `of` | did you mean `off`?"),
        ("[dist.a]\nkept = []", "line 2, dist.a: there is no key `kept` | did you mean `keep`?"),
        (
            "[facts.a]\nx = 1",
            "line 2, facts.a: there is no key `x` | it can be distribution, replace, versions, ignore, loaders, hidden, select, drop, blank, reads",
        ),
        (
            "[[facts.a.drop]]\nfils = []",
            "line 2, facts.a.drop: there is no key `fils` | did you mean `files`?",
        ),
        (
            "[[facts.a.ignore]]\nfrom = 'x'\nhow = [\n'imprt']",
            "line 4, facts.a.ignore.how: there is no value `imprt` | did you mean `import`?",
        ),
        (
            "\n[facts.a]\ndistribution = 'b'",
            "line 2, facts.a: its distribution is b | leave the key distribution out: the table's name says it",
        ),
        (
            "[rules]\noff = ['bytecod']",
            "line 2, rules.off: there is no rule `bytecod` | did you mean `bytecode`?",
        ),
        (
            "[rules]\noff = [\n'everything']",
            "line 3, rules.off: there is no rule `everything` | `slim rules` lists the names",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(refused(text), wanted);
    }
}

#[test]
fn a_refused_value_comes_with_the_form_that_is_wanted() {
    let cases = [
        ("keep = 'a'", "line 1, keep: invalid type: ", "keep = [\"numpy/tests\"]"),
        ("keep = [\n  'a',\n  1,\n]", "line 3, keep: invalid type: ", "a list of globs"),
        ("drop = ['a/[b']", "line 1, drop: `a/[b` is no glob: ", "a list of globs"),
        ("[rules]\noff = true", "line 2, rules.off: invalid type: ", "off = [\"test-module\"]"),
        ("rules = 1", "line 1, rules: invalid type: integer `1`, expected a table", "[rules]"),
        ("dist = 1", "line 1, dist: ", "[dist.numpy]"),
        ("[dist]\nnumpy = 1", "line 2, dist.numpy: ", "expected a table"),
        ("[facts]\nnumpy = 1", "line 2, facts.numpy: ", "expected a table"),
        (
            "[facts.a]\nversions = '~=1'",
            "line 2, facts.a.versions: ~=1 is no comparison",
            "[[facts.",
        ),
        ("[[facts.a.drop]]\npart = 'x'", "line 1, facts.a.drop: missing key `files`", "[[facts."),
        ("[facts.a]\ndrop = [1]", "line 2, facts.a.drop: ", "expected a table"),
        ("keep = [", "line 1, unclosed array", "a line is such as"),
        ("\nkeep = []\nkeep = []", "line 3, duplicate key", "a line is such as"),
        ("keep", "line 1, key with no value", "a line is such as"),
    ];
    for (text, begins, wanted) in cases {
        let told = refused(text);
        assert!(told.starts_with(begins) && told.contains(wanted), "{text}: {told}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read("slim.toml", &bytes, &RULES);
    }

    #[test]
    fn any_lines_like_its_own_are_read_or_refused(lines in prop::collection::vec(
        prop::sample::select(vec![
            "keep = [", "]", "'a', 'b/**'", "drop = ['[a']", "[rules]", "off = ['x`y']", "off = 1",
            "[dist.a]", "[dist]", "[facts]", "[[facts.a.drop]]", "[facts.\"`\"]", "part = ''",
            "files = ['{']", "why = '''", "how = ['`, expected `']", "\"`, expected `\" = 1",
            "keep.x = 1", "a = {b = [", "versions = '>=é'", "\u{feff}", "replace = 'no'", "é = 1",
        ]),
        0..8,
    )) {
        let _ = read("slim.toml", lines.join("\n").as_bytes(), &RULES);
    }
}
