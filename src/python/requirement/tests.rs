use super::super::marker::Environment;
use super::Requirement;

const HERE: Environment = Environment { minor: 12, machine: "x86_64" };

/// Name, extras, and whether it counts: always, with the extra `all` only, or never.
fn read(text: &str) -> String {
    let Some(requirement) = Requirement::parse(text) else { return "none".to_owned() };
    let counts = |extras: &[&str]| requirement.may_count(HERE, extras.iter().copied());
    let when = match (counts(&[]), counts(&["dev", "all"])) {
        (true, true) => "always",
        (false, true) => "all",
        (false, false) => "never",
        (true, false) => "backwards",
    };
    format!("{} [{}] {when}", requirement.name, requirement.extras.join(","))
}

#[test]
fn requirements_of_every_form() {
    let cases = [
        ("six", "six [] always"),
        ("Ruamel_Yaml>=0.15,<1", "ruamel-yaml [] always"),
        (
            "requests [socks, Use.Chardet] (>=2) ; python_version > '3'",
            "requests [socks,use-chardet] always",
        ),
        ("PySocks!=1.5.7; extra == 'all'", "pysocks [] all"),
        ("tomli>=1;python_version<'3.11'", "tomli [] never"),
        ("a[]", "a [] always"),
        ("a @ https://host/a;b.whl ; extra == 'all'", "a [] all"),
        ("a @ https://host/a.whl;extra=='all'", "a [] always"),
        ("a[x]@file:///a", "a [x] always"),
        ("a; who knows", "a [] always"),
        ("; extra == 'all'", "none"),
        ("a[x", "none"),
        ("", "none"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text}");
    }
}
