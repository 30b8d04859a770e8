//! Tags: for which Python and which machine an extension module or a wheel was built.
//!
//! File names follow CPython's `SOABI` suffixes (PEP 3149, `importlib.machinery`'s
//! `EXTENSION_SUFFIXES`), wheels the platform compatibility tags (PyPA, PEP 425, 600, 656).

use super::text;

/// The processor a binary was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// AMD64.
    X86_64,
    /// ARM64.
    Aarch64,
    /// One that AWS Lambda does not have.
    Other,
}

/// The operating system a binary was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// Linux, with glibc or musl.
    Linux {
        /// Built against musl.
        musl: bool,
    },
    /// macOS.
    Darwin,
    /// Windows.
    Windows,
    /// Not said, or another.
    Unknown,
}

/// The implementation of Python a binary was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// CPython; `abi3` files too.
    CPython,
    /// PyPy.
    PyPy,
    /// Any: a wheel's `py3`, a file name that says nothing of it.
    Any,
    /// Another one: GraalPy, Jython, …
    Other,
}

/// What a name says of the Python and the machine that its binary needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The minor version of Python: the only one that loads the file, or the lowest where `abi3`
    /// is set. `None` where the name gives none.
    pub python: Option<(u8, u8)>,
    /// Built against the stable ABI: loads in every later CPython 3.
    pub abi3: bool,
    /// Built for the free-threaded (`t`) build, which has an ABI of its own (PEP 703).
    pub free_threaded: bool,
    /// Built for a debug (`d`) build, whose suffix a release build does not look for.
    pub debug: bool,
    /// The implementation of Python.
    pub implementation: Implementation,
    /// The processor; `None` where the name gives none.
    pub arch: Option<Arch>,
    /// The operating system.
    pub os: Os,
}

impl Tag {
    /// A tag that says nothing.
    const ANY: Self = Self {
        python: None,
        abi3: false,
        free_threaded: false,
        debug: false,
        implementation: Implementation::Any,
        arch: None,
        os: Os::Unknown,
    };
}

/// The file name of an extension module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFile<'a> {
    /// The name without tag and extension: the last part of the module's name.
    pub stem: &'a str,
    /// The tag; `None` for a plain `x.so`, which every Python tries to load.
    pub tag: Option<Tag>,
}

impl<'a> ModuleFile<'a> {
    /// Reads the file name (no folders) of an extension module: `.so` or `.pyd`, with or without
    /// a tag. A dotted part that is no tag belongs to the stem. `None` for other names.
    #[must_use]
    pub fn parse(file_name: &'a str) -> Option<Self> {
        let (stem, is_pyd) = match file_name.strip_suffix(".so") {
            Some(stem) => (stem, false),
            None => (strip_suffix_ignoring_case(file_name, ".pyd")?, true),
        };
        let tagged = stem
            .rsplit_once('.')
            .and_then(|(stem, tag)| Some(Self { stem, tag: Some(soabi(tag)?) }));
        let untagged = is_pyd.then_some(Tag { os: Os::Windows, ..Tag::ANY });
        let module = tagged.unwrap_or(Self { stem, tag: untagged });
        (!module.stem.is_empty()).then_some(module)
    }

    /// Whether the import system of a release CPython `python` on glibc Linux `arch` looks for a
    /// file of this name. The name may lie: what the binary holds is not asked.
    #[must_use]
    pub fn loads_on(&self, python: (u8, u8), arch: Arch) -> bool {
        let Some(tag) = self.tag else { return true };
        let version_fits = tag.abi3 || tag.python == Some(python);
        let machine_fits = match tag.os {
            Os::Linux { musl } => !musl && tag.arch == Some(arch),
            Os::Unknown => tag.abi3,
            Os::Darwin | Os::Windows => false,
        };
        let build_fits = !tag.free_threaded && !tag.debug;
        tag.implementation == Implementation::CPython && version_fits && machine_fits && build_fits
    }
}

fn strip_suffix_ignoring_case<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(stem)
}

/// Reads the tag of a module's file name: `abi3`, `cpython-312-x86_64-linux-gnu`,
/// `cp312-win_amd64`, `pypy39-pp73-darwin`, `graalpy-38-native-x86_64-linux`, …
fn soabi(tag: &str) -> Option<Tag> {
    if let Some(flags) = tag.strip_prefix("abi3") {
        let free_threaded = flags == "t"; // PEP 803
        let abi3 =
            Tag { abi3: true, free_threaded, implementation: Implementation::CPython, ..Tag::ANY };
        return (flags.is_empty() || free_threaded).then_some(abi3);
    }
    let (python, rest) = tag.split_once('-').unwrap_or((tag, ""));
    match python {
        "cpython" => {
            let (version, platform) = rest.split_once('-').unwrap_or((rest, ""));
            Some(on_platform(cpython(version)?, platform))
        }
        _ if python.starts_with("pypy") => {
            let platform = rest.split_once('-').map_or("", |(_, platform)| platform);
            let python = digits(&python["pypy".len()..]);
            Some(on_platform(
                Tag { python, implementation: Implementation::PyPy, ..Tag::ANY },
                platform,
            ))
        }
        _ if python.starts_with("graalpy") || python.starts_with("jython") => {
            Some(on_platform(Tag { implementation: Implementation::Other, ..Tag::ANY }, rest))
        }
        _ => Some(on_platform(cpython(python.strip_prefix("cp")?)?, rest)),
    }
}

