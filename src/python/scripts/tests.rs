use proptest::prelude::*;

use super::portable_shebang;

const REST: &str = "# -*- coding: utf-8 -*-\nimport sys\nfrom a.b import main\nsys.exit(main())\n";

#[test]
fn interpreters_of_another_machine_are_replaced() {
    let expected = format!("#!/usr/bin/env python3\n{REST}");
    let first_lines = [
        "#!/usr/bin/python3",
        "#!/home/a/.venv/bin/python",
        "#!/opt/hostedtoolcache/Python/3.12.1/x64/bin/python3.12",
        "#! /usr/bin/python3.13t ",
        "#!\"/path with blank/bin/python3\"",
        "#!/path with blank/bin/python3",
        "#!C:\\Python312\\python.exe\r",
        "#!python",
        "#!pythonw",
        "#!/bin/sh\n'''exec' /long/path/python3.12 \"$0\" \"$@\"\n' '''",
        "#!/bin/sh\n'''exec' \"/path with/python3\" \"$0\" \"$@\"\n' '''",
        "#!/bin/sh\n'''exec' '/path/bin/python' \"$0\" \"$@\"\n' '''",
        "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''",
    ];
    for first in first_lines {
        let script = format!("{first}\n{REST}");
        let portable = portable_shebang(script.as_bytes())
            .map(|script| String::from_utf8_lossy(&script).into_owned());
        assert_eq!(portable.as_deref(), Some(expected.as_str()), "{first}");
    }
}

#[test]
fn other_scripts_stay() {
    let first_lines = [
        "#!/usr/bin/env python3",
        "#!/usr/bin/env python",
        "#!/usr/bin/env -S python3 -E",
        "#!/usr/bin/env /opt/python3",
        "#!/usr/bin/python3 -E",
        "#!/usr/bin/python3 -s -X importtime=/usr/bin/python",
        "#!/usr/bin/python2.7",
        "#!/usr/bin/python2",
        "#!/usr/bin/pypy3",
        "#!/usr/bin/python-config",
        "#!/usr/bin/python3.",
        "#!/bin/bash",
        "#!/bin/sh",
        "#!/bin/sh\n'''exec' /bin/python -I \"$0\" \"$@\"\n' '''",
        "#!/bin/sh\n'''exec' /bin/ruby \"$0\" \"$@\"\n' '''",
        "#!/bin/sh\n'''exec' /bin/python3 \"$0\" \"$@\"\nsomething else",
        "#!",
        "import sys",
        "",
        "\x7fELF",
    ];
    for first in first_lines {
        assert_eq!(portable_shebang(format!("{first}\n{REST}").as_bytes()), None, "{first}");
    }
}

#[test]
fn what_is_portable_stays_portable() {
    let portable = portable_shebang(b"#!/usr/bin/python3").expect("a new shebang");
    assert_eq!(portable, b"#!/usr/bin/env python3\n");
    assert_eq!(portable_shebang(&portable), None);
}

/// The wrapper that pip's own distlib writes runs, and does the same, after the change.
#[test]
fn the_changed_wrapper_still_runs() {
    let wrapper = r#"
import json, subprocess, sys, tempfile, pathlib
from pip._vendor.distlib.scripts import ScriptMaker
made = []
for executable in [sys.executable, "/" + "x" * 130 + "/python3", "/with blank/python3"]:
    with tempfile.TemporaryDirectory() as folder:
        maker = ScriptMaker(None, folder)
        maker.executable = executable
        maker.variants = {""}
        maker.set_mode = True
        maker.make("tool = json.tool:main")
        made.append(pathlib.Path(folder, "tool").read_text())
json.dump(made, sys.stdout)
"#;
    let made = super::super::oracle::ask(wrapper, b"");
    let made: Vec<String> = serde_json::from_value(made).expect("scripts");
    assert_eq!(made.len(), 3);
    let portable: Vec<Option<Vec<u8>>> =
        made.iter().map(|script| portable_shebang(script.as_bytes())).collect();
    let first = portable[0].as_ref().expect("a changed script");
    assert!(
        first.starts_with(b"#!/usr/bin/env python3\n#")
            || first.starts_with(b"#!/usr/bin/env python3\nimport")
    );
    assert!(portable.iter().all(|script| script.as_ref() == Some(first)), "{made:?}");
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = portable_shebang(&[b"#!", &bytes[..]].concat());
        let _ = portable_shebang(&[b"#!/bin/sh\n'''exec' ", &bytes[..], b"\n' '''\n"].concat());
        let _ = portable_shebang(&bytes);
    }
}
