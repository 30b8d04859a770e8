//! The Lambda it will run on.

pub mod cores;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Unzipped bytes that a function and all its layers may take together (250 MiB).
pub const UNZIPPED_LIMIT: u64 = 262_144_000;
/// Bytes of one zip above which it must be uploaded through S3 (50 MiB).
pub const DIRECT_UPLOAD_LIMIT: u64 = 52_428_800;
/// The oldest and the newest minor version of Python 3 that is a target.
pub const MINORS: std::ops::RangeInclusive<u8> = 9..=14;

/// A version of Python 3 that Lambda runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Python(u8);

impl Python {
    /// Python 3.`minor`, when Lambda runs (or ran) it.
    pub fn new(minor: u8) -> Option<Self> {
        MINORS.contains(&minor).then_some(Self(minor))
    }

    /// The number behind `3.`.
    pub fn minor(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Python {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "3.{}", self.0)
    }
}

impl FromStr for Python {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let minor = text.strip_prefix("3.").and_then(|minor| minor.parse().ok());
        minor.and_then(Self::new).ok_or_else(|| {
            format!("a Python between 3.{} and 3.{} is wanted", MINORS.start(), MINORS.end())
        })
    }
}

impl Serialize for Python {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Python {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A processor that Lambda offers, by Lambda's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arch {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

impl fmt::Display for Arch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

impl FromStr for Arch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "x86_64" | "amd64" => Ok(Self::X86_64),
            "arm64" | "aarch64" => Ok(Self::Arm64),
            _ => Err("x86_64 or arm64 is wanted".to_owned()),
        }
    }
}

/// What the zips are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The runtime's Python.
    pub python: Python,
    /// The processor.
    pub arch: Arch,
}

impl Target {
    /// The glibc of the runtime: Amazon Linux 2023 (Python 3.12 and later) has 2.34, Amazon
    /// Linux 2 has 2.26.
    pub fn glibc(self) -> (u32, u32) {
        if self.python.minor() >= 12 { (2, 34) } else { (2, 26) }
    }

    /// The newest GLIBCXX that the runtime's libstdc++ offers (GCC 11 and GCC 7).
    pub fn glibcxx(self) -> (u32, u32, u32) {
        if self.python.minor() >= 12 { (3, 4, 29) } else { (3, 4, 24) }
    }

    /// Whether the runtime has this shared library outside the package.
    ///
    /// Only what every runtime image is sure to hold: glibc's own libraries, the compiler's, zlib
    /// and the interpreter's.
    pub fn provides(self, library: &str) -> bool {
        const ALWAYS: &[&str] = &[
            "ld-linux-aarch64.so.1",
            "ld-linux-x86-64.so.2",
            "libanl.so.1",
            "libc.so.6",
            "libdl.so.2",
            "libgcc_s.so.1",
            "libm.so.6",
            "libmvec.so.1",
            "libpthread.so.0",
            "libresolv.so.2",
            "librt.so.1",
            "libstdc++.so.6",
            "libutil.so.1",
            "libz.so.1",
        ];
        ALWAYS.binary_search(&library).is_ok()
            || library == format!("libpython{}.so.1.0", self.python)
            || library == "libpython3.so"
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "python{} {}", self.python, self.arch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_processors_parse_or_say_what_is_wanted() {
        assert_eq!("3.12".parse::<Python>().map(|p| p.to_string()), Ok("3.12".into()));
        assert!("3.8".parse::<Python>().unwrap_err().contains("3.9"));
        assert!("312".parse::<Python>().is_err());
        assert_eq!("aarch64".parse(), Ok(Arch::Arm64));
        assert!("riscv".parse::<Arch>().is_err());
    }

    #[test]
    fn the_runtime_provides_what_it_holds() {
        let python = Python::new(12).unwrap();
        let target = Target { python, arch: Arch::X86_64 };
        assert_eq!(target.glibc(), (2, 34));
        for library in ["ld-linux-x86-64.so.2", "libz.so.1", "libpython3.12.so.1.0", "libanl.so.1"]
        {
            assert!(target.provides(library), "{library}");
        }
        assert!(!target.provides("libodbc.so.2"));
        assert!(!target.provides("libpython3.11.so.1.0"));
    }
}
