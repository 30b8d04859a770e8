# /// script
# dependencies = ["lark"]
# [tool.slim]
# event = {text = "1 + 2 + 3", parsers = ["lalr", "earley"]}
# ///
"""Grammars are data files, imported by name from other grammars."""

import lark
from lark.indenter import PythonIndenter

GRAMMAR = """
?start: sum
?sum: NUMBER | sum "+" NUMBER -> add
%import common.NUMBER
%import common.WS
%ignore WS
"""


def lambda_handler(event, context):
    parsed = [lark.Lark(GRAMMAR, parser=kind).parse(event["text"]).pretty() for kind in event["parsers"]]
    python = lark.Lark.open_from_package(
        "lark",
        "python.lark",
        ["grammars"],
        start="file_input",
        parser="lalr",
        postlex=PythonIndenter(),
    )
    return {"parsed": parsed, "python": python.parse("a = 1\n").data}
