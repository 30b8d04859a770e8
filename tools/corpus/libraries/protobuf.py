# /// script
# dependencies = ["protobuf"]
# [tool.slim]
# ci = true
# event = {implementations = ["upb", "python"], known = {struct = "Struct", timestamp = "Timestamp", duration = "Duration", any = "Any", wrappers = "Int32Value", field_mask = "FieldMask"}}
# ///
"""The implementation is chosen by a variable of the environment and tried by name."""

import os
import sys


def lambda_handler(event, context):
    return {name: used(name, event["known"]) for name in event["implementations"]}


def used(name, known):
    os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = name
    for module in [one for one in sys.modules if one.split(".")[0] == "google"]:
        del sys.modules[module]
    from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, field_mask_pb2, json_format
    from google.protobuf import message_factory, struct_pb2, text_format, timestamp_pb2, wrappers_pb2
    from google.protobuf.internal import api_implementation

    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="a", syntax="proto3")
    message = file.message_type.add(name="One")
    for number, (field, kind) in enumerate({"text": 9, "count": 5, "ratio": 1}.items(), 1):
        message.field.add(name=field, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    one = message_factory.GetMessageClass(pool.FindMessageTypeByName("a.One"))(text="t", count=-3, ratio=0.5)
    packed = any_pb2.Any()
    packed.Pack(wrappers_pb2.Int32Value(value=7))
    stamp = timestamp_pb2.Timestamp()
    stamp.FromJsonString("2024-01-01T00:00:00Z")
    struct = json_format.Parse('{"a": [1, {"b": null}]}', struct_pb2.Struct())
    return {
        "type": api_implementation.Type(),
        "bytes": one.SerializeToString(deterministic=True).hex(),
        "json": json_format.MessageToDict(type(one).FromString(one.SerializeToString())),
        "text": text_format.Parse(text_format.MessageToString(one), type(one)()) == one,
        "any": json_format.MessageToDict(packed),
        "stamp": stamp.ToSeconds() + duration_pb2.Duration(seconds=3).ToSeconds(),
        "struct": json_format.MessageToDict(struct),
        "mask": field_mask_pb2.FieldMask(paths=["a.b"]).ToJsonString(),
        "known": [described(*one).DESCRIPTOR.name for one in known.items()],
        "module": type(one).__base__.__module__.split(".")[0],
    }


def described(part, name):
    return getattr(sys.modules[f"google.protobuf.{part}_pb2"], name)
