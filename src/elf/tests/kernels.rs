//! Kernels of other processors: what goes, what stays, and that the rest runs as it did.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use goblin::elf::Elf;
use proptest::prelude::*;

use super::fixtures::{Bench, half, long, patch, segment, text, without_section_headers};
use super::oracle::slim;
use crate::elf::kernels::x86::decode;
use crate::elf::kernels::{Choice, Dead, Refusal, asked_for, find, is_of, is_one, names};
use crate::elf::strip::{SectionHeaders, strip};

const ARM: &str = "aarch64-linux-gnu-gcc";
const UNDER_QEMU: [&str; 3] = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"];
const CHOICES: &[Choice<'_>] =
    &[Choice { since: (0, 3, 21), never: &["NEHALEM", "PRESCOTT"], given: &["HASWELL"] }];

/// What OpenBLAS is made of, in small. By their names: `gone` and `inner` are reached from a table that
/// is never chosen, the others by what their names say.
const LIBRARY: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef int (*kernel)(int);
struct table { kernel one, two; };
extern struct table gotoblas_HASWELL, gotoblas_NEHALEM;
struct table *gotoblas;
const char *config = "OpenBLAS 0.3.27 NO_AFFINITY DYNAMIC_ARCH";
#define KERNEL(name) __attribute__((noipa)) LINKAGE int name
#define BODY(x, more) { volatile int y = x; while (y < 100) y = y * 3 + more; return y; }

KERNEL(one_HASWELL)(int x) BODY(x, 1)
KERNEL(two_HASWELL)(int x) BODY(x, 2)
KERNEL(called_NEHALEM)(int x) BODY(x, 3)
KERNEL(taken_NEHALEM)(int x) BODY(x, 4)
KERNEL(jumped_NEHALEM)(int x) BODY(x, 5)
KERNEL(pointed_NEHALEM)(int x) BODY(x, 6)
KERNEL(aliased_NEHALEM)(int x) BODY(x, 7)
KERNEL(twin)(int) __attribute__((alias("aliased_NEHALEM")));
KERNEL(named_NEHALEM)(int x) BODY(x, 10)
__attribute__((visibility("default"))) int found_by_name(int)
    __attribute__((alias("named_NEHALEM")));
KERNEL(inner_NEHALEM64_)(int x) BODY(x, 8)
KERNEL(gone_NEHALEM)(int x) { return 1 + inner_NEHALEM64_(x); }
KERNEL(gone_PRESCOTT)(int x) BODY(x, 9)
kernel pointer = pointed_NEHALEM;
struct table gotoblas_HASWELL = {one_HASWELL, two_HASWELL};
struct table gotoblas_NEHALEM = {gone_NEHALEM, called_NEHALEM};
struct table gotoblas_PRESCOTT = {gone_PRESCOTT, twin};

__attribute__((noipa)) int follow(kernel given, int x) { return given(x); }
__attribute__((noipa)) int jump(int x) { return jumped_NEHALEM(x + 1); }
__attribute__((noipa)) int live(int x) {
    return called_NEHALEM(x) + follow(taken_NEHALEM, x) + jump(x) + pointer(x) + twin(x) + 1;
}
const char *run(void) {
    static char answer[99];
    const char *wanted = getenv("CORE");
    gotoblas = wanted && !strcmp(wanted, "NEHALEM") ? &gotoblas_NEHALEM : &gotoblas_HASWELL;
    if (wanted && !strcmp(wanted, "PRESCOTT")) gotoblas = &gotoblas_PRESCOTT;
    snprintf(answer, sizeof answer, "%d %d %d", live(1), gotoblas->two(1), gotoblas->one(1));
    return answer;
}
"#;

const GONE: [&str; 3] = ["gone_NEHALEM", "gone_PRESCOTT", "inner_NEHALEM64_"];
const HIDDEN: &str = "-DLINKAGE=__attribute__((visibility(\"hidden\")))";
const SHOWN: &str = "-DLINKAGE=";

fn library(bench: &Bench, compiler: &str, more: &[&str]) -> Vec<u8> {
    let flags = [&["-shared", "-fPIC", "-g"], more].concat();
    bench.compile(compiler, "blas.so", LIBRARY, &flags)
}

/// The names of the functions in `dead`, by another reader.
fn gone(bytes: &[u8], dead: &Dead) -> BTreeSet<String> {
    let elf = Elf::parse(bytes).unwrap();
    let names = elf.syms.iter().map(|symbol| (symbol, &elf.strtab));
    let names = names.chain(elf.dynsyms.iter().map(|symbol| (symbol, &elf.dynstrtab)));
    let load = |address: u64| {
        let mut loads = elf.program_headers.iter().filter(|load| load.p_type == 1);
        let load = loads.find(|load| load.vm_range().contains(&(address as usize))).unwrap();
        (address - load.p_vaddr + load.p_offset) as usize
    };
    let functions = names.filter(|(symbol, _)| symbol.is_function() && symbol.st_size > 0);
    let gone = functions.filter(|(symbol, _)| {
        let start = load(symbol.st_value);
        let whole = start..start + symbol.st_size as usize;
        let overlaps = dead.ranges.iter().any(|r| r.start < whole.end && whole.start < r.end);
        assert!(!overlaps || dead.ranges.contains(&whole), "all of a function or nothing");
        overlaps
    });
    gone.map(|(symbol, names)| names.get_at(symbol.st_name).unwrap().to_owned()).collect()
}

/// The file without its dead functions; every other byte is the same.
fn without(bytes: &[u8], dead: &Dead) -> Vec<u8> {
    let mut after = bytes.to_vec();
    dead.overwrite(&mut after);
    let is_dead = |at: usize| dead.ranges.iter().any(|range| range.contains(&at));
    let same = |at: usize| is_dead(at) || bytes[at] == after[at];
    assert_eq!(after.len(), bytes.len());
    assert!((0..bytes.len()).all(same), "only what is dead changes");
    assert!(dead.ranges.iter().all(|range| after[range.clone()] != bytes[range.clone()]));
    after
}

fn assert_gone(bytes: &[u8], expected: &[&str], what: &[&str]) -> Vec<u8> {
    let dead = find(bytes, CHOICES).unwrap();
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(gone(bytes, &dead), expected, "{what:?}");
    assert_eq!(dead.found - dead.kept, expected.len(), "{what:?}");
    let after = without(bytes, &dead);
    assert_eq!(find(&after, CHOICES).unwrap().ranges, dead.ranges, "a second pass finds the same");
    after
}

/// How a driver ends that loads the library with tables for this processor: what it says, or the signal.
fn ends(bench: &Bench, compiler: &str, runner: &[&str], core: &str) -> Result<String, i32> {
    let (driver, library) =
        (bench.path(&format!("driver-{compiler}")), bench.path("under-test.so"));
    let command = [runner, &[text(&driver), text(&library)]].concat();
    let output = Command::new(command[0]).args(&command[1..]).env("CORE", core).output().unwrap();
    match output.status.signal() {
        Some(signal) => Err(signal),
        None => Ok(String::from_utf8(output.stdout).unwrap()),
    }
}

#[test]
fn what_only_unchosen_tables_lead_to_goes() {
    let bench = Bench::new();
    let ways: [&[&str]; 8] = [
        &[HIDDEN, "-O2"],
        &[HIDDEN, "-O0"],
        &[SHOWN, "-O2"],
        &[SHOWN, "-O2", "-fcf-protection=full", "-Wl,-z,now"],
        &[SHOWN, "-O2", "-fcf-protection=none", "-Wl,-z,lazy"],
        &[SHOWN, "-O2", "-fno-plt"],
        &[SHOWN, "-O2", "-s"],
        &[SHOWN, "-O2", "-Wl,-z,noseparate-code", "-Wl,-Bsymbolic"],
    ];
    for way in ways {
        let bytes = library(&bench, "gcc", way);
        let expected = bench.load(&bytes);
        let after = assert_gone(&bytes, &GONE, way);
        assert_eq!(bench.load(&after), expected, "{way:?}");
        assert_eq!(ends(&bench, "gcc", &[], "NEHALEM"), Err(5), "a trap: {way:?}");
        assert_eq!(bench.load(&slim(&after)), expected, "and stripped: {way:?}");
    }
}

#[test]
fn so_it_is_on_aarch64() {
    let bench = Bench::new();
    let ways: [&[&str]; 5] = [
        &[HIDDEN, "-O2"],
        &[SHOWN, "-O2"],
        &[SHOWN, "-O0"],
        &[SHOWN, "-O2", "-mbranch-protection=standard", "-nostartfiles", "-Wl,-z,force-bti"],
        &[SHOWN, "-O2", "-s", "-fno-plt"],
    ];
    for way in ways {
        let bytes = library(&bench, ARM, way);
        let expected = bench.load_with(ARM, &UNDER_QEMU, &bytes);
        let after = assert_gone(&bytes, &GONE, way);
        assert_eq!(bench.load_with(ARM, &UNDER_QEMU, &after), expected, "{way:?}");
        let trapped = ends(&bench, ARM, &UNDER_QEMU, "PRESCOTT");
        assert!(trapped.is_err_and(|signal| signal == 5), "a trap: {way:?}");
    }
}

#[test]
fn what_jumps_into_a_kernel_or_runs_on_into_it_keeps_it() {
    let bench = Bench::new();
    let code = r#"
__asm__(".text\n.type into_NEHALEM,@function\ninto_NEHALEM: nop\nret\nnop\ninside: nop\nret\n"
        ".size into_NEHALEM,.-into_NEHALEM\n"
        ".globl enters\n.type enters,@function\nenters: jmp inside\n.size enters,.-enters\n"
        ".globl falls\n.type falls,@function\nfalls: nop\nmov %eax,%eax\n.size falls,.-falls\n"
        ".type fallen_NEHALEM,@function\nfallen_NEHALEM: mov %eax,%eax\nret\n"
        ".size fallen_NEHALEM,.-fallen_NEHALEM\n"
        ".type reads,@function\nreads: mov constant(%rip),%eax\nret\n.size reads,.-reads\n"
        ".type read_NEHALEM,@function\nread_NEHALEM: ret\nconstant: .long 42\n"
        ".size read_NEHALEM,.-read_NEHALEM\n"
        ".type unsized_NEHALEM,@function\nunsized_NEHALEM: ret\n"
        // A call that hides behind the first byte of a longer instruction.
        ".type data,@function\ndata: ret\n.byte 0x48,0xb8\ncall hidden_NEHALEM\n.byte 0,0,0\nret\n"
        ".size data,.-data\n"
        ".type hidden_NEHALEM,@function\nhidden_NEHALEM: ret\n.size hidden_NEHALEM,.-hidden_NEHALEM\n"
        ".globl rolls\n.type rolls,@function\nrolls: mov %eax,%eax\n.size rolls,.-rolls\nnop\n"
        ".type rolled_NEHALEM,@function\nrolled_NEHALEM: ret\n.size rolled_NEHALEM,.-rolled_NEHALEM\n"
        // What reads as no instruction, but as one once the kernel behind it is overwritten.
        ".type data2,@function\ndata2: ret\n.byte 0x0f\n.size data2,.-data2\n"
        ".type over_NEHALEM,@function\nover_NEHALEM: add $1,%al\nret\n.size over_NEHALEM,.-over_NEHALEM\n"
        // A kernel of what reads as no instruction.
        ".globl enters2\n.type enters2,@function\nenters2: mov %eax,%eax\n.size enters2,.-enters2\n"
        ".type odd_NEHALEM,@function\nodd_NEHALEM: .byte 0xd6,0xd6\n.size odd_NEHALEM,.-odd_NEHALEM\n"
        "ret\n"
        ".type dead_NEHALEM,@function\ndead_NEHALEM: mov %eax,%eax\n.size dead_NEHALEM,.-dead_NEHALEM\n"
        "nop\n.type behind_NEHALEM,@function\nbehind_NEHALEM: ret\n"
        ".size behind_NEHALEM,.-behind_NEHALEM\n"
        ".type lonely_NEHALEM,@function\nlonely_NEHALEM: nop\nret\n"
        ".size lonely_NEHALEM,.-lonely_NEHALEM\n");
struct table { void *kernels[9]; } gotoblas_HASWELL, gotoblas_NEHALEM;
const char *config = "OpenBLAS 0.3.27";
"#;
    let bytes = bench.gcc("code.so", code, &["-shared", "-fPIC", "-nostdlib"]);
    assert_gone(&bytes, &["behind_NEHALEM", "dead_NEHALEM", "lonely_NEHALEM"], &[]);
}

#[test]
fn an_address_in_data_keeps_what_is_there() {
    let bench = Bench::new();
    let source = format!("{LIBRARY}\nconst long room[] = {{0x1122334455667788}};");
    let bytes = bench.gcc("room.so", &source, &["-shared", "-fPIC", "-O2", HIDDEN]);
    let elf = Elf::parse(&bytes).unwrap();
    let named =
        |symbol: &goblin::elf::Sym| elf.strtab.get_at(symbol.st_name) == Some("gone_PRESCOTT");
    let kernel = elf.syms.iter().find(named).unwrap();
    let room = bytes.windows(8).position(|w| w == 0x1122_3344_5566_7788_u64.to_le_bytes()).unwrap();
    for (inside, kept) in [(0, true), (1, true), (kernel.st_size, false)] {
        let mut bytes = bytes.clone();
        patch(&mut bytes, room, &(kernel.st_value + inside).to_le_bytes());
        let gone = gone(&bytes, &find(&bytes, CHOICES).unwrap());
        assert_eq!(gone.contains("gone_PRESCOTT"), !kept, "{inside}: {gone:?}");
    }
}

#[test]
fn a_version_among_what_would_go_keeps_it() {
    let bench = Bench::new();
    let mut bytes = library(&bench, "gcc", &[HIDDEN, "-O2"]);
    let version = b"OpenBLAS 0.3.27 ";
    let dead = find(&bytes, CHOICES).unwrap();
    let room = dead.ranges.iter().find(|range| range.len() >= version.len()).unwrap().start;
    let told: Vec<usize> =
        (0..bytes.len() - version.len()).filter(|at| bytes[*at..].starts_with(version)).collect();
    told.iter().for_each(|at| patch(&mut bytes, *at, b"-"));
    patch(&mut bytes, room, version);
    let refused = Refusal::Invariant("the version can be told afterwards");
    assert_eq!(find(&bytes, CHOICES), Err(refused));
}

#[test]
fn what_is_no_code_is_never_overwritten() {
    let bench = Bench::new();
    let bytes = library(&bench, "gcc", &[HIDDEN, "-O2", "-g0", "-Wl,-z,noseparate-code"]);
    let elf = Elf::parse(&bytes).unwrap();
    let section = |name: &str| {
        let mut sections = elf.section_headers.iter();
        sections.find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(name)).unwrap()
    };
    let symbols = section(".symtab").sh_offset as usize;
    let mut kernels = elf.syms.iter().enumerate();
    let is_it =
        |symbol: &goblin::elf::Sym| elf.strtab.get_at(symbol.st_name) == Some("gone_PRESCOTT");
    let (number, _) = kernels.find(|(_, symbol)| is_it(symbol)).unwrap();
    let mut forged = bytes.clone();
    // A segment with code may hold tables too.
    patch(&mut forged, symbols + 24 * number + 8, &section(".eh_frame").sh_addr.to_le_bytes());
    patch(&mut forged, symbols + 24 * number + 16, &4_u64.to_le_bytes());
    // Nothing runs on into it.
    let frames = section(".eh_frame").sh_offset as usize;
    patch(&mut forged, frames - 16, &[0xcc; 16]);
    let invariant = Refusal::Invariant("no header, table or data is overwritten");
    assert_eq!(find(&forged, CHOICES).unwrap_err(), invariant);

    // The same code once more, at other addresses.
    let mut forged = bytes.clone();
    let kernel = find(&bytes, CHOICES).unwrap().ranges[0].clone();
    let (note, place) = (segment(&bytes, 4, 0), (kernel.start as u64).to_le_bytes());
    patch(&mut forged, note, &[1, 0, 0, 0, 5]);
    patch(&mut forged, note + 8, &place);
    patch(&mut forged, note + 16, &(1_u64 << 40).to_le_bytes());
    [32, 40].iter().for_each(|at| patch(&mut forged, note + at, &8_u64.to_le_bytes()));
    let invariant = Refusal::Invariant("code that is overwritten is mapped once");
    assert_eq!(find(&forged, CHOICES).unwrap_err(), invariant);
}

