# /// script
# dependencies = ["aws-xray-sdk", "boto3", "requests"]
# [tool.slim]
# event = {more = ["sqlite3", "httplib"], plugins = ["ElasticBeanstalkPlugin"]}
# ///
"""What to patch is imported by a name made of the library's own."""

import os

os.environ.update(AWS_XRAY_CONTEXT_MISSING="IGNORE_ERROR", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
from aws_xray_sdk.core import patch, patch_all, xray_recorder
from aws_xray_sdk.core.patcher import _PATCHED_MODULES

patch_all()


def lambda_handler(event, context):
    import boto3

    patch(event["more"])
    client = boto3.client("dynamodb", region_name="eu-west-1")
    xray_recorder.configure(sampling=False, plugins=event["plugins"])
    segment = xray_recorder.begin_segment("work")
    with xray_recorder.in_subsegment("part") as part:
        part.put_annotation("a", 1)
    made = [part.name for part in segment.subsegments]
    wrapped = hasattr(client._make_api_call, "__wrapped__")
    return {"patched": sorted(_PATCHED_MODULES), "made": made, "wrapped": wrapped}
