# /// script
# dependencies = ["pendulum"]
# [tool.slim]
# event = {zone = "Asia/Tokyo", locales = ["de", "fr", "ja", "ru"]}
# ///
"""Locales are modules named by the argument; zones are data files."""

import pendulum


def lambda_handler(event, context):
    when = pendulum.datetime(2024, 2, 29, 13, tz=event["zone"])
    told = {
        name: [when.format("dddd D MMMM", locale=name), when.add(days=3).diff_for_humans(when, locale=name)]
        for name in event["locales"]
    }
    return {
        "told": told,
        "parsed": str(pendulum.parse("2024-W09-4T10:00")),
        "period": pendulum.duration(days=10).in_words(locale=event["locales"][0]),
        "zones": len(pendulum.timezones()) > 400,
    }
