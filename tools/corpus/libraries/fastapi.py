# /// script
# dependencies = ["fastapi", "mangum", "python-multipart", "jinja2"]
# [tool.slim]
# event = {item = '{"name": "a"}', pages = ["/docs", "/redoc", "/openapi.json"]}
# ///
"""Its openapi/docs.py is no documentation; responses and forms need others by try."""

import fastapi
from fastapi.security import OAuth2PasswordBearer
from mangum import Mangum
from pydantic import BaseModel

app = fastapi.FastAPI()
token = OAuth2PasswordBearer(tokenUrl="token")


class Item(BaseModel):
    name: str


@app.post("/items")
def create(item: Item, count: int = 1):
    return {"name": item.name * count}


@app.post("/form")
def form(name: str = fastapi.Form()):
    return name


def call(method, path, body="", kind="application/json"):
    http = {"method": method, "path": path, "sourceIp": "1.2.3.4", "protocol": "HTTP/1.1"}
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "count=2",
        "headers": {"content-type": kind, "host": "h"},
        "requestContext": {"http": http, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }
    answer = Mangum(app, lifespan="auto")(event, None)
    return [answer["statusCode"], answer["body"][:60]]


def lambda_handler(event, context):
    told = [
        call("POST", "/items", event["item"]),
        call("POST", "/form", "name=x", "application/x-www-form-urlencoded"),
        call("POST", "/items", "{}"),
    ]
    return {
        "told": told,
        "pages": [call("GET", path) for path in event["pages"]],
        "openapi": sorted(app.openapi()["paths"]),
    }
