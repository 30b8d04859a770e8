//! How long each stage takes.
//!
//! `SLIM_BENCH_TREE=FOLDER cargo bench` measures on a real package; without it on a made one of
//! some 20 MB.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot set up its package has nothing to say"
)]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use lambda_slim::elf::strip::{SectionHeaders, strip};
use lambda_slim::facts;
use lambda_slim::facts::content::Content;
use lambda_slim::facts::imports::{EntryPoints, ImportGraph};
use lambda_slim::options::Options;
use lambda_slim::plan::{self, Restored};
use lambda_slim::progress::Silent;
use lambda_slim::python::outline::{self, Platform};
use lambda_slim::scan::scan;
use lambda_slim::tree::{Contents, FileId, FileMap};
use lambda_slim::zip::deflate::{Compression, Deflater};

fn main() {
    divan::main();
}

/// The package that is measured.
static TREE: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("SLIM_BENCH_TREE") {
    Some(folder) => PathBuf::from(folder),
    None => made_tree(),
});

/// Some modules with tests, and the benchmark's own program as a shared object with symbols.
fn made_tree() -> PathBuf {
    let root = std::env::temp_dir().join("slim-bench-tree");
    let _ = fs::remove_dir_all(&root);
    let info = root.join("made-1.0.dist-info");
    fs::create_dir_all(&info).unwrap();
    fs::write(info.join("METADATA"), "Metadata-Version: 2.1\nName: made\nVersion: 1.0\n\nProse.\n")
        .unwrap();
    let mut record = String::from("made-1.0.dist-info/METADATA,,\nmade-1.0.dist-info/RECORD,,\n");
    for number in 0..1_500 {
        let folder = if number % 4 == 0 { "made/tests" } else { "made" };
        fs::create_dir_all(root.join(folder)).unwrap();
        let path = format!("{folder}/module_{number}.py");
        let other = (number * 7 + 1) % 1_500;
        let mut text = format!("from . import module_{other}\nimport os, sys\n\n");
        for function in 0..60 {
            text.push_str(&format!(
                "def function_{function}(a, b={number}):\n    \"\"\"Adds what it is given.\"\"\"\n    return os.path.join(str(a), 'x{function}') + str(b)\n\n"
            ));
        }
        fs::write(root.join(&path), text).unwrap();
        record.push_str(&format!("{path},,\n"));
    }
    fs::copy(std::env::current_exe().unwrap(), root.join("made/native.so")).unwrap();
    record.push_str("made/native.so,,\n");
    fs::write(info.join("RECORD"), record).unwrap();
    root
}

fn options() -> Options {
    Options {
        out_dir: std::env::temp_dir().join("slim-bench-out"),
        ..Options::of(vec![TREE.clone()])
    }
}

#[divan::bench(name = "scan")]
fn walk(bencher: Bencher<'_, '_>) {
    let options = options();
    bencher.bench(|| scan(black_box(&options.packages), &Silent).unwrap());
}

#[divan::bench]
fn facts_and_plan(bencher: Bencher<'_, '_>) {
    let options = options();
    let scanned = scan(&options.packages, &Silent).unwrap();
    bencher.counter(BytesCount::new(scanned.tree.bytes())).bench(|| {
        let facts = facts::gather(&scanned.tree, &scanned, &options, &Silent).unwrap();
        plan::make(&scanned.tree, &scanned, &facts, &options, &Restored::default(), &Silent)
            .unwrap()
    });
}

/// The files of the package whose names end so.
fn files(suffix: &str) -> Vec<Vec<u8>> {
    let scanned = scan(&options().packages, &Silent).unwrap();
    let named = scanned.tree.files().filter(|(_, file)| file.path.as_str().ends_with(suffix));
    named.map(|(id, _)| scanned.read(id).unwrap()).collect()
}

/// Every source, read for what it names.
#[divan::bench(sample_count = 10)]
fn outlines(bencher: Bencher<'_, '_>) {
    let sources = files(".py");
    let platform = Platform { python: (3, 12) };
    let bytes: usize = sources.iter().map(Vec::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let names = |source: &Vec<u8>| {
            let text = outline::text(source).ok()?;
            outline::read(&text, platform, &|name| name.contains("import"))
                .ok()
                .map(|outline| outline.imports.len() + outline.texts.len())
        };
        sources.iter().filter_map(names).sum::<usize>()
    });
}

/// The edges of every file (the graph), of the shared objects alone, and of all but these.
#[divan::bench(args = ["all", "shared objects", "sources and data"], sample_count = 10)]
fn edges(bencher: Bencher<'_, '_>, of: &str) {
    let options = options();
    let scanned = scan(&options.packages, &Silent).unwrap();
    let facts = facts::gather(&scanned.tree, &scanned, &options, &Silent).unwrap();
    let is_object = |id: &FileId| matches!(facts.content[*id], Content::Elf(_));
    let chosen = |id: &FileId| of == "all" || is_object(id) == (of == "shared objects");
    let ids: Vec<FileId> = scanned.tree.ids().filter(chosen).collect();
    let bytes: u64 = ids.iter().map(|id| scanned.tree.file(*id).size).sum();
    let reached = FileMap::filled(&scanned.tree, false);
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let points = EntryPoints::All;
        let graph = ImportGraph::new(&scanned.tree, &scanned, &facts, &[], points).unwrap().whole();
        graph.edges(&ids, &reached, &Silent).unwrap().edges.len()
    });
}

#[divan::bench]
fn elf(bencher: Bencher<'_, '_>) {
    let bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| strip(black_box(&bytes), SectionHeaders::Minimal).map(|slim| slim.len()));
}

#[divan::bench(args = [Compression::Fast, Compression::Default, Compression::Max], sample_count = 10)]
fn deflate(bencher: Bencher<'_, '_>, compression: Compression) {
    let mut bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
    bytes.truncate(4 << 20);
    let mut deflater = Deflater::new(compression);
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| deflater.pack(black_box(&bytes)).data.len());
}

#[divan::bench(sample_count = 10)]
fn whole_build(bencher: Bencher<'_, '_>) {
    let options = options();
    let bytes = scan(&options.packages, &Silent).unwrap().tree.bytes();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| lambda_slim::build(&options, &Silent).unwrap().after.zipped_bytes);
}
