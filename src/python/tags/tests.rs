use proptest::prelude::*;

use super::{Arch, Implementation, ModuleFile, Os, Tag, cache_tag_version, wheel_tags};

const GNU: Os = Os::Linux { musl: false };
const MUSL: Os = Os::Linux { musl: true };

fn cpython(python: (u8, u8), arch: Option<Arch>, os: Os) -> Tag {
    Tag { python: Some(python), implementation: Implementation::CPython, arch, os, ..Tag::ANY }
}

#[test]
fn reads_module_file_names() {
    let x86 = Some(Arch::X86_64);
    let arm = Some(Arch::Aarch64);
    let pypy = Tag { implementation: Implementation::PyPy, ..cpython((3, 9), x86, GNU) };
    let expected = [
        ("x.cpython-312-x86_64-linux-gnu.so", cpython((3, 12), x86, GNU)),
        ("x.cpython-312-aarch64-linux-gnu.so", cpython((3, 12), arm, GNU)),
        ("x.cpython-312-aarch64-linux-musl.so", cpython((3, 12), arm, MUSL)),
        ("x.cpython-39-i386-linux-gnu.so", cpython((3, 9), Some(Arch::Other), GNU)),
        ("x.cpython-312-x86_64-linux-gnux32.so", cpython((3, 12), Some(Arch::Other), GNU)),
        ("x.cpython-36m-x86_64-linux-gnu.so", cpython((3, 6), x86, GNU)),
        ("x.cpython-35m.so", cpython((3, 5), None, Os::Unknown)),
        ("x.cpython-311-darwin.so", cpython((3, 11), None, Os::Darwin)),
        ("x.cp312-win_amd64.pyd", cpython((3, 12), x86, Os::Windows)),
        ("x.cp311-win32.pyd", cpython((3, 11), Some(Arch::Other), Os::Windows)),
        ("x.cp312-win_arm64.pyd", cpython((3, 12), arm, Os::Windows)),
        (
            "x.cpython-313t-x86_64-linux-gnu.so",
            Tag { free_threaded: true, ..cpython((3, 13), x86, GNU) },
        ),
        ("x.cpython-312d-x86_64-linux-gnu.so", Tag { debug: true, ..cpython((3, 12), x86, GNU) }),
        ("x.abi3.so", Tag { abi3: true, python: None, ..cpython((3, 0), None, Os::Unknown) }),
        ("x.pypy39-pp73-x86_64-linux-gnu.so", pypy),
        ("x.pypy39-pp73-darwin.so", Tag { os: Os::Darwin, arch: None, ..pypy }),
        ("x.pyd", Tag { os: Os::Windows, ..Tag::ANY }),
        (
            "x.graalpy231-310-native-x86_64-linux.so",
            Tag { implementation: Implementation::Other, python: None, ..pypy },
        ),
    ];
    for (name, tag) in expected {
        assert_eq!(
            ModuleFile::parse(name),
            Some(ModuleFile { stem: "x", tag: Some(tag) }),
            "{name}"
        );
    }
}

#[test]
fn untagged_names_keep_their_dots() {
    for (name, stem) in [
        ("x.so", "x"),
        ("libfoo-1.2.so", "libfoo-1.2"),
        ("a.cpython.so", "a.cpython"),
        ("a.abi3x.so", "a.abi3x"),
    ] {
        assert_eq!(ModuleFile::parse(name), Some(ModuleFile { stem, tag: None }), "{name}");
    }
    for other in
        ["x.py", "libx.so.1", ".so", "so", "", ".abi3.so", "x.cpython-312-x86_64-linux-gnu.pyc"]
    {
        assert_eq!(ModuleFile::parse(other), None, "{other}");
    }
}

