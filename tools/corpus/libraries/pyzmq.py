# /// script
# dependencies = ["pyzmq", "msgpack"]
# [tool.slim]
# ci = true
# event = {pair = ["PUSH", "PULL"]}
# ///
"""The backend is selected by name; Cython and libzmq lie in libraries beside it."""

import msgpack
import zmq
from zmq.auth import create_certificates


def lambda_handler(event, context):
    with zmq.Context() as made:
        sender, receiver = made.socket(getattr(zmq, event["pair"][0])), made.socket(getattr(zmq, event["pair"][1]))
        sender.bind("inproc://x")
        receiver.connect("inproc://x")
        sender.send(msgpack.packb({"a": [1, 2]}))
        got = msgpack.unpackb(receiver.recv())
        sender.close(), receiver.close()
    return {"got": got, "curve": zmq.has("curve"), "version": zmq.zmq_version(), "named": create_certificates.__name__}
