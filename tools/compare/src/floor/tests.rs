use super::{files_in, pack_once};

#[test]
fn every_file_is_packed_and_costs_something() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    let text: Vec<u8> =
        (0..4_000_000u32).flat_map(|n| (n % 1000).to_string().into_bytes()).collect();
    std::fs::write(folder.path().join("deep/text"), &text).expect("writes");
    std::fs::write(folder.path().join("empty"), "").expect("writes");
    let files = files_in(folder.path()).expect("walks");
    assert_eq!(files.len(), 2);
    let (cpu_s, bytes) = pack_once(&files).expect("packs");
    assert_eq!(bytes, text.len() as u64);
    assert!(cpu_s > 0.0);
}
