# /// script
# dependencies = ["docutils"]
# [tool.slim]
# ci = true
# event = {text = "Title\n=====\n\n.. note:: hello\n\n:math:`a^2`\n", german = ".. warnung:: x\n", language = "de", writers = ["html5", "latex", "manpage"]}
# ///
"""Writers, parsers, languages and directives are imported by names that arguments give."""

from docutils.core import publish_doctree, publish_parts


def lambda_handler(event, context):
    told = {name: len(publish_parts(event["text"], writer=name)["whole"]) > 200 for name in event["writers"]}
    settings = {"language_code": event["language"], "report_level": 5}
    german = publish_parts(event["german"], writer=event["writers"][0], settings_overrides=settings)["body"]
    return {"told": told, "german": german, "tree": publish_doctree(event["text"]).pformat()}
