//! The rules, as data.

use std::fmt::Write;

use serde::Serialize;

use super::Tier;

/// One rule: what it takes away, and on what grounds.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name in reports and options.
    pub id: &'static str,
    /// How much it must know.
    pub tier: Tier,
    /// What it takes away.
    pub what: &'static str,
    /// Why the program does not miss it.
    pub why_safe: &'static str,
    /// When it leaves a file alone.
    pub unless: &'static str,
}

impl Rule {
    /// Whether it is no rule of slim's but what a fact lets go.
    pub fn is_fact(&self) -> bool {
        self.id.starts_with(FACT)
    }
}

/// How the ids of the rules begin that facts are.
pub const FACT: &str = "fact:";

macro_rules! rules {
    ($($name:ident = $id:literal, $tier:ident, what: $what:literal, why_safe: $why:literal, unless: $unless:literal;)*) => {
        $(
            #[doc = $what]
            pub static $name: Rule = Rule { id: $id, tier: Tier::$tier, what: $what, why_safe: $why, unless: $unless };
        )*
        /// Every rule, by tier and id.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    BYTECODE = "bytecode", Certain,
        what: "Compiled Python that Lambda would not load: `__pycache__` files and `.pyc` beside their source, with a timestamp or for another Python.",
        why_safe: "A zip with fixed dates makes every timestamp stale and the folders are read-only, so Python compiles the source again whether the file is there or not. Bytecode of another Python is never read.",
        unless: "The header says unchecked or checked hash (PEP 552) for the target's Python, or there is no source: then the bytecode is the code.";
    DIST_INFO = "dist-info", Certain,
        what: "In `.dist-info`: the description of METADATA, RECORD, WHEEL, INSTALLER, REQUESTED, direct_url.json, SBOMs and licence texts (these are gathered in THIRD_PARTY_LICENSES.txt).",
        why_safe: "importlib.metadata answers the same: name, version, requirements, entry points and top-level names stay; top_level.txt is made from RECORD where it is missing.",
        unless: "Kept code reads the distribution's RECORD through importlib.metadata: then RECORD stays, cut to what ships. Files that the format does not define stay.";
    ELF_UNMAPPED = "elf-unmapped", Certain,
        what: "Symbols, debug data and other sections of shared objects and programs that no segment maps.",
        why_safe: "The loader maps segments only. Every mapped byte stays as it is and where it is in memory; each rewritten file is checked against the original.",
        unless: "An unknown unmapped section has content, data is appended, a checksum file lies beside it, it is a FIPS module, or the file is damaged.";
    FOREIGN_BINARY = "foreign-binary", Certain,
        what: "Extension modules for another system, processor or Python, where the same module is there for the target.",
        why_safe: "The target's Python never looks for a file of that name, or cannot load it.",
        unless: "There is no variant for the target: it stays, with a warning.";
    INSTALLER_LITTER = "installer-litter", Certain,
        what: "The empty `.lock` that uv leaves in the folder it installs into.",
        why_safe: "It is only held while the installer runs.",
        unless: "It has content: then it is somebody's file.";
    PAGE_SIZE = "page-size", Certain,
        what: "With `--page-size 4KiB`: holes in the files of arm64 shared objects, which are linked for pages of up to 64 KiB (`p_align`).",
        why_safe: "Lambda's arm64 kernel has pages of 4 KiB, and there the loader maps by these: the same bytes come to the same addresses. Only a kernel with pages of 16 or 64 KiB cannot load the file, so it takes the option.",
        unless: "A section asks for more than 4 KiB, no section headers tell, or two segments lie in one page.";
    RUNTIME_PROVIDED = "runtime-provided", Certain,
        what: "With `--exclude-runtime`: boto3, botocore, s3transfer and jmespath together, and urllib3, six and python-dateutil where nobody else needs them.",
        why_safe: "Lambda's runtime has them, and imports them where the package does not. AWS updates them at any time, so it takes the option.",
        unless: "The SDK is newer than the runtime was known to have, or a distribution that stays requires another: then all of it stays. `--keep`, a file of yours in its packages or one that is not what RECORD says keeps it too; a requirement, an import or another mention keeps urllib3, six or python-dateutil.";
    SCRIPT_SHEBANG = "script-shebang", Certain,
        what: "The build machine's interpreter path in the first line of installed scripts: becomes `#!/usr/bin/env python3`.",
        why_safe: "The path of the build machine does not exist on Lambda; the script's other lines stay as they are.",
        unless: "The interpreter is given options, or is no Python.";
    STATIC_LIBRARY = "static-library", Certain,
        what: "Static libraries (`.a`) of distributions.",
        why_safe: "Only a linker reads them; Lambda has none.",
        unless: "It is the user's own file.";
    USER_LITTER = "user-litter", Certain,
        what: "Version control, virtual environments, caches and editor files beside the user's code (`.git`, `.venv`, `.mypy_cache`, `.DS_Store`, …).",
        why_safe: "These are tools' own files on the build machine; no import finds them.",
        unless: "A distribution brought it.";
    BYTECODE_ONLY = "bytecode-only", Checked,
        what: "Sources of distributions, in whose place their bytecode ships: with `--bytecode only`, at every level.",
        why_safe: "Python imports `module.pyc` as it does `module.py`. It is compiled by the target's own CPython from the source as it would ship, under the path that this would have.",
        unless: "Something that ships may read the source or look for it: by `inspect.getsource`, by a name or suffix `.py`, by its own `__file__`, by a loader of paths; a run of the package as it was opened it, or it does not compile; or no run imports it and the source takes less in the zip. Your own sources stay.";
    CATEGORY_FOLDER = "category-folder", Checked,
        what: "Folders `tests`, `test`, `testing`, `docs`, `doc`, `examples` and `benchmarks` inside the packages of distributions.",
        why_safe: "Nothing that is kept names the folder or anything in it: no import, absolute or relative, no string, shared object, data file or entry point.",
        unless: "Something kept names it, the folder lies among data files, the file is the user's, or its content is not what RECORD says.";
    NATIVE_SOURCE = "native-source", Checked,
        what: "Sources and headers of compiled code in distributions (`.c`, `.h`, `.cpp`, `.pyx`, `.pxd`, `.f90`, …).",
        why_safe: "Only a compiler reads them, and nothing that is kept names the file.",
        unless: "A kept file names it, or Python code above it deals in the suffix (`\"*.pyx\"`). That a shared object holds the path of the source it was compiled from is no mention.";
    TEST_MODULE = "test-module", Checked,
        what: "Modules `test_*.py` and `conftest.py` in the packages of distributions.",
        why_safe: "Nothing that is kept names the module.",
        unless: "Something kept names it, the file is the user's, or its content is not what RECORD says.";
    TYPE_STUB = "type-stub", Checked,
        what: "Type stubs (`.pyi`) of modules that are there.",
        why_safe: "Python does not read stubs; type checkers do.",
        unless: "Code beside or above it reads stubs (lazy loaders), or the module it describes is not there: then it is data.";
    BYTECODE_COLUMNS = "bytecode-columns", Bold,
        what: "In the bytecode that slim makes of distributions: the columns of the code, beside its lines (PEP 657).",
        why_safe: "They only place the marks below the lines of a traceback (`^^^^`); Python's own option `-X no_debug_ranges` leaves them out too.",
        unless: "It is the bytecode of your own code, or of a module that takes no less in the zip without them.";
    COMMENTS = "comments", Bold,
        what: "Comments in the Python sources of distributions, and strings that are a statement of their own and no docstring.",
        why_safe: "Python does not see them. Every statement stays on its line; each result is held against the original, token by token, as two readers see it.",
        unless: "Something that ships and that the source may be handed to reads sources (`inspect.getsource`, `linecache`), or the source is in another encoding than UTF-8.";
    DOCSTRINGS = "docstrings", Bold,
        what: "Docstrings in the Python sources of distributions, and comments with them: `__doc__` is None, as under `python -OO`.",
        why_safe: "Nothing that ships reads the docstrings of what it imports or is imported by: no `__doc__`, `getdoc`, doctest or the like. Every statement stays on its line; each result is held against the original, token by token, as two readers see it.",
        unless: "The distribution, or one that it imports, reads docstrings of what it is handed, and no fact says that it only makes others of them; or the user's code does.";
    DUPLICATE_LIBRARY = "duplicate-library", Bold,
        what: "Further names of a shared library: files of the same bytes in the same folder (`libx.so`, `libx.so.1`, `libx.so.1.2`), of which one stays.",
        why_safe: "No shared object that stays is linked with this name (DT_NEEDED) and no string that is reached says it; what names the library vaguely (`x`, `libx*`) finds the other.",
        unless: "Something says this very name, or its beginning up to the version (`libx.so.`).";
    GZIP_AGAIN = "gzip-again", Bold,
        what: "Files `.gz` of distributions: compressed again at the build's level, without name and time in the header.",
        why_safe: "What they unpack to stays as it is, byte for byte; of JSON in them only white space goes.",
        unless: "It gets no smaller, holds more than one member, or its checksum does not hold.";
    JSON_SPACE = "json-space", Bold,
        what: "White space between the tokens of `.json` files of distributions.",
        why_safe: "Every reader of JSON gives the same; the result is parsed and compared with the original.",
        unless: "It is no JSON text by RFC 8259, is nested deeper than 127 values, or is the user's own.";
    ORPHANED_LIBRARY = "orphaned-library", Bold,
        what: "Shared libraries of distributions that no shared object which stays is linked with.",
        why_safe: "The loader maps a library when something that is mapped asks for it (DT_NEEDED), or code opens it by its name; neither does.",
        unless: "A string that stays names the library or its folder, as code that opens it would.";
    OTHER_KERNELS = "other-kernels", Bold,
        what: "In OpenBLAS built for many processors (`DYNAMIC_ARCH`): the kernels for those that Lambda does not have. The code of each is overwritten with a trap, so that the zip hardly holds it; unzipped the library stays as large, and nothing in it moves.",
        why_safe: "Lambda's x86_64 machines have AVX2, its arm64 machines are Graviton2 or newer, and OpenBLAS chooses its kernels by the processor. A kernel goes where only the tables of processors that it never chooses there lead to it: no other relocation, no address in data, no code that stays.",
        unless: "Something that ships says `OPENBLAS_CORETYPE`, the library is older than 0.3.13 or lacks kernels that others stand in for, another library asks for a kernel by name, or the file is the user's. Where the library runs elsewhere than on Lambda, on a processor without AVX2 or under `OPENBLAS_CORETYPE` set from outside, the process ends with SIGTRAP: then turn this rule off.";
    SECTION_HEADERS = "section-headers", Bold,
        what: "The section headers of shared objects, beside what no segment maps.",
        why_safe: "The loader reads segments only; debuggers and tools that edit files read section headers.",
        unless: "The file has a section that others look up by name (`.qtmetadata`), or another reason keeps its bytes.";
    UNNAMED_SCRIPT = "unnamed-script", Bold,
        what: "Scripts that installers put into `bin/`.",
        why_safe: "Nothing that is reached names the script; Lambda calls the handler, not a script.",
        unless: "A string that is reached names it, or it is the user's own.";
    UNOPENED = "unopened", Bold,
        what: "Modules that no traced run asked for (`--trace`), with what only they lead to.",
        why_safe: "The files that lead there were run, and it is an import in a function or a branch, a string, an entry point or a listing that was not followed. Imports that surely run, facts, linked libraries, the user's own imports and all that was not run are followed as without a trace.",
        unless: "It is metadata or a certificate, or a distribution of another version than the trace saw.";
    UNREACHED_DISTRIBUTION = "unreached-distribution", Bold,
        what: "Data and metadata of distributions none of whose modules is reached.",
        why_safe: "Nothing that is reached from the handlers imports the distribution, names it or asks for its metadata.",
        unless: "One of its modules is reached, or it holds no module at all.";
    UNREACHED_MODULE = "unreached-module", Bold,
        what: "Modules of distributions that nothing reaches from the handlers.",
        why_safe: "No import, string, entry point, shared object or data file that is reached leads to the module. An import whose name is computed keeps its whole package.",
        unless: "It is the user's own, or `--keep` says otherwise.";
}

/// All rules for a terminal.
pub fn list() -> String {
    let mut list = String::new();
    for rule in RULES {
        // Writing to a String cannot fail.
        let _ = write!(
            list,
            "{} ({})\n  {}\n  Safe: {}\n  Unless: {}\n\n",
            rule.id,
            rule.tier.name(),
            rule.what,
            rule.why_safe,
            rule.unless
        );
    }
    list.truncate(list.trim_end().len() + 1);
    list
}

/// The page of all rules, as Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Rules\n\n\
         What slim takes away, and on what grounds. This page is made by `slim rules --format markdown`.\n\n\
         A rule of the tier *certain* is true of every program (level `safe`). A rule of the tier *checked* \
         acts only where nothing that is kept names the file (level `standard`). A rule of the tier *bold* sees as \
         far as static analysis does from the handlers (level `max`).\n",
    );
    for rule in RULES {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\nTier: {}\n\n{}\n\n**Why it is safe.** {}\n\n**Unless.** {}\n",
            rule.id,
            rule.tier.name(),
            rule.what,
            rule.why_safe,
            rule.unless
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_unique_and_complete() {
        let keys: Vec<_> = RULES.iter().map(|rule| (rule.tier, rule.id)).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(keys, sorted);
        for rule in RULES {
            for text in [rule.what, rule.why_safe, rule.unless] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", rule.id);
            }
            assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.id);
        }
    }

    #[test]
    fn the_page_in_the_repository_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RULES.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, page(), "run: slim rules --format markdown > RULES.md");
    }
}
