//! What importlib.metadata answers before and after, asked of a real CPython.

use crate::package::{Dist, Package};
use crate::support::{Built, fixtures, python, slim};

/// Everything that programs ask about installed distributions, as JSON.
const ASK: &str = "
import importlib.metadata as m, json, sys
sys.path[:0] = sys.argv[1:]
def of(dist):
    points = sorted([p.group, p.name, p.value] for p in dist.entry_points)
    meta = {key: dist.metadata.get_all(key) for key in sorted(set(dist.metadata)) if key != 'Description'}
    return [dist.metadata['Name'], dist.version, dist.requires, points, meta]
found = sorted((of(d) for d in m.distributions(path=sys.argv[1:])), key=str)
tops = {k: sorted(set(v)) for k, v in m.packages_distributions().items()}
print(json.dumps([found, sorted(tops.items())], indent=1))
";

fn asked(folders: &[&str]) -> String {
    python(ASK, folders)
}

/// The answers from the package, and from function and layer.
fn before_and_after(package: &Package, built: &Built) -> (String, String) {
    let (task, opt) = built.unpacked("function.zip");
    let prefix = package.import_root.strip_prefix(&package.root).unwrap();
    let prefix = if prefix.as_os_str().is_empty() { "python".as_ref() } else { prefix };
    let layer = opt.join(prefix);
    let after = asked(&[task.to_str().unwrap(), layer.to_str().unwrap()]);
    (asked(&[package.import_root.to_str().unwrap()]), after)
}

fn distributions() -> Vec<Dist> {
    let points = "[console_scripts]\nalpha = alpha.cli:main\n\n[alpha.plugins]\n# why\none = alpha:One [extra]\n";
    vec![
        Dist::new("alpha", "1.0")
            .file("alpha/__init__.py", "")
            .file("alpha/tests/test_a.py", "")
            .file("_alpha.cpython-312-x86_64-linux-gnu.so", "")
            .info("entry_points.txt", points)
            .requires("beta>=2; python_version < '4'")
            .requires("gamma[extra]"),
        Dist::new("Beta.Tools", "2").file("beta.py", "").info("top_level.txt", "beta\n"),
        Dist::new("gamma", "3").file("gamma-stubs/a.pyi", "").file("gamma/x/a.py", ""),
        Dist::new("ns-one", "1").file("ns/one/__init__.py", ""),
        Dist::new("ns-two", "1").file("ns/two/__init__.py", "").file("data/two.txt", ""),
        Dist::new("only-metadata", "0"),
        Dist::new("unrecorded", "5")
            .file("unrecorded/__init__.py", "")
            .info("RECORD", "none")
            .info("top_level.txt", "unrecorded\n"),
        Dist::new("egg", "0.1").file("egg.py", "").egg().info("top_level.txt", "egg\n"),
    ]
}

#[test]
fn answers_stay_the_same() {
    for prefix in ["", "python", "python/lib/python3.12/site-packages"] {
        let package = Package::layer("app", prefix).with("own.py", "");
        let package = distributions().iter().fold(package, Package::install);
        for args in [&["--level", "safe"][..], &[], &["--layer", "none"]] {
            let built = package.build(args);
            let (before, after) = before_and_after(&package, &built);
            if args.contains(&"none") && !prefix.is_empty() {
                continue; // Read from the function's root: the paths differ, the rest is above.
            }
            assert_eq!(before, after, "{prefix} {args:?}");
            assert!(before.contains("\"alpha\"") && before.contains("gamma[extra]"));
        }
    }
}

#[test]
fn answers_stay_the_same_in_one_function() {
    let package = Package::new("app").with("own.py", "");
    let package = distributions().iter().fold(package, Package::install);
    let built = package.build(&["--layer", "none"]);
    let (task, _) = built.unpacked("function.zip");
    assert_eq!(asked(&[task.to_str().unwrap()]), asked(&[package.path()]));
}

