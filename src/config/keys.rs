//! Every key that a configuration can have: what hints quote and docs/configuration.md lists.

/// A key.
pub struct Key {
    /// Its table, such as `layer`; empty for the top.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// A value, as it is written.
    pub value: &'static str,
    /// What it says.
    pub about: &'static str,
    /// What counts where it is absent.
    pub default: &'static str,
    /// The option of the command line that says the same; empty for none.
    pub option: &'static str,
    /// The variable that says the same; empty for none.
    pub variable: &'static str,
    /// Whether a function can have it too.
    pub of_functions: bool,
}

const NO: bool = false;
const YES: bool = true;

const fn key(
    [table, name]: [&'static str; 2],
    value: &'static str,
    [about, default]: [&'static str; 2],
    [option, variable]: [&'static str; 2],
    of_functions: bool,
) -> Key {
    Key { table, name, value, about, default, option, variable, of_functions }
}

/// The keys, in the order in which they are told.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key(["", "python"], "\"3.12\"", ["the target's Python", "read from the package, else 3.12"], ["--python", "SLIM_PYTHON"], YES),
    key(["", "arch"], "\"arm64\"", ["the target's processor: x86_64 or arm64", "read from the package, else x86_64"], ["--arch", "SLIM_ARCH"], YES),
    key(["", "level"], "\"max\"", ["how much evidence is enough: safe, standard or max", "standard"], ["--level", "SLIM_LEVEL"], YES),
    key(["", "handlers"], "[\"app.handler\"]", ["the functions that Lambda calls", "none"], ["--handler", ""], YES),
    key(["", "handler"], "\"app.handler\"", ["the same where there is one", "none"], ["--handler", ""], YES),
    key(["", "events"], "[\"events/order.json\"]", ["files of JSON that each handler is given by the proof", "none"], ["--event", ""], YES),
    key(["", "env"], "{ STAGE = \"test\" }", ["variables of the function's environment in the proof", "none"], ["--env", ""], YES),
    key(["", "keep"], "[\"numpy/tests\"]", ["globs of what stays as it is; all sources add up", "none"], ["--keep", ""], YES),
    key(["", "drop"], "[\"**/locale\"]", ["globs of what goes; all sources add up, keep wins", "none"], ["--drop", ""], YES),
    key(["", "bytecode"], "\"hash\"", ["whether compiled Python ships: none, hash or only", "none"], ["--bytecode", "SLIM_BYTECODE"], YES),
    key(["", "verify"], "true", ["run the result as Lambda would before saying done", "true at level max and with events"], ["--verify, --no-verify", "SLIM_VERIFY"], YES),
    key(["", "max-unzipped"], "\"200MB\"", ["fail when a function and its layers take more unzipped", "Lambda's limit"], ["--max-unzipped", "SLIM_MAX_UNZIPPED"], YES),
    key(["", "max-zipped"], "\"50MiB\"", ["fail when a function and its layers take more zipped", "no limit"], ["--max-zipped", "SLIM_MAX_ZIPPED"], YES),
    key(["", "page-size"], "\"4KiB\"", ["pack libraries closer, for arm64 kernels with such pages; says nothing about x86_64", "as they are linked"], ["--page-size", "SLIM_PAGE_SIZE"], YES),
    key(["", "exclude-runtime"], "true", ["leave out the distributions that Lambda's runtime has", "false"], ["--exclude-runtime", "SLIM_EXCLUDE_RUNTIME"], YES),
    key(["", "trace"], "[\"slim-trace.json\"]", ["what runs opened, from `slim trace`; counts at level max", "none"], ["--trace", ""], YES),
    key(["", "out-dir"], "\"dist\"", ["where the results go", "dist: of a workspace beside the configuration, else in the current folder"], ["--out-dir", "SLIM_OUT_DIR"], NO),
    key(["", "compression"], "\"max\"", ["how hard to compress: fast, default, max or extreme", "default"], ["--compression", "SLIM_COMPRESSION"], NO),
    key(["", "python-bin"], "\"/usr/bin/python3.12\"", ["the Python that runs it; without a slash it is looked for on PATH", "the target's, found on PATH, in pyenv or uv"], ["--python-bin", "SLIM_PYTHON_BIN"], NO),
    key(["", "max-growth"], "\"2%\"", ["fail when a function and its layers grow by more over the baseline", "no limit"], ["--max-growth", "SLIM_MAX_GROWTH"], NO),
    key(["layer", "policy"], "\"shared\"", ["what goes into layers: shared, all or none", "shared for several functions, all for one"], ["--layer", "SLIM_LAYER"], NO),
    key(["layer", "pure-across-targets"], "true", ["whether functions of different Pythons or processors may share distributions of Python code alone", "false"], ["", ""], NO),
    key(["cache", "dir"], "\".cache/slim\"", ["the folder of the cache", "lambda-slim in the user's cache folder"], ["--cache-dir", "SLIM_CACHE_DIR"], NO),
    key(["cache", "max-size"], "\"2GB\"", ["how much the cache may hold", "2GiB"], ["", "SLIM_CACHE_MAX_SIZE"], NO),
    key(["cache", "store"], "\"s3://bucket/slim\"", ["a store behind it that machines share: a folder, or a bucket", "none"], ["--cache", "SLIM_CACHE"], NO),
    key(["cache", "read-only"], "true", ["write nothing into the store", "false"], ["--cache-read-only", "SLIM_CACHE_READ_ONLY"], NO),
    key(["rules", "off"], "[\"type-stub\"]", ["rules of RULES.md that propose nothing", "none"], ["", ""], NO),
    key(["dist.NAME", "keep"], "[\"numpy/tests\"]", ["as keep, for the files of one distribution", "none"], ["", ""], NO),
    key(["dist.NAME", "drop"], "[\"numpy/f2py\"]", ["as drop, for the files of one distribution", "none"], ["", ""], NO),
    key(["function", "name"], "\"api\"", ["its name, and that of its zip; no other has it, and it does not begin with layer", "must be there"], ["", ""], NO),
    key(["function", "path"], "\"build/api\"", ["the folder or zip of its package", "must be there"], ["", ""], NO),
    key(["function", "requirements"], "\"build/deps\"", ["a folder of installed distributions, laid over path", "none"], ["", ""], NO),
];

/// What a key says, by its dotted name.
pub fn about(dotted: &str) -> Option<&'static str> {
    let (table, name) = dotted.rsplit_once('.').unwrap_or(("", dotted));
    KEYS.iter().find(|key| key.table == table && key.name == name).map(|key| key.about)
}

/// The table of docs/configuration.md.
pub fn page() -> String {
    let mut page = String::from(
        "| key | such as | what it says (where it is absent) | option | variable | of functions |\n\
         |---|---|---|---|---|---|\n",
    );
    for key in KEYS {
        let name = match key.table {
            "" => key.name.to_owned(),
            table => format!("{table}.{}", key.name),
        };
        let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
        let options: Vec<String> = key.option.split(", ").map(code).collect();
        page.push_str(&format!(
            "| `{name}` | `{}` | {} ({}) | {} | {} | {} |\n",
            key.value,
            key.about,
            key.default,
            options.join(", "),
            code(key.variable),
            if key.of_functions || key.table == "function" { "yes" } else { "" }
        ));
    }
    page
}

/// How a key is written, by its dotted name or that of something in its value.
pub fn form(dotted: &str) -> Option<String> {
    let heads = [("layer", "policy"), ("cache", "dir"), ("function", "name")];
    let head = heads.iter().find(|(head, _)| *head == dotted);
    let (table, name) = match (head, dotted.rsplit_once('.')) {
        (Some(head), _) => *head,
        (None, Some(parts)) => parts,
        (None, None) => ("", dotted),
    };
    let Some(found) = KEYS.iter().find(|key| key.stands_in(table) && key.name == name) else {
        return dotted.rsplit_once('.').and_then(|(parent, _)| form(parent));
    };
    let line = format!("{name} = {}", found.value);
    Some(match (table, name) {
        ("", "keep" | "drop") => format!("{name} is a list of globs, such as {line}"),
        ("", _) => format!("{name} is such as {line}"),
        ("function", _) => format!("a table [[function]] has lines such as {line}"),
        _ => format!("a table [{table}] has lines such as {line}"),
    })
}

impl Key {
    fn stands_in(&self, table: &str) -> bool {
        self.table == table || table == "function" && self.of_functions
    }
}
