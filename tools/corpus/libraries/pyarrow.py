# /// script
# dependencies = ["pyarrow"]
# [tool.slim]
# event = {formats = ["parquet", "feather", "csv"], functions = ["sum", "mean", "sqrt", "utf8_upper", "sort_indices"], parts = ["compute", "fs", "types", "ipc"]}
# ///
"""Optional modules are probed by name; compiled modules import one another."""

import contextlib
import io

import pyarrow
from pyarrow import compute, csv, dataset, feather, fs, ipc, json, orc, parquet

ARGUMENTS = {"utf8_upper": ["ab"], "sort_indices": [3, 1, 2]}


def lambda_handler(event, context):
    when = pyarrow.array([0, 1, 2], pyarrow.timestamp("s"))
    table = pyarrow.table({"n": [1, 2, 3], "k": ["a", "b", "a"], "when": when})
    told = {}
    for name in event["formats"]:
        dataset.write_dataset(table, f"/tmp/arrow-{name}", format=name, existing_data_behavior="overwrite_or_ignore")
        read = dataset.dataset(f"/tmp/arrow-{name}", format=name).to_table(filter=dataset.field("n") > 1)
        told[name] = read.num_rows
    parquet.write_table(table, out := pyarrow.BufferOutputStream(), compression="zstd")
    feather.write_feather(table, "/tmp/a.feather")
    orc.write_table(table, "/tmp/a.orc")
    with ipc.new_stream(sink := pyarrow.BufferOutputStream(), table.schema) as writer:
        writer.write_table(table)
    csv.write_csv(table, text := io.BytesIO())
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        pyarrow.show_info()
    return {
        "told": told,
        "parquet": parquet.read_table(out.getvalue()).equals(table),
        "metadata": parquet.read_metadata(out.getvalue()).num_columns,
        "feather": feather.read_table("/tmp/a.feather").equals(table),
        "orc": orc.read_table("/tmp/a.orc").num_rows,
        "stream": ipc.open_stream(sink.getvalue()).read_all().num_rows,
        "csv": csv.read_csv(io.BytesIO(text.getvalue())).column_names,
        "json": json.read_json(io.BytesIO(b'{"a": 1}\n{"a": 2}')).num_rows,
        "computed": {name: called(name) for name in event["functions"]},
        "joined": table.join(table.group_by("k").aggregate([("n", "sum")]), "k").num_rows,
        "parts": [getattr(pyarrow, name).__name__ for name in event["parts"]],
        "files": fs.FileSystem.from_uri("file:///tmp")[0].type_name,
        "libraries": pyarrow.get_libraries(),
        "shown": [one.split()[0] for one in shown.getvalue().splitlines() if ": Enabled" in one],
    }


def called(name):
    return str(compute.call_function(name, [pyarrow.array(ARGUMENTS.get(name, [1.0, 4.0]))]))
