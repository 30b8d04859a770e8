# /// script
# dependencies = ["pint"]
# [tool.slim]
# ci = true
# event = {text = "3 mile / hour", to = "meter / second"}
# ///
"""Units are defined in text files."""

import pint


def lambda_handler(event, context):
    units = pint.UnitRegistry(cache_folder=None)
    value = units(event["text"]).to(event["to"])
    return {
        "value": round(value.magnitude, 6),
        "pretty": f"{value:~P}",
        "latex": f"{value:L}",
        "system": str(units.get_base_units("mile")[1]),
        "version": pint.__version__,
    }
