# /// script
# dependencies = ["polars"]
# [tool.slim]
# event = {compression = "zstd"}
# ///
"""The compiled part is another distribution, imported by name."""

import io

import polars


def lambda_handler(event, context):
    frame = polars.DataFrame({"a": [1, 2, 3], "k": ["x", "y", "x"], "t": ["2024-02-29"] * 3})
    grouped = frame.lazy().group_by("k").agg(polars.col("a").sum()).sort("k").collect()
    out = io.BytesIO()
    frame.write_parquet(out, compression=event["compression"])
    out.seek(0)
    when = frame.select(polars.col("t").str.to_date())
    return {
        "grouped": grouped.to_dicts(),
        "read": polars.read_parquet(out).shape,
        "when": str(when["t"][0]),
        "sql": polars.SQLContext(f=frame).execute("select max(a) as m from f").collect().item(),
        "version": polars.__version__,
    }
