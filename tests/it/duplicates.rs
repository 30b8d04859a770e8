//! Equal files of one zip, and libraries under several names: reported, and gone where none is asked for.

use serde_json::{Value, json};

use crate::package::{Dist, Package};
use crate::support::{Built, compiled, linked, slim};

const MAX: [&str; 4] = ["--level", "max", "--handler", "main.handler"];
/// The names under which a wheel carries one library, for want of links.
const NAMES: [&str; 3] = ["libnum.so", "libnum.so.1", "libnum.so.1.2"];
const USER: &str = "alpha/_a.cpython-312-x86_64-linux-gnu.so";
const CTYPES: &str = "import ctypes, glob, os\nhere = os.path.dirname(__file__)\n";

/// alpha, whose extension module is linked with `libnum.so.1`, and says `code`.
fn alpha(code: &str) -> Dist {
    let (library, user) = linked("libnum.so.1", &[]);
    let init = format!("from . import _a\n{CTYPES}{code}\n");
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", init).file(USER, user);
    NAMES.iter().fold(alpha, |alpha, name| alpha.file(&format!("alpha/{name}"), &library))
}

fn app(dist: &Dist) -> Package {
    let text = "import alpha\n\ndef handler(event, context):\n    return 1\n";
    Package::new("app").with("main.py", text).install(dist)
}

/// Those of [`NAMES`] that ship.
fn shipped(built: &Built) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| built.ships(&format!("alpha/{name}"))).collect()
}

/// The groups of the report, sizes left out.
fn groups(built: &Built) -> Vec<Value> {
    let mut groups = built.report()["duplicates"].as_array().unwrap().clone();
    for group in &mut groups {
        let group = group.as_object_mut().unwrap();
        group.remove("wasted_bytes");
        group.remove("wasted_zipped_bytes");
    }
    groups
}

#[test]
fn names_of_one_library_are_reported_at_every_level() {
    let package = app(&alpha(""));
    let name = |name: &str, asked_by: &[&str]| {
        let asked_by: Vec<String> = asked_by.iter().map(|by| format!("python/{by}")).collect();
        json!({"path": format!("python/alpha/{name}"), "asked_by": asked_by})
    };
    let files = [name(NAMES[0], &[]), name(NAMES[1], &[USER]), name(NAMES[2], &[])];
    let group =
        json!({"alike": "library", "zip": "layer.zip", "soname": "libnum.so.1", "files": files});
    for level in ["safe", "standard"] {
        let built = package.build(&["--level", level]);
        assert_eq!(groups(&built), std::slice::from_ref(&group), "{level}");
        let size = built.bytes("alpha/libnum.so").unwrap().len();
        assert_eq!(built.report()["duplicates"][0]["wasted_bytes"], 2 * size);
        assert!(built.run.says(&["duplicates: 3 names of one library (libnum.so…), "]));
        assert!(!built.run.says(&["linked by"]), "that is told with -v");
    }
    let verbose = package.build(&["-v"]);
    assert!(verbose.run.says(&["alpha/libnum.so (linked by nothing)"]), "{}", verbose.run.out);
    assert!(verbose.run.says(&["alpha/libnum.so.1 (linked by python/alpha/_a."]));
    assert_eq!(groups(&package.build(&MAX)), [json!(null); 0], "nothing is left to report");
}

#[test]
fn equal_files_of_one_zip_are_reported_from_4_kib_on() {
    let (large, small) = ("x = 1\n".repeat(700), "x = 1\n".repeat(600));
    let alpha = Dist::new("alpha", "1").file("alpha/a.py", &large).file("alpha/b.py", &large);
    let alpha = alpha.file("alpha/__init__.py", &small).file("alpha/c.py", &small);
    let package = Package::new("app").with("own.py", &large).install(&alpha);
    let built = package.build(&[]);
    let file = |path: &str| json!({"path": path, "asked_by": []});
    let files = [file("python/alpha/a.py"), file("python/alpha/b.py")];
    let group = json!({"alike": "bytes", "zip": "layer.zip", "soname": null, "files": files});
    assert_eq!(groups(&built), [group], "own.py is in another zip");
    assert_eq!(built.report()["duplicates"][0]["wasted_bytes"], large.len());
    assert!(built.run.says(&["duplicates: 2 equal files (a.py…), "]), "{}", built.run.out);
    let one = package.build(&["--layer", "none"]);
    assert_eq!(groups(&one)[0]["files"].as_array().unwrap().len(), 3, "all in one zip");
    assert_eq!(one.report()["duplicates"][0]["wasted_bytes"], 2 * large.len());
}

