# /// script
# dependencies = ["aws-lambda-powertools[all]", "boto3", "jsonpath-ng"]
# [tool.slim]
# event = {merge = {pattern = "app.py", resolver = "app"}, http = {version = "2.0", rawPath = "/hello/ann", rawQueryString = "", headers = {}, requestContext = {http = {method = "GET", path = "/hello/ann"}, stage = "$default"}}}
# ///
"""Providers and validators are imported where they are used; botocore data by service."""

import os

os.environ.update(
    AWS_XRAY_CONTEXT_MISSING="LOG_ERROR",
    POWERTOOLS_SERVICE_NAME="s",
    POWERTOOLS_METRICS_NAMESPACE="n",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_ACCESS_KEY_ID="a",
    AWS_SECRET_ACCESS_KEY="b",
)
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parser import models, parse
from aws_lambda_powertools.utilities.validation import validate

logger, tracer, metrics = Logger(), Tracer(), Metrics()
app = APIGatewayHttpResolver(enable_validation=True)
app.enable_swagger()


@app.get("/hello/<name>")
@tracer.capture_method
def hello(name: str) -> dict:
    logger.info("hello")
    return {"hello": name}


def lambda_handler(event, context):
    answer = app.resolve(event["http"], context)
    page = app.resolve(
        {
            **event["http"],
            "rawPath": "/swagger",
            "requestContext": {"http": {"method": "GET", "path": "/swagger"}, "stage": "$default"},
        },
        context,
    )
    validate({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}})
    order = parse({"Records": []}, models.SqsModel)
    provider = parameters.SSMProvider()
    schema = app.get_openapi_schema().model_dump(by_alias=True, exclude_none=True)
    merge = OpenAPIMerge(title="t", version="1")
    merge.discover(os.environ["LAMBDA_TASK_ROOT"], event["merge"]["pattern"], resolver_name=event["merge"]["resolver"])
    return {
        "merged": sorted(merge.get_openapi_schema()["paths"]),
        "tracer": type(tracer.provider).__module__,
        "script": len(page["body"]) > 10**6,
        "answer": [answer["statusCode"], answer["body"]],
        "page": [page["statusCode"], "swagger" in page["body"].lower()],
        "ssm": provider.client.meta.service_model.service_name,
        "paths": sorted(schema["paths"]),
        "model": type(order).__name__,
    }
