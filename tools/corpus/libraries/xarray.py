# /// script
# dependencies = ["xarray", "scipy"]
# [tool.slim]
# event = {engine = "scipy"}
# ///
"""Backends come from entry points, versions of others from metadata."""

import numpy
import xarray


def lambda_handler(event, context):
    first = xarray.Dataset({"t": (("x", "y"), numpy.arange(6.0).reshape(2, 3))}, coords={"x": [1, 2]})
    both = xarray.concat([first, first + 1], dim="z")
    data = first.to_netcdf(engine="scipy")
    again = xarray.open_dataset(bytes(data), engine=event["engine"])
    grouped = both.groupby("x").mean(...)
    when = xarray.date_range("2000-01-01", periods=3)
    return {
        "same": bool(again.equals(first)),
        "sizes": dict(both.sizes),
        "mean": grouped.t.values.tolist(),
        "engines": sorted(xarray.backends.list_engines()),
        "interp": float(first.t.interp(x=1.5).sum()),
        "when": str(when[-1]),
        "html": len(first._repr_html_()) > 1000,
    }
