"""Turns a booking into an invitation that calendars read."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event


def handler(event, context):
    begin = datetime.fromisoformat(event["begin"]).replace(tzinfo=ZoneInfo(event["zone"]))
    entry = Event()
    entry.add("uid", f"{event['booking']}@example.com")
    entry.add("dtstamp", begin)
    entry.add("dtstart", begin)
    entry.add("dtend", begin + timedelta(minutes=event["minutes"]))
    entry.add("summary", event["title"])
    calendar = Calendar()
    calendar.add("prodid", "-//example.com//bookings//EN")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/calendar; charset=utf-8"},
        "body": calendar.to_ical().decode(),
    }
