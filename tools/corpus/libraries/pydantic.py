# /// script
# dependencies = ["pydantic[email]"]
# [tool.slim]
# ci = true
# event = {model = {mail = "a@example.org", url = "https://example.org/x", size = "3MB"}, lazy = "PaymentCardNumber", imported = "fractions.Fraction"}
# ///
"""EmailStr asks the metadata of email-validator; networks and types are looked up lazily."""

import pydantic


class Model(pydantic.BaseModel):
    mail: pydantic.EmailStr
    url: pydantic.HttpUrl
    secret: pydantic.SecretStr = pydantic.SecretStr("x")
    size: pydantic.ByteSize = 0
    made: pydantic.ImportString | None = None


def lambda_handler(event, context):
    model = Model.model_validate(event["model"])
    try:
        Model(mail="no", url="no")
    except pydantic.ValidationError as error:
        kinds = [one["type"] for one in error.errors()]
    lazily = getattr(pydantic, event["lazy"]).__name__
    return {
        "model": model.model_dump_json(),
        "kinds": kinds,
        "lazy": lazily,
        "schema": Model.model_json_schema(),
        "made": Model(**event["model"], made=event["imported"]).made.__name__,
        "version": pydantic.version.version_info().split(":")[0].strip(),
    }
