mod branches;
mod calls;
mod hostile;
mod imports;
mod library;
mod texts;

use super::{HOLE, Import, OWN_NAME, Outline, Platform, line, read};

const PLATFORM: Platform = Platform { python: (3, 12) };

fn watch(name: &str) -> bool {
    matches!(name, "import_module" | "import_x")
}

fn outline(source: &str) -> Outline<'_> {
    read(source, PLATFORM, &watch).unwrap_or_else(|error| panic!("{source:?} {error}"))
}

/// Line, module and names of an import.
fn show(source: &str, import: &Import<'_>) -> String {
    let dots = ".".repeat(import.level as usize);
    format!("{}:{dots}{}:{}", line(source, import.at), import.module, import.names.join(","))
}

fn imports(source: &str) -> Vec<String> {
    outline(source).imports.iter().map(|import| show(source, import)).collect()
}

/// The modules imported anywhere.
fn modules(source: &str) -> Vec<String> {
    outline(source).imports.iter().map(|import| import.module.to_string()).collect()
}

/// The texts, with `<>` for a hole and `<own>` for one that the module's name fills.
fn texts(source: &str) -> Vec<String> {
    let show = |value: &str| value.replace(HOLE, "<>").replace(OWN_NAME, "<own>");
    outline(source).texts.iter().map(|text| show(&text.value)).collect()
}
