use proptest::prelude::*;

use std::sync::Arc;

use super::*;
use crate::options::Glob;

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

/// The keys that serde would take in a table, as it tells where one is none of them.
fn taken(table: &str) -> Vec<String> {
    let head = match table {
        "" => String::new(),
        "function" => "[[function]]\n".to_owned(),
        table => format!("[{table}]\n"),
    };
    let error = toml::from_str::<Form>(&format!("{head}\"?\" = 1\n")).unwrap_err();
    let (_, names) = error
        .message()
        .split_once(", expected one of ")
        .or_else(|| error.message().split_once(", expected "))
        .unwrap();
    let mut names: Vec<String> = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn the_list_of_keys_is_true() {
    let tables = ["layer", "cache", "rules", "dist", "facts", "function"];
    for table in ["", "layer", "cache", "rules", "dist.NAME", "function"] {
        let own = |key: &&keys::Key| key.table == table || table == "function" && key.of_functions;
        let mut listed: Vec<&str> = keys::KEYS.iter().filter(own).map(|key| key.name).collect();
        if table.is_empty() {
            listed.extend(tables);
        }
        listed.sort();
        assert_eq!(taken(table), listed, "{table}");
    }
    for key in keys::KEYS {
        let head = match key.table {
            "" => String::new(),
            "function" => "[[function]]\nname = \"a\"\npath = \"b\"\n".to_owned(),
            table => format!("[{table}]\n"),
        };
        let text = match (key.table, key.name) {
            ("function", "name" | "path") => head,
            _ => format!("{head}{} = {}\n", key.name, key.value),
        };
        let read = read("slim.toml", text.as_bytes(), &RULES);
        assert!(read.is_ok(), "{text}: {:?}", read.err());
    }
}

#[test]
fn the_page_lists_every_key() {
    let page = include_str!("../../docs/configuration.md");
    let listed = keys::page();
    assert!(page.ends_with(&listed), "the end of docs/configuration.md must be:\n{listed}");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let config = read("slim.toml", example.as_bytes(), &RULES).unwrap();
    assert_eq!(config.function_names(), ["orders", "thumbnails"]);
}

fn environment(variables: &[(&str, &str)]) -> Result<Environment, Failure> {
    Environment::read(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

#[test]
fn every_variable_says_what_its_key_says() {
    let mut listed: Vec<&str> = keys::KEYS.iter().map(|key| key.variable).collect();
    listed.retain(|name| !name.is_empty());
    listed.extend(["SLIM_CONFIG", "SLIM_NO_CACHE"]);
    listed.sort();
    assert_eq!(environment::variables().collect::<Vec<_>>(), listed);
    for key in keys::KEYS.iter().filter(|key| !key.variable.is_empty()) {
        let head = if key.table.is_empty() { String::new() } else { format!("[{}]\n", key.table) };
        let text = format!("{head}{} = {}\n", key.name, key.value);
        let written = read("slim.toml", text.as_bytes(), &RULES).unwrap();
        let set = environment(&[(key.variable, key.value.trim_matches('"'))]).unwrap();
        let set = Config { environment: set, ..Config::default() };
        let told = |config: &Config| format!("{:?} {:?}", config.settings(&[]), config.cache());
        assert_eq!(told(&set), told(&written), "{}", key.variable);
        assert_ne!(told(&set), told(&Config::default()), "{}", key.variable);
    }
    let named = environment(&[("SLIM_CONFIG", "a"), ("SLIM_NO_CACHE", "1")]).unwrap();
    assert!(named.config.is_some() && named.cache.off);
}

#[test]
fn variables_that_are_none() {
    let refused = |name: &str, value: &str| {
        let failure = environment(&[(name, value)]).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        format!("{failure} | {}", failure.next_step().unwrap())
    };
    assert_eq!(
        refused("SLIM_LEVEL", "maxx"),
        "failed to read SLIM_LEVEL: there is no value `maxx` | did you mean `max`?"
    );
    assert_eq!(
        refused("SLIM_PYTHON", "3.8"),
        "failed to read SLIM_PYTHON: \"3.8\" is none: a Python between 3.9 and 3.14 is wanted | set it to another value, or to none: SLIM_PYTHON="
    );
    for (name, value) in [
        ("SLIM_VERIFY", "perhaps"),
        ("SLIM_MAX_ZIPPED", "much"),
        ("SLIM_MAX_GROWTH", "2"),
        ("SLIM_PAGE_SIZE", "64KiB"),
        ("SLIM_ARCH", "riscv"),
    ] {
        assert!(refused(name, value).contains(name));
    }
    let slips =
        environment(&[("SLIM_LEVL", "max"), ("SLIM_HOME", "x"), ("SLIM_LEVEL", "")]).unwrap();
    assert_eq!(slips.slips, [("SLIM_LEVL".to_owned(), "SLIM_LEVEL")]);
    assert!(slips.settings.level.is_none(), "an empty one says nothing");
}

#[test]
fn functions_are_refused_with_line_and_reason() {
    let two = |second: &str| {
        format!(
            "[[function]]\nname = 'api'\npath = 'a'\n\n[[function]]\nname = '{second}'\npath = 'b'\n"
        )
    };
    let cases = [
        (two("api"), "line 6, function.name: `api` is taken | line 2 has `api`; each"),
        (two("API"), "line 6, function.name: `API` is taken | line 2 has `api`; each"),
        (two("layer-2"), "line 6, function.name: layer-2.zip could be mistaken for a layer | "),
        (two("a/b"), "line 6, function.name: `a/b` is no name of a zip | letters, digits"),
        (two(""), "line 6, function.name: `` is no name of a zip | "),
        ("\n[[function]]\npath = 'a'\n".into(), "line 2, function: missing key `name` | "),
        ("[[function]]\nname = 'a'\n".into(), "line 1, function: missing key `path` | "),
        (
            "[[function]]\nlevl = 'max'\n".into(),
            "line 2, function: there is no key `levl` | did you mean `level`?",
        ),
        (
            "[[function]]\nlevel = 'mx'\n".into(),
            "line 2, function.level: there is no value `mx` | did you mean `max`?",
        ),
        (
            "[function]\nname = 'a'\n".into(),
            "line 1, function: invalid type: map, expected a sequence | a table [[function]] has",
        ),
        (
            "[layer]\npolcy = 'all'\n".into(),
            "line 2, layer: there is no key `polcy` | did you mean `policy`?",
        ),
        (
            "layer = 'all'\n".into(),
            "line 1, layer: invalid type: string \"all\", expected a table | a table [layer] has lines such as policy = \"shared\"",
        ),
        ("[cache]\nmax-size = -1\n".into(), "line 2, cache.max-size: a size "),
        (
            "python = 3.12\n".into(),
            "line 1, python: invalid type: floating point `3.12`, expected a string | python is such as python = \"3.12\"",
        ),
        (
            "handler = 'a.b'\nhandlers = []\n".into(),
            "line 1, handler: handlers stands there too | write all of them in handlers",
        ),
        ("handlers = ['app']\n".into(), "line 1, handlers: MODULE.FUNCTION is wanted"),
        (
            "max-growth = 2\n".into(),
            "line 1, max-growth: invalid type: integer `2`, expected a string | max-growth is such as max-growth = \"2%\"",
        ),
        ("max-growth = '2'\n".into(), "line 1, max-growth: a share or a size is wanted"),
        ("page-size = '64KiB'\n".into(), "line 1, page-size: there is no value `64KiB` | "),
        (
            "verify = 'yes'\n".into(),
            "line 1, verify: invalid type: string \"yes\", expected a boolean | verify is such as verify = true",
        ),
        (
            "[env]\nA = 1\n".into(),
            "line 2, env.A: invalid type: integer `1`, expected a string | env is such as env = ",
        ),
        ("levle = 'max'\n".into(), "line 1, there is no key `levle` | did you mean `level`?"),
    ];
    for (text, wanted) in cases {
        let told = refused(&text);
        assert!(told.starts_with(wanted), "{text}\n  {told}\n  {wanted}");
    }
}

#[test]
fn what_the_project_file_says() {
    let text = "[project]\nname = \"x\"\n[tool.ruff]\nline-length = 9\n[tool.slim]\nlevel = \"safe\"\n\
                [tool.slim.rules]\noff = [\"bytecod\"]\n";
    let failure = read("pyproject.toml", text.as_bytes(), &RULES).unwrap_err();
    let told = "failed to read pyproject.toml: line 8, rules.off: there is no rule `bytecod`";
    assert_eq!(failure.to_string(), told);
    let failure = read("pyproject.toml", b"[tool.slim]\nlevle = 1\n", &RULES).unwrap_err();
    let told = "failed to read pyproject.toml: line 2, tool.slim: there is no key `levle`";
    assert_eq!(failure.to_string(), told);
    let mended = text.replace("bytecod", "bytecode");
    let options = read("a/pyproject.toml", mended.as_bytes(), &RULES).unwrap().options(Vec::new());
    assert_eq!(options.level.name(), "safe");
}

#[test]
fn a_function_is_merged_with_the_top() {
    let text = "level = 'max'\nhandlers = ['a.b']\nkeep = ['x']\nout-dir = 'o'\ntrace = ['t']\n\
                env = {A = '1', B = '2'}\nmax-growth = '2%'\n[cache]\ndir = 'c'\nmax-size = '1KB'\n\
                [layer]\npure-across-targets = true\n\
                [[function]]\nname = 'f'\npath = './src'\nhandler = 'c.d'\nkeep = ['y']\n\
                env = {B = '3'}\narch = 'arm64'\nexclude-runtime = true\nevents = ['e.json']\n\
                [[function]]\nname = 'g'\npath = '/tmp'\nrequirements = 'config'\nlevel = 'safe'\n";
    let config = read("src/config/../slim.toml", text.as_bytes(), &RULES).unwrap();
    let missing = config.workspace(&[], &Settings::default(), Settings::options).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "failed to find path of function f: there is no src/config/../src"
    );
    assert!(
        missing.next_step().unwrap().starts_with("line 15 of src/config/../slim.toml names it")
    );
    let config =
        read("src/config/../slim.toml", text.replace("./src", ".").as_bytes(), &RULES).unwrap();
    let typed = Settings { level: Some(crate::options::Level::Standard), ..Settings::default() };
    let made = config.workspace(&["f".to_owned()], &typed, Settings::options).unwrap().unwrap();
    let [f] = &made.functions[..] else { panic!("one function") };
    assert_eq!(f.options.level.name(), "standard", "what is typed");
    assert_eq!(f.options.handlers[0].to_string(), "c.d", "its own");
    let keep: Vec<&str> = f.options.keep.iter().map(|glob| glob.text.as_str()).collect();
    assert_eq!(keep, ["x", "y"]);
    assert!(f.options.exclude_runtime && !made.options.exclude_runtime);
    assert_eq!(
        (f.options.max_growth, f.options.traces.len()),
        (Some(crate::options::Growth::Percent(2.0)), 0)
    );
    assert_eq!(f.options.out_dir, Path::new("src/config/../o"));
    assert_eq!(made.root, Path::new("src/config/.."));
    let layer = LayerTable { policy: LayerPolicy::Shared, pure_across_targets: true };
    assert_eq!(made.layer, layer);
    assert_eq!(config.cache().dir.as_deref(), Some(Path::new("src/config/../c")));
    let all = config.workspace(&[], &Settings::default(), Settings::options).unwrap().unwrap();
    let g = &all.functions[1];
    assert_eq!((g.path.as_path(), g.options.level.name()), (Path::new("/tmp"), "safe"));
    assert!(g.requirements.is_some() && g.options.arch.is_none());
    let own = config.settings(std::slice::from_ref(&f.path));
    assert_eq!(own.environment.len(), 2);
    assert!(own.environment.contains(&("B".to_owned(), "3".to_owned())));
    assert!(own.proven() && own.handlers.unwrap()[0].to_string() == "c.d");
    assert_eq!(config.settings(&[]).handlers.unwrap()[0].to_string(), "a.b");
}
