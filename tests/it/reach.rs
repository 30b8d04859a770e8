//! What a handler reaches, and what goes because none does.

use crate::package::{Dist, Package};
use crate::support::slim;

const MAX: [&str; 4] = ["--level", "max", "--handler", "app.handler"];

fn handler(code: &str) -> Package {
    let text = format!("{code}\n\n\ndef handler(event, context):\n    return 1\n");
    Package::new("app").with("app.py", text)
}

/// alpha, of which each module can be reached or not.
fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "")
        .file("alpha/data.txt", "x")
        .file("alpha/plain.py", "")
        .file("alpha/sub/__init__.py", "")
        .file("alpha/sub/one.py", "")
        .file("alpha/sub/two.py", "")
}

/// Which of alpha's modules ship beside this code of the user's.
fn reached(code: &str) -> Vec<String> {
    // One that is always there, so that there is a layer.
    let base = Dist::new("base", "1").file("base.py", "");
    let package = handler(code).with("own.py", "import base").install(&base);
    let names = package.install(&alpha()).build(&MAX).names("layer.zip");
    let is_alphas = |name: &String| name.starts_with("python/alpha/") && name.ends_with(".py");
    let modules = names.into_iter().filter(is_alphas);
    modules.map(|name| name.replace("python/alpha/", "")).collect()
}

#[test]
fn a_module_beside_the_code_by_the_beginning_of_its_name() {
    let code = "def load(x):\n    return __import__('on%s' % x, globals(), level=1)\n";
    let base = Dist::new("base", "1").file("base.py", "");
    let dist = alpha().file("alpha/sub/load.py", code);
    let package = handler("from alpha.sub import load").install(&base).install(&dist);
    let names = package.build(&MAX).names("layer.zip");
    assert!(names.contains(&"python/alpha/sub/one.py".to_owned()), "{names:?}");
}

#[test]
fn a_module_whose_name_is_written_in_other_letters() {
    // Python reads these as `from alpha.sub import one`.
    let code = "from \u{ff41}lpha.s\u{1d58}b import on\u{1d49}";
    assert_eq!(reached(code), ["__init__.py", "sub/__init__.py", "sub/one.py"]);
    // So are the names of a source that is not Python 3.
    let code = "print 'x'\nfrom \u{ff41}lpha.s\u{1d58}b import on\u{1d49}";
    let base = Dist::new("base", "1").file("base.py", "").file("old.py", code);
    let package = handler("import old").install(&base).install(&alpha());
    let names = package.build(&MAX).names("layer.zip");
    assert!(names.contains(&"python/alpha/sub/one.py".to_owned()), "{names:?}");
}

#[test]
fn a_long_call_is_cut_between_letters() {
    // The bound on what is looked at behind a relative name falls inside of a letter of two bytes.
    for spaces in 0..4 {
        let code = format!(
            "import importlib\nimportlib.import_module('.one', {}'{}')",
            " ".repeat(spaces),
            "é".repeat(600)
        );
        assert_eq!(reached(&code), [""; 0], "{spaces}");
    }
}

#[test]
fn a_word_that_is_looked_up_is_no_module() {
    for (code, ships) in [
        ("x = headers.get('alpha')", false),
        ("x = headers['alpha']", false),
        ("x = kind == 'alpha'", false),
        ("x = load('alpha')", true),
        ("for x in['alpha']: ...", true),
        ("def f():\n    return['alpha']", true),
        ("import importlib\nif x == 'alpha':\n    importlib.import_module(x)", true),
        ("NAME = 'alpha'", true),
    ] {
        let dist = Dist::new("beta", "1").file("beta.py", code);
        let package = handler("import beta").install(&dist).install(&alpha());
        let names = package.build(&MAX).names("layer.zip");
        assert_eq!(names.contains(&"python/alpha/__init__.py".to_owned()), ships, "{code}");
    }
}

