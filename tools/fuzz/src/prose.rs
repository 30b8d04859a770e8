//! Sources without docstrings and comments: smaller, and the same program on the same lines.

use lambda_slim::python::prose::{Prose, without};
use lambda_slim::python::source::{self, Text};

/// Whatever the bytes, nothing panics, and what is taken out is prose.
pub fn holds(bytes: &[u8]) {
    let none = Prose::default();
    for prose in [
        Prose::ALL,
        Prose { comments: true, ..none },
        Prose { modules: true, ..none },
        Prose { classes: true, ..none },
        Prose { functions: true, ..none },
    ] {
        if let Some(small) = without(bytes, prose) {
            assert!(small.len() < bytes.len(), "not smaller");
            assert_eq!(without(&small, prose), None, "a second pass changes it");
            same_program(bytes, &small);
        }
    }
    assert_eq!(without(bytes, none), None);
}

/// The same imports and strings on the same lines, but for the strings that are statements.
fn same_program(before: &[u8], after: &[u8]) {
    let [before, after] =
        [before, after].map(|bytes| source::read(bytes).expect("a source that parses"));
    assert_eq!(before.imports, after.imports);
    assert_eq!(before.record_readers, after.record_readers);
    let mut old = before.strings.iter().filter(says_something);
    for string in after.strings.iter().filter(says_something) {
        assert!(old.any(|old| old == string), "{string:?} is new");
    }
}

/// A string that ` ` stands for is what `dataclass` finds in place of a docstring.
fn says_something(string: &&Text) -> bool {
    !string.docstring && string.value != " "
}
