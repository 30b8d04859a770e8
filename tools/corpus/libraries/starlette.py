# /// script
# dependencies = ["starlette", "pyyaml", "httpx"]
# [tool.slim]
# event = {path = "/things"}
# ///
"""The schema of a route is the docstring of its function."""

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.schemas import SchemaGenerator
from starlette.testclient import TestClient

schemas = SchemaGenerator({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}})


def things(request):
    """
    responses:
      200:
        description: Things.
    """
    return JSONResponse({"things": [1]})


def schema(request):
    return schemas.OpenAPIResponse(request=request)


app = Starlette(routes=[Route("/things", things), Route("/schema", schema, include_in_schema=False)])


def lambda_handler(event, context):
    client = TestClient(app)
    return {"things": client.get(event["path"]).json(), "schema": client.get("/schema").text}
