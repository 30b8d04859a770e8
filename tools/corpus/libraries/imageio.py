# /// script
# dependencies = ["imageio", "pillow"]
# [tool.slim]
# event = {extension = ".png", plugin = "pillow"}
# ///
"""Plugins are imported by name from a table; each asks its backend's metadata for a version."""

import imageio
import imageio.v3 as iio
import numpy


def lambda_handler(event, context):
    image = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
    data = iio.imwrite("<bytes>", image, extension=event["extension"])
    again = iio.imread(data, plugin=event["plugin"])
    old = imageio.v2.imread(data)
    return {"same": bool((again == image).all() and (old == image).all()), "meta": iio.immeta(data)["mode"]}
