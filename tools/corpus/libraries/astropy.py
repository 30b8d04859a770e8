# /// script
# dependencies = ["astropy"]
# [tool.slim]
# event = {frame = "galactic", format = "ascii.ecsv"}
# ///
"""Imports modules of its own tests; reads units and constants by name."""

import io

import numpy
from astropy import constants, coordinates, table, time, units
from astropy.io import fits
from astropy.utils import iers

iers.conf.auto_download = False


def lambda_handler(event, context):
    place = coordinates.SkyCoord("12h30m", "-45d", frame="icrs")
    other = place.transform_to(event["frame"])
    when = time.Time("2024-02-29T12:00:00", scale="utc")
    out = io.BytesIO()
    fits.PrimaryHDU(numpy.arange(6).reshape(2, 3)).writeto(out)
    text = io.StringIO()
    table.Table({"a": [1, 2], "b": [3.5, 4.5]}).write(text, format=event["format"])
    return {
        "l": round(other.l.deg, 6),
        "tdb": when.tdb.iso,
        "speed": (3 * units.km / units.hour).to("m/s").value,
        "c": constants.c.value,
        "fits": int(fits.open(io.BytesIO(out.getvalue()))[0].data.sum()),
        "table": text.getvalue(),
        "unit": str(units.Unit("erg / s")),
    }
