//! The report as a page: what the map is drawn from is what report.json and `slim explain` say. How it looks
//! and behaves in a browser is for tools/page.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Built, slim};
use crate::together::three;

/// The page, and the columns in it.
struct Page {
    text: String,
    data: Value,
}

impl Page {
    #[track_caller]
    fn read(path: impl AsRef<Path>) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let begin = "<script type=\"application/json\" id=\"data\">";
        let (_, rest) = text.split_once(begin).unwrap();
        let data = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
        Self { text, data }
    }

    fn len(&self) -> usize {
        self.data["tail"].as_array().unwrap().len()
    }

    fn sum(&self, column: &str) -> u64 {
        self.data[column].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum()
    }

    fn number(&self, column: &str, at: usize) -> Option<usize> {
        usize::try_from(self.data[column][at].as_i64().unwrap()).ok()
    }

    fn letter(&self, column: &str, at: usize) -> u8 {
        self.data[column].as_str().unwrap().as_bytes()[at]
    }

    /// The paths, put together as the page does it.
    fn paths(&self) -> Vec<String> {
        let mut last: Vec<u16> = Vec::new();
        let path = |at: usize| {
            last.truncate(self.data["cut"][at].as_u64().unwrap() as usize);
            last.extend(self.data["tail"][at].as_str().unwrap().encode_utf16());
            String::from_utf16(&last).unwrap()
        };
        (0..self.len()).map(path).collect()
    }

    /// What the page tells of a file when the pointer is over it.
    fn reason(&self, at: usize) -> Vec<String> {
        let texts = self.data["because"][at].as_array().unwrap().iter();
        let text = |number: &Value| self.data["texts"][number.as_u64().unwrap() as usize].clone();
        let mut told: Vec<Value> = texts.map(text).collect();
        if self.letter("chain", at) != b'n' {
            let (mut file, mut first) = (at, self.letter("chain", at) == b'a');
            while let Some(by) = self.number("by", file) {
                if !first {
                    told.push(self.data["led"][file].clone());
                }
                (file, first) = (by, false);
            }
        }
        told.into_iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }
}

fn shop(name: &str) -> Package {
    let alpha = Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from alpha import deep\n")
        .file("alpha/deep.py", "from alpha.core import one\nimport beta\n")
        .file("alpha/core/__init__.py", "from .one import *\n")
        .file("alpha/core/one.py", "x = 1\n")
        .file("alpha/unused.py", "'''Nobody asks.'''\n")
        .file("alpha/tests/__init__.py", "")
        .file("alpha/tests/test_deep.py", "import alpha\n")
        .file("alpha/_fast.c", "int x;\n".repeat(200))
        .file("alpha/_named.c", "int y;\n")
        .file("alpha/build.py", "SOURCE = '_named.c'\n");
    let beta = Dist::new("beta", "2.0+x").file("beta.py", "def f():\n    import alpha.build\n");
    let code = "import alpha\n\n\ndef handler(event, context):\n    return 1\n";
    Package::new(name).with("app.py", code).install(&alpha).install(&beta)
}

#[track_caller]
fn built(packages: &[&str], args: &[&str]) -> (Built, Page) {
    let home = tempfile::tempdir().unwrap();
    let to = format!("html={}", home.path().join("page.html").display());
    let built = crate::support::build(packages, &[&["--report", &to], args].concat());
    let page = Page::read(home.path().join("page.html"));
    (built, page)
}

/// The sums of the map are those of report.json, but for the headers of the zips.
#[track_caller]
fn sums_agree(page: &Page, report: &Value) {
    assert_eq!(page.sum("before"), report["before"]["bytes"].as_u64().unwrap());
    assert_eq!(page.sum("after"), report["after"]["bytes"].as_u64().unwrap());
    let made = (0..page.len()).filter(|at| page.letter("fate", *at) == b'm').count();
    assert_eq!((page.len() - made) as u64, report["before"]["files"].as_u64().unwrap());
    let rows = report["distributions"].as_array().unwrap();
    let of_rows = |value: fn(&Value) -> &Value| -> u64 {
        rows.iter().map(|row| value(row).as_u64().unwrap()).sum()
    };
    assert_eq!(page.sum("after_zipped"), of_rows(|row| &row["after"]["zipped_bytes"]));
    let mut saved: BTreeMap<String, u64> = BTreeMap::new();
    for at in 0..page.len() {
        let Some(rule) = page.number("rule", at) else { continue };
        let [before, after] = ["before", "after"].map(|name| page.data[name][at].as_u64().unwrap());
        if page.letter("fate", at) != b's' {
            let id = page.data["rules"][rule]["id"].as_str().unwrap();
            *saved.entry(id.to_owned()).or_default() += before.saturating_sub(after);
        }
    }
    for rule in report["rules"].as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        assert_eq!(saved.get(id).copied().unwrap_or(0), rule["bytes"].as_u64().unwrap(), "{id}");
    }
}

