# /// script
# dependencies = ["jedi"]
# [tool.slim]
# event = {source = "import json\njson.lo"}
# ///
"""Stubs of typeshed (.pyi) and grammars (.txt) are what it reads at run time."""

import jedi

jedi.settings.cache_directory = "/tmp/jedi"


def lambda_handler(event, context):
    script = jedi.Script(event["source"], environment=jedi.InterpreterEnvironment())
    names = [one.name for one in script.complete(2, len("json.lo"))]
    signature = [
        one.to_string()
        for one in jedi.Script("import os\nos.path.join(", environment=jedi.InterpreterEnvironment()).get_signatures(
            2, 13
        )
    ]
    return {"names": names, "signature": signature, "kinds": [one.type for one in script.get_names()]}