#[test]
fn doubt_keeps_the_file() {
    let bench = Bench::new();
    let bytes = library(&bench, "gcc", &[HIDDEN, "-O2"]);
    let refused = |bytes: &[u8], choices: &[Choice<'_>]| find(bytes, choices).unwrap_err();
    let choice = CHOICES[0];
    assert_eq!(refused(&bytes, &[Choice { since: (0, 3, 28), ..choice }]), Refusal::Version);
    let newer = Choice { since: (0, 3, 27), never: &["ATOM"], ..choice };
    assert_eq!(refused(&bytes, &[choice, newer]), Refusal::NothingToClear);
    assert_eq!(refused(&bytes, &[]), Refusal::Version);
    let wants_zen = Choice { given: &["HASWELL", "ZEN"], ..choice };
    assert_eq!(refused(&bytes, &[wants_zen]), Refusal::Missing("ZEN".to_owned()));
    let with = |from: &str, to: &str| {
        let source = LIBRARY.replace(from, to);
        bench.gcc("other.so", &source, &["-shared", "-fPIC", "-O2", HIDDEN])
    };
    let two =
        with("const char *config", "const char *more = \"OpenBLAS 0.3.5\";\nconst char *config");
    assert_eq!(refused(&two, CHOICES), Refusal::Version, "two versions");
    let one = with(
        "struct table gotoblas_PRESCOTT =",
        "extern struct table gotoblas_ZEN __attribute__((alias(\"gotoblas_NEHALEM\")));\nstruct table gotoblas_PRESCOTT =",
    );
    assert_eq!(refused(&one, CHOICES), Refusal::Shared);
    assert_eq!(refused(&bench.library(&[]), CHOICES), Refusal::NotOne);
    assert_eq!(refused(&without_section_headers(&bytes), CHOICES), Refusal::NotOne);
    let stripped = strip(&bytes, SectionHeaders::Minimal).unwrap();
    assert_eq!(refused(&stripped, CHOICES), Refusal::NothingToClear, "the names are gone");
    let relative = library(&bench, "gcc", &[HIDDEN, "-O2", "-Wl,-z,pack-relative-relocs"]);
    let reason = Refusal::Unreadable("relocations without addends");
    assert_eq!(refused(&relative, CHOICES), reason);
    assert_eq!(refused(b"gotoblas_", CHOICES), Refusal::NotOne);
}

#[test]
fn names_are_read() {
    let of = |name: &str| is_of(name.as_bytes(), &["NEHALEM", "OPTERON", "OPTERON_SSE3"]);
    for name in
        ["a_NEHALEM", "a_b_NEHALEM64_", "a_NEHALEM.cold", "a_NEHALEM.part.0", "a_OPTERON_SSE3"]
    {
        assert!(of(name), "{name}");
    }
    for name in
        ["NEHALEM", "aNEHALEM", "a_NEHALEMS", "a_NEHALEM_HASWELL", "a_SSE3", "a_nehalem", ""]
    {
        assert!(!of(name), "{name}");
    }
    let bench = Bench::new();
    let bytes = library(&bench, "gcc", &[SHOWN]);
    assert!(is_one(&bytes) && !is_one(&bench.library(&[])));
    let source = "int gone_NEHALEM(int); int f(void) { return gone_NEHALEM(1); }";
    let asks = bench.gcc("asks.so", source, &["-shared", "-fPIC"]);
    assert!(asked_for(&asks).contains(&"gone_NEHALEM".to_owned()));
    assert!(!asked_for(&bytes).contains(&"gone_NEHALEM".to_owned()));
}

/// A line of `objdump -d`: the bytes of an instruction, its address and the address that it names.
fn lines(listing: &str) -> impl Iterator<Item = (u64, Vec<u8>, &str, Option<u64>)> {
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let read = move |line| -> Option<(u64, Vec<u8>, &str, Option<u64>)> {
        let (address, rest): (&str, &str) = str::split_once(line, ":\t")?;
        let (bytes, said) = rest.split_once('\t').unwrap_or((rest, ""));
        let bytes = bytes.split_whitespace().filter_map(|byte| u8::from_str_radix(byte, 16).ok());
        let named = said.split("# ").nth(1).or_else(|| said.split_whitespace().last());
        let operands = said.split('<').next().unwrap_or(said);
        let direct = said.contains("# ") || !operands.contains(['%', '$', '*']);
        let word = if said.contains("# ") || !said.contains('<') {
            named.and_then(|text| text.split_whitespace().next())
        } else {
            said.split(" <").next().and_then(|text| text.split_whitespace().last())
        };
        let target = word.filter(|_| direct).and_then(|word| hex(word.trim_start_matches("0x")));
        Some((hex(address.trim())?, bytes.collect(), said, target))
    };
    listing.lines().filter_map(read)
}

const OBJDUMP: [&str; 3] = ["-d", "--insn-width=16", "--no-addresses"];

#[test]
fn instructions_are_as_long_as_objdump_says() {
    let bench = Bench::new();
    let source = format!(
        "{LIBRARY}\n#include <immintrin.h>\n__m512d f(__m512d a, double *p) {{
        return _mm512_fmadd_pd(a, _mm512_loadu_pd(p), _mm512_set1_pd(p[9])); }}
        long g(long x) {{ return __builtin_popcountl(x) + _bextr_u64(x, 3, 9); }}"
    );
    let flags =
        ["-shared", "-fPIC", "-O3", SHOWN, "-march=native", "-mavx512f", "-mbmi", "-mpopcnt"];
    let own = bench.path("own.so");
    bench.gcc("own.so", &source, &flags);
    let math = bench.run("gcc", &["-print-file-name=libm.so.6"]);
    let c = bench.run("gcc", &["-print-file-name=libc.so.6"]);
    let (mut seen, mut named) = (0, 0);
    for file in [text(&own), math.trim(), c.trim()] {
        let listing = bench.run("objdump", &["-d", OBJDUMP[1], file]);
        for (address, bytes, said, target) in lines(&listing) {
            // Two instructions (FWAIT is one), or none.
            let two = bytes[0] == 0x9b && bytes.len() > 1;
            if two || said.contains("(bad)") || said.starts_with('.') || said.is_empty() {
                continue;
            }
            let read = decode(&bytes);
            let length = read.map(|instruction| instruction.length);
            assert_eq!(length, Some(bytes.len()), "{address:x}: {bytes:02x?} {said}");
            let reached = read
                .and_then(|instruction| instruction.target)
                .map(|distance| (address + bytes.len() as u64).wrapping_add_signed(distance));
            let relative = said.contains("(%rip)") || said.contains('<') && !said.contains('%');
            if relative {
                assert_eq!(reached, target, "{address:x}: {bytes:02x?} {said}");
                named += 1;
            }
            seen += 1;
        }
    }
    assert!(seen > 100_000 && named > 10_000, "{seen} {named}");
}

