# /// script
# dependencies = ["matplotlib"]
# [tool.slim]
# event = {formats = ["png", "svg", "svgz", "pdf", "ps", "eps", "jpg", "jpeg", "webp", "tiff", "tif", "raw", "rgba", "gif", "avif", "pgf"], backends = ["agg", "svg", "pdf", "ps", "template"], styles = ["ggplot", "seaborn-v0_8-darkgrid", "dark_background"], map = "viridis", projections = ["polar", "3d", "hammer"], hook = "app:dressed", writer = "pillow", norms = ["LogNorm", "SymLogNorm", "PowerNorm"], arguments = {SymLogNorm = [1], PowerNorm = [2]}}
# ///
"""Backends, formats, styles, projections, hooks and writers of films are found by name."""

import io
import os
import pickle

os.environ["MPLCONFIGDIR"] = "/tmp"
import matplotlib
import matplotlib.pyplot as plt
import numpy
from matplotlib import animation, cbook, colors, font_manager


def dressed(figure):
    figure.set_label("dressed")


def lambda_handler(event, context):
    matplotlib.rcParams["figure.hooks"] = [event["hook"]]
    drawn = {}
    for name in event["backends"]:
        matplotlib.use(name)
        figure = plain()
        figure.savefig(out := io.BytesIO())
        drawn[name] = [figure.get_label(), type(figure.canvas).__module__, out.getvalue()[:4].hex()]
    plt.switch_backend("agg")
    saved = {}
    for name in event["formats"]:
        figure = plain()
        figure.savefig(out := io.BytesIO(), format=name)
        saved[name] = out.getvalue()[:4].hex() if name != "svgz" else len(out.getvalue()) > 100
    for name in event["styles"]:
        with plt.style.context(name):
            figure, axes = plt.subplots()
            days = numpy.arange("2024-01", "2024-04", dtype="datetime64[D]")
            axes.plot(days, numpy.arange(91), label=r"$\frac{1}{x}$")
            axes.legend()
            figure.savefig(io.BytesIO())
    figure = plt.figure(layout="constrained")
    for number, name in enumerate(event["projections"]):
        figure.add_subplot(1, 3, number + 1, projection=name).set_title("x²")
    figure.savefig(out := io.BytesIO(), format="pdf")
    map = pickle.loads(pickle.dumps(plt.get_cmap(event["map"])))
    norms = [getattr(colors, name)(*event["arguments"].get(name, [])) for name in event["norms"]]
    film = animation.FuncAnimation(plain(), lambda frame: [], frames=3)
    film.save("/tmp/a.gif", writer=event["writer"])
    with open("/tmp/a.gif", "rb") as file:
        start = file.read(6).decode()
    return {
        "drawn": drawn,
        "saved": saved,
        "pages": len(out.getvalue()) > 1000,
        "again": len(pickle.loads(pickle.dumps(plain())).axes),
        "map": colors.to_hex(map(0.5)),
        "norms": [type(pickle.loads(pickle.dumps(one))).__name__ for one in norms],
        "film": start,
        "font": os.path.basename(font_manager.findfont("DejaVu Sans")),
        "listed": len(matplotlib.backends.backend_registry.list_builtin()),
        "path": os.path.basename(cbook._get_data_path("matplotlibrc")),
    }


def plain():
    figure = plt.figure()
    figure.add_axes([0, 0, 1, 1]).plot([1, 2], color="C1")
    figure.axes[0].set_axis_off()
    return figure
