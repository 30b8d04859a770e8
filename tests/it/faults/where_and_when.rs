//! No home, no folder for temporaries, no current folder, and clocks that are wrong.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{app, build, ended, held, in_shell, out};

#[test]
fn nothing_of_the_environment_is_needed() {
    let package = app();
    ended(&mut build(&package, &[])).ok();
    // The reports tell times.
    let zips = || {
        let mut held = held(&out(&package));
        held.retain(|path, _| path.extension().is_some_and(|extension| extension == "zip"));
        held
    };
    let usual = zips();
    let mut bare = build(&package, &[]);
    bare.env_clear();
    ended(&mut bare).ok();
    assert_eq!(zips(), usual);
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    ended(in_shell(script, &build(&package, &[])).current_dir(package.home.path())).ok();
    assert_eq!(zips(), usual);
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        ended(&mut in_shell(&format!("exec \"$@\" {closed}"), &build(&package, &[]))).ok();
    }
    let mut dry = build(&package, &["--dry-run"]);
    let run = ended(dry.env("TMPDIR", "/no/such/place"));
    run.refused(3, &["/no/such/place"]);
}

#[test]
fn dates_of_the_source() {
    let package = app();
    for layout in ["zip", "dir"] {
        // 1970, 1980, the last that a zip can say, beyond it, the last that can be typed.
        let epochs =
            ["0", "315532800", "4354819198", "4354819200", "9999999999999", "18446744073709551615"];
        for epoch in epochs {
            let mut build = build(&package, &["--layout", layout]);
            ended(build.env("SOURCE_DATE_EPOCH", epoch)).ok();
        }
        for wrong in ["18446744073709551616", "-1", "", "yesterday", "1e9"] {
            let run = ended(build(&package, &[]).env("SOURCE_DATE_EPOCH", wrong));
            run.refused(2, &["SOURCE_DATE_EPOCH"]);
            run.hinted("1970-01-01");
        }
        fs::remove_dir_all(out(&package)).unwrap();
    }
}

/// Files of 1969, of 2107 and of later than any zip can say, in the package, in the outputs and in the cache:
/// a clock that is wrong sees them so.
#[test]
fn dates_of_files() {
    let package = app();
    let cache = package.home("cache");
    let cached = |package: &crate::package::Package| {
        let mut build = build(package, &["--cache-dir", &cache]);
        build.env_remove("SLIM_NO_CACHE");
        ended(&mut build).ok();
        fs::read(out(package).join("layer.zip")).unwrap()
    };
    let usual = cached(&package);
    let seconds = Duration::from_secs;
    let epoch = SystemTime::UNIX_EPOCH;
    let dates =
        [epoch, epoch - seconds(1 << 31), epoch + seconds(4_354_819_210), epoch + seconds(1 << 33)];
    for date in dates {
        for folder in [&package.root, &out(&package), &cache.clone().into()] {
            for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
                fs::File::open(entry.path()).unwrap().set_modified(date).unwrap();
            }
        }
        assert_eq!(cached(&package), usual, "{date:?}");
    }
}
