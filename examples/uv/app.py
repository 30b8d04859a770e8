"""Checks readings of a sensor and sums them up."""

from datetime import datetime
from statistics import fmean

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError


class Reading(BaseModel):
    sensor: str
    at: datetime
    celsius: float


READINGS = TypeAdapter(list[Reading])


def handler(event, context):
    try:
        readings = READINGS.validate_json(event["body"])
    except ValidationError as wrong:
        return {"statusCode": 422, "body": wrong.json(include_url=False)}
    by_sensor = {}
    for reading in readings:
        by_sensor.setdefault(reading.sensor, []).append(reading)
    summary = {
        sensor: {"mean": round(fmean(r.celsius for r in group), 2), "last": max(r.at for r in group)}
        for sensor, group in by_sensor.items()
    }
    return {"statusCode": 200, "body": orjson.dumps(summary, option=orjson.OPT_SORT_KEYS).decode()}
