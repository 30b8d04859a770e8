# /// script
# dependencies = ["s3fs", "aiohttp", "requests"]
# [tool.slim]
# event = {protocol = "memory", others = ["s3", "zip", "http", "reference", "github"]}
# ///
"""Filesystems are found by protocol, in a table of strings that name classes."""

import fsspec


def lambda_handler(event, context):
    files = fsspec.filesystem(event["protocol"])
    files.pipe("/a/b.txt", b"hello")
    classes = [fsspec.get_filesystem_class(name).__module__ for name in event["others"]]
    with fsspec.open("filecache::memory:///a/b.txt", "rb") as file:
        return {"text": file.read().decode(), "classes": classes, "list": files.ls("/a", detail=False)}