#[test]
fn imports_reach_modules_and_the_packages_above() {
    assert_eq!(reached("import alpha"), ["__init__.py"]);
    let one = ["__init__.py", "sub/__init__.py", "sub/one.py"];
    for code in [
        "import alpha.sub.one",
        "from alpha.sub import one",
        "from alpha.sub.one import x",
        "def f():\n    from alpha.sub import one",
        "NAME = 'alpha.sub.one:run'",
        "import importlib\nimportlib.import_module('alpha.sub.one')",
        "import importlib\nimportlib.import_module('.one', 'alpha.sub')",
        "import importlib\nimportlib.import_module('.sub.one', package = \"alpha\")",
        "import importlib\nfor name in ['alpha.sub.one']:\n    importlib.import_module(name)",
    ] {
        assert_eq!(reached(code), one, "{code}");
    }
    let both = ["__init__.py", "sub/__init__.py", "sub/one.py", "sub/two.py"];
    for code in [
        "import importlib\nimportlib.import_module(f'alpha.sub.{x}')",
        "import importlib\nimportlib.import_module('alpha.sub.' + x)",
        "import importlib\nimportlib.import_module('alpha.sub.%s' % x)",
        "import importlib\nimportlib.import_module('alpha.sub.%3s' % x)",
        "import importlib\nimportlib.import_module(f'.{x}', 'alpha.sub')",
        "import importlib\nimportlib.import_module('.' + x, package='alpha.sub')",
        "import pkgutil, alpha.sub\nfor m in pkgutil.iter_modules(alpha.sub.__path__): ...",
    ] {
        assert_eq!(reached(code), both, "{code}");
    }
    let none: [&str; 0] = [];
    for code in ["import json", "# import alpha", "'''import alpha'''", "x = 'alphabet'"] {
        assert_eq!(reached(code), none, "{code}");
    }
}

#[test]
fn branches_that_lambda_never_takes_reach_nothing() {
    let none: [&str; 0] = [];
    for code in [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import alpha",
        "import sys\nif sys.platform == 'win32':\n    import alpha",
        "import sys\nif sys.version_info < (3, 9):\n    import alpha",
        "import os\nif os.name == 'nt': import alpha",
        "if False:\n    import alpha",
    ] {
        assert_eq!(reached(code), none, "{code}");
    }
    let init = ["__init__.py"];
    for code in [
        "import sys\nif sys.platform == 'win32':\n    x = 1\nelse:\n    import alpha",
        "import sys\nif sys.version_info >= (3, 9):\n    import alpha",
        "if not TYPE_CHECKING:\n    import alpha",
        "try:\n    import json\nexcept ImportError:\n    import alpha",
    ] {
        assert_eq!(reached(code), init, "{code}");
    }
}

#[test]
fn a_computed_import_keeps_its_own_package_whole() {
    let loader =
        "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n";
    let alpha = alpha().file("alpha/loader.py", loader).file("alpha/tests/test_a.py", "");
    let beta = Dist::new("beta", "1").file("beta/__init__.py", "");
    let package = handler("from alpha.loader import load").install(&alpha).install(&beta);
    let built = package.build(&MAX);
    assert!(built.ships("alpha/plain.py") && built.ships("alpha/sub/two.py"));
    assert!(!built.ships("alpha/tests/test_a.py"), "tests are no part of what it may load");
    assert!(!built.ships("beta/__init__.py"), "another package is");
    let told = slim(&["explain", package.path(), "--doubts", MAX[0], MAX[1], MAX[2], MAX[3]]).ok();
    assert!(
        told.says(&["alpha/loader.py:5 imports or runs a computed name: 4 files"]),
        "{}",
        told.out
    );
}

#[test]
fn entry_points_of_a_group_that_is_asked_for() {
    let plugin = Dist::new("plugin", "1")
        .file("plugin.py", "")
        .info("entry_points.txt", "[alpha.plugins]\none = plugin:x\n");
    let other = Dist::new("other", "1")
        .file("other.py", "")
        .info("entry_points.txt", "[console_scripts]\nother = other:main\n");
    let asks = "from importlib.metadata import entry_points\nentry_points(group='alpha.plugins')";
    let built = handler(asks).install(&plugin).install(&other).build(&MAX);
    assert!(built.ships("plugin.py") && built.ships("plugin-1.dist-info/entry_points.txt"));
    assert!(!built.ships("other.py") && !built.ships("other-1.dist-info/METADATA"));
}

