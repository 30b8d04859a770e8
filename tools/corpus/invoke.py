"""Calls app.lambda_handler with the event of the command line, and prints its result as one line of JSON."""

import json
import sys
import types

CONTEXT = types.SimpleNamespace(
    aws_request_id="r",
    function_name="f",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
    get_remaining_time_in_millis=lambda: 10_000,
)

import app

result = app.lambda_handler(json.loads(sys.argv[1]), CONTEXT)
print("\n" + json.dumps(result, sort_keys=True), flush=True)
