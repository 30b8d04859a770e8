# /// script
# dependencies = ["python-dateutil", "tzdata"]
# [tool.slim]
# event = {package = "tzdata.zoneinfo.America.Argentina", name = "Ushuaia", zone = "Europe/Berlin"}
# ///
"""Zones of the package beside it are opened through importlib.resources, by name."""

import datetime
import importlib.resources

from dateutil import relativedelta, tz


def lambda_handler(event, context):
    when = datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc)
    with importlib.resources.files(event["package"]).joinpath(event["name"]).open("rb") as file:
        opened = tz.tzfile(file)
    return {
        "opened": str(when.astimezone(opened)),
        "zone": str(when.astimezone(tz.gettz(event["zone"])) + relativedelta.relativedelta(months=1)),
    }