#[test]
fn data_of_a_distribution_in_use_stays_and_counts() {
    let beta = Dist::new("beta", "1").file("beta.py", "").file("gamma.py", "");
    let alpha = alpha().file("alpha/state.pkl", b"\x80\x04\x8c\x0ealpha.sub.two.x\x94");
    let built = handler("import alpha").install(&alpha).install(&beta).build(&MAX);
    assert!(built.ships("alpha/data.txt") && built.ships("alpha/sub/two.py"));
    assert!(!built.ships("beta.py") && !built.ships("beta-1.dist-info/METADATA"));
}

#[test]
fn path_files_are_run_whatever_the_handler_does() {
    let hook = Dist::new("hook", "1")
        .file("hook.pth", "import _hook; _hook.install()\n")
        .file("_hook.py", "import _deep\n")
        .file("_deep.py", "");
    let built = handler("import json").install(&hook).build(&MAX);
    assert!(built.ships("hook.pth") && built.ships("_hook.py") && built.ships("_deep.py"));
}

#[test]
fn all_of_the_users_code_is_a_root() {
    let package = handler("import json").with("other/deep.py", "import alpha.plain\n");
    let built = package.install(&alpha()).build(&MAX);
    assert!(built.ships("other/deep.py") && built.ships("alpha/plain.py"));
    assert!(!built.ships("alpha/sub/one.py"));
}

#[test]
fn the_chain_is_told() {
    let alpha = alpha().file("alpha/via.py", "\nfrom .sub import one\n");
    let package = handler("import alpha.via").install(&alpha);
    let told =
        slim(&["explain", package.path(), "alpha/sub/one.py", MAX[0], MAX[1], MAX[2], MAX[3]]);
    let told = told.ok();
    assert!(
        told.says(&["imported by alpha/via.py:2"]) && told.says(&["imported by app.py:1"]),
        "{}",
        told.out
    );
    assert!(package.build(&MAX).warnings().contains("no run has proven"), "it is unproven");
}

#[test]
fn handlers_are_checked() {
    let package = handler("import alpha").with("src/api.py", "def handle(event, context): ...\n");
    let package = package.install(&alpha());
    for good in ["app.handler", "src/api.handle", "src.api.handle"] {
        package.build(&["--level", "max", "--handler", good]);
    }
    let said = |args: &[&str]| {
        let run = package.try_build(args);
        assert_eq!(run.code, 2, "{}", run.err);
        run.err
    };
    let none = said(&["--level", "max"]);
    assert!(none.contains("failed to build at level max: no --handler is given"), "{none}");
    assert!(none.contains("hint: --handler app.handler, or --handler src.api.handle"), "{none}");
    let module = said(&["--handler", "ap.handler"]);
    assert!(
        module.contains("failed to find handler ap.handler: there is no module ap"),
        "{module}"
    );
    assert!(module.contains("hint: did you mean app.handler?"), "{module}");
    let function = said(&["--handler", "app.lambda_handler"]);
    assert!(function.contains("app.py does not define lambda_handler"), "{function}");
    assert!(said(&["--handler", "handler"]).contains("MODULE.FUNCTION is wanted"));
}

