# /// script
# dependencies = ["sentry-sdk[flask]"]
# [tool.slim]
# ci = true
# event = {path = "/"}
# ///
"""Integrations are class paths in lists of strings, tried one after the other."""

import flask
import sentry_sdk
from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration

sent = []


def lambda_handler(event, context):
    sentry_sdk.init(
        "https://k@example.org/1",
        transport=sent.append,
        default_integrations=True,
        traces_sample_rate=1.0,
        shutdown_timeout=0,
    )
    app = flask.Flask("a")
    app.add_url_rule("/", view_func=lambda: 1 / 0)
    status = app.test_client().get(event["path"]).status_code
    sentry_sdk.flush(0)
    names = sorted(sentry_sdk.get_client().integrations)
    kinds = [event["exception"]["values"][0]["type"] for event in sent if "exception" in event]
    return {"status": status, "names": names, "kinds": kinds, "named": AwsLambdaIntegration.identifier}
