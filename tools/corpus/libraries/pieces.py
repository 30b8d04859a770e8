# /// script
# dependencies = ["catalogue", "cloudpathlib", "srsly", "cloudpickle", "wrapt"]
# [tool.slim]
# ci = true
# event = {word = "hi"}
# ///
"""Registries, proxies and pickles carry docstrings along."""

import pickle

import catalogue
import cloudpathlib
import cloudpickle
import srsly
import wrapt

registry = catalogue.create("slim", "words")


@registry.register("shout")
def shout(word):
    """Shouts."""
    return word.upper()


@wrapt.decorator
def twice(wrapped, instance, args, kwargs):
    return wrapped(*args, **kwargs) * 2


@twice
def say(word):
    """Says."""
    return word


class Thing:
    @property
    def size(self):
        """How large."""
        return 3


def lambda_handler(event, context):
    Thing.__module__ = "__main__"
    copy = pickle.loads(cloudpickle.dumps(Thing))
    found = registry.find("shout")
    return {
        "shout": registry.get("shout")(event["word"]),
        "found": [found["docstring"], found["line_no"]],
        "say": [say(event["word"]), say.__doc__, wrapt.ObjectProxy(say).__doc__],
        "copy": [copy().size, copy.size.__doc__],
        "json": srsly.json_loads(srsly.json_dumps({"a": [1]})),
        "yaml": srsly.yaml_loads("a: 1"),
        "pickle": srsly.pickle_loads(srsly.pickle_dumps([1])),
        "path": cloudpathlib.AnyPath("/tmp/x").name,
        "class": cloudpathlib.CloudPath.exists.__name__,
    }
