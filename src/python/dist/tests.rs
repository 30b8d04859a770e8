use proptest::prelude::*;

use super::super::oracle;
use super::{DistInfoFile, classify, dist_info_name, entry_points, normalize, top_level};

#[test]
fn normalizes_names() {
    assert_eq!(normalize("Foo__Bar.-baz"), "foo-bar-baz");
    assert_eq!(normalize("ruamel.yaml.clib"), "ruamel-yaml-clib");
    assert_eq!(normalize(""), "");
}

#[test]
fn divides_folder_names() {
    let divided = |name| dist_info_name(name);
    let pair = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
    assert_eq!(divided("foo_bar-1.2.dist-info"), pair("foo_bar", "1.2"));
    assert_eq!(divided("my-pkg-1.0.dist-info"), pair("my-pkg", "1.0"));
    assert_eq!(divided("pytz-2024.1.DIST-INFO"), pair("pytz", "2024.1"));
    assert_eq!(divided("a-unknown.dist-info"), pair("a", "unknown"));
    assert_eq!(divided("six-1.16.0-py3.9.egg-info"), pair("six", "1.16.0"));
    assert_eq!(divided("numpy-1.19-py3.9-linux-x86_64.egg-info"), pair("numpy", "1.19"));
    assert_eq!(divided("six.egg-info"), pair("six", ""));
    for other in [
        "six",
        "six.py",
        ".dist-info",
        "dist-info",
        "-1.dist-info",
        "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}x",
        "",
    ] {
        assert_eq!(divided(other), None, "{other}");
    }
}

#[test]
fn classifies_the_files_of_dist_info() {
    let expected = [
        ("METADATA", DistInfoFile::Metadata),
        ("PKG-INFO", DistInfoFile::Metadata),
        ("RECORD", DistInfoFile::Record),
        ("RECORD.jws", DistInfoFile::RecordSignature),
        ("RECORD.p7s", DistInfoFile::RecordSignature),
        ("INSTALLER", DistInfoFile::Installer),
        ("REQUESTED", DistInfoFile::Requested),
        ("WHEEL", DistInfoFile::Wheel),
        ("direct_url.json", DistInfoFile::DirectUrl),
        ("entry_points.txt", DistInfoFile::EntryPoints),
        ("top_level.txt", DistInfoFile::TopLevel),
        ("namespace_packages.txt", DistInfoFile::NamespacePackages),
        ("LICENSE", DistInfoFile::License),
        ("Licence.rst", DistInfoFile::License),
        ("copying.lesser", DistInfoFile::License),
        ("NOTICE.txt", DistInfoFile::License),
        ("AUTHORS.md", DistInfoFile::License),
        ("licenses/src/vendor/x.txt", DistInfoFile::License),
        ("license_files/x", DistInfoFile::License),
        ("sboms/x.cdx.json", DistInfoFile::Sbom),
        ("zip-safe", DistInfoFile::Other),
        ("uv_cache.json", DistInfoFile::Other),
        ("data/METADATA", DistInfoFile::Other),
    ];
    for (name, kind) in expected {
        assert_eq!(classify(name), kind, "{name}");
    }
}

#[test]
fn reads_entry_points() {
    let text = "# comment\nlost = a\n\n[console_scripts]\n  flask = flask.cli:main\r\nx=a.b : C.d [extra, two]\n; y = z\n\n[a.group]\nplugin = pkg.mod\nnothing\nbad = a-b:c\n";
    let points: Vec<_> = entry_points(text.as_bytes())
        .into_iter()
        .map(|point| {
            format!("{} {} {} {:?}", point.group, point.name, point.module, point.attribute)
        })
        .collect();
    let expected = [
        "console_scripts flask flask.cli Some(\"main\")",
        "console_scripts x a.b Some(\"C.d\")",
        "console_scripts ; y z None",
        "a.group plugin pkg.mod None",
    ];
    assert_eq!(points, expected);
}

/// The entry points that `importlib.metadata` reads and whose value it can take apart.
const POINTS: &str = r##"
import importlib.metadata, json, sys
answers = []
for text in json.load(sys.stdin):
    lines = [l for l in map(str.strip, text.splitlines())]
    keep = [l for l in lines if l.startswith("#") or "=" in l or (l.startswith("[") and l.endswith("]"))]
    points = []
    for p in importlib.metadata.EntryPoints._from_text("\n".join(keep)):
        if importlib.metadata.EntryPoint.pattern.match(p.value):
            points.append([p.group, p.name, p.module, p.attr])
    answers.append(points)
