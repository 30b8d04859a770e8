//! Where in a layer the distributions lie.

use insta::assert_snapshot;

use crate::package::{Dist, Package};
use crate::support::{build, command, finished, python, slim};

const SITE: &str = "python/lib/python3.12/site-packages";

fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "x = 1\n")
        .file("../../bin/alpha", "#!/build/python\nimport alpha\n")
        .file("../../lib/alpha.cfg", "x = 1\n")
        .file("bin/__init__.py", "")
}

/// Reads the RECORD of its distribution, and tells where code believes to be.
const APP: &str = "\
import importlib.metadata
import alpha

def handler(event, context):
    files = importlib.metadata.distribution('alpha').files
    return sorted(str(file) for file in files if not file.locate().is_file())
";

fn app() -> Package {
    Package::new("app").with("app.py", APP).install(&alpha())
}

#[test]
fn distributions_go_into_site_packages_and_scripts_beside_lib() {
    let package = app();
    for prefix in ["site-packages", SITE] {
        let built = package.build(&["--layer-prefix", prefix]);
        let names = built.names("layer.zip").join("\n");
        assert_snapshot!("site_packages", names);
        assert_eq!(built.report()["layer_prefix"], SITE);
        assert_eq!(built.names("function.zip"), ["app.py"]);
        let record = &built.zip("layer.zip")[&format!("{SITE}/alpha-1.0.dist-info/RECORD")].bytes;
        let record = String::from_utf8(record.clone()).unwrap();
        assert!(record.lines().any(|line| line == "../../../bin/alpha,,"), "{record}");
        assert!(record.lines().any(|line| line == "../../../../lib/alpha.cfg,,"), "{record}");
        assert!(record.lines().any(|line| line == "alpha/__init__.py,,"), "{record}");
        assert!(record.lines().any(|line| line == "bin/__init__.py,,"), "{record}");
        let (task, layer) = built.unpacked("function.zip");
        let script =
            "import sys; sys.path[:0] = sys.argv[1:]; import app; print(app.handler(0, 0))";
        let seen = [task, layer.join(SITE)].map(|path| path.to_str().unwrap().to_owned());
        assert_eq!(python(script, &[&seen[0], &seen[1]]), "[]\n", "every file of RECORD is there");
    }
    let plain = package.build(&[]);
    let same = package.build(&["--layer-prefix", "python"]);
    assert_eq!(plain.hashes(), same.hashes());
    assert_eq!(plain.report()["layer_prefix"], "python");
}

#[test]
fn bytecode_tells_the_path_that_it_has_under_opt() {
    let package = app();
    let built = package.build(&["--layer-prefix", "site-packages", "--bytecode", "hash"]);
    // Importing sets the path anew; what is in the file counts for what reads it itself.
    let script = "import marshal, sys; f = open(sys.argv[1], 'rb').read()[16:]; \
                  print(marshal.loads(f).co_filename)";
    let (_, layer) = built.unpacked("function.zip");
    let file = layer.join(SITE).join("alpha/__pycache__/__init__.cpython-312.pyc");
    let seen = python(script, &[file.to_str().unwrap()]);
    assert_eq!(seen, format!("/opt/{SITE}/alpha/__init__.py\n"));
}

#[test]
fn it_is_proven_at_every_place() {
    let code = "import alpha\n\ndef handler(event, context):\n    return len(alpha.__name__)\n";
    let package = Package::new("app").with("app.py", code).install(&alpha());
    let mut build = command();
    build.env("XDG_CACHE_HOME", package.home("cache"));
    build.args(["build", package.path(), "-o", &package.home("out"), "--layer-prefix", SITE]);
    build.args(["--level", "max", "--handler", "app.handler", "--bytecode", "hash"]);
    let run = finished(&mut build).ok();
    assert!(run.out.contains("proof"), "{}", run.out);
    let zips = ["function.zip", "layer.zip"].map(|zip| package.home(&format!("out/{zip}")));
    slim(&["verify", &zips[0], &zips[1], "--handler", "app.handler"]).ok();
}

#[test]
fn a_layer_tree_keeps_its_folders_and_several_packages_share_one() {
    let tree = Package::layer("tree", "python").install(&alpha());
    let built = tree.build(&["--layer-prefix", "site-packages"]);
    assert!(built.names("layer.zip").contains(&"python/alpha/__init__.py".to_owned()));
    let (one, other) = (app(), Package::new("other").with("app.py", "").install(&alpha()));
    let built = build(&[one.path(), other.path()], &["--layer-prefix", "site-packages"]);
    assert!(built.names("layer.zip").contains(&format!("{SITE}/alpha/__init__.py")));
    let none = app().build(&["--layer-prefix", "site-packages", "--layer", "none"]);
    assert!(none.names("function.zip").contains(&"alpha/__init__.py".to_owned()));
    assert!(none.names("function.zip").contains(&"bin/alpha".to_owned()));
}

#[test]
fn a_prefix_that_lambda_does_not_look_into() {
    let package = app();
    let other = "python/lib/python3.11/site-packages";
    let run = package.try_build(&["--layer-prefix", other]);
    assert_snapshot!("another_python", run.failure(package.home.path()));
    assert_eq!(package.try_build(&["--layer-prefix", other, "--python", "3.11"]).code, 0);
    for (bad, wanted) in [
        ("lib", "python or python/lib/pythonX.Y/site-packages is wanted"),
        ("python/lib/python3.8/site-packages", "a Python between 3.9 and 3.14 is wanted"),
    ] {
        let run = package.try_build(&["--layer-prefix", bad]);
        assert_eq!(run.code, 2, "{bad}");
        assert!(run.err.contains(wanted), "{}", run.err);
    }
}