#[test]
fn services_are_chosen_by_the_calls_that_name_them() {
    let session = "def client(name):\n    return create_client(name)\n";
    let botocore = Dist::new("botocore", "1.40.0")
        .file("botocore/__init__.py", "")
        .file("botocore/session.py", session)
        .file("botocore/data/endpoints.json", "{}")
        .file("botocore/data/s3/2006-03-01/service-2.json", "{}")
        .file("botocore/data/sts/2011-06-15/service-2.json", "{}")
        .file("botocore/data/ec2/2016-11-15/service-2.json", "{}");
    let ships = |code: &str, level: &[&str]| {
        let package = handler(&format!("import botocore.session\n{code}")).install(&botocore);
        let built = package.build(level);
        ["s3/2006-03-01", "sts/2011-06-15", "ec2/2016-11-15"]
            .map(|path| built.ships(&format!("botocore/data/{path}/service-2.json")))
    };
    let literal = "s3 = botocore.session.client('s3')";
    assert_eq!(ships(literal, &MAX), [true, true, false]);
    assert_eq!(ships("c = session.client(service_name='ec2')", &MAX), [false, true, true]);
    for computed in [
        "c = botocore.session.client(NAME)",
        "c = session.client(region_name='eu-west-1', service_name=NAME)",
        "from functools import partial\nmake = partial(session.client, region_name='eu-west-1')",
        "make = botocore.session.client\n",
        "c = getattr(session, 'client')('ec2')",
    ] {
        assert_eq!(ships(computed, &MAX), [true; 3], "{computed}");
    }
    assert_eq!(ships(literal, &[]), [true; 3], "not at level standard");
}

#[test]
fn discovery_documents_are_chosen_by_the_name_before_the_dot() {
    let client = Dist::new("google-api-python-client", "2.190.0")
        .file("googleapiclient/__init__.py", "")
        .file("googleapiclient/discovery.py", "def build(name):\n    return name\n")
        .file("googleapiclient/discovery_cache/documents/drive.v3.json", "{}")
        .file("googleapiclient/discovery_cache/documents/driveactivity.v2.json", "{}");
    let ships = |code: &str| {
        let code = format!("from googleapiclient.discovery import build\n{code}");
        let built = handler(&code).install(&client).build(&MAX);
        ["drive.v3", "driveactivity.v2"].map(|name| {
            built.ships(&format!("googleapiclient/discovery_cache/documents/{name}.json"))
        })
    };
    assert_eq!(ships("drive = build('drive', 'v3')"), [true, false]);
    assert_eq!(ships("drive = build(NAME, 'v3')"), [true; 2], "computed");
}

#[test]
fn inspect_tells_what_is_paid_for_and_what_is_not_used() {
    let big = "x".repeat(30_000);
    let beta = Dist::new("beta", "2").file("beta.py", "").file("beta_data.py", &big);
    let alpha = alpha().file("alpha/big.txt", &big);
    let package = handler("import alpha\n\n\ndef later():\n    import gamma, used");
    let package = package
        .with("lonely.py", "import json\n")
        .with("used.py", "")
        .install(&alpha)
        .install(&beta)
        .install(&Dist::new("gamma", "1").file("gamma.py", "y = 1\n"));
    let told = slim(&["inspect", package.path(), "--handler", "app.handler"]).ok();
    for words in [
        ["app.py:1", "0.03 MB", "alpha"],
        ["app.py:5", "gamma", "(when a function is called)"],
        ["beta 2", "0.03 MB", "files"],
        ["  lonely.py", "", ""],
    ] {
        assert!(told.says(&words), "{words:?}: {}", told.out);
    }
    let json = slim(&["inspect", package.path(), "--handler", "app.handler", "--format", "json"]);
    let reached = json.ok().json()["reached"].clone();
    assert_eq!(reached["unreached"][0]["name"], "beta");
    assert_eq!(reached["imports"][0]["at"], "app.py:1");
    assert_eq!(reached["imports"][1]["deferred"], true);
    assert_eq!(reached["unused"], serde_json::json!(["lonely.py"]));
    assert!(!slim(&["inspect", package.path()]).ok().out.contains("reached from"));
}

#[test]
fn files_that_a_call_opens_stay_where_it_is_called() {
    let page = "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui.min.css";
    let powertools = Dist::new("aws-lambda-powertools", "3.0.0")
        .file("aws_lambda_powertools/__init__.py", "def enable_swagger(path='/'): ...\n")
        .file(page, "x");
    let ships = |code: &str| {
        let code = format!("import aws_lambda_powertools as p\n{code}");
        handler(&code).install(&powertools).build(&MAX).ships(page)
    };
    assert!(!ships(""));
    assert!(ships("p.enable_swagger()"));
    assert!(ships("p.enable_swagger(path='/docs')"));
    assert!(ships("serve = p.enable_swagger"));
}
