# /// script
# dependencies = ["gevent"]
# [tool.slim]
# event = {count = 4}
# ///
"""Loops and resolvers are class paths in strings; Cython modules import each other."""

import socket

import gevent
from gevent import monkey, pool, queue

monkey.patch_all()


def lambda_handler(event, context):
    config = gevent.config
    got = pool.Pool(3).map(lambda n: n * n, range(event["count"]))
    lines = queue.Queue()
    gevent.joinall([gevent.spawn(lines.put, n) for n in range(3)])
    hub = gevent.get_hub()
    return {
        "got": got,
        "lines": [lines.get() for _ in range(3)],
        "loop": type(hub.loop).__module__,
        "resolver": type(hub.resolver).__name__,
        "resolved": socket.gethostbyname("127.0.0.1"),
        "named": str(config.resolver),
    }
