# /// script
# dependencies = ["pydantic-settings", "typing-extensions"]
# [tool.slim]
# ci = true
# event = {env = {APP_SIZE = "3"}}
# ///
"""A schema's description is the docstring of its class."""

import os

from pydantic import BaseModel
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict


class Inner(BaseModel):
    """What is inside."""

    depth: int = 1


class Settings(BaseSettings):
    """What is set."""

    model_config = SettingsConfigDict(env_prefix="APP_")
    size: int
    inner: Inner = Inner()


def lambda_handler(event, context):
    os.environ.update(event["env"])
    schema = Settings.model_json_schema()
    return {
        "size": Settings().size,
        "described": [schema["description"], schema["$defs"]["Inner"]["description"]],
        "typed": CliApp.run(Settings, cli_args=["--inner.depth", "4"]).inner.depth,
    }
