//! Files and folders beyond all measure: refused at once, or built within bounds of time and memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use super::patient::measured;
use super::{app, before, build, ended, held, out};
use crate::package::{Dist, Package};
use crate::support::try_unzip;

/// A file that claims so many bytes and takes none.
fn sparse(path: &Path, bytes: u64) {
    File::create(path).unwrap().set_len(bytes).unwrap();
}

#[test]
fn files_that_no_zip_holds() {
    let package = app();
    let old = before(&package, &[]);
    for name in ["big.bin", "big.py", "alpha/big.so", "alpha-1.0.dist-info/RECORD"] {
        let path = package.root.join(name);
        let whole = fs::read(&path).ok();
        for bytes in [1 << 32, 24 << 30, 1 << 42] {
            sparse(&path, bytes);
            let (run, _, peak) = measured(&mut build(&package, &[]), Duration::from_secs(10));
            run.refused(3, &[name, &format!("it has {bytes} bytes")]);
            run.hinted("250 MB");
            assert!(peak < 200, "{name}: {peak} MB");
        }
        match whole {
            Some(whole) => fs::write(&path, whole).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    assert_eq!(held(&out(&package)), old);
}

#[test]
fn metadata_that_no_installer_writes() {
    let names = ["METADATA", "RECORD", "entry_points.txt", "top_level.txt", "direct_url.json"];
    for name in names {
        let package = app();
        sparse(&package.root.join("alpha-1.0.dist-info").join(name), 2 << 30);
        let (run, _, peak) = measured(&mut build(&package, &[]), Duration::from_secs(10));
        run.refused(3, &[&format!("alpha-1.0.dist-info/{name}"), "2147483648"]);
        run.hinted("install the distribution anew");
        assert!(peak < 200, "{name}: {peak} MB");
    }
}

/// Sources of one line.
fn lines(bytes: usize) -> [(&'static str, Vec<u8>); 6] {
    let many = |text: &str| text.repeat(bytes / text.len()).into_bytes();
    [
        ("string.py", [b"x = \"", &many("a")[..], b"\"\n"].concat()),
        ("list.py", [b"x = [", &many("1, ")[..], b"]\n"].concat()),
        ("statements.py", many("a.b = c; ")),
        ("open.py", many("(")),
        ("zeros.py", vec![0; bytes]),
        ("nested.json", many("[")),
    ]
}

fn one_line(bytes: usize, patience: u64) {
    for (name, text) in lines(bytes) {
        for place in ["", "alpha/"] {
            let package = app().with(&format!("{place}{name}"), &text);
            let limit = Duration::from_secs(patience);
            let (run, seconds, peak) = measured(&mut build(&package, &[]), limit);
            run.ok();
            println!("{place}{name} of {} MB: {seconds:.1} s, {peak} MB", bytes / 1_000_000);
            assert!(peak < 100 + 4 * bytes as u64 / 1_000_000, "{name}: {peak} MB");
        }
    }
}

#[test]
fn a_line_of_2_mb() {
    one_line(2_000_000, 10);
}

#[test]
#[ignore = "long: make faults"]
fn a_line_of_50_mb() {
    one_line(50_000_000, 20);
}

fn filled(files: usize) -> Package {
    let package = app();
    for number in 0..files {
        let folder = package.root.join(format!("many/d{}", number / 1_000));
        if number % 1_000 == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("f{number}.py")), format!("x = {number}\n")).unwrap();
    }
    package
}

#[test]
fn folders_of_4_000_files() {
    let package = filled(4_000);
    ended(&mut build(&package, &[])).ok();
}

#[test]
#[ignore = "long: make faults"]
fn folders_of_200_000_files() {
    let package = filled(200_000);
    let (run, seconds, peak) = measured(&mut build(&package, &[]), Duration::from_secs(60));
    run.ok();
    println!("200,000 files: {seconds:.1} s, {peak} MB");
    assert!(peak < 500, "{peak} MB");
}

#[test]
#[ignore = "long: make faults"]
fn a_file_of_3_gb() {
    let package = app();
    sparse(&package.root.join("three.bin"), 3 << 30);
    let (run, seconds, peak) = measured(&mut build(&package, &[]), Duration::from_secs(240));
    assert_eq!(run.code, 1, "it is made, and over Lambda's limit: {}", run.err);
    println!("3 GiB: {seconds:.1} s, {peak} MB");
    assert!(peak < 150, "{peak} MB");
}

#[test]
fn what_no_zip_for_lambda_holds_goes_from_disk_to_disk() {
    let package = app();
    let path = package.root.join("model.bin");
    sparse(&path, 262_144_001);
    let end = [7; 9];
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(&end, 262_143_992).unwrap();
    for layout in ["zip", "dir"] {
        let mut command = build(&package, &["--layout", layout, "--layer", "none"]);
        let (run, _, peak) = measured(&mut command, Duration::from_secs(60));
        assert_eq!(run.code, 1, "it is made, and over Lambda's limit: {}", run.err);
        assert!(peak < 150, "{layout}: {peak} MB");
    }
    let held = fs::read(out(&package).join("function/model.bin")).unwrap();
    assert!(
        held.len() == 262_144_001
            && held.ends_with(&end)
            && held[..262_143_992].iter().all(|byte| *byte == 0)
    );
}

#[test]
fn what_a_large_file_names_is_kept() {
    let dist = ["inner", "outer", "last", "__init__"]
        .iter()
        .fold(Dist::new("pkg", "1.0"), |dist, name| {
            dist.file(&format!("pkg/{name}.py"), "x = 1\n")
        });
    let package = app().install(&dist);
    let file = package.root.join("model.bin");
    sparse(&file, 70 << 20);
    let file = File::options().write(true).open(&file).unwrap();
    // Across the end of a piece, and in the last one.
    file.write_all_at(b"\x01pkg.inner\x01", (8 << 20) - 5).unwrap();
    file.write_all_at(b"\x01pkg.last\x01", (70 << 20) - 10).unwrap();
    let args = ["--level", "max", "--handler", "app.handler", "--layer", "none"];
    let (run, _, peak) = measured(&mut build(&package, &args), Duration::from_secs(60));
    run.ok();
    assert!(peak < 150, "{peak} MB");
    let listed = try_unzip(&out(&package).join("function.zip")).unwrap();
    let has = |name: &str| listed.contains_key(&format!("pkg/{name}.py"));
    assert_eq!(["inner", "outer", "last"].map(has), [true, false, true]);
}
