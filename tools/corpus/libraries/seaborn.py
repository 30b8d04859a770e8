# /// script
# dependencies = ["seaborn"]
# [tool.slim]
# event = {style = "whitegrid", palette = "husl", map = "rocket", formats = ["png", "svg", "pdf"]}
# ///
"""Styles, palettes and backends are found by name; imports its external packages."""

import io
import os

os.environ["MPLCONFIGDIR"] = "/tmp"
import matplotlib

matplotlib.use("agg")
import numpy
import pandas
import seaborn


def lambda_handler(event, context):
    seaborn.set_theme(style=event["style"], palette=event["palette"])
    data = pandas.DataFrame({"a": numpy.arange(20.0), "b": numpy.sin(numpy.arange(20)), "k": list("xy") * 10})
    axes = seaborn.scatterplot(data, x="a", y="b", hue="k")
    grid = seaborn.pairplot(data, hue="k", diag_kind="hist")
    out = {}
    for format in event["formats"]:
        held = io.BytesIO()
        axes.figure.savefig(held, format=format)
        out[format] = held.getvalue()[:4].hex()
    return {
        "out": out,
        "axes": grid.axes.shape,
        "colors": seaborn.color_palette(event["map"], 3).as_hex(),
        "violin": len(seaborn.violinplot(data, x="k", y="b").collections) > 0,
    }
