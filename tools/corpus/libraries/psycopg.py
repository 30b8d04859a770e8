# /// script
# dependencies = ["psycopg[binary,pool]"]
# [tool.slim]
# ci = true
# event = {url = "postgresql://u:p@127.0.0.1:1/d", state = "23505"}
# ///
"""The implementation is chosen by name; the libraries lie in a folder of their own."""

import psycopg
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import Jsonb


def lambda_handler(event, context):
    try:
        psycopg.connect(event["url"], connect_timeout=1)
    except psycopg.OperationalError as error:
        failed = type(error).__name__
    text = Transformer().get_dumper(Jsonb({"a": 1}), PyFormat.BINARY).dump(Jsonb({"a": 1}))
    return {
        "failed": failed,
        "how": psycopg.pq.__impl__,
        "text": bytes(text).decode("latin1"),
        "query": sql.SQL("select {}").format(sql.Identifier("a")).as_string(None),
        "state": psycopg.errors.lookup(event["state"]).__name__,
    }