#[test]
fn rare_instructions_have_their_lengths() {
    let lengths: [(&[u8], usize); 12] = [
        (&[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], 10),
        (&[0x66, 0xb8, 1, 2], 4),
        (&[0x66, 0x48, 0x81, 0xc0, 1, 2, 3, 4], 8),
        (&[0xa1, 1, 2, 3, 4, 5, 6, 7, 8], 9),
        (&[0x67, 0xa1, 1, 2, 3, 4], 6),
        (&[0xc8, 1, 2, 3], 4),
        (&[0xf6, 0x05, 1, 2, 3, 4, 9], 7),
        (&[0xf7, 0x15, 1, 2, 3, 4], 6),
        (&[0x66, 0x0f, 0x78, 0xc0, 1, 2], 6),
        (&[0x0f, 0x0f, 0xc1, 0x9e], 4),
        (&[0x8f, 0xe8, 0x78, 0x9e, 0xc1, 0x10], 6),
        (&[0xc7, 0xf8, 1, 2, 3, 4], 6),
    ];
    for (bytes, length) in lengths {
        let long = [bytes, &[0x90; 20]].concat();
        assert_eq!(decode(&long).map(|found| found.length), Some(length), "{bytes:02x?}");
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None, "{bytes:02x?} cut short");
    }
    for none in [&[0x06_u8][..], &[0x66; 16], &[0x0f], &[]] {
        assert_eq!(decode(none), None);
    }
}

