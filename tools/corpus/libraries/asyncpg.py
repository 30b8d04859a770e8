# /// script
# dependencies = ["asyncpg"]
# [tool.slim]
# event = {code = "23505"}
# ///
"""Its protocol is Cython, which imports other modules of the package."""

import asyncio

import asyncpg
from asyncpg.pgproto import types
from asyncpg.protocol import protocol


async def work():
    try:
        await asyncpg.connect("postgresql://u:p@127.0.0.1:1/d", timeout=1)
    except OSError as error:
        return type(error).__name__


def lambda_handler(event, context):
    error = asyncpg.exceptions.PostgresError.new({"C": event["code"], "M": "x"})
    return {
        "failed": asyncio.run(work()),
        "error": type(error).__name__,
        "record": protocol.Record.__name__,
        "point": str(types.Point(1, 2)),
    }
