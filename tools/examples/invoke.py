"""Calls MODULE.FUNCTION with the event of a file, and prints its result as one line of JSON."""

import importlib
import json
import os
import pathlib
import sys
import types

# As Lambda, which gives a function the credentials of its role.
os.environ |= {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_SESSION_TOKEN": "example",
}
module, _, name = sys.argv[1].rpartition(".")
event = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
context = types.SimpleNamespace(aws_request_id="r", function_name="f", memory_limit_in_mb=512)
result = getattr(importlib.import_module(module), name)(event, context)
print(json.dumps(result, sort_keys=True))
