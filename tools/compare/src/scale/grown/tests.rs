use std::path::PathBuf;

use libdeflater::{CompressionLvl, Compressor};
use ruff_python_parser::parse_module;
use walkdir::WalkDir;

use super::*;

fn files(tree: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = WalkDir::new(tree).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let paths = entries.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    paths
        .map(|path| (path.strip_prefix(tree).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn a_tree_is_as_large_as_planned_and_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    for (plot, name) in [
        (Plot { files: 20, bytes: 200_000, data_weight: 4 }, "small"),
        (Plot { files: 1234, bytes: 8_000_000, data_weight: 4 }, "many"),
        (Plot { files: 500, bytes: 10_000_000, data_weight: 16 }, "weighty"),
    ] {
        let (first, second) = (folder.path().join(name), folder.path().join(name.repeat(2)));
        let bytes = grow(&first, plot).unwrap();
        let found = files(&first);
        assert_eq!(found.len(), plot.files, "{name}");
        assert_eq!(found.iter().map(|(_, content)| content.len() as u64).sum::<u64>(), bytes);
        let off = bytes as f64 / plot.bytes as f64;
        assert!((0.8..1.25).contains(&off), "{name} is {off} of its size");
        grow(&second, plot).unwrap();
        assert!(files(&second) == found, "{name} differs");
    }
}

#[test]
fn sources_parse_data_deflate_by_three_and_records_are_true() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    grow(&tree, Plot { files: 200, bytes: 4_000_000, data_weight: 16 }).unwrap();
    let found = files(&tree);
    let named = |end: &str| {
        found.iter().filter(|(path, _)| path.to_string_lossy().ends_with(end)).collect::<Vec<_>>()
    };
    for (path, source) in named(".py") {
        parse_module(std::str::from_utf8(source).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let (_, data) = named(".dat")[0];
    let mut compressor = Compressor::new(CompressionLvl::new(7).unwrap());
    let mut packed = vec![0; compressor.deflate_compress_bound(data.len())];
    let ratio = data.len() as f64 / compressor.deflate_compress(data, &mut packed).unwrap() as f64;
    assert!((2.5..3.5).contains(&ratio), "{ratio}");
    let records: Vec<_> =
        named("RECORD").into_iter().map(|(_, text)| String::from_utf8_lossy(text)).collect();
    let lines: Vec<&str> = records.iter().flat_map(|text| text.lines()).collect();
    assert_eq!(lines.len(), 199, "all but app.py");
    let init = &found.iter().find(|(path, _)| path.ends_with("grown_0001/__init__.py")).unwrap().1;
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(init));
    let line = format!("grown_0001/__init__.py,sha256={hash},{}", init.len());
    assert!(lines.contains(&line.as_str()), "{line}");
}
