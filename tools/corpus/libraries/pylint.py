# /// script
# dependencies = ["pylint"]
# [tool.slim]
# event = {source = "import os\nimport collections\nP = collections.namedtuple(\"P\", \"x\")\nprint(P(1).y, z)\n"}
# ///
"""Checkers are modules listed from a folder."""

import io

from pylint.lint import Run
from pylint.reporters.text import TextReporter


def lambda_handler(event, context):
    with open("/tmp/checked.py", "w") as file:
        file.write(event["source"])
    out = io.StringIO()
    Run(
        ["/tmp/checked.py", "--persistent=n", "--disable=all", "--enable=unused-import,undefined-variable,no-member"],
        reporter=TextReporter(out),
        exit=False,
    )
    return {"out": [line.split(":")[3].strip() for line in out.getvalue().splitlines() if line.count(":") > 3]}
