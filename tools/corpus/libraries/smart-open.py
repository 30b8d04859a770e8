# /// script
# dependencies = ["smart-open[s3]"]
# [tool.slim]
# event = {schemes = ["s3", "file"]}
# ///
"""Transports are modules named in a list; missing ones are passed over."""

import os

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1")
import smart_open
from smart_open import transport


def lambda_handler(event, context):
    with smart_open.open("/tmp/a.txt.gz", "w") as file:
        file.write("hello")
    with smart_open.open("/tmp/a.txt.gz") as file:
        text = file.read()
    return {
        "text": text,
        "modules": [transport.get_transport(name).__name__ for name in event["schemes"]],
        "parsed": smart_open.parse_uri("s3://b/k").bucket_id,
    }
