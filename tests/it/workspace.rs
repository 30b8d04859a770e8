//! Which word counts: command line, environment, slim.toml, pyproject.toml; and the functions of a
//! configuration.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::package::{Dist, Package};
use crate::support::{Run, command, finished};

fn shop() -> Package {
    let alpha =
        Dist::new("alpha", "1.0").file("alpha/__init__.py", "").file("alpha/_a.c", "int x;");
    Package::new("shop")
        .with("app.py", "import alpha\n\n\ndef handler(event, context):\n    return 1\n")
        .install(&alpha)
}

/// Runs slim in a folder beside the package.
#[track_caller]
fn run_in(package: &Package, folder: &str, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let folder = package.home(folder);
    fs::create_dir_all(&folder).unwrap();
    finished(command().current_dir(folder).args(args).envs(variables.iter().copied()))
}

const BUILD: [&str; 5] = ["build", "shop", "--dry-run", "--format", "json"];

#[test]
fn the_order_of_words() {
    let shop = shop();
    let level = |typed: &[&str], variables: &[(&str, &str)]| {
        let args = [&BUILD, typed].concat();
        let report = run_in(&shop, "", &args, variables).ok().json();
        (report["level"].as_str().unwrap().to_owned(), report["config"].clone())
    };
    let (max, safe) =
        (["--level", "max", "--handler", "app.handler", "--no-verify"], [("SLIM_LEVEL", "safe")]);
    let standard = [("SLIM_LEVEL", "standard")];
    assert_eq!(level(&[], &[]).0, "standard", "the default");
    let project =
        "[project]\nname = \"shop\"\n[tool.slim]\nlevel = \"safe\"\ncompression = \"fast\"\n";
    fs::write(shop.home("pyproject.toml"), project).unwrap();
    assert_eq!(level(&[], &[]), ("safe".to_owned(), "pyproject.toml".into()));
    fs::write(shop.home("slim.toml"), "level = \"standard\"\n").unwrap();
    assert_eq!(level(&[], &[]), ("standard".to_owned(), "slim.toml, pyproject.toml".into()));
    assert_eq!(level(&[], &safe).0, "safe");
    assert_eq!(level(&[], &[("SLIM_LEVEL", "")]).0, "standard", "an empty one says nothing");
    assert_eq!(level(&max, &safe).0, "max");
    fs::write(shop.home("slim.toml"), "level = \"safe\"\n").unwrap();
    assert_eq!(level(&["--level", "standard"], &[]).0, "standard", "a default that is typed");
    assert_eq!(level(&[], &standard).0, "standard");
    assert_eq!(level(&["--no-config"], &[("SLIM_CONFIG", "slim.toml")]).0, "standard");
    fs::write(shop.home("other.toml"), "level = \"standard\"\n").unwrap();
    assert_eq!(level(&[], &[("SLIM_CONFIG", "other.toml")]).1, "other.toml");
    assert_eq!(level(&["--config", "slim.toml"], &[("SLIM_CONFIG", "other.toml")]).0, "safe");
}

#[test]
fn the_nearest_configuration_up_the_tree() {
    let shop = shop();
    fs::write(shop.home("slim.toml"), "level = \"safe\"\nout-dir = \"made\"\n").unwrap();
    let project = shop.home("a/pyproject.toml");
    fs::create_dir_all(shop.home("a/b")).unwrap();
    fs::write(&project, "[project]\nname = \"of-lambda-slim\"\n").unwrap();
    let args = ["build", "../../shop", "--format", "json"];
    let report = run_in(&shop, "a/b", &args, &[]).ok().json();
    assert_eq!((&report["level"], &report["config"]), (&"safe".into(), &"../../slim.toml".into()));
    assert!(Path::new(&shop.home("made/function.zip")).exists(), "beside the configuration");
    fs::write(&project, "[tool.slim]\nlevel = \"standard\"\n").unwrap();
    let report = run_in(&shop, "a/b", &args, &[]).ok().json();
    assert_eq!(report["config"], "../pyproject.toml");
    assert_eq!(report["level"], "standard");
    assert!(Path::new(&shop.home("a/b/dist/function.zip")).exists(), "in the current folder");
}

#[test]
fn keys_that_say_what_options_say() {
    let shop = shop();
    fs::write(shop.home("one.json"), "{}").unwrap();
    let toml = "level = \"max\"\nhandler = \"app.handler\"\nverify = false\nevents = [\"one.json\"]\n\
                python = \"3.12\"\narch = \"arm64\"\nmax-zipped = 10\n\
                [layer]\npolicy = \"none\"\n";
    fs::write(shop.home("slim.toml"), toml).unwrap();
    let run = run_in(&shop, "", &BUILD, &[]);
    let report = run.json();
    assert_eq!(run.code, 1, "the budget");
    assert_eq!(report["target"]["arch"], "arm64");
    assert!(report["proof"].is_null());
    assert_eq!(report["zips"].as_array().unwrap().len(), 1);
    let typed =
        [&BUILD[..], &["--layer", "all", "--max-zipped", "1MB", "--arch", "x86_64"]].concat();
    let report = run_in(&shop, "", &typed, &[]).ok().json();
    assert_eq!(report["zips"].as_array().unwrap().len(), 2);
    let inspected = run_in(&shop, "", &["inspect", "shop", "--format", "json"], &[]).ok().json();
    assert_eq!(inspected["target"]["arch"], "arm64");
    assert!(!inspected["reached"].is_null(), "from the handler of the configuration");
}

