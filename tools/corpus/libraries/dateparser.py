# /// script
# dependencies = ["dateparser", "tzdata"]
# [tool.slim]
# event = {texts = ["3. März 2020", "il y a 2 jours", "5 мая 2001", "mañana"]}
# ///
"""Languages are modules of data, imported by the language's name."""

import datetime

import dateparser
from dateparser.search import search_dates


def lambda_handler(event, context):
    base = {"RELATIVE_BASE": datetime.datetime(2024, 2, 29), "TIMEZONE": "UTC"}
    told = [str(dateparser.parse(text, settings=base)) for text in event["texts"]]
    return {
        "told": told,
        "found": [str(when) for _, when in search_dates("on 3 May 2001 in Rome", languages=["en"], settings=base)],
        "calendar": str(dateparser.parse("2 weeks ago EST", settings=base)),
    }
