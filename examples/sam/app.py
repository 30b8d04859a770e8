"""Hands out a form with which a browser may upload one picture into the bucket."""

import json
import os

import boto3
from botocore.config import Config

LARGEST = 5_000_000
TYPES = {"image/jpeg": "jpg", "image/png": "png"}

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))


def handler(event, context):
    asked = json.loads(event["body"])
    if asked["type"] not in TYPES:
        return {"statusCode": 415, "body": f"one of {', '.join(TYPES)}"}
    form = s3.generate_presigned_post(
        os.environ.get("BUCKET", "pictures"),
        f"{asked['name']}.{TYPES[asked['type']]}",
        Fields={"Content-Type": asked["type"]},
        Conditions=[{"Content-Type": asked["type"]}, ["content-length-range", 1, LARGEST]],
        ExpiresIn=300,
    )
    return {"statusCode": 200, "body": json.dumps(form)}
