"""Lists the links of a page that is posted to it."""

import json
from urllib.parse import urljoin

from bs4 import BeautifulSoup


def handler(event, context):
    page = BeautifulSoup(event["body"], "html.parser")
    base = event.get("queryStringParameters", {}).get("base", "")
    links = [
        {"to": urljoin(base, link["href"]), "text": link.get_text(" ", strip=True)}
        for link in page.select("a[href]")
    ]
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"title": page.title.string if page.title else None, "links": links}),
    }
