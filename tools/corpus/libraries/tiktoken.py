# /// script
# dependencies = ["tiktoken"]
# [tool.slim]
# ci = true
# ///
"""Encodings are found by walking the namespace package tiktoken_ext."""

import tiktoken
from tiktoken import registry


def lambda_handler(event, context):
    names = tiktoken.list_encoding_names()
    tiny = tiktoken.Encoding(
        "tiny", pat_str=r"\w+|\W+", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={}
    )
    return {
        "names": names,
        "model": tiktoken.encoding_name_for_model("gpt-4o"),
        "tokens": tiny.encode("abc de"),
        "from": sorted({f.__module__ for f in registry.ENCODING_CONSTRUCTORS.values()}),
    }
