# /// script
# dependencies = ["pandas", "tzdata", "openpyxl", "lxml", "jinja2", "sqlalchemy", "matplotlib"]
# [tool.slim]
# event = {zone = "Europe/Berlin", engine = "openpyxl", plots = "matplotlib", kinds = ["line", "bar", "hist", "box"]}
# ///
"""Compiled modules import others; engines and readers are imported by computed names."""

import io
import os
import warnings

os.environ["MPLCONFIGDIR"] = "/tmp"
import pandas
from pandas import plotting


def lambda_handler(event, context):
    frame = pandas.DataFrame(
        {"when": pandas.date_range("2024-01-01", periods=4, tz=event["zone"]), "n": [1, 2, 3, 4], "k": list("abab")}
    )
    told = {
        "grouped": frame.groupby("k").n.sum().to_dict(),
        "resampled": len(frame.set_index("when").resample("2D").sum()),
    }
    out = io.BytesIO()
    frame.drop(columns="when").to_excel(out, index=False, engine=event["engine"])
    told["excel"] = pandas.read_excel(out).n.sum().item()
    told["html"] = len(pandas.read_html(io.StringIO(frame.to_html()))[0])
    told["xml"] = pandas.read_xml(io.StringIO(frame.to_xml(index=False))).shape
    told["style"] = "<table" in frame.style.format(precision=1).to_html()
    told["query"] = frame.query("n > 2").n.tolist()
    told["pickle"] = pandas.read_pickle(io.BytesIO(pickled(frame))).equals(frame)
    told["json"] = pandas.read_json(io.StringIO(frame.to_json(orient="table")), orient="table").shape
    told["csv"] = pandas.read_csv(io.StringIO(frame.to_csv()), engine="python").shape
    told["plots"] = [type(frame.n.plot(kind=kind, backend=event["plots"])).__name__ for kind in event["kinds"]]
    told["matrix"] = plotting.scatter_matrix(frame[["n"]]).shape
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pandas.to_datetime(["13/01/2024"])
    told["warned"] = [os.path.basename(one.filename) for one in caught]
    told["test"] = pandas.test.__name__
    pandas.testing.assert_frame_equal(frame, frame.copy())
    return told


def pickled(frame):
    held = io.BytesIO()
    frame.to_pickle(held)
    return held.getvalue()
