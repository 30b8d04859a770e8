use super::super::metadata;
use super::{License, SPDX, declared, is_expression};

fn of(headers: &str) -> Vec<License> {
    declared(&metadata::parse(format!("Metadata-Version: 2.4\nName: a\n{headers}\n").as_bytes()))
}

fn name(text: &str) -> License {
    License::Name(text.to_owned())
}

fn expression(text: &str) -> License {
    License::Expression(text.to_owned())
}

#[test]
fn the_most_exact_of_what_is_declared_counts() {
    let mit = "Classifier: License :: OSI Approved :: MIT License";
    let bsd = "Classifier: License :: OSI Approved :: BSD License";
    let named = "License :: OSI Approved :: MIT License";
    let of_two = [name(named), name("License :: OSI Approved :: BSD License")];
    let cases: [(&str, Vec<License>); 12] = [
        ("", vec![]),
        ("License-Expression: MIT", vec![expression("MIT")]),
        (
            "License-Expression: MIT OR (Apache-2.0 AND LicenseRef-own)\nLicense: BSD",
            vec![expression("MIT OR (Apache-2.0 AND LicenseRef-own)")],
        ),
        ("License-Expression: Our own", vec![name("Our own")]),
        ("License: mit", vec![License::Id("MIT")]),
        (&format!("License: MPL-2.0\n{mit}"), vec![License::Id("MPL-2.0")]),
        ("License: MIT AND bsd-3-clause", vec![expression("MIT AND bsd-3-clause")]),
        ("License: Apache License, Version 2.0", vec![name("Apache License, Version 2.0")]),
        ("License: The text\n  of it", vec![name("The text")]),
        (&format!("License: The text\n  of it\n{mit}"), vec![name(named)]),
        (&format!("License: UNKNOWN\n{mit}\nClassifier: Topic :: X\n{bsd}"), of_two.to_vec()),
        ("Classifier: License :: Public Domain", vec![name("License :: Public Domain")]),
    ];
    for (headers, expected) in cases {
        assert_eq!(of(headers), expected, "{headers}");
    }
}

#[test]
fn expressions_are_told_from_sentences() {
    let deep = format!("{}MIT{}", "(".repeat(50_000), ")".repeat(50_000));
    for text in [
        "MIT",
        "GPL-2.0+",
        "(MIT)",
        "mit or (Zlib and 0BSD)",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        &deep,
    ] {
        assert!(is_expression(text), "{}", &text[..text.len().min(40)]);
    }
    for text in [
        "",
        "BSD",
        "MIT Zlib",
        "MIT OR",
        "OR MIT",
        "(MIT",
        "MIT)",
        "MIT ()",
        "LicenseRef-",
        "MIT, Zlib",
    ] {
        assert!(!is_expression(text), "{text}");
    }
}

#[test]
fn the_list_is_sorted_and_each_identifier_stands_in_it_once() {
    let lower: Vec<String> = SPDX.lines().map(str::to_ascii_lowercase).collect();
    assert!(lower.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(lower.len() > 800);
}
