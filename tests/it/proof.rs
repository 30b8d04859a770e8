//! What was made is run, and told about.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::package::{Dist, Package};
use crate::support::{Run, command, finished, listed, python312};

/// alpha reads a data file and imports a module whose name is made when it is called.
fn alpha() -> Dist {
    Dist::new("alpha", "1.0")
        .file("alpha/__init__.py", "from . import core\n")
        .file(
            "alpha/core.py",
            "import pathlib\n\ndef read():\n    return pathlib.Path(__file__).with_name('data.txt').read_text()\n",
        )
        .file("alpha/data.txt", "data\n")
        .file("alpha/hidden.py", "from . import deep\nx = deep.x\n")
        .file("alpha/deep.py", "x = 7\n")
}

fn app(code: &str) -> Package {
    let text = format!("import alpha\n\n\ndef handler(event, context):\n    {code}\n");
    Package::new("app").with("app.py", text).install(&alpha())
}

/// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null
/// -subj /CN=slim-test -days 36500`.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUTox1J4YYDkP8KHdxGJqAZWCWRd0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJc2xpbS10ZXN0MCAXDTI2MTEyMTIzMDMxM1oYDzIxMjYxMDI4
MjMwMzEzWjAUMRIwEAYDVQQDDAlzbGltLXRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARQSyVMLoKXDW/vm28aUbpy3MqVtLyN3OvTEYl4BKqMlliysO82eYwH
ciKLbvCjRqrBIH0elpXFnM0Dd3cuC+uCo1MwUTAdBgNVHQ4EFgQUzqpG8T0CHShq
rSJqbL0sJrmAFjAwHwYDVR0jBBgwFoAUzqpG8T0CHShqrSJqbL0sJrmAFjAwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB1z8MZZ1VT8KIz9t8LzYQu
5QMrkL+QNduEsfkMsfc4DgIgaqa02pyAwo6OsSu9DKC5YUo/HKfs7iPgmmS+MdPW
UWo=
-----END CERTIFICATE-----
";

/// A build with a cache of its own.
fn prove(package: &Package, args: &[&str]) -> Run {
    let mut command = command();
    command.env("SLIM_CACHE_DIR", package.home("cache")).env_remove("SLIM_NO_CACHE");
    command.args(["build", package.path(), "--out-dir", &package.home("out")]);
    finished(command.args(["--handler", "app.handler"]).args(args))
}

fn event(package: &Package, name: &str, json: &str) -> String {
    let path = package.home(name);
    fs::write(&path, json).unwrap();
    path
}

