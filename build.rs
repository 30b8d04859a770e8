//! Tells the program what it was built from: what one build kept, only the same program uses again.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

fn main() {
    let mut files = Vec::new();
    gather(Path::new("src"), &mut files);
    // Versions of dependencies decide what is made too; a package from a registry may lack the lock.
    files.extend(
        ["Cargo.toml", "Cargo.lock"].map(PathBuf::from).into_iter().filter(|f| f.is_file()),
    );
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = fs::read(&file).unwrap_or_default();
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
        println!("cargo::rerun-if-changed={}", file.display());
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=SLIM_SOURCES={:016x}", hasher.finish());
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { gather(&path, files) } else { files.push(path) }
    }
}