#[test]
fn the_map_says_what_the_report_and_explain_say() {
    let shop = shop("shop");
    for level in [vec!["--level", "standard"], vec!["--level", "max", "--handler", "app.handler"]] {
        let (built, page) = built(&[shop.path()], &level);
        sums_agree(&page, &built.report());
        let words = ["standard", "max"].into_iter().find(|word| level[1] == *word).unwrap();
        assert!(page.text.contains(&format!("level {words}")));
        let mut told = 0;
        for (at, path) in page.paths().iter().enumerate() {
            if page.letter("fate", at) == b'm' {
                continue;
            }
            let answers =
                [&["explain", shop.path(), path, "--format", "json"], &level[..]].concat();
            let answers = slim(&answers).ok().json();
            let answers = answers.as_array().unwrap();
            let answer = answers.iter().find(|one| one["path"] == path.as_str()).unwrap();
            let because: Vec<&str> = answer["because"]
                .as_array()
                .unwrap()
                .iter()
                .map(|text| text.as_str().unwrap())
                .collect();
            let reason = page.reason(at);
            if answer["decision"] == "kept" && page.letter("fate", at) == b'k' && reason != because
            {
                // What a rule found nothing to take from.
                assert!(because[0].contains("finds nothing"), "{path}: {because:?} {reason:?}");
                continue;
            }
            // Who asks for metadata is told by explain alone.
            assert_eq!(reason, because[..reason.len()], "{path}");
            let fate = match answer["decision"].as_str().unwrap() {
                "kept" => b'k',
                "changed" => b'c',
                _ => b'd',
            };
            assert_eq!(page.letter("fate", at), fate, "{path}");
            told += 1;
        }
        assert!(told > 10, "{told}");
    }
}

#[test]
fn what_files_would_have_taken_zipped_is_measured() {
    let shop = shop("shop");
    let (_, page) = built(&[shop.path()], &[]);
    let at = page.paths().iter().position(|path| path == "alpha/_fast.c").unwrap();
    assert_eq!((page.letter("fate", at), &page.data["before"][at]), (b'd', &Value::from(1400)));
    let zipped = page.data["before_zipped"][at].as_u64().unwrap();
    assert!((5..100).contains(&zipped), "{zipped}");
    assert!(page.sum("before_zipped") > page.sum("after_zipped"));
}

#[test]
fn packages_that_share_a_layer() {
    let (one, two) = (shop("one"), shop("two"));
    let (built, page) = built(&[one.path(), two.path()], &[]);
    sums_agree(&page, &built.report());
    let shared = (0..page.len()).filter(|at| page.letter("fate", *at) == b's').count();
    assert!(shared > 5, "{shared}");
    assert_eq!(page.data["packages"], serde_json::json!(["one", "two"]));
}

#[test]
fn a_workspace() {
    let space = three();
    let page = space.path("page.html");
    let to = format!("html={}", page.display());
    let report = space.build(&["--report", &to]);
    let page = Page::read(page);
    sums_agree(&page, &report);
    assert!(page.data["before_zipped"].is_null(), "nobody worked it out");
    assert!((0..page.len()).any(|at| page.letter("fate", at) == b's'));
    assert!((0..page.len()).any(|at| page.letter("fate", at) == b'd'));
}

#[test]
fn names_do_no_harm() {
    let odd = Dist::new("odd", "1.0").file("odd/</script><script>alert(1)</script>.txt", "x");
    let shop = shop("a<b>&c").install(&odd).with("q\"'uote é\u{1F600}.txt", "é");
    let (_, page) = built(&[shop.path()], &[]);
    assert_eq!(page.text.matches("</script>").count(), 2, "those of the page");
    assert!(!page.text.contains("<script>alert"));
    assert!(page.paths().iter().any(|path| path == "odd/</script><script>alert(1)</script>.txt"));
    assert!(page.paths().iter().any(|path| path == "q\"'uote é\u{1F600}.txt"));
}

#[test]
fn one_file_that_asks_for_nothing() {
    let shop = shop("shop");
    let (_, page) = built(&[shop.path()], &[]);
    let data = page.data.to_string();
    assert!(page.text.len() - data.len() < 200_000);
    for word in ["http:", "https:", "//cdn", "src=", "@import", "url("] {
        assert!(!page.text.contains(word), "{word}");
    }
    assert!(page.text.contains("default-src 'none'"));
}

#[test]
fn the_same_page_whatever_the_threads() {
    let shop = shop("shop");
    let pages = ["1", "4"].map(|threads| built(&[shop.path()], &["-j", threads]).1.text);
    assert_eq!(pages[0], pages[1]);
}