/// A version with ABI flags as `SOABI` has it: `36m`, `312`, `313t`, `312d`.
fn cpython(version: &str) -> Option<Tag> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    let (number, flags) = version.split_at(end);
    let known = flags.chars().all(|flag| matches!(flag, 't' | 'd' | 'm' | 'u'));
    let python = digits(number).filter(|_| known)?;
    Some(Tag {
        python: Some(python),
        free_threaded: flags.contains('t'),
        debug: flags.contains('d'),
        implementation: Implementation::CPython,
        ..Tag::ANY
    })
}

/// Python's version in a run of digits, the first being the major one: `312` is 3.12.
fn digits(number: &str) -> Option<(u8, u8)> {
    let (major, minor) = number.split_at_checked(1)?;
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then_some((major.parse().ok()?, minor.parse().ok()?))
}

/// The Python version of a `__pycache__` tag such as `cpython-312`; `None` for other
/// implementations (`sys.implementation.cache_tag`, PEP 3147).
#[must_use]
pub fn cache_tag_version(tag: &str) -> Option<(u8, u8)> {
    let version = tag.strip_prefix("cpython-")?;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    digits(&version[..end])
}

/// `tag` with the machine that `platform` names, in the form of `SOABI` or of a wheel tag.
fn on_platform(tag: Tag, platform: &str) -> Tag {
    Tag { arch: arch(platform), os: os(platform), ..tag }
}

fn arch(platform: &str) -> Option<Arch> {
    let has = |part: &str| platform.contains(part);
    if platform.is_empty() || matches!(platform, "any" | "darwin") || has("universal2") {
        None
    } else if has("x32") {
        Some(Arch::Other) // x86_64-linux-gnux32: other pointers, another ABI.
    } else if has("x86_64") || has("amd64") {
        Some(Arch::X86_64)
    } else if (has("aarch64") && !has("aarch64_be")) || has("arm64") {
        Some(Arch::Aarch64)
    } else {
        Some(Arch::Other)
    }
}

fn os(platform: &str) -> Os {
    let has = |part: &str| platform.contains(part);
    if has("android") || has("iphone") || has("ios_") {
        Os::Unknown
    } else if has("linux") {
        Os::Linux { musl: has("musl") }
    } else if has("darwin") || has("macosx") {
        Os::Darwin
    } else if platform.starts_with("win") || has("mingw") || has("cygwin") {
        Os::Windows
    } else {
        Os::Unknown
    }
}

/// One compatibility tag of a wheel, such as `cp312-cp312-manylinux_2_17_x86_64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelTag {
    /// The Python tag: `cp312`, `py3`.
    pub python: String,
    /// The ABI tag: `cp312`, `abi3`, `none`.
    pub abi: String,
    /// The platform tag: `manylinux_2_17_x86_64`, `any`.
    pub platform: String,
}

impl WheelTag {
    /// Whether the wheel needs neither an ABI nor a platform: it holds Python only.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        self.abi == "none" && self.platform == "any"
    }

    /// The same in the terms of [`Tag`].
    #[must_use]
    pub fn tag(&self) -> Tag {
        let (implementation, number) = match self.python.split_at_checked(2) {
            Some(("cp", number)) => (Implementation::CPython, number),
            Some(("pp", number)) => (Implementation::PyPy, number),
            Some(("py", number)) => (Implementation::Any, number),
            _ => (Implementation::Other, ""),
        };
        let flags = self.abi.trim_start_matches(|c: char| !c.is_ascii_digit());
        let tag = Tag {
            python: digits(number),
            abi3: self.abi.starts_with("abi3"),
            free_threaded: flags.ends_with('t'),
            debug: flags.ends_with('d'),
            implementation,
            ..Tag::ANY
        };
        on_platform(tag, &self.platform)
    }
}

/// The `Tag` lines of a WHEEL file (binary distribution format), in order; compressed tag sets
/// (`py2.py3-none-any`, PEP 425) are spelled out. Lines that are no tags are skipped.
#[must_use]
pub fn wheel_tags(wheel: &[u8]) -> Vec<WheelTag> {
    let content = text::decode(wheel);
    let mut tags = Vec::new();
    for line in content.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let parts: Vec<&str> = value.trim().split('-').collect();
        if let [pythons, abis, platforms] = parts[..]
            && key.trim().eq_ignore_ascii_case("tag")
        {
            spell_out(&mut tags, pythons, abis, platforms);
        }
    }
    tags
}

fn spell_out(tags: &mut Vec<WheelTag>, pythons: &str, abis: &str, platforms: &str) {
    /// More than any wheel has; three crafted lists of thousands would fill the memory.
    const MOST: usize = 1_000;
    for python in pythons.split('.') {
        for abi in abis.split('.') {
            for platform in platforms.split('.') {
                if tags.len() == MOST {
                    return;
                }
                let [python, abi, platform] = [python, abi, platform].map(str::to_owned);
                tags.push(WheelTag { python, abi, platform });
            }
        }
    }
}

#[cfg(test)]
mod tests;
