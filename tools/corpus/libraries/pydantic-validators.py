# /// script
# dependencies = ["pydantic"]
# [tool.slim]
# event = {size = "3"}
# ///
"""A type with the method of version 1 is compared with its models."""

import pydantic


class Even:
    @classmethod
    def __get_validators__(cls):
        yield lambda value, info: int(value) * 2


def lambda_handler(event, context):
    return pydantic.TypeAdapter(list[Even]).validate_python([event["size"]])
