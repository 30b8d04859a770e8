use std::process::Command;

use proptest::prelude::*;

use super::super::oracle;
use super::{Header, Kind, MAGIC_NUMBERS, header, pycache_name};

#[test]
fn reads_headers() {
    let pyc = |magic: u16, flags: u32| {
        [&magic.to_le_bytes()[..], b"\r\n", &flags.to_le_bytes(), &[7; 8], b"code"].concat()
    };
    let expect = |python, kind| Some(Header { python, kind });
    assert_eq!(header(&pyc(3531, 0)), expect(Some((3, 12)), Kind::Timestamp));
    assert_eq!(header(&pyc(3571, 1)), expect(Some((3, 13)), Kind::UncheckedHash));
    assert_eq!(header(&pyc(3627, 3)), expect(Some((3, 14)), Kind::CheckedHash));
    assert_eq!(header(&pyc(3500, 0)), expect(None, Kind::Timestamp));
    assert_eq!(header(&pyc(3379, 99)), expect(Some((3, 6)), Kind::Timestamp));
    assert_eq!(header(&pyc(3531, 2)), None);
    assert_eq!(header(&pyc(3531, 4)), None);
    assert_eq!(header(&pyc(3531, 0)[..15]), None);
    assert_eq!(header(&pyc(3379, 0)[..11]), None);
    assert_eq!(header(b"\xcb\x0d\n\r............"), None);
    assert_eq!(header(b""), None);
}

#[test]
fn the_magic_numbers_are_those_of_the_installed_pythons() {
    let script = "import importlib.util as u; print(int.from_bytes(u.MAGIC_NUMBER[:2], 'little'))";
    let mut checked = 0;
    for (magic, (major, minor)) in MAGIC_NUMBERS {
        for python in oracle::installed(&format!("{major}.{minor}")) {
            let Ok(output) = Command::new(&python).args(["-I", "-c", script]).output() else {
                continue;
            };
            if output.status.success() {
                let theirs = String::from_utf8_lossy(&output.stdout);
                assert_eq!(theirs.trim(), magic.to_string(), "{}", python.display());
                checked += 1;
            }
        }
    }
    println!("{checked} Pythons asked");
    assert!(MAGIC_NUMBERS.is_sorted());
}

#[test]
fn reads_what_py_compile_writes() {
    let compile = r#"
import json, pathlib, py_compile, sys, tempfile
made = []
with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder, "a.b.py")
    source.write_text("x = 1")
    for mode in py_compile.PycInvalidationMode:
        for optimize in (0, 1, 2):
            out = py_compile.compile(str(source), invalidation_mode=mode, optimize=optimize)
            made.append([mode.name, pathlib.Path(out).name, list(pathlib.Path(out).read_bytes())])
json.dump([list(sys.version_info[:2]), sys.implementation.cache_tag, made], sys.stdout)
"#;
    let answer = oracle::ask(compile, b"");
    let python: (u8, u8) = serde_json::from_value(answer[0].clone()).expect("a version");
    let made: Vec<(String, String, Vec<u8>)> =
        serde_json::from_value(answer[2].clone()).expect("files");
    assert_eq!(made.len(), 9);
    for (mode, name, bytes) in made {
        let kind = match mode.as_str() {
            "TIMESTAMP" => Kind::Timestamp,
            "CHECKED_HASH" => Kind::CheckedHash,
            _ => Kind::UncheckedHash,
        };
        assert_eq!(header(&bytes), Some(Header { python: Some(python), kind }));
        assert_eq!(pycache_name(&name), Some(("a.b", answer[1].as_str().expect("a tag"))));
    }
}

#[test]
fn reads_names_in_pycache() {
    let expected = [
        ("six.cpython-312.pyc", Some(("six", "cpython-312"))),
        ("six.cpython-312.opt-1.pyc", Some(("six", "cpython-312"))),
        ("__init__.cpython-39.opt-2.pyc", Some(("__init__", "cpython-39"))),
        ("a.b.cpython-312.pyc", Some(("a.b", "cpython-312"))),
        ("x.pypy39.pyc", Some(("x", "pypy39"))),
        ("test_a.cpython-312-pytest-8.3.4.pyc", Some(("test_a", "cpython-312-pytest-8.3.4"))),
        ("x.pyc", None),
        (".cpython-312.pyc", None),
        ("x.cpython-312.pyo", None),
        ("x.cpython-312.pyc.140", None),
        ("", None),
    ];
    for (name, parts) in expected {
        assert_eq!(pycache_name(name), parts, "{name}");
    }
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40), name in "\\PC{0,20}(\\.pyc)?") {
        let _ = header(&bytes);
        let _ = pycache_name(&name);
    }
}