fn report(package: &Package, folder: &str) -> Value {
    let path = PathBuf::from(package.home("out")).join(folder).join("report.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_result_that_is_the_same_is_proven() {
    let code =
        "return {'n': event['n'], 'data': alpha.core.read(), 'id': __import__('uuid').uuid4().hex}";
    let package = app(code);
    let one = event(&package, "one.json", r#"{"n": 1}"#);
    let run = prove(&package, &["--event", &one]).ok();
    for words in [
        ["ok", "import app.handler"],
        ["ok", "one.json app.handler"],
        ["result.id", "differs by itself"],
        ["imports of modules that ship", "s: 3 of 3"],
        ["ok", "metadata of distributions"],
        ["ok", "nothing is written"],
        ["proven", ""],
    ] {
        assert!(run.says(&words), "{words:?} in {}", run.out);
    }
    let proof = &report(&package, "")["proof"];
    assert_eq!(proof["status"], "proven");
    assert_eq!(proof["events"], 1, "{proof}");
    // What ran once is not run again.
    let again = prove(&package, &["--event", &one, "--format", "json"]).ok().json();
    assert_eq!(again["proof"]["status"], "proven");
    let seconds = |key: &str| again["timings"][key].as_f64().unwrap();
    assert!(seconds("proof: as it was") < seconds("proof: as it ships"));
}

#[test]
fn without_events_it_is_weak_and_none_is_asked_for_at_standard() {
    let package = app("return alpha.core.read()");
    let run = prove(&package, &["--verify"]).ok();
    assert!(run.says(&["weakly", "import-only proof"]), "{}", run.out);
    assert_eq!(report(&package, "")["proof"]["status"], "weak");
    prove(&package, &[]).ok();
    assert_eq!(report(&package, "")["proof"], Value::Null);
    prove(&package, &["--level", "max", "--no-verify"]).ok();
    assert_eq!(report(&package, "")["proof"], Value::Null);
}

#[test]
fn sabotage_is_caught_and_the_old_outputs_stay() {
    let package = app("return alpha.core.read()");
    let one = event(&package, "one.json", "{}");
    prove(&package, &["--event", &one]).ok();
    let before = fs::read(PathBuf::from(package.home("out")).join("layer.zip")).unwrap();
    for (glob, level, culprit) in [
        ("alpha/data.txt", "standard", "alpha/data.txt is left out by --drop alpha/data.txt"),
        ("alpha/core.py", "standard", "alpha/core.py is left out by --drop alpha/core.py"),
        ("alpha/core.py", "max", "alpha/core.py is left out by --drop alpha/core.py"),
    ] {
        let args = ["--event", &one, "--level", level, "--drop", glob];
        let run = prove(&package, &args);
        assert_eq!(run.code, 1, "{glob}: {}", run.out);
        assert!(run.says(&["not proven", culprit]), "{glob}: {}", run.out);
        assert_eq!(report(&package, "unproven")["proof"]["status"], "failed");
        let after = fs::read(PathBuf::from(package.home("out")).join("layer.zip")).unwrap();
        assert!(before == after, "the old outputs stay");
    }
    let metadata = ["--event", &one, "--drop", "alpha-1.0.dist-info/METADATA"];
    let run = prove(&package, &metadata);
    assert_eq!(run.code, 1);
    assert!(run.says(&["FAILED", "metadata of distributions"]), "{}", run.out);
}

#[test]
fn what_a_run_asks_for_is_put_back_at_max() {
    // The name is the event's: no analysis sees it.
    let code = "import importlib; return importlib.import_module(event['m']).x";
    let package = app(code);
    // A fact that is wrong lets the module go that the first one needs.
    let config =
        "[[facts.alpha.drop]]\npart = \"deep\"\nfiles = [\"alpha/deep.py\"]\nwhy = \"wrong\"\n";
    let config = event(&package, "slim.toml", config);
    let one = event(&package, "one.json", r#"{"m": "alpha.hidden"}"#);
    let run = prove(&package, &["--level", "max", "--event", &one, "--config", &config]).ok();
    assert!(
        run.says(&["restored: alpha/hidden.py", "No module named 'alpha.hidden'"]),
        "{}",
        run.out
    );
    assert!(run.says(&["restored: alpha/deep.py", "cannot import name 'deep'"]), "{}", run.out);
    assert!(run.says(&["in slim.toml: keep = [\"alpha/deep.py\", \"alpha/hidden.py\"]"]));
    let proof = &report(&package, "")["proof"];
    assert_eq!(proof["status"], "proven");
    assert_eq!(proof["restored"][0]["file"], "alpha/deep.py");
    let data =
        "[[facts.alpha.drop]]\npart = \"data\"\nfiles = [\"alpha/data.txt\"]\nwhy = \"wrong\"\n";
    let package = app("return alpha.core.read()");
    let config = event(&package, "slim.toml", data);
    let one = event(&package, "one.json", "{}");
    let run = prove(&package, &["--level", "max", "--event", &one, "--config", &config]).ok();
    assert!(run.says(&["restored: alpha/data.txt", "FileNotFoundError"]), "{}", run.out);
}

#[test]
fn a_module_whose_loss_is_hidden_is_put_back_too() {
    let code = "\n    try:\n        import importlib\n        return importlib.import_module(event['m']).x\n    except ImportError:\n        return None";
    let package = app(code);
    let one = event(&package, "one.json", r#"{"m": "alpha.hidden"}"#);
    let run = prove(&package, &["--level", "max", "--event", &one]).ok();
    assert!(
        run.says(&["restored: alpha/hidden.py", "the package as it was opens it"]),
        "{}",
        run.out
    );
}

#[test]
fn what_only_c_code_opens_is_found() {
    // OpenSSL reads it, and the exception names no file.
    let code = "\
import pathlib
import ssl

def handler(event, context):
    from alpha import where
    return len(ssl.create_default_context(cafile=where()).get_ca_certs()) >= 0
";
    let alpha = Dist::new("alpha", "1.0")
        .file(
            "alpha/__init__.py",
            "import os\n\ndef where():\n    return os.path.join(os.path.dirname(__file__), 'ca' + 'cert.pem')\n",
        )
        .file("alpha/cacert.pem", CERTIFICATE);
    let package = Package::new("app").with("app.py", code).install(&alpha);
    let one = event(&package, "one.json", "{}");
    prove(&package, &["--event", &one]).ok();
    let run = prove(&package, &["--event", &one, "--drop", "alpha/cacert.pem"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.says(&["not proven", "alpha/cacert.pem is left out by --drop"]), "{}", run.out);
    let fact = "[[facts.alpha.drop]]\npart = \"certificates\"\nfiles = [\"alpha/*.pem\"]\ntier = \"bold\"\nwhy = \"A false one for the test.\"\n";
    let config = event(&package, "slim.toml", fact);
    let run = prove(&package, &["--event", &one, "--level", "max", "--config", &config]).ok();
    assert!(run.says(&["restored: alpha/cacert.pem"]), "{}", run.out);
}

#[test]
fn where_max_cannot_be_proven_standard_is() {
    // Whatever is put back, what is counted is less than before.
    let code = "import os; return len(os.listdir(os.path.dirname(alpha.__file__)))";
    let package = app(code);
    let one = event(&package, "one.json", "{}");
    let run = prove(&package, &["--level", "max", "--event", &one]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.says(&["not proven", "this is level standard"]), "{}", run.out);
    let run = prove(&package, &["--level", "max", "--event", &one, "--allow-fallback"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(report(&package, "")["level"], "standard");
}

#[test]
fn a_handler_that_behaves_badly_ends_in_a_clear_result() {
    let cases = [
        ("while True: pass", "it took too long (over 3 seconds)"),
        ("__import__('os')._exit(3)", "it ended with code 3"),
        ("__import__('os').abort()", "it aborted (SIGABRT)"),
        ("__import__('ctypes').string_at(0)", "it crashed (SIGSEGV)"),
        ("raise SystemExit(4)", "SystemExit"),
        ("return {1, 2}", "not JSON serializable"),
    ];
    for (code, told) in cases {
        let package = app(code);
        let one = event(&package, "one.json", "{}");
        let start = Instant::now();
        let run = prove(&package, &["--event", &one, "--timeout", "3"]);
        assert_eq!(run.code, 0, "{code}: it does so on both sides: {}{}", run.out, run.err);
        assert!(run.says(&["weak", "one.json", told]), "{code}: {}", run.out);
        assert!(start.elapsed() < Duration::from_secs(60), "{code}");
    }
}

#[test]
fn what_a_handler_prints_or_starts_is_no_matter() {
    let code = "\n    import os, subprocess, sys\n    for _ in range(2000): print('x' * 1000); sys.stderr.write('y' * 1000)\n    os.write(1, b'{}')\n    subprocess.Popen(['sleep', '600'])\n    os.fork() or os.setsid() and __import__('time').sleep(600)\n    return 1";
    let package = app(code);
    let one = event(&package, "one.json", "{}");
    let start = Instant::now();
    let run = prove(&package, &["--event", &one, "--timeout", "20"]).ok();
    assert!(run.says(&["ok", "one.json"]), "{}", run.out);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_input_stays_as_it_was() {
    let code = "\n    import os\n    try:\n        open(os.path.join(os.environ['LAMBDA_TASK_ROOT'], 'new.txt'), 'w').write('x')\n        return 'wrote'\n    except OSError as error:\n        return error.errno";
    let package = app(code);
    let one = event(&package, "one.json", "{}");
    let before = listed(&package.root);
    let run = prove(&package, &["--event", &one]).ok();
    assert!(run.says(&["ok", "one.json"]), "{}", run.out);
    assert_eq!(listed(&package.root), before);
}

#[test]
fn what_lies_outside_is_not_written_either() {
    let path = "/usr/slim-proof-was-here";
    let code = format!(
        "\n    try:\n        open({path:?}, 'w')\n    except OSError as error:\n        return error.errno"
    );
    let package = app(&code);
    let one = event(&package, "one.json", "{}");
    prove(&package, &["--event", &one]).ok();
    let apart = report(&package, "")["proof"]["isolation"] == "mount namespace";
    let written = fs::remove_file(path).is_ok();
    assert!(!apart || !written, "the namespace shows / read-only");
}

#[test]
fn files_of_others_in_the_folder_of_refused_zips_stay() {
    let package = app("return alpha.core.read()");
    let one = event(&package, "one.json", "{}");
    let folder = PathBuf::from(package.home("out")).join("unproven");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    for _ in 0..2 {
        let run = prove(&package, &["--event", &one, "--drop", "alpha/core.py"]);
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        assert!(folder.join("layer.zip").exists());
    }
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).unwrap(), "mine");
}

#[test]
fn what_changes_with_time_is_not_compared() {
    let package = app("return {'second': int(__import__('time').time()), 'n': float('nan')}");
    let one = event(&package, "one.json", "{}");
    let run = prove(&package, &["--event", &one]).ok();
    assert!(run.says(&["proven"]), "{}", run.out);
    std::thread::sleep(Duration::from_millis(1100));
    let run = prove(&package, &["--event", &one]).ok();
    assert!(run.says(&["result.second", "differs by itself"]), "the cache is older: {}", run.out);
}

#[test]
fn every_event_counts_whatever_it_is_called() {
    let package = app("return event['n'] and alpha.core.read()");
    fs::create_dir(package.home("sub")).unwrap();
    let one = event(&package, "one.json", r#"{"n": 1}"#);
    let two = event(&package, "sub/one.json", r#"{"n": 0}"#);
    let args = ["--event", &one, "--event", &two, "--drop", "alpha/data.txt"];
    let run = prove(&package, &args);
    assert_eq!(run.code, 1, "{}", run.out);
    assert_eq!(run.out.matches("one.json app.handler").count(), 3, "{}", run.out);
}

#[test]
fn threads_are_not_waited_for() {
    let code = "\n    import threading, time\n    threading.Thread(target=time.sleep, args=(600,)).start()\n    return 1";
    let package = app(code);
    let one = event(&package, "one.json", "{}");
    let start = Instant::now();
    prove(&package, &["--event", &one]).ok();
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn several_functions_share_a_layer() {
    let beta = Dist::new("beta", "2").file("beta.py", "");
    let function = |name: &str| {
        let text =
            format!("import alpha\n\ndef {name}(event, context):\n    return alpha.core.read()\n");
        Package::new(name).with(&format!("{name}_app.py"), text).install(&alpha())
    };
    let (one, two) = (function("one").install(&beta), function("two"));
    let event = event(&one, "one.json", "{}");
    let build = |handlers: &[&str]| {
        let mut command = command();
        command.env("SLIM_CACHE_DIR", one.home("cache")).env_remove("SLIM_NO_CACHE");
        command.args(["build", one.path(), two.path(), "--layer", "all", "--event", &event]);
        for handler in handlers {
            command.args(["--handler", handler]);
        }
        finished(command.args(["--out-dir", &one.home("out")])).ok()
    };
    let run = build(&["one_app.one", "two_app.two"]);
    assert!(run.says(&["ok", "one: import one_app.one"]), "{}", run.out);
    assert!(run.says(&["ok", "two: metadata"]), "{}", run.out);
    assert!(run.out.lines().any(|line| line == "proven"), "{}", run.out);
    let run = build(&["one_app.one"]);
    assert!(run.says(&["weakly", "two was not run"]), "{}", run.out);
}

#[test]
fn links_of_the_package_are_followed_and_their_targets_stay() {
    let package = app("return alpha.core.read()");
    let outside = PathBuf::from(package.home("outside"));
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("linked.py"), "x = 1\n").unwrap();
    std::os::unix::fs::symlink(&outside, package.root.join("linked")).unwrap();
    let code = "import linked.linked\nimport os\n\ndef handler(event, context):\n    try:\n        open(os.path.join(os.path.dirname(linked.linked.__file__), 'new'), 'w')\n    except OSError as error:\n        return error.errno\n";
    let package = package.with("app.py", code);
    let one = event(&package, "one.json", "{}");
    let run = prove(&package, &["--event", &one]).ok();
    assert!(run.says(&["ok", "one.json"]), "{}", run.out);
    assert!(!outside.join("new").exists());
}

#[test]
fn a_package_that_fails_as_it_was_is_not_proven() {
    let package =
        app("return 1").with("app.py", "import boto_of_the_runtime\n\ndef handler(e, c): ...\n");
    let run = prove(&package, &["--verify"]);
    assert_eq!(run.code, 1);
    assert!(run.says(&["the package as it was fails too", "boto_of_the_runtime"]), "{}", run.out);
    let one = event(&package, "one.json", "{}");
    let runtime = package.home("runtime");
    fs::create_dir_all(&runtime).unwrap();
    fs::write(PathBuf::from(&runtime).join("boto_of_the_runtime.py"), "").unwrap();
    prove(&package, &["--verify", "--runtime-packages", &runtime]).ok();
    assert_eq!(prove(&package, &["--verify", "--runtime-packages", &one]).code, 2);
}

#[test]
fn wrong_use_is_told() {
    let package = app("return 1");
    let home = package.home.path();
    let mut command = command();
    command.args(["build", package.path(), "--out-dir", &package.home("out"), "--verify"]);
    let none = finished(&mut command).failure(home);
    assert!(none.starts_with("exit 2") && none.contains("--handler"), "{none}");
    let bad = event(&package, "bad.json", "{no");
    let run = prove(&package, &["--event", &bad]).failure(home);
    assert!(run.starts_with("exit 2") && run.contains("it is no JSON"), "{run}");
    let run = prove(&package, &["--event", &package.home("absent.json")]).failure(home);
    assert!(run.starts_with("exit 2") && run.contains("failed to read event"), "{run}");
    let run = prove(&package, &["--verify", "--python-bin", "/bin/false"]).failure(home);
    assert!(run.starts_with("exit 2") && run.contains("--python-bin"), "{run}");
    let run = prove(&package, &["--verify", "--python-bin", &package.home("none")]).failure(home);
    assert!(run.starts_with("exit 2"), "{run}");
    let one = event(&package, "one.json", "{}");
    let runtime = package.home("runtime");
    fs::create_dir_all(&runtime).unwrap();
    let emulated = |rie: &str| {
        let args = ["--event", &one, "--runtime-packages", &runtime, "--rie", rie];
        prove(&package, &args).failure(home)
    };
    let run = emulated("/bin/false");
    assert!(run.starts_with("exit 2") && run.contains("awslambdaric is not in"), "{run}");
    fs::create_dir_all(PathBuf::from(&runtime).join("awslambdaric")).unwrap();
    let run = emulated("/no/such/emulator");
    assert!(run.starts_with("exit 2") && run.contains("failed to read the emulator"), "{run}");
    // One that ends at once.
    let run =
        prove(&package, &["--event", &one, "--runtime-packages", &runtime, "--rie", "/bin/true"]);
    assert!(run.code == 1 && run.says(&["FAILED", "emulator: event one.json"]), "{}", run.out);
}

#[test]
fn a_python_that_fails_is_named_and_one_that_is_missing_is_hinted_at() {
    let package = app("return 1");
    let one = event(&package, "one.json", "{}");
    let shims = PathBuf::from(package.home("shims"));
    fs::create_dir_all(&shims).unwrap();
    let shim = shims.join("python3.12");
    fs::write(&shim, "#!/bin/sh\necho no such version >&2; exit 127\n").unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", shims.display(), std::env::var("PATH").unwrap());
    let mut build = command();
    build
        .env("SLIM_CACHE_DIR", package.home("cache"))
        .env_remove("SLIM_NO_CACHE")
        .env("PATH", path);
    build.args(["build", package.path(), "--out-dir", &package.home("out")]);
    let run = finished(build.args(["--handler", "app.handler", "--event", &one])).ok();
    assert!(run.says(&["skipped", "shims/python3.12: no such version"]), "{}", run.out);
    assert!(!report(&package, "").to_string().contains("shims"), "the report is of no machine");

    // The stand-in alone is no Python; neither is there one for a version that nobody has.
    for (python, told) in [("3.12", false), ("3.9", true)] {
        let usual = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/var/lang/bin"];
        let name = format!("python{python}");
        let is_usual = usual.iter().any(|folder| PathBuf::from(folder).join(&name).exists());
        let mut build = command();
        let dirs = if told {
            shims.clone()
        } else {
            PathBuf::from(python312()).parent().unwrap().to_owned()
        };
        build.env("PATH", dirs).env("HOME", "/nowhere");
        build.env_remove("PYENV_ROOT").env_remove("UV_PYTHON_INSTALL_DIR");
        build.args(["build", package.path(), "--python", python, "--dry-run"]);
        let run = finished(&mut build).ok();
        let hinted = run.err.contains(&format!("hint: there is no CPython {python} here"));
        assert_eq!(hinted, told && !is_usual, "{}", run.err);
    }
}

#[test]
fn zips_are_verified_as_they_are() {
    let package = app("return alpha.core.read()");
    prove(&package, &[]).ok();
    let zip = |name: &str| PathBuf::from(package.home("out")).join(name).display().to_string();
    let one = event(&package, "one.json", "{}");
    let verify = |zips: &[&str]| {
        let mut command = command();
        command.arg("verify").args(zips).args(["--handler", "app.handler", "--event", &one]);
        finished(&mut command)
    };
    let (function, layer) = (zip("function.zip"), zip("layer.zip"));
    let run = verify(&[&function, &layer]).ok();
    assert!(run.says(&["ok", "one.json app.handler"]) && run.says(&["proven"]), "{}", run.out);
    assert_eq!(verify(&[package.path()]).code, 0, "a folder, as SAM makes it");
    // A layer that holds no distribution's metadata.
    let bare = PathBuf::from(package.home("bare"));
    fs::create_dir_all(bare.join("python/alpha")).unwrap();
    for name in ["__init__.py", "core.py", "data.txt"] {
        fs::copy(package.root.join("alpha").join(name), bare.join("python/alpha").join(name))
            .unwrap();
    }
    let run = verify(&[&function, &bare.display().to_string()]).ok();
    assert!(run.says(&["proven"]), "{}", run.out);
    let alone = verify(&[&function]);
    assert_eq!(alone.code, 1);
    assert!(alone.says(&["not proven", "No module named 'alpha'"]), "{}", alone.out);
}
