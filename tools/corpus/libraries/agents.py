# /// script
# dependencies = ["anthropic", "openai", "langsmith", "docstring-parser"]
# [tool.slim]
# event = {model = "m"}
# ///
"""Tools are described by the docstrings of their functions."""

import docstring_parser
import langsmith
import openai
import pydantic
from anthropic import beta_tool


@beta_tool
def weather(place: str) -> str:
    """Tells the weather.

    Args:
        place: Where.
    """
    return f"rain in {place}"


class Query(pydantic.BaseModel):
    """Asks something."""

    text: str


@langsmith.traceable
def traced(value):
    """Is traced."""
    return value + 1


def lambda_handler(event, context):
    parsed = docstring_parser.parse(weather.to_dict()["description"] + "\n\nArgs:\n    x: one\n")
    return {
        "tool": weather.to_dict(),
        "called": weather.call({"place": "here"}),
        "openai": openai.pydantic_function_tool(Query)["function"]["description"],
        "traced": traced(1),
        "parsed": [parsed.short_description, [param.arg_name for param in parsed.params]],
    }
