# /// script
# dependencies = ["pytz", "python-dateutil", "tzdata", "tzlocal"]
# [tool.slim]
# event = {zones = ["Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Ushuaia"]}
# ///
"""Zones are data files of pytz, dateutil and tzdata, opened by name."""

import datetime
import zoneinfo

import pytz
import tzlocal
from dateutil import parser, rrule, tz, zoneinfo as bundled


def lambda_handler(event, context):
    when = datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc)
    told = {
        name: [
            str(when.astimezone(zoneinfo.ZoneInfo(name))),
            str(when.astimezone(pytz.timezone(name))),
            str(when.astimezone(tz.gettz(name))),
            str(when.astimezone(bundled.get_zonefile_instance().get(name))),
        ]
        for name in event["zones"]
    }
    rule = [
        str(one) for one in rrule.rrulestr("FREQ=MONTHLY;COUNT=2;BYDAY=-1FR", dtstart=datetime.datetime(2024, 1, 1))
    ]
    return {
        "told": told,
        "rule": rule,
        "parsed": str(parser.parse("3rd of May 2001")),
        "all": len(zoneinfo.available_timezones()) > 400,
        "country": pytz.country_timezones["de"],
        "local": str(tzlocal.get_localzone()),
    }
