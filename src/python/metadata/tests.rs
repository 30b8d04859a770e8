use proptest::prelude::*;

use super::super::oracle;
use super::{Metadata, parse, reduce};

const MODERN: &str = "Metadata-Version: 2.4
Name: Flask
Version: 3.1.0
Summary: A simple framework.
Author-email: Someone <a@b.c>
License-Expression: BSD-3-Clause
License-File: LICENSE.txt
License-File: LICENSES/MIT.txt
Classifier: Framework :: Flask
Classifier: License :: OSI Approved :: BSD License
Project-URL: Changes, https://example.com/
Requires-Dist: Werkzeug >= 3.1
Requires-Dist: asgiref>=3.2 ; extra == \"async\"
Provides-Extra: async
Description-Content-Type: text/markdown

# Flask

Name: not a header
";

const FOLDED: &str = "Metadata-Version: 1.1
Name: old
Version: 0.1
Description: A long text
        over lines
        \t
        Requires-Dist: not one
License: Copyright (c) 1999 A
        Permission is hereby granted
        to nobody.
Keywords: a
  b
Requires-Dist: x
\t(>=1)
Platform: any
";

#[test]
fn reads_the_fields() {
    let metadata = parse(MODERN.as_bytes());
    let expected = Metadata {
        name: Some("Flask".to_owned()),
        version: Some("3.1.0".to_owned()),
        requires_dist: vec![
            "Werkzeug >= 3.1".to_owned(),
            "asgiref>=3.2 ; extra == \"async\"".to_owned(),
        ],
        license_files: vec!["LICENSE.txt".to_owned(), "LICENSES/MIT.txt".to_owned()],
        license_expression: Some("BSD-3-Clause".to_owned()),
        license: None,
        license_classifiers: vec!["License :: OSI Approved :: BSD License".to_owned()],
    };
    assert_eq!(metadata, expected);
}

#[test]
fn reads_folded_fields_in_any_line_ends() {
    for text in [FOLDED.to_owned(), FOLDED.replace('\n', "\r\n"), FOLDED.replace('\n', "\r")] {
        let metadata = parse(text.as_bytes());
        assert_eq!(metadata.requires_dist, ["x (>=1)"]);
        assert_eq!(metadata.license.as_deref(), Some("Copyright (c) 1999 A"));
        assert_eq!(metadata.version.as_deref(), Some("0.1"));
    }
}

#[test]
fn reads_sloppy_files() {
    assert_eq!(parse(b"\xef\xbb\xbfName: a").name.as_deref(), Some("a"));
    assert_eq!(parse(b"NAME:a\nname: b\n").name.as_deref(), Some("a"));
    assert_eq!(parse(b"Name: a\nLicense: UNKNOWN\n").license, None);
    assert_eq!(parse(b"Name: a\nLicense:\n  MIT\n").license.as_deref(), Some("MIT"));
    assert_eq!(parse(b"Name: caf\xe9\n").name.as_deref(), Some("caf\u{e9}"));
    assert_eq!(parse("Name: caf\u{e9}\n".as_bytes()).name.as_deref(), Some("caf\u{e9}"));
    assert_eq!(parse(b""), Metadata::default());
}

#[test]
fn description_and_body_go() {
    let reduced = reduce(MODERN.as_bytes());
    let headers = MODERN.split_once("\n\n").expect("a body").0;
    assert_eq!(String::from_utf8_lossy(&reduced), format!("{headers}\n"));
}

#[test]
fn folded_description_and_license_text_go() {
    let kept = "Metadata-Version: 1.1
Name: old
Version: 0.1
License: Copyright (c) 1999 A
Keywords: a
  b
Requires-Dist: x
\t(>=1)
Platform: any
";
    for end in ["\n", "\r\n", "\r"] {
        let reduced = reduce(FOLDED.replace('\n', end).as_bytes());
        assert_eq!(String::from_utf8_lossy(&reduced), kept.replace('\n', end));
    }
}

#[test]
fn ends_with_a_newline_unless_that_were_larger() {
    assert_eq!(
        reduce(b"Metadata-Version: 1\nDescription: x\nName: a"),
        b"Metadata-Version: 1\nName: a\n"
    );
    assert_eq!(reduce(b"Metadata-Version: 1\nName: a"), b"Metadata-Version: 1\nName: a");
}

#[test]
fn what_is_no_metadata_stays() {
    for other in [
        &b""[..],
        b"Description: x\n\nbody",
        b"Name: a\nDescription: x\n",
        b"\x00\xff\xfe",
        b"{\"a\": 1}\n\n",
    ] {
        assert_eq!(reduce(other), other);
    }
}

#[test]
fn a_line_that_is_no_header_ends_the_headers() {
    let text = b"Metadata-Version: 1\nName: a\nno header\nVersion: 2\n";
    assert_eq!(parse(text).version, None);
    assert_eq!(reduce(text), b"Metadata-Version: 1\nName: a\n");
}

