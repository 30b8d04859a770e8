# /// script
# dependencies = ["pycparser", "cffi", "ply"]
# [tool.slim]
# ci = true
# event = {source = "int f(int a) { return a ? a * 2 : 0; }"}
# ///
"""Its grammar stands in docstrings; the table modules are imported by name."""

import cffi
from ply import lex, yacc
from pycparser import c_generator, c_parser

tokens = ("NUMBER", "PLUS")
t_PLUS = r"\+"
t_ignore = " "


def t_NUMBER(t):
    r"\d+"
    t.value = int(t.value)
    return t


def p_sum(p):
    """sum : sum PLUS NUMBER
    | NUMBER"""
    p[0] = p[1] + p[3] if len(p) == 4 else p[1]


def lambda_handler(event, context):
    tree = c_parser.CParser().parse(event["source"])
    ffi = cffi.FFI()
    ffi.cdef("int abs(int); typedef struct { int a; double b; } pair;")
    lex.lex()
    total = yacc.yacc(write_tables=False, debug=False).parse("1 + 2 + 39")
    return {
        "code": c_generator.CGenerator().visit(tree),
        "kind": type(tree.ext[0]).__name__,
        "abs": ffi.dlopen(None).abs(-3),
        "size": ffi.sizeof("pair"),
        "total": total,
    }
