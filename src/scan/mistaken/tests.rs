use std::path::Path;

use super::{absent, no_package, no_zip};

#[test]
fn files_that_are_no_packages() {
    let told = [
        ("requirements.txt", "pip install --target package -r a/requirements.txt"),
        ("requirements-dev.in", "-r a/requirements-dev.in"),
        ("six-1.16.0-py2.py3-none-any.whl", "package a/six-1.16.0-py2.py3-none-any.whl"),
        ("shop-1.0.tar.gz", "pip install --target package a/shop-1.0.tar.gz"),
        ("pyproject.toml", "uv pip install --target package -r a/pyproject.toml"),
        ("uv.lock", "uv export"),
        ("Pipfile.lock", "pipenv requirements"),
        ("slim.toml", "--config a/slim.toml"),
        ("template.yaml", "slim init"),
        ("app.py", "put it into a folder"),
        ("layer.tar", "unpack it"),
        ("notes", "PACKAGE is the folder"),
    ];
    for (name, word) in told {
        let failure = no_zip(&Path::new("a").join(name)).unwrap();
        assert!(failure.next_step().unwrap().contains(word), "{name}: {:?}", failure.next_step());
        assert_eq!(failure.exit_code(), 2);
    }
    assert!(no_zip(Path::new("a/package.zip")).is_none());
    assert!(no_zip(Path::new("a/PACKAGE.ZIP")).is_none());
}

#[test]
fn paths_with_nothing_there() {
    let told = [
        ("s3://bucket/key.zip", "an address", "aws s3 cp s3://bucket/key.zip"),
        ("https://a.example/x.zip", "an address", "curl"),
        ("docker://shop:1", "container image", "docker create --name from shop:1"),
        ("images.example/lambda/python:3.12", "container image", "docker cp"),
        ("shop:latest", "container image", "docker cp"),
        ("/var/task/nowhere", "folder of a container", "docker cp"),
        ("requests==2.32.0", "a requirement", "pip install --target package 'requests==2.32.0'"),
        ("nowhere/at/all", "no such file", "PACKAGE is the folder"),
    ];
    for (path, what, next) in told {
        let failure = absent(Path::new(path));
        assert!(failure.to_string().contains(what), "{failure}");
        assert!(failure.next_step().unwrap().contains(next), "{:?}", failure.next_step());
    }
}

#[test]
fn a_slip_and_a_virtual_environment() {
    let home = tempfile::tempdir().unwrap();
    let venv = home.path().join("package");
    std::fs::create_dir_all(venv.join("lib/python3.12/site-packages")).unwrap();
    assert!(absent(&home.path().join("pakage")).next_step().unwrap().ends_with("/package?"));
    assert!(no_package(&venv).is_none());
    std::fs::write(venv.join("pyvenv.cfg"), "home = /usr\n").unwrap();
    let hint = no_package(&venv).unwrap();
    assert!(hint.next_step().unwrap().ends_with("package/lib/python3.12/site-packages"));
}
