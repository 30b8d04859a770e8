//! What a build leaves untouched, and what it tells scripts that deploy.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::package::{Dist, Package};
use crate::support::{listed, slim};

fn package() -> Package {
    let alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "x = 1\n");
    Package::new("app").with("app.py", "import alpha\n").install(&alpha)
}

/// Its handler is there, and cannot be imported.
const BROKEN: &str = "import nothing_like_it\n\n\ndef handler(event, context):\n    return 1\n";

fn changed(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("changed.json")).unwrap()).unwrap()
}

/// `changed` of every zip and function, by name.
fn flags(told: &Value) -> Value {
    let of = |rows: &Value, name: &str| -> Value {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row[name].as_str().unwrap().to_owned(), row["changed"].clone())).collect()
    };
    json!([of(&told["zips"], "file"), of(&told["functions"], "name")])
}

/// What make and the like look at.
fn seen(path: &Path) -> (u64, i64, i64) {
    let found = fs::metadata(path).unwrap();
    (found.ino(), found.mtime(), found.mtime_nsec())
}

#[test]
fn only_what_changed_is_written_and_told() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&[]).code, 0);
    let all = json!([{"function.zip": true, "layer.zip": true}, {"app": true}]);
    assert_eq!(flags(&changed(&out)), all, "there was nothing before");
    let names = ["function.zip", "layer.zip", "THIRD_PARTY_LICENSES.txt"];
    let before = names.map(|name| seen(&out.join(name)));
    assert_eq!(package.try_build(&[]).code, 0);
    let none = json!([{"function.zip": false, "layer.zip": false}, {"app": false}]);
    assert_eq!(flags(&changed(&out)), none);
    assert_eq!(names.map(|name| seen(&out.join(name))), before, "left untouched in place");

    fs::write(package.root.join("app.py"), "import alpha as a\n").unwrap();
    assert_eq!(package.try_build(&[]).code, 0);
    let code = json!([{"function.zip": true, "layer.zip": false}, {"app": true}]);
    assert_eq!(flags(&changed(&out)), code);
    let after = names.map(|name| seen(&out.join(name)));
    assert!(after[0] != before[0] && after[1..] == before[1..]);
}

#[test]
fn the_list_tells_what_lambda_tells() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&[]).code, 0);
    let told = changed(&out);
    let report: Value =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    for (zip, reported) in
        told["zips"].as_array().unwrap().iter().zip(report["zips"].as_array().unwrap())
    {
        for key in ["file", "role", "bytes", "sha256", "sha256_base64"] {
            assert_eq!(zip[key], reported[key]);
        }
    }
    assert_eq!(told["functions"][0]["layers"], json!(["layer.zip"]));
    assert_eq!(package.try_build(&["--layer", "none"]).code, 0);
    let told = changed(&out);
    assert_eq!(told["gone"], json!(["layer.zip"]));
    assert_eq!(told["functions"][0]["layers"], json!([]));
}

#[test]
fn a_function_changes_with_its_layers() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&[]).code, 0);
    fs::write(package.root.join("alpha/more.py"), "y = 1\n").unwrap();
    assert_eq!(package.try_build(&[]).code, 0);
    let layer = json!([{"function.zip": false, "layer.zip": true}, {"app": true}]);
    assert_eq!(flags(&changed(&out)), layer);
}

#[test]
fn what_was_tampered_with_is_written_again() {
    let package = package();
    let out = package.home.path().join("out");
    assert_eq!(package.try_build(&[]).code, 0);
    let (function, layer) = (out.join("function.zip"), out.join("layer.zip"));
    let made = fs::read(&layer).unwrap();
    fs::write(&layer, vec![b'x'; made.len()]).unwrap();
    fs::remove_file(&function).unwrap();
    assert_eq!(package.try_build(&[]).code, 0);
    assert_eq!(fs::read(&layer).unwrap(), made);
    assert!(function.is_file());
    let none = json!([{"function.zip": false, "layer.zip": false}, {"app": false}]);
    assert_eq!(flags(&changed(&out)), none, "the same is to be deployed");
    fs::write(out.join("report.json"), "[1]").unwrap();
    assert_eq!(package.try_build(&[]).code, 0);
    let all = json!([{"function.zip": true, "layer.zip": true}, {"app": true}]);
    assert_eq!(flags(&changed(&out)), all, "nothing tells what was");
}

#[test]
fn what_failed_its_proof_is_not_to_be_deployed() {
    let broken = Package::new("app").with("app.py", BROKEN);
    let out = broken.home("out");
    let args = ["build", broken.path(), "-o", &out, "--verify", "--handler", "app.handler"];
    assert_eq!(slim(&args).code, 1);
    let out = Path::new(&out);
    assert!(!out.join("changed.json").exists());
    let refused = listed(&out.join("unproven"));
    assert!(
        refused.contains(&"function.zip".to_owned())
            && !refused.contains(&"changed.json".to_owned())
    );
    let dry = package();
    assert_eq!(dry.try_build(&["--dry-run"]).code, 0);
    assert!(!Path::new(&dry.home("out")).exists());
}
