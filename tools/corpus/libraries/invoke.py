# /// script
# dependencies = ["invoke"]
# [tool.slim]
# ci = true
# event = {name = "hello"}
# ///
"""Asks for its own version in the metadata; vendored modules are imported by try and except."""

import invoke
from invoke.config import Config
from invoke.parser import Argument, Parser, ParserContext


@invoke.task
def build(c, name="x"):
    return c.run(f"echo {name}", hide=True).stdout


def lambda_handler(event, context):
    collection = invoke.Collection(build)
    result = invoke.Executor(collection, Config()).execute(("build", {"name": event["name"]}))
    parsed = Parser([ParserContext("a", args=[Argument("num", kind=int)])]).parse_argv(["a", "--num", "3"])
    return {
        "result": list(result.values()),
        "parsed": parsed[0].args["num"].value,
        "names": sorted(collection.task_names),
        "version": invoke.__version__,
        "yaml": Config(overrides={"a": {"b": 1}}).a.b,
    }
