use super::{encoded, purl, serial_number};

#[test]
fn package_urls() {
    let cases = [
        (("six", "1.17.0"), "pkg:pypi/six@1.17.0"),
        (("Ruamel_.yaml", "0.18"), "pkg:pypi/ruamel-yaml@0.18"),
        (("torch", "2.4.0+cu121"), "pkg:pypi/torch@2.4.0%2Bcu121"),
        (("pytz", "1!2024.1"), "pkg:pypi/pytz@1%212024.1"),
        (("a", "1.0~b_c-d"), "pkg:pypi/a@1.0~b_c-d"),
        (("a", ""), "pkg:pypi/a"),
        (("a b/é@", "1 0"), "pkg:pypi/a%20b%2F%C3%A9%40@1%200"),
    ];
    for ((name, version), expected) in cases {
        assert_eq!(purl(name, version), expected);
    }
    assert_eq!(encoded("a:%"), "a:%25");
}

#[test]
fn a_serial_number_is_a_uuid_of_what_is_said() {
    // `printf '"a"\n' | sha256sum`, with version and variant put in.
    assert_eq!(serial_number(&"a"), "urn:uuid:ee195db0-cd14-879e-8e92-e4ac42d91fef");
    assert_ne!(serial_number(&"a"), serial_number(&"b"));
}
