mod library;

use super::*;

fn small(text: &str) -> String {
    let small = without(text.as_bytes(), Prose::ALL).unwrap_or_else(|| text.into());
    String::from_utf8(small).unwrap()
}

fn docs_only(text: &str) -> String {
    let prose = Prose { comments: false, ..Prose::ALL };
    String::from_utf8(without(text.as_bytes(), prose).unwrap_or_else(|| text.into())).unwrap()
}

#[test]
fn docstrings_become_empty_and_keep_their_lines() {
    let text = "\"\"\"Module.\n\nMore.\"\"\"\n\ndef f():\n    '''Doc.'''\n    return 1\n\nclass C:\n    r\"\"\"Doc\n    more\"\"\"\n\n    async def g(self):\n        \"one\" \"two\"\n";
    let expected = "0\n\n\n\ndef f():\n    0\n    return 1\n\nclass C:\n    0\n\n\n    async def g(self):\n        0\n";
    assert_eq!(small(text), expected);
    assert_eq!(docs_only(text), expected);
}

#[test]
fn comments_go_with_the_blanks_before_them() {
    let text = "# a\nx = 1  # b\n\n    # c\ny = (1,  # d\n    # e\n    '# no')\nif x:\n    # f\n    pass\n";
    assert_eq!(small(text), "\nx = 1\n\n\ny = (1,\n\n    '# no')\nif x:\n\n    pass\n");
    assert_eq!(docs_only(text), text);
}

#[test]
fn a_shebang_and_the_encoding_stay() {
    let text = "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# x\npass\n";
    assert_eq!(small(text), "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\npass\n");
    assert_eq!(small("pass # coding: a\n\n# coding: b\n"), "pass # coding: a\n\n\n");
}

#[test]
fn no_comment_becomes_a_declaration_of_the_encoding() {
    // The first line would be blank, and the second one be read by PEP 263.
    let text = "'''Doc.'''\n# coding: latin-1\nfrom __future__ import annotations\nx = '\u{e9}'\n";
    assert_eq!(small(text), text);
    let text = "'''Doc.'''\n# coding: utf-8\nx = 1\n";
    assert_eq!(small(text), "0\n# coding: utf-8\nx = 1\n");
}

#[test]
fn strings_that_are_more_than_a_docstring_stay() {
    for text in [
        "x = 'doc'\n",
        "def f(): 'doc'\n",
        "f'doc {1}'\n",
        "b'doc of bytes'\n",
        "'doc'; x = 1\n",
        "('a string in brackets')\n",
        "'doc'.strip()\n",
        "'doc %s' % 1\n",
        "def f():\n    return 'doc'\n",
        "x = '''\n# no comment\n'''\n",
        "x = f'{1:# }' f'{2!r:#>10}'\n",
    ] {
        assert_eq!(small(text), text);
    }
}

#[test]
fn each_kind_goes_by_itself() {
    let text = "'''module'''\nclass C:\n    '''class'''\n    x = 1\n    '''of x'''\n    def f(self):\n        '''function'''\n";
    let only = |prose: Prose| String::from_utf8(without(text.as_bytes(), prose).unwrap()).unwrap();
    let none = Prose::default();
    for (prose, gone) in [
        (Prose { modules: true, ..none }, "'''module'''"),
        (Prose { classes: true, ..none }, "'''class'''"),
        (Prose { functions: true, ..none }, "'''function'''"),
        (Prose { comments: true, ..none }, "'''of x'''"),
    ] {
        assert_eq!(only(prose), text.replace(gone, "0"));
    }
    assert!(without(text.as_bytes(), none).is_none());
}

#[test]
fn what_stands_behind_other_headers_is_no_docstring() {
    let text = "if x:\n    '''a'''\nclass C: x = 1\n'''b'''\ndef f(): pass\n'''c'''\n";
    let prose = Prose { comments: false, ..Prose::ALL };
    assert_eq!(without(text.as_bytes(), prose), None);
}

#[test]
fn dataclasses_keep_a_docstring_that_is_true() {
    let text =
        "@d(\n  1)\n@x.dataclass(a)\n@e\nclass C:\n    '''doc'''\n\n@d\nclass D:\n    '''doc'''\n";
    let expected = "@d(\n  1)\n@x.dataclass(a)\n@e\nclass C:\n    \" \"\n\n@d\nclass D:\n    0\n";
    assert_eq!(small(text), expected);
    assert_eq!(
        small("@dataclass\ndef f():\n    '''doc'''\nclass C:\n    '''doc'''\n")
            .matches('0')
            .count(),
        2
    );
}

#[test]
fn line_ends_of_all_kinds_stay() {
    assert_eq!(small("'''a\r\nb\rc'''\r\nx = 1 # d\r\n"), "0\r\n\r\r\nx = 1\r\n");
    assert_eq!(small("'doc' \\\n 'more'\nx = 1"), "0\n\nx = 1");
    assert_eq!(small("'''doc'''  # c"), "0");
    assert_eq!(small("x = 1 # c"), "x = 1");
}

#[test]
fn comments_inside_f_strings_stay() {
    let text = "x = f'''{\n  y # what\n = }'''\n";
    assert_eq!(small(text), text);
}

#[test]
fn what_cannot_be_read_or_is_no_utf8_stays() {
    for text in ["print 'x' # c\n", "x = ( # c\n", "# c\nx = 1\0\n", "def f(:\n  '''doc'''\n"] {
        assert!(without(text.as_bytes(), Prose::ALL).is_none(), "{text}");
    }
    assert!(without(b"# coding: latin-1\n# \xe9\nx = 1\n", Prose::ALL).is_none());
    assert!(without(b"# \xff\n", Prose::ALL).is_none());
}

/// Whether the result of taking all prose out is taken for the same.
fn is_same(before: &str, after: &str, prose: Prose) -> bool {
    let (tokens, statements, comments) = strings(before).unwrap();
    let spans: Vec<_> = statements.into_iter().map(|(span, _)| span).chain(comments).collect();
    check::is_same(before, &tokens, &spans, after, prose)
}

#[test]
fn a_result_that_is_another_program_is_refused() {
    let text = "'''doc'''\nx = 1\n";
    for wrong in [
        "0\nx = 2\n",
        "0\n\nx = 1\n",
        "0\n",
        "x = 1\n",
        "0\n x = 1\n",
        "0\nx = 1.0\n",
        "1\nx = 1\n",
    ] {
        assert!(!is_same(text, wrong, Prose::ALL), "{wrong}");
    }
    assert!(is_same(text, "0\nx = 1\n", Prose::ALL));
    let kept = Prose { modules: false, ..Prose::ALL };
    assert!(!is_same(text, "0\nx = 1\n", kept), "its docstring was to stay");
}

#[test]
fn the_docstring_above_future_imports_goes_whole() {
    let text = "'''doc'''\nfrom __future__ import annotations\n";
    assert_eq!(small(text), "\nfrom __future__ import annotations\n");
    // The second string would become the docstring.
    let text = "'''doc'''\n'''more'''\nimport __future__\n";
    assert_eq!(docs_only(text), text);
    assert_eq!(small("'''doc'''\n'''more'''\n"), "0\n0\n");
}
