# /// script
# dependencies = ["boto3"]
# [tool.slim]
# event = {bucket = "bucket", attributes = ["upload_fileobj", "download_file", "copy"]}
# ///
"""Service data, resources, waiters and documenters are found by name."""

import io
import os

os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1")
import boto3
from boto3.dynamodb.conditions import Attr, ConditionExpressionBuilder
from botocore.stub import Stubber


def lambda_handler(event, context):
    s3 = boto3.client("s3")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": event["bucket"], "Key": "k"})
    with Stubber(s3) as stub:
        stub.add_response("list_objects_v2", {"Contents": [{"Key": "a"}], "IsTruncated": False})
        pages = [
            one["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="b") for one in page["Contents"]
        ]
    with Stubber(s3) as stub:
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        s3.get_waiter("bucket_not_exists").wait(Bucket="b")
    table = boto3.resource("dynamodb").Table("t")
    built = ConditionExpressionBuilder().build_expression(Attr("a").eq(3)).condition_expression
    queue = boto3.client("sqs")
    bucket = boto3.resource("s3").Bucket(event["bucket"])
    with Stubber(bucket.meta.client) as stub:
        stub.add_response("put_object", {})
        bucket.upload_fileobj(io.BytesIO(b"hello"), "k")
    machine = boto3.resource("ec2").Instance("i-1")
    return {
        "injected": [hasattr(bucket, name) for name in event["attributes"]],
        "writer": type(table.batch_writer()).__name__,
        "tags": [hasattr(machine, "create_tags"), hasattr(machine, "delete_tags")],
        "signed": signed.split("?")[0],
        "pages": pages,
        "table": table.name,
        "built": built,
        "endpoint": queue.meta.endpoint_url,
        "waiters": queue.waiter_names,
        "regions": len(boto3.Session().get_available_regions("s3")) > 5,
        "attributes": sorted(table.meta.resource_model.identifiers[0].__dict__)[:1],
    }
