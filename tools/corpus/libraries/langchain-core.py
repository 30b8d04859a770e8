# /// script
# dependencies = ["langchain-core"]
# [tool.slim]
# event = {lazy = ["ToolMessage", "trim_messages", "AIMessageChunk"]}
# ///
"""@tool takes its description from the docstring; classes are loaded lazily by name."""

import langchain_core.messages
from langchain_core.load import dumps, loads
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool


@tool(parse_docstring=True)
def add(a: int, b: int) -> int:
    """Adds two numbers.

    Args:
        a: The first.
        b: The second.
    """
    return a + b


def lambda_handler(event, context):
    prompt = ChatPromptTemplate.from_messages([("system", "be {how}"), ("human", "{text}")])
    chain = prompt | RunnableLambda(lambda value: '{"n": %d}' % len(value.messages)) | JsonOutputParser()
    again = loads(dumps(prompt), allowed_objects="core")
    lazily = [getattr(langchain_core.messages, name).__name__ for name in event["lazy"]]
    return {
        "said": chain.invoke({"how": "kind", "text": "hi"}),
        "tool": [add.description, add.args],
        "sum": add.invoke({"a": 1, "b": 2}),
        "again": again == prompt,
        "lazy": lazily,
        "graph": chain.get_graph().draw_mermaid()[:20],
    }
