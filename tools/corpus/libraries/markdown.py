# /// script
# dependencies = ["markdown", "pymdown-extensions"]
# [tool.slim]
# ci = true
# event = {text = "# A\n\n|a|b|\n|-|-|\n|1|2|\n\n[TOC]\n\n~~x~~ ```y```", extensions = ["extra", "toc", "codehilite", "markdown.extensions.smarty"]}
# ///
"""Extensions are entry points, or modules named by dotted strings."""

import markdown


def lambda_handler(event, context):
    return {
        "html": markdown.markdown(event["text"], extensions=["pymdownx.tilde", *event["extensions"]]),
        "version": markdown.__version__,
    }
