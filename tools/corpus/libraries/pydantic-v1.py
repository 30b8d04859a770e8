# /// script
# dependencies = ["pydantic"]
# [tool.slim]
# event = {old = ["utils Representation", "utils to_camel", "tools parse_obj_as", "error_wrappers ValidationError", "generics GenericModel", "json pydantic_encoder", "class_validators root_validator"], model = {size = "3"}}
# ///
"""Names of version 1 are redirected to where they went, or to version 1 itself."""

import warnings

import pydantic
import pydantic.class_validators
import pydantic.error_wrappers
import pydantic.generics
import pydantic.json
import pydantic.tools
import pydantic.utils


class Model(pydantic.BaseModel):
    size: int

    @pydantic.validator("size")
    def positive(cls, value):
        return abs(value)


def lambda_handler(event, context):
    model = Model.parse_obj(event["model"])
    return {"old": [moved(*one.split()) for one in event["old"]], "dict": model.dict(), "copy": model.copy().json()}


def moved(module, name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        one = getattr(getattr(pydantic, module), name)
    return [one.__module__, [str(warning.message)[:40] for warning in caught]]
