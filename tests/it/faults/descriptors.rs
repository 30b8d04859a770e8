//! Too few file descriptors.

use super::{app, before, build, ended, held, in_shell, out};

#[test]
fn out_of_them() {
    let package = app();
    let mut refused = 0;
    for most in 4..24 {
        let old = before(&package, &[]);
        let script = format!("ulimit -n {most}; exec \"$@\"");
        let run = ended(&mut in_shell(&script, &build(&package, &[])));
        if run.code == 127 || run.code == 0 {
            continue;
        }
        refused += 1;
        run.refused(3, &["Too many open files"]);
        assert_eq!(held(&out(&package)), old, "{most}");
    }
    assert!(refused > 1, "nothing was ever short of descriptors");
}
