# /// script
# dependencies = ["botocore"]
# [tool.slim]
# event = {every = 8}
# ///
"""The names are computed, so that every service stays: one in eight must construct and sign with an emptied model."""

import os

os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="eu-west-1")
import botocore.session
from botocore.stub import Stubber


def lambda_handler(event, context):
    session = botocore.session.get_session()
    names = session.get_available_services()
    made = {}
    for name in names[:: event["every"]]:
        client = session.create_client(name)
        operations = client.meta.method_to_api_mapping
        made[name] = {
            "operations": len(operations),
            "waiters": client.waiter_names,
            "pages": [method for method in sorted(operations) if client.can_paginate(method)],
            "endpoint": client.meta.endpoint_url,
        }
    s3 = session.create_client("s3")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    form = s3.generate_presigned_post("bucket", "k")
    with Stubber(s3) as stub:
        stub.add_response("list_objects_v2", {"Contents": [{"Key": "a"}], "IsTruncated": False})
        pages = [page["Contents"][0]["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="b")]
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        s3.get_waiter("bucket_not_exists").wait(Bucket="b")
    return {"services": len(names), "made": made, "signed": signed.split("?")[0], "form": form["url"], "pages": pages}
