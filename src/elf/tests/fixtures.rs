//! Builds the files under test with the tools on PATH, in a folder that goes with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A library with what moves easily break: thread-local and zeroed memory, a constructor, an
/// indirect function, relocated data.
pub const LIBRARY: &str = r#"
#include <stdio.h>
#include <string.h>
static __thread int tls_value = 7;
static __thread char tls_zero[500];
static char zeroed[70000];
static const char *table[] = {"one", "two", "three"};
static int constructed;
__attribute__((constructor)) static void construct(void) { constructed = 41; }
static int fast(void) { return 5; }
static int (*pick(void))(void) { return fast; }
int chosen(void) __attribute__((ifunc("pick")));
static char answer[200];
const char *run(void) {
    int dirty = 0;
    for (unsigned i = 0; i < sizeof zeroed; i++) dirty += zeroed[i];
    for (unsigned i = 0; i < sizeof tls_zero; i++) dirty += tls_zero[i];
    memset(zeroed, 1, sizeof zeroed);
    snprintf(answer, sizeof answer, "%d %d %d %d %s%s%s", constructed, chosen(), tls_value, dirty,
             table[0], table[1], table[2]);
    return answer;
}
"#;

/// Loads the library named by its argument, prints what `run` says and how many program headers
/// the loader reports for it.
const DRIVER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
static int show(struct dl_phdr_info *info, size_t size, void *name) {
    if (!strcmp(info->dlpi_name, name))
        for (int i = 0; i < info->dlpi_phnum; i++)
            printf("%x %lx %lx\n", info->dlpi_phdr[i].p_type, (long)info->dlpi_phdr[i].p_vaddr,
                   (long)info->dlpi_phdr[i].p_memsz);
    return 0;
}
int main(int argc, char **argv) {
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) { puts(dlerror()); return 1; }
    const char *(*run)(void) = (const char *(*)(void))dlsym(library, "run");
    puts(run());
    dl_iterate_phdr(show, argv[1]);
    return 0;
}
"#;

/// A folder to build in, and the tools.
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs a tool in the folder and returns what it printed; panics when it fails.
    pub fn run(&self, tool: &str, arguments: &[&str]) -> String {
        let output = Command::new(tool).args(arguments).current_dir(self.folder.path()).output();
        let output = output.unwrap_or_else(|error| {
            panic!("`{tool}` does not start ({error}): install it, the tests need it")
        });
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool} {arguments:?}: {text}{errors}");
        text + &errors
    }

    /// Compiles `source` with gcc and more arguments to the file `name`; returns its bytes.
    pub fn gcc(&self, name: &str, source: &str, arguments: &[&str]) -> Vec<u8> {
        self.compile("gcc", name, source, arguments)
    }

    /// Like [`Bench::gcc`] with another compiler.
    pub fn compile(&self, tool: &str, name: &str, source: &str, arguments: &[&str]) -> Vec<u8> {
        let extension = if tool.ends_with("g++") { "cc" } else { "c" };
        let input = format!("{name}.{extension}");
        self.write(&input, source);
        self.run(tool, &[&["-o", name, &input], arguments].concat());
        self.read(name)
    }

    /// [`LIBRARY`] as a shared object with debug data; `arguments` as far as they go.
    pub fn library(&self, arguments: &[&str]) -> Vec<u8> {
        self.gcc("library.so", LIBRARY, &[&["-g", "-shared", "-fPIC"], arguments].concat())
    }

    /// What a program says that loads `bytes` as a library and runs it.
    pub fn load(&self, bytes: &[u8]) -> String {
        self.load_with("gcc", &[], bytes)
    }

    /// Like [`Bench::load`] for another compiler, started through `runner`.
    pub fn load_with(&self, compiler: &str, runner: &[&str], bytes: &[u8]) -> String {
        let driver = format!("driver-{compiler}");
        if !self.path(&driver).exists() {
            self.compile(compiler, &driver, DRIVER, &["-ldl"]);
        }
        let library = self.write("under-test.so", bytes);
        let driver = self.path(&driver);
        let command = [runner, &[text(&driver), text(&library)]].concat();
        self.run(command[0], &command[1..])
    }
}

/// A path of this bench, which holds nothing but ASCII.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A shared object of a few kilobytes that needs no C library.
pub fn tiny(bench: &Bench) -> Vec<u8> {
    tiny_with(bench, "gcc", &[])
}

/// The same for aarch64, linked for pages of up to 64 KiB.
pub fn wide(bench: &Bench) -> Vec<u8> {
    tiny_with(bench, "aarch64-linux-gnu-gcc", &["-Wl,-z,max-page-size=0x10000"])
}