/// Whatever the outcome, nothing but dead functions changes, and nothing panics.
fn assert_unharmed(bytes: &[u8]) {
    let _ = (asked_for(bytes), names(bytes));
    if let Ok(dead) = find(bytes, CHOICES) {
        let mut after = bytes.to_vec();
        dead.overwrite(&mut after);
        assert_eq!(after.len(), bytes.len());
        assert_eq!(find(bytes, CHOICES).unwrap(), dead);
    }
}

static DAMAGED: std::sync::LazyLock<[Vec<u8>; 2]> = std::sync::LazyLock::new(|| {
    let bench = Bench::new();
    [library(&bench, "gcc", &[SHOWN, "-O2", "-g0"]), library(&bench, ARM, &[SHOWN, "-O2", "-g0"])]
});

/// Where headers, the dynamic section, symbols and relocations stand.
fn places(bytes: &[u8]) -> Vec<usize> {
    let at = |place: usize| usize::try_from(long(bytes, place)).unwrap();
    let sections = at(40);
    let mut places: Vec<usize> = (16..64).step_by(2).collect();
    places.extend((64..64 + 56 * usize::from(half(bytes, 56))).step_by(4));
    let dynamic = at(segment(bytes, 2, 0) + 8);
    places.extend((dynamic..dynamic + 400).step_by(8));
    for section in (0..usize::from(half(bytes, 60))).map(|index| sections + 64 * index) {
        places.extend((section..section + 64).step_by(4));
        let kind = u32::from_le_bytes(bytes[section + 4..section + 8].try_into().unwrap());
        if [2, 4, 11].contains(&kind) {
            let start = at(section + 24);
            places.extend((start..start + at(section + 32)).step_by(4));
        }
    }
    places
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_survived(
        which in 0..2_usize,
        edits in prop::collection::vec((
            any::<prop::sample::Index>(),
            prop::sample::select(vec![1_usize, 2, 4, 8]),
            prop_oneof![any::<u64>(), 0..=64_u64, 0..=70_000_u64, (0..=16_u64).prop_map(|x| u64::MAX - x)],
        ), 1..6),
    ) {
        let mut bytes = DAMAGED[which].clone();
        let places = places(&bytes);
        for (place, width, value) in edits {
            let at = places[place.index(places.len())];
            if at + width <= bytes.len() {
                patch(&mut bytes, at, &value.to_le_bytes()[..width]);
            }
        }
        assert_unharmed(&bytes);
    }
}