/// What the e-mail parser reads, `Description` and the tail of `License` apart.
const EMAIL: &str = r#"
import email.parser, json, sys
answers = []
for text in json.load(sys.stdin):
    message = email.parser.Parser().parsestr(text)
    headers = []
    for name, value in message.items():
        if name.lower() == "description":
            continue
        if name.lower() == "license":
            value = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")[0]
        headers.append([name, value])
    names = ["Name", "Version", "License-Expression"]
    answers.append({
        "headers": headers,
        "once": [message[name] for name in names],
        "requires": [" ".join(value.split()) for value in message.get_all("Requires-Dist") or []],
        "files": [" ".join(value.split()) for value in message.get_all("License-File") or []],
        "body": message.get_payload(),
    })
json.dump(answers, sys.stdout)
"#;

/// Sets the e-mail parser's reading of each text against ours, and against its reading of what we
/// reduce the text to.
fn agrees_with_email(texts: &[String]) {
    let reduced: Vec<String> = texts
        .iter()
        .map(|text| String::from_utf8(reduce(text.as_bytes())).expect("UTF-8 stays"))
        .collect();
    let ask = |texts: &[String]| {
        let answer = oracle::ask(EMAIL, serde_json::to_string(texts).expect("JSON").as_bytes());
        answer.as_array().expect("a list").clone()
    };
    for (((text, reduced), before), after) in
        texts.iter().zip(&reduced).zip(ask(texts)).zip(ask(&reduced))
    {
        assert_eq!(before["headers"], after["headers"], "{text:?} became {reduced:?}");
        let metadata = parse(text.as_bytes());
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let once = [metadata.name, metadata.version, metadata.license_expression];
        let theirs: Vec<Option<String>> = before["once"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|v| v.as_str().map(squeeze))
            .collect();
        assert_eq!(once.map(|v| v.as_deref().map(squeeze)).to_vec(), theirs, "{text:?}");
        let list = |values: &[String]| {
            serde_json::json!(values.iter().map(|v| squeeze(v)).collect::<Vec<_>>())
        };
        assert_eq!(list(&metadata.requires_dist), before["requires"], "{text:?}");
        assert_eq!(list(&metadata.license_files), before["files"], "{text:?}");
        if reduced != text {
            assert_eq!(after["body"], "", "{text:?} became {reduced:?}");
        }
    }
}

#[test]
fn agrees_with_the_email_parser_on_these() {
    let mut texts = vec![MODERN.to_owned(), FOLDED.to_owned()];
    texts.extend([
        "Metadata-Version: 1\nName: a\nFrom me\nVersion: 1\n".to_owned(),
        "Metadata-Version: 1\nName: a\nFrom me\n".to_owned(),
        "From me\nMetadata-Version: 1\nName: a\n".to_owned(),
        "Metadata-Version: 1\nName: a\n:empty\n continued\nVersion: 1".to_owned(),
        " continued\nMetadata-Version: 1\nName: a\n".to_owned(),
        "Metadata-Version: 1\nName: a\nDescription: x\nFrom b\n y\nVersion: 2\n".to_owned(),
        "Metadata-Version: 1\nName: a\nSp ace: x\nVersion: 2\n".to_owned(),
        "Metadata-Version: 1\r\nName: a\r\nDescription: x\r\n  y\r\nVersion: 2\r\n\r\nbody"
            .to_owned(),
    ]);
    let crlf: Vec<String> = texts.iter().map(|text| text.replace('\n', "\r\n")).collect();
    texts.extend(crlf);
    agrees_with_email(&texts);
}

#[test]
fn agrees_with_the_email_parser_on_what_is_installed() {
    let read = r#"
import importlib.metadata, json, pathlib, sys
found = pathlib.Path(sys.prefix, "lib").glob("python3*/site-packages/*.dist-info/METADATA")
json.dump([p.read_text(encoding="utf-8") for p in found], sys.stdout)
"#;
    let texts = oracle::ask(read, b"");
    let texts: Vec<String> = serde_json::from_value(texts).expect("a list of texts");
    assert!(!texts.is_empty(), "pip at least is installed");
    agrees_with_email(&texts);
}

fn headers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(Name|Version|License|Description|Requires-Dist|License-File|X): ?[ -~]{0,12}",
        "[ \t][ -~]{0,8}",
        "From [a-z]{0,3}",
        ":[a-z]{0,3}",
        "[ -~]{0,10}",
        "",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let lines = prop::collection::vec((line, end), 0..12);
    lines.prop_map(|lines| {
        let mut text = "Metadata-Version: 2.1\nName: a\n".to_owned();
        lines.iter().for_each(|(line, end)| text.extend([line.as_str(), end]));
        text
    })
}

#[test]
fn agrees_with_the_email_parser_on_anything() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::default();
    let texts: Vec<String> =
        (0..2_000).map(|_| headers().new_tree(&mut runner).expect("a text").current()).collect();
    agrees_with_email(&texts);
}

proptest! {
    #[test]
    fn never_panics_and_never_grows(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        prop_assert!(reduce(&bytes).len() <= bytes.len());
    }

    #[test]
    fn reduces_once_for_all(text in headers()) {
        let reduced = reduce(text.as_bytes());
        prop_assert!(reduced.len() <= text.len());
        let (before, after) = (parse(text.as_bytes()), parse(&reduced));
        // The licence's first line may be blank.
        let license = before.license.clone().filter(|_| after.license.is_some());
        prop_assert_eq!(after, Metadata { license, ..before });
        prop_assert_eq!(reduce(&reduced), reduced);
    }
}
