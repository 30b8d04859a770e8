# /// script
# dependencies = ["moto[s3,dynamodb,sqs]", "boto3"]
# [tool.slim]
# event = {bucket = "bucket"}
# ///
"""Backends of services are imported by names made from a table."""

import os

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1")
import boto3
from moto import mock_aws


@mock_aws
def lambda_handler(event, context):
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=event["bucket"])
    s3.put_object(Bucket=event["bucket"], Key="k", Body=b"hello")
    table = boto3.resource("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"a": "x", "n": 3})
    queue = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    return {
        "body": s3.get_object(Bucket=event["bucket"], Key="k")["Body"].read().decode(),
        "item": int(table.get_item(Key={"a": "x"})["Item"]["n"]),
        "queue": queue,
    }
