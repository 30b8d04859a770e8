//! OpenBLAS's kernels of processors that Lambda does not have, at level `max`.

use crate::package::{Dist, Package};
use crate::support::{command, compiled, finished, slim};

const LIBRARY: &str = "alpha.libs/libblas-0123abcd.so";
const HERE: &str = "alpha/_a.cpython-312-x86_64-linux-gnu.so";
const MAX: [&str; 4] = ["--level", "max", "--handler", "main.handler"];

/// A library as OpenBLAS is, in small: a megabyte of numbers, and kernels that only a table leads to.
fn library(version: &str) -> Vec<u8> {
    let kernels: String = (0..300_u32)
        .map(|n| {
            let (a, b) = (n * 7_919 % 999_983, n * 40_503 % 65_521);
            format!(
                "__attribute__((visibility(\"hidden\"))) int k{n}_NEHALEM(int x) {{ volatile int y = \
                 {a} + x; return y * {b} + {n}; }}\n"
            )
        })
        .collect();
    let all: String = (0..300).map(|n| format!("(void *)k{n}_NEHALEM, ")).collect();
    let source = format!(
        "const char *config = \"OpenBLAS {version} DYNAMIC_ARCH\"; const char room[1 << 20] = \"x\";\n\
         {kernels} void *gotoblas_NEHALEM[] = {{ {all} }}; int one_HASWELL(int x) {{ return x; }}\n\
         void *gotoblas_HASWELL[] = {{ (void *)one_HASWELL }};\n\
         int without_avx2(void) {{ return ((int (*)(int))gotoblas_NEHALEM[1])(5); }}\n"
    );
    compiled("gcc", &source, &["-shared", "-fPIC", "-O2", "-Wl,-soname,libblas-0123abcd.so"])
}

fn alpha(version: &str) -> Dist {
    let user = compiled("gcc", "int f(void) { return 7; }", &["-shared", "-fPIC"]);
    Dist::new("alpha", "1.0")
        .file(
            "alpha/__init__.py",
            "import ctypes\nfrom . import _a\nctypes.CDLL('libblas-0123abcd.so')\n",
        )
        .file(HERE, user)
        .file(LIBRARY, library(version))
}

fn app(code: &str, version: &str) -> Package {
    let text = format!("import alpha\n{code}\n\ndef handler(event, context):\n    return 1\n");
    Package::new("app").with("main.py", text).install(&alpha(version))
}

/// What rule other-kernels saved in the zips.
fn saved(report: &serde_json::Value) -> u64 {
    let rules = report["rules"].as_array().unwrap();
    let row = rules.iter().find(|rule| rule["id"] == "other-kernels");
    row.map_or(0, |row| row["zipped_bytes"].as_u64().unwrap_or(0))
}

/// What is told of the rule's doubts.
fn doubt(report: &serde_json::Value) -> String {
    let doubts = report["doubts"].as_array().unwrap().iter();
    let mut of_rule = doubts.filter(|doubt| doubt["rule"] == "other-kernels");
    of_rule.next().map_or(String::new(), |doubt| doubt["why"].as_str().unwrap().to_owned())
}

#[test]
fn they_take_next_to_nothing_in_the_zip() {
    let package = app("", "0.3.27");
    let off = package.home("off.toml");
    std::fs::write(&off, "[rules]\noff = [\"other-kernels\"]\n").unwrap();
    let with = package.build(&[&MAX[..], &["--config", &off]].concat());
    let without = package.build(&MAX);
    let (before, after) = (with.report(), without.report());
    assert_eq!((saved(&before), &before["after"]["bytes"]), (0, &after["after"]["bytes"]));
    let zipped = |report: &serde_json::Value| report["after"]["zipped_bytes"].as_u64().unwrap();
    let less = zipped(&before) - zipped(&after);
    assert!(less > 2_000 && saved(&after).abs_diff(less) < less / 5, "{less}: {}", saved(&after));
    let told = "for processors with AVX2, as all of Lambda's";
    assert!(without.run.says(&[told, "1 file", "(rule other-kernels)"]), "{}", without.run.out);
    assert!(!with.run.out.contains("AVX2"));
    assert_eq!(without.hashes(), package.build(&[&MAX[..], &["-j", "1"]].concat()).hashes());
    assert_eq!(saved(&package.build(&["--level", "standard"]).report()), 0);
    let explained = slim(&[&["explain", package.path(), LIBRARY], &MAX[..]].concat()).ok();
    assert!(explained.says(&["bytes of code overwritten by the rule other-kernels"]));
    assert!(explained.says(&["the process ends with SIGTRAP"]), "{}", explained.out);
}

