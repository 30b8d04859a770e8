# /// script
# dependencies = ["elasticsearch"]
# [tool.slim]
# event = {node = "urllib3"}
# ///
"""Asks urllib3's version in its metadata and picks a node class by name."""

from elasticsearch import Elasticsearch, helpers
from elasticsearch import dsl
from elasticsearch.serializer import DEFAULT_SERIALIZERS


class Post(dsl.Document):
    title = dsl.Text()

    class Index:
        name = "posts"


def lambda_handler(event, context):
    client = Elasticsearch("http://localhost:9200", node_class=event["node"])
    search = dsl.Search(using=client).query("match", title="python").filter("term", a=1).to_dict()
    actions = [helpers.expand_action({"_index": "a", "b": 1})]
    serialized = DEFAULT_SERIALIZERS["application/json"].dumps({"a": 1}).decode()
    return {
        "search": search,
        "actions": actions,
        "post": Post(title="x").to_dict(),
        "serialized": serialized,
        "node": type(next(iter(client.transport.node_pool.all()))).__name__,
        "indices": type(client.indices).__name__,
    }
