# /// script
# dependencies = ["boto3", "s3transfer", "certifi"]
# [tool.slim]
# event = {key = "k", agent = "s3transfer"}
# ///
"""Transfers run in tasks of threads; the user agent is made of name and version."""

import io
import os

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1")
import boto3
import s3transfer
from boto3.s3.transfer import TransferConfig
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from s3transfer.constants import USER_AGENT
from s3transfer.manager import TransferManager


def lambda_handler(event, context):
    client = boto3.client("s3")
    with open("/tmp/up.txt", "w") as file:
        file.write("hello")
    sent = {"Bucket": "b", "Key": event["key"], "Body": ANY, "ChecksumAlgorithm": "CRC32"}
    with Stubber(client) as stub:
        stub.add_response("put_object", {}, sent)
        client.upload_file("/tmp/up.txt", "b", event["key"])
        stub.add_response("head_object", {"ContentLength": 5, "ETag": "e"})
        stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"hello"), 5)})
        client.download_file("b", event["key"], "/tmp/down.txt", Config=TransferConfig(use_threads=False))
        stub.add_response("head_object", {"ContentLength": 5})
        stub.add_response("copy_object", {})
        client.copy({"Bucket": "b", "Key": event["key"]}, "c", "k")
        stub.add_response("delete_object", {})
        with TransferManager(client) as manager:
            manager.delete("b", event["key"]).result()
        stub.add_response("put_object", {})
        s3transfer.S3Transfer(client).upload_file("/tmp/up.txt", "b", event["key"])
    with open("/tmp/down.txt") as file:
        text = file.read()
    return {
        "text": text,
        "agent": USER_AGENT.startswith(event["agent"]) and USER_AGENT.endswith(s3transfer.__version__),
        "used": USER_AGENT.partition("/")[0],
    }
