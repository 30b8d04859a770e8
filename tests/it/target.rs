//! The Lambda it is for: read from the package, and held against what shared objects need.

use crate::package::{Dist, Package};
use crate::support::{Built, compiled, linked, slim};

/// A shared object that needs `version` of a symbol in `library`.
fn needs(library: &str, version: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map");
    std::fs::write(&map, format!("{version} {{ global: stub; }};")).unwrap();
    linked(library, &[&format!("-Wl,--version-script={}", map.display())]).1
}

fn with(objects: &[(&str, Vec<u8>)]) -> Package {
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    let alpha = objects.iter().fold(alpha, |alpha, (path, bytes)| alpha.file(path, bytes));
    Package::new("app").install(&alpha)
}

#[track_caller]
fn warns(built: &Built, told: &str) {
    let warnings = built.warnings();
    assert!(warnings.lines().any(|line| line.contains(told)), "{told} in:\n{warnings}");
}

#[test]
fn a_library_that_nobody_provides() {
    let package = with(&[("alpha/_odbc.so", needs("libodbc.so.2", "ODBC_1"))]);
    let told = "alpha 1.0: alpha/_odbc.so needs libodbc.so.2, \
                which neither the package nor Lambda's Python 3.12 holds";
    warns(&package.build(&[]), told);
    assert_eq!(package.build(&["--drop", "alpha/_odbc.so"]).warnings(), "");
    let library = compiled("gcc", "void stub(void) {}", &["-shared", "-fPIC"]);
    let beside = package.with("alpha.libs/libodbc.so.2", library);
    assert_eq!(beside.build(&[]).warnings(), "", "the package itself holds it");
    let known = with(&[("alpha/_z.so", needs("libz.so.1", "ZLIB_1.2"))]);
    assert_eq!(known.build(&[]).warnings(), "");
}

#[test]
fn a_glibc_that_is_too_new() {
    let package = with(&[("alpha/_new.so", needs("libc.so.6", "GLIBC_2.38"))]);
    let told = "alpha 1.0: alpha/_new.so needs GLIBC_2.38; Lambda's Python 3.12 has glibc 2.34";
    warns(&package.build(&[]), told);
    let package = with(&[("alpha/_mid.so", needs("libc.so.6", "GLIBC_2.34"))]);
    assert_eq!(package.build(&[]).warnings(), "");
    warns(&package.build(&["--python", "3.11"]), "needs GLIBC_2.34; Lambda's Python 3.11 has");
    let package = with(&[("alpha/_cxx.so", needs("libstdc++.so.6", "GLIBCXX_3.4.32"))]);
    warns(&package.build(&[]), "alpha/_cxx.so needs GLIBCXX_3.4.32");
    let own = Package::new("app").with("fast.so", needs("libc.so.6", "GLIBC_2.99"));
    warns(&own.build(&[]), "your code: fast.so needs GLIBC_2.99");
}

#[test]
fn the_package_tells_its_target() {
    let object = compiled("gcc", "int f;", &["-shared", "-fPIC"]);
    let arm = compiled("aarch64-linux-gnu-gcc", "int f;", &["-shared", "-fPIC"]);
    let target = |package: &Package, args: &[&str]| {
        let inspected = slim(&[&["inspect", package.path(), "--format", "json"], args].concat());
        let target = inspected.ok().json()["target"].clone();
        format!("{} {}", target["python"].as_str().unwrap(), target["arch"].as_str().unwrap())
    };
    let tagged = |tag: &str| format!("alpha/_a.cpython-{tag}-linux-gnu.so");
    let one = |tag: &str, bytes: &[u8]| with(&[(&tagged(tag), bytes.to_vec())]);
    assert_eq!(target(&with(&[]), &[]), "3.12 x86_64");
    assert_eq!(target(&with(&[]), &["--python", "3.9", "--arch", "arm64"]), "3.9 arm64");
    assert_eq!(target(&one("310-x86_64", &object), &[]), "3.10 x86_64");
    assert_eq!(target(&one("313-aarch64", &arm), &[]), "3.13 arm64");
    let abi3 = with(&[("alpha/_a.abi3.so", arm.clone())]);
    assert_eq!(target(&abi3, &[]), "3.12 arm64", "the stable ABI speaks for no version");
    let tie = with(&[("alpha/_a.so", object.clone()), ("alpha/_b.so", arm.clone())]);
    warns(&tie.build(&[]), "the package mixes binaries: ");
    let many = with(&[
        ("alpha/_a.cpython-311-x86_64-linux-gnu.so", object.clone()),
        ("alpha/_b.cpython-311-x86_64-linux-gnu.so", object.clone()),
        ("alpha/_c.cpython-312-x86_64-linux-gnu.so", object),
    ]);
    assert_eq!(target(&many, &[]), "3.11 x86_64", "most of them decide");
    warns(&many.build(&[]), "2 for 3.11, 1 for 3.12; built for 3.11");
    assert_eq!(many.try_build(&["--python", "3.12"]).code, 2);
}