json.dump(answers, sys.stdout)
"##;

#[test]
fn agrees_with_importlib_metadata() {
    use proptest::strategy::ValueTree;
    let part = prop_oneof![
        "\\[[a-z.\\]\\[ ]{0,5}\\]",
        "[a-z_.]{1,5}",
        "=",
        ":",
        "\n",
        "\r\n",
        "\n\n",
        " ",
        "#",
        ";",
        "\\[x\\]",
        "-",
        "\u{2028}",
        "\x0c",
        "\x1d",
        "\u{e9}",
        "\\[",
        "\\]",
        "a = b:c\n",
    ];
    let text =
        prop::collection::vec(part, 0..25).prop_map(|parts| format!("[g]\n{}", parts.concat()));
    let mut runner = proptest::test_runner::TestRunner::default();
    let texts: Vec<String> =
        (0..3_000).map(|_| text.new_tree(&mut runner).expect("a text").current()).collect();
    let answers = oracle::ask(POINTS, serde_json::to_string(&texts).expect("JSON").as_bytes());
    for (text, theirs) in texts.iter().zip(answers.as_array().expect("a list")) {
        let points = entry_points(text.as_bytes());
        let ours: Vec<_> =
            points.iter().map(|p| (&p.group, &p.name, &p.module, &p.attribute)).collect();
        assert_eq!(&serde_json::json!(ours), theirs, "{text:?}");
    }
}

#[test]
fn infers_top_level_names() {
    let paths = [
        "six.py",
        "pkg/__init__.py",
        "pkg/sub/x.py",
        "pkg.libs/libx.so",
        "six-1.16.0.dist-info/RECORD",
        "../../bin/tool",
        "__pycache__/six.cpython-312.pyc",
        "_cffi_backend.cpython-312-x86_64-linux-gnu.so",
        "_arm.cpython-312-aarch64-linux-gnu.so",
        "stable.abi3.so",
        "plain.so",
        "mac.cpython-312-darwin.so",
        "win.cp312-win_amd64.pyd",
        "README.txt",
        "distutils-precedence.pth",
        "./dotted//file.py",
        "sourceless.pyc",
        "with blank/x.py",
        ".py",
        "",
        "/abs/path.py",
    ];
    let expected =
        ["_arm", "_cffi_backend", "dotted", "pkg", "plain", "six", "sourceless", "stable"];
    assert_eq!(top_level(paths), expected);
}

/// What CPython infers; on its own machine's tag only, so the paths hold no other.
const INFERRED: &str = r#"
import importlib.metadata, json, sys
answers = []
for paths in json.load(sys.stdin):
    class Dist:
        files = [importlib.metadata.PackagePath(p) for p in paths]
    names = importlib.metadata._top_level_inferred(Dist)
    names = {n for n in names if n.strip("/") and n != "__pycache__" and not any(map(str.isspace, n))}
    answers.append(sorted(names))
json.dump(answers, sys.stdout)
"#;

#[test]
fn agrees_with_importlib_metadata_on_top_level_names() {
    use proptest::strategy::ValueTree;
    let path = "(/|\\./|\\.\\./|__pycache__/)?[a-zA-Z. ]{0,3}(/[a-z.]{0,3}){0,2}(\\.py|\\.pyc|\\.so|\\.abi3\\.so|\\.txt|)";
    let paths = prop::collection::vec(path, 0..8);
    let mut runner = proptest::test_runner::TestRunner::default();
    let cases: Vec<Vec<String>> =
        (0..2_000).map(|_| paths.new_tree(&mut runner).expect("paths").current()).collect();
    let answers = oracle::ask(INFERRED, serde_json::to_string(&cases).expect("JSON").as_bytes());
    for (paths, theirs) in cases.iter().zip(answers.as_array().expect("a list")) {
        let ours = top_level(paths.iter().map(String::as_str));
        assert_eq!(&serde_json::json!(ours), theirs, "{paths:?}");
    }
}

proptest! {
    #[test]
    fn entry_points_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = entry_points(&bytes);
    }

    #[test]
    fn names_never_panic(name in "\\PC{0,20}(-|\\.egg-info|\\.dist-info)?") {
        let _ = (normalize(&name), dist_info_name(&name), classify(&name), top_level([name.as_str()]));
    }
}