#[test]
fn odd_metadata_is_read_the_same() {
    for (name, metadata) in fixtures("metadata") {
        let package = Package::new("app")
            .install(&Dist::new("odd", "1.0").file("odd.py", "").info("RECORD", "odd.py,,\n"))
            .with("odd-1.0.dist-info/METADATA", &metadata);
        let built = package.build(&[]);
        let (before, after) = before_and_after(&package, &built);
        // Of a licence text only the first line stays; importlib.metadata joins the lines.
        let first_line = before.replace("\\n\\nPermission is hereby granted\\nto any person.", "");
        assert_eq!(first_line, after, "{name}");
        let shipped = built.bytes("odd-1.0.dist-info/METADATA").unwrap();
        assert!(shipped.len() <= metadata.len(), "{name}");
        assert!(!String::from_utf8_lossy(&shipped).contains("body"), "{name}");
    }
}

/// The distributions whose RECORD ships when the user's code is `code`.
fn recorded(code: &str) -> Vec<&'static str> {
    let other = Dist::new("other", "1").file("other.py", "");
    let alpha = Dist::new("Alpha_Tools", "1.0")
        .file("alpha/__init__.py", "")
        .file("alpha/tests/test_a.py", "")
        .file("alpha/data, more.txt", "");
    let built = Package::new("app").with("own.py", code).install(&alpha).install(&other);
    let built = built.build(&[]);
    let infos = [("alpha", "Alpha_Tools-1.0.dist-info"), ("other", "other-1.dist-info")];
    let ships = |info: &str| built.ships(&format!("{info}/RECORD"));
    infos.into_iter().filter(|(_, info)| ships(info)).map(|(name, _)| name).collect()
}

#[test]
fn record_is_kept_for_whom_it_is_read() {
    let by_name = [
        "import importlib.metadata\nimportlib.metadata.files('alpha-tools')\n",
        "from importlib.metadata import files\nfiles('Alpha.Tools')\n",
        "from importlib.metadata import files as listed\nlisted('alpha_tools')\n",
        "from importlib import metadata\nmetadata.distribution('alpha_tools').files\n",
        "from importlib.metadata import distribution\ndist = distribution('alpha-tools')\ndist.files\n",
        "from importlib.metadata import distribution\ndistribution('alpha-tools').read_text('RECORD')\n",
        "import importlib_metadata\nimportlib_metadata.files('alpha-tools')\n",
    ];
    for code in by_name {
        assert_eq!(recorded(code), ["alpha"], "{code}");
    }
    let computed = [
        "from importlib.metadata import files\ndef f(name):\n    return files(name)\n",
        "from importlib.metadata import distributions\nfor dist in distributions():\n    dist.files\n",
        "import importlib.metadata as m\nlisted = list(map(m.files, NAMES))\n",
    ];
    for code in computed {
        assert_eq!(recorded(code), ["alpha", "other"], "{code}");
    }
    let no_reader = [
        "import importlib.metadata\nimportlib.metadata.version('alpha-tools')\n",
        "from importlib.resources import files\nfiles('alpha')\n",
        "# importlib.metadata.files('alpha-tools')\n",
        "import shutil\nmetadata = {}\nmetadata.files = 1\n",
    ];
    for code in no_reader {
        assert!(recorded(code).is_empty(), "{code}");
    }
}

#[test]
fn only_kept_code_counts_as_a_reader() {
    let reads = "from importlib.metadata import files\nfiles('alpha')\n";
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", "");
    let alpha = alpha.file("alpha/tests/test_record.py", reads);
    let package = Package::new("app").install(&alpha);
    assert!(!package.build(&[]).ships("alpha-1.dist-info/RECORD"));
    assert!(package.build(&["--level", "safe"]).ships("alpha-1.dist-info/RECORD"));
}

