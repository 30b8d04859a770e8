//! What loads before loads after, and says the same.

use super::fixtures::{Bench, LIBRARY, half, overrun, text, with_gap, without_section_headers};
use super::oracle::{slim, slim_to};
use crate::elf::strip::{KeepReason, SectionHeaders, strip};

/// Slims both ways and compares what a program sees that loads the results.
fn assert_loads_the_same(bench: &Bench, bytes: &[u8]) {
    let expected = bench.load(bytes);
    assert!(expected.starts_with("41 5 7 0 onetwothree"), "{expected}");
    for headers in [SectionHeaders::Minimal, SectionHeaders::Drop] {
        let result = slim_to(bytes, headers);
        assert_eq!(bench.load(&result), expected, "{headers:?}");
    }
}

#[test]
fn the_layouts_of_gnu_ld() {
    let bench = Bench::new();
    for arguments in [
        &[][..],
        &["-Wl,-z,noseparate-code"],
        &["-Wl,-z,max-page-size=0x200000"],
        &["-Wl,-z,max-page-size=0x10000"],
        &["-Wl,-z,norelro", "-Wl,--hash-style=both"],
        &["-Wl,-z,now", "-Wl,--build-id=none", "-O2"],
        &["-gz", "-Wl,-z,max-page-size=0x200000,-z,noseparate-code"],
    ] {
        let bytes = bench.library(arguments);
        assert_loads_the_same(&bench, &bytes);
        assert!(bytes.len() - slim(&bytes).len() > 2000, "{arguments:?}: debug data is left");
    }
}

#[test]
fn edited_once_by_patchelf() {
    let bench = Bench::new();
    for page in ["0x1000", "0x10000", "0x200000"] {
        bench.library(&[&format!("-Wl,-z,max-page-size={page}")]);
        let long = format!("$ORIGIN/{}", "x".repeat(3000));
        bench.run("patchelf", &["--page-size", "4096", "--set-rpath", &long, "library.so"]);
        let bytes = bench.read("library.so");
        if strip(&bytes, SectionHeaders::Minimal) == Err(KeepReason::Misaligned) {
            // patchelf before 0.15 ignores `p_align` of the file; such a file is only diagnosed.
            assert_ne!(page, "0x1000");
            continue;
        }
        assert_loads_the_same(&bench, &bytes);
    }
}

#[test]
fn edited_five_times_by_patchelf() {
    let bench = Bench::new();
    let before = bench.library(&[]);
    let slim_before = slim(&before).len();
    for round in 1..=5 {
        let long = format!("$ORIGIN/{}", "x".repeat(2000 * round));
        bench.run("patchelf", &["--set-rpath", &long, "library.so"]);
        bench.run("patchelf", &["--set-soname", &"y".repeat(500 * round), "library.so"]);
        bench.run("patchelf", &["--add-needed", "libm.so.6", "library.so"]);
        assert_loads_the_same(&bench, &bench.read("library.so"));
    }
    let bytes = bench.read("library.so");
    // What stood before the new segments goes in whole pages.
    let gone = bytes.len() - slim(&bytes).len() + 4096;
    assert!(gone > before.len() - slim_before, "the symbols before the new segments are left");
}

#[test]
fn a_gap_before_the_segment_with_zeroed_memory() {
    let bench = Bench::new();
    let bytes = bench.library(&["-Wl,-z,separate-code"]);
    let gap = with_gap(&bytes, 4, 0x8000);
    assert_loads_the_same(&bench, &gap);
    assert_eq!(slim(&gap), slim(&bytes));
}

#[test]
fn a_program_header_table_that_overruns_its_segment() {
    let bench = Bench::new();
    assert_loads_the_same(&bench, &overrun(&bench));
}

#[test]
fn edited_by_patchelf_after_slimming() {
    let bench = Bench::new();
    let bytes = bench.library(&[]);
    let expected = bench.load(&bytes);
    bench.write("library.so", slim(&bytes));
    bench.run("patchelf", &["--set-rpath", &"/opt/lib".repeat(300), "library.so"]);
    let edited = bench.read("library.so");
    let first_line = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!(first_line(&bench.load(&edited)), first_line(&expected));
}

#[test]
fn a_file_without_section_headers() {
    let bench = Bench::new();
    let bytes = without_section_headers(&bench.library(&[]));
    assert_eq!(strip(&bytes, SectionHeaders::Minimal), Err(KeepReason::NothingToGain));
    let loaded = bench.load(&bytes);
    assert!(loaded.starts_with("41 5 7 0"), "{loaded}");
}

