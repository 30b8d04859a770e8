use super::{Survival, is_app, of, parse};

#[test]
fn what_the_judge_prints_is_read() {
    assert_eq!(parse("lives\n").expect("reads"), Survival::Lives);
    assert_eq!(
        parse("breaks: smoke test: KeyError: 'a: b'\n").expect("reads"),
        Survival::Breaks("KeyError: 'a: b'".into())
    );
}

#[test]
fn other_words_are_an_error() {
    for said in ["", "OK", "lives on", "breaks"] {
        let error = parse(said).expect_err("is neither");
        assert!(error.to_string().ends_with(&format!("`{said}`")), "{error}");
    }
}

#[test]
fn only_apps_of_the_corpus_are_judged() {
    assert!(is_app("web") && !is_app("data-arm64") && !is_app(""));
    let nowhere = std::path::Path::new("/nonexistent");
    assert_eq!(of("data-arm64", nowhere).expect("is not run"), Survival::NotRun);
}
