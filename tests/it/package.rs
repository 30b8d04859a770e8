//! Fake but realistic installed packages.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{Built, Run, build, slim};

/// A distribution as an installer lays it out.
#[derive(Clone)]
pub struct Dist {
    pub name: String,
    pub version: String,
    headers: String,
    /// Files by their path in RECORD.
    files: Vec<(String, Vec<u8>)>,
    /// Files of the dist-info folder.
    info: BTreeMap<String, Vec<u8>>,
    /// Further lines of RECORD.
    rows: String,
    /// What stands behind name and version in the name of the metadata folder.
    suffix: &'static str,
}

impl Dist {
    /// An installed wheel without any file of its own.
    pub fn new(name: &str, version: &str) -> Self {
        let wheel =
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let license = format!("The licence of {name}\n\nPermission is granted.\n");
        let info = [("WHEEL", wheel), ("INSTALLER", "pip\n"), ("REQUESTED", "")]
            .into_iter()
            .chain([("licenses/LICENSE", license.as_str())])
            .map(|(name, text)| (name.to_owned(), text.into()))
            .collect();
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            headers: String::new(),
            files: Vec::new(),
            info,
            rows: String::new(),
            suffix: ".dist-info",
        }
    }

    /// A file that RECORD lists by this path, which may begin with `../`.
    pub fn file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push((path.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    pub fn requires(self, requirement: &str) -> Self {
        self.header(&format!("Requires-Dist: {requirement}"))
    }

    /// A further line of METADATA.
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push_str(&format!("{line}\n"));
        self
    }

    /// A file of the metadata folder; without bytes, one that is not there.
    pub fn info<'b>(mut self, name: &str, bytes: impl Into<Option<&'b str>>) -> Self {
        match bytes.into() {
            Some(bytes) => self.info.insert(name.to_owned(), bytes.into()),
            None => self.info.remove(name),
        };
        self
    }

    /// A line of RECORD beside those of the files.
    pub fn row(mut self, line: &str) -> Self {
        self.rows.push_str(&format!("{line}\n"));
        self
    }

    /// What `setup.py install` or a distribution's packager leaves: PKG-INFO and no RECORD.
    pub fn egg(mut self) -> Self {
        self.suffix = ".egg-info";
        self.info.clear();
        self
    }

    pub fn info_folder(&self) -> String {
        format!("{}-{}{}", self.name.replace('-', "_"), self.version, self.suffix)
    }

    fn metadata(&self) -> String {
        let (name, version) = (&self.name, &self.version);
        format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: A fake\n\
             License: MIT\n{}Description-Content-Type: text/markdown\n\n# {name}\n\n{}",
            self.headers,
            format!("A long description of {name}.\n").repeat(20)
        )
    }

    /// Everything it installs but RECORD, by the path in RECORD.
    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let info = self.info_folder();
        let metadata = if self.suffix == ".egg-info" { "PKG-INFO" } else { "METADATA" };
        let own = self.info.iter().filter(|(name, _)| *name != "RECORD");
        let mut all = self.files.clone();
        all.push((format!("{info}/{metadata}"), self.metadata().into_bytes()));
        all.extend(own.map(|(name, bytes)| (format!("{info}/{name}"), bytes.clone())));
        all
    }

    fn record(&self) -> String {
        let quoted = |path: &str| match path.contains([',', '"']) {
            true => format!("\"{}\"", path.replace('"', "\"\"")),
            false => path.to_owned(),
        };
        let row = |(path, bytes): &(String, Vec<u8>)| {
            let digest = base64url(&Sha256::digest(bytes));
            format!("{},sha256={digest},{}\n", quoted(path), bytes.len())
        };
        let rows: String = self.contents().iter().map(row).collect();
        format!("{rows}{}{}/RECORD,,\n", self.rows, self.info_folder())
    }
}

fn base64url(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let digit = |at: usize| (0..6).fold(0, |value, i| value << 1 | usize::from(bit(at + i)));
    (0..bytes.len() * 8).step_by(6).map(|at| char::from(alphabet[digit(at)])).collect()
}

/// A package folder in a temporary folder of its own.
pub struct Package {
    pub root: PathBuf,
    /// Where modules are imported from.
    pub import_root: PathBuf,
    pub home: TempDir,
}

impl Package {
    /// An empty folder of this name.
    pub fn new(name: &str) -> Self {
        Self::layer(name, "")
    }

    /// The same with the import root at `prefix` below.
    pub fn layer(name: &str, prefix: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join(name);
        let import_root = root.join(prefix);
        fs::create_dir_all(&import_root).unwrap();
        Self { root, import_root, home }
    }

    /// Writes a file below the import root.
    pub fn with(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        write(&self.import_root.join(path), bytes.as_ref());
        self
    }

    /// Writes a file below the package's root.
    pub fn beside(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        write(&self.root.join(path), bytes.as_ref());
        self
    }

    /// Lays a distribution out as `pip install --target` does.
    pub fn install(self, dist: &Dist) -> Self {
        for (path, bytes) in dist.contents() {
            write(&self.import_root.join(path.trim_start_matches("../")), &bytes);
        }
        let record = match dist.info.get("RECORD") {
            Some(record) => Some(record.clone()),
            None if dist.suffix == ".egg-info" => None,
            None => Some(dist.record().into_bytes()),
        };
        if let Some(record) = record.filter(|record| record != b"none") {
            write(&self.import_root.join(dist.info_folder()).join("RECORD"), &record);
        }
        self
    }

    pub fn path(&self) -> &str {
        self.root.to_str().unwrap()
    }

    /// A path in the package's own temporary folder, outside of the package.
    pub fn home(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    /// Builds it, which must end well.
    #[track_caller]
    pub fn build(&self, args: &[&str]) -> Built {
        build(&[self.path()], args)
    }

    /// Builds it into its own temporary folder; how it went.
    #[track_caller]
    pub fn try_build(&self, args: &[&str]) -> Run {
        slim(&[&["build", self.path(), "--out-dir", &self.home("out")], args].concat())
    }

    /// `kept`, `changed` or `dropped`, the rule and the last reason.
    #[track_caller]
    pub fn explain(&self, path: &str, args: &[&str]) -> String {
        let args = [&["explain", self.path(), path, "--format", "json"], args].concat();
        let answer = slim(&args).ok().json()[0].clone();
        let last = answer["because"].as_array().unwrap().last().unwrap().as_str().unwrap();
        let rule = answer["rule"].as_str().unwrap_or("-");
        format!("{} [{rule}] {last}", answer["decision"].as_str().unwrap())
    }

    /// The same package as a zip of the same stem, made by Info-ZIP.
    pub fn zipped(&self) -> PathBuf {
        let zip = self.home.path().join(format!("{}.zip", self.root.display()));
        let mut made = Command::new("zip");
        made.args(["-qry"]).arg(&zip).arg(".").current_dir(&self.root);
        assert!(made.status().unwrap().success());
        zip
    }
}

/// Writes a file with its folders; what begins with `#!` is executable.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    let mode = if bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