#[test]
fn readelf_finds_nothing_to_complain_about() {
    let bench = Bench::new();
    bench.library(&[]);
    bench.run("patchelf", &["--set-rpath", &"x".repeat(3000), "library.so"]);
    bench.write("slim.so", slim(&bench.read("library.so")));
    let text = bench.run("readelf", &["--wide", "--all", "slim.so"]).to_lowercase();
    assert!(!text.contains("warning") && !text.contains("error:"), "{text}");
    assert_eq!(text.matches(".shstrtab").count(), 1);
    let bytes = bench.read("slim.so");
    assert!(bytes.windows(5).any(|name| name == b".plt\0"));
    assert!(!bytes.windows(6).any(|name| name == b"\0.plt\0"), "`.plt` ends `.rela.plt`");
}

#[test]
fn a_throw_across_libraries() {
    let bench = Bench::new();
    let thrower = "#include <stdexcept>
        void thrower(int x) { if (x) throw std::runtime_error(\"thrown\"); }";
    let catcher = "#include <string>
        void thrower(int); static std::string said;
        extern \"C\" const char *run() {
            try { thrower(1); } catch (const std::exception &e) { said = e.what(); }
            return said.c_str(); }";
    let flags = ["-g", "-shared", "-fPIC"];
    let lower = bench.compile("g++", "libthrower.so", thrower, &flags);
    let near = ["-L.", "-lthrower", "-Wl,-rpath,$ORIGIN"];
    let upper = bench.compile("g++", "catcher.so", catcher, &[&flags[..], &near].concat());
    let expected = bench.load(&upper);
    assert!(expected.starts_with("thrown"), "{expected}");
    bench.write("libthrower.so", slim(&lower));
    assert_eq!(bench.load(&slim_to(&upper, SectionHeaders::Drop)), expected);
}

#[test]
fn versioned_symbols() {
    let bench = Bench::new();
    let source = "int old_f(void) { return 1; } int new_f(void) { return 2; }
        __asm__(\".symver old_f, f@ONE\"); __asm__(\".symver new_f, f@@TWO\");";
    bench.write("map", "ONE { }; TWO { } ONE;");
    let flags = ["-g", "-shared", "-fPIC", "-Wl,--version-script=map", "-Wl,-soname,libf.so"];
    let library = bench.gcc("libf.so", source, &flags);
    let user = "#include <stdio.h>\nint f(void); int g(void);
        __asm__(\".symver g, f@ONE\"); static char s[9];
        const char *run(void) { snprintf(s, 9, \"%d%d\", f(), g()); return s; }";
    let near = ["-g", "-shared", "-fPIC", "-L.", "-lf", "-Wl,-rpath,$ORIGIN"];
    let user = bench.gcc("user.so", user, &near);
    let expected = bench.load(&user);
    assert!(expected.starts_with("21\n"), "{expected}");
    bench.write("libf.so", slim(&library));
    assert_eq!(bench.load(&slim(&user)), expected);
}

#[test]
fn a_position_independent_program() {
    let bench = Bench::new();
    let source = "#include <stdio.h>\nint main(void) { puts(\"alive\"); return 0; }";
    let bytes = bench.gcc("program", source, &["-g", "-pie", "-fPIE"]);
    for headers in [SectionHeaders::Minimal, SectionHeaders::Drop] {
        bench.run("cp", &["program", "slim"]);
        let path = bench.write("slim", slim_to(&bytes, headers));
        assert_eq!(bench.run(text(&path), &[]), "alive\n");
    }
}

#[test]
fn aarch64_under_qemu() {
    let bench = Bench::new();
    let compiler = "aarch64-linux-gnu-gcc";
    let runner = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"];
    for page in ["0x10000", "0x1000"] {
        let page = format!("-Wl,-z,max-page-size={page}");
        let flags = ["-g", "-shared", "-fPIC", &page];
        let bytes = bench.compile(compiler, "library.so", LIBRARY, &flags);
        assert_eq!(half(&bytes, 18), 183);
        let expected = bench.load_with(compiler, &runner, &bytes);
        assert!(expected.starts_with("41 5 7 0 onetwothree"), "{expected}");
        for headers in [SectionHeaders::Minimal, SectionHeaders::Drop] {
            let result = slim_to(&bytes, headers);
            assert_eq!(bench.load_with(compiler, &runner, &result), expected, "{headers:?}");
        }
    }
}