const TWO: &str = "[[function]]\nname = \"api\"\npath = \"shop\"\nhandler = \"app.handler\"\n\
                   [[function]]\nname = \"worker\"\npath = \"work\"\nlevel = \"safe\"\n";

#[test]
fn a_function_is_explained_by_its_own_table() {
    let shop = shop();
    fs::create_dir_all(shop.home("work")).unwrap();
    let toml = TWO.replace("handler = \"app.handler\"", "keep = [\"alpha/_a.c\"]");
    fs::write(shop.home("slim.toml"), toml).unwrap();
    let told = run_in(&shop, "", &["explain", "shop", "alpha/_a.c"], &[]).ok();
    assert!(told.says(&["kept"]) && told.out.contains("`keep` in slim.toml"), "{}", told.out);
}

#[test]
fn what_is_wrong_is_told() {
    let shop = shop();
    let mut all = String::new();
    let mut tell = |toml: &str, args: &[&str], variables: &[(&str, &str)]| {
        match toml {
            "" => drop(fs::remove_file(shop.home("slim.toml"))),
            toml => fs::write(shop.home("slim.toml"), toml).unwrap(),
        }
        let run = run_in(&shop, "", args, variables);
        all.push_str(&run.failure(shop.home.path()));
    };
    tell("", &["build"], &[]);
    tell("level = \"safe\"\n", &["build"], &[]);
    tell("levl = \"safe\"\n", &["build"], &[]);
    tell("level = true\n", &["build"], &[]);
    tell("[layer]\npolcy = \"all\"\n", &["build"], &[]);
    tell("layer = \"all\"\n", &["build"], &[]);
    tell(&format!("{TWO}levl = \"max\"\n"), &["build"], &[]);
    tell(&format!("{TWO}{TWO}"), &["build"], &[]);
    tell(TWO, &["build"], &[]);
    tell(TWO, &["build", "api", "shop"], &[]);
    tell("", &["build", "shop"], &[("SLIM_LEVEL", "maxx")]);
    tell("", &["build", "shop"], &[("SLIM_PYTHON", "3.8")]);
    tell("", &["build", "shop"], &[("SLIM_CONFIG", "none.toml")]);
    tell("", &["build", "shop", "--config", "pyproject.toml"], &[]);
    fs::write(shop.home("pyproject.toml"), "[tool.slim]\nlayer.policy = \"most\"\n").unwrap();
    tell("", &["build", "shop"], &[]);
    fs::write(shop.home("pyproject.toml"), "[project]\n").unwrap();
    tell("", &["build", "shop", "--config", "pyproject.toml"], &[]);
    let rie = ["--runtime-packages", "shop", "--rie", "/bin/true", "--verify"];
    tell("", &[&["build", "shop"], &rie[..]].concat(), &[]);
    tell("", &["verify", "shop"], &[]);
    tell("", &["trace", "shop"], &[]);
    tell("", &["coldstart", "shop"], &[]);
    tell("handlers = [\"a.b\", \"c.d\"]\n", &["coldstart", "shop"], &[]);
    assert_snapshot!(all);
    assert!(!Path::new(&shop.home("dist")).exists(), "wrong use makes nothing");
}

#[test]
fn a_variable_that_is_nearly_one() {
    let shop = shop();
    let variables = [("SLIM_LEVL", "max"), ("SLIM_SOMETHING_ELSE", "x")];
    let run = run_in(&shop, "", &BUILD, &variables).ok();
    assert_eq!(
        run.err.lines().next(),
        Some("hint: SLIM_LEVL is set and says nothing to slim: did you mean SLIM_LEVEL?")
    );
    assert!(!run.err.contains("SOMETHING"));
}

#[test]
fn a_page_size_of_the_configuration_is_for_arm64_alone() {
    let shop = shop();
    fs::write(shop.home("slim.toml"), "page-size = \"4KiB\"\n").unwrap();
    run_in(&shop, "", &[&BUILD[..], &["--arch", "x86_64"]].concat(), &[]).ok();
}

#[test]
fn a_trace_of_the_configuration_is_for_max_alone() {
    let shop = shop();
    fs::write(shop.home("slim.toml"), "trace = [\"none.json\"]\n").unwrap();
    run_in(&shop, "", &BUILD, &[]).ok();
    let max = ["--level", "max", "--handler", "app.handler"];
    assert_eq!(run_in(&shop, "", &[&BUILD[..], &max].concat(), &[]).code, 2);
}