#[test]
fn files_of_one_size_and_checksum_may_differ() {
    // CRC-32 is the same for these two words, and so behind any common beginning.
    let text = |word: &str| format!("# {}{word}\n", "so many words ".repeat(400));
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", text("plumless"));
    let alpha = alpha.file("alpha/b.py", text("buckeroo"));
    assert_eq!(groups(&Package::new("app").install(&alpha).build(&[])), [json!(null); 0]);
}

#[test]
fn libraries_of_one_soname_that_differ_are_told_apart() {
    let source = |text: &str| format!("const char *text(void) {{ return \"{text}\"; }}");
    let flags = ["-shared", "-fPIC", "-Wl,-soname,libm2.so.1"];
    let object = |text: &str| compiled("gcc", &source(text), &flags);
    let alpha = Dist::new("alpha", "1").file("alpha/__init__.py", "");
    let alpha = alpha.file("alpha/libm2.so", object("one")).file("alpha/libm2.so.1", object("two"));
    let built = Package::new("app").install(&alpha).build(&["-v"]);
    let groups = groups(&built);
    assert_eq!((groups.len(), &groups[0]["alike"]), (1, &json!("soname")));
    assert_eq!(built.report()["duplicates"][0]["wasted_bytes"], 0);
    assert!(built.run.says(&["2 libraries of one soname (libm2.so…)", "and differ"]));
    assert!(!built.run.says(&["duplicates:"]), "there is nothing to gain");
}

#[test]
fn a_name_stays_where_something_says_it() {
    // Behind a dot, `libnum` of `libnum.so.1.2` may be a module too.
    let both = ["libnum.so", "libnum.so.1"];
    for (code, ships) in [
        ("", &["libnum.so.1"][..]),
        ("def load(name='num'): return ctypes.CDLL(f'{here}/lib{name}.so')", &both),
        // Something may be added to it.
        ("def load(): return ctypes.CDLL(here + '/libnum.so')", &NAMES),
        ("def load(): return ctypes.CDLL(glob.glob(here + '/libnum*')[0])", &both),
        ("def load(): return ctypes.CDLL(glob.glob(here + '/libnum.so*')[0])", &NAMES),
        ("def load(): return ctypes.CDLL(here + '/libnum.so.1.2')", &NAMES),
        (
            "def load(x='num.so.1.2'): ctypes.CDLL(f'{here}/lib{x}')",
            &["libnum.so.1", "libnum.so.1.2"],
        ),
        ("def load(v): ctypes.CDLL(f'{here}/libnum.so.{v}')", &["libnum.so.1", "libnum.so.1.2"]),
        ("def load(v): ctypes.CDLL(here + '/libnum.so.' + v)", &NAMES),
        ("def load(v): ctypes.CDLL(here + '/libnum.so.%s' % v)", &["libnum.so.1", "libnum.so.1.2"]),
    ] {
        assert_eq!(shipped(&app(&alpha(code)).build(&MAX)), ships, "{code}");
    }
}

#[test]
fn a_name_stays_where_an_object_says_it() {
    for (text, ships) in [
        ("libnum", &["libnum.so", "libnum.so.1"][..]),
        ("libnum.so.1.2", &["libnum.so.1", "libnum.so.1.2"]),
        ("libnum.so.%d", &["libnum.so.1", "libnum.so.1.2"]),
    ] {
        let object = crate::support::shared_object(text);
        let alpha = alpha("from . import _b").file("alpha/_b.so", object);
        assert_eq!(shipped(&app(&alpha).build(&MAX)), ships, "{text}");
    }
}

#[test]
fn what_is_not_linked_stays_once() {
    let code = "def load(name='num'): return ctypes.CDLL(f'{here}/lib{name}.so')";
    let mut package = app(&alpha(code));
    package = package.with("alpha/__init__.py", format!("{CTYPES}{code}\n"));
    let built = package.build(&[&MAX[..], &["--drop", USER]].concat());
    assert_eq!(shipped(&built), ["libnum.so"]);
}

