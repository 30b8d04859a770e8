use std::process::Command;

use super::{Size, contents_of_folder, size_of_folder};

#[test]
fn sizes_are_summed_over_the_zips_of_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in [("a", 10_000), ("b", 500)] {
        std::fs::write(folder.path().join(name), vec![b'x'; bytes]).expect("writes");
        let zip = Command::new("python3")
            .args(["-m", "zipfile", "-c", &format!("{name}.zip"), name])
            .current_dir(&folder)
            .status()
            .expect("python3 runs");
        assert!(zip.success());
    }
    let on_disk = |name: &str| folder.path().join(name).metadata().expect("is there").len();
    let zipped = on_disk("a.zip") + on_disk("b.zip");
    assert_eq!(size_of_folder(folder.path()).expect("reads"), Size { unzipped: 10_500, zipped });
}

#[test]
fn a_folder_without_zips_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        size_of_folder(folder.path()).expect_err("is empty").to_string(),
        "no zip was written"
    );
}

#[test]
fn contents_are_the_same_however_hard_they_were_packed() {
    let digest = |level: &str, text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), text).expect("writes");
        let zip =
            Command::new("zip").args(["-q", level, "f.zip", "a"]).current_dir(&folder).status();
        assert!(zip.expect("zip runs").success());
        contents_of_folder(folder.path()).expect("reads")
    };
    let text = "x".repeat(1000);
    assert_eq!(digest("-0", &text), digest("-9", &text));
    assert_ne!(digest("-9", &text), digest("-9", "other"));
}