#[test]
fn doubt_leaves_them_and_is_told() {
    let says = app("import os\nos.environ['OPENBLAS_CORETYPE'] = 'Nehalem'", "0.3.27");
    let report = says.build(&MAX).report();
    assert_eq!((saved(&report), doubt(&report).as_str()), (0, "main.py says OPENBLAS_CORETYPE"));
    let report = says.with(".env", "").build(&MAX).report();
    assert_eq!(saved(&report), 0);
    let script = app("", "0.3.27").with("start.sh", "export OPENBLAS_CORETYPE=Nehalem\n");
    assert_eq!(doubt(&script.build(&MAX).report()), "start.sh says OPENBLAS_CORETYPE");
    let old = app("", "0.3.12").build(&MAX).report();
    assert_eq!(saved(&old), 0);
    assert!(doubt(&old).contains("does not tell a version"), "{}", doubt(&old));
    let source = "int k7_NEHALEM(int); int f(void) { return k7_NEHALEM(1); }";
    let needs = Package::new("app").with("main.py", "import alpha\n\ndef handler(e, c): pass\n");
    let library = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libblas-0123abcd.so");
        std::fs::write(&path, library("0.3.27")).unwrap();
        compiled("gcc", source, &["-shared", "-fPIC", "-Wl,--no-as-needed", path.to_str().unwrap()])
    };
    let needs = needs.install(&alpha("0.3.27").file(HERE, library)).build(&MAX).report();
    assert_eq!(doubt(&needs), format!("{HERE} asks for k7_NEHALEM"));
}

#[test]
fn they_come_back_when_a_run_ends_in_a_trap() {
    let text = "import alpha, ctypes, os\n\ndef handler(event, context):\n    \
                library = ctypes.CDLL(os.path.join(os.path.dirname(alpha.HERE), 'alpha.libs/libblas-0123abcd.so'))\n    \
                return library.without_avx2()\n";
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "HERE = __path__[0]\n")
        .file(LIBRARY, library("0.3.27"));
    let package = Package::new("app").with("app.py", text).install(&alpha);
    let one = package.home("one.json");
    std::fs::write(&one, "{}").unwrap();
    let mut command = command();
    command.env("XDG_CACHE_HOME", package.home("cache"));
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--event", &one]);
    command.args(["--level", "max", "--handler", "app.handler", "--format", "json"]);
    let report = finished(&mut command).ok().json();
    assert_eq!(report["proof"]["status"], "proven", "{}", report["proof"]);
    let undone: Vec<&str> = report["proof"]["undone"]
        .as_array()
        .unwrap()
        .iter()
        .map(|undone| undone["rule"].as_str().unwrap())
        .collect();
    assert_eq!((undone, saved(&report)), (vec!["other-kernels"], 0));
    assert!(doubt(&report).contains("SIGTRAP"), "{}", doubt(&report));
}

#[test]
fn a_library_of_the_users_stays_as_it_is() {
    let text =
        "import ctypes\nctypes.CDLL('libblas.so')\n\ndef handler(event, context):\n    return 1\n";
    let package = Package::new("app").with("main.py", text).with("libblas.so", library("0.3.27"));
    assert_eq!(saved(&package.build(&MAX).report()), 0);
    let changed = app("", "0.3.27").with(LIBRARY, [library("0.3.28"), vec![0; 3]].concat());
    let report = changed.build(&MAX).report();
    assert_eq!(saved(&report), 0);
    assert!(doubt(&report).contains("not what RECORD says"), "{}", doubt(&report));
}
