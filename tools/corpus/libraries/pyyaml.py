# /// script
# dependencies = ["pyyaml"]
# [tool.slim]
# ci = true
# event = {text = "a: [1, 2.5, yes]\nb: &x {c: d}\ne: *x\n"}
# ///
"""The C loader is tried and imported by name; Python tags import modules."""

import yaml


def lambda_handler(event, context):
    data = yaml.load(event["text"], Loader=yaml.CSafeLoader)
    slow = yaml.safe_load(event["text"])
    made = yaml.load("!!python/object/apply:collections.OrderedDict [[[a, 1]]]", Loader=yaml.UnsafeLoader)
    return {
        "data": data,
        "same": data == slow,
        "text": yaml.dump(data, Dumper=yaml.CSafeDumper),
        "made": type(made).__name__,
        "c": yaml.__with_libyaml__,
    }
