//! Who reads a RECORD, and whose.

use super::super::read;

/// The distributions whose RECORD `source` reads; `*` for a computed name.
fn readers(source: &str) -> Vec<String> {
    let readers = read(source.as_bytes()).expect("Python").record_readers;
    readers
        .into_iter()
        .map(|reader| reader.distribution.unwrap_or_else(|| "*".to_owned()))
        .collect()
}

#[track_caller]
fn reads(source: &str, expected: &[&str]) {
    assert_eq!(readers(source), expected, "{source}");
}

#[test]
fn calls_of_files_count() {
    reads("import importlib.metadata\nimportlib.metadata.files('a')", &["a"]);
    reads("import importlib.metadata as m\nm.files('a')", &["a"]);
    reads("from importlib import metadata\nmetadata.files('a')", &["a"]);
    reads("from importlib import metadata as md, util\nmd.files(distribution_name='a')", &["a"]);
    reads("from importlib.metadata import files\nfiles('a')", &["a"]);
    reads("from importlib_metadata import files as f\nf('a')", &["a"]);
    reads("from importlib.metadata import *\nfiles('a')", &["a"]);
    reads("import importlib_metadata\nimportlib_metadata.files('a')", &["a"]);
    reads("from x._vendor import importlib_metadata\nimportlib_metadata.files('a')", &["a"]);
    reads("from .compat import metadata\nmetadata.files('a')", &["a"]);
    reads("import x.compat\nx.compat.importlib_metadata.files('a')", &["a"]);
    reads("from importlib.metadata import files\nNAME = 'a'\nfiles(NAME)", &["a"]);
    reads("from importlib.metadata import files\nfiles('a')\nfiles('b')", &["a", "b"]);
    reads(
        "try:\n import importlib.metadata as m\nexcept ImportError:\n import importlib_metadata as m\nm.files('a')",
        &["a"],
    );
}

#[test]
fn computed_names_stand_for_all() {
    reads("from importlib.metadata import files\nfiles(__package__)", &["*"]);
    reads("from importlib.metadata import files\nfiles(f'{a}')", &["*"]);
    reads("from importlib.metadata import files\nfiles()", &["*"]);
    reads("from importlib.metadata import files\nfiles(*args)", &["*"]);
    reads("from importlib.metadata import files\ndef f(name): return files(name)", &["*"]);
    reads(
        "from importlib.metadata import files\nNAME = 'a'\ndef f(NAME): return files(NAME)",
        &["*"],
    );
    reads("from importlib.metadata import files\nfor n in x: n\nn = 'a'\nfiles(n)", &["*"]);
    reads("from importlib.metadata import files\nn = 'a'\nn += 'b'\nfiles(n)", &["*"]);
    reads("from importlib.metadata import files\nn, m = 'a', 'b'\nfiles(n)", &["*"]);
    reads("from importlib.metadata import files\nx = list(map(files, names))", &["*"]);
    reads("import importlib.metadata as m\nx(m.files)", &["*"]);
}

#[test]
fn aliases_are_followed() {
    reads("import importlib.metadata\nf = importlib.metadata.files\nf('a')", &["a"]);
    reads("import importlib.metadata\nm = importlib.metadata\nm.files('a')", &["a"]);
    reads(
        "import importlib\nm = importlib.import_module('importlib.metadata')\nm.files('a')",
        &["a"],
    );
    reads("m = __import__('importlib.metadata')\nm.metadata.files('a')", &["a"]);
    reads("import importlib.metadata as m\ngetattr(m, 'files')('a')", &["a"]);
    reads("import importlib.metadata as m\nx = m if y else None\nx.files('a')", &["a"]);
}

