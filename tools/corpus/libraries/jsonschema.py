# /// script
# dependencies = ["jsonschema[format-nongpl]"]
# [tool.slim]
# event = {draft = "http://json-schema.org/draft-04/schema#", formats = {uri = "https://example.org/", "date-time" = "2024-02-29T12:00:00Z", hostname = "a b", "uri-template" = "{x", "json-pointer" = "/a/b", color = "red", duration = "P3D", "idn-hostname" = "ä.de"}}
# ///
"""Schemas are data files of another distribution; formats are checked by optional modules."""

import jsonschema
from jsonschema import Draft202012Validator, validators


def lambda_handler(event, context):
    checker = Draft202012Validator.FORMAT_CHECKER
    wrong = {kind: checker.conforms(value, kind) for kind, value in event["formats"].items()}
    schema = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    errors = [one.message for one in Draft202012Validator(schema).iter_errors({"type": 3})]
    old = validators.validator_for({"$schema": event["draft"]}).__name__
    best = jsonschema.exceptions.best_match(
        Draft202012Validator({"properties": {"a": {"type": "integer"}}}).iter_errors({"a": "x"})
    ).json_path
    return {"wrong": wrong, "errors": errors, "old": old, "best": best}
