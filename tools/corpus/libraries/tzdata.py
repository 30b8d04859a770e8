# /// script
# dependencies = ["tzdata"]
# [tool.slim]
# ci = true
# event = {zones = ["Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Ushuaia"]}
# ///
"""The standard library's zoneinfo opens it through importlib.resources."""

import datetime
from zoneinfo import ZoneInfo, available_timezones


def lambda_handler(event, context):
    when = datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc)
    return {
        "zones": [str(when.astimezone(ZoneInfo(name))) for name in event["zones"]],
        "all": len(available_timezones()),
    }
