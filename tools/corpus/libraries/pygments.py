# /// script
# dependencies = ["pygments"]
# [tool.slim]
# event = {text = "def f(a): return a + 1", lexers = ["python", "rust", "haskell", "toml"], formatter = "html", style = "monokai"}
# ///
"""Lexers, formatters and styles are modules named in tables of strings."""

import pygments
from pygments import formatters, lexers, styles


def lambda_handler(event, context):
    told = {
        name: [
            lexers.get_lexer_by_name(name).name,
            len(list(pygments.lex(event["text"], lexers.get_lexer_by_name(name)))),
        ]
        for name in event["lexers"]
    }
    html = pygments.highlight(
        event["text"], lexers.PythonLexer(), formatters.get_formatter_by_name(event["formatter"], style=event["style"])
    )
    return {
        "told": told,
        "html": html,
        "styles": len(list(styles.get_all_styles())),
        "guess": lexers.guess_lexer_for_filename("a.rb", "puts 1").name,
    }
