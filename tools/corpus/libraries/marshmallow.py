# /// script
# dependencies = ["marshmallow"]
# [tool.slim]
# event = {order = {items = [{when = "2024-02-29T12:00:00+00:00", mail = "a@b.org", size = "3.50"}]}}
# ///
"""Fields and schemas are found by class name in a registry."""

import marshmallow
from marshmallow import Schema, fields, validate


class Item(Schema):
    when = fields.AwareDateTime(required=True)
    mail = fields.Email()
    size = fields.Decimal(as_string=True, validate=validate.Range(min=0))


class Order(Schema):
    items = fields.List(fields.Nested("Item"))


def lambda_handler(event, context):
    loaded = Order().load(event["order"])
    try:
        Order().load({"items": [{"mail": "x"}]})
    except marshmallow.ValidationError as error:
        wrong = error.messages
    return {
        "dumped": Order().dump(loaded),
        "wrong": wrong["items"]["0"] if "0" in wrong["items"] else wrong["items"][0],
        "made": Schema.from_dict({"a": fields.UUID()})().fields["a"].__class__.__name__,
    }
