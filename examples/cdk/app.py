"""Prints a ticket: a page with its code as a picture that a gate can scan."""

import jinja2
import segno

PAGE = jinja2.Environment(autoescape=True).from_string(
    """<!doctype html>
<title>{{ show }}</title>
<h1>{{ show }}</h1>
<p>Row {{ row }}, seat {{ seat }}</p>
<img alt="{{ code }}" src="{{ picture }}">
"""
)


def handler(event, context):
    code = f"{event['show']}/{event['row']}/{event['seat']}"
    picture = segno.make(code, error="h").svg_data_uri(scale=4)
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": PAGE.render(code=code, picture=picture, **event),
    }
