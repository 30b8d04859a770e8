# /// script
# dependencies = ["sqlglot"]
# [tool.slim]
# event = {query = "SELECT DATE_ADD(x, INTERVAL 1 DAY), `y` FROM t LIMIT 3", dialects = ["bigquery", "snowflake", "duckdb", "tsql", "postgres"]}
# ///
"""Dialects are imported by name on first use."""

import sqlglot
from sqlglot import optimizer


def lambda_handler(event, context):
    told = {name: sqlglot.transpile(event["query"], read="mysql", write=name)[0] for name in event["dialects"]}
    tree = sqlglot.parse_one("SELECT a FROM (SELECT a, b FROM t) WHERE b = 1 + 1")
    from sqlglot.executor import execute

    rows = execute("SELECT SUM(a) AS s FROM t", tables={"t": [{"a": 1}, {"a": 2}]}).rows
    return {
        "told": told,
        "optimized": optimizer.optimize(tree, schema={"t": {"a": "int", "b": "int"}}).sql(),
        "rows": rows,
    }