#[test]
fn a_kept_record_lists_what_ships() {
    let code = "from importlib.metadata import files\nprint(files('alpha'))\n";
    let alpha = Dist::new("alpha", "1")
        .file("alpha/__init__.py", "")
        .file("alpha/tests/test_a.py", "")
        .file("alpha/a, b.txt", "")
        .file("../../bin/alpha", "#!/b/python3\n");
    let package = Package::new("app").with("own.py", code).install(&alpha);
    let built = package.build(&[]);
    let (_, opt) = built.unpacked("function.zip");
    let script = "import importlib.metadata as m, json, sys\nsys.path.insert(0, sys.argv[1])\n\
        print(json.dumps(sorted([str(f), f.hash is None, f.locate().exists()] for f in m.files('alpha'))))";
    let listed = python(script, &[opt.join("python").to_str().unwrap()]);
    let listed: Vec<(String, bool, bool)> = serde_json::from_str(&listed).unwrap();
    let names: Vec<&str> = listed.iter().map(|(name, ..)| name.as_str()).collect();
    let expected = [
        "alpha-1.dist-info/METADATA",
        "alpha-1.dist-info/RECORD",
        "alpha-1.dist-info/top_level.txt",
        "alpha/__init__.py",
        "alpha/a, b.txt",
        "bin/alpha",
    ];
    assert_eq!(names, expected);
    assert!(listed.iter().all(|(_, no_hash, exists)| *no_hash && *exists), "{listed:?}");
}

#[test]
fn licences_are_gathered_once() {
    let mit = "MIT\n\nPermission is granted.\n";
    let with = |name: &str, text: &str| Dist::new(name, "1").info("licenses/LICENSE", text);
    let package = Package::new("app")
        .install(&with("alpha", mit))
        .install(&with("beta", "MIT\r\n\r\nPermission is granted."))
        .install(&with("gamma", "Apache\n"))
        .install(&with("delta", "").info("LICENSE.txt", "BSD\n"));
    let built = package.build(&[]);
    let texts = std::fs::read_to_string(built.out.path().join("THIRD_PARTY_LICENSES.txt")).unwrap();
    assert_eq!(texts.matches("Permission is granted.").count(), 1);
    assert!(texts.contains("alpha 1\nbeta 1\n="), "{texts}");
    assert!(texts.contains("gamma 1\n=") && texts.contains("BSD"));
    assert!(!built.ships("alpha-1.dist-info/licenses/LICENSE"));
    let kept = package.build(&["--keep", "alpha-1.dist-info/licenses"]);
    assert!(kept.ships("alpha-1.dist-info/licenses/LICENSE"));
}

#[test]
fn explain_tells_who_asks_for_metadata() {
    let asks = "from importlib.metadata import entry_points, version\n\
        OWN = version(__name__)\n\
        OTHER = version('beta')\n\
        COMPUTED = version(OTHER)\n\
        HOOKS = entry_points(group='alpha.hooks')\n";
    let unrelated = "class Api:\n    def version(self, name): ...\nApi().version('beta')\n";
    let alpha = Dist::new("alpha", "1").file("alpha.py", asks).file("noise.py", unrelated);
    let beta = Dist::new("beta", "2")
        .file("beta.py", "")
        .info("entry_points.txt", "[alpha.hooks]\nx = beta\n[console_scripts]\nb = beta:main\n");
    let package =
        Package::new("app").with("app.py", "import alpha\n").install(&alpha).install(&beta);
    let because = |path: &str| {
        let run = slim(&["explain", package.path(), path]).ok();
        let lines = run.out.lines().filter(|line| line.contains("ask"));
        lines.map(|line| line.trim().replace("because: ", "")).collect::<Vec<_>>()
    };
    let computed = "may be asked for by version() at alpha.py:4, whose argument is computed";
    assert_eq!(
        because("alpha-1.dist-info/METADATA"),
        ["asked for by version() at alpha.py:2", computed]
    );
    assert_eq!(
        because("beta-2.dist-info/METADATA"),
        ["asked for by version() at alpha.py:3", computed]
    );
    assert_eq!(
        because("beta-2.dist-info/entry_points.txt"),
        ["its group alpha.hooks is asked for by entry_points() at alpha.py:5"]
    );
    let silent = Package::new("app").with("app.py", "import beta\n").install(&beta);
    let run = slim(&["explain", silent.path(), "beta-2.dist-info/METADATA"]).ok();
    assert!(run.says(&["no call that ships asks for it"]));
}
