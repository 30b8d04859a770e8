# /// script
# dependencies = ["h5py"]
# [tool.slim]
# event = {compression = "gzip"}
# ///
"""Dozens of Cython modules import each other by name."""

import io

import h5py
import numpy


def lambda_handler(event, context):
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        made = file.create_dataset(
            "a/b", data=numpy.arange(20.0).reshape(4, 5), compression=event["compression"], chunks=True
        )
        made.attrs["unit"] = "m"
        file.create_dataset("text", data=["x", "y"], dtype=h5py.string_dtype())
        file["link"] = h5py.SoftLink("/a/b")
    with h5py.File(held, "r") as file:
        names = []
        file.visit(names.append)
        return {
            "names": names,
            "sum": float(file["link"][1:3].sum()),
            "unit": file["a/b"].attrs["unit"],
            "text": file["text"].asstr()[:].tolist(),
            "version": h5py.version.hdf5_version,
        }