#[test]
fn the_twin_is_told_and_the_rule_can_be_turned_off() {
    let code = "def load(name='num'): return ctypes.CDLL(f'{here}/lib{name}.so')";
    let package = app(&alpha(code));
    let told = slim(&[&["explain", package.path(), "alpha/libnum.so.1.2"], &MAX[..]].concat()).ok();
    assert!(told.says(&["alpha/libnum.so.1.2: dropped [duplicate-library]"]), "{}", told.out);
    assert!(told.says(&["the same bytes ship as alpha/libnum.so and alpha/libnum.so.1"]));
    let config = package.home("slim.toml");
    std::fs::write(&config, "[rules]\noff = [\"duplicate-library\"]\n").unwrap();
    let off = package.build(&[&MAX[..], &["--config", &config]].concat());
    assert_eq!(shipped(&off), NAMES, "as any library that a string may mean");
    std::fs::write(&config, "[rules]\noff = [\"orphaned-library\"]\n").unwrap();
    let off = app(&alpha("")).build(&[&MAX[..], &["--config", &config]].concat());
    assert_eq!(shipped(&off), ["libnum.so", "libnum.so.1"], "one stays, and what is linked");
}

#[test]
fn where_none_ships_none_was_asked_for() {
    let package = app(&alpha("")).with("alpha/__init__.py", "");
    for name in NAMES {
        let told = package.explain(&format!("alpha/{name}"), &MAX);
        assert!(told.starts_with("dropped [orphaned-library]"), "{name}: {told}");
    }
}

#[test]
fn the_users_word_leaves_another_name() {
    let code = "def load(name='num'): return ctypes.CDLL(glob.glob(f'{here}/lib{name}.*')[0])";
    let package = app(&alpha(code));
    let dropped = package.build(&[&MAX[..], &["--drop", "alpha/libnum.so"]].concat());
    assert_eq!(shipped(&dropped), ["libnum.so.1", "libnum.so.1.2"]);
    let kept = package.build(&[&MAX[..], &["--keep", "alpha/libnum.so.1.2"]].concat());
    assert_eq!(shipped(&kept), NAMES);
}

#[test]
fn a_name_whose_bytes_somebody_changed_is_no_twin() {
    let package = app(&alpha("X = 'libnum'"));
    let mut bytes = std::fs::read(package.root.join("alpha/libnum.so.1.2")).unwrap();
    let at = bytes.len() - 1;
    bytes[at] ^= 1;
    let built = package.with("alpha/libnum.so.1.2", bytes).build(&MAX);
    assert_eq!(shipped(&built), NAMES);
}

#[test]
fn equal_libraries_of_two_folders_stay_where_they_are_looked_for() {
    let run_path = |folder: &str| format!("-Wl,-rpath,$ORIGIN/../{folder}.libs");
    let (library, _) = linked("libg-0123abcd.so.1", &[]);
    let mut package =
        app(&Dist::new("alpha", "1").file("alpha/__init__.py", "import beta.b, gamma.g"));
    for (name, module) in [("beta", "b"), ("gamma", "g")] {
        let (_, user) = linked("libg-0123abcd.so.1", &[&run_path(name)]);
        let dist = Dist::new(name, "1")
            .file(&format!("{name}/__init__.py"), "")
            .file(&format!("{name}/{module}.so"), user)
            .file(&format!("{name}.libs/libg-0123abcd.so.1"), &library);
        package = package.install(&dist);
    }
    let built = package.build(&MAX);
    for name in ["beta", "gamma"] {
        assert!(built.ships(&format!("{name}.libs/libg-0123abcd.so.1")), "{name}");
    }
    assert_eq!(groups(&built)[0]["alike"], "library", "they are reported");
}

#[test]
fn what_opens_a_library_still_opens_it() {
    let (library, _) = linked("libnum.so.1", &[]);
    let code = "def load(name='num'): return ctypes.CDLL(f'{here}/lib{name}.so')";
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", format!("{CTYPES}{code}\n"));
    let alpha =
        NAMES.iter().fold(alpha, |alpha, name| alpha.file(&format!("alpha/{name}"), &library));
    let opens = "import alpha\n\ndef handler(event, context):\n    \
                 return alpha.load().stub is not None\n";
    let package = Package::new("app").with("main.py", opens).install(&alpha);
    let event = package.home("event.json");
    std::fs::write(&event, "{}").unwrap();
    let python = crate::support::python312();
    let prove = ["--event", &event, "--python-bin", python, "--format", "json"];
    let run = package.try_build(&[&MAX[..], &prove].concat());
    let proof = &run.json()["proof"];
    assert_eq!((run.code, &proof["status"]), (0, &json!("proven")), "{proof}");
    assert_eq!(proof["restored"], json!([]), "nothing had to be put back");
    assert!(run.out.contains("duplicate-library"), "{}", run.out);
}
