# /// script
# dependencies = ["botocore", "certifi"]
# [tool.slim]
# event = {plugins = "p=app", signatures = ["v4", "s3v4", "s3", "v4-query", "v4a", "bearer"], region = "cn-north-1", moves = ["urllib_parse", "queue", "builtins"]}
# ///
"""Models are opened by service; roles ask for another; plugins are named by the environment."""

import inspect
import io
import os

os.environ.update(AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r", AWS_WEB_IDENTITY_TOKEN_FILE="/tmp/token")
import botocore.session
from botocore import auth, httpsession, loaders
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber
from botocore.vendored import six

ANSWER = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def initialize_client_plugin(client):
    client.meta.plugged = True


class Raw(io.BytesIO):
    def stream(self):
        yield self.read()


def lambda_handler(event, context):
    os.environ["BOTOCORE_EXPERIMENTAL__PLUGINS"] = event["plugins"]
    with open("/tmp/token", "w") as file:
        file.write("token")
    session = botocore.session.get_session()
    session.register("before-send.sts", lambda request, **_: AWSResponse(request.url, 200, {}, Raw(ANSWER.encode())))
    session.set_config_variable("region", event["region"])
    queue = session.create_client("sqs")
    dynamo = session.create_client("dynamodb")
    with Stubber(dynamo) as stub:
        stub.add_response("list_tables", {"TableNames": ["one"], "LastEvaluatedTableName": "one"})
        stub.add_response("list_tables", {"TableNames": ["two"]})
        names = dynamo.get_paginator("list_tables").paginate().build_full_result()["TableNames"]
        stub.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
        dynamo.get_waiter("table_exists").wait(TableName="one")
    store = session.create_client("s3")
    return {
        "key": session.get_credentials().get_frozen_credentials().access_key,
        "endpoint": queue.meta.endpoint_url,
        "names": names,
        "plugged": queue.meta.plugged,
        "documented": len(inspect.getdoc(queue.send_message)) > 1000,
        "retries": queue.meta.config.retries,
        "auth": [getattr(auth.AUTH_TYPE_MAPS.get(name), "__name__", None) for name in event["signatures"]],
        "certificates": httpsession.get_cert_path(True).partition("certifi/")[2],
        "readable": os.path.isfile(httpsession.get_cert_path(True)),
        "moves": [getattr(six.moves, name).__name__ for name in event["moves"]],
        "partitions": session.get_available_partitions(),
        "model": session.get_service_model("events").operation_model("PutEvents").name,
        "loader": len(loaders.create_loader().load_data("endpoints")["partitions"]),
        "url": store.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}).split("?")[0],
    }
