//! Data that says the same in fewer bytes.

use crate::package::{Dist, Package};
use crate::support::{Built, build, python};

/// What Python's gzip makes of a text at a level, with a name and a time in the header.
pub fn gzip(text: &str, level: u8) -> Vec<u8> {
    let script = "import gzip, io, sys\nout = io.BytesIO()\n\
        with gzip.GzipFile('name', 'wb', int(sys.argv[2]), out, 5) as file:\n    file.write(sys.argv[1].encode())\n\
        print(out.getvalue().hex())";
    unhex(&python(script, &[text, &level.to_string()]))
}

fn gunzip(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    python(
        "import gzip, sys; print(gzip.decompress(bytes.fromhex(sys.argv[1])).decode(), end='')",
        &[&hex],
    )
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.trim().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

const MODEL: &str = r#"{
  "documentation": "<p>All about it</p>",
  "shapes": {
    "A": {"type": "structure", "documentation": "words, words and more words", "members": {
      "documentation": {"shape": "S", "documentation": "one more"}
    }}
  }
}"#;

const BLANK: &str = r#"{"documentation":"","shapes":{"A":{"type":"structure","documentation":"","members":{"documentation":{"shape":"S","documentation":""}}}}}"#;

fn app(code: &str) -> Package {
    let data = "botocore/data/s3/2006-03-01";
    let botocore = Dist::new("botocore", "1.40.0")
        .file("botocore/__init__.py", "")
        .file("botocore/session.py", "class Session: pass\n")
        .file(&format!("{data}/service-2.json.gz"), gzip(MODEL, 9))
        .file(&format!("{data}/paginators-1.json"), "{ \"pagination\": { } }\n");
    let code = format!(
        "from botocore.session import Session\n\ndef handler(event, context):\n    \
         session = Session()\n    client = session.create_client('s3')\n    {code}\n"
    );
    Package::new("app").with("app.py", code).install(&botocore)
}

fn at_max(package: &Package) -> Built {
    build(&[package.path()], &["--level", "max", "--handler", "app.handler"])
}

#[test]
fn documentation_of_service_models_is_made_empty_where_nobody_reads_it() {
    let package = app("return client.list_buckets()");
    let built = at_max(&package);
    let model = built.bytes("botocore/data/s3/2006-03-01/service-2.json.gz").unwrap();
    assert_eq!(gunzip(&model), BLANK, "the keys stay");
    assert_eq!(model[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], "no name and no time");
    let paginators = built.bytes("botocore/data/s3/2006-03-01/paginators-1.json").unwrap();
    assert_eq!(paginators, b"{\"pagination\":{}}");
    for reads in ["help(client)", "return client.__doc__", "import inspect; inspect.getdoc(client)"]
    {
        let built = at_max(&app(reads));
        let model = built.bytes("botocore/data/s3/2006-03-01/service-2.json.gz").unwrap();
        assert_eq!(gunzip(&model).matches("words").count(), 3, "{reads}");
    }
    let standard = build(&[package.path()], &[]);
    let model = standard.bytes("botocore/data/s3/2006-03-01/service-2.json.gz").unwrap();
    assert_eq!(model, gzip(MODEL, 9));
}

#[test]
fn what_is_no_sound_data_stays() {
    let two = [gzip(MODEL, 1), gzip(MODEL, 1)].concat();
    let mut broken = gzip(MODEL, 1);
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    let comment = b"// a comment\n{ \"a\" : 1 }".to_vec();
    let files = [("two.gz", two), ("broken.json.gz", broken), ("comment.json", comment)];
    let mut alpha = Dist::new("alpha", "1.0").file("alpha/__init__.py", "");
    for (name, bytes) in &files {
        alpha = alpha.file(&format!("alpha/{name}"), bytes);
    }
    let code = "import alpha\n\ndef handler(event, context):\n    return 1\n";
    let own = "{ \"own\" : 1 }";
    let package = Package::new("app").with("app.py", code).with("own.json", own).install(&alpha);
    let built = at_max(&package);
    for (name, bytes) in &files {
        assert!(built.bytes(&format!("alpha/{name}")).unwrap() == *bytes, "{name}");
    }
    assert_eq!(built.bytes("own.json").unwrap(), own.as_bytes(), "the user's own");
}