#[test]
fn files_of_distributions_count() {
    reads("from importlib.metadata import distribution\ndistribution('a').files", &["a"]);
    reads("from importlib.metadata import Distribution\nDistribution.from_name('a').files", &["a"]);
    reads("import importlib.metadata as m\nd = m.distribution('a')\nfor f in d.files: f", &["a"]);
    reads("import importlib.metadata as m\nd = m.distribution(x)\nd.files", &["*"]);
    reads("import importlib.metadata as m\nif (d := m.distribution('a')): d.files", &["a"]);
    reads("import importlib.metadata as m\ngetattr(m.distribution('a'), 'files', None)", &["a"]);
    reads("import importlib.metadata as m\nfor d in m.distributions(): d.files", &["*"]);
    reads("import importlib.metadata as m\n[d.files for d in m.distributions()]", &["*"]);
    reads("import importlib.metadata as m\nds = sorted(m.distributions())\nds[0].files", &["*"]);
    reads(
        "import importlib.metadata as m\nds = {d.name: d for d in m.distributions()}\nds['a'].files",
        &["*"],
    );
    reads(
        "import importlib.metadata as m\nnext(iter(m.Distribution.discover(name='a'))).files",
        &["*"],
    );
    reads("import importlib.metadata as m\nm.PathDistribution(p).files", &["*"]);
}

#[test]
fn plausible_distributions_count_where_the_file_is_about_them() {
    reads("import importlib.metadata\ndef f(dist): return dist.files", &["*"]);
    reads("import importlib_metadata\nself._distribution.files", &["*"]);
    reads("import pkg_resources\nep.dist.files", &["*"]);
    reads("from importlib.metadata import entry_points\nget_dist('a').files", &["*"]);
    reads("def f(dist): return dist.files, metadata", &[]);
    reads("import importlib.metadata\ndef f(request): return request.files", &[]);
    reads("import importlib.metadata\nfiles = self.files", &[]);
}

#[test]
fn texts_of_record_count() {
    reads(
        "from importlib.metadata import distribution\ndistribution('a').read_text('RECORD')",
        &["a"],
    );
    reads(
        "import pkg_resources\npkg_resources.get_distribution('a').get_metadata('RECORD')",
        &["a"],
    );
    reads("import pkg_resources\nx.get_metadata_lines('RECORD')", &["*"]);
    reads(
        "import importlib.metadata as m\nm.distribution('a').read_text('direct_url.json').files",
        &[],
    );
}

#[test]
fn other_files_do_not_count() {
    reads("from importlib.resources import files\nimport importlib.metadata\nfiles('a')", &[]);
    reads("import importlib.resources, importlib.metadata\nimportlib.resources.files('a')", &[]);
    reads("import importlib_resources as r, importlib_metadata\nr.files('a')", &[]);
    reads("from importlib.metadata import version\nversion('a')\nrequest.files['x']", &[]);
    reads("from importlib.metadata import distribution\ndistribution('a').version", &[]);
    reads("import importlib.metadata\ndef files(x): pass\nfiles('a')", &[]);
    reads("'metadata files'", &[]);
    reads("from importlib.metadata import distribution\ndistribution('a').files = 1", &[]);
}

#[test]
fn importlib_metadata_itself_does_not_ask() {
    let library = "\
class PackagePath: pass
class Distribution:
    def files(self): return self.read_text('RECORD')
def distribution(name): return Distribution.from_name(name)
def distributions(): pass
def files(name): return distribution(name).files
def inferred(dist): return dist.files
# importlib.metadata
";
    reads(library, &[]);
    reads(&library.replace("class PackagePath", "class Other"), &["*", "*", "*"]);
}

#[test]
fn reports_the_line() {
    let source = "from importlib.metadata import files\n\nx = (1,\n  files('a'))\n";
    let readers = read(source.as_bytes()).expect("Python").record_readers;
    assert_eq!(readers.iter().map(|reader| reader.line).collect::<Vec<_>>(), [4]);
}

#[test]
fn tangled_names_come_back() {
    let circle = "import importlib.metadata\na = b\nb = a\na.files\nb.files()";
    reads(circle, &[]);
    let mut tangled = "import importlib.metadata as m\n".to_owned();
    for i in 0..200 {
        tangled += &format!("a{} = a{} if x else a{} or a{}\n", i, i + 1, i + 1, i + 2);
    }
    tangled += "a0.files\na0.files('x')\n";
    assert!(!readers(&tangled).is_empty());
    let calls =
        format!("import importlib.metadata\nx = {}.files{}", "f(g(".repeat(400), "))".repeat(400));
    let _ = read(calls.as_bytes());
}
