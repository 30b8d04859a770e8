use proptest::prelude::*;

use super::super::oracle;
use super::{parse, write};

const EMPTY_SHA256: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

#[test]
fn reads_rows() {
    let record =
        format!("six.py,{EMPTY_SHA256},34703\nsix-1.16.0.dist-info/RECORD,,\n../../bin/x,,1\n");
    let rows = parse(record.as_bytes());
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].path.as_str(), rows[0].size), ("six.py", Some(34_703)));
    let digest = rows[0].sha256.expect("a digest");
    assert_eq!(digest[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    assert_eq!(digest[28..], [0x78, 0x52, 0xb8, 0x55]);
    assert_eq!(
        (rows[1].path.as_str(), rows[1].sha256, rows[1].size),
        ("six-1.16.0.dist-info/RECORD", None, None)
    );
    assert_eq!(rows[2].path, "../../bin/x");
}

#[test]
fn reads_quoted_paths() {
    let rows = parse(b"\"a,b.py\",,\r\n\"a\"\"b\",,\n\"line\nend\",,\n\xef\xbb\xbfx,,\n");
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["a,b.py", "a\"b", "line\nend", "\u{feff}x"]);
}

#[test]
fn reads_sloppy_rows() {
    let rows =
        parse(b"\xef\xbb\xbfa\n\n,,\nb,md5=x,\nc,sha256=short,notanumber\nd,e,f,g\nh\xe9,,\n");
    let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["a", "b", "c", "h\u{e9}"]);
    assert!(rows.iter().all(|row| row.sha256.is_none() && row.size.is_none()));
    let padded = format!("x,{EMPTY_SHA256}=,0");
    assert!(parse(padded.as_bytes())[0].sha256.is_some());
}

#[test]
fn writes_sorted_rows() {
    let record = write(["b/c", "a,b", "b\"", "b/c", "\u{e9}", "line\nend"]);
    assert_eq!(
        String::from_utf8_lossy(&record),
        "\"a,b\",,\n\"b\"\"\",,\nb/c,,\n\"line\nend\",,\n\u{e9},,\n"
    );
    assert_eq!(write([]), b"");
}

/// The rows that `csv` reads; those we skip are skipped, hashes are decoded.
const CSV: &str = r#"
import base64, csv, io, json, sys
answers = []
for text in json.load(sys.stdin):
    rows = []
    for row in csv.reader(io.StringIO(text, newline="")):
        if not 1 <= len(row) <= 3 or not row[0]:
            continue
        path, digest, size = (row + ["", ""])[:3]
        algorithm, _, value = digest.rstrip().partition("=")
        raw = None
        if algorithm == "sha256" and len(value) == 43:
            raw = list(base64.urlsafe_b64decode(value + "="))
        rows.append([path, raw, int(size) if size.strip().isdecimal() else None])
    answers.append(rows)
json.dump(answers, sys.stdout)
"#;

fn agrees_with_csv(texts: &[String]) {
    let answers = oracle::ask(CSV, serde_json::to_string(texts).expect("JSON").as_bytes());
    for (text, theirs) in texts.iter().zip(answers.as_array().expect("a list")) {
        let rows = parse(text.as_bytes());
        let ours: Vec<_> =
            rows.iter().map(|row| (&row.path, row.sha256.map(|d| d.to_vec()), row.size)).collect();
        assert_eq!(&serde_json::json!(ours), theirs, "{text:?}");
    }
}

#[test]
fn agrees_with_csv_on_what_is_installed() {
    let read = r#"
import json, pathlib, sys
found = pathlib.Path(sys.prefix, "lib").glob("python3*/site-packages/*.dist-info/RECORD")
json.dump([p.read_bytes().decode() for p in found], sys.stdout)
"#;
    let texts: Vec<String> = serde_json::from_value(oracle::ask(read, b"")).expect("texts");
    assert!(!texts.is_empty(), "pip at least is installed");
    agrees_with_csv(&texts);
}

#[test]
fn agrees_with_csv_on_anything() {
    use proptest::strategy::ValueTree;
    let part = prop_oneof![
        "[a-z/.]{0,6}",
        "\"",
        ",",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\"\"",
        "[0-9]{1,3}",
        "\u{e9}",
        "sha256=[A-Za-z0-9_-]{42}[AEIM]",
    ];
    let text = prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat());
    let mut runner = proptest::test_runner::TestRunner::default();
    let texts: Vec<String> =
        (0..3_000).map(|_| text.new_tree(&mut runner).expect("a text").current()).collect();
    agrees_with_csv(&texts);
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn reads_what_it_writes(paths in prop::collection::btree_set("[a-z,\"\r\n /]{1,8}", 0..8)) {
        let record = write(paths.iter().map(String::as_str));
        let read: Vec<String> = parse(&record).into_iter().map(|row| row.path).collect();
        prop_assert_eq!(read, paths.into_iter().collect::<Vec<_>>());
    }
}
