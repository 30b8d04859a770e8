//! The reports for programs are what their schemas say.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::package::{Dist, Package};
use crate::together::three;

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What is wrong, with where: the words of JSON Schema that the schemas use, and no property that they
/// do not tell of.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let part = root.pointer(name.trim_start_matches('#')).unwrap();
        return wrong(root, part, value, at, found);
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        kind => panic!("{at}: the type {kind}"),
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => Vec::new(),
        kind => vec![kind.clone()],
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind.as_str().unwrap())) {
        found.push(format!("{at} is no {kinds:?}: {value}"));
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        found.push(format!("{at} is none of {allowed:?}: {value}"));
    }
    let part_of = |part: &Value| {
        let mut found = Vec::new();
        wrong(root, part, value, at, &mut found);
        found
    };
    if let Some(parts) = schema["oneOf"].as_array() {
        let all: Vec<Vec<String>> = parts.iter().map(part_of).collect();
        if all.iter().filter(|found| found.is_empty()).count() != 1 {
            found.extend(all.concat());
        }
    }
    let names = schema["required"].as_array().into_iter().flatten();
    for name in names.filter(|_| value.is_object()) {
        let name = name.as_str().unwrap();
        if value.get(name).is_none() {
            found.push(format!("{at}/{name} is missing"));
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            wrong(root, &schema["items"], item, &format!("{at}/{number}"), found);
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, part @ Value::Object(_)) => wrong(root, part, inner, &at, found),
            (Value::Null, _) if schema["properties"].is_object() => {
                found.push(format!("{at} is not told of"));
            }
            (part, _) => wrong(root, part, inner, &at, found),
        }
    }
}

#[track_caller]
fn fits(name: &str, value: &Value) {
    let schema = schema(name);
    let mut found = Vec::new();
    wrong(&schema, &schema, value, "", &mut found);
    assert!(found.is_empty(), "{name}: {found:#?}");
}

fn app(version: &str) -> Package {
    let alpha = Dist::new("alpha", version)
        .file("alpha/__init__.py", "x = 1\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/a.pyi", "x: int\n".repeat(version.len() * 100));
    Package::new("shop")
        .with("app.py", "import alpha\ndef handler(event, context): pass\n")
        .install(&alpha)
}

#[test]
fn reports_are_what_the_schema_says() {
    let before = app("1.0").build(&[]);
    let baseline = before.out.path().join("report.json");
    let package = app("1.0.1");
    let proven = ["--verify", "--handler", "app.handler", "--bytecode", "hash"];
    let args = ["--baseline", baseline.to_str().unwrap(), "--level", "safe"];
    package.try_build(&[&proven[..], &args].concat()).ok();
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(package.home(&format!("out/{name}"))).unwrap()).unwrap()
    };
    fits("report.schema.json", &read("report.json"));
    fits("changed.schema.json", &read("changed.json"));
    fits("report.schema.json", &before.report());
    fits("report.schema.json", &three().build(&[]));
}

#[test]
fn what_does_not_fit_is_seen() {
    let report = app("1.0").build(&[]).report();
    let with = |pointer: &str, value: Value| {
        let mut report = report.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        let (schema, mut found) = (schema("report.schema.json"), Vec::new());
        wrong(&schema, &schema, &report, "", &mut found);
        found.len()
    };
    assert_eq!(with("/level", "standard".into()), 0);
    assert_eq!(with("/zips/0/bytes", "3".into()), 1);
    assert!(with("/zips/0", json!({"other": 1})) > 1);
    assert_eq!(with("/tool", json!({"name": "slim"})), 1);
}
