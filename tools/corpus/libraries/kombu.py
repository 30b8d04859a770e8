# /// script
# dependencies = ["kombu", "msgpack", "pyyaml"]
# [tool.slim]
# event = {url = "memory://", serializers = ["json", "yaml", "msgpack", "pickle"], transports = ["memory", "pyamqp", "filesystem"]}
# ///
"""Transports are class paths in a table; serializers register themselves."""

import kombu
from kombu.transport import TRANSPORT_ALIASES, get_transport_cls


def lambda_handler(event, context):
    got = []
    with kombu.Connection(event["url"]) as connection:
        queue = kombu.Queue("q", kombu.Exchange("e", type="topic"), routing_key="a.#", channel=connection)
        queue.declare()
        producer = kombu.Producer(connection)
        for kind in event["serializers"]:
            producer.publish({"kind": kind}, exchange="e", routing_key="a.b", serializer=kind, compression="zlib")
        with kombu.Consumer(
            connection,
            [queue],
            callbacks=[lambda body, message: (got.append(body), message.ack())],
            accept=event["serializers"],
        ):
            for _ in event["serializers"]:
                connection.drain_events(timeout=2)
    return {
        "got": got,
        "classes": [get_transport_cls(name).__name__ for name in event["transports"]],
        "aliases": len(TRANSPORT_ALIASES),
    }