fn tiny_with(bench: &Bench, compiler: &str, more: &[&str]) -> Vec<u8> {
    let source = "#include <stdint.h>
        static int hidden(int x) { return x * 3; } int table[4] = {1, 2, 3, 4};
        int zeros[9]; int *where = table; int tiny(int x) { return hidden(x) + zeros[1]; }";
    let flags =
        ["-g3", "-shared", "-fPIC", "-nostdlib", "-Wl,-z,noseparate-code", "-Wl,-soname,tiny.so"];
    bench.compile(compiler, "tiny.so", source, &[&flags, more].concat())
}

/// The 16-bit number at byte `at` of a little-endian file.
pub fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

/// The 64-bit number at byte `at` of a little-endian file.
pub fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Overwrites bytes from `at` on.
pub fn patch(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// The byte position of the `n`-th program header of type `kind`.
pub fn segment(bytes: &[u8], kind: u32, n: usize) -> usize {
    let table = usize::try_from(long(bytes, 32)).unwrap();
    let all = (0..usize::from(half(bytes, 56))).map(|index| table + 56 * index);
    all.filter(|&at| bytes[at..at + 4] == kind.to_le_bytes()).nth(n).unwrap()
}

/// The same file without section headers, as `sstrip` would leave it.
pub fn without_section_headers(bytes: &[u8]) -> Vec<u8> {
    let end = (0..usize::from(half(bytes, 56)))
        .map(|index| usize::try_from(long(bytes, 32)).unwrap() + 56 * index)
        .filter(|&at| bytes[at..at + 4] == 1_u32.to_le_bytes())
        .map(|at| long(bytes, at + 8) + long(bytes, at + 32));
    let mut cut = bytes[..usize::try_from(end.max().unwrap()).unwrap()].to_vec();
    patch(&mut cut, 40, &[0; 8]);
    patch(&mut cut, 60, &[0; 4]);
    cut
}

/// A library whose program header table begins in its first segment and overruns it, as it does
/// after many patchelf runs; the loader reads the rest through the segment's last page.
pub fn overrun(bench: &Bench) -> Vec<u8> {
    let mut bytes = bench.library(&["-Wl,-z,separate-code"]);
    let count = usize::from(half(&bytes, 56));
    let table = bytes[64..64 + 56 * count].to_vec();
    let load = segment(&bytes, 1, 0);
    let end = usize::try_from(long(&bytes, load + 32)).unwrap().next_multiple_of(8);
    let room = &bytes[end..end + table.len()];
    assert!(room.iter().all(|&byte| byte == 0), "the hole is too small");
    assert_eq!(end / 4096, (end + table.len()) / 4096, "the table must end in the same page");
    patch(&mut bytes, 32, &(end as u64).to_le_bytes());
    patch(&mut bytes, end, &table);
    let load = segment(&bytes, 1, 0);
    let size = (end as u64 + 56).to_le_bytes();
    patch(&mut bytes, load + 32, &size);
    patch(&mut bytes, load + 40, &size);
    bytes
}

/// The same file with `gap` more bytes before the last of its `count` segments that are mapped.
pub fn with_gap(bytes: &[u8], count: usize, gap: usize) -> Vec<u8> {
    let split = long(bytes, segment(bytes, 1, count - 1) + 8);
    let mut moved = bytes.to_vec();
    let programs = (0..usize::from(half(bytes, 56))).map(|index| 64 + 56 * index + 8);
    let table = usize::try_from(long(bytes, 40)).unwrap();
    let sections = (0..usize::from(half(bytes, 60))).map(|index| table + 64 * index + 24);
    for at in programs.chain(sections).chain([40]) {
        let offset = long(bytes, at);
        if offset >= split {
            patch(&mut moved, at, &(offset + gap as u64).to_le_bytes());
        }
    }
    let split = usize::try_from(split).unwrap();
    moved.splice(split..split, vec![0; gap]);
    moved
}

/// A library with two mebibytes of mapped zeros, and the position of these.
pub fn roomy(bench: &Bench, arguments: &[&str]) -> (Vec<u8>, usize) {
    let source = format!("{LIBRARY}\nconst char room[2 << 20] = \"begin of the room\";");
    let flags = ["-g", "-shared", "-fPIC"];
    let bytes = bench.gcc("roomy.so", &source, &[&flags[..], arguments].concat());
    let mut windows = bytes.windows(18);
    let place = windows.position(|window| window == b"begin of the room\0").unwrap();
    (bytes, place)
}

/// Gives every entry `tag` of the dynamic section another value.
pub fn redirect(bytes: &mut [u8], tag: u64, value: u64) {
    let start = usize::try_from(long(bytes, segment(bytes, 2, 0) + 8)).unwrap();
    for at in (start..).step_by(16) {
        match long(bytes, at) {
            0 => break,
            other if other == tag => patch(bytes, at + 8, &value.to_le_bytes()),
            _ => {}
        }
    }
}