#[test]
fn truncated_files_are_survived() {
    for bytes in &*DAMAGED {
        for part in 0..64 {
            assert_unharmed(&bytes[..bytes.len() * part / 64]);
        }
    }
}

/// Every library of the corpus with such kernels: objdump finds nothing in what stays that names an
/// address in what goes.
#[test]
#[ignore = "the apps of CORPUS must be installed: make judge"]
fn objdump_sees_no_way_into_what_goes() {
    let corpus = std::path::PathBuf::from(std::env::var("CORPUS").unwrap());
    let bench = Bench::new();
    let never =
        ["BARCELONA", "CORTEXA57", "NEHALEM", "PRESCOTT", "SANDYBRIDGE", "THUNDERX", "TSV110"];
    let choices = [Choice { since: (0, 3, 13), never: &never, given: &[] }];
    let mut seen = 0;
    for folder in [
        "sci/numpy.libs",
        "sci/scipy.libs",
        "img/opencv_python_headless.libs",
        "data-arm64/numpy.libs",
    ] {
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let Ok(dead) = find(&bytes, &choices) else { continue };
            let elf = Elf::parse(&bytes).unwrap();
            let addresses: Vec<(u64, u64)> = dead
                .ranges
                .iter()
                .map(|range| {
                    let mut loads = elf.program_headers.iter().filter(|load| load.p_type == 1);
                    let load = loads.find(|load| load.file_range().contains(&range.start)).unwrap();
                    let start = range.start as u64 - load.p_offset + load.p_vaddr;
                    (start, start + range.len() as u64)
                })
                .collect();
            let is_dead = |address: u64| {
                let next = addresses.partition_point(|(start, _)| *start <= address);
                next > 0 && address < addresses[next - 1].1
            };
            let tool =
                if elf.header.e_machine == 183 { "aarch64-linux-gnu-objdump" } else { "objdump" };
            let listing = bench.run(tool, &["-d", OBJDUMP[1], text(&path)]);
            for (address, _, said, target) in lines(&listing) {
                let enters = target.is_some_and(is_dead) && !is_dead(address);
                assert!(!enters, "{}: {address:x}: {said}", path.display());
                seen += usize::from(target.is_some());
            }
        }
    }
    assert!(seen > 1_000_000, "{seen}");
}
