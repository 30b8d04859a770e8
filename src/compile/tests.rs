use std::os::unix::fs::PermissionsExt;

use super::*;

/// Ends at the source `deadly`, answers well for others.
const COMPILER: &str = "#!/usr/bin/env python3
import json, os, signal, sys
for source, seen, out in json.load(sys.stdin)['files']:
    if 'deadly' in seen:
        os.kill(os.getpid(), signal.SIGSEGV)
    print('null', flush=True)
";

#[test]
fn a_source_that_ends_the_compiler_is_told_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("compiler");
    fs::write(&path, COMPILER).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let (prefix, version) = (folder.path().to_owned(), "3.12.0".to_owned());
    let interpreter = Interpreter { path, prefix, version, skipped: Vec::new() };
    let source = |seen| (PathBuf::new(), seen, PathBuf::new());
    let files = ["a.py", "deadly.py", "b.py"].map(source);
    let answers = run(&interpreter, &files, folder.path(), &[]).unwrap();
    assert_eq!(answers, [None, Some("it crashed (SIGSEGV)".to_owned()), None]);
    let deadly = ["deadly.py"; 10].map(source);
    assert!(run(&interpreter, &deadly, folder.path(), &[]).is_err());
}
