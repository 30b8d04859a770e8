//! A bucket behind the cache: moto's S3 server on this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cache::{app, built, entries, same};
use crate::package::Package;
use crate::support::{Built, command};

/// Where `tools/moto` puts it.
const MOTO: &str = "/tmp/slim-moto/bin/moto_server";

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// A server with an empty bucket; `None` where there is no moto here.
    fn start() -> Option<Self> {
        let program = std::env::var_os("MOTO_SERVER").map_or(PathBuf::from(MOTO), PathBuf::from);
        if !program.exists() {
            eprintln!("skipped: {} is not here (tools/moto gets it)", program.display());
            return None;
        }
        let begun = Instant::now();
        let mut server = Self::spawned(&program);
        loop {
            match server.answer("PUT", "/bucket", b"") {
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Some(server),
                other => assert!(begun.elapsed() < Duration::from_secs(120), "moto: {other:?}"),
            }
            if server.child.try_wait().unwrap().is_some() {
                // Its port was free when it was chosen, and is another's now.
                server = Self::spawned(&program);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn spawned(program: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new(program);
        server.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, port }
    }

    /// What the server answers; every request of these tests may be made twice.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        let again = |_| {
            std::thread::sleep(Duration::from_millis(200));
            self.answer(method, path, body)
        };
        self.answer(method, path, body).or_else(again).or_else(again).unwrap()
    }

    /// Asks once; moto asks for no signature.
    fn answer(&self, method: &str, path: &str, body: &[u8]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The names of all objects.
    fn names(&self) -> Vec<String> {
        let answer = self.ask("GET", "/bucket?list-type=2", b"");
        let keys = answer.split("<Key>").skip(1);
        keys.map(|rest| rest.split("</Key>").next().unwrap().to_owned()).collect()
    }

    fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Builds with a bucket behind the cache in `folder`.
fn build(port: u16, folder: &Path, package: &Package, args: &[&str]) -> Built {
    let mut build = command();
    build.env_remove("SLIM_NO_CACHE").env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
    build.envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")]);
    build.env("AWS_REGION", "us-east-1").args(["--cache-dir", folder.to_str().unwrap()]);
    build.args(["--cache", "s3://bucket/pre/fix", "--handler", "app.handler", "--level", "max"]);
    built(build, &[package], args)
}

#[test]
fn shares_of_a_workspace_meet_in_a_bucket() {
    let Some(server) = Server::start() else { return };
    let space = crate::together::three();
    space.build(&[]);
    let whole = space.zips();
    std::fs::remove_dir_all(space.path("dist")).unwrap();
    let on = |args: &[&str]| {
        let own = fresh();
        let mut build = command();
        build.env_remove("SLIM_NO_CACHE").current_dir(space.home.path()).arg("build");
        build.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port));
        build.envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")]);
        build.env("AWS_REGION", "us-east-1").args(["--cache", "s3://bucket/ws"]);
        build.arg("--cache-dir").arg(own.path()).args(args);
        crate::support::finished(&mut build).ok()
    };
    on(&["--shard", "1/2"]);
    on(&["--shard", "2/2"]);
    let deflated = || server.names().iter().filter(|name| name.contains("/deflated/")).count();
    let before = deflated();
    assert!(before > 5, "{before}");
    on(&[]);
    assert_eq!(space.zips(), whole);
    assert_eq!(deflated(), before, "nothing was compressed again");
}

fn fresh() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn machines_share_a_bucket() {
    let Some(server) = Server::start() else { return };
    let package = app("one");
    let wanted = built(command(), &[&package], &["--handler", "app.handler", "--level", "max"]);
    let (first, second) = (fresh(), fresh());
    same(
        &build(server.port, fresh().path(), &package, &["--cache-read-only"]),
        &wanted,
        "read-only",
    );
    assert_eq!(server.names(), [] as [String; 0], "nothing is written");
    same(&build(server.port, first.path(), &package, &[]), &wanted, "first");
    let names = server.names();
    assert!(!names.is_empty() && names.iter().all(|name| name.starts_with("pre/fix/v1/")));
    let build_second = || build(server.port, second.path(), &package, &[]);
    same(&build_second(), &wanted, "second");
    for name in &names {
        let here = second.path().join(name.strip_prefix("pre/fix/").unwrap());
        assert!(here.exists(), "{name} came over");
    }
    assert_eq!(server.names(), names);

    let damaged = format!("/bucket/{}", names[0]);
    server.ask("PUT", &damaged, b"damaged");
    let read_only = build(server.port, fresh().path(), &package, &["--cache-read-only"]);
    same(&read_only, &wanted, "damaged");
    assert!(server.ask("GET", &damaged, b"").ends_with("damaged"), "read-only repairs nothing");
    let third = build(server.port, fresh().path(), &package, &[]);
    same(&third, &wanted, "damaged");
    assert!(third.run.err.lines().all(|line| line.starts_with("next: ")), "{}", third.run.err);
    assert!(!server.ask("GET", &damaged, b"").ends_with("damaged"), "it is repaired");
}

#[test]
fn a_bucket_that_goes_is_told_once() {
    let Some(mut server) = Server::start() else { return };
    let package = app("one");
    let wanted = built(command(), &[&package], &["--handler", "app.handler", "--level", "max"]);
    let folder = fresh();
    for delay in [20, 60] {
        let killed = std::thread::scope(|scope| {
            let port = server.port;
            let package = &package;
            let running = scope.spawn(move || build(port, fresh().path(), package, &[]));
            std::thread::sleep(Duration::from_millis(delay));
            server.stop();
            running.join().unwrap()
        });
        same(&killed, &wanted, "killed in between");
        server = Server::start().unwrap();
    }
    server.stop();
    let begun = Instant::now();
    let down = build(server.port, folder.path(), &package, &[]);
    same(&down, &wanted, "down");
    let warnings = down.run.err.matches("warning: failed to read from the cache s3://").count();
    assert_eq!(warnings, 1, "{}", down.run.err);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(!entries(folder.path()).is_empty(), "the folder is filled all the same");
}