#[test]
fn knows_what_the_target_looks_for() {
    let loads =
        |name, python, arch| ModuleFile::parse(name).expect("a module").loads_on(python, arch);
    let target = |name| loads(name, (3, 12), Arch::X86_64);
    for name in ["x.so", "x.abi3.so", "x.cpython-312-x86_64-linux-gnu.so"] {
        assert!(target(name), "{name}");
    }
    for name in [
        "x.pyd",
        "x.abi3t.so",
        "x.cpython-311-x86_64-linux-gnu.so",
        "x.cpython-312-aarch64-linux-gnu.so",
        "x.cpython-312-x86_64-linux-musl.so",
        "x.cpython-312-darwin.so",
        "x.cp312-win_amd64.pyd",
        "x.pypy39-pp73-x86_64-linux-gnu.so",
        "x.cpython-312d-x86_64-linux-gnu.so",
    ] {
        assert!(!target(name), "{name}");
    }
    assert!(loads("x.cpython-313-aarch64-linux-gnu.so", (3, 13), Arch::Aarch64));
    assert!(!loads("x.cpython-313t-aarch64-linux-gnu.so", (3, 13), Arch::Aarch64));
}

#[test]
fn knows_the_suffixes_of_this_machine() {
    let suffixes = "import importlib.machinery, json, sys
json.dump([sys.version_info[:2], importlib.machinery.EXTENSION_SUFFIXES], sys.stdout)";
    let answer = super::super::oracle::ask(suffixes, b"");
    let python: (u8, u8) = serde_json::from_value(answer[0].clone()).expect("a version");
    let suffixes: Vec<String> = serde_json::from_value(answer[1].clone()).expect("suffixes");
    let arch = if cfg!(target_arch = "x86_64") { Arch::X86_64 } else { Arch::Aarch64 };
    for suffix in suffixes {
        let name = format!("x{suffix}");
        let module = ModuleFile::parse(&name).expect("a module");
        assert!(module.stem == "x" && module.loads_on(python, arch), "{suffix}: {module:?}");
    }
}

#[test]
fn reads_the_tags_of_wheels() {
    let wheel = b"Wheel-Version: 1.0\r\nGenerator: x\r\nRoot-Is-Purelib: false\r\nTag: cp312-cp312-manylinux_2_17_x86_64\r\nTag: cp37-abi3-macosx_11_0_arm64\r\nTag: py2.py3-none-any\r\nTag: nonsense\r\n";
    let tags = wheel_tags(wheel);
    let names: Vec<String> =
        tags.iter().map(|t| format!("{}-{}-{}", t.python, t.abi, t.platform)).collect();
    let expected = [
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp37-abi3-macosx_11_0_arm64",
        "py2-none-any",
        "py3-none-any",
    ];
    assert_eq!(names, expected);
    assert_eq!(tags[0].tag(), cpython((3, 12), Some(Arch::X86_64), GNU));
    assert_eq!(
        tags[1].tag(),
        Tag { abi3: true, ..cpython((3, 7), Some(Arch::Aarch64), Os::Darwin) }
    );
    assert!(tags[3].is_pure() && !tags[0].is_pure());
    assert_eq!(tags[3].tag(), Tag::ANY);
    let free = wheel_tags(b"Tag: cp313-cp313t-musllinux_1_2_aarch64");
    assert_eq!(
        free[0].tag(),
        Tag { free_threaded: true, ..cpython((3, 13), Some(Arch::Aarch64), MUSL) }
    );
    let hostile = format!("Tag: {0}-{0}-{0}", "a.".repeat(10_000));
    assert_eq!(wheel_tags(hostile.as_bytes()).len(), 1_000);
}

#[test]
fn reads_cache_tags() {
    assert_eq!(cache_tag_version("cpython-312"), Some((3, 12)));
    assert_eq!(cache_tag_version("cpython-312-pytest-8.3.4"), Some((3, 12)));
    for other in ["pypy39", "cpython-", "cpython-x", "cpython-3", ""] {
        assert_eq!(cache_tag_version(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn never_panics(name in "\\PC{0,10}\\.(cpython-|cp|pypy|abi3)?[0-9a-z_-]{0,12}\\.(so|pyd)", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = ModuleFile::parse(&name);
        let _ = cache_tag_version(&name);
        for tag in wheel_tags(&[b"Tag: ", &bytes[..]].concat()) {
            let _ = tag.tag();
        }
    }
}
